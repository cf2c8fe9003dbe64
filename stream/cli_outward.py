"""`affectstream keys`, `alerts` and `privacy` on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import click

from .errors import UsageError


@click.group()
def keys() -> None:
    """Keys for publishing beyond this machine."""


@keys.command("new")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--client", default="", metavar="NAME", help="For this client; default: the server.")
def keys_new(folder: Path, client: str) -> None:
    """Make a pair of CURVE keys: of the server, or of a client that is let in from then on."""
    from .bus import SERVER, make_keys

    if client and not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", client):
        raise UsageError(f"--client {client}: up to 32 letters, digits, - and _")
    try:
        public, secret = make_keys(folder, client)
    except FileExistsError as error:
        raise UsageError(f"{error} exists: delete it first to make another") from None
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror or error}") from None
    if client:
        server = folder / f"{SERVER}.key"
        click.echo(f"{client} is let in; give it {secret} and {server}, over a safe way")
        click.echo(f"to shut it out: delete {public}")
    else:
        click.echo(f"made {public} and {secret}; the second never leaves this machine")
        click.echo(f"next: affectstream keys new {folder} --client NAME")


@click.group()
def alerts() -> None:
    """Rules that tell somebody."""


@alerts.command("test")
@click.argument("rule", metavar="RULE")
@click.argument("folder", type=click.Path(path_type=Path), metavar="RUN")
@click.option("--config", type=click.Path(path_type=Path), help="Take the rule of this name here.")
def alerts_test(rule: str, folder: Path, config: Path | None) -> None:
    """Show when RULE (a condition, or a name with --config) would have fired on a stored RUN."""
    from .config import load
    from .rehearse import rehearse, rule_of
    from .runs import Run

    chosen = rule_of(rule, load(config) if config is not None else None)
    fired = list(rehearse(chosen, Run(folder)))
    for text, limited in fired:
        click.echo(text + (f" (held back: within {chosen.every_s:g} s)" if limited else ""))
    told = sum(not limited for _, limited in fired)
    click.echo(f"{told} alerts, {len(fired) - told} held back: {chosen.when}")


@click.group()
def privacy() -> None:
    """The notice for those who are watched, and the data sheet of a deployment."""


@privacy.command("report")
@click.option("--config", type=click.Path(path_type=Path), help="The deployment's configuration.")
def privacy_report(config: Path | None) -> None:
    """Print what a configuration measures, keeps and sends, in Markdown."""
    from .config import load
    from .prepare import ALWAYS
    from .purpose import check_purpose, report

    loaded = load(config)
    check_purpose(loaded)
    click.echo(report(loaded, ALWAYS), nl=False)


@privacy.command("notice")
@click.option("--sign", "path", type=click.Path(path_type=Path), help="Write a page to hang up.")
def privacy_notice(path: Path | None) -> None:
    """Print a text for those who are watched; --sign FILE.svg makes a page of it."""
    from .purpose import notice, sign

    if path is None:
        click.echo(notice(), nl=False)
        return
    try:
        path.write_text(sign(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    click.echo(f"wrote {path}")
