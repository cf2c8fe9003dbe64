"""From what a user writes to the sources it means: a camera, a path, a folder, a glob."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .errors import ConfigError, SourceError
from .kinds import configure, load_kind
from .secrets import SecretUrl
from .sources._devices import devices, is_camera
from .sources.base import Source
from .sources.video import EXTENSIONS

_ID_LENGTH = 32
CAMERA_SCHEMES = ("rtsp://", "rtsps://")


def open_sources(
    given: Sequence[str],
    *,
    loop: bool,
    transport: str = "tcp",
    camera: Mapping[str, Any] | None = None,
) -> list[Source]:
    """Open every source, checking headers; `camera` holds what is asked of webcams.

    Raises: ConfigError, SourceError.
    """
    if not given:
        raise ConfigError(
            "no source: name a video, a folder or a glob, a webcam such as 0, or a camera's rtsp://"
        )
    wanted: list[tuple[str, dict[str, Any], str]] = []
    for text in given:
        if text.lower().startswith(CAMERA_SCHEMES):
            url = SecretUrl.parse(text)
            name = f"{url.host}{url.path.split('?')[0]}"
            wanted.append(("rtsp", {"url": url, "transport": transport}, name))
        elif names_camera(text):
            name = re.sub(r"^(/dev/)?(v4l/)?(video)?", "webcam-", text)
            wanted.append(("webcam", {"device": text, **(camera or {})}, name))
        else:
            paths = expand(text)
            wanted += [("video", {"path": path, "loop": loop}, path.stem) for path in paths]
    sources: list[Source] = []
    ids = source_ids([name for _, _, name in wanted])
    for (kind, options, _), source_id in zip(wanted, ids, strict=True):
        module = load_kind("sources", kind)
        sources.append(module.build(configure(module, options), source_id))
    return sources


def names_camera(text: str) -> bool:
    """Return whether a text means a webcam: an index, a device file, or a part of a name.

    A text that could be a path, or is one, is a file; only then cameras are asked for their names.
    """
    if is_camera(text):
        return True
    if "/" in text or os.sep in text or Path(text).suffix.lower() in EXTENSIONS:
        return False
    if not text.strip() or glob.has_magic(text) or os.path.exists(os.path.expanduser(text)):
        return False
    return any(text.casefold() in device.name.casefold() for device in devices())


def expand(text: str) -> list[Path]:
    """Return the files that a text means, in order of name. Raises: SourceError."""
    if not text:
        raise SourceError("a source without a name: name a video, a folder or a glob")
    if "://" in text:
        scheme = text.split("://")[0]
        raise SourceError(f"{scheme}:// sources are not supported; name a file, or rtsp://")
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


def source_ids(names: Sequence[str]) -> list[str]:
    """Return an id for each: its name in lower case, other characters as `-`, numbered."""
    ids: list[str] = []
    for given in names:
        stem = re.sub(r"[^a-z0-9_]+", "-", given.lower()).strip("-_")[:_ID_LENGTH] or "source"
        name, number = stem, 1
        while name in ids:
            number += 1
            suffix = f"-{number}"
            name = stem[: _ID_LENGTH - len(suffix)] + suffix
        ids.append(name)
    return ids
