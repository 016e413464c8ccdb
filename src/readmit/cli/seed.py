"""`readmit seed FILE`: apply a seed file to a data folder, also beside a running server."""

from __future__ import annotations

import os
from pathlib import Path

import click

from readmit.cli.options import data_option, json_option, settings_of
from readmit.flows.seed import Report
from readmit.flows.world import World


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Apply what differs since, never to a deleted object.")
@data_option
@json_option
def seed(file: Path, force: bool, data: Path | None, as_json: bool) -> None:
    """Apply FILE; a second run says "no change"."""
    from readmit import app
    from readmit.flows import keys

    with app.opened(settings_of(data)) as world:
        keys.ensure(world)
        report = apply_file(world, file, force=force)
    _print(report, as_json)


def apply_file(world: World, file: Path, *, force: bool) -> Report:
    """Read, check and apply a file; warnings go to stderr."""
    from readmit.cli import seed_file
    from readmit.flows import seed as seeds

    tenants = seed_file.read(file, os.environ)
    for warning in seed_file.warnings(tenants, world.now()):
        click.echo(warning, err=True)
    return seeds.apply(world, tenants, force=force)


def _print(report: Report, as_json: bool) -> None:
    if as_json:
        import json

        click.echo(json.dumps({"made": report.made, "applied": report.applied, "differs": report.differs}))
        return
    for entry in report.made:
        click.echo(f"made     {entry}")
    for entry in report.applied:
        click.echo(f"applied  {entry}")
    for entry in report.differs:
        click.echo(f"differs  {entry}")
    if not report.made and not report.applied:
        click.echo("no change")
