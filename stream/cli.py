"""The command line. Imports what a command needs only when it runs, so that `--help` is quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from logging import ERROR
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ..dataset.command import dataset
from .cli_models import models
from .cli_outward import alerts, keys, privacy
from .cli_runs import query, runs
from .ctl import ctl
from .errors import EXIT_SIGINT, AffectstreamError
from .logs import log_as, say
from .secrets import scrub

if TYPE_CHECKING:
    from .config import RunConfig

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
    from .cli_options import overrides, with_page, with_sink
    from .cli_run import execute
    from .config import load

    if log is not None:
        log_as(log)

    def loaded() -> RunConfig:
        found = load(config, **overrides(sources, options))
        if show:
            found = with_sink(found, "show")
        found = with_page(found, web)
        return found if quiet else with_sink(found, "console")

    sys.exit(execute(loaded(), loaded))


@main.command()
@click.option(
    "--out", type=click.Path(path_type=Path), default=DEMO_OUT, show_default=True, help="Results."
)
def demo(out: Path) -> None:
    """Replay the clip that comes with the package, at its real speed, and keep every output."""
    from importlib import resources

    from .cli_options import with_sink
    from .cli_run import execute
    from .config import load

    with resources.as_file(resources.files("affectstream.configs")) as folder:
        loaded = load(
            folder / "demo.yaml", sources=[str(folder / "demo.mp4")], out=out, overwrite=True
        )
        code = execute(with_sink(loaded, "console"))
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
