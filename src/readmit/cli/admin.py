"""`readmit admin create UPN`: the first administrator."""

from __future__ import annotations

from pathlib import Path

import click

from readmit.cli.options import data_option, json_option, settings_of
from readmit.domain.errors import OperatorError


@click.group()
def admin() -> None:
    """The first administrator."""


@admin.command()
@click.argument("upn")
@data_option
@json_option
def create(upn: str, data: Path | None, as_json: bool) -> None:
    """Make UPN a Global Administrator; prints a one-time password once."""
    from readmit import app
    from readmit.domain.address import EmailAddress, InvalidAddress
    from readmit.flows import first_tenant, keys

    try:
        address = EmailAddress.parse(upn)
    except InvalidAddress as error:
        raise OperatorError(f"'{upn}' is no user principal name: {error}.", 2) from error
    with app.opened(settings_of(data)) as world:
        keys.ensure(world)
        world.database.write(first_tenant.ensure, world)
        password = first_tenant.create_administrator(world, address)
    if as_json:
        import json

        click.echo(json.dumps({"userPrincipalName": upn, "oneTimePassword": password}))
        return
    click.echo(f"{upn} is a Global Administrator.")
    click.echo(f"One-time password (24 hours, shown once): {password}")
