"""Progress in words, and workers that make way for fresh ones."""

import io
from pathlib import Path

import pytest

from affectstream.dataset.files import Ledger
from affectstream.dataset.jobs import run_items
from affectstream.dataset.progress import Progress, duration


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
