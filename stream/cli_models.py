"""`affectstream models ...`: list, get, add and check the networks."""

from __future__ import annotations

from pathlib import Path

import click

from .errors import ConfigError


@click.group()
def models() -> None:
    """List, get, add and check the networks."""


@models.command("list")
def models_list() -> None:
    """Show the networks that are known, job by job, and how to get those that are absent."""
    from .doctor import models_table

    click.echo(models_table())


@models.command("check")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def models_check(names: tuple[str, ...]) -> None:
    """Verify checksums and open each network once. Exit code 3 when one fails."""
    from .doctor import check_models

    for line in check_models(names):
        click.echo(line)


@models.command("fetch")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--path", type=click.Path(path_type=Path), help="tinyllama: a local copy to use.")
def models_fetch(names: tuple[str, ...], path: Path | None) -> None:
    """Download networks into the user's folder; one that was cut goes on where it ended."""
    from .doctor import fetch_models

    if path is not None:
        from ..models.narrators import NAME, adopt

        if names != (NAME,):
            raise ConfigError(f"--path is for {NAME} alone")
        click.echo(f"{NAME}: used from {adopt(path)}")
        return
    for line in fetch_models(names, lambda line: click.echo(line, err=True)):
        click.echo(line)


@models.command("add")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--job", default="", metavar="JOB", help="face, mesh, expression or pose.")
@click.option("--name", default="", help="What to call it; default: the file's name.")
@click.option("--kind", default="", help="The adapter that runs it; default: the job's first.")
@click.option("--labels", default="", metavar="A,B,C", help="Classes in the order of the output.")
@click.option("--licence", default="", help="Licence, where the file does not say it.")
def models_add(file: Path, labels: str, **said: str) -> None:
    """Try a network of your own in a process of its own, and copy it into the user's folder."""
    from ..models.added import Wish, add

    order = tuple(label.strip() for label in labels.split(",") if label.strip())
    entry = add(file, Wish(labels=order, **said))
    click.echo(f"added {entry.name}: use it by --model {entry.job}={entry.name}")


@models.command("export")
@click.argument("name")
@click.option("--imgsz", "side_px", type=int, default=640, show_default=True, help="320, 480, 640.")
@click.option("--int8", is_flag=True, help="Make it 8-bit; needs --calibrate.")
@click.option("--calibrate", type=click.Path(path_type=Path), metavar="CLIP", help="For --int8.")
@click.option("--weights", type=click.Path(path_type=Path), help="Your .pt; .yaml: random ones.")
def models_export(
    name: str, side_px: int, int8: bool, calibrate: Path | None, weights: Path | None
) -> None:
    """Make a YOLO pose network (AGPL-3.0) by ultralytics, or of tinyllama the 4-bit model."""
    from ..models.export import Wish, export
    from ..models.narrators import NAME, export_int4

    if name == NAME:
        click.echo(f"tinyllama-int4: in {export_int4(weights)}; use it by --model narrator=auto")
        return
    if int8 != (calibrate is not None):
        raise ConfigError("--int8 and --calibrate CLIP go together")
    entry = export(Wish(name, side_px, weights, calibrate))
    click.echo(f"{entry.name}: {entry.note}; use it by --model {entry.job}={entry.name}")
