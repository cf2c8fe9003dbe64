"""Reads what the earlier steps left in OUT: the one door for everything that looks at results."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from ..stream.errors import UsageError
from .files import read_json
from .options import StepOptions

SCALED = ("valence", "arousal")
RATED = tuple(f"rating_{name}" for name in SCALED)
DRAWN = ("frame", "timestamp", "person", *SCALED, "movement")
"""Columns of the features that pictures and tables of the whole dataset are made of."""

SCALE = "scale"
"""Of `normalise`: 0 and 1 are the ends of the scale."""

_TEXT = {"video_id": str, "label": str, "rating_label": str}


class Results:
    """The folder of one dataset. Tables are read anew at every call."""

    def __init__(self, options: StepOptions) -> None:
        """Take the folder and how many of its videos are wanted."""
        self.out = options.out
        self._videos = options.videos
        self._limit = options.limit

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """The videos and their rating files, a row each. Raises: UsageError."""
        path = self.out / "pairs.csv"
        table = _read(path, "match")
        missing = {"video_id", "path"} - set(table.columns)
        if missing:
            raise UsageError(f"{path} has no column {', '.join(sorted(missing))}; run match anew")
        return table.drop_duplicates("video_id")

    def video_ids(self) -> list[str]:
        """Return the videos that have features, in the order of the pairs, up to the limit."""
        there = [one for one in self.pairs["video_id"] if self.features_of(one).is_file()]
        if not there:
            raise UsageError(f"{self.out} holds no features; run: affectstream dataset extract")
        return there[: self._limit]

    def features_of(self, video_id: str) -> Path:
        """Return the table of features of a video."""
        return self.out / "features" / f"{video_id}.csv"

    def labels_of(self, video_id: str) -> Path:
        """Return the table of labels of a video."""
        return self.out / "labels" / f"{video_id}.csv"

    def run_of(self, video_id: str) -> Path:
        """Return the run folder of a video."""
        return self.out / "runs" / video_id

    def video_of(self, video_id: str) -> Path:
        """Return a video, or its folder of pictures. Raises: UsageError where it is gone."""
        row = self.pairs.set_index("video_id").loc[video_id]
        named = Path(str(row["path"]))
        for path in (named, self._videos / named, self.out / named):
            if path.exists():
                return path
        raise UsageError(f"{named}: the video is no longer there; name its folder as it was")

    def normalised_by(self) -> str:
        """Return how ratings became labels: `scale`, `dataset` or `subject`."""
        found = read_json(self.out / "labels" / "normalisation.json")
        return str(found.get("normalise", SCALE)) if isinstance(found, dict) else SCALE

    def warn_of_normalised(self) -> list[str]:
        """Return a remark where ratings are not on their own scale, else nothing."""
        by = self.normalised_by()
        if by == SCALE:
            return []
        return [
            f"the ratings were normalised by {by} in label, the measured values are not; for "
            f"ratings on their own scale run label with --set normalise={SCALE} before"
        ]

    def features(self, video_id: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return a row per frame and person, as extract wrote it, or some of its columns.

        Raises: UsageError.
        """
        return _read(self.features_of(video_id), "extract", columns)

    def frames(self, video_id: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the features with the ratings in [-1, 1] and the labels beside them.

        Of the features only `columns` where they are given, among them `frame`.

        The columns `rating_valence` and `rating_arousal` are on the scale of `valence` here, and
        absent values are NaN, absent labels "". Raises: UsageError.
        """
        table = self.features(video_id, columns)
        labels = _read(self.labels_of(video_id), "label")
        same = "frame" in labels and len(labels) == len(table)
        if not same or (labels["frame"].to_numpy() != table["frame"]).any():
            raise UsageError(f"the labels of {video_id} are older than its features; run label")
        beside: dict[str, Any] = {
            name: labels[f"{name}_01"].to_numpy(float) * 2 - 1 for name in RATED
        }
        for name in ("rating_label", "label"):
            beside[name] = labels[name].fillna("").to_numpy() if name in labels else ""
        kept = table.drop(columns=[name for name in beside if name in table])
        return pd.concat([kept, pd.DataFrame(beside, index=table.index)], axis=1)

    def events(self, video_id: str) -> pd.DataFrame:
        """Return the events of a video, in time order; empty where it has no run folder."""
        path = self.run_of(video_id) / "events.csv"
        if not path.is_file():
            return pd.DataFrame(columns=["timestamp", "frame", "person", "kind", "before", "after"])
        return _read(path, "extract").fillna({"before": "", "after": ""})


def per_frame(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row per frame, in time order: means over the people in it, and the ratings."""
    numbers: dict[str, Any] = {
        name: (name, "mean")
        for name in (*SCALED, "movement", "gesture_energy", *RATED)
        if name in table
    }
    frames = table.groupby("frame", sort=True)
    grouped: pd.DataFrame = frames.agg(timestamp=("timestamp", "first"), **numbers)
    return grouped.reset_index()


def _read(path: Path, step: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    try:
        table: pd.DataFrame = pd.read_csv(
            path,
            dtype=_TEXT,
            keep_default_na=True,
            encoding="utf-8",
            low_memory=False,
            usecols=None if columns is None else list(columns),
        )
    except FileNotFoundError:
        raise UsageError(f"{path} is not there; run: affectstream dataset {step}") from None
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise UsageError(f"{path} cannot be read: {error}; run {step} anew") from None
    return table
