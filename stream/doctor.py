"""What is installed, what really works, and what `auto` picks: for `doctor` and `models`."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import distributions
from pathlib import Path

from ..models import narrators, zoo
from ..models.fetch import fetch
from ..models.ort import PROVIDERS, runtime
from .errors import AffectstreamError, MissingExtraError
from .prepare import versions

RUNTIMES = {"onnxruntime": "cpu", "onnxruntime-gpu": "gpu", "onnxruntime-openvino": "openvino"}
"""Distributions that bring ONNX Runtime, and our extra for each; they share one folder."""
OPENCVS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
"""Distributions that bring cv2; they share one folder too."""
COPYLEFT = "AGPL"
JOBS = ("face", "mesh", "expression", "pose")


def report() -> tuple[str, bool]:
    """Return what to print, and whether everything that a run needs works."""
    lines, faults = [], list(_clashes())
    lines.append("Versions")
    lines += [f"  {name:24} {version}" for name, version in versions().items()]
    lines.append(f"  {'cores':24} {os.cpu_count()}")
    lines += _accelerators()
    lines.append("Networks that `auto` picks")
    for job in JOBS:
        try:
            lines.append(f"  {job:12} {_obtained(job)}")
        except AffectstreamError as error:
            lines.append(f"  {job:12} unusable")
            faults.append(str(error))
    choice = narrators.choose("auto", {})
    lines.append(f"  {'narrator':12} {choice.name}: {choice.why}")
    if not os.access(tempfile.gettempdir(), os.W_OK):
        faults.append(f"{tempfile.gettempdir()} cannot be written: set TMPDIR")
    lines.append("Faults")
    lines += [f"  {fault}" for fault in dict.fromkeys(faults)] or ["  none"]
    return "\n".join(lines), not faults


def models_table() -> str:
    """Return what there is of each network, the one that `auto` picks marked by a star."""
    head = f"  {'job':10} {'name':22} {'ms':>6} {'MB':>6}  {'here':6} {'licence':11} accuracy"
    lines = [head]
    picked = {entry.job for entry in zoo.models()}
    stars = {zoo.pick(job).entry.name for job in picked if _has_any(job)}
    for entry in zoo.models():
        here = "yes" if zoo.is_present(entry) else "no"
        lines.append(
            f"{'*' if entry.name in stars else ' '} {entry.job:10} {entry.name:22} "
            f"{_sum(file.ms_1_thread for file in entry.files.values()):>6} "
            f"{_sum(file.size_bytes and file.size_bytes / 1e6 for file in entry.files.values()):>6}"
            f"  {here:6} {entry.licence:11} {entry.accuracy or 'not measured'}"
        )
        lines.append(f"{'':14}{entry.origin}{entry.origin_url and f' <{entry.origin_url}>'}")
        if here == "no":
            lines.append(f"{'':14}{zoo.remedy(entry)}")
        if entry.note:
            lines.append(f"{'':14}{entry.note}")
    return "\n".join([*lines, *_narrators(), *_legend()])


def _narrators() -> Iterator[str]:
    """Yield the narrators, the one that `auto` picks marked."""
    picked = narrators.choose("auto", {}).name
    for name, (_, extra) in narrators.NEEDS.items():
        here = (narrators.folder_of(name) / narrators.SIGNS[name]).is_file()
        star, said = "*" if name == picked else " ", "yes" if here else "no"
        yield f"{star} {'narrator':10} {name:22} {'-':>6} {'-':>6}  {said:6} Apache-2.0"
        yield f'{"":14}needs pip install "affectstream[{extra}]"; its model: {narrators.HOW[name]}'
    yield f"{'*' if picked == 'grounded' else ' '} {'narrator':10} {'grounded':22} no model"


def _legend() -> Iterator[str]:
    yield "* picked by auto; ms: one run on one thread; -: not measured here"
    yield f"files that do not come with the package: {zoo.user_folder()}"
    if any(COPYLEFT in entry.licence for entry in zoo.models()):
        yield (
            f"{COPYLEFT}: free to use, but a program that uses such a network, also over a "
            "network, must offer its own source under that licence"
        )


def _has_any(job: str) -> bool:
    return any(entry.job == job and zoo.is_present(entry) for entry in zoo.models())


def _sum(values: Iterable[float | None]) -> str:
    known = list(values)
    return "-" if None in known else f"{sum(filter(None, known)):.1f}"


def check_models(names: Sequence[str]) -> Iterator[str]:
    """Yield a line for each network that is as the lists say; without names, for those here.

    Raises: ConfigError, ModelError.
    """
    for entry in [zoo.find(name) for name in names] or zoo.models():
        if not names and entry.way != "shipped" and not zoo.is_present(entry):
            yield f"{entry.name}: not here; {zoo.remedy(entry)}"
            continue
        zoo.check(entry)
        yield f"{entry.name}: sha256 and shapes as listed"


def fetch_models(names: Sequence[str], tell: Callable[[str], None]) -> Iterator[str]:
    """Download networks; yield a line for each that is here, whole and as listed.

    `tell` is given the progress, a line every tenth of a file. Raises: ConfigError, ModelError.
    """
    told: dict[str, int] = {}

    def progress(file: str, have_bytes: int, of_bytes: int | None) -> None:
        tenth = have_bytes * 10 // of_bytes if of_bytes else have_bytes >> 20
        if told.get(file) != tenth:
            told[file] = tenth
            whole = f" of {of_bytes / 1e6:.1f}" if of_bytes else ""
            tell(f"{file}: {have_bytes / 1e6:.1f}{whole} MB")

    if narrators.NAME in names:
        folder = narrators.fetch_tinyllama(progress)
        yield f"{narrators.NAME}: in {folder}; {narrators.LICENCE}"
    for entry in [zoo.find(name) for name in names if name != narrators.NAME]:
        fetch(entry, progress)
        zoo.check(entry)
        yield f"{entry.name}: fetched, sha256 and shapes as listed; {entry.licence}"


def _accelerators() -> Iterator[str]:
    """Yield the accelerators that are built in; whether one works shows in what a network got."""
    with contextlib.suppress(MissingExtraError):
        built_in = runtime().get_available_providers()
        offered = [name for name in PROVIDERS.values() if name in built_in]
        yield f"  {'accelerators built in':24} {', '.join(offered) or 'none'}"


def _obtained(job: str) -> str:
    entry, why = zoo.pick(job)
    nets = [zoo.open_net(entry, part) for part in entry.files]
    providers = sorted({net.providers[0] for net in nets})
    return f"{entry.name}: {why}; runs on {', '.join(providers)}"


def _clashes() -> Iterator[str]:
    installed = {dist.metadata["Name"].lower().replace("_", "-") for dist in distributions()}
    runtimes = sorted(installed & set(RUNTIMES))
    if not runtimes:
        yield str(MissingExtraError("ONNX Runtime", "cpu"))
    for present in (runtimes, sorted(installed & set(OPENCVS))):
        if len(present) > 1:
            others = " ".join(present)
            yield (
                f"{' and '.join(present)} overwrite each other: "
                f"{Path(sys.executable).name} -m pip uninstall -y {others}, then install one again"
            )
