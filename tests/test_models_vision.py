from dataclasses import dataclass, field

import av
import msgspec
import numpy as np
import pytest

from affectstream.models import vision
from affectstream.models.ort import NotFiniteError
from affectstream.stream.errors import ConfigError
from affectstream.stream.messages import Body, Face, Frame, Observation


def frame(seq: int, epoch: int = 0, size: tuple[int, int] = (40, 60)) -> Frame:
    return Frame("clip", seq, epoch, seq / 25, 1, 2, np.zeros((*size, 3), np.uint8))


def body(x: float) -> Body:
    return Body((x, 0, x + 10, 20), 0.9, "two", ((x, 0, 0, 1), (x + 10, 20, 0, 1)))


@dataclass
class Faces:
    """A face detector that finds one face, or fails."""

    fails: bool = False

    def detect(self, image_bgr):
        if self.fails:
            raise NotFiniteError("face.onnx gave NaN")
        return [Face((0, 0, 5, 5), 0.8)]


class Gate:
    """A mesh that lets every face through with a presence."""

    def measure(self, image_bgr, faces):
        return [msgspec.structs.replace(face, presence=0.9) for face in faces]


class Moods:
    """An expression model that needs the mesh to have run."""

    def read(self, image_bgr, faces):
        assert all(face.presence for face in faces)
        return [msgspec.structs.replace(face, emotions=(1.0, *[0.0] * 7)) for face in faces]


@dataclass
class Poses:
    """Follows all it is given; a search finds `there`."""

    there: tuple[Body, ...] = ()
    calls: list[tuple[int, bool]] = field(default_factory=list)
    layout: str = "two"

    def estimate(self, image_bgr, earlier, search=False):
        self.calls.append((len(earlier), search))
        return list(earlier) or list(self.there)


def looking(poses: Poses | None = None, faces: Faces | None = None, **config) -> vision.LocalVision:
    networks = vision.Networks(faces or Faces(), Gate(), Moods(), poses or Poses())
    return vision.LocalVision(vision.Config(**config), networks)


def past(*bodies: Body, epoch: int = 0) -> Observation:
    return Observation(
        source_id="clip", seq=0, epoch=epoch, pts_s=0, width_px=60, height_px=40, bodies=bodies
    )


def test_everything_of_a_frame_is_in_the_observation():
    seen = looking(Poses((body(3),))).see(frame(0, epoch=2), None)
    assert (seen.source_id, seen.seq, seen.epoch, seen.pts_s) == ("clip", 0, 2, 0)
    assert (seen.t_wall_ns, seen.t_mono_ns, seen.width_px, seen.height_px) == (1, 2, 60, 40)
    assert seen.faces is not None and seen.faces[0].emotions[0] == 1
    assert seen.bodies == (body(3),)
    assert list(seen.timings_ms) == ["face", "mesh", "expression", "pose"]
    assert seen.valid


@pytest.mark.parametrize(("face_stride", "pose_stride"), [(1, 1), (1, 2), (3, 2), (2, 5)])
def test_strides(face_stride, pose_stride):
    eyes = looking(face_stride=face_stride, pose_stride=pose_stride)
    seen = [eyes.see(frame(seq), None) for seq in range(12)]
    assert [o.faces is not None for o in seen] == [s % face_stride == 0 for s in range(12)]
    assert [o.bodies is not None for o in seen] == [s % pose_stride == 0 for s in range(12)]
    assert all(("pose" in o.timings_ms) == (o.bodies is not None) for o in seen)


REFRESHED, FOLLOWED, NOBODY = (1, True), (1, False), (0, False)


@pytest.mark.parametrize(
    ("seq", "earlier", "calls"),
    [
        (0, None, (0, True)),
        (2, None, NOBODY),
        (2, past(), NOBODY),
        (2, past(body(3)), FOLLOWED),
        (4, past(body(3)), FOLLOWED),
        (6, past(body(3)), REFRESHED),
        (8, past(body(3)), FOLLOWED),
        (12, past(body(3)), REFRESHED),
        (8, past(body(3), epoch=1), NOBODY),
        (8, msgspec.structs.replace(past(body(3)), width_px=61), NOBODY),
    ],
)
def test_when_bodies_are_followed_and_when_searched(seq, earlier, calls):
    poses = Poses()
    looking(poses, pose_stride=2, pose_refresh=3).see(frame(seq), earlier)
    assert poses.calls == [calls]


def test_nan_makes_the_observation_invalid():
    seen = looking(faces=Faces(fails=True)).see(frame(0), None)
    assert not seen.valid
    assert seen.reason == "face.onnx gave NaN"
    assert seen.faces is None and seen.bodies is None


def test_jobs_left_out():
    eyes = vision.build(
        vision.Config(models={"face": "none", "mesh": "none", "expression": "none", "pose": "none"})
    )
    seen = eyes.see(frame(0), None)
    assert seen.valid and seen.faces is None and seen.bodies is None
    assert eyes.models == {} and eyes.keypoint_layout == ""


@pytest.mark.parametrize(
    "config",
    [
        {"models": {"pose": "nothing"}},
        {"options": {"pose": {"max_body": 1}}},
        {"options": {"face": {"min_score": "high"}}},
    ],
)
def test_wrong_names_and_options_are_refused(config):
    with pytest.raises(ConfigError):
        vision.build(vision.Config(**config))


@pytest.fixture(scope="module")
def eyes() -> vision.LocalVision:
    return vision.build(vision.Config())


def test_what_runs_is_on_record(eyes):
    assert list(eyes.models) == ["face", "mesh", "expression", "pose"]
    assert eyes.models["pose"]["name"] == "blazepose_full"
    assert eyes.models["pose"]["providers"][-1] == "CPUExecutionProvider"
    assert all(len(digest) == 64 for digest in eyes.models["pose"]["sha256"].values())
    assert eyes.keypoint_layout == "blazepose33"


def watch(eyes: vision.LocalVision, path, step: int, lag: int = 4) -> list[Observation]:
    """Look at every `step`-th frame of a clip; the past is at least `lag` looks old."""
    seen: list[Observation] = []
    with av.open(str(path)) as container:
        for number, picture in enumerate(container.decode(video=0)):
            if number % step == 0:
                seq = len(seen)
                image_bgr = picture.to_ndarray(format="bgr24")
                old = [o for o in seen[: max(seq - lag + 1, 0)] if o.bodies is not None]
                one = Frame("clip", seq, 0, float(picture.time), 0, 0, image_bgr)
                seen.append(eyes.see(one, old[-1] if old else None))
    return seen


@pytest.mark.parametrize(
    ("name", "step"), [("pyfeat_no_face.mp4", 1), ("intel_car-detection.mp4", 6)]
)
def test_nobody_is_invented(eyes, clips, name, step):
    seen = watch(eyes, clips / name, step)
    assert sum(bool(o.faces or o.bodies) for o in seen) <= 0.02 * len(seen)


@pytest.mark.parametrize(
    ("name", "step", "faces", "bodies"),
    [
        ("pyfeat_single_face.mp4", 3, 0.95, 0.95),
        ("intel_hungry.mkv", 2, 0.95, 0.95),
        ("intel_walk.mkv", 3, 0.95, 0.95),
        ("intel_one-by-one-person-detection.mp4", 14, 0, 0.65),
    ],
)
def test_people_are_found(eyes, clips, name, step, faces, bodies):
    seen = watch(eyes, clips / name, step)
    looked = [o for o in seen if o.bodies is not None]
    assert sum(bool(o.faces) for o in seen) >= faces * len(seen)
    assert sum(bool(o.bodies) for o in looked) >= bodies * len(looked)


def test_same_frame_same_observation(eyes, clips):
    first, second = (watch(eyes, clips / "intel_walk.mkv", 12) for _ in range(2))
    assert [msgspec.structs.replace(o, timings_ms={}) for o in first] == [
        msgspec.structs.replace(o, timings_ms={}) for o in second
    ]
