"""Made people who walk, cross and hide, as detections with known owners, and a count of mix-ups.

A scene is a list of walkers in a picture of 1280 x 720 px. Who stands lower in the picture is
nearer and hides those behind; what is hidden for more than the half is not detected, what is hidden
less has a smaller box. Detections jitter, are missed, and are joined by false ones.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import cos, exp, pi, sin
from typing import NamedTuple, Protocol

from affectstream.models.base import COCO17
from affectstream.models.tracking import Tracked
from affectstream.stream.messages import Body, Box, Face, Keypoint

WIDTH_PX, HEIGHT_PX = 1280.0, 720.0
BODY_WIDTH, FACE_SIDE = 0.35, 0.12
"""In units of the body's height."""
JITTER = 0.02
"""Of a box's size, standard deviation; one body box in thirty is off by ten times that."""
MISSES = 0.15
FALSE_FINDS = 0.04
"""Per frame and kind."""
POSE_STRIDE = 2
RATES = ("5", "10", "25", "irregular")

Path = Callable[[float], tuple[float, float]]
"""From seconds to the x of the middle and the y of the feet, in px."""


@dataclass(frozen=True)
class Walker:
    path: Path
    height_px: float = 400.0
    shows_face: bool = True

    def body_at(self, pts_s: float) -> Box:
        x, feet = self.path(pts_s)
        half = BODY_WIDTH * self.height_px / 2
        return x - half, feet - self.height_px, x + half, feet

    def face_at(self, pts_s: float) -> Box:
        x, feet = self.path(pts_s)
        half = FACE_SIDE * self.height_px / 2
        y = feet - self.height_px + 1.2 * half
        return x - half, y - half, x + half, y + half


@dataclass(frozen=True)
class Scene:
    """`pillars` stand before everybody."""

    people: Sequence[Walker]
    seconds: float
    pillars: Sequence[Box] = ()


class Shot(NamedTuple):
    """One frame; `owner` names the walker (from 0) of each true box."""

    pts_s: float
    faces: list[Face] | None
    bodies: list[Body] | None
    owner: dict[Box, int]


def line(start: tuple[float, float], end: tuple[float, float], seconds: float) -> Path:
    def path(pts_s: float) -> tuple[float, float]:
        share = pts_s / seconds
        return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])

    return path


def crossing(angle_deg: float, heights_per_s: float) -> Scene:
    """Two whose ways cross in the middle: one to the right, one turned from that by the angle.

    At 180 degrees they walk towards each other. The picture is foreshortened: a way into its depth
    moves the feet a quarter as far up.
    """
    height, half_px = 400.0, 400.0
    seconds = 2 * half_px / (heights_per_s * height)
    people = []
    for k, turn in enumerate((0.0, angle_deg * pi / 180)):
        right, up = half_px * cos(turn), half_px / 4 * sin(turn)
        feet = 600.0 + 8 * k
        path = line((640.0 - right, feet + up), (640.0 + right, feet - up), seconds)
        people.append(Walker(path, height * (1 + 0.03 * k)))
    return Scene(people, seconds)


def behind_a_stander(hidden_s: float) -> Scene:
    """One walks behind one who stands, out of sight for about that long."""
    height = 400.0
    px_per_s = BODY_WIDTH * height / hidden_s
    seconds = 600.0 / px_per_s
    return Scene(
        [
            Walker(lambda pts_s: (640.0 + 4 * sin(pts_s), 660.0), height),
            Walker(line((340.0, 640.0), (940.0, 640.0), seconds), height),
        ],
        seconds,
    )


def behind_a_pillar(hidden_s: float, heights_per_s: float = 0.5) -> Scene:
    """Two walk towards each other and meet behind a pillar that hides each for that long."""
    height = 400.0
    half = hidden_s * heights_per_s * height / 2
    seconds = 1000.0 / (heights_per_s * height)
    people = [
        Walker(line((140.0, 640.0), (1140.0, 640.0), seconds), height),
        Walker(line((1140.0, 660.0), (140.0, 660.0), seconds), 1.05 * height),
    ]
    return Scene(people, seconds, ((640.0 - half, 0.0, 640.0 + half, HEIGHT_PX),))


def turning_back(hidden_s: float) -> Scene:
    """One goes behind a pillar, waits there and comes out at the same side; another stands by."""
    height, px_per_s = 400.0, 200.0

    def path(pts_s: float) -> tuple[float, float]:
        there_s = 400.0 / px_per_s
        back_s = there_s + max(hidden_s - 0.7, 0.0)
        x = 300.0 + px_per_s * min(pts_s, there_s)
        return x - px_per_s * max(pts_s - back_s, 0.0), 640.0

    stander = Walker(lambda pts_s: (1000.0 + 4 * sin(pts_s), 640.0), height)
    return Scene([Walker(path, height), stander], 4 + hidden_s, ((620.0, 0.0, 800.0, HEIGHT_PX),))


def five_walking(seed: int, seconds: float = 40.0) -> Scene:
    """Five who wander through the picture, each at their own depth, pausing now and then."""
    chance = random.Random(seed)
    people = []
    for k in range(5):
        depth = 0.55 + 0.09 * k + chance.uniform(-0.03, 0.03)
        height = 480.0 * depth
        knots = [(0.0, chance.uniform(150, 1130))]
        while knots[-1][0] < seconds:
            when, x = knots[-1]
            if chance.random() < 0.25:
                knots.append((when + chance.uniform(0.5, 2), x))
                continue
            aim = chance.uniform(150, 1130)
            pace = chance.uniform(0.3, 0.6) * height
            knots.append((when + max(abs(aim - x) / pace, 0.2), aim))
        people.append(Walker(_polyline(knots, 320 + 380 * depth), height, chance.random() < 0.7))
    return Scene(people, seconds)


def _polyline(knots: list[tuple[float, float]], feet: float) -> Path:
    def path(pts_s: float) -> tuple[float, float]:
        for (t0, x0), (t1, x1) in zip(knots, knots[1:], strict=False):
            if t0 <= pts_s <= t1:
                share = (pts_s - t0) / (t1 - t0)
                eased = share * share * (3 - 2 * share)  # nobody starts, stops or turns at once
                return x0 + eased * (x1 - x0), feet
        return knots[-1][1], feet

    return path


def at_a_table(seed: int, seconds: float = 30.0) -> Scene:
    """Three who sit side by side and move their heads."""
    chance = random.Random(seed)
    people = []
    for k in range(3):
        hz, phase = chance.uniform(0.2, 0.5), chance.uniform(0, 6)

        def path(
            pts_s: float, k: int = k, hz: float = hz, phase: float = phase
        ) -> tuple[float, float]:
            swing = sin(2 * pi * hz * pts_s + phase) * 15
            return 340.0 + 300 * k + swing, 700.0 + swing / 3

        people.append(Walker(path, 600.0))
    return Scene(people, seconds)


def times_s(rate: str, seconds: float, chance: random.Random) -> Iterator[float]:
    pts_s = 0.0
    while pts_s < seconds:
        yield pts_s
        pts_s += chance.uniform(0.03, 0.25) if rate == "irregular" else 1 / float(rate)


def film(scene: Scene, rate: str, seed: int) -> Iterator[Shot]:
    """Yield what detectors would see of a scene."""
    chance = random.Random(seed)
    for number, pts_s in enumerate(times_s(rate, scene.seconds, chance)):
        owner: dict[Box, int] = {}
        faces: list[Face] = []
        bodies: list[Body] = []
        for k, walker in enumerate(scene.people):
            box = walker.body_at(pts_s)
            hiding = [*scene.pillars] + [
                other.body_at(pts_s)
                for other in scene.people
                if other is not walker and other.body_at(pts_s)[3] > box[3]
            ]
            face = _seen(walker.face_at(pts_s), hiding, chance)
            if face and walker.shows_face:
                faces.append(Face(face[0], face[1]))
                owner[face[0]] = k
            body = _seen(box, hiding, chance, outliers=1 / 30)
            if body:
                bodies.append(_body(body[0], body[1], walker.face_at(pts_s), face is not None))
                owner[body[0]] = k
        if chance.random() < FALSE_FINDS:
            faces.append(Face(_anywhere(40, 40, chance), chance.uniform(0.5, 0.8)))
        if chance.random() < FALSE_FINDS:
            bodies.append(_body(_anywhere(140, 400, chance), chance.uniform(0.5, 0.8), None, False))
        chance.shuffle(faces)
        chance.shuffle(bodies)
        yield Shot(pts_s, faces, None if number % POSE_STRIDE else bodies, owner)


def _anywhere(width: float, height: float, chance: random.Random) -> Box:
    x, y = chance.uniform(0, WIDTH_PX - width), chance.uniform(0, HEIGHT_PX - height)
    return x, y, x + width, y + height


def _seen(
    box: Box, hiding: Sequence[Box], chance: random.Random, outliers: float = 0.0
) -> tuple[Box, float] | None:
    """Return the box around what is visible, jittered, and its score; None when it is missed."""
    width, height = box[2] - box[0], box[3] - box[1]
    cells = [
        (box[0] + (i + 0.5) / 8 * width, box[1] + (j + 0.5) / 8 * height)
        for i in range(8)
        for j in range(8)
    ]
    seen = [
        (x, y) for x, y in cells if not any(a <= x <= c and b <= y <= d for a, b, c, d in hiding)
    ]
    share = len(seen) / len(cells)
    if share < 0.5 or chance.random() < MISSES:
        return None
    left, right = min(x for x, _ in seen) - width / 16, max(x for x, _ in seen) + width / 16
    top, bottom = min(y for _, y in seen) - height / 16, max(y for _, y in seen) + height / 16
    size = (width * height) ** 0.5
    spread = JITTER * size * (10 if chance.random() < outliers else 1)
    x, y = chance.gauss((left + right) / 2, spread), chance.gauss((top + bottom) / 2, spread)
    half_x = (right - left) / 2 * exp(chance.gauss(0, JITTER))
    half_y = (bottom - top) / 2 * exp(chance.gauss(0, JITTER))
    score = chance.uniform(0.75, 1.0) if share > 0.8 else chance.uniform(0.55, 0.9)
    return (x - half_x, y - half_y, x + half_x, y + half_y), score


def _body(box: Box, score: float, face: Box | None, is_head_seen: bool) -> Body:
    x, y = ((face[0] + face[2]) / 2, (face[1] + face[3]) / 2) if face else (box[0], box[1])
    points: list[Keypoint] = [(x, (box[1] + box[3]) / 2, 0.0, 0.9)] * len(COCO17)
    for joint in ("nose", "left_eye", "right_eye"):
        points[COCO17.index(joint)] = (x, y, 0.0, 0.9 if is_head_seen else 0.1)
    return Body(box, score, "coco17", tuple(points))


class Follows(Protocol):
    def update(
        self, pts_s: float, faces: Sequence[Face] | None, bodies: Sequence[Body] | None
    ) -> list[Tracked]: ...


@dataclass
class Mixups:
    """How often people were mixed up.

    `switches`: a walker's id changed (CLEAR MOT, Bernardin and Stiefelhagen 2008); `extra`: ids
    given to walkers beyond one each; `invented`: ids given to false finds alone; `mixed`: a face
    joined to somebody else's body; `breaks`: a walker who was followed was detected but not
    returned; `lost`: the share of true boxes that were given to nobody.
    """

    switches: int = 0
    extra: int = 0
    invented: int = 0
    mixed: int = 0
    lost: float = 0.0
    breaks: int = 0
    _last: dict[int, int] = field(default_factory=dict, repr=False)


def count(tracker: Follows, shots: Iterator[Shot]) -> Mixups:
    result, boxes, given = Mixups(), 0, 0
    ids: set[int] = set()
    real: set[int] = set()
    was_given: dict[int, bool] = {}
    for shot in shots:
        people = tracker.update(shot.pts_s, shot.faces, shot.bodies)
        id_of: dict[int, int] = {}
        for person in people:
            ids.add(person.id)
            owners = [
                shot.owner[part.box_xyxy]
                for part in (person.body, person.face)
                if part is not None and part.box_xyxy in shot.owner
            ]
            given += len(owners)
            real |= {person.id} if owners else set()
            result.mixed += len(set(owners)) > 1
            for owner in owners[:1]:
                id_of[owner] = person.id
        parts = [*(shot.faces or ()), *(shot.bodies or ())]
        boxes += sum(part.box_xyxy in shot.owner for part in parts)
        for owner in {shot.owner[p.box_xyxy] for p in parts if p.box_xyxy in shot.owner}:
            result.breaks += was_given.get(owner, False) and owner not in id_of
            was_given[owner] = owner in id_of
        for owner, number in id_of.items():
            result.switches += result._last.get(owner, number) != number
            result._last[owner] = number
    result.extra = len(real) - len(result._last)
    result.invented = len(ids) - len(real)
    result.lost = 1 - given / max(boxes, 1)
    return result
