"""Hours of frames through every stage: memory, threads and files stay as they are."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "soak.py"
FOUR_HOURS_OF_A_CAMERA = 4 * 3600 * 25


def soak(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads memory from /proc")
def test_hours_of_frames_leave_nothing_behind() -> None:
    done = soak("--frames", str(FOUR_HOURS_OF_A_CAMERA))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads memory from /proc")
def test_growth_is_noticed() -> None:
    done = soak("--frames", "3000", "--most-mb", "-1000")
    assert done.returncode == 1 and "grew by" in done.stdout
