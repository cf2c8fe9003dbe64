"""The summary picture of a run: made whole, in every format, with what is in the store."""

import re
import subprocess
import sys

import pytest
from click.testing import CliRunner
from sink_messages import event, narration, run_info, span, window, write_all

from affectstream.sinks.sqlite import SqliteSink
from affectstream.stream.cli import main
from affectstream.stream.errors import MissingExtraError, UsageError

pytest.importorskip("matplotlib", reason="plots come with [plot]")
from affectstream.sinks._look.keyframes import key_frames  # noqa: E402
from affectstream.sinks._look.plots import LINES, plot  # noqa: E402
from affectstream.stream.runs import Run  # noqa: E402


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
    assert "0:02  A made-up sentence." in told


def test_a_png_is_an_upright_page(folder):
    import cv2

    height, width = cv2.imread(str(plot(folder, folder / "summary.png"))).shape[:2]
    assert height / width == pytest.approx(1.414, abs=0.01)


def test_a_run_in_which_nothing_was_seen(tmp_path):
    write_all(SqliteSink(run_info(tmp_path)), [])
    assert plot(tmp_path, tmp_path / "summary.pdf").stat().st_size > 1000


def test_where_no_face_was_read_the_page_says_so(tmp_path):
    unread = dict.fromkeys(("valence_mean", "valence_sd", "quadrant", "emotion"))
    spans = (span(1, **unread), span(0, **unread))
    write_all(SqliteSink(run_info(tmp_path)), [window(25 * k, spans=spans) for k in range(1, 9)])
    text = plot(tmp_path, tmp_path / "a.svg").read_text(encoding="utf-8")
    assert text.count(">no face was read</text>") == 3


def test_what_cannot_be_drawn_is_named(folder, tmp_path):
    with pytest.raises(UsageError, match=r"\.svg"):
        plot(folder, folder / "summary.gif")
    with pytest.raises(UsageError, match="there are: clip"):
        plot(folder, folder / "summary.png", "nobody")
    with pytest.raises(UsageError, match="cannot be written"):
        plot(folder, folder / "absent" / "summary.png")


def test_without_the_extra_the_line_is_named(folder, monkeypatch):
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


@pytest.mark.parametrize("name", ["timeline.pdf", "plane.png", "quadrants.pdf", "page.pdf"])
def test_every_part_can_be_a_picture_or_a_document(folder, name):
    part = name.partition(".")[0]
    assert plot(folder, folder / name, None, part).stat().st_size > 1000


def words_of(path):
    return set(re.findall(r">([^<>]+)</text>", path.read_text(encoding="utf-8")))


def test_a_part_says_what_its_lines_and_units_are(folder):
    timeline = words_of(plot(folder, folder / "timeline.svg", None, "timeline"))
    assert {"group", "person 1", "group ± 1 SD", "time (s)", "arrives", "narrated"} <= timeline
    assert any("torso lengths/s" in one for one in timeline)
    assert {"excited", "valence", "arousal"} <= words_of(
        plot(folder, folder / "plane.svg", None, "plane")
    )
    assert "share of the windows" in words_of(
        plot(folder, folder / "shares.svg", None, "quadrants")
    )


def test_the_story_comes_before_what_was_told_on_the_way(tmp_path):
    told = [narration(25 * k, text=f"Sentence {k}, which is long. " * 6) for k in range(1, 90)]
    story = narration(25 * 90, text="The whole story.", kind="story")
    windows = [window(25 * k, spans=(span(1), span(0))) for k in range(1, 91)]
    write_all(SqliteSink(run_info(tmp_path)), [*windows, *told, story])
    words = re.findall(r">([^<>]+)</text>", plot(tmp_path, tmp_path / "a.svg").read_text("utf-8"))
    said = [one for one in words if "story" in one or "Sentence" in one]
    assert said[0] == "The whole story."
    assert 3 <= len(said) <= LINES


def test_a_long_run_of_many_people_is_drawn_in_minutes_and_says_whom_it_leaves_out(tmp_path):
    people = [span(number) for number in range(1, 12)]
    messages = [
        window(25 * k, spans=(*people[: max(1, 11 - k // 100)], span(0)))
        for k in range(1, 1000, 20)
    ]
    write_all(SqliteSink(run_info(tmp_path)), messages)
    words = words_of(plot(tmp_path, tmp_path / "a.svg"))
    assert "time (min:s)" in words
    assert {"person 1", "person 8"} <= words and "person 9" not in words
    assert any("11 people, the 8 seen longest are shown" in one for one in words)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory):
    """A run over a video of four seconds, noise all over."""
    from helpers import config
    from made_videos import make, noisy

    from affectstream.models.scripted import ScriptedVision
    from affectstream.stream.pipeline import Pipeline

    place = tmp_path_factory.mktemp("filmed")
    clip = make(place / "clip.mp4", 100, size=(320, 240), draw=noisy)
    options = config(sources=[str(clip)], out=str(place / "out"), window_s=1.0)
    Pipeline(options, vision=ScriptedVision()).start().join()
    return place / "out"


def pictures_in(path):
    return path.read_text(encoding="utf-8").count("<image")


def test_key_frames_come_from_the_video_of_the_run(filmed, tmp_path):
    frames = key_frames(Run(filmed), "clip", "clear", 6)
    times_s = [frame.time_s for frame in frames]
    assert 2 <= len(frames) <= 6 and times_s == sorted(set(times_s))
    assert {frame.image_bgr.shape for frame in frames} == {(240, 320, 3)}
    assert pictures_in(plot(filmed, tmp_path / "a.svg")) == len(frames)


def test_key_frames_hide_faces_or_are_left_out_as_asked(filmed, tmp_path):
    clear, blurred = (key_frames(Run(filmed), "clip", mode, 6) for mode in ("clear", "blurred"))
    assert [frame.time_s for frame in clear] == [frame.time_s for frame in blurred]
    assert all((a.image_bgr != b.image_bgr).any() for a, b in zip(clear, blurred, strict=True))
    target = str(tmp_path / "a.svg")
    options = ["plot", str(filmed), "--to", target, "--pictures", "none"]
    assert CliRunner().invoke(main, options).exit_code == 0
    assert pictures_in(tmp_path / "a.svg") == 0


def test_without_the_video_the_page_has_no_key_frames(filmed, tmp_path):
    import shutil

    shutil.copytree(filmed, tmp_path / "moved")
    clip = filmed.parent / "clip.mp4"
    clip.rename(filmed.parent / "away.mp4")
    try:
        assert pictures_in(plot(tmp_path / "moved", tmp_path / "a.svg")) == 0
    finally:
        (filmed.parent / "away.mp4").rename(clip)


def test_no_picture_where_people_were_to_be_hidden(filmed, tmp_path):
    import shutil
    import sqlite3
    from contextlib import closing

    shutil.copytree(filmed, tmp_path / "hidden")
    with closing(sqlite3.connect(tmp_path / "hidden" / "run.db")) as store, store:
        store.execute(
            "UPDATE run SET value = json_set(value, '$.privacy', 'blur') WHERE key = 'config'"
        )
    assert key_frames(Run(tmp_path / "hidden"), "clip", "clear", 6) == []


def test_plots_do_not_need_the_page(filmed, tmp_path):
    """The extra `plot` alone is enough."""
    code = (
        "import sys; sys.modules['starlette'] = sys.modules['uvicorn'] = None\n"
        "from pathlib import Path\n"
        "from affectstream.sinks._look.plots import plot\n"
        "plot(Path(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    target = tmp_path / "a.svg"
    subprocess.run([sys.executable, "-c", code, str(filmed), str(target)], check=True)
    assert pictures_in(target) > 0
