"""Networks that a user brings: looked at, tried in a process of its own, copied, and listed.

They lie in `zoo.user_folder()`, named in its `models.yaml`, which may be edited by hand.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from ..stream.errors import ConfigError, ModelError
from ..stream.messages import EMOTIONS
from . import zoo
from .crop import Input
from .ort import Shape, Signature, matches
from .trial import inspect, rehearse

METADATA = "affectstream"
"""The key in a file's own metadata under which `export` says what it made, as JSON."""
LICENCE_KEYS = ("license", "licence")
RGB_SCALE = 1 / 255
"""What an expression net of three channels is fed: 0 to 1. It can be changed in `models.yaml`."""


class Rule(NamedTuple):
    """The shapes of a kind. `labels` stands for the number of classes and `more` columns."""

    job: str
    part: str
    outputs: tuple[Shape, ...]
    channels: tuple[int, ...] = (3,)
    more: int = 0


RULES = {
    "expression": Rule("expression", "expression", (("n", "labels"),), channels=(1, 3)),
    "emotieff": Rule("expression", "expression", (("n", "labels"),), more=2),
    "mobilefacenet": Rule("expression", "expression", (("n", "labels"),)),
    "yolo_pose": Rule("pose", "pose", (("n", "rows", "columns"),)),
    "yunet": Rule(
        "face",
        "detector",
        tuple(("n", "cells", width) for width in (1, 1, 4, 10) for _ in range(3)),
    ),
    "face_mesh": Rule("mesh", "mesh", (("n", 1404), ("n", 1))),
    "blazeface": Rule("face", "detector", (("n", 2304, 16), ("n", 2304, 1))),
}
"""The adapters of one file. The first of a job is its default; `blazepose` needs two files."""


@dataclass(frozen=True)
class Wish:
    """What the user says of a file; empty where the file is to say it itself."""

    job: str = ""
    name: str = ""
    kind: str = ""
    labels: tuple[str, ...] = ()
    licence: str = ""


def add(file: Path, wish: Wish) -> zoo.Entry:
    """Copy a network into the user's folder and list it; return its entry.

    Raises:
        ConfigError: the wish makes no sense, or the name is taken.
        ModelError: the file is no whole ONNX model, leans on other files or operators, or has not
            the shapes of its kind.
    """
    name = wish.name or file.stem
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise ConfigError(f"{name!r} is no name: letters, digits, dots and dashes; give --name")
    if name in {entry.name for entry in zoo.models()}:
        raise ConfigError(f"there is a model {name!r} already; give another --name")
    with workshop() as folder:
        copy = folder / f"{name}.onnx"
        try:
            shutil.copyfile(file, copy)
        except OSError as error:
            raise ModelError(f"cannot read the model {file}: {error.strerror}") from error
        try:
            return keep(_described(copy, inspect(copy), wish), folder)
        except ModelError as error:
            raise ModelError(str(error).replace(copy.name, str(file))) from error


def keep(entry: zoo.Entry, folder: Path) -> zoo.Entry:
    """Try a model of one file in `folder`; move it to the user's folder and list it.

    The sha256, the size and the time are filled in. Raises: ModelError.
    """
    ((part, file),) = entry.files.items()
    data = (folder / file.path).read_bytes()
    measured = msgspec.structs.replace(
        file,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        ms_1_thread=rehearse(entry, folder),
    )
    kept = msgspec.structs.replace(entry, files={part: measured})
    own = zoo.user_folder()
    others = [one for one in zoo.users() if one.name != kept.name]
    try:
        os.replace(folder / file.path, own / file.path)
        _write(own / zoo.USER_LIST, [*others, kept])
    except OSError as error:
        raise ModelError(f"cannot write to {own}: {error.strerror}") from error
    return kept


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """Give a folder inside the user's that is gone in the end. Raises: ModelError."""
    own = zoo.user_folder()
    try:
        own.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=own, prefix=".adding-")
    except OSError as error:
        raise ModelError(f"cannot write to {own}: {error.strerror}") from error
    with folder as name:
        yield Path(name)


def _described(file: Path, found: Signature, wish: Wish) -> zoo.Entry:
    """Return the entry of a file, its shapes compared with those of its kind."""
    told = _told(found)
    job = wish.job or str(told.get("job", ""))
    kind = wish.kind or str(told.get("kind", "")) or _default_kind(job)
    rule = RULES.get(kind)
    if rule is None or rule.job != job:
        fitting = ", ".join(name for name, one in RULES.items() if one.job == job)
        raise ConfigError(f"no kind {kind!r} of one file for {job}; there are: {fitting}")
    labels = wish.labels or tuple(map(str, told.get("labels", ())))
    _check_labels(job, labels)
    shape = _input_shape(file.name, found, rule, kind)
    licences = [found.metadata[key] for key in LICENCE_KEYS if key in found.metadata]
    return zoo.Entry(
        name=file.stem,
        job=job,
        kind=kind,
        licence=wish.licence or str(told.get("licence", "")) or (licences or ["not told"])[0],
        origin=str(told.get("origin", "added by the user")),
        way="added",
        labels=labels,
        layout="coco17" if job == "pose" else "",
        framing=_like(kind, shape[3]).framing,
        note=str(told.get("note", "")),
        files={
            rule.part: zoo.File(
                path=file.name,
                sha256=zoo.UNKNOWN,
                input=_input(next(iter(found.inputs)), shape, kind),
                outputs=_outputs(file.name, found, rule, kind, len(labels)),
            )
        },
    )


def _told(found: Signature) -> dict[str, Any]:
    """Return what `export` wrote into the file; nothing where it did not."""
    with contextlib.suppress(ValueError):
        told = json.loads(found.metadata.get(METADATA, "{}"))
        if isinstance(told, dict):
            return told
    return {}


def _default_kind(job: str) -> str:
    kinds = [kind for kind, rule in RULES.items() if rule.job == job]
    if not kinds:
        jobs = ", ".join(dict.fromkeys(rule.job for rule in RULES.values()))
        raise ConfigError(f"no job {job!r}; there are: {jobs}" if job else f"--job: one of {jobs}")
    return kinds[0]


def _check_labels(job: str, labels: Sequence[str]) -> None:
    if job != "expression":
        return
    if foreign := [label for label in labels if label not in EMOTIONS]:
        raise ConfigError(f"no label {foreign[0]!r}; there are: {', '.join(EMOTIONS)}")
    if not labels or len(set(labels)) != len(labels):
        raise ConfigError(
            "--labels: the classes in the order of the network's output, each once, from "
            f"{', '.join(EMOTIONS)}; a wrong order gives wrong emotions that look right"
        )


def _input_shape(name: str, found: Signature, rule: Rule, kind: str) -> tuple[str, int, int, int]:
    """Return the shape of the one input; a free side is that of the kind's listed model."""
    if len(found.inputs) != 1:
        raise ModelError(f"{name} has {len(found.inputs)} inputs, {kind} has one")
    ((label, shape),) = found.inputs.items()
    fits = len(shape) == 4 and shape[1] in rule.channels and shape[0] in (1, str(shape[0]))
    if not fits:
        channels = " or ".join(map(str, rule.channels))
        raise ModelError(f"{name}: input {label!r} is {shape}, not [n, {channels}, height, width]")
    usual = next(iter(_like(kind, 0).files.values())).input.side_px
    height, width = (side if isinstance(side, int) else usual for side in shape[2:])
    if height != width and kind != "yolo_pose":
        raise ModelError(f"{name}: input {label!r} is {shape}, not square")
    return "batch", int(shape[1]), height, width


def _input(name: str, shape: tuple[str, int, int, int], kind: str) -> Input:
    """Return how pictures are fed: as to the listed model of the kind whose side is nearest."""
    usual = next(iter(_like(kind, shape[3]).files.values())).input
    fed = msgspec.structs.replace(usual, name=name, shape=shape)
    if kind == "expression" and shape[1] != usual.shape[1]:
        return msgspec.structs.replace(fed, colour="RGB", scale=RGB_SCALE, offset=0.0)
    return fed


def _outputs(
    name: str, found: Signature, rule: Rule, kind: str, classes: int
) -> dict[str, list[int | str]]:
    """Return the outputs that the kind reads: under its own names, or by their order."""
    usual = next(iter(_like(kind, 0).files.values())).outputs
    names = list(usual) if set(usual) <= set(found.outputs) else list(found.outputs)
    if len(names) < len(rule.outputs):
        raise ModelError(f"{name} has {len(names)} outputs, {kind} has {len(rule.outputs)}")
    read = {}
    for label, wanted in zip(names, rule.outputs, strict=False):
        shape = found.outputs[label]
        exact = [classes + rule.more if axis == "labels" else axis for axis in wanted]
        if not matches(shape, exact):
            raise ModelError(f"{name}: output {label!r} is {shape}, {kind} gives {exact}")
        read[label] = ["batch", *shape[1:]]
    return read


def _like(kind: str, side_px: int) -> zoo.Entry:
    """Return the listed model of a kind whose input is nearest in size."""
    known = [entry for entry in zoo.listed() if entry.kind == kind]
    return min(known, key=lambda one: abs(next(iter(one.files.values())).input.side_px - side_px))


def _write(path: Path, entries: Sequence[zoo.Entry]) -> None:
    text = yaml.safe_dump(msgspec.to_builtins(entries), sort_keys=False, allow_unicode=True)
    draft = path.with_name(f"{path.name}.part")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)
