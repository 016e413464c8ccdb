"""`readmit trust`: the local CA and the lines that make clients trust it; changes nothing (security D6)."""

from __future__ import annotations

from pathlib import Path

import click

from readmit.cli.options import data_option, json_option, quiet_option, settings_of
from readmit.cli.output import result
from readmit.domain.errors import OperatorError


@click.command()
@data_option
@json_option
@quiet_option
def trust(data: Path | None, as_json: bool) -> None:
    """Print the path of the CA, and the lines for curl, Python, Node and browsers.

    With --json: `ca`, the absolute path.
    """
    ca = settings_of(data).data / "ca.pem"
    if not ca.is_file():
        raise OperatorError(f"There is no {ca} yet; start `readmit serve` with this data folder first.")
    if as_json:
        result({"ca": str(ca.resolve())})
        return
    from readmit.certificates import trust_lines

    click.echo(trust_lines(ca))
