"""`affectstream runs ...` and `affectstream query`: finished runs on the command line."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from .errors import ConfigError, NotARunError, UsageError

RUN = click.argument("folder", type=click.Path(path_type=Path), metavar="RUN")


@click.group()
def runs() -> None:
    """List, show, export and delete the runs on disk."""


@runs.command("list")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("runs"))
def runs_list(folder: Path) -> None:
    """Show the runs below FOLDER (default: runs), the newest last."""
    from .shelf import runs_below, shelved

    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder")
    found = []
    for place in runs_below(folder):
        try:
            found.append(shelved(place))
        except NotARunError as error:
            click.echo(f"affectstream: {error}", err=True)
    if not found:
        click.echo(f"no runs in {folder}")
        return
    rows = [
        (
            str(run.folder),
            run.status,
            time.strftime("%Y-%m-%d %H:%M", time.gmtime(run.modified_s)),
            ", ".join(run.sources[:3]) + (" ..." if len(run.sources) > 3 else ""),
            str(run.readings),
            f"{run.size_bytes / 1e6:.1f}",
        )
        for run in sorted(found, key=lambda run: run.modified_s)
    ]
    _columns(("run", "status", "changed (UTC)", "sources", "readings", "MB"), rows)


@runs.command("show")
@RUN
def runs_show(folder: Path) -> None:
    """Show what a run holds: sources, networks, rows and how it went."""
    from .runs import Run

    run = Run(folder)
    record = run.summary()
    click.echo(f"{folder}: run {run.meta['run_id']}, {record.get('status', 'no record')}")
    networks = (f"{job} {made.get('name')}" for job, made in run.meta["models"].items())
    click.echo(f"networks: {', '.join(networks)}")
    for _, source in run.sources().iterrows():
        size = f"{source['width_px']} x {source['height_px']} px"
        note = record.get("sources", {}).get(source["source"], {}).get("note") or ""
        click.echo(f"source {source['source']}: {source['origin']}, {size}{note and ', ' + note}")
    counts = ("readings", "windows", "events", "narrations", "deletions")
    click.echo("rows: " + ", ".join(f"{name} {run.count(name)}" for name in counts))
    for scope, row in record.get("ledger", {}).items():
        click.echo(f"{scope}: " + ", ".join(f"{name} {count}" for name, count in row.items()))


@runs.command("export")
@RUN
@click.option("--to", "form", required=True, metavar="FORM", help="csv, json, parquet, postgres.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder; default: the run's own.")
def runs_export(folder: Path, form: str, out: Path | None) -> None:
    """Write a run in another form; what a server has already is left as it is.

    The server is named by the environment variable AFFECTSTREAM_POSTGRES.
    """
    from .export import export
    from .runs import Run

    counts = export(Run(folder), form, out)
    click.echo(", ".join(f"{table} {count}" for table, count in counts.items()))


@runs.command("delete")
@RUN
@click.option("--source", default="", metavar="NAME", help="Only the rows of this source.")
@click.option("--from", "from_s", type=float, metavar="SECONDS", help="Only from here (media).")
@click.option("--to", "to_s", type=float, metavar="SECONDS", help="Only up to here (media).")
@click.option("--server", is_flag=True, help="Also its rows in PostgreSQL (all of them).")
@click.option("--yes", is_flag=True, help="Do not ask.")
def runs_delete(
    folder: Path, source: str, from_s: float | None, to_s: float | None, server: bool, yes: bool
) -> None:
    """Delete a run, or a stretch of it, and note what was deleted.

    The server is named by the environment variable AFFECTSTREAM_POSTGRES.
    """
    from .runs import Run
    from .shelf import delete_run, forget

    run_id = str(Run(folder).meta["run_id"])
    is_part = bool(source) or from_s is not None or to_s is not None
    if is_part and server:
        raise UsageError("--server deletes a run whole: leave out --source, --from and --to")
    what = "a stretch of" if is_part else "all of"
    if not yes and not click.confirm(f"Delete {what} {folder}?"):
        raise UsageError("nothing was deleted")
    if server:
        from .shelf_server import forget_run

        click.echo(f"server: deleted {_counted(forget_run(run_id))}")
    if is_part:
        counts = forget(folder, source, from_s or 0.0, 1e12 if to_s is None else to_s)
        click.echo(f"deleted {_counted(counts)}")
    else:
        click.echo(f"deleted {len(delete_run(folder)['files'])} files")


@runs.command("prune")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("runs"))
@click.option(
    "--keep",
    multiple=True,
    required=True,
    metavar="KIND=LIMIT",
    help="pictures=24h, words=30d, rows=30d, all=10GB; the oldest go first.",
)
@click.option("--server", is_flag=True, help="Also rows of every run in PostgreSQL, by age.")
def runs_prune(folder: Path, keep: tuple[str, ...], server: bool) -> None:
    """Delete what is too old or too much below FOLDER; for a timer or cron.

    The server is named by the environment variable AFFECTSTREAM_POSTGRES.
    """
    from .shelf import prune

    limits = {}
    for text in keep:
        kind, equals, limit = text.partition("=")
        if not equals:
            raise ConfigError(f"--keep {text}: write KIND=LIMIT, such as pictures=24h")
        limits[kind] = limit
    for proof in prune(folder, limits, time.time()):
        size = sum(proof["files"].values()) / 1e6
        click.echo(f"{proof['folder']}: {len(proof['files'])} files, {size:.1f} MB, {proof['why']}")
    if server:
        from .shelf_server import prune_rows

        for run_id, counts in prune_rows(limits, time.time()).items():
            click.echo(f"server: {run_id}: {_counted(counts)}")


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{table} {count}" for table, count in counts.items()) or "nothing"


@click.command("query")
@click.argument("folder", metavar="RUN")
@click.argument("statement", metavar="SQL")
@click.option("--from", "store", default="auto", metavar="STORE", help="sqlite, parquet, csv ...")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table")
def query(folder: str, statement: str, store: str, form: str) -> None:
    """Ask the tables of a RUN by SQL (DuckDB); nothing can be changed.

    Tables: run, sources, readings, windows, events, narrations, ledger, deletions.
    """
    from .query import query as ask

    names, rows = ask(folder, statement, store)
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
    elif form == "json":
        for row in rows:
            click.echo(json.dumps(dict(zip(names, row, strict=True)), default=str))
    else:
        _columns(names, [tuple(_cell(cell) for cell in row) for row in rows])


def _cell(cell: Any) -> str:
    if cell is None:
        return ""
    return f"{cell:.4f}" if isinstance(cell, float) else str(cell)


def _columns(names: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
    """Print columns, numbers to the right."""
    table = [tuple(names), *rows]
    widths = [max(len(row[place]) for row in table) for place in range(len(names))]
    numeric = [
        bool(rows) and all(row[place].replace(".", "").lstrip("-").isdigit() for row in rows)
        for place in range(len(names))
    ]
    for row in table:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        )
        click.echo("  ".join(cells).rstrip())
