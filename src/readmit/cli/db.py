"""`readmit db`: the database's schema and health."""

from __future__ import annotations

from pathlib import Path

import click

from readmit.cli.options import data_option, existing, json_option, settings_of
from readmit.cli.output import result
from readmit.domain.errors import OperatorError


@click.group()
def db() -> None:
    """The database: upgrade, check."""


@db.command()
@data_option
@json_option
def upgrade(data: Path | None, as_json: bool) -> None:
    """Bring the schema up to this version; a copy of an older file stays beside it.

    With --json: `done`, the steps.
    """
    from readmit import data_folder
    from readmit.storage import schema

    settings = settings_of(data)
    data_folder.open_folder(settings.data)
    data_folder.refuse_emptied(settings.data, settings.database_path)
    done = schema.upgrade(settings.database_path)
    settings.database_path.chmod(0o600)
    result({"done": done}) if as_json else click.echo("\n".join(f"done  {step}" for step in done) or "no change")


@db.command()
@data_option
@json_option
def check(data: Path | None, as_json: bool) -> None:
    """Read the whole database: integrity, references, schema.

    With --json: `missing` (steps of the schema) and `problems`; nothing is wrong if both are empty.
    """
    from readmit import data_folder
    from readmit.storage import schema

    settings = existing(settings_of(data))
    data_folder.refuse_emptied(settings.data, settings.database_path)
    missing = schema.check(settings.database_path)
    problems = [] if missing else schema.integrity(settings.database_path)
    if as_json:
        result({"missing": missing, "problems": problems})
    if missing:
        raise OperatorError(f"The schema lacks {', '.join(missing)}; run `readmit db upgrade`.")
    if problems:
        raise OperatorError(f"The database is damaged ({problems[0]}); restore a backup.")
    if not as_json:
        click.echo("ok")
