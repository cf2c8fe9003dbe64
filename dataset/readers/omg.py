"""OMG-Emotion: `omg_*Videos*.csv`, a row per utterance from start to end (s) of a video.

link, start, end, video, utterance, arousal (0..1), valence (-1..1), EmotionMaxVote. An utterance
may also be a video of its own, `<video>/<utterance>`. Source: a public loader.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from ..ratings import RatingError, RatingTrack, Table, header, track

NAME = "omg"
AROUSAL_SCALE = (0.0, 1.0)
_KEYS = {"link", "start", "end", "video", "utterance"}


def groups(paths: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Return the files that are of this format."""
    return [(path,) for path in paths if set(header(path)) >= _KEYS]


def read(paths: tuple[Path, ...], settings: dict[str, Any]) -> list[RatingTrack]:
    """Read a track per video. Raises: RatingError."""
    table = Table(paths[0])
    start, end = table.numbers("start", is_key=True), table.numbers("end", is_key=True)
    arousal, valence = table.numbers("arousal"), table.numbers("valence")
    videos = np.asarray(table.texts("video"))
    utterances = [PurePath(name).stem for name in table.texts("utterance")]
    for line, begin_s, end_s in zip(table.lines, start, end, strict=True):
        if end_s <= begin_s:
            fault = f"the utterance ends at {end_s:g} s, before its start at {begin_s:g} s"
            raise RatingError(paths[0], fault, line, "end")
    return [
        track(
            str(video),
            NAME,
            paths,
            "intervals",
            start[rows],
            valence[rows],
            arousal[rows],
            end=end[rows],
            parts=[utterances[row] for row in rows],
            arousal_scale=AROUSAL_SCALE,
            lines=[table.lines[row] for row in rows],
        )
        for video in dict.fromkeys(videos.tolist())
        for rows in [np.flatnonzero(videos == video)]
    ]
