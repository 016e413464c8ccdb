"""`readmit trust`: the local CA and the lines that make clients trust it; changes nothing (security D6)."""

from __future__ import annotations

from pathlib import Path

import click

from readmit.cli.options import data_option, json_option, settings_of
from readmit.domain.errors import OperatorError


@click.command()
@data_option
@json_option
def trust(data: Path | None, as_json: bool) -> None:
    """Print the path of the CA, and the lines for curl, Python, Node and browsers."""
    from readmit.certificates import trust_lines

    ca = settings_of(data).data / "ca.pem"
    if not ca.is_file():
        raise OperatorError(f"There is no {ca} yet; start `readmit serve` with this data folder first.")
    if as_json:
        import json

        click.echo(json.dumps({"ca": str(ca.resolve())}))
        return
    click.echo(trust_lines(ca))
