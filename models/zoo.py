"""Which networks there are: the lists, picking one for a job, checking and opening it.

Two lists: `manifest.yaml` comes with the package; `models.yaml` in the user's folder names what was
added or exported there. A file that does not come with the package lies in the user's folder too.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import pydantic
import yaml

from ..stream.errors import ConfigError, ModelError
from .crop import Input
from .ort import Net, Provider

WEIGHTS = Path(__file__).parent / "weights"
MANIFEST = WEIGHTS / "manifest.yaml"
USER_LIST = "models.yaml"
UNKNOWN = "unknown"
"""Stands for a sha256 that nobody published: the first fetch records what came."""
ENVIRONMENT = "AFFECTSTREAM_MODELS"

Name = Annotated[str, msgspec.Meta(pattern=r"^\w[\w.-]*$")]
Kind = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*$")]
FileName = Annotated[str, msgspec.Meta(pattern=r"^\w[\w.-]*\.onnx$")]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64}|unknown)$")]
Way = Literal["shipped", "fetch", "export", "added"]
"""How the files of a model come here."""


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One ONNX file beside a list or in the user's folder.

    `ms_1_thread` is one run of one picture on one thread; it and `size_bytes` are absent where
    nobody here has had the file. `url` is where `fetch` gets it.
    """

    path: FileName
    sha256: Sha256
    input: Input
    outputs: dict[str, list[int | str]]
    size_bytes: int | None = None
    ms_1_thread: float | None = None
    url: str = ""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One model.

    `kind` names the adapter's file, `files` the networks by their part in it. `origin` is the
    package or repository and the file in it, `origin_url` its page. `accuracy` says what was
    measured, on what, by whom. `labels` are the classes in the order of the network's output,
    `layout` the order of keypoints, `framing` where the five landmarks of a face stand in an input,
    in units of its side. `note` is what a user must know.
    """

    name: Name
    job: str
    kind: Kind
    licence: str
    origin: str
    files: dict[str, File]
    origin_url: str = ""
    way: Way = "shipped"
    accuracy: str = ""
    labels: tuple[str, ...] = ()
    layout: str = ""
    framing: tuple[tuple[float, float], ...] = ()
    note: str = ""


class Pick(NamedTuple):
    """A model and why it was taken."""

    entry: Entry
    why: str


def user_folder() -> Path:
    """Return the folder of models beyond the package's; it need not exist.

    It is `AFFECTSTREAM_MODELS`, else the platform's place for data of programs.
    """
    if named := os.environ.get(ENVIRONMENT):
        return Path(named).expanduser().absolute()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "affectstream" / "models"


def listed(manifest: Path = MANIFEST) -> tuple[Entry, ...]:
    """Return the models of one list; those of one job come best first.

    Raises:
        ModelError: the list cannot be read or does not fit.
    """
    try:
        return _parsed(manifest.read_bytes())
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise ModelError(f"cannot read the list of models {manifest}: {error}") from error


@functools.cache
def _parsed(text: bytes) -> tuple[Entry, ...]:
    return msgspec.convert(yaml.safe_load(text), tuple[Entry, ...])


def users() -> tuple[Entry, ...]:
    """Return the models that the user added or exported. Raises what `listed` raises."""
    own = user_folder() / USER_LIST
    entries = listed(own) if own.exists() else ()
    return tuple(
        msgspec.structs.replace(entry, way="added") if entry.way == "shipped" else entry
        for entry in entries
    )


def models(manifest: Path = MANIFEST) -> tuple[Entry, ...]:
    """Return all models: those of a list, best first, and behind them the user's own.

    The user's model of the same name takes the place of the listed one. Raises what `listed` does.
    """
    own = {entry.name: entry for entry in users()}
    return (*(own.pop(one.name, one) for one in listed(manifest)), *own.values())


def find(name: str, manifest: Path = MANIFEST) -> Entry:
    """Return the model of a name. Raises: ConfigError naming those there are."""
    known = {entry.name: entry for entry in models(manifest)}
    if name not in known:
        raise ConfigError(f"no model {name!r}; there are: {', '.join(known)}")
    return known[name]


def path(entry: Entry, part: str, manifest: Path = MANIFEST) -> Path:
    """Return where a network of a model lies, or where it would: the user's folder."""
    beside = manifest.parent / entry.files[part].path
    if entry.way == "shipped" or beside.is_file():
        return beside
    return user_folder() / entry.files[part].path


def is_present(entry: Entry, manifest: Path = MANIFEST) -> bool:
    """Tell whether all files of a model are there, whatever is in them."""
    return all(path(entry, part, manifest).is_file() for part in entry.files)


def remedy(entry: Entry) -> str:
    """Return what to do about a model that is absent."""
    if entry.way in ("fetch", "export"):
        return f"get it by: affectstream models {entry.way} {entry.name}"
    return "install the package anew" if entry.way == "shipped" else "add it anew"


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
            folder = path(named[0], next(iter(named[0].files)), manifest).parent
            raise ModelError(f"the files of {name} are not in {folder}; {remedy(named[0])}")
        return Pick(named[0], "asked for by name")
    present = [entry for entry in fitting if is_present(entry, manifest)]
    if not present:
        raise ModelError(f"no model for {job} is present in {manifest.parent} or {user_folder()}")
    return Pick(present[0], f"the best of {len(present)} present ({len(fitting)} known)")


def expected(file: File, target: Path) -> str:
    """Return the sha256 a file must have: the list's, else that of its first fetch, else `unknown`.

    Raises:
        ModelError: the record of the first fetch cannot be read.
    """
    record = record_of(target)
    if file.sha256 != UNKNOWN or not record.is_file():
        return file.sha256
    try:
        return record.read_text(encoding="utf-8").split()[0]
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise ModelError(f"cannot read {record}: {error}") from error


def record_of(target: Path) -> Path:
    """Return the file that holds the sha256 of a first fetch, in the form `sha256sum -c` reads."""
    return target.with_name(f"{target.name}.sha256")


def check(entry: Entry, manifest: Path = MANIFEST) -> None:
    """Compare the files of a model with the list, and open them.

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
        if expected(file, target) not in (digest, UNKNOWN):
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
    try:
        adapter = importlib.import_module(f".{entry.kind}", __package__)
    except ModuleNotFoundError as error:
        raise ModelError(f"{entry.name}: there is no adapter of kind {entry.kind!r}") from error
    try:
        config = adapter.Config.model_validate(dict(options))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(item) for item in (entry.kind, *first["loc"]))
        known = ", ".join(adapter.Config.model_fields)
        raise ConfigError(f"{key}: {first['msg']}; options of {entry.kind}: {known}") from error
    return adapter.build(config, entry, provider)
