"""Build the sdist, and from it the wheel; fail when either lacks a file or holds one too many.

    python scripts/check_wheel.py                # build in a temporary folder, check
    python scripts/check_wheel.py --keep FOLDER  # and leave both files there

The build works on a copy of the tree, since leftovers of an earlier build would hide an omission.
Needs `build` and the setuptools of `pyproject.toml`; nothing is downloaded.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("stream", "models", "sinks", "configs", "dataset")
FILES = ("pyproject.toml", "README.md", "LICENSE", "NOTICE")
OTHERS = ("tests", "scripts", "docs", "benchmarks")
"""Copied too where they exist, so that one that slips into the wheel is seen."""
_LEFTOVERS = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist")


def packaged_files(root: Path) -> set[str]:
    """Return what a wheel must hold below `affectstream/`, as `stream/cli.py`: every file."""
    return {
        path.relative_to(root).as_posix()
        for package in PACKAGES
        for path in (root / package).rglob("*")
        if path.is_file() and path.name[0] != "." and "__pycache__" not in path.parts
    }


def packages_on_disk(root: Path) -> set[str]:
    """Return the import name of every folder that holds Python files."""
    folders = {Path(name).parent for name in packaged_files(root) if name.endswith(".py")}
    return {".".join(("affectstream", *folder.parts)) for folder in folders}


def packages_listed(root: Path) -> set[str]:
    """Return the packages that `pyproject.toml` lists."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    return set(tomllib.loads(text)["tool"]["setuptools"]["packages"])


def build(root: Path, target: Path) -> tuple[Path, Path]:
    """Build into an empty folder; return the sdist and the wheel. Raises: CalledProcessError."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        tree.mkdir()
        for name in FILES:
            shutil.copy2(root / name, tree)
        for name in filter(lambda name: (root / name).is_dir(), (*PACKAGES, *OTHERS)):
            shutil.copytree(root / name, tree / name, ignore=_LEFTOVERS)
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target)]
        subprocess.run(
            [*command, str(tree)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
    (sdist,) = target.glob("*.tar.gz")
    (wheel,) = target.glob("*.whl")
    return sdist, wheel


def faults_of_sdist(root: Path, sdist: Path) -> list[str]:
    """Return a line for each file that the sdist lacks."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    return _missing(sdist, packaged_files(root) | set(FILES), names)


def faults_of_wheel(root: Path, wheel: Path) -> list[str]:
    """Return a line for each file that the wheel lacks, or holds and must not."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    wanted = {f"affectstream/{name}" for name in packaged_files(root)}
    about = {name for name in names if ".dist-info/" in name}
    licences = {name.rpartition("/")[2] for name in about if "/licenses/" in name}
    spare = sorted(names - about - wanted)
    return [
        *_missing(wheel, wanted, names),
        *_missing(wheel, {"LICENSE", "NOTICE"}, licences),
        *(f"{wheel.name} holds {name}, which is not part of a package" for name in spare),
    ]


def faults_of_list(root: Path) -> list[str]:
    """Return a line for each package that `pyproject.toml` forgets, or lists without a folder."""
    on_disk, listed = packages_on_disk(root), packages_listed(root)
    return [
        *(f"pyproject.toml does not list the package {name}" for name in sorted(on_disk - listed)),
        *(f"pyproject.toml lists {name}, which is no folder" for name in sorted(listed - on_disk)),
    ]


def _missing(archive: Path, wanted: Iterable[str], names: set[str]) -> list[str]:
    return [f"{archive.name} lacks {name}" for name in sorted(set(wanted) - names)]


def main() -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave both files here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            sdist, wheel = build(ROOT, Path(folder))
        except subprocess.CalledProcessError as error:
            print(error.stderr.decode(), file=sys.stderr)
            return 1
        faults = [
            *faults_of_list(ROOT),
            *faults_of_sdist(ROOT, sdist),
            *faults_of_wheel(ROOT, wheel),
        ]
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            shutil.copy2(sdist, options.keep)
            shutil.copy2(wheel, options.keep)
        size_mb = wheel.stat().st_size / 1e6
    print("\n".join(faults) or f"{wheel.name} ({size_mb:.1f} MB) and {sdist.name} are complete")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
