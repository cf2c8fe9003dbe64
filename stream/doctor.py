"""What is installed, what really works, and what `auto` picks: for `doctor` and `models`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import distributions
from pathlib import Path

from ..models import zoo
from .errors import AffectstreamError, ConfigError, MissingExtraError
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
JOBS = ("face", "mesh", "expression", "pose")


def report() -> tuple[str, bool]:
    """Return what to print, and whether everything that a run needs works."""
    lines, faults = [], list(_clashes())
    lines.append("Versions")
    lines += [f"  {name:24} {version}" for name, version in versions().items()]
    lines.append(f"  {'cores':24} {os.cpu_count()}")
    lines.append("Networks that `auto` picks")
    for job in JOBS:
        try:
            lines.append(f"  {job:12} {_obtained(job)}")
        except AffectstreamError as error:
            lines.append(f"  {job:12} unusable")
            faults.append(str(error))
    lines.append(f"  {'narrator':12} grounded: sentences made from the numbers, no network")
    if not os.access(tempfile.gettempdir(), os.W_OK):
        faults.append(f"{tempfile.gettempdir()} cannot be written: set TMPDIR")
    lines.append("Faults")
    lines += [f"  {fault}" for fault in dict.fromkeys(faults)] or ["  none"]
    return "\n".join(lines), not faults


def models_table() -> str:
    """Return a line for each network, the one that `auto` picks marked by a star."""
    lines = [f"  {'job':12} {'name':24} {'ms':>6} {'MB':>6}  {'licence':12} origin"]
    for entry in zoo.models():
        files = entry.files.values()
        if not zoo.is_present(entry):
            mark = " "
        else:
            mark = "*" if zoo.pick(entry.job).entry.name == entry.name else "+"
        lines.append(
            f"{mark} {entry.job:12} {entry.name:24} {sum(f.ms_1_thread for f in files):6.1f} "
            f"{sum(f.size_bytes for f in files) / 1e6:6.1f}  {entry.licence:12} {entry.origin}"
        )
    return "\n".join([*lines, "* picked by auto, + present; ms: one run on one thread"])


def check_models(names: Sequence[str]) -> Iterator[str]:
    """Yield a line for each network that is as the manifest says. Raises: ModelError."""
    known = {entry.name: entry for entry in zoo.models()}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(f"no model {unknown[0]!r}; there are: {', '.join(known)}")
    for name in names or known:
        zoo.check(known[name])
        yield f"{name}: sha256 and shapes as listed"


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
