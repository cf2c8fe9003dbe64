"""Makes the folder that the steps extract and label leave, from clips and made ratings."""

from pathlib import Path

import numpy as np
import pandas as pd

from affectstream.models.affect import quadrant
from affectstream.models.base import Vision
from affectstream.stream.config import load
from affectstream.stream.pipeline import Pipeline

Ratings = tuple[np.ndarray, np.ndarray]
"""Times in s, and valence and arousal (N, 2) in [-1, 1]."""


def made_dataset(
    out: Path, clips: dict[str, Path], ratings: dict[str, Ratings], vision: Vision | None = None
) -> Path:
    """Run the pipeline over every clip and write pairs, features and labels."""
    pairs = []
    for video_id, path in clips.items():
        run = out / "runs" / video_id
        if not (run / "run.json").exists():
            options = {"sources": [str(path)], "out": run, "speed": "max", "workers": 1}
            Pipeline(load(None, **options), vision=vision).start().join()
        table = pd.read_csv(run / "readings.csv")
        write_tables(out, video_id, table, ratings.get(video_id))
        times_s = table["timestamp"]
        rated = f"{video_id}.csv" if video_id in ratings else ""
        pairs.append(
            [video_id, str(path), rated, "generic", "name", "seconds", 0.0]
            + [table["frame"].nunique(), round(float(times_s.iloc[-1]), 3)]
        )
    columns = "video_id path rating_path reader matched_by time_base offset_s frames duration_s"
    pd.DataFrame(pairs, columns=columns.split()).to_csv(out / "pairs.csv", index=False)
    return out


def write_tables(out: Path, video_id: str, table: pd.DataFrame, rating: Ratings | None) -> None:
    """Write the features and labels of one video."""
    times_s = table["timestamp"].to_numpy()
    given = np.full((len(table), 2), np.nan)
    if rating is not None:
        at = np.clip(np.searchsorted(rating[0], times_s + 1e-6) - 1, 0, len(rating[0]) - 1)
        given = rating[1][at]
    features = table.copy()
    features.insert(0, "video_id", video_id)
    features["rating_valence"], features["rating_arousal"] = given.T.round(4)
    labels = pd.DataFrame(
        {
            "video_id": video_id,
            "frame": table["frame"],
            "timestamp": table["timestamp"],
            "person": table["person"].astype("Int64"),
            "rating_valence_01": ((given[:, 0] + 1) / 2).round(4),
            "rating_arousal_01": ((given[:, 1] + 1) / 2).round(4),
            "rating_label": _labels(given[:, 0], given[:, 1]),
            "valence_01": table["valence_01"],
            "arousal_01": table["arousal_01"],
            "label": _labels(table["valence"].to_numpy(), table["arousal"].to_numpy()),
        }
    )
    for folder, content in (("features", features), ("labels", labels)):
        (out / folder).mkdir(parents=True, exist_ok=True)
        content.to_csv(out / folder / f"{video_id}.csv", index=False)


def _labels(valence: np.ndarray, arousal: np.ndarray) -> list[str]:
    points = zip(valence, arousal, strict=True)
    return ["" if np.isnan(v + a) else quadrant(float(v), float(a)) for v, a in points]
