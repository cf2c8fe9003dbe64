"""Real clips through the whole pipeline: no frame missing, nobody invented, the same every time."""

import csv
from pathlib import Path

import av
import pytest

from affectstream.models.base import Vision
from affectstream.models.scripted import ScriptedVision
from affectstream.stream.config import load
from affectstream.stream.pipeline import Pipeline, Summary

CLIPS = (
    "intel_car-detection.mp4",
    "intel_hungry.mkv",
    "intel_one-by-one-person-detection.mp4",
    "intel_walk.mkv",
    "pyfeat_face_noface.mov",
    "pyfeat_no_face.mp4",
    "pyfeat_single_face.mp4",
)
OF_NOBODY = ("pyfeat_no_face.mp4", "intel_car-detection.mp4")
MOST_INVENTED = 0.02


def decoded(path: Path) -> list[float]:
    """The time of every picture, by a decoder of its own."""
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def replay(path: Path, out: Path, vision: Vision | None, **options: object) -> Summary:
    config = load(None, sources=[str(path)], out=out, speed="max", **options)
    summary = Pipeline(config, vision=vision).start().join()
    for scope, row in summary.ledger.items():
        assert row.get("in_flight", 0) == row.get("pending", 0) == 0, (scope, row)
    return summary


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "readings.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", CLIPS)
def test_every_frame_of_a_clip_has_its_row_and_its_time(
    name: str, clips: Path, tmp_path: Path
) -> None:
    times_s = decoded(clips / name)
    summary = replay(clips / name, tmp_path, ScriptedVision())
    assert summary.status == "done"
    written = {int(row["frame"]): float(row["timestamp"]) for row in rows(tmp_path)}
    assert list(written) == list(range(len(times_s)))
    start_s = times_s[0] - written[0]
    assert list(written.values()) == pytest.approx([t - start_s for t in times_s], abs=2e-6)


def test_a_whole_folder_is_replayed_in_order(clips: Path, tmp_path: Path) -> None:
    summary = replay(clips, tmp_path, ScriptedVision(), limit_frames=20)
    assert summary.status == "limited"
    expected = [(name.split(".")[0][:32], k) for name in sorted(CLIPS) for k in range(20)]
    written = dict.fromkeys((row["source"], int(row["frame"])) for row in rows(tmp_path))
    assert list(written) == expected


def share_with_people(out: Path) -> float:
    frames: dict[str, bool] = {}
    for row in rows(out):
        frames[row["frame"]] = frames.get(row["frame"], False) or row["person"] != ""
    return sum(frames.values()) / len(frames)


@pytest.mark.parametrize("name", OF_NOBODY)
def test_nobody_is_invented(name: str, clips: Path, tmp_path: Path) -> None:
    summary = replay(clips / name, tmp_path, None, limit_frames=300)
    assert summary.status in ("done", "limited")
    assert share_with_people(tmp_path) <= MOST_INVENTED


def test_a_face_is_followed_through_its_clip_with_the_same_bytes_each_time(
    clips: Path, tmp_path: Path
) -> None:
    for workers in (1, 2, 4):
        out = tmp_path / str(workers)
        replay(clips / "pyfeat_single_face.mp4", out, None, workers=workers)
        assert share_with_people(out) == 1.0
        assert {row["person"] for row in rows(out)} == {"1"}
    for name in ("readings.csv", "windows.csv", "events.csv"):
        contents = {(tmp_path / str(workers) / name).read_bytes() for workers in (1, 2, 4)}
        assert len(contents) == 1
    smile = [float(row["happiness"]) for row in rows(out) if row["happiness"]]
    assert sum(smile[:15]) / 15 < 0.3 < 0.6 < sum(smile[-15:]) / 15
