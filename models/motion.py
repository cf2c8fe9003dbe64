"""Where a box will be: a Kalman filter with true times, and how well a box fits to it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, pi, sqrt

from ..stream.messages import Box, Point

STRANGER_HEIGHTS = 0.5
"""Density of the heights of strangers, per factor of e. Our choice: they spread over a factor of
7."""

HEIGHT_DRIFT = 0.1
"""Standard deviation of the logarithm of a height after a second unseen. Our choice: somebody 4 m
away walks 0.4 m towards the camera."""

WORST_HEIGHT = 4.0
"""A wrong height costs no more evidence than this: the legs may be hidden."""

ASTRAY = 0.03
"""The share of boxes that are off by more than the jitter. Our choice."""

GATE = 3.5
"""A box further off than this many standard deviations is another: one in 500 is not."""

CUT = 0.15
"""A box whose width or height differs by more than this share was cut off at one side."""

EXTENT_S = 1.0
"""Time constant of the smoothed width and height."""


@dataclass(frozen=True, slots=True)
class Law:
    """How one kind of box moves, in units of its size (the square root of its area).

    `jitter` is the standard deviation of a measured centre, `height_jitter` that of the logarithm
    of a height, `speed` (1/s) that of the velocity in each direction, `keeps_s` the time after
    which a velocity is forgotten to 37 %. `reach` bounds how far from its prediction a box may be.
    `astray_by` is the standard deviation of the few boxes that are wide of the mark,
    `strangers` is how many boxes of others (newcomers, false finds) one frame has in a square of
    the box's size.
    """

    jitter: float
    height_jitter: float
    speed: float
    keeps_s: float
    reach: float
    astray_by: float
    strangers: float


class Motion:
    """One box followed through time; velocity keeps for a while, then fades (Ornstein-Uhlenbeck).

    The centre follows a Kalman filter (Kalman 1960; for boxes Bewley et al. 2016, SORT) whose
    velocity reverts to 0 as in Singer 1970, Estimating optimal tracking filter performance: both
    axes share one covariance, in units of the box's size. Somebody nearer, or the edge of the
    picture, cuts a box off at one side; then only the other side tells where it went.
    """

    __slots__ = (
        "_height", "_law", "_vv", "_vx", "_vy", "_width", "_x", "_xv", "_xx", "_y",
        "box_xyxy", "seen_s",
    )  # fmt: skip

    def __init__(self, law: Law, pts_s: float, box_xyxy: Box) -> None:
        """Start at rest, with the doubt about the velocity that `law` has."""
        self._law = law
        self.seen_s = pts_s
        self.box_xyxy = box_xyxy
        self._x, self._y = centre(box_xyxy)
        self._width, self._height = box_xyxy[2] - box_xyxy[0], box_xyxy[3] - box_xyxy[1]
        self._vx, self._vy = 0.0, 0.0
        self._xx, self._xv, self._vv = law.jitter**2, 0.0, law.speed**2

    def centre_at(self, pts_s: float) -> Point:
        """Return the predicted centre in px."""
        carry_s = self._carry_s(pts_s)[0]
        return self._x + carry_s * self._vx, self._y + carry_s * self._vy

    def box_at(self, pts_s: float) -> Box:
        """Return the predicted box."""
        x, y = self.centre_at(pts_s)
        half_x, half_y = self._width / 2, self._height / 2
        return x - half_x, y - half_y, x + half_x, y + half_y

    def update(self, pts_s: float, box_xyxy: Box) -> None:
        """Take a measured box, not older than the last."""
        away_x, away_y = self._away(pts_s, box_xyxy)
        x, y = self.centre_at(pts_s)
        xx, xv, vv = self._covariance_at(pts_s)
        keep = self._carry_s(pts_s)[1]
        total = xx + self._law.jitter**2
        gain_x, gain_v = xx / total, xv / total
        self._x, self._vx = x + gain_x * away_x, keep * self._vx + gain_v * away_x
        self._y, self._vy = y + gain_x * away_y, keep * self._vy + gain_v * away_y
        self._xx, self._xv, self._vv = xx * (1 - gain_x), xv * (1 - gain_x), vv - gain_v * xv
        share = 1 - exp(-(pts_s - self.seen_s) / EXTENT_S)
        self._width += share * (box_xyxy[2] - box_xyxy[0] - self._width)
        self._height += share * (box_xyxy[3] - box_xyxy[1] - self._height)
        self.seen_s, self.box_xyxy = pts_s, box_xyxy

    def evidence(self, pts_s: float, box_xyxy: Box) -> float | None:
        """Return the evidence that this is the box followed and not a stranger's, in nats.

        The logarithm of a ratio of densities (Reid 1979, An algorithm for tracking multiple
        targets): that of the predicted centre and height over that of strangers. The longer
        the box was not seen, the vaguer the prediction and the weaker the evidence. None
        when it is out of reach.
        """
        height_px = box_xyxy[3] - box_xyxy[1]
        area = self._width * self._height
        if min(area, height_px) <= 0:
            return None
        away_x, away_y = self._away(pts_s, box_xyxy)
        away_squared = (away_x**2 + away_y**2) / area
        spread = self._covariance_at(pts_s)[0] + self._law.jitter**2
        widest = spread + self._law.astray_by**2
        if away_squared > min(self._law.reach**2, GATE**2 * widest):
            return None
        place = (1 - ASTRAY) * _density(away_squared, spread)
        place += ASTRAY * _density(away_squared, widest)
        grown = self._law.height_jitter**2 + HEIGHT_DRIFT**2 * (pts_s - self.seen_s)
        growth = min(log(height_px / self._height) ** 2 / (2 * grown), WORST_HEIGHT)
        return (
            log(place / self._law.strangers) - growth - log(sqrt(2 * pi * grown) * STRANGER_HEIGHTS)
        )

    def _away(self, pts_s: float, box_xyxy: Box) -> Point:
        """Return how far from the prediction a box is, in px right and down."""
        x1, y1, x2, y2 = self.box_at(pts_s)
        return _shift(x1, x2, box_xyxy[0], box_xyxy[2]), _shift(y1, y2, box_xyxy[1], box_xyxy[3])

    def _carry_s(self, pts_s: float) -> tuple[float, float]:
        """Return for how long the velocity carries until then, and what share of it is left."""
        keep = exp(-(pts_s - self.seen_s) / self._law.keeps_s)
        return self._law.keeps_s * (1 - keep), keep

    def _covariance_at(self, pts_s: float) -> tuple[float, float, float]:
        """Return the variance of a coordinate, its covariance with the velocity, and the latter's.

        In units of the size, predicted by the exact solution of the Ornstein-Uhlenbeck process.
        """
        carry_s, keep = self._carry_s(pts_s)
        tau_s, speed_squared, gap_s = self._law.keeps_s, self._law.speed**2, pts_s - self.seen_s
        xx = self._xx + 2 * carry_s * self._xv + carry_s**2 * self._vv
        xx += speed_squared * tau_s * (2 * gap_s - tau_s * (3 - 4 * keep + keep**2))
        xv = keep * (self._xv + carry_s * self._vv) + speed_squared * tau_s * (1 - keep) ** 2
        return xx, xv, keep**2 * self._vv + speed_squared * (1 - keep**2)


def _density(away_squared: float, variance: float) -> float:
    """Return the density of a normal distribution in the plane."""
    return exp(-away_squared / (2 * variance)) / (2 * pi * variance)


def centre(box_xyxy: Box) -> Point:
    """Return the middle of a box in px."""
    return (box_xyxy[0] + box_xyxy[2]) / 2, (box_xyxy[1] + box_xyxy[3]) / 2


def _shift(low: float, high: float, seen_low: float, seen_high: float) -> float:
    """Return how far one side, or both, moved: of a box that was cut off the side that moved less.

    Both sides move alike, give or take `CUT` of the extent, unless one is not the real one.
    """
    first, second = seen_low - low, seen_high - high
    if abs(second - first) <= CUT * (high - low):
        return (first + second) / 2
    return min(first, second, key=abs)


def iou(a: Box, b: Box) -> float:
    """Return intersection over union in [0, 1]; 0 for boxes without area."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / union if union > 0 else 0.0
