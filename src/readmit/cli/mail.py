"""`readmit mail`: the kept mail, when no SMTP server is set (reliability OB1). Needs the data folder alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from readmit.cli.options import data_option, json_option, quiet_option, settings_of
from readmit.cli.output import note, printable, result, table, warn
from readmit.domain.errors import OperatorError

_MANY: Final = 10_000
_LISTED: Final = ("id", "createdDateTime", "kind", "language", "to", "subject")


@click.group()
def mail() -> None:
    """The kept mail."""


@mail.command("list")
@data_option
@json_option
@quiet_option
def list_(data: Path | None, as_json: bool) -> None:
    """All kept mail, oldest first.

    With --json an array of `{id, to, cc, subject, kind, language, state, createdDateTime}`.
    """
    from readmit.mail import mailbox

    kept = mailbox.listing(_folder(data))
    if len(kept) > _MANY:
        warn(f"{len(kept)} mails are kept; delete what nobody needs.")
    if as_json:
        result(kept)
    elif kept:
        table(_LISTED, [[entry[name] for name in _LISTED] for entry in kept])
    else:
        note("No mail is kept.")


@mail.command()
@click.argument("id")
@data_option
@json_option
@quiet_option
def show(id: str, data: Path | None, as_json: bool) -> None:
    """One mail: its headers and its text.

    With --json the entry of `mail list` with `text`, `html` and `headers`, an array of `{name, value}`.
    """
    from readmit.mail import mailbox

    entry = mailbox.read(_folder(data), id)
    if as_json:
        result(entry)
        return
    for header in entry["headers"]:
        click.echo(f"{header['name']}: {printable(header['value'])}")
    click.echo("")
    for line in entry["text"].splitlines():
        click.echo(printable(line))


def _folder(data: Path | None) -> Path:
    """The folder of the mails, which is made with the first of them; its data folder has to be there."""
    settings = settings_of(data)
    if not settings.data.is_dir():
        raise OperatorError(f"There is no data folder {settings.data}; name that of the server with --data.")
    return settings.mail_folder
