"""`readmit db`: the database's schema and health."""

from __future__ import annotations

from pathlib import Path

import click

from readmit.cli.options import data_option, existing, settings_of
from readmit.domain.errors import OperatorError


@click.group()
def db() -> None:
    """The database: upgrade, check."""


@db.command()
@data_option
def upgrade(data: Path | None) -> None:
    """Bring the schema up to this version; a copy of an older file stays beside it."""
    from readmit import data_folder
    from readmit.storage import schema

    settings = settings_of(data)
    data_folder.open_folder(settings.data)
    done = schema.upgrade(settings.database_path)
    click.echo("\n".join(f"done  {step}" for step in done) or "no change")


@db.command()
@data_option
def check(data: Path | None) -> None:
    """Read the whole database: integrity, references, schema."""
    from readmit.storage import schema

    settings = existing(settings_of(data))
    missing = schema.check(settings.database_path)
    if missing:
        raise OperatorError(f"The schema lacks {', '.join(missing)}; run `readmit db upgrade`.")
    problems = schema.integrity(settings.database_path)
    if problems:
        raise OperatorError(f"The database is damaged ({problems[0]}); restore a backup.")
    click.echo("ok")
