"""The README: its generated parts are current, its commands exist, its examples run."""

import importlib
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path
from types import ModuleType

import av
import click
import pytest
import yaml

from affectstream.stream import errors, tables
from affectstream.stream.cli import main
from affectstream.stream.config import RunConfig
from affectstream.stream.kinds import kinds

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SHELL = [block for language, block in BLOCKS if not language]
YAML = [block for language, block in BLOCKS if language == "yaml"]
PYTHON = [block for language, block in BLOCKS if language == "python"]
EXAMPLES = [block for block in PYTHON if "def build(" not in block]
SINKS = [block for block in PYTHON if "def build(" in block]
COMMANDS = [line for block in SHELL for line in block.splitlines() if line.startswith("affect")]
PACKETS = 30


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        yield importlib.import_module("update_readme")
    finally:
        sys.path.remove(str(ROOT / "scripts"))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The beginning of the demo clip, so that the examples need no limit."""
    short = tmp_path_factory.mktemp("media") / "clip.mp4"
    with as_file(files("affectstream.configs") / "demo.mp4") as path:
        with av.open(str(path)) as whole, av.open(str(short), "w") as cut:
            stream = cut.add_stream_from_template(whole.streams.video[0])
            for number, packet in enumerate(whole.demux(video=0)):
                if number == PACKETS or packet.dts is None:
                    break
                packet.stream = stream
                cut.mux(packet)
    return short


@pytest.fixture(scope="module")
def finished(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every example was run as it is printed."""
    folder = tmp_path_factory.mktemp("examples")
    (folder / "clip.mp4").write_bytes(clip.read_bytes())
    for example in EXAMPLES:
        done = execute(folder, "-W", "error", "-c", example)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.strip()
    return folder


def execute(
    folder: Path, *arguments: str, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(path or "")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def parameters(command: click.Command) -> Iterator[click.Parameter]:
    yield from command.params
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from parameters(inner)


def test_the_generated_parts_are_current(script: ModuleType) -> None:
    assert script.updated(README) == README, "run: python scripts/update_readme.py"


def test_stale_parts_are_noticed(script: ModuleType) -> None:
    stale = re.sub(r"^(<!-- \w+: begin -->)$", r"\1\nstale", README, flags=re.MULTILINE)
    assert stale.count("stale\n") >= len(script.PARTS)
    assert script.updated(stale) == script.updated(README)


def test_a_lost_marker_is_an_error(script: ModuleType) -> None:
    with pytest.raises(ValueError, match="sinks: begin"):
        script.updated(README.replace("<!-- sinks: end -->", ""))


def test_figures_are_optional(script: ModuleType, tmp_path: Path) -> None:
    from readme.facts import benchmarks_text  # type: ignore[import-not-found]

    assert "scripts/bench" in benchmarks_text(tmp_path / "results.jsonl")


@pytest.mark.parametrize("key", RunConfig.model_fields)
def test_every_key_is_documented(key: str) -> None:
    assert f"\n| `{key}` | " in README


@pytest.mark.parametrize(
    "flag", sorted({flag for param in parameters(main) for flag in param.opts if "--" in flag})
)
def test_every_option_is_documented(flag: str) -> None:
    assert re.search(rf"`{flag}[ `]", README)


@pytest.mark.parametrize("kind", kinds("sinks"))
def test_every_sink_is_documented(kind: str) -> None:
    assert f"\n| `{kind}` | " in README


def test_every_exit_code_is_documented() -> None:
    raised = {
        thing.exit_code
        for thing in vars(errors).values()
        if isinstance(thing, type) and issubclass(thing, errors.AffectstreamError)
    }
    section = README.partition("## Exit codes")[2].partition("\n## ")[0]
    told = {
        int(code)
        for line in re.findall(r"^\| ([\d, ]+) \|", section, re.M)
        for code in line.split(",")
    }
    assert told == raised | {errors.EXIT_OK, errors.EXIT_SIGINT, errors.EXIT_SIGTERM}


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_parses(line: str) -> None:
    command: click.Command = main
    words = shlex.split(line, comments=True)[1:]
    while isinstance(command, click.Group):
        word = words.pop(0)
        assert word in command.commands, f"no command {word}"
        command = command.commands[word]
    command.make_context("affectstream", words)


@pytest.mark.parametrize("block", YAML)
def test_every_configuration_is_valid(block: str) -> None:
    config = RunConfig(**yaml.safe_load(block))
    assert {entry.kind for entry in config.sinks} <= set(kinds("sinks"))


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)]+)\)", README))))
def test_every_link_leads_somewhere(link: str) -> None:
    if link.startswith("#"):
        titles = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
        assert link[1:] in [
            re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles
        ]
    else:
        assert (ROOT / link).exists()


def test_the_picture_is_small() -> None:
    assert (ROOT / "docs" / "overlay.png").stat().st_size <= 400_000


def test_the_examples_run_and_their_files_are_documented(finished: Path) -> None:
    results = finished / "results"
    for name in json.loads((results / "run.json").read_text()):
        assert f"`{name}`" in README.partition("`run.json`:")[2].partition("\n## ")[0]
    told = (results / "narration.jsonl").read_text().splitlines()
    section = README.partition("`narration.jsonl`, an")[2].partition("\n\n")[0]
    for name in {key for line in told for key in json.loads(line)} | {*tables.NARRATION_COLUMNS}:
        assert f"`{name}`" in section
    for path in results.iterdir():
        assert f"`{path.name}`" in README


@pytest.mark.parametrize("block", SINKS)
def test_the_sink_of_the_readme_works_as_a_plug_in(block: str, clip: Path, tmp_path: Path) -> None:
    point = re.search(r"the entry point `(\w+) = \"(\w+)\.(\w+)\"`", README)
    assert point is not None
    kind, package, module = point.groups()
    (tmp_path / package).mkdir()
    (tmp_path / package / f"{module}.py").write_text(block)
    about = tmp_path / f"{package}-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    entry = f"[affectstream.sinks]\n{kind} = {package}.{module}\n"
    (about / "entry_points.txt").write_text(entry)
    (tmp_path / "my.yaml").write_text(f"sinks: [{{kind: {kind}, below: 1.0}}]\nspeed: max\n")
    command = ["-m", "affectstream.stream", "run", str(clip), "--config", "my.yaml", "--quiet"]
    done = execute(tmp_path, *command, path=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.match(r"clip \d+ s: valence [+-]\d\.\d\d\n", done.stdout), done.stdout
