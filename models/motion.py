"""Where a box will be: a Kalman filter with true times, and how well a box fits to it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, pi, sqrt

from ..stream.messages import Box, Point

STRANGER_HEIGHTS = 0.5
"""Density of the heights of strangers, per factor of e. Our choice: they spread over a factor of
7."""

HEIGHT_DRIFT = 0.05
"""Standard deviation of the logarithm of a height after a second unseen. Our choice: most walk
across the picture; somebody 4 m away who walks slantwise comes 0.2 m nearer."""

HEIGHT_S = 2.0
"""Time constant of the learned spread of a height."""

LEAST_HEIGHT_JITTER = 0.02
"""The learned standard deviation of the logarithm of a height is not below this."""

WORST_HEIGHT = 8.0
"""A wrong height costs no more evidence than this: the legs may be hidden."""

ASTRAY = 0.03
"""The share of boxes that are off by more than the jitter. Our choice."""

CALM = 0.1
"""The share of a law's changes of velocity that somebody who walks or sits on makes. Our choice."""

TURNS = 0.2
"""The share of moments when somebody starts, stops or turns instead. Our choice."""

FLATNESS = 0.5
"""A way up or down the picture as a share of one across it: a floor seen from 30 degrees above
is foreshortened by the sine of that; most cameras look more level."""

GATE = 3.5
"""A box further off than this many standard deviations is another: one in 500 is not."""

CUT = 0.15
"""A box whose width or height differs by more than this share was cut off at one side."""

EXTENT_S = 1.0
"""Time constant of the smoothed width and height."""


Covariance = tuple[float, float, float]
"""The variance of a coordinate, its covariance with the velocity, and the latter's variance, in
units of the size."""


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

    Most go on as they went, a few turn: two models of the process noise, weighed by how well each
    foretold the box (as in Blom and Bar-Shalom 1988, The interacting multiple model algorithm, with
    one state for both). How much heights of this box jitter is learned from it.
    """

    __slots__ = (
        "_height", "_height_spread", "_law", "_vv", "_vx", "_vy", "_width", "_x", "_xv", "_xx",
        "_y", "box_xyxy", "seen_s",
    )  # fmt: skip

    def __init__(self, law: Law, pts_s: float, box_xyxy: Box) -> None:
        """Start at rest, with the doubt about the velocity that `law` has."""
        self._law = law
        self.seen_s = pts_s
        self.box_xyxy = box_xyxy
        self._x, self._y = centre(box_xyxy)
        self._width, self._height = box_xyxy[2] - box_xyxy[0], box_xyxy[3] - box_xyxy[1]
        self._height_spread = law.height_jitter**2
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
        xx, xv, vv = self._weighed_covariance(pts_s, self._off(away_x, away_y))
        keep = self._carry_s(pts_s)[1]
        total = xx + self._law.jitter**2
        gain_x, gain_v = xx / total, xv / total
        self._x, self._vx = x + gain_x * away_x, keep * self._vx + gain_v * away_x
        self._y, self._vy = y + gain_x * away_y, keep * self._vy + gain_v * away_y
        self._xx, self._xv, self._vv = xx * (1 - gain_x), xv * (1 - gain_x), vv - gain_v * xv
        self._learn_height(pts_s - self.seen_s, box_xyxy[3] - box_xyxy[1])
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
        if min(self._width * self._height, height_px) <= 0:
            return None
        off = self._off(*self._away(pts_s, box_xyxy))
        doubt = self._law.jitter**2
        calm, wild = (covariance[0] + doubt for covariance in self._covariances_at(pts_s))
        widest = wild + self._law.astray_by**2
        if off > min(self._law.reach**2, GATE**2 * widest):
            return None
        place = (1 - ASTRAY) * _place(off, calm, wild) + ASTRAY * _density(off, widest)
        grown = self._height_spread + HEIGHT_DRIFT**2 * (pts_s - self.seen_s)
        growth = min(log(height_px / self._height) ** 2 / (2 * grown), WORST_HEIGHT)
        height = -growth - log(sqrt(2 * pi * grown) * STRANGER_HEIGHTS)
        return log(place / self._law.strangers) + height

    def evidence_of(self, pts_s: float, away_px: Point, doubt_px: float) -> float | None:
        """Return the evidence of something that far from the predicted centre, as of a box.

        For what is joined to this box and was located with a standard deviation of `doubt_px`.
        """
        area = self._width * self._height
        if area <= 0:
            return None
        off, doubt = self._off(*away_px), doubt_px**2 / area
        calm, wild = (covariance[0] + doubt for covariance in self._covariances_at(pts_s))
        if off > min(self._law.reach**2, GATE**2 * wild):
            return None
        return log(_place(off, calm, wild) / self._law.strangers)

    def _off(self, away_x: float, away_y: float) -> float:
        """Return a squared distance in units of the size, a way up or down counted for more."""
        area = max(self._width * self._height, 1.0)
        return (away_x**2 + (away_y / FLATNESS) ** 2) / area

    def _weighed_covariance(self, pts_s: float, off: float) -> Covariance:
        """Return the covariance by how likely a box that far off is to go on, and to turn."""
        calm, wild = self._covariances_at(pts_s)
        jitter = self._law.jitter**2
        goes_on = (1 - TURNS) * _density(off, calm[0] + jitter)
        turns = TURNS * _density(off, wild[0] + jitter)
        share = turns / (goes_on + turns) if goes_on + turns > 0 else 1.0
        xx, xv, vv = (a + share * (b - a) for a, b in zip(calm, wild, strict=True))
        return xx, xv, vv

    def _learn_height(self, gap_s: float, height_px: float) -> None:
        """Learn how much the measured height differs from the smoothed one; outliers are capped."""
        if min(height_px, self._height) <= 0:
            return
        off = min(log(height_px / self._height) ** 2, 9 * self._height_spread)
        self._height_spread += (1 - exp(-gap_s / HEIGHT_S)) * (off - self._height_spread)
        self._height_spread = max(self._height_spread, LEAST_HEIGHT_JITTER**2)

    def _away(self, pts_s: float, box_xyxy: Box) -> Point:
        """Return how far from the prediction a box is, in px right and down."""
        x1, y1, x2, y2 = self.box_at(pts_s)
        return _shift(x1, x2, box_xyxy[0], box_xyxy[2]), _shift(y1, y2, box_xyxy[1], box_xyxy[3])

    def _carry_s(self, pts_s: float) -> tuple[float, float]:
        """Return for how long the velocity carries until then, and what share of it is left."""
        keep = exp(-(pts_s - self.seen_s) / self._law.keeps_s)
        return self._law.keeps_s * (1 - keep), keep

    def _covariances_at(self, pts_s: float) -> tuple[Covariance, Covariance]:
        """Return the covariance of those who go on, and of those who turn.

        Predicted by the exact solution of the Ornstein-Uhlenbeck process; the former have the share
        `CALM` of the law's noise.
        """
        carry_s, keep = self._carry_s(pts_s)
        tau_s, noise = self._law.keeps_s, self._law.speed**2
        xx = self._xx + 2 * carry_s * self._xv + carry_s**2 * self._vv
        xv = keep * (self._xv + carry_s * self._vv)
        vv = keep**2 * self._vv
        grown_xx = tau_s * (2 * (pts_s - self.seen_s) - tau_s * (3 - 4 * keep + keep**2))
        grown_xv, grown_vv = tau_s * (1 - keep) ** 2, 1 - keep**2
        wild = xx + noise * grown_xx, xv + noise * grown_xv, vv + noise * grown_vv
        noise *= CALM
        return (xx + noise * grown_xx, xv + noise * grown_xv, vv + noise * grown_vv), wild


def _density(away_squared: float, variance: float) -> float:
    """Return the density of a normal distribution in the plane."""
    return exp(-away_squared / (2 * variance)) / (2 * pi * variance)


def _place(off: float, calm: float, wild: float) -> float:
    """Return the density of a place, by those who go on and those who turn."""
    density = (1 - TURNS) * _density(off, calm) + TURNS * _density(off, wild)
    return density / FLATNESS


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
