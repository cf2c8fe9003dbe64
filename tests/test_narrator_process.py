"""The narrator's process: what it says reaches the sinks, and nothing it does ends the run."""

import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from helpers import memory, pipeline, synthetic

from affectstream.models.check import faults
from affectstream.models.tongues import tongue
from affectstream.stream.errors import ConfigError, PolicyError
from affectstream.stream.messages import Delivery, Frame, Narration, Reading


def children() -> list[int]:
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=", "-o", "args=", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
    )
    rows = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    return [int(pid) for pid, said in rows if "narrator_process" in said]


class Watching:
    """A sink that acts on the narrator's process at the first narration, when the next is due."""

    policy = "every"
    wants_readings = True
    wants_frames = False

    def __init__(self, act) -> None:
        self._act = act
        self._has_acted = False

    def open(self) -> None:
        pass

    def write(self, message: Delivery, frame: Frame | None) -> None:
        if isinstance(message, Narration) and not self._has_acted:
            self._has_acted = True
            self._act()

    def tick(self) -> None:
        pass

    def close(self) -> None:
        pass


def told_of(sink, kind: str = "interval") -> list[Narration]:
    return [m for m in sink.messages if isinstance(m, Narration) and m.kind == kind]


def narrate(frames: int = 25 * 11, *sinks, **options):
    sink = memory()
    options = {"narrate_s": 5.0, "models": {"narrator": "grounded"}} | options
    run = pipeline([synthetic(frames=frames)], ("memory", sink), *sinks, **options)
    summary = run.start().join()
    assert summary.status == "done"
    assert sum(isinstance(m, Reading) for m in sink.messages) == frames, "pictures are not touched"
    return sink


def test_every_narration_carries_its_facts_its_line_and_how_it_came_to_be() -> None:
    sink = narrate()
    told = told_of(sink)
    assert [m.pts_s for m in told] == [5.0, 10.0, 10.96]
    for one in told:
        assert one.grounded is True and one.engine == "grounded" and not one.gap
        assert len(one.facts["people"]) == one.facts["people_count"] > 0
        assert 0 < len(one.line) <= 90
    (story,) = told_of(sink, "story")
    assert story.pts_s == 10.96 and story.text.startswith("At first ")
    assert "views" not in story.facts and story.facts["turns"] is not None


def test_lines_reach_only_the_sinks_that_show_pictures() -> None:
    pictures, numbers = memory(wants_frames=True), memory()
    pipeline(
        [synthetic(frames=25 * 6)], ("pictures", pictures), ("numbers", numbers), narrate_s=5.0
    ).start().join()
    assert told_of(pictures, "line") and not told_of(numbers, "line")
    assert told_of(pictures, "line")[0].pts_s == 1.0


def test_a_narration_in_german() -> None:
    told = told_of(narrate(language="de"))
    assert told
    for one in told:
        assert faults(one.text, [one.facts], tongue("de")) == []
        assert faults(one.text, [one.facts], tongue("en"))


def test_wrong_texts_become_the_grounded_narrators() -> None:
    sink = narrate(
        models={"narrator": "scripted"}, narrator_options={"texts": ["Anna dances with Bob."]}
    )
    for one in told_of(sink):
        assert one.grounded == "fallback" and one.engine == "scripted" and one.tokens == 14
        assert len(one.faults) == 2 and "Anna" in one.faults[0] and "Anna" not in one.text


def test_garbage_is_not_told() -> None:
    sink = narrate(models={"narrator": "scripted"}, narrator_options={"behaviour": "garbage"})
    told = told_of(sink)
    assert all(m.grounded == "fallback" and m.text.isprintable() for m in told)


def test_a_model_that_loads_slowly_delays_no_reading_and_misses_no_narration() -> None:
    sink = narrate(models={"narrator": "scripted"}, narrator_options={"behaviour": "slow load"})
    kinds = [type(m).__name__ for m in sink.messages]
    assert kinds.index("Reading") == 0 and kinds[:100].count("Narration") == 0
    assert len(told_of(sink)) == 3 and not any(m.gap for m in told_of(sink))


def test_a_model_that_cannot_be_loaded_leaves_the_grounded_narrator() -> None:
    sink = narrate(models={"narrator": "scripted"}, narrator_options={"behaviour": "no load"})
    for one in told_of(sink):
        assert one.grounded == "fallback" and not one.gap
        assert one.faults == ("scripted cannot be used: scripted weights are broken",)


def test_a_kill_while_it_writes_is_a_gap_or_a_second_try() -> None:
    """It sleeps over its text when it is killed; the second child tells it."""
    killed = threading.Event()

    def kill() -> None:
        for pid in children():
            os.kill(pid, signal.SIGKILL)
            killed.set()

    sink = narrate(
        25 * 11,
        ("killer", Watching(kill)),
        models={"narrator": "scripted"},
        narrator_options={"delay_s": 0.3},
    )
    assert killed.is_set()
    assert len(told_of(sink)) == 3 and not any(m.gap for m in told_of(sink))


def test_a_child_that_stops_while_it_writes_is_killed_at_the_deadline() -> None:
    """SIGSTOP: it neither answers nor ends; another child tells what was due."""
    stopped: set[int] = set()

    def stop() -> None:
        for pid in children():
            os.kill(pid, signal.SIGSTOP)
            stopped.add(pid)

    sink = narrate(
        25 * 11,
        ("stopper", Watching(stop)),
        models={"narrator": "scripted"},
        narrator_options={"delay_s": 0.3},
        narrator_deadline_s=1.0,
    )
    assert stopped and len(told_of(sink)) == 3 and not any(m.gap for m in told_of(sink))
    for pid in stopped:
        assert not Path(f"/proc/{pid}").exists()


def test_the_child_is_nice_and_stays_in_the_session() -> None:
    seen: list[tuple[int, int]] = []

    def look() -> None:
        for pid in children():
            seen.append((os.getsid(pid), os.getpriority(os.PRIO_PROCESS, pid)))

    own = os.getpriority(os.PRIO_PROCESS, 0)
    narrate(
        25 * 11,
        ("looker", Watching(look)),
        models={"narrator": "scripted"},
        narrator_options={"delay_s": 0.3},
    )
    assert seen
    for session, nice in seen:
        assert session == os.getsid(0), "in another session nice would count for nothing"
        assert nice > own


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"narrator_options": {"texts": 7}}, ConfigError, "texts"),
        ({"narrator_options": {"behavior": "talk"}}, ConfigError, "did you mean behaviour"),
        ({"language": "xx"}, ConfigError, "there are: de, en"),
        ({"prompts": "nowhere"}, ConfigError, "nowhere is no folder"),
        (
            {
                "models": {"narrator": "openai"},
                "narrator_options": {"url": "http://example.org/v1"},
            },
            PolicyError,
            "allow_remote",
        ),
    ],
)
def test_what_the_narrator_cannot_be_is_said_before_anything_runs(options, kind, words) -> None:
    with pytest.raises(kind, match=words):
        pipeline([synthetic(frames=5)], **options)
