"""Build the live page from web/ into sinks/web/static/, and note which sources it was made from.

    python scripts/build_page.py           # npm ci, type check, build; needs Node 20 or later
    python scripts/build_page.py --check   # exit code 1 where the built files are of other sources

The built files are committed: neither the wheel nor a user needs Node.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
STATIC = ROOT / "sinks" / "web" / "static"
NOTE = "sources.sha256"


def sources(web: Path) -> list[Path]:
    """Return every file that the page is made from, in order."""
    made = ("node_modules", "dist")
    found = (path for path in web.rglob("*") if path.is_file())
    return sorted(path for path in found if not set(made) & set(path.relative_to(web).parts))


def digest(web: Path) -> str:
    """Return a hash over the names and contents of the sources; line ends do not count."""
    total = hashlib.sha256()
    for path in sources(web):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        name = path.relative_to(web).as_posix().encode()
        total.update(name + b"\0" + hashlib.sha256(content).digest())
    return total.hexdigest()


def is_current(web: Path, static: Path) -> bool:
    """Tell whether the built files were made from these sources."""
    note = static / NOTE
    return note.is_file() and note.read_text(encoding="ascii").strip() == digest(web)


def build() -> None:
    """Build. Raises: CalledProcessError."""
    if not (WEB / "node_modules" / ".package-lock.json").is_file():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=WEB, check=True)
    subprocess.run(["npm", "run", "build"], cwd=WEB, check=True)
    (STATIC / NOTE).write_text(digest(WEB) + "\n", encoding="ascii")


def main() -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="build nothing, compare")
    if parser.parse_args().check:
        if is_current(WEB, STATIC):
            return 0
        print("sinks/web/static is not of these sources: run scripts/build_page", file=sys.stderr)
        return 1
    build()
    size_kb = sum(path.stat().st_size for path in STATIC.rglob("*") if path.is_file()) / 1000
    print(f"{STATIC.relative_to(ROOT)}: {size_kb:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
