"""What travels between the stages. Read this file first.

A frame becomes an `Observation` (what the networks saw in it), then a `Reading` (who that was and
how they feel and move), readings become a `Window` once a second of media time with its `Event`s,
and windows become a `Narration`. `Frame` alone holds pixels and never leaves the process; all
others are msgspec structs, so the same definition is the wire format and the schema.

Conventions: boxes are x1, y1, x2, y2 in pixels of the original frame, origin top left; valence and
arousal lie in [-1, 1]; `pts_s` is media time in seconds; `None` means "not measured".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

EMOTIONS = (
    "neutral",
    "happiness",
    "surprise",
    "sadness",
    "anger",
    "disgust",
    "fear",
    "contempt",
)
"""The order of every tuple of emotion probabilities. Source: FER+ (Barsoum et al. 2016)."""

MESH_MEASURES = (
    "mouth_open",
    "mouth_width",
    "mouth_lift",
    "lip_raise",
    "eye_open",
    "brow_inner",
    "brow_outer",
    "brow_gap",
)
"""The order of `Face.mesh_measures`, in distances between the eyes; see `models.face_mesh`."""

QUADRANTS = ("excited", "calm", "angry", "sad", "neutral")
"""V+A+, V+A-, V-A+, V-A-, and the small circle around the origin."""

GROUP = 0
"""The person number of the whole group in windows and events; people count from 1."""

Quadrant = Literal["excited", "calm", "angry", "sad", "neutral"]
Box = tuple[float, float, float, float]
Point = tuple[float, float]
Keypoint = tuple[float, float, float, float]
"""x px, y px, z px (depth relative to the hips, 0 where unknown), visibility in [0, 1]."""
Image: TypeAlias = "npt.NDArray[np.uint8]"
"""A name for annotations; the narrator's process must not wait for numpy."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source before its first frame.

    `origin` is for people and never holds credentials. `rate_hz`, `frames` and `duration_s` are
    what the container declares: hints, often wrong; 0 where unknown.
    """

    source_id: str
    origin: str
    width_px: int = 0
    height_px: int = 0
    rate_hz: float = 0.0
    frames: int = 0
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Looks:
    """What is looked for in one frame; `newcomers` says whether bodies are searched anew."""

    faces: bool
    bodies: bool
    newcomers: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture.

    `seq` counts 0, 1, 2, … per source without gaps at capture and never restarts; `epoch` rises
    when a source starts anew (a loop, a reconnect, a jump of its clock). `image_bgr` is H x W x 3
    uint8 and read-only. `looks` is None where the number alone decides what is looked for. Whoever
    shows or keeps the picture of an `is_private` frame blurs the people in it.
    """

    source_id: str
    seq: int
    epoch: int
    pts_s: float
    t_wall_ns: int
    t_mono_ns: int
    image_bgr: Image
    looks: Looks | None = None
    is_private: bool = False


class Stamped(msgspec.Struct, frozen=True, kw_only=True):
    """Fields that every message about a frame carries."""

    source_id: str
    seq: int
    epoch: int = 0
    pts_s: float
    t_wall_ns: int = 0
    t_mono_ns: int = 0


def stamp_of(message: Frame | Stamped) -> dict[str, Any]:
    """Return the fields of `Stamped`, for another message about the same frame."""
    return {name: getattr(message, name) for name in Stamped.__struct_fields__}


class Face(msgspec.Struct, frozen=True):
    """A face in a frame.

    `landmarks` are five points in px: the eye at the left of the picture, the eye at its right,
    nose tip, mouth corner at the left of the picture, mouth corner at its right. `head_pose_deg`
    is yaw, pitch, roll. `presence` in [0, 1] is the mesh's own doubt that this is a face.
    `emotions` follow `EMOTIONS` and sum to 1. `valence`, `arousal` are set only by a network that
    regresses them. `quality` in [0, 1] says how far the expression can be trusted;
    below the gate `quality_reason` names why (`small`, `blurred`, `turned`, `doubtful`).
    `mesh` holds the 468 points of the face mesh for whoever draws them: x, y as little-endian int16
    in quarters of a px. It is empty without a mesh, of a private camera, in every store and on
    every socket.
    `mesh_measures` follow `MESH_MEASURES`.
    """

    box_xyxy: Box
    score: float
    landmarks: tuple[Point, ...] = ()
    presence: float | None = None
    head_pose_deg: tuple[float, float, float] | None = None
    emotions: tuple[float, ...] | None = None
    valence: float | None = None
    arousal: float | None = None
    quality: float | None = None
    quality_reason: str = ""
    mesh: bytes = b""
    mesh_measures: tuple[float, ...] | None = None


class Body(msgspec.Struct, frozen=True):
    """A body in a frame; `layout` names the order of `keypoints` (see `models.base.LAYOUTS`).

    `next_region` is where a network that follows people looks in a later frame: centre x, centre
    y, side (px) and rotation (radians, clockwise).
    """

    box_xyxy: Box
    score: float
    layout: str
    keypoints: tuple[Keypoint, ...]
    next_region: tuple[float, float, float, float] | None = None


class Thumb(msgspec.Struct, frozen=True):
    """A small grey picture, H x W uint8 row by row, to tell the camera's motion by; never kept.

    `corners` are places worth following, n x 2 float32 (x, y) in px of the small picture.
    """

    width_px: int
    height_px: int
    grey: bytes
    corners: bytes = b""


class Observation(Stamped, frozen=True, kw_only=True, tag=True):
    """What the networks saw in one frame, before anybody is followed over time.

    `faces` or `bodies` are None where that job was not run on this frame (its stride). `thumb` is
    there when bodies were looked for and found.
    """

    width_px: int
    height_px: int
    faces: tuple[Face, ...] | None = None
    bodies: tuple[Body, ...] | None = None
    thumb: Thumb | None = None
    timings_ms: dict[str, float] = {}
    valid: bool = True
    reason: str = ""


class Steady(msgspec.Struct, frozen=True):
    """What a person shows, smoothed over time: the raw readings stay beside it, unchanged.

    `rest` is the valence and arousal of the resting face that was taken off; None where none was.
    """

    emotions: tuple[float, ...]
    emotion: str
    valence: float
    arousal: float
    rest: tuple[float, float] | None = None


class Person(msgspec.Struct, frozen=True):
    """One person in one frame.

    `movement` and `gesture_energy` are in torso lengths per second; `posture_confidence` in
    [0, 1]; `valence_sd` and `arousal_sd` are standard deviations, on the scale of valence.
    """

    id: int
    face: Face | None = None
    body: Body | None = None
    movement: float | None = None
    posture: str | None = None
    valence: float | None = None
    arousal: float | None = None
    affect_source: str = ""
    valence_sd: float | None = None
    arousal_sd: float | None = None
    steady: Steady | None = None
    posture_confidence: float | None = None
    gesture_energy: float | None = None


class Group(msgspec.Struct, frozen=True):
    """Everybody in one frame.

    `share_positive` is the share of those with valence who are above 0; `near` and `facing` are
    pairs of person numbers; `synchrony` is the correlation of their movement over time, [-1, 1].
    """

    people: int
    valence_mean: float | None = None
    valence_sd: float | None = None
    arousal_mean: float | None = None
    arousal_sd: float | None = None
    share_positive: float | None = None
    near: tuple[tuple[int, int], ...] = ()
    facing: tuple[tuple[int, int], ...] = ()
    synchrony: float | None = None


class Reading(Stamped, frozen=True, kw_only=True, tag=True):
    """Everything measured in one frame. An invalid one says why in `reason` and holds nobody."""

    width_px: int
    height_px: int
    people: tuple[Person, ...] = ()
    group: Group | None = None
    timings_ms: dict[str, float] = {}
    valid: bool = True
    reason: str = ""


class Span(msgspec.Struct, frozen=True):
    """One person, or the group, over the window.

    `n` counts readings with valence; `coverage` is the share of the window's looked-at frames
    that have one; slopes are least-squares, per second; `movement` is the mean. A statistic that
    needs more readings than there are is None. Faces below the quality gate count as not measured.
    `posture` is the most frequent one. From `people_mean` to `synchrony` they belong to the group
    alone: means over the window of `Group`, and the newest synchrony.
    """

    person: int
    n: int
    coverage: float
    valence_mean: float | None = None
    valence_sd: float | None = None
    valence_slope_per_s: float | None = None
    arousal_mean: float | None = None
    arousal_sd: float | None = None
    arousal_slope_per_s: float | None = None
    quadrant: Quadrant | None = None
    emotion: str | None = None
    movement: float | None = None
    people_mean: float | None = None
    share_positive: float | None = None
    near_share: float | None = None
    facing_share: float | None = None
    synchrony: float | None = None
    posture: str | None = None


class Window(Stamped, frozen=True, kw_only=True, tag=True):
    """The last `window_s` seconds up to `pts_s`: the people by number, then the group (last)."""

    window_s: float
    spans: tuple[Span, ...]
    final: bool = False


EventKind = Literal["arrival", "departure", "quadrant_change", "spike", "source_state"]


class Event(Stamped, frozen=True, kw_only=True, tag=True):
    """Something worth telling.

    `before` and `after` are quadrants, or for a spike the dimension and its value (`valence 0.02`),
    or states of a live source (`source_state`, about nobody: `person` is the group, and `detail`
    names the remedy).
    """

    kind: EventKind
    person: int
    before: str = ""
    after: str = ""
    detail: str = ""


class Narration(Stamped, frozen=True, kw_only=True, tag=True):
    """Plain words about the windows up to `pts_s`.

    `kind`: an `interval`, the `story` of the whole source, or a mere `line` in between, which goes
    to sinks that show pictures alone. `line` is the same in at most 90 characters. `grounded` is
    true when every statement was checked against `facts`, and `fallback` when `engine` did not pass
    that check and the grounded narrator spoke in its place; `faults` are what the check found then.
    `tokens` were made by the model, 0 without one. `gap` names the reason when no text could be
    made.
    """

    text: str
    engine: str
    grounded: bool | Literal["fallback"]
    latency_s: float
    facts: dict[str, Any] = {}
    gap: str = ""
    kind: Literal["interval", "story", "line"] = "interval"
    line: str = ""
    tokens: int = 0
    faults: tuple[str, ...] = ()


SourceState = Literal[
    "connecting",
    "playing",
    "stalled",
    "hung_up",
    "refused",
    "not_found",
    "no_host",
    "no_route",
    "closed_port",
    "silent",
    "garbage",
    "unsupported",
]
"""How a live source is. All but the first two are faults, tried again for ever:
pictures stopped; it ended the connection; wrong login; no such stream; no such name; no way there;
nothing listens; it accepts and says nothing; what it says makes no sense; its kind is unknown."""


class SourceHealth(msgspec.Struct, frozen=True):
    """The state of a live source, since when (UTC), and the remedy where there is a fault.

    `attempts` counts connections since it last played, `outages` how often it was lost so far.
    """

    state: SourceState
    since_wall_ns: int
    attempts: int = 0
    outages: int = 0
    detail: str = ""


class End(msgspec.Struct, frozen=True, tag=True):
    """The last message of a stage on a link: nothing follows from `stage`.

    With a `source_id` it is that source alone that has ended, and others go on.
    """

    stage: str
    source_id: str = ""


Delivery = Reading | Window | Event | Narration | End
"""What reaches a sink."""
