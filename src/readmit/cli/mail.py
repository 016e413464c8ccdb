"""`readmit mail`: the kept mail, when no SMTP server is set (reliability OB1)."""

from __future__ import annotations

import json
from pathlib import Path

import click

from readmit.cli.options import data_option, json_option, settings_of

_MANY = 10_000


@click.group()
def mail() -> None:
    """The kept mail."""


@mail.command("list")
@data_option
@json_option
def list_(data: Path | None, as_json: bool) -> None:
    """All kept mail, oldest first."""
    from readmit.mail import mailbox

    kept = mailbox.listing(settings_of(data).mail_folder)
    if len(kept) > _MANY:
        click.echo(f"{len(kept)} mails are kept; delete what nobody needs.", err=True)
    if as_json:
        click.echo(json.dumps(kept, ensure_ascii=False))
        return
    for entry in kept:
        to = ", ".join(entry["to"])
        click.echo(f"{entry['id']}  {entry['createdDateTime']}  {entry['kind']:10}  {to}  {entry['subject']}")
    if not kept:
        click.echo("No mail is kept.", err=True)


@mail.command()
@click.argument("id")
@data_option
@json_option
def show(id: str, data: Path | None, as_json: bool) -> None:
    """One mail with its text."""
    from readmit.mail import mailbox

    entry = mailbox.read(settings_of(data).mail_folder, id)
    if as_json:
        click.echo(json.dumps(entry, ensure_ascii=False))
        return
    for header in entry["headers"]:
        click.echo(f"{header['name']}: {header['value']}")
    click.echo("")
    click.echo(entry["text"])
