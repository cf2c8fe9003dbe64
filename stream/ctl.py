"""`affectstream ctl`: look at a run that goes on, and change its cameras."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .errors import UsageError

if TYPE_CHECKING:
    from .status import Answer, CameraState, What

SETTLE_S = 5.0
"""How long a command waits for the camera to follow it."""

STOP_S = 20.0
"""How long `stop` waits for the run to complete its files."""

COMING = ("ready", "running", "connecting", "playing")
"""States of a camera that may be about to give a result."""

Command = TypeVar("Command", bound=Callable[..., Any])


def _run_option(command: Command) -> Command:
    kind = click.Path(path_type=Path)
    return click.option("--run", type=kind, metavar="DIR", help="The run, by its --out.")(command)


@click.group()
def ctl() -> None:
    """Look at a run that goes on, and change its cameras."""


@ctl.command("status")
@_run_option
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def status(run: Path | None, as_json: bool) -> None:
    """Show every camera: state, results a second, age of results, frames not looked at."""
    import msgspec

    from .status import status_text

    state = _ask(run, "status").state
    assert state is not None
    width = _terminal_width() if sys.stdout.isatty() else 160
    text = msgspec.json.format(msgspec.json.encode(state)).decode()
    click.echo(text if as_json else status_text(state, width))


@ctl.command("pause")
@click.argument("camera")
@_run_option
def pause(camera: str, run: Path | None) -> None:
    """Close CAMERA until it is resumed; it keeps its place and its count."""
    _change(run, "pause", camera, {"paused"})


@ctl.command("resume")
@click.argument("camera")
@_run_option
def resume(camera: str, run: Path | None) -> None:
    """Open CAMERA again, or one that is off, has ended or has failed."""
    _change(run, "resume", camera)


@ctl.command("add")
@click.argument("source")
@_run_option
@click.option("--name", default="", help="What to call it; default: made from SOURCE.")
@click.option("--rate", type=float, metavar="HZ", help="Most pictures a second.")
@click.option("--region", metavar="X1,Y1,X2,Y2", help="The part that is looked at.")
@click.option("--privacy", is_flag=True, help="Blur its people where pictures are shown.")
@click.option("--loop", is_flag=True, help="Start a video anew when it ends.")
def add(source: str, run: Path | None, **options: Any) -> None:
    """Let SOURCE join: a URL, a video or a device; `-` reads it from standard input."""
    from .cameras import entry_of

    text = sys.stdin.readline().strip() if source == "-" else source
    answer = _ask(run, "add", entry=entry_of(text, **options))
    _settle(run, answer.text.partition(":")[0], set())


@ctl.command("remove")
@click.argument("camera")
@_run_option
def remove(camera: str, run: Path | None) -> None:
    """Take CAMERA out of the run."""
    _change(run, "remove", camera, {"removed"})


@ctl.command("stop")
@_run_option
def stop(run: Path | None) -> None:
    """End the run; what is under way is completed."""
    from .control import find, running

    card = find(run)
    _ask(run, "stop")
    end_s = time.monotonic() + STOP_S
    while card in running() and time.monotonic() < end_s:
        time.sleep(0.05)
    click.echo("still ending" if card in running() else "stopped")


def _change(run: Path | None, what: What, camera: str, until: set[str] | None = None) -> None:
    before = _camera(run, camera)
    _ask(run, what, camera)
    _settle(run, camera, until or set(), before.results if before else 0)


def _settle(run: Path | None, camera: str, until: set[str], results: int = 0) -> None:
    """Wait until a camera is in one of the states, has further results or a fault; print it."""
    end_s = time.monotonic() + SETTLE_S
    while True:
        one = _camera(run, camera)
        word = "removed" if one is None else one.state
        has_come = one is not None and (one.results > results or word not in COMING)
        if word in until or (not until and has_come) or time.monotonic() > end_s:
            break
        time.sleep(0.1)
    detail = f": {one.detail}" if one is not None and one.detail else ""
    if word == "failed":
        raise UsageError(f"{camera}{detail or ' failed'}")
    click.echo(f"{camera}: {word}{detail}")


def _camera(run: Path | None, name: str) -> CameraState | None:
    state = _ask(run, "status").state
    assert state is not None
    return next((one for one in state.cameras if one.camera == name), None)


def _ask(
    run: Path | None, what: What, camera: str = "", entry: dict[str, object] | None = None
) -> Answer:
    from .control import ask, find
    from .status import Ask

    answer = ask(find(run).endpoint, Ask(what, camera, entry or {}))
    if not answer.ok:
        raise UsageError(answer.text)
    return answer


def _terminal_width() -> int:
    return max(80, shutil.get_terminal_size().columns)
