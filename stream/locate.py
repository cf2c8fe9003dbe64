"""From what a user writes to the sources it means: a camera, a path, a folder, a glob."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cameras import Camera, slug
from .errors import ConfigError, SourceError
from .kinds import configure, load_kind
from .secrets import SecretUrl
from .sources._devices import devices, is_camera
from .sources.base import Source
from .sources.video import EXTENSIONS

_ID_LENGTH = 32
CAMERA_SCHEMES = ("rtsp://", "rtsps://")
BROWSER = "browser"
"""The source that is the camera of whoever has the page open."""

NO_SOURCE = (
    "no source: name a video, a folder or a glob, a webcam such as 0, an rtsp:// camera, "
    "or a list of cameras"
)


@dataclass(frozen=True)
class Asked:
    """What is asked of every camera that can do so."""

    loop: bool = False
    transport: str = "tcp"
    resolution: str | None = None
    rate_hz: float | None = None


def open_sources(given: Sequence[str], *, loop: bool) -> list[Source]:
    """Open every file to replay, checking headers. Raises: ConfigError, SourceError."""
    if not given:
        raise ConfigError(NO_SOURCE)
    paths = [path for text in given for path in expand(text)]
    sources: list[Source] = []
    module = load_kind("sources", "video")
    for path, source_id in zip(paths, unique_ids(path.stem for path in paths), strict=True):
        config = configure(module, {"path": path, "loop": loop})
        sources.append(module.build(config, source_id))
    return sources


def means_camera(text: str) -> bool:
    """Return whether a text means a camera: of this machine, on the network, or of a browser."""
    return text.lower().startswith(CAMERA_SCHEMES) or names_camera(text)


def names_camera(text: str) -> bool:
    """Return whether a text means a device: an index, a device file, or a part of a name.

    A text that could be a path, or is one, is a file; only then cameras are asked for their names.
    """
    if is_camera(text) or text == BROWSER:
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


def unique_ids(titles: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Return an id for each title, none of them twice or among those taken."""
    ids = list(taken)
    before = len(ids)
    for title in titles:
        stem = slug(title, _ID_LENGTH)
        name, number = stem, 1
        while name in ids:
            number += 1
            suffix = f"-{number}"
            name = stem[: _ID_LENGTH - len(suffix)] + suffix
        ids.append(name)
    return ids[before:]


def open_camera(camera: Camera, source_id: str, asked: Asked) -> Source:
    """Open one camera by the kind that its place asks for. Raises: ConfigError, SourceError."""
    options: dict[str, Any]
    if camera.path is not None:
        kind, options = "video", {"path": camera.path, "loop": camera.loop or asked.loop}
    elif camera.url is not None:
        url = SecretUrl.parse(camera.url.get_secret_value())
        kind, options = "rtsp", {"url": url, "transport": asked.transport}
        if f"{url.scheme}://" not in CAMERA_SCHEMES:
            raise SourceError(f"{url.scheme}:// sources are not supported; name a file, or rtsp://")
    elif camera.device == BROWSER:
        kind, options = BROWSER, {}
    else:
        kind, options = "webcam", {"device": camera.device}
        options |= {"resolution": asked.resolution, "rate_hz": asked.rate_hz}
    module = load_kind("sources", kind)
    source: Source = module.build(configure(module, options), source_id)
    return source
