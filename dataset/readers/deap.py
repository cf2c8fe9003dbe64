"""DEAP: `participant_ratings.csv`, a row per participant and trial, 1..9.

Participant_id, Trial, Experiment_id, Start_time (ms), Valence, Arousal, Dominance, Liking,
Familiarity. The face video of a trial is `s<PP>_trial<TT>`. Source: a public loader, and the set's
own description of its videos.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..ratings import RatingTrack, Table, clip_track, header

NAME = "deap"
SCALE = (1.0, 9.0)
_KEYS = {"participant_id", "trial", "valence", "arousal"}


def groups(paths: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Return the files that are of this format."""
    return [(path,) for path in paths if set(header(path)) >= _KEYS]


def read(paths: tuple[Path, ...], settings: dict[str, Any]) -> list[RatingTrack]:
    """Read a track per trial. Raises: RatingError."""
    table = Table(paths[0])
    cells = zip(
        table.lines,
        table.numbers("Participant_id", is_key=True),
        table.numbers("Trial", is_key=True),
        table.numbers("Valence"),
        table.numbers("Arousal"),
        strict=True,
    )
    return [
        clip_track(
            f"s{int(person):02d}_trial{int(trial):02d}",
            NAME,
            paths[0],
            valence,
            arousal,
            valence_scale=SCALE,
            arousal_scale=SCALE,
            subject=f"s{int(person):02d}",
            lines=[line],
        )
        for line, person, trial, valence, arousal in cells
    ]
