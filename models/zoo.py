"""Which networks there are: the manifest, picking one for a job, checking and opening it."""

from __future__ import annotations

import functools
import hashlib
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pydantic
import yaml

from ..stream.errors import ConfigError, ModelError
from .crop import Input
from .ort import Net, Provider

WEIGHTS = Path(__file__).parent / "weights"
MANIFEST = WEIGHTS / "manifest.yaml"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One ONNX file beside the manifest. `ms_1_thread` is one run of one picture on one thread."""

    path: str
    sha256: str
    size_bytes: int
    ms_1_thread: float
    input: Input
    outputs: dict[str, list[int | str]]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model.

    `kind` names the adapter's file, `files` the networks by their part in it. `labels` are the
    classes in the order of the network's output, `layout` the order of keypoints, `framing` where
    the five landmarks of a face stand in an input, in units of its side.
    """

    name: str
    job: str
    kind: str
    licence: str
    origin: str
    files: dict[str, File]
    labels: tuple[str, ...] = ()
    layout: str = ""
    framing: tuple[tuple[float, float], ...] = ()


class Pick(NamedTuple):
    """A model and why it was taken."""

    entry: Entry
    why: str


@functools.cache
def models(manifest: Path = MANIFEST) -> tuple[Entry, ...]:
    """Return the models of a manifest; those of one job come best first.

    Raises:
        ModelError: the manifest cannot be read or does not fit.
    """
    try:
        return msgspec.convert(yaml.safe_load(manifest.read_bytes()), tuple[Entry, ...])
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise ModelError(f"cannot read the list of models {manifest}: {error}") from error


def path(entry: Entry, part: str, manifest: Path = MANIFEST) -> Path:
    """Return where a network of a model lies."""
    return manifest.parent / entry.files[part].path


def is_present(entry: Entry, manifest: Path = MANIFEST) -> bool:
    """Tell whether all files of a model are there, whatever is in them."""
    return all(path(entry, part, manifest).is_file() for part in entry.files)


def pick(job: str, name: str = "auto", manifest: Path = MANIFEST) -> Pick:
    """Return the model for a job: the named one, or the best that is present.

    Raises:
        ConfigError: no model of that name does this job.
        ModelError: the files are not there.
    """
    fitting = [entry for entry in models(manifest) if entry.job == job]
    if name != "auto":
        named = [entry for entry in fitting if entry.name == name]
        if not named:
            choices = ", ".join(["auto", *(entry.name for entry in fitting)])
            raise ConfigError(f"no model {name!r} for {job}; there are: {choices}")
        if not is_present(named[0], manifest):
            raise ModelError(f"the files of {name} are not in {manifest.parent}")
        return Pick(named[0], "asked for by name")
    present = [entry for entry in fitting if is_present(entry, manifest)]
    if not present:
        raise ModelError(f"no model for {job} is present in {manifest.parent}")
    return Pick(present[0], f"the best of {len(present)} present ({len(fitting)} known)")


def check(entry: Entry, manifest: Path = MANIFEST) -> None:
    """Compare the files of a model with the manifest, and open them.

    Raises:
        ModelError: a file is absent, was changed, or cannot be opened.
        MissingExtraError: ONNX Runtime is absent.
    """
    for part, file in entry.files.items():
        target = path(entry, part, manifest)
        try:
            digest = hashlib.sha256(target.read_bytes()).hexdigest()
        except OSError as error:
            raise ModelError(f"cannot read the model {target}: {error.strerror}") from error
        if digest != file.sha256:
            raise ModelError(f"{file.path} is not the file that the list of models names (sha256)")
        open_net(entry, part, "cpu", manifest)


def open_net(
    entry: Entry, part: str, provider: Provider = "auto", manifest: Path = MANIFEST
) -> Net:
    """Open one network of a model; raises what `Net` raises."""
    file = entry.files[part]
    inputs = {file.input.name: file.input.shape}
    return Net(path(entry, part, manifest), inputs, file.outputs, provider)


def build(entry: Entry, options: Mapping[str, Any], provider: Provider = "auto") -> Any:
    """Make a model's adapter ready to run; `options` are the keys of the adapter's `Config`.

    Raises:
        ConfigError: an option is unknown or out of range.
        ModelError, MissingExtraError: see `open_net`.
    """
    adapter = importlib.import_module(f".{entry.kind}", __package__)
    try:
        config = adapter.Config.model_validate(dict(options))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(item) for item in (entry.kind, *first["loc"]))
        known = ", ".join(adapter.Config.model_fields)
        raise ConfigError(f"{key}: {first['msg']}; options of {entry.kind}: {known}") from error
    return adapter.build(config, entry, provider)
