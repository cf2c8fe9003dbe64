"""Figures of speed are told with the processor they were measured on."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))
from processor import cpu_name  # noqa: E402


@pytest.mark.parametrize(
    "flags, name",
    [
        ("fpu avx avx2 avx512f avx512_vnni", "Some CPU 3, AVX-512"),
        ("fpu avx avx2", "Some CPU 3, AVX2"),
        ("fpu sse2", "Some CPU 3"),
    ],
)
def test_the_widest_instructions_are_told(tmp_path: Path, flags: str, name: str) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text(f"processor\t: 0\nmodel name\t: Some CPU 3\nflags\t\t: {flags}\n")
    assert cpu_name(told) == name


def test_a_system_that_does_not_tell_still_has_a_name(tmp_path: Path) -> None:
    assert cpu_name(tmp_path / "absent")
