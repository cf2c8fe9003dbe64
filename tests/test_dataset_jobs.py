"""Progress in words, and workers that make way for fresh ones."""

import io
from pathlib import Path

import pytest

from affectstream.dataset.files import Ledger
from affectstream.dataset.jobs import _Crew, _send, run_items
from affectstream.dataset.progress import Progress, duration

WORK = """
def work(item):
    for share in (0.25, 0.5):
        item["tell"](share)
    return {"value": item["value"]}
"""


@pytest.mark.parametrize(("items", "passed_s", "line"), [
    (["a"], 2.0, "extract: 1/4, 0.5/s, 6 s left"),
    (["a", "d"], 8.0, "extract: 2/4, 0.25/s, 4 s left"),
    (["a", "b", "c", "d"], 100.0, "extract: 4/4, 0.04/s, in 1:40"),
])  # fmt: skip
def test_progress_tells_rate_and_time_left_by_weight(
    items: list[str], passed_s: float, line: str
) -> None:
    progress = Progress("extract", {"a": 1, "b": 0.5, "c": 0.5, "d": 1}, io.StringIO())
    if len(items) == 1:
        progress = Progress("extract", dict.fromkeys("abcd", 1.0), io.StringIO())
    for item in items:
        progress.count(item)
    assert progress.line(passed_s) == line


def test_progress_tells_of_items_that_are_begun_in_their_unit() -> None:
    progress = Progress("extract", {"a": 100.0, "b": 300.0}, io.StringIO(), "frames")
    assert progress.line(1.0) == "extract: 0/2"
    progress.begun("b", 0.5)
    assert progress.line(10.0) == "extract: 0/2, 15 frames/s, 17 s left"
    progress.count("a")
    assert progress.line(10.0) == "extract: 1/2, 25 frames/s, 6 s left"
    progress.count("b")
    assert progress.line(20.0) == "extract: 2/2, 20 frames/s, in 20 s"


def test_an_item_that_is_begun_is_told_of_and_done_once(tmp_path: Path) -> None:
    """What a worker tells on the way is no answer."""
    (tmp_path / "affectstream_begun.py").write_text(WORK, encoding="utf-8")
    crew = _Crew("affectstream_begun", 100)
    with pytest.MonkeyPatch.context() as patch, crew:
        patch.setenv("PYTHONPATH", str(tmp_path))
        crew.refresh(1)
        _send(crew.idle()[0], "one", {"value": 7})
        found = []
        while crew.is_busy:
            found += crew.results()
    assert found == [("one", {"share": 0.25}), ("one", {"share": 0.5}), ("one", {"value": 7})]


def test_progress_counts_failures_and_ends_with_a_line() -> None:
    to = io.StringIO()
    progress = Progress("label", {"a": 1, "b": 1}, to)
    progress.count("a", failed=True)
    progress.count("b")
    assert to.getvalue().endswith("1 failed\n") and to.getvalue().startswith("label: 2/2")


@pytest.mark.parametrize(("seconds", "text"), [(5.6, "6 s"), (245, "4:05"), (3723, "1:02:03")])
def test_durations_are_read_at_a_glance(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("per_worker", [2, 100])
def test_every_item_is_done_once_by_however_many_workers(tmp_path: Path, per_worker: int) -> None:
    item = {"kind": "ratings", "reader": "generic", "paths": ["absent.csv"], "settings": {}}
    item |= {"out": str(tmp_path), "stamp": "x"}
    items = {f"{k}": {**item, "name": f"{k}"} for k in range(3)}
    items["lost"] = {"kind": "ratings"}
    seen: list[str] = []
    failed = run_items(
        "explore", items, jobs=1, taken=lambda item, _: seen.append(item), per_worker=per_worker
    )
    assert seen == [f"{k}" for k in range(3)] and list(failed) == ["lost"]
    assert "cannot be read" in Ledger(tmp_path, "explore").facts("2")["looks_wrong"][0]
