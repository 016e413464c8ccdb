"""`readmit policy`: who may invite, and whose addresses are accepted (lifecycle L34, L37)."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from readmit.cli.connect import connect, connection_options
from readmit.cli.options import json_option, quiet_option
from readmit.cli.output import facts, note, result
from readmit.client import remedies
from readmit.domain.tenant import AllowInvitesFrom


@click.group()
def policy() -> None:
    """Who may invite, and whose addresses are accepted: show, invites, accept."""


@policy.command()
@connection_options
@json_option
@quiet_option
def show(data: Path | None, tenant: str | None, as_json: bool) -> None:
    """The policies. With --json: `allowInvitesFrom`, `allowedDomains`, `blockedDomains`."""
    found = remedies.policies(connect(data, tenant))
    result(found) if as_json else facts(found)


@policy.command()
@click.argument("value", type=click.Choice(get_args(AllowInvitesFrom)))
@connection_options
@json_option
@quiet_option
def invites(value: str, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """Who may invite from now on; `none` also stops every redemption. With --json as `policy show`."""
    client = connect(data, tenant)
    remedies.set_invites(client, value)
    note(f"allowInvitesFrom is {value}.")
    if as_json:
        result(remedies.policies(client))


@policy.command()
@click.argument("domain")
@connection_options
@json_option
@quiet_option
def accept(domain: str, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """Accept guests of DOMAIN: off the block list, or onto the allow list where there is one.

    With --json as `policy show`.
    """
    client = connect(data, tenant)
    changed = remedies.accept_domain(client, domain)
    note(f"{domain} is accepted." if changed else f"{domain} was accepted already.")
    if as_json:
        result(remedies.policies(client))
