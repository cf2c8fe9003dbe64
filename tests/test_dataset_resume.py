"""A flow that is killed goes on where it was, and leaves the bytes of an undisturbed one."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import made_dataset
import made_ratings
import made_videos
import pandas as pd
import pytest
from made_dataset import FRAMES, do, done, start

pytest.importorskip("pyarrow", reason="needs the extra [dataset]")
pytest.importorskip("jinja2", reason="needs the extra [dataset]")

WALL = {"run.json", "run.db", "narration.jsonl", ".lock"}
"""Files that hold the time of day; so does `.state`, in its marks of files."""

MOMENTS: list[tuple[str, Callable[[Path], bool]]] = [
    ("explore", lambda out: _some(out / ".state" / "explore")),
    ("match", lambda out: (out / "dataset.html").exists()),
    ("a run", lambda out: _some(out / "runs" / "movie", "readings.csv")),
    ("between videos", lambda out: _some(out / "features")),
    ("combine", lambda out: _some(out / "features", f"{list(FRAMES)[1]}.csv")),
    ("label", lambda out: _some(out / "labels")),
    ("summarize", lambda out: _some(out / ".state" / "summarize")),
    ("describe", lambda out: _some(out / ".state" / "describe")),
    ("story", lambda out: _some(out / "story")),
    ("narrate", lambda out: _some(out / "narratives")),
    ("plots", lambda out: _some(out / "plots", "*/timeline.png")),
    ("export", lambda out: (out / "report.html").exists()),
]


def _some(folder: Path, pattern: str = "*") -> bool:
    return folder.is_dir() and any(folder.glob(pattern))


def outcome(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name not in WALL and ".state" not in path.parts
    }


def kill_when(child: subprocess.Popen[bytes], reached: Callable[[], bool]) -> bool:
    """Kill a command once something is there; False when it ended before."""
    end_s = time.monotonic() + 300
    while child.poll() is None:
        if reached():
            child.send_signal(signal.SIGKILL)
            child.wait()
            return True
        assert time.monotonic() < end_s, "the moment did not come"
        time.sleep(0.002)
    return False


@pytest.mark.slow
def test_a_flow_killed_in_every_step_leaves_the_same_bytes(tmp_path: Path) -> None:
    root = made_dataset.make(tmp_path / "videos")
    undisturbed, out = tmp_path / "undisturbed", tmp_path / "out"
    done("all", root, undisturbed)
    wanted = outcome(undisturbed)
    killed = []
    for moment, reached in MOMENTS:
        if kill_when(start("all", root, out), lambda reached=reached: reached(out)):  # type: ignore[misc]
            killed.append(moment)
    assert len(killed) >= 8, f"killed only in {killed}"
    done("all", root, out)
    found = outcome(out)
    assert sorted(found) == sorted(wanted)
    assert [name for name, data in wanted.items() if found[name] != data] == []


def test_two_commands_do_not_share_a_folder(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    root = made_dataset.make(tmp_path / "videos")
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        result = do("explore", root, tmp_path / "out")
    assert result.exit_code == 2 and "works there" in result.output


@pytest.mark.slow
def test_a_thousand_videos_in_bounded_memory(tmp_path: Path) -> None:
    """Ten minutes on two cores. The workers' peak may not grow with what they have done."""
    root, count = tmp_path / "videos", 1000
    (root / "video").mkdir(parents=True)
    made = [made_videos.make(tmp_path / f"{k}.mp4", 20 + k) for k in range(10)]
    for k in range(count):
        os.link(made[k % 10], root / "video" / f"{k}.mp4")
        made_ratings.veatic(root, str(k), [0.1] * (20 + k % 10), [0.2] * (20 + k % 10))
    done("all", root, tmp_path / "few", "--limit", "20")
    few_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done("all", root, tmp_path / "out")
    many_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert many_kb < 1.25 * few_kb
    table = pd.read_parquet(tmp_path / "out" / "features.parquet", columns=["video_id", "frame"])
    frames = table.drop_duplicates().groupby("video_id").size()
    assert frames.to_dict() == {str(k): 20 + k % 10 for k in range(count)}
    assert "1000 were done before" in done("extract", root, tmp_path / "out").output
