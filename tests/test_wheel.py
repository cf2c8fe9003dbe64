"""What is installed is whole: the wheel, the sdist, and both ways to install the wheel."""

import importlib
import os
import re
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
OUTPUTS = {
    *("readings.csv", "windows.csv", "events.csv", "run.db", "run.json"),
    *("narration.jsonl", "narrative.md", "overlay.mp4"),
}


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        yield importlib.import_module("check_wheel")
    finally:
        sys.path.remove(str(ROOT / "scripts"))


@pytest.fixture(scope="module")
def built(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    pytest.importorskip("build", reason="the build front end comes with [dev]")
    sdist, wheel = script.build(ROOT, tmp_path_factory.mktemp("dist"))
    return sdist, wheel


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of two packages, one of which holds data."""
    for name in ("stream/cli.py", "stream/inner/deep.py", "sinks/schema.sql", "sinks/base.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    listed = '"affectstream.stream", "affectstream.sinks", "affectstream.stream.inner"'
    (tmp_path / "pyproject.toml").write_text(f"[tool.setuptools]\npackages = [{listed}]\n")
    return tmp_path


def zipped(folder: Path, *names: str) -> Path:
    wheel = folder / "affectstream-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return wheel


WHOLE = (
    *("affectstream/stream/cli.py", "affectstream/stream/inner/deep.py"),
    *("affectstream/sinks/schema.sql", "affectstream/sinks/base.py"),
    *("affectstream-1.dist-info/licenses/LICENSE", "affectstream-1.dist-info/licenses/NOTICE"),
)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (WHOLE, None),
        (WHOLE[:-1], "lacks NOTICE"),
        (WHOLE[1:], "lacks affectstream/stream/cli.py"),
        (WHOLE[:2] + WHOLE[3:], "lacks affectstream/sinks/schema.sql"),
        ((*WHOLE, "tests/conftest.py"), "holds tests/conftest.py"),
        ((*WHOLE, "models/base.py"), "holds models/base.py"),
    ],
)
def test_a_wheel_is_compared_with_the_tree(
    script: ModuleType, tree: Path, names: tuple[str, ...], words: str | None
) -> None:
    faults = script.faults_of_wheel(tree, zipped(tree, *names))
    assert len(faults) == (0 if words is None else 1)
    assert words is None or words in faults[0]


def test_a_forgotten_package_is_named(script: ModuleType, tree: Path) -> None:
    assert script.faults_of_list(tree) == []
    (tree / "sinks" / "web").mkdir()
    (tree / "sinks" / "web" / "server.py").touch()
    assert script.faults_of_list(tree) == [
        "pyproject.toml does not list the package affectstream.sinks.web"
    ]


def test_the_list_of_packages_is_complete(script: ModuleType) -> None:
    assert script.faults_of_list(ROOT) == []


def test_sdist_and_wheel_are_complete(script: ModuleType, built: tuple[Path, Path]) -> None:
    sdist, wheel = built
    assert script.faults_of_sdist(ROOT, sdist) == []
    assert script.faults_of_wheel(ROOT, wheel) == []


@pytest.mark.parametrize("name", ["models.base", "sinks.base", "stream.tables"])
def test_a_bare_import_in_the_checkout_fails(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {name}"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "relative import" in done.stderr


class Installed:
    """A fresh environment that holds the wheel, far from the checkout."""

    def __init__(self, folder: Path, requirement: str) -> None:
        venv.create(folder / "venv", with_pip=True)
        self.folder = folder
        self.bin = folder / "venv" / "bin"
        pip = [self.bin / "python", "-m", "pip", "install", "--quiet", requirement]
        subprocess.run(pip, check=True, env=self._environment, timeout=600)

    @property
    def _environment(self) -> dict[str, str]:
        return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.bin / "affectstream", *words],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
        )


@pytest.mark.slow
def test_a_wheel_with_a_runtime_runs_the_demo(built: tuple[Path, Path], tmp_path: Path) -> None:
    installed = Installed(tmp_path, f"affectstream[cpu] @ {built[1].as_uri()}")
    done = installed.run("demo", "--out", "results")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"networks: .+\ndone: \d+ frames in .+\n", done.stderr)
    assert {path.name for path in (tmp_path / "results").iterdir()} == OUTPUTS
    assert all(path.stat().st_size for path in (tmp_path / "results").iterdir())
    assert installed.run("doctor").returncode == 0


@pytest.mark.slow
def test_a_wheel_without_a_runtime_says_what_to_install(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    installed = Installed(tmp_path, str(built[1]))
    (clip,) = tmp_path.glob("venv/lib/python*/site-packages/affectstream/configs/demo.mp4")
    done = installed.run("run", str(clip), "--out", "results")
    remedy = 'pip install "affectstream[cpu]"'
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"{remedy}\n") and done.stderr.count("\n") == 1
    assert not (tmp_path / "results").exists()
    told = installed.run("doctor")
    assert told.returncode == 2
    assert remedy in told.stdout
