"""What is shown and said of the moments of a story: one picture each, with its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..models.affect import quadrant
from ..models.base import Narrator
from ..sinks._look.words import clock
from ..stream.messages import EMOTIONS, Event, Image, Reading
from .curve import NOBODY, UNREAD, Curve
from .telling import tell

NEAR_S = 0.25
"""The numbers of a moment are means over this much before and after it."""


class Moment(NamedTuple):
    """A moment. Numbers are of all people together, None where not measured.

    `rated` are valence and arousal as rated, in [-1, 1]. `text` tells of the stretch around it,
    half way to the moments before and after.
    """

    number: int
    seq: int
    time_s: float
    clock: str
    mood: str
    emotion: str
    posture: str
    valence: float | None
    arousal: float | None
    movement: float | None
    people: int
    rated: tuple[float | None, float | None]
    text: str
    image_bgr: Image

    @property
    def metrics(self) -> str:
        """What else was measured, in words; empty where nothing was."""
        if not self.people:
            return ""
        known = self.movement is not None
        moved = (
            f"movement {self.movement:.2f} torso lengths/s" if known else "movement not measured"
        )
        people = f"{self.people} people" if self.people > 1 else None
        return ", ".join(part for part in (moved, self.posture, people) if part)


def moments_told(
    rows: Sequence[int],
    curve: Curve,
    table: pd.DataFrame,
    readings: Sequence[Reading],
    events: Sequence[Event],
    images: dict[int, Image],
    narrator: Narrator,
) -> list[Moment]:
    """Put pictures, numbers and words of the moments together, those with a picture."""
    kept = [row for row in rows if int(curve.frame[row]) in images]
    edges = [(curve.time_s[a] + curve.time_s[b]) / 2 for a, b in zip(kept, kept[1:], strict=False)]
    bounds = [0.0, *map(float, edges), curve.end_s]
    stretches = list(zip(bounds[:-1], bounds[1:], strict=True))
    told = tell(narrator, readings, events, stretches)
    return [
        _moment(number, row, curve, table, text.text, images)
        for number, (row, text) in enumerate(zip(kept, told, strict=True), 1)
    ]


def _moment(
    number: int,
    row: int,
    curve: Curve,
    table: pd.DataFrame,
    text: str,
    images: dict[int, Image],
) -> Moment:
    seq, time_s = int(curve.frame[row]), float(curve.time_s[row])
    near = table[(table["timestamp"] - time_s).abs() <= NEAR_S]
    valence, arousal = _known(curve.valence[row]), _known(curve.arousal[row])
    shares = near[list(EMOTIONS)].mean()
    people = int(near.groupby("frame")["person"].nunique().max()) if len(near) else 0
    return Moment(
        number,
        seq,
        time_s,
        f"{time_s:.1f} s" if curve.end_s < 100 else clock(time_s),
        _mood(valence, arousal, people),
        "" if shares.isna().all() else str(shares.idxmax()),
        next(iter(near["posture"].mode()), ""),
        valence,
        arousal,
        _known(near["movement"].mean()),
        people,
        (_known(near["rating_valence"].mean()), _known(near["rating_arousal"].mean())),
        text,
        images[seq],
    )


def _mood(valence: float | None, arousal: float | None, people: int) -> str:
    if valence is None or arousal is None:
        return UNREAD if people else NOBODY
    return quadrant(valence, arousal)


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
