import json

import pytest
from sink_messages import narration, reading, run_info, window, write_all

from affectstream.sinks import narrative
from affectstream.sinks._look.words import clock
from affectstream.stream.errors import UsageError


def make(folder, **fields):
    return narrative.build(narrative.Config(), run_info(folder, **fields))


def test_no_folder_is_a_wrong_use():
    with pytest.raises(UsageError, match="--out"):
        make(None)


def test_a_line_holds_every_field(tmp_path):
    write_all(make(tmp_path), [reading(0), window(), narration(50, facts={"mean": 0.5})])
    (line,) = (tmp_path / "narration.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "source": "clip",
        "frame": 50,
        "timestamp": 2.0,
        "text": "One person looks happy. They hardly move.",
        "engine": "grounded",
        "grounded": True,
        "latency_s": 0.25,
        "gap": None,
        "kind": "interval",
        "line": None,
        "tokens": 0,
        "faults": [],
        "epoch": 0,
        "t_wall_ns": 0,
        "facts": {"mean": 0.5},
    }


def test_the_story_has_a_part_per_interval(tmp_path):
    messages = [
        narration(125, "Calm."),
        narration(250, "", gap="deadline"),
        narration(375, "Lively.", grounded=False, engine="tinyllama"),
    ]
    write_all(make(tmp_path), messages)
    story = (tmp_path / "narrative.md").read_text()
    assert story.startswith("# ")
    parts = [part.strip().split("\n\n") for part in story.split("\n## ")[1:]]
    assert parts == [
        ["0:00 to 0:05", "Calm.", "*grounded*"],
        ["0:05 to 0:10", "*No narration: deadline.*"],
        ["0:10 to 0:15", "Lively.", "*tinyllama, not checked against the numbers*"],
    ]


def test_a_fallback_and_the_story_say_so(tmp_path):
    messages = [
        narration(125, "Calm.", grounded="fallback", engine="tinyllama"),
        narration(125, "At first calm.", kind="story", facts={"from_s": 0.0}),
    ]
    write_all(make(tmp_path), messages)
    story = (tmp_path / "narrative.md").read_text()
    assert "*tinyllama did not pass the check: told by the grounded narrator*" in story
    assert "## The whole: 0:00 to 0:05" in story


def test_several_sources_keep_their_own_intervals(tmp_path):
    messages = [narration(125, source="a"), narration(250, source="b"), narration(250, source="a")]
    write_all(make(tmp_path, sources=("a", "b")), messages)
    story = (tmp_path / "narrative.md").read_text()
    headings = [line for line in story.splitlines() if line.startswith("## ")]
    assert headings == ["## 0:00 to 0:05, a", "## 0:00 to 0:10, b", "## 0:05 to 0:10, a"]


def test_words_cannot_format_the_page(tmp_path):
    write_all(make(tmp_path), [narration(25, "# <b>hi</b>\n\n[x](http://y) & *z*")])
    story = (tmp_path / "narrative.md").read_text()
    assert r"\# \<b\>hi\</b\> \[x\](http://y) &amp; \*z\*" in story


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3661, "1:01:01"), (-2, "-0:02")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text
