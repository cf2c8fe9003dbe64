"""`affectstream dataset STEP DIR --out OUT`: the steps on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ..stream.errors import IncompleteError, UsageError
from .steps import EXTRA, FLOW, available

ALL = "all"
FAILURES = "failures.csv"
_SHOWN = 10


@click.group()
def dataset() -> None:
    """Make features, labels and a story of a folder of videos and rating files."""


class _Step(click.Command):
    """A step, whose help ends with its keys."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        from .steps import load_step

        assert self.name is not None
        names = available(FLOW) if self.name == ALL else [self.name]
        models = [getattr(load_step(name), "Config", None) for name in names]
        fields = {key: field for one in models if one for key, field in one.model_fields.items()}
        rows = [
            (key, f"{field.description or ''}; default {field.default!r}".lstrip("; "))
            for key, field in fields.items()
        ]
        if rows:
            with formatter.section("Keys for --set and --config"):
                formatter.write_dl(rows)


def _command(name: str) -> click.Command:
    told = {**FLOW, **EXTRA, ALL: "Do every step, in this order; goes on where it was ended."}
    return _Step(
        name,
        help=told[name],
        short_help=told[name],
        callback=lambda **given: sys.exit(_do(name, **given)),
        params=[
            click.Argument(["videos"], metavar="DIR", type=click.Path(path_type=Path)),
            click.Option(
                ["--out"],
                required=True,
                type=click.Path(path_type=Path),
                help="Folder that receives every result.",
            ),
            click.Option(
                ["--jobs"],
                type=click.IntRange(0, 256),
                default=0,
                metavar="N",
                help="Videos at once; default one per core.",
            ),
            click.Option(
                ["--limit"],
                type=click.IntRange(1),
                metavar="N",
                help="Only the first N videos.",
            ),
            click.Option(["--dry-run"], is_flag=True, help="Say what would be done; do nothing."),
            click.Option(["--overwrite"], is_flag=True, help="Do again what is done."),
            click.Option(
                ["--config"],
                type=click.Path(path_type=Path),
                help="YAML file with keys of the steps.",
            ),
            click.Option(["--set", "words"], multiple=True, metavar="KEY=VALUE", help="Set a key."),
        ],
    )


def _do(
    name: str, *, config: Path | None, words: tuple[str, ...], dry_run: bool, **given: Any
) -> int:
    """Do one step or all; return the exit code."""
    from .files import locked
    from .options import StepOptions
    from .settings import check_keys, gather
    from .steps import load_step

    names = available(FLOW) if name == ALL else [name]
    steps = [load_step(step) for step in names]
    options = StepOptions(**given, dry_run=dry_run, config=gather(config, words))
    check_keys(options.config, steps)
    if dry_run:
        return _do_steps(names, steps, options, lenient=name == ALL)
    with locked(options.out):
        return _do_steps(names, steps, options, lenient=False)


def _do_steps(names: list[str], steps: list[Any], options: Any, *, lenient: bool) -> int:
    code = 0
    for name, step in zip(names, steps, strict=True):
        try:
            result = step.run(options)
        except KeyboardInterrupt:
            click.echo(f"{name}: ended; the same command goes on from here", err=True)
            raise
        except UsageError as error:
            if not lenient:
                raise
            click.echo(f"then {', '.join(names[names.index(name) :])} ({error})")
            break
        _tell(name, result, options.dry_run)
        if not options.dry_run:
            _keep_failures(options.out, name, result.failed)
        if result.failed:
            code = IncompleteError.exit_code
    return code


def _tell(name: str, result: Any, dry_run: bool) -> None:
    counts = [] if dry_run else [f"{result.done} done"]
    if result.skipped:
        counts.append(f"{result.skipped} were done before")
    if result.failed:
        counts.append(f"{len(result.failed)} failed")
    click.echo(f"{name}: {', '.join(counts)}".rstrip(" :"))
    for note in result.notes:
        click.echo(f"  {note}")
    for item, reason in list(result.failed.items())[:_SHOWN]:
        click.echo(f"  failed: {item}: {reason}", err=True)
    if len(result.failed) > _SHOWN:
        click.echo(f"  and {len(result.failed) - _SHOWN} more; see {FAILURES}", err=True)


def _keep_failures(out: Path, name: str, failed: dict[str, str]) -> None:
    """Keep the list of what failed, step by step; there is no file where nothing did."""
    from .files import read_rows, write_rows

    path = out / FAILURES
    rows = [row for row in read_rows(path, name) if row["step"] != name] if path.exists() else []
    rows += [{"step": name, "item": item, "reason": why} for item, why in failed.items()]
    if rows:
        write_rows(path, ("step", "item", "reason"), rows)
    else:
        path.unlink(missing_ok=True)


for _name in (*available(FLOW), *available(EXTRA), ALL):
    dataset.add_command(_command(_name))
