"""The columns of a run's tables, from `stream/tables.py`, with what `sinks/schema.sql` says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import groupby

from affectstream.models import zoo
from affectstream.models.posture import POSTURES
from affectstream.stream import tables
from affectstream.stream.messages import EMOTIONS

from .markdown import code, table

COLUMNS: dict[str, Sequence[str]] = {
    "readings": tables.READING_COLUMNS,
    "windows": tables.WINDOW_COLUMNS,
    "events": tables.EVENT_COLUMNS,
}
_STATISTICS = "over the window: mean and standard deviation, least-squares slope per second"
_BEFORE_AFTER = (
    "a quadrant; for a spike the dimension and its value; for a camera its [state]"
    "(#cameras-on-the-network)"
)
_BOX = "px of the original frame, origin top left"
_OURS: dict[str, dict[str, str]] = {
    "readings": {
        "source": "which source: the file's name in lower case",
        "frame": "0, 1, 2, … per source, never starts again",
        "timestamp": "s of media time, from the file's own timestamps",
        "person": "1, 2, 3, … per source; empty where nobody is",
        **dict.fromkeys(["face_x1", "face_y1", "face_x2", "face_y2"], _BOX),
        "face_score": "0..1, the detector's",
        "body_score": "0..1, the landmark network's",
        **dict.fromkeys(EMOTIONS, "probabilities; the eight sum to 1"),
        **dict.fromkeys(["valence", "arousal"], "-1..1"),
        "valence_01": "the same two, 0..1",
        "arousal_01": "the same two, 0..1",
        "affect_source": "`derived` from emotions, `regressed` by a network, or `body` alone",
        "posture": ", ".join(POSTURES),
        **dict.fromkeys(["yaw_deg", "pitch_deg", "roll_deg"], "head pose, degrees"),
        "quality": "0..1, how far the expression can be trusted",
        "quality_reason": "why it is below the gate (`small`, `blurred`, `turned`, `doubtful`): "
        "such a face keeps its reading and stays out of the window",
        **dict.fromkeys(
            ["valence_sd", "arousal_sd"], "uncertainty, as a standard deviation on the same scale"
        ),
        "emotion_steady": "label with hysteresis",
        **dict.fromkeys(["valence_steady", "arousal_steady"], "-1..1, smoothed over time"),
        **dict.fromkeys(
            [f"{emotion}_steady" for emotion in EMOTIONS], "smoothed probabilities; they sum to 1"
        ),
        "posture_confidence": "0..1",
        "gesture_energy": "torso lengths per second, of the arms against the trunk",
        **dict.fromkeys(
            ["valence_rest", "arousal_rest"],
            "-1..1, of the resting face that `baseline` takes off the steady values",
        ),
        "mouth_open": "lips apart; this and the next seven are of the face mesh, in distances "
        "between the eyes, without place, size and turn of the head",
    },
    "windows": {
        "person": "a number, or `group`",
        **{
            f"{name}_{statistic}": _STATISTICS
            for name in ("valence", "arousal")
            for statistic in ("mean", "sd", "slope_per_s")
        },
        "quadrant": "of the two means",
        "emotion": "the most probable on average",
    },
    "events": {
        "frame": "the frame at which it was noticed",
        "person": "a number, or `group`",
        "before": _BEFORE_AFTER,
        "after": _BEFORE_AFTER,
    },
}
"""What the schema leaves to the reader, or says of its own way to store a thing."""


def columns_table(name: str) -> str:
    """Return a row per column, neighbours of one meaning together. Raises: KeyError."""
    rows = [
        [", ".join(code(column) for column in columns), meaning]
        for meaning, columns in _grouped(name)
    ]
    if name == "readings":
        joint = ", ".join(code(f"kp_<joint>_{axis}") for axis in "xyzv")
        layout = zoo.pick("pose").entry.layout
        what = "px, px, px (depth, from the hips), visibility 0..1"
        rows.append([joint, f"{what}; the {len(tables.joints(layout))} joints of {layout}"])
    return table(["Column", "Unit, range, meaning"], rows)


def _grouped(name: str) -> Iterator[tuple[str, list[str]]]:
    meanings = {**_documented("readings"), **_OURS["readings"], **_documented(name), **_OURS[name]}
    for meaning, columns in groupby(COLUMNS[name], key=lambda column: meanings[column]):
        yield meaning, list(columns)


def _documented(name: str) -> dict[str, str]:
    """Return the comments of a table's columns, and of the columns that all tables share."""
    schema = (files("affectstream.sinks") / "schema.sql").read_text(encoding="utf-8")
    head, _, _ = schema.partition("PRAGMA")
    body = schema.partition(f"EXISTS {name} (")[2].partition(");")[0]
    shared = dict(re.findall(r"^-- (\w+) {2,}(.+)$", head, re.MULTILINE))
    own = dict(re.findall(r"^ +(\w+) +[A-Z][^-\n]*-- (.+)$", body, re.MULTILINE))
    return {**shared, **own}
