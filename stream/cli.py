"""The command line. Imports what a command needs only when it runs, so that `--help` is quick."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from logging import ERROR, WARNING
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal

import click

from ..dataset.command import dataset
from .cli_models import models
from .cli_outward import alerts, keys, privacy
from .cli_runs import query, runs
from .ctl import ctl
from .errors import EXIT_SIGINT, EXIT_SIGTERM, AffectstreamError, ConfigError, IncompleteError
from .logs import log_as, say
from .secrets import scrub

if TYPE_CHECKING:
    from .config import RunConfig
    from .pipeline import Pipeline, Summary

STATUS_CODES = {
    **dict.fromkeys(("done", "limited", "interrupted", "stopped"), 0),
    "incomplete": IncompleteError.exit_code,
}
DEMO_OUT = Path("runs/demo")


class _Group(click.Group):
    """Turns our errors into a line on standard error and an exit code."""

    def main(self, args: Sequence[str] | None = None, *more: Any, **options: Any) -> Any:
        """Start anew, where the process list would show a password."""
        if args is None and os.name == "posix" and any("://" in word for word in sys.argv[1:]):
            from .secrets import hide_in_arguments

            hidden, held = hide_in_arguments(sys.argv[1:])
            if held:
                command = [sys.executable, "-P", "-m", "affectstream.stream", *hidden]
                os.execve(sys.executable, command, {**os.environ, **held})
        return super().main(args, *more, **options)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except AffectstreamError as error:
            say(f"affectstream: {scrub(str(error))}", ERROR)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            sys.exit(EXIT_SIGINT)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(0)
        except Exception as error:
            if os.environ.get("AFFECTSTREAM_DEBUG"):
                raise
            say(
                f"affectstream: internal fault, {type(error).__name__}: {scrub(str(error))}\n"
                "Set AFFECTSTREAM_DEBUG=1 to see where; what was written until then is kept.",
                ERROR,
            )
            sys.exit(AffectstreamError.exit_code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="affectstream")
def main() -> None:
    """Show, store and tell how the people in a video feel and move."""


main.add_command(ctl)


@main.command()
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option("--config", type=click.Path(path_type=Path), help="YAML file with any of the keys.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder that receives every result.")
@click.option("--overwrite", is_flag=True, help="Replace the results of an earlier run in --out.")
@click.option("--sink", "sinks", multiple=True, metavar="KIND", help="Add a sink, such as video.")
@click.option("--speed", metavar="real|max|FLOAT", help="Pace of a replay; default real.")
@click.option("--live", is_flag=True, help="Newest frame wins; dropped frames are counted.")
@click.option("--resolution", metavar="WxH", help="Size asked of a webcam, such as 1280x720.")
@click.option("--rate", type=float, metavar="HZ", help="Pictures a second asked of a webcam.")
@click.option("--show", is_flag=True, help="Open a window; in it, h shows the keys.")
@click.option("--window", type=float, metavar="SECONDS", help="Sliding window; default 10.")
@click.option("--narrate", type=float, metavar="SECONDS", help="Between narrations; default 15.")
@click.option("--language", metavar="CODE", help="Of the narration: en, de; default en.")
@click.option("--model", "models", multiple=True, metavar="JOB=NAME", help="Choose a network.")
@click.option(
    "--baseline", type=float, metavar="SECONDS", help="A face's first seconds are its rest."
)
@click.option("--transport", metavar="tcp|udp", help="How cameras send; default tcp.")
@click.option("--loop", is_flag=True, help="Start each source anew when it ends.")
@click.option("--limit", type=int, metavar="FRAMES", help="Only the first frames of each source.")
@click.option("--provider", metavar="NAME", help="auto, cpu, cuda or openvino; default auto.")
@click.option("--workers", type=int, metavar="N", help="Threads for networks; 0: one per core.")
@click.option(
    "--web",
    is_flag=False,
    flag_value="",
    metavar="[HOST:]PORT",
    help="Open a live page; sources go before it. Default 127.0.0.1:8642; 0: any free port.",
)
@click.option("--privacy", metavar="WAY", help="blur, pixelate or silhouette; default none.")
@click.option("--record", metavar="WHEN", help="Keep the original: events, always; default never.")
@click.option("--log", metavar="FORM", help="plain or json lines on standard error.")
@click.option("--quiet", is_flag=True, help="Do not print the rolling state.")
def run(
    sources: tuple[str, ...],
    config: Path | None,
    quiet: bool,
    show: bool,
    web: str | None,
    log: str | None,
    **options: Any,
) -> None:
    r"""Run the pipeline over SOURCEs.

    A SOURCE is a video, a folder or a glob of them, a webcam (0, or a part of its name), a camera
    on the network (rtsp://user:password@host/path), a list of cameras (a cameras.yaml, or a
    .streams file with a source a line), or `browser`: the camera of whoever opens the page.

    \b
    Exit codes: 0 done, 2 usage or configuration, 3 a source or model cannot be
    opened, 4 refused by policy, 5 incomplete (ended early or corrupt; what was
    decoded is kept), 70 internal fault, 130/143 interrupted.
    """
    from .config import load

    if log is not None:
        log_as(log)

    def loaded() -> RunConfig:
        found = load(config, **_overrides(sources, options))
        if show:
            found = _with_sink(found, "show")
        found = _with_page(found, web)
        return found if quiet else _with_sink(found, "console")

    sys.exit(_run(loaded(), loaded))


@main.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=DEMO_OUT, show_default=True, help="Results."
)
def demo(out: Path) -> None:
    """Replay the clip that comes with the package, at its real speed, and keep every output."""
    from importlib import resources

    from .config import load

    with resources.as_file(resources.files("affectstream.configs")) as folder:
        loaded = load(
            folder / "demo.yaml", sources=[str(folder / "demo.mp4")], out=out, overwrite=True
        )
        code = _run(_with_sink(loaded, "console"))
    if code == 0:
        click.echo(f"\nEverything is in {out}: look at {out / 'overlay.mp4'} first.")
    sys.exit(code)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="RUN_DIR")
@click.option("--web", default="", metavar="[HOST:]PORT", help="Default 127.0.0.1:8642.")
@click.option(
    "--pictures",
    type=click.Choice(["clear", "blurred", "none"]),
    default="clear",
    show_default=True,
    help="What may be shown; blurred shows single pictures in the place of a film.",
)
def view(folder: Path, web: str, pictures: Literal["clear", "blurred", "none"]) -> None:
    """Open a finished run in the same page as a live one, with the film and the charts in step."""
    from ..sinks.web import require_extra
    from ..sinks.web.address import address

    require_extra("the page")
    from ..sinks.web.view import serve

    serve(folder, *address(web), pictures)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="RUN_DIR")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    help="PNG, SVG or PDF; default summary.png, or PART.png.",
)
@click.option("--source", metavar="NAME", help="Of several, this one; default the first.")
@click.option(
    "--part",
    type=click.Choice(["page", "timeline", "plane", "quadrants"]),
    default="page",
    show_default=True,
    help="The whole page, or a part of it as a figure for a paper.",
)
@click.option(
    "--pictures",
    type=click.Choice(["clear", "blurred", "none"]),
    default="clear",
    show_default=True,
    help="How the key frames of the page show faces.",
)
def plot(folder: Path, to: Path | None, **how: Any) -> None:
    """Draw a finished run: time courses, plane, quadrant shares, key frames, narration."""
    from ..sinks._look.plots import plot as draw

    part = "summary" if how["part"] == "page" else how["part"]
    click.echo(draw(folder, to or Path(f"{part}.png"), **how))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def devices(as_json: bool) -> None:
    """List the webcams of this machine and what they can deliver."""
    from .webcams import as_text, listing

    click.echo(listing() if as_json else as_text())


@main.command()
@click.argument("run_dir", type=click.Path(path_type=Path), metavar="RUN_DIR")
@click.argument("question")
@click.option("--source", metavar="NAME", help="Which source, where the run has several.")
@click.option("--language", default="en", show_default=True, help="Of question and answer: en, de.")
@click.option("--narrator", default="auto", show_default=True, help="The engine that answers.")
def ask(run_dir: Path, question: str, narrator: str, **how: Any) -> None:
    """Answer a QUESTION about a run from its store: when, who, how long, highest, compare."""
    from .ask import ask as answer

    told = answer(run_dir, question, narrator, **how)
    click.echo(told.text)
    if told.grounded == "fallback":
        click.echo(f"{narrator} did not pass the check: {told.faults[-1]}", err=True)


@main.command()
def doctor() -> None:
    """Show versions, what ONNX Runtime really obtains, and what `auto` picks and why."""
    from .doctor import report

    text, healthy = report()
    click.echo(text)
    sys.exit(0 if healthy else 2)


for _command in (models, dataset, runs, query, keys, alerts, privacy):
    main.add_command(_command)


def _overrides(sources: tuple[str, ...], options: dict[str, Any]) -> dict[str, Any]:
    """Map the command line's words to keys; what was not given stays as the file says."""
    chosen = {}
    for text in options["models"]:
        job, equals, name = text.partition("=")
        if not equals or not job or not name:
            raise ConfigError(f"--model {text}: write JOB=NAME, such as pose=blazepose")
        chosen[job] = name
    speed = options["speed"]
    if speed not in (None, "real", "max"):
        try:
            speed = float(speed)
        except ValueError:
            raise ConfigError(f"--speed {speed}: real, max or a number") from None
    return {
        "sources": list(sources) or None,
        "out": options["out"],
        "overwrite": options["overwrite"] or None,
        "sinks": list(options["sinks"]) or None,
        "speed": speed,
        "live": options["live"] or None,
        "resolution": options["resolution"],
        "rate_hz": options["rate"],
        "window_s": options["window"],
        "narrate_s": options["narrate"],
        "language": options["language"],
        "models": chosen,
        "baseline": None if options["baseline"] is None else "start",
        "baseline_s": options["baseline"],
        "transport": options["transport"],
        "loop": options["loop"] or None,
        "limit_frames": options["limit"],
        "provider": options["provider"],
        "workers": options["workers"],
        "privacy": options["privacy"],
        "record": options["record"],
    }


def _with_sink(config: RunConfig, kind: str) -> RunConfig:
    from .config import SinkEntry

    if any(entry.kind == kind for entry in config.sinks):
        return config
    return config.model_copy(update={"sinks": (*config.sinks, SinkEntry(kind=kind))})


def _with_page(config: RunConfig, web: str | None) -> RunConfig:
    """Add the sink `web` where it is asked for; a browser's camera needs it, and is live."""
    from .config import SinkEntry
    from .locate import BROWSER

    if web is not None:
        from ..sinks.web.address import address

        host, port = address(web)
        kept = tuple(entry for entry in config.sinks if entry.kind != "web")
        given = next((entry.options for entry in config.sinks if entry.kind == "web"), {})
        entry = SinkEntry(kind="web", **{**given, "host": host, "port": port})
        config = config.model_copy(update={"sinks": (*kept, entry)})
    if BROWSER in config.sources and not any(entry.kind == "web" for entry in config.sinks):
        raise ConfigError("the source browser is the camera of the page: add --web")
    return config


def _run(config: RunConfig, load: Callable[[], RunConfig] | None = None) -> int:
    """Run to the end, or to the first Ctrl-C or SIGTERM; return the exit code.

    On SIGHUP the configuration is taken that `load` returns.
    """
    from .pipeline import Pipeline

    pipeline = Pipeline(config)
    picked = (f"{job} {model['name']}" for job, model in pipeline.run.models.items())
    say(f"networks: {', '.join(picked)}")
    caught = _stop_on_signals(pipeline)
    if load is not None and hasattr(signal, "SIGHUP"):
        _reload_on_hangup(pipeline, load)
    summary = pipeline.start().join()
    _tell(summary)
    if summary.status == "interrupted" and caught:
        return EXIT_SIGTERM if signal.SIGTERM in caught else EXIT_SIGINT
    return STATUS_CODES[summary.status]


def _stop_on_signals(pipeline: Pipeline) -> list[int]:
    """End the run on the first signal, leave at once on the second; return those caught."""
    caught: list[int] = []

    def handle(number: int, _: FrameType | None) -> None:
        if caught:
            os._exit(EXIT_SIGTERM if number == signal.SIGTERM else EXIT_SIGINT)
        caught.append(number)
        pipeline.stop()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    return caught


def _reload_on_hangup(pipeline: Pipeline, load: Callable[[], RunConfig]) -> None:
    """Read the configuration anew on SIGHUP; end the run where it means that the terminal went."""

    def handle(number: int, _: FrameType | None) -> None:
        try:
            os.tcgetpgrp(0)
        except OSError as error:
            if error.errno == errno.EIO:
                pipeline.stop()
                return
        pipeline.reload(load)

    signal.signal(signal.SIGHUP, handle)


def _tell(summary: Summary) -> None:
    for source_id, health in summary.states.items():
        if health.outages or not summary.frames.get(source_id):
            why = health.detail or "it was still connecting"
            times = "once" if health.outages == 1 else f"{health.outages} times"
            told = f"lost {times}" if health.outages else f"never played: {why}"
            say(f"{source_id}: {told}", WARNING)
    for name, why in summary.lost.items():
        say(f"without the output {name} from then on: {why}", WARNING)
    for source_id, note in summary.notes.items():
        if note.startswith(("incomplete", "failed")):
            say(scrub(f"{source_id}: {note}"), WARNING)
    frames = sum(summary.frames.values())
    say(
        f"{summary.status}: {frames} frames in {summary.wall_s:.1f} s "
        f"({summary.frames_per_s:.1f} frames/s)"
    )
