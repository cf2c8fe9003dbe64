from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import av
import cv2
import msgspec
import numpy as np
import pytest
import real_nets

from affectstream.models import vision, zoo
from affectstream.models.base import COCO17
from affectstream.models.ort import NotFiniteError
from affectstream.stream.config import load
from affectstream.stream.errors import ConfigError
from affectstream.stream.messages import Body, Face, Frame, Observation
from affectstream.stream.prepare import open_vision
from affectstream.stream.sources.video import Config as VideoConfig
from affectstream.stream.sources.video import Video


def frame(seq: int, epoch: int = 0, size: tuple[int, int] = (40, 60)) -> Frame:
    return Frame("clip", seq, epoch, seq / 25, 1, 2, np.zeros((*size, 3), np.uint8))


def body(x: float) -> Body:
    return Body((x, 0, x + 10, 20), 0.9, "coco17", ((x, 0, 0, 0),) * 17)


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
    layout: str = "coco17"

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
    assert list(seen.timings_ms) == ["pose", "face", "mesh", "expression", "quality", "camera"]
    assert seen.faces[0].quality == 0 and seen.faces[0].quality_reason == "small"
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


SHOULDERS = {"left_shoulder": 30, "right_shoulder": -30}


def person(x: float, y: float = 60, score: float = 0.9, **across: float) -> Body:
    """Return a body with nose and shoulders: at `across` of the nose, or not visible."""
    joints = {"nose": 0, **(across or SHOULDERS)}
    keypoints = tuple(
        (x + joints[name], y + (40 if "shoulder" in name else 0), 0.0, 0.9)
        if name in joints
        else (x, y, 0.0, 0.1)
        for name in COCO17
    )
    return Body((x - 30, y - 20, x + 30, y + 150), score, "coco17", keypoints)


@dataclass
class NearFaces:
    """Finds nothing in the whole picture, and in a crop what is bright, by its bounding box."""

    whole: tuple[int, int] = (300, 400)
    crops: list[tuple[int, int]] = field(default_factory=list)

    def detect(self, image_bgr):
        if image_bgr.shape[:2] == self.whole:
            return []
        self.crops.append(image_bgr.shape[:2])
        rows, columns = np.nonzero(image_bgr[:, :, 0])
        if not len(rows):
            return []
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        return [Face(tuple(map(float, box)), 0.8, ((float(box[0]), float(box[1])),) * 5)]


def scene(*heads: tuple[int, int], seq: int = 0) -> Frame:
    """Return a frame with bright squares of 20 px around some points."""
    image = np.zeros((300, 400, 3), np.uint8)
    for x, y in heads:
        image[y - 10 : y + 10, x - 10 : x + 10] = 255
    return Frame("clip", seq, 0, seq / 25, 1, 2, image)


def test_a_head_without_a_face_is_looked_at_again():
    faces = NearFaces()
    eyes = looking(Poses((person(120), person(300))), faces)
    seen = eyes.see(scene((120, 60), (300, 65)), None)
    assert [face.box_xyxy for face in seen.faces] == [(110, 50, 130, 70), (290, 55, 310, 75)]
    assert seen.faces[0].landmarks[0] == (110, 50)
    assert all(face.emotions and face.presence for face in seen.faces)
    assert faces.crops == [(90, 90)] * 2


@pytest.mark.parametrize(
    ("there", "looks"),
    [
        ((), 0),
        ((person(120),), 1),
        ((person(5, 5),), 1),
        ((person(900, 900),), 0),
        ((person(120, left_shoulder=-30, right_shoulder=30),), 0),
        ((person(120, left_shoulder=-3, right_shoulder=3),), 0),
        ((person(120, left_shoulder=11, right_shoulder=-11),), 0),
        ((person(120, left_shoulder=13, right_shoulder=-13),), 1),
        ((person(120, left_ear=10, right_ear=-1),), 1),
        ((person(120, left_ear=4, right_ear=-4),), 0),
        (tuple(person(40 + 60 * k) for k in range(6)), 4),
    ],
    ids=str,
)
def test_which_heads_are_looked_at_again(there, looks):
    faces = NearFaces()
    seen = looking(Poses(there), faces).see(scene(), None)
    assert len(faces.crops) == looks
    assert seen.faces == ()


def test_ears_alone_are_the_back_of_a_head():
    back = person(120, left_ear=12, right_ear=-12)
    hidden = msgspec.structs.replace(back, keypoints=((120, 60, 0, 0.1), *back.keypoints[1:]))
    faces = NearFaces()
    looking(Poses((hidden,)), faces).see(scene((120, 60)), None)
    assert faces.crops == []


@pytest.mark.parametrize(("second_looks", "found"), [(0, 0), (1, 1), (2, 2), (9, 3)])
def test_second_looks_are_bounded_and_the_best_bodies_come_first(second_looks, found):
    heads = [(60, 60), (180, 60), (300, 60)]
    eyes = looking(
        Poses(tuple(person(x) for x, _ in heads)), NearFaces(), second_looks=second_looks
    )
    seen = eyes.see(scene(*heads), None)
    assert [face.box_xyxy[0] for face in seen.faces] == [x - 10 for x, _ in heads[:found]]


def test_a_frame_without_a_look_at_bodies_uses_the_earlier_ones():
    faces = NearFaces()
    eyes = looking(Poses(), faces, pose_stride=2)
    before = Observation(
        source_id="clip",
        seq=0,
        epoch=0,
        pts_s=0,
        width_px=400,
        height_px=300,
        bodies=(person(120),),
    )
    seen = eyes.see(scene((130, 66), seq=1), before)
    assert seen.bodies is None
    assert [face.box_xyxy for face in seen.faces] == [(120, 56, 140, 76)]
    assert eyes.see(scene((130, 66), seq=1), None).faces == ()


def test_a_face_found_twice_is_one():
    eyes = looking(Poses((person(120), person(145))), NearFaces())
    seen = eyes.see(scene((132, 60)), None)
    assert len(seen.faces) == 1


class Doubter:
    """A mesh that believes no face."""

    def measure(self, image_bgr, faces):
        return []


def test_the_mesh_gates_the_second_look_too():
    networks = vision.Networks(NearFaces(), Doubter(), None, Poses((person(120),)))
    seen = vision.LocalVision(vision.Config(), networks).see(scene((120, 60)), None)
    assert seen.faces == ()


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


def test_backs_have_no_faces(eyes, clips):
    seen = watch(eyes, clips / "intel_one-by-one-person-detection.mp4", 14)
    assert sum(len(o.faces) for o in seen) == 0
    assert sum(bool(o.bodies) for o in seen) > 25


def far(image: np.ndarray, smaller: float) -> np.ndarray:
    """Return a picture of 1920 x 1080 in which another one is a small part."""
    size = round(image.shape[1] / smaller), round(image.shape[0] / smaller)
    ground = np.full((1080, 1920, 3), 90, np.uint8)
    ground[400 : 400 + size[1], 500 : 500 + size[0]] = cv2.resize(image, size)
    return ground


@pytest.mark.parametrize(("name", "smaller"), [("intel_walk.mkv", 1.5), ("intel_hungry.mkv", 2.0)])
def test_far_faces_are_found_where_bodies_are(test_data, clips, name, smaller):
    networks = vision.Networks(
        zoo.build(zoo.pick("face").entry, {}),
        zoo.build(zoo.pick("mesh").entry, {}),
        None,
        real_nets.yolo(test_data, 640),
    )
    found = {}
    for second_looks in (0, 4):
        config = vision.Config(second_looks=second_looks)
        eyes = vision.LocalVision(config, networks)
        film = cv2.VideoCapture(str(clips / name))
        frames = [Frame("far", 0, 0, 0, 0, 0, far(film.read()[1], smaller)) for _ in range(4)]
        found[second_looks] = sum(bool(eyes.see(one, None).faces) for one in frames)
    assert found == {0: 0, 4: 4}


def test_the_options_of_a_run_reach_the_gate_and_the_networks() -> None:
    clip = str(files("affectstream.configs") / "demo.mp4")
    picture = next(Video(VideoConfig(path=clip), "demo").pictures()).image_bgr
    shown = Frame("demo", 0, 0, 0.0, 0, 0, picture)
    options: dict[str, Any] = {"models": {"mesh": "none", "expression": "none"}}
    faces = open_vision(load(None, **options)).see(shown, None).faces
    assert faces is not None and [face.quality_reason for face in faces] == [""]
    strict = load(None, quality={"side_px": (500, 900)}, **options)
    faces = open_vision(strict).see(shown, None).faces
    assert faces is not None and [face.quality_reason for face in faces] == ["small"]
    deaf = load(None, model_options={"face": {"min_score": 1.0}}, **options)
    assert open_vision(deaf).see(shown, None).faces == ()
    with pytest.raises(ConfigError, match="min_scores"):
        open_vision(load(None, model_options={"face": {"min_scores": 1.0}}, **options))
    with pytest.raises(ConfigError, match="min_qualities"):
        load(None, quality={"min_qualities": 1.0})
