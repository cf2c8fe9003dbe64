"""Pictures of the past: decoded from the file of a source, by the time of a stored reading.

A page names a source and a time. Which file that is was said by whoever started the run; where that
is not certain, or the people in it are to be hidden for good, there is no picture.
"""

from __future__ import annotations

import asyncio
import glob
import sqlite3
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...stream.errors import SourceError
from ...stream.messages import Body, Box, Face, Image, Keypoint, Person, Reading
from ...stream.reel import Reel
from .._look.blur import KEEP_S, Blur
from .pictures import WIDTHS_PX, encode
from .shapes import PEOPLE_COLUMNS
from .store import SLACK_S, Store

REELS_OPEN = 4
BLIND_S = 0.5
"""A picture whose faces are to be blurred is not shown where the last reading is older."""
_PERSON = PEOPLE_COLUMNS.index("person")
_BOX = [PEOPLE_COLUMNS.index(f"face_{edge}") for edge in ("x1", "y1", "x2", "y2")]


@dataclass
class Stills:
    """Decodes in a thread of its own, one picture at a time.

    `files` are those of the sources, as `files_of` found them; `layout` is that of stored bodies;
    `finds_faces` says that the run looked for faces, `loops` that sources start anew when they end.
    """

    store: Store
    files: Mapping[str, Path]
    layout: str
    finds_faces: bool
    loops: bool = False
    width_px: int = WIDTHS_PX[-1]
    quality: int = 80
    _reels: OrderedDict[str, Reel] = field(default_factory=OrderedDict)
    _starts: dict[tuple[str, int], float] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="web-still")
    )

    async def jpeg(self, source: str, time_s: float, width_px: int, blurred: bool) -> bytes:
        """Return the picture of a moment; empty where there is none, or it may not be shown."""
        if source not in self.files:
            return b""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._make, source, time_s, width_px, blurred)

    def picture(self, source: str, time_s: float, blurred: bool) -> Image | None:
        """Return the picture of a moment; None where there is none, or it may not be shown. Blocks.

        Not beside `jpeg`, whose thread has the files.
        """
        if source not in self.files:
            return None
        try:
            image = self._decoded(source, time_s)
        except (SourceError, sqlite3.Error):
            return None  # The file cannot be decoded there, or nothing is stored yet.
        return self._blurred(source, time_s, image) if blurred and image is not None else image

    def close(self) -> None:
        """Let go of files, and let the thread end."""
        self._pool.submit(self._let_go)
        self._pool.shutdown(wait=True)

    def _make(self, source: str, time_s: float, width_px: int, blurred: bool) -> bytes:
        image = self.picture(source, time_s, blurred)
        if image is None:
            return b""
        wanted_px = next((w for w in WIDTHS_PX if w >= width_px), WIDTHS_PX[-1])
        return encode(image, min(wanted_px, self.width_px), self.quality)

    def _decoded(self, source: str, time_s: float) -> Image | None:
        epoch = self.store.epoch(source, time_s)
        reel = self._reels.pop(source, None) or Reel(self.files[source])
        self._reels[source] = reel
        if len(self._reels) > REELS_OPEN:
            self._reels.popitem(last=False)[1].close()
        if epoch == 0:
            return reel.at(time_s)
        if not self.loops or reel.has_jumps:
            return None
        key = (source, epoch)
        if key not in self._starts:
            self._starts[key] = self.store.start_of(source, epoch)
        return reel.at(time_s - self._starts[key])

    def _blurred(self, source: str, time_s: float, image: Image) -> Image | None:
        """Return the picture with the faces of that moment hidden; None where none is known of."""
        size_px = (image.shape[1], image.shape[0])
        told = self.store.readings(source, time_s - KEEP_S, time_s + SLACK_S)
        if (
            not self.finds_faces
            or not told
            or told[-1]["reason"]
            or time_s - told[-1]["t"] > BLIND_S
        ):
            return None
        blur, hidden = Blur("pixelate", finds_faces=True), image
        for one in told:
            hidden = blur.hide(image, self._reading(source, one, size_px))
        return hidden

    def _reading(self, source: str, told: Mapping[str, Any], size_px: tuple[int, int]) -> Reading:
        people = []
        for one in told["people"]:
            x1, y1, x2, y2 = (one["row"][k] for k in _BOX)
            face = None if x1 is None else Face((x1, y1, x2, y2), 1.0)
            joints = tuple(
                (x or 0.0, y or 0.0, 0.0, seen or 0.0) for x, y, seen in one["joints"] or ()
            )
            body = Body(_around(joints), 1.0, self.layout, joints) if joints else None
            people.append(Person(one["row"][_PERSON], face=face, body=body))
        return Reading(
            source_id=source,
            seq=told["seq"],
            pts_s=told["t"],
            width_px=size_px[0],
            height_px=size_px[1],
            people=tuple(people),
        )

    def _let_go(self) -> None:
        while self._reels:
            self._reels.popitem()[1].close()


def _around(joints: Sequence[Keypoint]) -> Box:
    xs, ys = [joint[0] for joint in joints], [joint[1] for joint in joints]
    return min(xs), min(ys), max(xs), max(ys)


def files_of(origins: Mapping[str, str], config: Mapping[str, Any]) -> dict[str, Path]:
    """Return the files that sources replay, from their origins and the run's configuration.

    A source is left out whose file is absent, shares its name with another's, or shows people that
    the run was told to hide.
    """
    if config.get("privacy", "none") != "none":
        return {}
    cameras = [one for one in config.get("cameras") or () if one.get("path")]
    hidden = {Path(one["path"]).name for one in cameras if one.get("privacy")}
    given = [*(config.get("sources") or ()), *(str(one["path"]) for one in cameras)]
    often = Counter(Path(origin).name for origin in origins.values())
    found = {source: file_of(origin, given) for source, origin in origins.items()}
    return {
        source: path
        for source, path in found.items()
        if often[path.name] == 1 and path.name not in hidden and path.is_file()
    }


def file_of(origin: str, given: Sequence[str]) -> Path:
    """Return the file that a run replayed: by its name, among what the run was given."""
    for text in given:
        path = Path(text).expanduser()
        tried = [path / origin] if path.is_dir() else [path]
        if glob.has_magic(text) and not path.exists():
            tried = [Path(found) for found in glob.iglob(str(path), recursive=True)]
        for file in tried:
            if file.name == Path(origin).name and file.is_file():
                return file
    return Path(origin)
