"""What figures of speed are told with: the processor, and the widest instructions it has."""

from __future__ import annotations

import platform
from pathlib import Path

WIDEST = (("avx512f", "AVX-512"), ("avx2", "AVX2"))
"""What networks run at depends on these; one name of a processor covers several kinds."""


def cpu_name(told: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name, as far as the system tells."""
    try:
        lines = told.read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {
        name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    flags = facts.get("flags", "").split()
    name = facts.get("model name") or platform.machine()
    return next((f"{name}, {label}" for flag, label in WIDEST if flag in flags), name)
