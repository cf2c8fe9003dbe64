"""All networks on one frame: faces, their mesh and expression, and bodies, each at its stride."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from ..stream.messages import Body, Face, Frame, Looks, Observation, Thumb, stamp_of
from . import second_look, zoo
from .base import ExpressionModel, FaceDetector, FaceMesh, PoseEstimator
from .camera_motion import people_boxes, thumb
from .ort import NotFiniteError, Provider
from .quality import Config as QualityConfig
from .quality import judge

Job = Literal["face", "mesh", "expression", "pose"]
JOBS: tuple[Job, ...] = ("face", "mesh", "expression", "pose")


class Config(BaseModel):
    """Which networks run, and how often."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    models: dict[Job, str] = Field(
        {}, description="network for a job, by name; `auto` if absent, `none` leaves the job out"
    )
    options: dict[Job, dict[str, Any]] = Field({}, description="options of a job's network")
    provider: Provider = Field("auto", description="what ONNX Runtime runs on")
    face_stride: int = Field(1, ge=1, description="faces are looked for on every n-th frame")
    pose_stride: int = Field(2, ge=1, description="bodies are looked for on every n-th frame")
    pose_refresh: int = Field(
        15, ge=1, description="newcomers are looked for on every n-th frame with bodies"
    )
    second_looks: int = Field(
        4, ge=0, description="most heads without a face that are looked at again, per frame"
    )
    quality: QualityConfig = Field(QualityConfig(), description="what a good face is")


@dataclass(frozen=True)
class Networks:
    """What runs; None leaves a job out."""

    face: FaceDetector | None = None
    mesh: FaceMesh | None = None
    expression: ExpressionModel | None = None
    pose: PoseEstimator | None = None


class LocalVision:
    """A `Vision` in this process.

    `models` says for each job which network runs, why it was picked, what ONNX Runtime really runs
    it on, and the sha256 of its files;
    `keypoint_layout` is that of the bodies, empty when none are looked for.
    """

    def __init__(
        self, config: Config, networks: Networks, models: Mapping[str, Any] | None = None
    ) -> None:
        """Use networks that are ready to run."""
        self._config = config
        self._networks = networks
        self.models: dict[str, Any] = dict(models or {})
        self.keypoint_layout = networks.pose.layout if networks.pose else ""

    def see(self, frame: Frame, earlier: Observation | None) -> Observation:
        """Return what is in the frame; invalid, with a reason, when a network gave NaN."""
        timings_ms: dict[str, float] = {}
        faces, bodies, reason = None, None, ""
        known = known_bodies(frame, earlier)
        try:
            bodies = self._bodies(frame, known, timings_ms)
            faces = self._faces(frame, known if bodies is None else bodies, timings_ms)
        except NotFiniteError as error:
            faces, bodies, reason = None, None, str(error)
        height, width = frame.image_bgr.shape[:2]
        return Observation(
            **stamp_of(frame),
            width_px=width,
            height_px=height,
            faces=None if faces is None else tuple(faces),
            thumb=_thumb(frame, faces or (), bodies, timings_ms) if bodies else None,
            bodies=None if bodies is None else tuple(bodies),
            timings_ms=timings_ms,
            valid=not reason,
            reason=reason,
        )

    def _faces(
        self, frame: Frame, bodies: Sequence[Body], timings_ms: dict[str, float]
    ) -> list[Face] | None:
        networks, image_bgr = self._networks, frame.image_bgr
        if networks.face is None or not self._looks(frame).faces:
            return None
        with _timed("face", timings_ms):
            found = networks.face.detect(image_bgr)
        faces = self._present(frame, found, timings_ms)
        heads = second_look.without_face(bodies, faces, self._config.second_looks)
        if heads:
            with _timed("face", timings_ms):
                found = second_look.look(image_bgr, heads, networks.face)
            faces = second_look.joined(faces, self._present(frame, found, timings_ms))
        if networks.expression is not None:
            with _timed("expression", timings_ms):
                faces = networks.expression.read(image_bgr, faces)
        with _timed("quality", timings_ms):
            return judge(image_bgr, faces, self._config.quality)

    def _present(self, frame: Frame, faces: list[Face], timings_ms: dict[str, float]) -> list[Face]:
        """Return the faces that the mesh believes; all of them without a mesh."""
        if self._networks.mesh is None:
            return faces
        with _timed("mesh", timings_ms):
            faces = self._networks.mesh.measure(frame.image_bgr, faces)
        if frame.is_private:
            return [msgspec.structs.replace(face, mesh=b"") for face in faces]
        return faces

    def _bodies(
        self, frame: Frame, known: Sequence[Body], timings_ms: dict[str, float]
    ) -> list[Body] | None:
        pose, looks = self._networks.pose, self._looks(frame)
        if pose is None or not looks.bodies:
            return None
        with _timed("pose", timings_ms):
            return pose.estimate(frame.image_bgr, known, looks.newcomers)

    def _looks(self, frame: Frame) -> Looks:
        config = self._config
        return frame.looks or Looks(
            frame.seq % config.face_stride == 0,
            frame.seq % config.pose_stride == 0,
            frame.seq // config.pose_stride % config.pose_refresh == 0,
        )


def known_bodies(frame: Frame, earlier: Observation | None) -> Sequence[Body]:
    """Return the bodies of the past that still mean something in this frame.

    None do after the source started anew or changed its size.
    """
    if earlier is None or earlier.epoch != frame.epoch:
        return ()
    if (earlier.height_px, earlier.width_px) != frame.image_bgr.shape[:2]:
        return ()
    return earlier.bodies or ()


def _thumb(
    frame: Frame, faces: Sequence[Face], bodies: Sequence[Body], timings_ms: dict[str, float]
) -> Thumb:
    with _timed("camera", timings_ms):
        return thumb(frame.image_bgr, people_boxes(faces, bodies))


@contextmanager
def _timed(step: str, timings_ms: dict[str, float]) -> Iterator[None]:
    """Add the time of a step to what it took before in this frame."""
    start_s = time.perf_counter()
    yield
    timings_ms[step] = timings_ms.get(step, 0.0) + (time.perf_counter() - start_s) * 1000


def build(config: Config) -> LocalVision:
    """Pick, open and warm up a network for every job that is not left out.

    Raises:
        ConfigError: no model of a name does its job, or an option does not exist.
        ModelError: a file is absent, damaged, or not what the manifest says.
        MissingExtraError: ONNX Runtime is absent.
    """
    picked: dict[Job, Any] = {}
    models: dict[str, Any] = {}
    for job in JOBS:
        name = config.models.get(job, "auto")
        if name == "none":
            continue
        entry, why = zoo.pick(job, name)
        picked[job] = zoo.build(entry, config.options.get(job, {}), config.provider)
        files = {file.path: file.sha256 for file in entry.files.values()}
        models[job] = {
            "name": entry.name,
            "why": why,
            "providers": list(picked[job].providers),
            "sha256": files,
        }
    return LocalVision(config, Networks(**picked), models)
