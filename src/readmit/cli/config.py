"""`readmit config`: the effective settings, without secrets."""

from __future__ import annotations

import json
from pathlib import Path

import click

from readmit.cli.options import data_option, json_option, settings_of


@click.command()
@click.option("--config", "file", type=click.Path(path_type=Path), help="A TOML file with settings.")
@data_option
@json_option
def config(file: Path | None, data: Path | None, as_json: bool) -> None:
    """Print the settings that `serve` would run with."""
    from readmit.settings import effective

    shown = effective(settings_of(data, config=file))
    if as_json:
        click.echo(json.dumps(shown))
        return
    for name, value in shown.items():
        click.echo(f"{name} = {value}")
