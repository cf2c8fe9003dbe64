"""What a folder holds: videos, folders of pictures, and files that may be ratings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from ..stream.errors import UsageError
from ..stream.locate import unique_ids
from ..stream.sources.video import EXTENSIONS
from .files import read_yaml
from .pictures import pictures_of
from .readers import RatingGroup, assign

MANIFEST = "manifest.csv"
PAIRS_YAML = "pairs.yaml"
_TEXTS = frozenset((".csv", ".tsv", ".txt", ".json"))
_FEWEST_PICTURES = 2


@dataclass(frozen=True)
class Found:
    """Videos by id, and the files that may be ratings, as paths within the folder."""

    videos: dict[str, Path]
    texts: list[Path]


def find(folder: Path, out: Path) -> Found:
    """Look through a folder and those in it, past hidden ones and OUT. Raises: UsageError."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "no such folder"
        raise UsageError(f"{folder}: {what}; name the folder that holds the videos")
    videos, texts = [], []
    for path in _walk(folder, out.resolve()):
        inside = path.relative_to(folder)
        if path.is_dir() or path.suffix.lower() in EXTENSIONS:
            videos.append(inside)
        elif path.suffix.lower() in _TEXTS and str(inside) != MANIFEST:
            texts.append(inside)
    if not videos:
        raise UsageError(f"{folder}: holds no video ({' '.join(sorted(EXTENSIONS))})")
    return Found(dict(zip(video_ids(videos), videos, strict=True)), texts)


def _walk(folder: Path, out: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yield files, and folders that are made of numbered pictures, in order of name.

    A link to a folder that it lies in is not followed.
    """
    above = (*above, folder.resolve())
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: cannot be read: {error.strerror}") from None
    for path in inside:
        if path.name.startswith(".") or path.resolve() in (out, *above):
            continue
        if path.is_dir():
            if len(pictures_of(path)) >= _FEWEST_PICTURES:
                yield path
            yield from _walk(path, out, above)
        else:
            yield path


def video_ids(paths: list[Path]) -> list[str]:
    """Return an id for each: its stem, or all of its path where stems are not unique."""
    stems = Counter(path.stem.lower() for path in paths)
    named = [
        path if stems[path.stem.lower()] == 1 else PurePath("-".join(path.with_suffix("").parts))
        for path in paths
    ]
    return unique_ids(path.stem if path.suffix else path.name for path in named)


def settings_of(out: Path) -> dict[str, dict[str, Any]]:
    """Return what a person set for rating files in `pairs.yaml`. Raises: UsageError."""
    path = out / PAIRS_YAML
    readers = read_yaml(path).get("readers") or {}
    if not isinstance(readers, dict) or not all(isinstance(v, dict) for v in readers.values()):
        raise UsageError(f"{path}: readers: must hold a file and its settings in each line")
    return readers


def rating_groups(
    folder: Path, texts: list[Path], settings: Mapping[str, Mapping[str, Any]]
) -> list[RatingGroup]:
    """Return who reads which rating files. Raises: ConfigError."""
    chosen = {
        folder / name: str(said["reader"]) for name, said in settings.items() if "reader" in said
    }
    # A group of two files is found by its reader alone; a choice there is of one file.
    return assign([folder / path for path in texts], chosen)


def settings_for(
    group: RatingGroup, folder: Path, settings: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the settings of a group's files, its reader's name apart."""
    said = settings.get(group.paths[0].relative_to(folder).as_posix(), {})
    return {key: value for key, value in said.items() if key != "reader"}
