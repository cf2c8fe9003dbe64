"""The flow over twelve short clips of real people, cut, shifted and rated in three formats."""

import math
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import made_ratings
import made_videos
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from affectstream.stream.cli import main

pytest.importorskip("pyarrow", reason="needs the extra [dataset]")
pytest.importorskip("jinja2", reason="needs the extra [dataset]")

WIDTH_PX = 480
CUTS = (
    *(("intel_hungry.mkv", 0, 45, 0), ("intel_hungry.mkv", 10, 39, 20)),
    *(("intel_walk.mkv", 0, 60, 0), ("intel_walk.mkv", 20, 40, -30)),
    *(("pyfeat_single_face.mp4", 0, 60, 0), ("pyfeat_single_face.mp4", 10, 50, 40)),
    *(("pyfeat_face_noface.mov", 0, 50, 0), ("intel_one-by-one-person-detection.mp4", 100, 50, 0)),
    *(("pyfeat_single_face.mp4", 5, 40, -40), ("intel_hungry.mkv", 15, 30, 10)),
    *(("intel_one-by-one-person-detection.mp4", 300, 50, 0), ("intel_car-detection.mp4", 0, 40, 0)),
)
"""Clip, first picture, pictures, px that it is shifted by."""


def pictures(path: Path) -> Iterator[np.ndarray]:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            image = frame.to_ndarray(format="bgr24")
            height_px = round(image.shape[0] * WIDTH_PX / image.shape[1] / 2) * 2
            yield cv2.resize(image, (WIDTH_PX, height_px), interpolation=cv2.INTER_AREA)


def cut(clip: Path, made: Path, first: int, count: int, shift_px: int) -> None:
    made.parent.mkdir(parents=True, exist_ok=True)
    images = [np.roll(image, shift_px, axis=1) for image in list(pictures(clip))[first:][:count]]
    assert len(images) == count
    size = (WIDTH_PX, images[0].shape[0])
    made_videos.make(made, count, size=size, draw=lambda k, width, height: images[k])


def curve(number: int, count: int) -> list[float]:
    return [round(0.6 * math.sin(9 * k / count + number), 3) for k in range(count)]


def make(clips: Path, root: Path) -> Path:
    for number, (clip, *where) in enumerate(CUTS):
        count = where[1]
        if number < 4:
            cut(clips / clip, root / "veatic" / "video" / f"{number}.mp4", *where)
            made_ratings.veatic(root / "veatic", f"{number}", curve(number, count), curve(7, count))
        elif number < 8:
            cut(clips / clip, root / "liris" / f"Movie_{number}.mp4", *where)
            made_ratings.liris(root / "liris", f"Movie_{number}")
        else:
            cut(clips / clip, root / "own" / f"session {number:02d}.mp4", *where)
            rows = (
                f"{100 * k},{5 + 4 * v:.2f},{5 - 4 * v:.2f}\n" for k, v in enumerate(curve(1, 20))
            )
            text = "time_ms,valence,arousal\n" + "".join(rows)
            made_ratings.write(root / "own" / f"session_{number}_ratings.csv", text)
    return root


@pytest.mark.slow
def test_the_flow_over_real_clips(clips: Path, tmp_path: Path) -> None:
    root, out = make(clips, tmp_path / "videos"), tmp_path / "out"
    result = CliRunner().invoke(main, ["dataset", "all", str(root), "--out", str(out)])
    assert result.exit_code == 0, result.output
    pairs = pd.read_csv(out / "pairs.csv", dtype=str)
    assert pairs["reader"].value_counts().to_dict() == {
        **{"veatic": 4, "liris_accede": 4, "generic": 4}
    }
    whole = pd.read_parquet(out / "features.parquet").set_index("video_id")
    for pair in pairs.itertuples():
        table = whole.loc[pair.video_id]
        frames = table["frame"].drop_duplicates()
        assert frames.tolist() == list(range(made_videos.count(root / pair.path)))
        assert table["rating_valence"].notna().mean() > 0.9
    assert whole.loc["movie_4", "valence"].max() > 0.5  # the smile
    assert whole.loc["session-11", "person"].isna().all()  # cars alone
