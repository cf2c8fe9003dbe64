"""Step 11: a zip of what the other steps left, with a card and a manifest, to be handed on."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from pydantic import Field

from ...models import zoo
from ...stream.errors import UsageError
from ..files import Ledger, needed, read_json, read_rows, stamp_of, text_file, whole
from ..options import StepOptions, StepResult
from ..page import page
from ..pairs import Pair, read_pairs
from ..results import Results
from ..settings import own_keys
from .combine import Config as Combined
from .summarize import ALL

CARD = "MODEL_CARD.md"
MANIFEST = "MANIFEST.json"
VERSION = 1
"""Of the layout of the zip."""

BY_VIDEO = {
    "features/{}.csv": "extract",
    "labels/{}.csv": "label",
    "story/{}.html": "story",
    "narratives/{}.md": "narrate",
    "plots/{}/timeline.png": "plots",
}
"""Files that each video has, and the step that makes them."""

OF_PEOPLE = ("story/{}.png", "plots/{}/annotated.mp4", "plots/{}/frame_*.jpg")
"""Files of a video that show people."""

OF_ALL = {
    "pairs.csv": "match",
    "labels/normalisation.json": "label",
    "summary.csv": "summarize",
    "descriptions.jsonl": "describe",
    "report.html": "plots",
}
WHERE_THERE = ("evaluation.csv", "plots/*.png", "fit/*.*")
_PACKED = frozenset((".png", ".jpg", ".mp4", ".parquet"))
_TIME = (1980, 1, 1, 0, 0, 0)
_CHUNK_BYTES = 1 << 20
_SHOWN = 10
_PHOTO = re.compile(r'<img\b(?:[^>"]|"[^"]*")*?\bsrc="data:image/jpeg[^"]*"[^>]*>')
_FILM = re.compile(r'<a\b[^>]*\bhref="[^"]*\.mp4"[^>]*>(.*?)</a>')


class Config(Combined):
    """What goes into the zip; `formats` are those of `combine`."""

    pictures: bool = Field(
        False, description="put films and pictures that show people into the zip"
    )


def run(options: StepOptions) -> StepResult:
    """Leave `export/dataset.zip`, and its sha256 and card beside it.

    Raises: UsageError naming the step that was not run; MissingExtraError, SinkError.
    """
    config = own_keys(options.config, Config, "export")
    pairs = read_pairs(options.out, options.limit)
    members, absent = _members(options, config, pairs)
    records = [Results(options).run_of(pair.video_id) / "run.json" for pair in pairs]
    folder = options.out / "export"
    made = [folder / name for name in ("dataset.zip", "dataset.zip.sha256", CARD)]
    paths = [*members.values(), *records]
    stamp = stamp_of(paths, sorted(members), absent, config.model_dump(), VERSION)
    ledger, result = Ledger(options.out, "export"), StepResult()
    if absent:
        shown = ", ".join(absent[:_SHOWN]) + (", …" if len(absent) > _SHOWN else "")
        result.notes.append(
            f"{len(absent)} videos lack something, since a step failed or was not run: {shown}"
        )
    if not options.overwrite and ledger.is_done("all", stamp, *made):
        result.skipped = 1
    elif options.dry_run:
        size_mb = sum(path.stat().st_size for path in members.values()) / 1e6
        result.notes.append(f"would put {len(members)} files of {size_mb:.1f} MB into {made[0]}")
    else:
        page(made[2], "model_card.md.j2", **_about(options.out, config, pairs, absent))
        sha256 = _write_zip(made[0], {**members, CARD: made[2]}, config.pictures)
        with text_file(made[1]) as file:
            file.write(f"{sha256}  {made[0].name}\n")
        ledger.note("all", stamp)
        result.done = 1
        result.notes.append(f"{made[0]}: {len(members) + 2} files, sha256 {sha256}")
    result.notes.append(
        "films and pictures of people are in it: mind whom you hand it to"
        if config.pictures
        else "films and pictures of people are left out; put them in by --set pictures=true"
    )
    return result


def _members(
    options: StepOptions, config: Config, pairs: Sequence[Pair]
) -> tuple[dict[str, Path], list[str]]:
    """Return the files by their name in the zip, and the videos that lack one.

    Raises: UsageError where a step left nothing at all.
    """
    out = options.out
    found: dict[str, Path] = {}

    def take(pattern: str) -> list[Path]:
        visible = (path for path in out.glob(pattern) if not path.name.startswith("."))
        paths = sorted(path for path in visible if path.is_file())
        found.update((path.relative_to(out).as_posix(), path) for path in paths)
        return paths

    absent: set[str] = set()
    for pattern, step in BY_VIDEO.items():
        there = [pair.video_id for pair in pairs if take(_pattern_of(pattern, pair.video_id))]
        if not there:
            raise UsageError(
                f"{out / pattern.partition('/')[0]} is missing or empty: run "
                f"`affectstream dataset {step}` first"
            )
        absent.update({pair.video_id for pair in pairs} - set(there))
        if step == "extract":
            _take_tables(out, config, found)
    for name, step in OF_ALL.items():
        found[name] = needed(out / name, step)
    for pattern in WHERE_THERE:
        take(pattern)
    for pair in pairs if config.pictures else ():
        for pattern in OF_PEOPLE:
            take(_pattern_of(pattern, pair.video_id))
    return found, [pair.video_id for pair in pairs if pair.video_id in absent]


def _pattern_of(pattern: str, video_id: str) -> str:
    """Return the pattern of one video, whose id is no pattern itself."""
    return pattern.format(re.sub(r"([*?[])", r"[\1]", video_id))


def _take_tables(out: Path, config: Config, found: dict[str, Path]) -> None:
    """Add the one table in each wanted format. Raises: UsageError."""
    for form in config.formats:
        path = out / f"features.{form}"
        if not path.is_file():
            listed = ", ".join(config.formats)
            raise UsageError(
                f"{path} is missing: run `affectstream dataset combine` with "
                f"--set 'formats=[{listed}]' first"
            )
        found[path.name] = path


def _about(
    out: Path, config: Config, pairs: Sequence[Pair], absent: Sequence[str]
) -> dict[str, Any]:
    """Return what the card tells."""
    ids = {pair.video_id for pair in pairs}
    rows = [row for row in read_rows(out / "summary.csv", "summarize") if row["video_id"] in ids]
    of_all = [row for row in rows if row["person"] == ALL]
    runs = [read_json(out / "runs" / pair.video_id / "run.json") for pair in pairs]
    known = [run for run in runs if isinstance(run, dict)]
    normalised = read_json(out / "labels" / "normalisation.json")
    if not isinstance(normalised, dict):
        raise UsageError(f"{out / 'labels' / 'normalisation.json'}: is broken; run label anew")
    scales = normalised["scales"]
    evaluation = out / "evaluation.csv"
    agreement = read_rows(evaluation, "evaluate") if evaluation.is_file() else []
    return {
        "counts": {
            "videos": len(pairs),
            "rated": sum(bool(pair.ratings) for pair in pairs),
            "frames": sum(int(float(row["frames"] or 0)) for row in of_all),
            "duration_s": sum(float(row["duration_s"] or 0) for row in of_all),
            "people": len(rows) - len(of_all),
        },
        "absent": absent,
        "pictures": config.pictures,
        "formats": config.formats,
        "networks": _networks(known),
        "unrecorded": len(runs) - len(known),
        "versions": _counted(_versions(run) for run in known),
        "normalised": normalised,
        "scales": _counted(
            f"{one['rating_valence']} and {one['rating_arousal']}"
            for video_id, one in scales.items()
            if video_id in ids
        ),
        "agreement": [row for row in agreement if row["scope"] == "overall"],
        "fitted": (out / "fit" / "card.md").is_file(),
    }


def _networks(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what ran for each job, with its files, its licence and over how many videos."""
    licences = {entry.name: entry.licence for entry in zoo.models()}
    counts: Counter[tuple[str, str, str, tuple[tuple[str, str], ...]]] = Counter()
    for run in runs:
        for job, one in run.get("models", {}).items():
            name = str(one.get("name", "")).replace("|", "/")  # It stands in a table.
            sha256 = one.get("sha256") or {}
            files = sha256 if isinstance(sha256, dict) else {name: str(sha256)}
            licence = str(one.get("licence") or licences.get(name) or ("not told" * bool(files)))
            counts[job, name, licence or "–", tuple(sorted(files.items()))] += 1
    keys = ("job", "name", "licence", "sha256")
    return [{**dict(zip(keys, one, strict=True)), "videos": count} for one, count in counts.items()]


def _versions(run: Mapping[str, Any]) -> str:
    told = {name: text for name, text in run.get("versions", {}).items() if name != "platform"}
    return ", ".join(f"{name} {text}" for name, text in told.items()) or "not told"


def _counted(words: Iterator[str]) -> list[tuple[str, int]]:
    return sorted(Counter(words).items(), key=lambda one: (-one[1], one[0]))


def _write_zip(path: Path, members: Mapping[str, Path], pictures: bool) -> str:
    """Write the members in order of name and the manifest behind them; return the sha256.

    Times and rights are the same for all, so that the same files make the same bytes.
    """
    listed = []
    with whole(path) as draft:
        with ZipFile(draft, "w") as archive:
            for name in sorted(members):
                with _opened(members[name], pictures) as source:
                    size_bytes, sha256 = _put(archive, name, source)
                listed.append({"path": name, "bytes": size_bytes, "sha256": sha256})
            manifest = {"version": VERSION, "pictures_of_people": pictures, "files": listed}
            text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
            _put(archive, MANIFEST, BytesIO(text.encode()))
        with draft.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _opened(path: Path, pictures: bool) -> BinaryIO:
    """Open a member; a page without its photographs where pictures are not wanted."""
    if pictures or path.suffix != ".html":
        return path.open("rb")
    return BytesIO(without_photographs(path.read_text(encoding="utf-8")).encode())


def without_photographs(text: str) -> str:
    """Return a page of ours without photographs, which are JPEGs in it, and links to films.

    Plots are PNGs and stay.
    """
    text = _PHOTO.sub("<small>(picture left out)</small>", text)
    return _FILM.sub(r"\1 (left out)", text)


def _put(archive: ZipFile, name: str, source: BinaryIO) -> tuple[int, str]:
    """Copy a file into the zip; return its size in bytes and its sha256."""
    about = ZipInfo(name, _TIME)
    about.create_system = 3
    about.external_attr = 0o644 << 16
    about.compress_type = ZIP_STORED if Path(name).suffix in _PACKED else ZIP_DEFLATED
    about.file_size = source.seek(0, 2)
    source.seek(0)
    digest, read = hashlib.sha256(), 0
    with archive.open(about, "w") as to:
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
            to.write(chunk)
            read += len(chunk)
    return read, digest.hexdigest()
