"""Make YOLO pose networks into ONNX files of ours, by the package `ultralytics` (extra `export`).

Network code, weights and what is made of them are AGPL-3.0. A `.pt` file runs code of its own when
it is read: take only those whose source is trusted.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from ..stream.errors import ConfigError, MissingExtraError, ModelError
from . import zoo
from .added import METADATA, keep, workshop
from .ort import signature
from .quantize import quantize

LICENCE = "AGPL-3.0"
OPSET = 17
SIDES_PX = (320, 480, 640)
DEFAULT_SIDE_PX = 640
PEOPLE = 1
"""Classes of the networks with official weights: people alone."""


@dataclass(frozen=True)
class Wish:
    """What to make: `weights` is a local `.pt`, or a `.yaml` for random weights."""

    name: str
    side_px: int = DEFAULT_SIDE_PX
    weights: Path | None = None
    calibrate: Path | None = None

    @property
    def is_random(self) -> bool:
        """Whether nothing was learnt: such a network only proves the path."""
        return self.weights is not None and self.weights.suffix in (".yaml", ".yml")

    @property
    def entry_name(self) -> str:
        """The name it gets: the plain one for the usual size with official or given weights."""
        size = "" if self.side_px == DEFAULT_SIDE_PX else f"_{self.side_px}"
        return (
            f"{self.name}{size}{'_int8' if self.calibrate else ''}"
            f"{'_random' if self.is_random else ''}"
        )


def names() -> tuple[str, ...]:
    """Return the models that can be exported."""
    return tuple(entry.name for entry in zoo.listed() if entry.way == "export")


def export(wish: Wish) -> zoo.Entry:
    """Write the network into the user's folder and list it; return its entry.

    Without `weights`, `ultralytics` downloads the official ones.

    Raises:
        ConfigError: no such model or size.
        MissingExtraError: `ultralytics` or what it needs is absent.
        ModelError: the weights cannot be had or are of something else, or a file cannot be written.
        SourceError: the clip to calibrate by cannot be opened.
    """
    if wish.name not in names():
        raise ConfigError(f"{wish.name} cannot be exported; there are: {', '.join(names())}")
    if wish.side_px not in SIDES_PX:
        sizes = ", ".join(map(str, SIDES_PX))
        raise ConfigError(f"--imgsz {wish.side_px}: one of {sizes}")
    if wish.weights is not None and not wish.is_random and not wish.weights.is_file():
        raise ModelError(f"cannot read the weights {wish.weights}: no such file")
    ultralytics = _package("ultralytics")
    onnx = _package("onnx")
    with workshop() as folder:
        target = folder / f"{wish.entry_name}.onnx"
        _made(ultralytics, wish, folder).replace(target)
        found = signature(target)
        (name,), (output,) = found.inputs, found.outputs
        entry = _entry(wish, name, output, found.outputs[output])
        if wish.calibrate is not None:
            quantize(target, entry.files["pose"].input, wish.calibrate)
        _sign(onnx, target, entry)
        return keep(entry, folder)


def _package(name: str) -> Any:
    """Import one of the extra's packages, kept from writing and reaching out on its own."""
    settings = Path(tempfile.gettempdir()) / "affectstream-ultralytics"
    os.environ.setdefault("YOLO_CONFIG_DIR", str(settings))
    os.environ["YOLO_AUTOINSTALL"] = "false"
    settings.mkdir(exist_ok=True)
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError("export of YOLO networks", "export") from error


def _made(ultralytics: Any, wish: Wish, folder: Path) -> Path:
    """Return the ONNX file that `ultralytics` makes in `folder`."""
    with _translated(wish):
        ultralytics.settings.update({"sync": False})
        weights = _weights(wish, folder)
        with contextlib.chdir(folder):
            model = ultralytics.YOLO(str(weights), task="pose")
            made = model.export(
                format="onnx", imgsz=wish.side_px, opset=OPSET, dynamic=False, simplify=True
            )
        return folder / str(made)


def _weights(wish: Wish, folder: Path) -> Path:
    """Return the weights to read: in `folder`, since `ultralytics` writes beside them."""
    own = folder / f"{wish.name}.pt"
    if wish.is_random:
        tasks = importlib.import_module("ultralytics.nn.tasks")
        own = folder / f"{wish.name}.yaml"
        own.write_text(yaml.safe_dump({**tasks.yaml_model_load(str(wish.weights)), "nc": PEOPLE}))
    elif wish.weights is not None:
        shutil.copyfile(wish.weights, own)
    return own


@contextlib.contextmanager
def _translated(wish: Wish) -> Iterator[None]:
    """Turn whatever a foreign package raises into one of our errors."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError("export of YOLO networks", "export") from error
    except Exception as error:  # A foreign package with errors of many kinds and no base.
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        source = wish.weights or f"the official weights of {wish.name}"
        advice = "" if wish.weights else "; without a network, give --weights FILE.pt"
        raise ModelError(f"cannot make {wish.name} from {source}: {reason}{advice}") from error


def _entry(wish: Wish, name: str, output: str, shape: Sequence[int | str]) -> zoo.Entry:
    listed = next(entry for entry in zoo.listed() if entry.name == wish.name)
    usual = listed.files["pose"]
    fed = msgspec.structs.replace(
        usual.input, name=name, shape=("batch", 3, wish.side_px, wish.side_px)
    )
    made = zoo.File(
        path=f"{wish.entry_name}.onnx",
        sha256=zoo.UNKNOWN,
        input=fed,
        outputs={output: ["batch", *shape[1:]]},
    )
    notes = ["AGPL-3.0: what uses it over a network must offer its source"]
    if wish.is_random:
        notes.append("random weights: finds nobody")
    if wish.calibrate:
        notes.append("8 bits, not measured on COCO")
    is_official = wish.weights is None and wish.side_px == DEFAULT_SIDE_PX and not wish.calibrate
    return msgspec.structs.replace(
        listed,
        name=wish.entry_name,
        origin=f"ultralytics, {wish.weights.name if wish.weights else f'{wish.name}.pt'}",
        accuracy=listed.accuracy if is_official else "",
        note="; ".join(notes),
        files={"pose": made},
    )


def _sign(onnx: Any, file: Path, entry: zoo.Entry) -> None:
    """Write into the file itself what it is, for `affectstream models add` elsewhere."""
    told = {
        "job": entry.job,
        "kind": entry.kind,
        "layout": entry.layout,
        "licence": LICENCE,
        "origin": entry.origin,
        "note": entry.note,
        "imgsz": entry.files["pose"].input.side_px,
    }
    model = onnx.load(file)
    onnx.helper.set_model_props(
        model,
        {
            **{one.key: one.value for one in model.metadata_props},
            "license": LICENCE,
            METADATA: json.dumps(told),
        },
    )
    onnx.save(model, file)
