"""Take TFLite files out of the MediaPipe wheel."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from .catalogue import PACKAGE, VERSION, Entry
from .errors import ConversionError

PIP_DOWNLOAD = (
    "pip download --no-deps --only-binary=:all: --python-version 3.11 "
    f"--platform manylinux_2_28_x86_64 {PACKAGE}=={VERSION}"
)
"""The wheel is only unpacked, so its platform and Python need not be this machine's."""


def download_wheel(folder: Path) -> Path:
    """Download the wheel into `folder` with pip's own settings and return its path.

    Raises:
        ConversionError: pip failed; the message holds what it said.
    """
    command = [sys.executable, "-m", *PIP_DOWNLOAD.split(), "--dest", str(folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob(f"{PACKAGE}-{VERSION}-*.whl"))
    if result.returncode or not wheels:
        raise ConversionError(f"{PIP_DOWNLOAD}\n{result.stderr.strip()}")
    return wheels[0]


def read_source(wheel: Path, entry: Entry) -> bytes:
    """Return the TFLite file of `entry`.

    Raises:
        ConversionError: the wheel lacks the file, or holds another version of it.
    """
    with zipfile.ZipFile(wheel) as archive:
        if entry.member not in archive.namelist():
            raise ConversionError(f"{wheel.name} holds no {entry.member}")
        data = archive.read(entry.member)
    if hashlib.sha256(data).hexdigest() != entry.source_sha256:
        raise ConversionError(f"{entry.member} in {wheel.name} is not the file of {VERSION}")
    return data
