"""`readmit reset`: the same guest redeems again; says what stays and what ends, then asks (experience CL3)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from readmit.cli.connect import connect, connection_options
from readmit.cli.guest import message_options, request, shown
from readmit.cli.options import json_option
from readmit.cli.output import facts, plain, table

_COMPARED = ("id", "userPrincipalName", "mail", "otherMails", "externalUserState", "groups", "appRoles")


@click.command()
@click.argument("who")
@click.option("--to", help="The guest's new address; without it the present one.")
@click.option("--send/--no-send", default=True, show_default=True, help="Mail the invitation.")
@click.option("--keep-old-address", is_flag=True, help="Keep the old address on the guest (PATCH first, then POST).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Print the requests, send none.")
@message_options
@connection_options
@json_option
def reset(
    who: str,
    to: str | None,
    send: bool,
    keep_old_address: bool,
    yes: bool,
    dry_run: bool,
    data: Path | None,
    tenant: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Reset the redemption status of WHO (id, UPN or address): the access stays, the old identity ends."""
    client = connect(data, tenant)
    user = client.user(who)
    before = shown(client, user)
    body = request(to or str(user["mail"]), send=send, **options)
    body |= {"invitedUser": {"id": user["id"]}, "resetRedemption": True}
    if dry_run:
        click.echo(f"POST {client.endpoint.graph}/v1.0/invitations")
        click.echo(json.dumps(body, indent=2, ensure_ascii=False))
        return
    if not yes:
        _explain(before, body)
        click.confirm("Reset this guest?", abort=True, err=True)
    answer = client.reset(user, body, keep_old=keep_old_address)
    after = shown(client, client.user(user["id"]))
    result = {
        "id": user["id"],
        "userPrincipalName": user["userPrincipalName"],
        "before": before,
        "after": after,
        "inviteRedeemUrl": answer["inviteRedeemUrl"],
    }
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False))
        return
    table(["", "before", "after"], [[name, plain(before[name]), plain(after[name])] for name in _COMPARED])
    facts({"inviteRedeemUrl": answer["inviteRedeemUrl"]})


def _explain(before: dict[str, Any], body: dict[str, Any]) -> None:
    stays = plain(before["groups"]), plain(before["appRoles"])
    click.echo(f"{before['displayName']} <{before['mail']}>, {before['externalUserState']}", err=True)
    click.echo(f"  stays  id, UPN, groups ({stays[0]}), app roles ({stays[1]})", err=True)
    click.echo("  ends   the present sign-in, its sessions, tokens, consents and links", err=True)
    mailed = "mailed" if body["sendInvitationMessage"] else "not mailed"
    click.echo(f"  then   {body['invitedUserEmailAddress']} redeems anew (invitation {mailed})", err=True)
