"""`report.html`: everything that was found, on one page that works offline and prints well."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from ..sinks._look.words import clock
from ..stream.messages import QUADRANTS
from .curve import length_of
from .page import page
from .results import DRAWN, SCALED, Results

CAPTIONS = {
    "circumplex.png": "Where people were in the plane of valence and arousal; the ring is the "
    "neutral zone. Colour is logarithmic.",
    "moods.png": "How often each label was given, among the frames in which a face was read.",
    "movement.png": "How much bodies moved. One torso length per second is lively gesturing.",
    "confusion.png": "Rated against measured labels, frame by frame, without taking the rater's "
    "lag off. Each row adds up to 100\u00a0%.",
    "agreement.png": "Agreement with the ratings by video. CCC is 1 where two courses are the "
    "same, 0 where they have nothing in common; the interval is a bootstrap's.",
    "agreement_lag.png": "Agreement when the ratings are moved in time. A rater is late by a "
    "second or more as a rule.",
    "agreement_scatter.png": "Measured against rated, at the best lag of all videos together.",
    "fit.png": "A head fitted to the ratings, on groups it was not fitted to.",
    "fit_courses.png": "From the best fitted video to the worst, all predicted from outside.",
}

SMALL = frozenset({"confusion.png"})
"""Plots that need not be as wide as the page."""

MANY = 40
"""A table of more videos than this scrolls by itself, and can be searched and sorted."""

Figure = tuple[str, str, str]
"""Caption, data URL, and the class of its size."""


def write_report(results: Results, drawn: Sequence[str], most: int) -> None:
    """Write the page; of more than `most` videos the others are in the table only."""
    ids = results.video_ids()
    shown = ids[:most]
    plots = results.out / "plots"
    descriptions = _descriptions(results.out / "descriptions.jsonl", set(shown))
    overview = [_figure(plots / name) for name in drawn]
    rows = [_row(results, video_id, video_id in shown) for video_id in ids]
    page(
        results.out / "report.html",
        "report.html.j2",
        tiles=_tiles(rows),
        rows=rows,
        MANY=MANY,
        quadrants=QUADRANTS,
        overview=[figure for figure in overview if figure],
        agreement=_table(results.out / "evaluation.csv", "scope", "overall"),
        agreement_plots=_figures(
            plots, ("agreement.png", "agreement_lag.png", "agreement_scatter.png")
        ),
        fit=_table(results.out / "fit" / "cross_validation.csv"),
        fit_plots=_figures(results.out / "fit", ("fit.png", "fit_courses.png")),
        videos=[_video(results, video_id, descriptions.get(video_id, [])) for video_id in shown],
        left_out=len(ids) - len(shown),
        models=_models(results, ids),
    )


def _row(results: Results, video_id: str, is_shown: bool) -> dict[str, Any]:
    """Return the numbers of a video for the table, and where more of it is."""
    table = results.frames(video_id, DRAWN)
    labels = table["label"]
    known = int((labels != "").sum())
    row: dict[str, Any] = {
        "video_id": video_id,
        "link": f"#{video_id}" if is_shown else _story_of(results, video_id),
        "duration_s": length_of(table["timestamp"].drop_duplicates().to_numpy(float)),
        "frames": int(table["frame"].nunique()),
        "people": int(table["person"].nunique()),
        "movement": _number(table["movement"].mean()),
        "rated": bool(table["rating_valence"].notna().any()),
        "shares": {name: (labels == name).sum() / known if known else None for name in QUADRANTS},
    }
    for name in SCALED:
        row[name] = _number(table[name].mean())
        row[f"{name}_sd"] = _number(table[name].std())
        row[f"rated_{name}"] = _number(table[f"rating_{name}"].mean())
    return row


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _tiles(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    total_s = sum(row["duration_s"] for row in rows)
    return [
        (f"{len(rows):,}", "videos" if len(rows) != 1 else "video"),
        (clock(total_s), "media time" if total_s < 3600 else "hours of media"),
        (f"{sum(row['frames'] for row in rows):,}", "frames looked at"),
        (f"{sum(row['people'] for row in rows):,}", "people, counted by video"),
        (f"{sum(row['rated'] for row in rows):,}", "videos with ratings"),
    ]


def _video(results: Results, video_id: str, told: list[dict[str, Any]]) -> dict[str, Any]:
    folder = results.out / "plots" / video_id
    frames = sorted(folder.glob("frame_*.jpg"))
    narrative = results.out / "narratives" / f"{video_id}.md"
    rate = results.features(video_id, ("frame", "timestamp")).drop_duplicates("frame")
    at = dict(zip(rate["frame"], rate["timestamp"], strict=True))
    return {
        "video_id": video_id,
        "timeline": _data(folder / "timeline.png", "png"),
        "frames": [
            (f"{float(at.get(int(path.stem[6:]), 0.0)):.1f} s", _data(path, "jpeg"))
            for path in frames
        ],
        "narrative": _paragraphs(narrative),
        "descriptions": told,
        "film": f"plots/{quote(video_id)}/annotated.mp4"
        if (folder / "annotated.mp4").is_file()
        else "",
        "story": _story_of(results, video_id),
    }


def _story_of(results: Results, video_id: str) -> str:
    """Return the address of a video's story beside the page; empty where there is none."""
    is_there = (results.out / "story" / f"{video_id}.html").is_file()
    return f"story/{quote(video_id)}.html" if is_there else ""


def _paragraphs(path: Path) -> list[str]:
    """Return the prose of a narrative, without its title and its table."""
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8").split("\n## ")[0]
    parts = [part.strip() for part in text.split("\n\n")[1:]]
    return [part.replace("\\", "").replace("&amp;", "&") for part in parts if part]


def _descriptions(path: Path, wanted: set[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    if path.is_file():
        with path.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                if row["video_id"] in wanted:
                    found.setdefault(row["video_id"], []).append(row)
    return found


def _models(results: Results, ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return job, name and why of what ran on the first video."""
    path = results.run_of(ids[0]) / "run.json"
    if not path.is_file():
        return []
    models = json.loads(path.read_text(encoding="utf-8")).get("models", {})
    return [(job, str(one.get("name")), str(one.get("why", ""))) for job, one in models.items()]


def _table(path: Path, column: str = "", value: str = "") -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    table = pd.read_csv(path)
    kept = table[table[column] == value] if column else table
    return [{str(key): cell for key, cell in row.items()} for row in kept.to_dict("records")]


def _figures(folder: Path, names: Sequence[str]) -> list[Figure]:
    found = (_figure(folder / name) for name in names)
    return [figure for figure in found if figure]


def _figure(path: Path) -> Figure | None:
    data = _data(path, "png")
    size = "small" if path.name in SMALL else ""
    return (CAPTIONS[path.name], data, size) if data else None


def _data(path: Path, kind: str) -> str:
    """Return a picture as a data URL; empty where there is none."""
    if not path.is_file():
        return ""
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
