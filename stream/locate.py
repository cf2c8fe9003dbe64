"""From what a user writes to the sources it means: a path, a folder, a glob."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path

from .errors import ConfigError, SourceError
from .kinds import configure, load_kind
from .sources.base import Source
from .sources.video import EXTENSIONS

_ID_LENGTH = 32


def open_sources(given: Sequence[str], *, loop: bool) -> list[Source]:
    """Open every source, checking headers. Raises: ConfigError, SourceError."""
    if not given:
        raise ConfigError("no source: name a video, a folder or a glob")
    if "browser" in given:
        if len(given) > 1:
            raise ConfigError("the source browser stands alone: start a second run for the others")
        module = load_kind("sources", "browser")
        return [module.build(configure(module, {}), "browser")]
    paths = [path for text in given for path in expand(text)]
    sources: list[Source] = []
    module = load_kind("sources", "video")
    for path, source_id in zip(paths, source_ids(paths), strict=True):
        config = configure(module, {"path": path, "loop": loop})
        sources.append(module.build(config, source_id))
    return sources


def expand(text: str) -> list[Path]:
    """Return the files that a text means, in order of name. Raises: SourceError."""
    if not text:
        raise SourceError("a source without a name: name a video, a folder or a glob")
    if "://" in text:
        raise SourceError(f"{text.split('://')[0]}:// sources are not supported; name a file")
    path = Path(os.path.expanduser(text))
    try:
        if path.is_dir():
            return _videos(path)
        if path.exists() or not glob.has_magic(text):
            return [path]
    except OSError as error:
        raise SourceError(f"{text}: cannot be read ({error.strerror})") from None
    matched = [Path(p) for p in sorted(glob.glob(str(path), recursive=True)) if Path(p).is_file()]
    if not matched:
        raise SourceError(f"{text}: no file matches; check the pattern")
    return matched


def _videos(folder: Path) -> list[Path]:
    """Return the videos of a folder; hidden files are other programs' notes."""
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in EXTENSIONS and path.name[0] != "." and path.is_file()
    )
    if not found:
        raise SourceError(f"{folder}: the folder holds no video ({' '.join(sorted(EXTENSIONS))})")
    return found


def source_ids(paths: Sequence[Path]) -> list[str]:
    """Return an id for each file: its stem in lower case, other characters as `-`, numbered."""
    ids: list[str] = []
    for path in paths:
        stem = re.sub(r"[^a-z0-9_]+", "-", path.stem.lower()).strip("-_")[:_ID_LENGTH] or "source"
        name, number = stem, 1
        while name in ids:
            number += 1
            suffix = f"-{number}"
            name = stem[: _ID_LENGTH - len(suffix)] + suffix
        ids.append(name)
    return ids
