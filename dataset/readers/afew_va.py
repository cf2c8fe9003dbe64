"""AFEW-VA: `<NNN>/<NNN>.json` beside pictures `<NNN>/<frame>.png`; integers -10..10 per picture.

{"video_id", "frames": {"00000": {"landmarks": …, "valence": int, "arousal": int}}}; the key is the
number of the picture. Source: the set's own description and a public loader.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..ratings import DIMENSIONS, RatingError, RatingTrack, read_text, track

NAME = "afew_va"
SCALE = (-10.0, 10.0)
_LOOK_CHARS = 65536


def groups(paths: Sequence[Path]) -> list[tuple[Path, ...]]:
    """Return the files that are of this format."""
    return [(path,) for path in paths if path.suffix.lower() == ".json" and _has_frames(path)]


def _has_frames(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            begin = file.read(_LOOK_CHARS)
    except (OSError, UnicodeDecodeError):
        return False
    return '"frames"' in begin and ('"video_id"' in begin or '"valence"' in begin)


def read(paths: tuple[Path, ...], settings: dict[str, Any]) -> list[RatingTrack]:
    """Read the ratings of one clip. Raises: RatingError."""
    (path,) = paths
    text = read_text(path)
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise RatingError(
            path, f"is no JSON ({error.msg})", error.lineno, str(error.colno)
        ) from None
    frames = content.get("frames") if isinstance(content, dict) else None
    if not isinstance(frames, dict) or not frames:
        raise RatingError(path, "holds no ratings", None, "frames")
    numbers, values = [], []
    for key, cell in sorted(frames.items()):
        if not str(key).isdigit():
            fault = "is no number of a picture"
            raise RatingError(path, fault, _line(text, key), f"frames.{key}")
        numbers.append(float(key))
        values.append([_value(path, text, key, cell, name) for name in DIMENSIONS])
    valence, arousal = zip(*values, strict=True)
    return [
        track(
            path.parent.name if path.parent.name == path.stem else path.stem,
            NAME,
            paths,
            "frames",
            numbers,
            valence,
            arousal,
            valence_scale=SCALE,
            arousal_scale=SCALE,
        )
    ]


def _value(path: Path, text: str, key: str, cell: Any, name: str) -> float:
    value = cell.get(name) if isinstance(cell, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        line = _line(text, key, name if isinstance(cell, dict) and name in cell else "")
        raise RatingError(path, f"{value!r} is no number", line, f"frames.{key}.{name}")
    return float(value)


def _line(text: str, key: str, name: str = "") -> int:
    """Return the line of a picture's key, or of a name behind it where there is one."""
    begin = text.find(json.dumps(key), text.find('"frames"'))
    at = text.find(json.dumps(name), begin) if name else -1
    return text.count("\n", 0, max(begin, at)) + 1
