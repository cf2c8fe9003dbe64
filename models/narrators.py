"""Which narrators there are, which one `auto` takes, and how a language model comes here.

No engine's package is imported, only looked for.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from ..stream.errors import ConfigError, MissingExtraError, ModelError
from .fetch import Progress, download
from .zoo import user_folder

ENGINES = ("grounded", "tinyllama", "tinyllama-int4", "openai", "scripted")
NEEDS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "tinyllama": (("torch", "transformers"), "narrator"),
    "tinyllama-int4": (("onnxruntime_genai",), "narrator-int4"),
}
"""Engine -> packages and the extra that brings them."""
FOLDERS = {"tinyllama": "tinyllama", "tinyllama-int4": "tinyllama-int4"}
HOW = {
    "tinyllama": "affectstream models fetch tinyllama (2.2 GB), or --path DIR of a copy",
    "tinyllama-int4": "affectstream models export tinyllama, from that",
}
SIGNS = {"tinyllama": "config.json", "tinyllama-int4": "genai_config.json"}
"""The file that a folder of each has."""
LOCAL = "tinyllama.path"
"""Names the folder of a local copy."""
NAME = "tinyllama"
REVISION = "fe8a4ea1ffedaf415f4da2f062534de366a451e6"
ORIGIN = f"https://huggingface.co/TinyLlama/TinyLlama-1.1B-Chat-v1.0/resolve/{REVISION}"
LICENCE = "Apache-2.0"
FILES: Mapping[str, tuple[str, int | None]] = {
    "config.json": ("unknown", None),
    "generation_config.json": ("unknown", None),
    "special_tokens_map.json": ("unknown", None),
    "tokenizer.json": ("unknown", None),
    "tokenizer.model": ("unknown", None),
    "tokenizer_config.json": ("unknown", None),
    "model.safetensors": (
        "6e6001da2106d4757498752a021df6c2bdc332c650aae4bae6b0c004dcf14933",
        2_200_119_864,
    ),
}
"""The files of the revision with sha256 and bytes; small ones are taken as they come. Source:
TinyLlama/TinyLlama-1.1B-Chat-v1.0 on Hugging Face."""


class Choice(NamedTuple):
    """An engine, its options with the folder filled in, and why it was taken."""

    name: str
    options: dict[str, Any]
    why: str


def choose(name: str, options: Mapping[str, Any]) -> Choice:
    """Return the engine of a name, or for `auto` the best that is present.

    Raises:
        ConfigError: there is no such narrator.
        MissingExtraError, ModelError: its packages or its files are not here.
    """
    if name == "auto":
        return _best(options)
    if name not in ENGINES:
        raise ConfigError(f"no narrator {name!r}; there are: auto, {', '.join(ENGINES)}")
    chosen = dict(options)
    if name in NEEDS:
        packages, extra = NEEDS[name]
        if any(find_spec(package) is None for package in packages):
            raise MissingExtraError(f"the narrator {name}", extra)
        folder = Path(chosen.get("path") or folder_of(name)).expanduser().absolute()
        if not (folder / SIGNS[name]).is_file():
            verb = "fetch" if name == "tinyllama" else "export"
            raise ModelError(
                f"{folder} holds no {SIGNS[name]}: get it by `affectstream models {verb} tinyllama`"
            )
        chosen["path"] = str(folder)
    return Choice(name, chosen, "asked for by name")


def _best(options: Mapping[str, Any]) -> Choice:
    order = ("tinyllama", "tinyllama-int4") if _has_cuda() else ("tinyllama-int4", "tinyllama")
    for name in order:
        packages, _ = NEEDS[name]
        folder = folder_of(name)
        if (folder / SIGNS[name]).is_file() and all(find_spec(one) for one in packages):
            return Choice(name, {**options, "path": str(folder)}, f"its model is in {folder}")
    return Choice("grounded", {}, "no language model is here")


def _has_cuda() -> bool:
    """Tell whether a driver of NVIDIA's is here, without the seconds that torch takes to say so."""
    return shutil.which("nvidia-smi") is not None


def folder_of(name: str) -> Path:
    """Return where the model of an engine lies, or would."""
    note = user_folder() / LOCAL
    if name == "tinyllama" and note.is_file():
        return Path(note.read_text(encoding="utf-8").strip())
    return user_folder() / FOLDERS[name]


def adopt(folder: Path) -> Path:
    """Use a local copy of TinyLlama, or of any Llama, from where it lies; return its folder.

    Raises: ModelError where the folder holds none.
    """
    folder = folder.expanduser().absolute()
    try:
        told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} holds no readable config.json") from error
    if told.get("model_type") != "llama":
        raise ModelError(f"{folder} holds a model of type {told.get('model_type')!r}, not llama")
    if not list(folder.glob("*.safetensors")):
        raise ModelError(f"{folder} holds no *.safetensors; other forms of weights can run code")
    if not any((folder / name).is_file() for name in ("tokenizer.json", "tokenizer.model")):
        raise ModelError(f"{folder} holds neither tokenizer.json nor tokenizer.model")
    try:
        user_folder().mkdir(parents=True, exist_ok=True)
        (user_folder() / LOCAL).write_text(f"{folder}\n", encoding="utf-8")
    except OSError as error:
        raise ModelError(f"cannot write {user_folder() / LOCAL}: {error.strerror}") from error
    return folder


def fetch_tinyllama(tell: Progress, origin: str = ORIGIN) -> Path:
    """Download what is absent of TinyLlama-1.1B-Chat (2.2 GB); return its folder.

    Raises: ModelError where there is no network, no room, or another file than the list names.
    """
    folder = user_folder() / FOLDERS["tinyllama"]
    try:
        for name, (sha256, size_bytes) in FILES.items():
            if not (folder / name).is_file():
                download(f"{origin}/{name}", folder / name, sha256, size_bytes, tell)
    except ModelError as error:
        raise ModelError(
            f"{error}; a copy from elsewhere: affectstream models fetch tinyllama --path DIR"
        ) from error
    (user_folder() / LOCAL).unlink(missing_ok=True)
    return folder


def export_int4(source: Path | None = None) -> Path:
    """Make the 4-bit model of ONNX Runtime GenAI from the weights; return its folder.

    It runs in a process of its own, since it takes gigabytes, and leaves nothing when it fails.
    Raises: MissingExtraError, ModelError.
    """
    packages = ("onnxruntime_genai", "onnx_ir", "torch", "transformers")
    if any(find_spec(package) is None for package in packages):
        raise MissingExtraError("the export of tinyllama", "narrator-export")
    source = source or folder_of("tinyllama")
    if not (source / "config.json").is_file():
        raise ModelError(f"{source} holds no config.json: `affectstream models fetch tinyllama`")
    target = user_folder() / FOLDERS["tinyllama-int4"]
    draft = target.with_name(f"{target.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder"]
    command += ["-i", str(source), "-o", str(draft), "-p", "int4", "-e", "cpu"]
    command += ["-c", str(draft / "cache"), "--extra_options", "int4_accuracy_level=4"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    config = draft / SIGNS["tinyllama-int4"]
    if done.returncode or not config.is_file():
        shutil.rmtree(draft, ignore_errors=True)
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ModelError(f"the builder of ONNX Runtime GenAI failed on {source}: {reason}")
    told = json.loads(config.read_text(encoding="utf-8"))
    session = told["model"]["decoder"].setdefault("session_options", {})
    session.update({"intra_op_num_threads": 1, "inter_op_num_threads": 1})
    config.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(draft / "cache", ignore_errors=True)
    shutil.rmtree(target, ignore_errors=True)
    draft.replace(target)
    return target
