"""The summary picture of a run: made whole, in every format, with what is in the store."""

import re

import pytest
from click.testing import CliRunner
from sink_messages import event, narration, run_info, span, window, write_all

from affectstream.sinks.sqlite import SqliteSink
from affectstream.stream.cli import main
from affectstream.stream.errors import MissingExtraError, UsageError

pytest.importorskip("matplotlib", reason="plots come with [plot]")
from affectstream.sinks._look.plots import plot  # noqa: E402


@pytest.fixture
def folder(tmp_path):
    """Two people over ten seconds; the second was never measured."""
    unknown = dict.fromkeys(("valence_mean", "arousal_mean", "quadrant", "valence_sd"))
    spans = (span(1, quadrant="calm"), span(2, **unknown), span(0))
    messages = [window(25 * k, spans=spans) for k in range(1, 11)]
    messages += [event(30), event(60, "spike"), narration(50, text="A made-up sentence.")]
    write_all(SqliteSink(run_info(tmp_path)), messages)
    return tmp_path


def test_an_svg_holds_the_words_and_the_shares(folder):
    text = plot(folder, folder / "summary.svg").read_text(encoding="utf-8")
    told = set(re.findall(r">([^<>]+)</text>", text))
    assert {"valence", "arousal", "person 1", "person 2", "group", "calm", "100%"} <= told
    assert "2 s  A made-up sentence." in told


def test_a_png_is_an_upright_page(folder):
    import cv2

    height, width = cv2.imread(str(plot(folder, folder / "summary.png"))).shape[:2]
    assert height / width == pytest.approx(1.414, abs=0.01)


def test_a_run_in_which_nothing_was_seen(tmp_path):
    write_all(SqliteSink(run_info(tmp_path)), [])
    assert plot(tmp_path, tmp_path / "summary.pdf").stat().st_size > 1000


def test_what_cannot_be_drawn_is_named(folder, tmp_path):
    with pytest.raises(UsageError, match=r"\.svg"):
        plot(folder, folder / "summary.gif")
    with pytest.raises(UsageError, match="there are: clip"):
        plot(folder, folder / "summary.png", "nobody")
    with pytest.raises(UsageError, match="cannot be written"):
        plot(folder, folder / "absent" / "summary.png")


def test_without_the_extra_the_line_is_named(folder, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r'pip install "affectstream\[plot\]"'):
        plot(folder, folder / "summary.png")


def test_the_command_prints_where_it_is(folder):
    target = str(folder / "made.svg")
    result = CliRunner().invoke(main, ["plot", str(folder), "--to", target])
    assert (result.exit_code, result.output.strip()) == (0, target)


def test_the_look_is_described_as_it_is():
    """Every colour of the palette that means something stands in docs/look.md."""
    from pathlib import Path

    from affectstream.sinks._look import palette

    text = (Path(__file__).resolve().parent.parent / "docs" / "look.md").read_text("utf-8")
    for name, code in palette.QUADRANT_HEX.items():
        assert re.search(rf"^\| {name}:.*`{code}`", text, re.MULTILINE)
    assert " ".join(f"`{code}`" for code in palette.PERSON_HEX) in text
    assert f"`{palette.VALENCE_HEX}`" in text and f"`{palette.AROUSAL_HEX}`" in text
