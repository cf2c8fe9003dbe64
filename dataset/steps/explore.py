"""Step 1: look at every video and rating file, and say what looks wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from .. import media
from ..files import Ledger, stamp_of, write_rows
from ..found import find, rating_groups, settings_for, settings_of
from ..jobs import run_items
from ..options import StepOptions, StepResult
from ..page import page
from ..rating_facts import rating_facts, with_common_scales
from ..readers import RatingGroup
from ..settings import StepConfig, own_keys

COLUMNS = (
    *("kind", "id", "path", "looks_wrong"),
    *("width_px", "height_px", "fps_declared", "fps_true", "duration_declared_s", "duration_s"),
    *("codec", "frames", "audio"),
    *("reader", "items", "samples", "columns", "time_base", "rate_hz"),
    *("valence_min", "valence_max", "valence_scale"),
    *("arousal_min", "arousal_max", "arousal_scale", "missing_share"),
    *("gaps", "longest_gap_s", "longest_constant_s", "guessed"),
)
"""`kind` is video or ratings; what does not belong to a kind is empty."""


class Config(StepConfig):
    """What the page shows."""

    previews: bool = Field(True, description="keep a strip of pictures of each video in the page")


def run(options: StepOptions) -> StepResult:
    """Leave `dataset.csv` and `dataset.html`."""
    config = own_keys(options.config, Config, "explore")
    found = find(options.videos, options.out)
    settings = settings_of(options.out)
    groups = rating_groups(options.videos, found.texts, settings)
    ledger = Ledger(options.out, "explore")
    items = dict(list(_videos(options, found.videos, config))[: options.limit])
    items |= _ratings(options, groups, settings)
    todo = {
        name: item
        for name, item in items.items()
        if options.overwrite or not ledger.is_done(name, item["stamp"])
    }
    result = StepResult(len(todo), len(items) - len(todo))
    read = {path.relative_to(options.videos) for group in groups for path in group.paths}
    others = [path.as_posix() for path in found.texts if path not in read]
    if options.dry_run:
        result.done = 0
        result.notes.append(f"would look at {len(todo)} of {len(items)} videos and rating files")
        return result
    # What cannot be read is a finding of this step; a failure is a worker that was lost.
    result.failed = run_items("explore", todo, jobs=options.jobs)
    result.done -= len(result.failed)
    rows = with_common_scales(
        [
            {**item["row"], **_facts(ledger, name, result.failed.get(name))}
            for name, item in items.items()
        ]
    )
    write_rows(options.out / "dataset.csv", COLUMNS, (_flat(row) for row in rows))
    page(options.out / "dataset.html", "dataset.html.j2", rows=rows, others=others)
    wrong = sum(bool(row.get("looks_wrong")) for row in rows)
    result.notes.append(f"{wrong} of {len(rows)} look wrong; see {options.out / 'dataset.html'}")
    return result


def _videos(
    options: StepOptions, videos: Mapping[str, Path], config: Config
) -> Iterator[tuple[str, dict[str, Any]]]:
    for video_id, path in videos.items():
        whole = options.videos / path
        name = f"video-{video_id}"
        row = {"kind": "video", "id": video_id, "path": path.as_posix()}
        yield (
            name,
            {
                "name": name,
                "kind": "video",
                "path": str(whole),
                "out": str(options.out),
                "previews": config.previews,
                "stamp": stamp_of([whole], "video", config.previews),
                "row": row,
            },
        )


def _ratings(
    options: StepOptions, groups: list[RatingGroup], settings: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    items = {}
    for group in groups:
        inside = [path.relative_to(options.videos).as_posix() for path in group.paths]
        said = settings_for(group, options.videos, settings)
        name = f"ratings-{stamp_of([], inside)}"
        row = {"kind": "ratings", "path": ";".join(inside), "reader": group.reader}
        items[name] = {
            "name": name,
            "kind": "ratings",
            "reader": group.reader,
            "paths": [str(path) for path in group.paths],
            "settings": said,
            "out": str(options.out),
            "stamp": stamp_of(group.paths, group.reader, said, COLUMNS),
            "row": row,
        }
    return items


def work(item: dict[str, Any]) -> dict[str, Any]:
    """Look at one video or at the files of one item, in a worker."""
    from ...stream.errors import AffectstreamError

    facts: dict[str, Any]
    try:
        if item["kind"] == "video":
            facts = media.look(Path(item["path"]))
            facts["strip"] = facts["strip"] if item["previews"] else ""
        else:
            paths = tuple(Path(path) for path in item["paths"])
            facts = rating_facts(RatingGroup(item["reader"], paths), item["settings"])
    except AffectstreamError as error:
        facts = {"looks_wrong": [str(error)]}
    Ledger(Path(item["out"]), "explore").note(item["name"], item["stamp"], facts)
    return {}


def _facts(ledger: Ledger, name: str, lost: str | None) -> dict[str, Any]:
    return ledger.facts(name) if lost is None else {"looks_wrong": [lost]}


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the table: lists in one cell, the pictures left out."""
    cells = {key: value for key, value in row.items() if key in COLUMNS}
    for key in ("looks_wrong", "columns", "guessed"):
        cells[key] = "; ".join(row.get(key) or ())
    return cells
