"""`scripts/rtsp_server` with a number of cameras, and what threads and processes have used."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "rtsp_server"


@contextmanager
def served(clip: str, cameras: int) -> Iterator[tuple[str, int]]:
    """Serve a clip as so many cameras; yield their URL, `{n}` for the number, and the process."""
    mounts = [f"cam{number}={clip}" for number in range(1, cameras + 1)]
    command = [str(SCRIPT), "--port", "0", *mounts]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            url = ""
            for line in child.stdout or ():
                if line.startswith("ready"):
                    break
                url = url or line.strip()
            else:
                raise SystemExit("bench live: the RTSP server did not start")
            yield url.removesuffix("1") + "{n}", child.pid
        finally:
            child.terminate()


def process_cpu_s(pid: int | None) -> float:
    """Return the processor time that a process has had; 0 for none."""
    if pid is None:
        return 0.0
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def thread_cpu_s() -> dict[str, float]:
    """Return the processor time that each thread of this process has had, by its name."""
    found = {}
    for thread in threading.enumerate():
        path = Path(f"/proc/self/task/{thread.native_id}/schedstat")
        try:
            found[thread.name] = int(path.read_text(encoding="utf-8").split()[0]) / 1e9
        except (OSError, ValueError):
            found[thread.name] = 0.0
    return found
