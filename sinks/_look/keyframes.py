"""The pictures that tell a run: those of the moments at which its course turns.

They are decoded from the video that the run replayed, by the rules of the page: there is none where
the file is not certain, or the people in it were to be hidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ...models.affect import quadrant
from ...stream import tables
from ...stream.messages import Image
from ...stream.runs import Run
from ..web.shapes import PEOPLE_COLUMNS
from ..web.stills import Stills, files_of
from ..web.store import Store
from .blur import finds_faces
from .turns import turns

Mode = Literal["clear", "blurred", "none"]
NEAR_S = 0.3
"""So far around a moment people are measured as in its picture. Our choice."""
_AFFECT = [PEOPLE_COLUMNS.index(name) for name in ("valence", "arousal")]


@dataclass(frozen=True)
class KeyFrame:
    """The picture of a moment, and the quadrant of the group then ("": not known)."""

    time_s: float
    image_bgr: Image
    quadrant: str


def key_frames(run: Run, source: str, mode: Mode, most: int) -> list[KeyFrame]:
    """Return up to `most` pictures in order; fewer where the video is not at hand."""
    if mode == "none":
        return []
    config, known = run.meta.get("config", {}), run.sources()
    files = files_of(dict(zip(known["source"], known["origin"], strict=True)), config)
    if source not in files:
        return []
    store = Store(Path(run.folder) / tables.STORE_NAME)
    looks = finds_faces(run.meta.get("models", {}))
    stills = Stills(store, files, run.keypoint_layout, looks, bool(config.get("loop")))
    found = []
    try:
        for time_s in _moments(run, source, most):
            image = stills.picture(source, time_s, mode == "blurred")
            if image is not None:
                found.append(KeyFrame(time_s, image, _quadrant(store, source, time_s)))
    finally:
        stills.close()
    return found


def _moments(run: Run, source: str, most: int) -> Sequence[float]:
    """Return the middle of each window at which the course of the group turns."""
    windows = run.windows(source)
    group = windows[windows["person"] == tables.GROUP_NAME]
    if not len(group):
        return []
    time_s = group["timestamp"].to_numpy(float)
    valence, arousal = (group[f"{name}_mean"].to_numpy(float) for name in ("valence", "arousal"))
    known = np.flatnonzero(np.isfinite(valence) & np.isfinite(arousal))
    if not len(known):  # Bodies alone tell arousal.
        valence, known = 0 * time_s, np.flatnonzero(np.isfinite(arousal))
    if not len(known):
        arousal, known = 0 * time_s, np.arange(len(time_s))
    window_s = float(run.meta.get("window_s", 0.0))
    ends_s = time_s[turns(time_s, valence, arousal, known, most)]
    return [float(middle) for middle in (np.maximum(0.0, ends_s - window_s) + ends_s) / 2]


def _quadrant(store: Store, source: str, time_s: float) -> str:
    """Return the quadrant of everybody's mean around a moment."""
    told = store.readings(source, time_s - NEAR_S, time_s + NEAR_S)
    rows = [person["row"] for reading in told for person in reading["people"]]
    points = [tuple(row[k] for k in _AFFECT) for row in rows]
    known = [point for point in points if None not in point]
    if not known:
        return ""
    valence, arousal = np.mean(known, axis=0)
    return quadrant(float(valence), float(arousal))
