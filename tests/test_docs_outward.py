"""Every example in the pages on stores, messages, alerts and the service is run or checked."""

import configparser
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import get_args

import click
import pytest
import yaml
from click.testing import CliRunner
from sink_messages import event, narration, person, reading, run_info, span, window, write_all

from affectstream.sinks import _channels, alerts, sqlite
from affectstream.stream.cli import main
from affectstream.stream.config import RunConfig
from affectstream.stream.kinds import configure, load_kind

ROOT = Path(__file__).resolve().parent.parent
SERVICE = ROOT / "docs" / "service"
README = (ROOT / "README.md").read_text()
SECTION = README.partition("## Stores, messages, alerts, metrics")[2].partition("\n## ")[0]
PAGES = {
    "README.md": SECTION,
    "docs/messages.md": (ROOT / "docs" / "messages.md").read_text(),
    "docs/service/README.md": (SERVICE / "README.md").read_text(),
}
BLOCKS = [
    (name, language, block)
    for name, text in PAGES.items()
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
]
COMMANDS = [
    line
    for _, language, block in BLOCKS
    if not language
    for line in block.splitlines()
    if line.startswith("affectstream")
] + [
    line.partition("exec affectstream ")[2]
    for line in PAGES["docs/service/README.md"].splitlines()
    if "exec affectstream " in line
]


def sinks_of(text):
    for entry in RunConfig(**yaml.safe_load(text)).sinks:
        yield configure(load_kind("sinks", entry.kind), entry.options)


@pytest.mark.parametrize(
    "block",
    [block for _, language, block in BLOCKS if language == "yaml"]
    + [(SERVICE / "affectstream.yaml").read_text()],
)
def test_every_option_of_every_example_is_right(block):
    pytest.importorskip("paho.mqtt.client")
    assert list(sinks_of(block))


def parsed(line):
    command: click.Command = main
    words = shlex.split(line, comments=True)[1:]
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    command.make_context("affectstream", words)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_parses(line):
    parsed(line)


def commands(command, words=()):
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from commands(inner, (*words, name))
    else:
        yield words, command


@pytest.mark.parametrize("group", ["runs", "query", "keys", "alerts", "privacy"])
def test_every_option_of_every_command_is_documented(group):
    for words, command in commands(main.commands[group], (group,)):
        assert f"affectstream {' '.join(words)}" in README, words
        for option in command.params:
            flag = option.opts[0]
            assert not flag.startswith("-") or f"`{flag}" in SECTION or f" {flag} " in SECTION, flag


@pytest.mark.parametrize("kind", [alerts.RuleConfig, *get_args(get_args(_channels.Channel)[0])])
def test_every_option_of_rules_and_channels_is_documented(kind):
    example, rest = SECTION.split("### Finished runs")
    section = rest.partition("### Alerts")[2].partition("### ")[0]
    for name in kind.model_fields:
        assert f"`{name}`" in section or f"{name}:" in example, name


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a run `runs/door` and the example as `my.yaml`."""
    pytest.importorskip("duckdb")
    run = run_info(tmp_path / "runs" / "door", sources=("door",))
    run.folder.mkdir(parents=True)
    told = [reading(0, [person()], source="door"), event(1, "arrival", 1, source="door")]
    told += [window(25 * s, [span(1), span(0)], source="door") for s in range(40)]
    write_all(sqlite.build(sqlite.Config(), run), [*told, narration(50, source="door")])
    (tmp_path / "my.yaml").write_text(next(b for _, kind, b in BLOCKS if kind == "yaml"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_on_finished_runs_work_in_their_order(place):
    lines = [line for line in COMMANDS if line in SECTION and "run " not in line.split("runs")[0]]
    assert len(lines) >= 9
    for line in lines:
        done = CliRunner().invoke(main, shlex.split(line, comments=True)[1:])
        assert done.exit_code == 0, f"{line}: {done.output}"
        assert done.output or "prune" in line


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    folder = (ROOT / name).parent
    for link in re.findall(r"\]\(([^)#]+)\)", PAGES[name]):
        assert link.startswith("http") or (folder / link).exists(), link


UNITS = sorted(path.name for path in SERVICE.glob("affectstream*.*") if path.suffix != ".yaml")


@pytest.mark.parametrize("name", UNITS)
def test_the_units_are_such_as_systemd_takes(name, tmp_path):
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(SERVICE / name)
    if "Service" in unit:
        parsed(unit["Service"]["ExecStart"])
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    for one in UNITS:
        text = (SERVICE / one).read_text()
        (tmp_path / one).write_text(text.replace("/opt/affectstream/bin/affectstream", "/bin/true"))
    done = subprocess.run(
        [analyze, "verify", "--man=no", tmp_path / name], capture_output=True, text=True
    )
    complaints = [line for line in done.stderr.splitlines() if "affectstream" in line]
    assert not complaints, complaints


def test_the_image_holds_every_package_of_the_project():
    docker = (SERVICE / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (\w+) /source/\1$", docker, re.M))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert copied == set(project["tool"]["setuptools"]["package-dir"].values())
    needed = {project["project"]["readme"], *project["project"]["license-files"], "pyproject.toml"}
    assert needed <= set(re.search(r"^COPY (.+) /source/$", docker, re.M)[1].split())


def test_the_image_and_the_compose_file_name_what_there_is():
    docker = (SERVICE / "Dockerfile").read_text()
    extras = set(re.search(r"/source\[([\w,]+)\]", docker)[1].split(","))
    project = (ROOT / "pyproject.toml").read_text()
    assert all(f"\n{extra} = [" in project for extra in extras)
    command = re.search(r"^CMD (\[.+\])$", docker, re.M)[1]
    main.commands["run"].make_context("run", yaml.safe_load(command)[1:])
    services = yaml.safe_load((SERVICE / "compose.yaml").read_text())["services"]
    assert set(services) == {"affectstream", "postgres", "mosquitto", "prometheus", "grafana"}
    assert [p for s in services.values() for p in s.get("ports", ())] == ["127.0.0.1:3000:3000"]
    for service in services.values():
        for volume in service.get("volumes", ()):
            path = volume.partition(":")[0]
            assert not path.startswith("./") or path == "./media" or (SERVICE / path).exists()
