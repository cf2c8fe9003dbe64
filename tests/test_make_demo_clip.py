"""The demo clip that ships with the package, and the script that draws its frames."""

import importlib
import importlib.resources
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType

import av
import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


@pytest.fixture(scope="module")
def clip() -> Iterator[Path]:
    resource = importlib.resources.files("affectstream.configs") / "demo.mp4"
    with importlib.resources.as_file(resource) as path:
        yield path


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    pytest.importorskip("skimage", reason="scikit-image carries the portrait")
    sys.path.insert(0, str(SCRIPTS))
    try:
        yield importlib.import_module("make_demo_clip")
    finally:
        sys.path.remove(str(SCRIPTS))


def test_clip_is_small_h264_that_every_player_shows(clip: Path) -> None:
    assert clip.stat().st_size < 1_500_000
    with av.open(str(clip)) as container:
        assert len(container.streams) == 1
        video = container.streams.video[0]
        assert video.codec_context.name == "h264"
        assert video.codec_context.pix_fmt == "yuv420p"


def test_every_frame_decodes_at_25_per_second(clip: Path) -> None:
    with av.open(str(clip)) as container:
        video = container.streams.video[0]
        frames = [(frame.pts * video.time_base, frame.width) for frame in container.decode(video)]
        declared = video.frames
    assert len(frames) == declared
    assert 15 * 25 <= len(frames) <= 25 * 25
    assert [time_s for time_s, _ in frames] == [Fraction(n, 25) for n in range(len(frames))]
    assert {width for _, width in frames} == {640}


def test_frames_do_not_depend_on_what_was_drawn_before(script: ModuleType) -> None:
    first, second = script.Portrait(), script.Portrait()
    script.frame_at(second, 12.0)
    assert np.array_equal(script.frame_at(first, 4.0), script.frame_at(second, 4.0))


@pytest.mark.parametrize(
    ("time_s", "name"), [(0.0, "neutral"), (4.0, "smile"), (12.4, "surprise"), (20.0, "smile")]
)
def test_timeline_holds_each_expression(script: ModuleType, time_s: float, name: str) -> None:
    motion = importlib.import_module("demo_clip.motion")
    assert script.pose_at(time_s) == pytest.approx(motion.EXPRESSIONS[name], abs=1e-5)


def test_photo_pose_leaves_the_picture_as_it_is(script: ModuleType) -> None:
    face, motion = (importlib.import_module(f"demo_clip.{name}") for name in ("face", "motion"))
    portrait = script.Portrait()
    posed = portrait.posed(motion.PHOTO).astype(int)
    assert np.abs(posed - portrait.image_bgr).max() <= 8
    x0, y0, x1, y1 = (v * face.SCALE for v in face.FACE_XYXY)
    outside = np.ones(posed.shape[:2], bool)
    outside[y0:y1, x0:x1] = False
    sad = portrait.posed(motion.EXPRESSIONS["sad"])
    assert np.array_equal(sad[outside], portrait.image_bgr[outside])
    assert not np.array_equal(sad, portrait.image_bgr)


@pytest.mark.parametrize(
    ("y", "source_y"),
    [
        (0.0, 0.0),  # above the curves nothing moves
        (14.0, 13.0),  # 10..16 comes from 10..14.5
        (15.9, 14.425),
        (16.1, 17.02),  # what lay between 14.5 and 17 has gone
        (30.0, 30.0),
    ],
)
def test_closed_curves_hide_what_lay_between(script: ModuleType, y: float, source_y: float) -> None:
    face = importlib.import_module("demo_clip.face")
    at = [np.full((1, 1), v, np.float32) for v in (y, 10, 14.5, 17, 20, 16, 16)]
    mapped = face.follow(at[0], at[1:5], [at[1], at[5], at[6], at[4]])
    assert mapped[0, 0] == pytest.approx(source_y, abs=0.06)
