"""A folder of numbered pictures as a source: how AFEW-VA keeps its clips."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2

from ..stream.errors import IncompleteError, SourceError
from ..stream.messages import SourceInfo
from ..stream.sources.base import Picture, PlainSource

EXTENSIONS = frozenset((".png", ".jpg", ".jpeg"))
RATE_HZ = 25.0
"""Of pictures that tell no time: that of European film and of most of AFEW-VA's clips."""


def pictures_of(folder: Path) -> list[Path]:
    """Return the pictures of a folder in order of their numbers; none where any has no number."""
    found = [path for path in folder.iterdir() if path.suffix.lower() in EXTENSIONS]
    if not all(path.stem.isdigit() for path in found):
        return []
    return sorted(found, key=lambda path: (int(path.stem), path.name))


class Pictures(PlainSource):
    """See the module. Time is the picture's place over `rate_hz`."""

    decode_errors = 0

    def __init__(self, folder: Path, source_id: str, rate_hz: float = RATE_HZ) -> None:
        """Look at the first picture. Raises: SourceError."""
        self._paths = pictures_of(folder)
        self._rate_hz = rate_hz
        self._interrupted = False
        first = cv2.imread(str(self._paths[0])) if self._paths else None
        if first is None:
            raise SourceError(f"{folder}: holds no picture that can be read")
        height_px, width_px = first.shape[:2]
        count = len(self._paths)
        self.info = SourceInfo(
            source_id, folder.name, width_px, height_px, rate_hz, count, count / rate_hz
        )

    def pictures(self) -> Iterator[Picture]:
        """Yield every picture. Raises: IncompleteError at the first that cannot be read."""
        for k, path in enumerate(self._paths):
            if self._interrupted:
                return
            image = cv2.imread(str(path))
            if image is None:
                raise IncompleteError(f"{path}: cannot be read; what came before is kept")
            image.setflags(write=False)
            yield Picture(k / self._rate_hz, image)

    def interrupt(self) -> None:
        """End at the next picture."""
        self._interrupted = True

    def close(self) -> None:
        """Nothing to let go of."""
