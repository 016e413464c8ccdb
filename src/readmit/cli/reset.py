"""`readmit reset`: the same guest redeems again; says what stays and what ends, then asks (experience CL3)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click

from readmit.cli.connect import connect, connection_options
from readmit.cli.guest_facts import address_of, described, find, identity_names
from readmit.cli.invitation import message_options, redirect_option, request
from readmit.cli.options import json_option, quiet_option
from readmit.cli.output import comparison, confirm, facts, note, plain, result, warn
from readmit.client import reset as resets
from readmit.client.graph import GraphClient

_COMPARED: Final = (
    "id",
    "userPrincipalName",
    "groups",
    "directoryRoles",
    "appRoles",
    "mail",
    "otherMails",
    "identities",
    "externalUserState",
)


@click.command()
@click.argument("who")
@click.option("--to", metavar="ADDRESS", help="The guest's new address; without it the present one.")
@click.option("--send/--no-send", default=True, show_default=True, help="Mail the invitation.")
@click.option("--keep-old-address", is_flag=True, help="Keep the old address on the guest (PATCH first, then POST).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Print the requests, send none of them.")
@message_options
@redirect_option
@connection_options
@json_option
@quiet_option
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
    """Reset the redemption status of WHO (id, UPN or address): the access stays, the old identity ends.

    With --json one object: `id`, `userPrincipalName`, `before` and `after` (as `guest show`, without `redemptions`),
    `inviteRedeemUrl`. With --dry-run --json: `{"requests": [{method, url, body}]}`.
    """
    client = connect(data, tenant)
    user = find(client, who)
    before = described(client, user)
    body = request(to or address_of(user), send=send, **options)
    body |= {"invitedUser": {"id": user["id"]}, "resetRedemption": True}
    if dry_run:
        planned = resets.plan(user, body, keep_old=keep_old_address, patch_first=client.endpoint.cloud)
        _print_requests(client, planned, as_json)
        return
    if not yes:
        _explain(before, body)
        confirm("Reset this guest?")
    answer = resets.run(client, user, body, keep_old=keep_old_address)
    after = described(client, client.user(user["id"]))
    _print(before, after, str(answer["inviteRedeemUrl"]), as_json)


def _print_requests(client: GraphClient, planned: list[resets.Planned], as_json: bool) -> None:
    requests = [{"method": one.method, "url": client.url(one.path), "body": one.body} for one in planned]
    if as_json:
        result({"requests": requests})
        return
    for one in requests:
        click.echo(f"{one['method']} {one['url']}")
        click.echo(json.dumps(one["body"], indent=2))
    note("Nothing was sent.")


def _print(before: dict[str, Any], after: dict[str, Any], link: str, as_json: bool) -> None:
    if as_json:
        upn = after["userPrincipalName"]
        result({"id": after["id"], "userPrincipalName": upn, "before": before, "after": after, "inviteRedeemUrl": link})
        return
    comparison([(name, _cell(name, before), _cell(name, after)) for name in _COMPARED])
    facts({"inviteRedeemUrl": link})


def _cell(name: str, guest: dict[str, Any]) -> str:
    value = guest[name]
    return plain(identity_names(value) if name == "identities" else value)


def _explain(before: dict[str, Any], body: dict[str, Any]) -> None:
    """What CL3 asks for, by lifecycle L6 and L7; part of the question, so --quiet does not hide it."""
    address = body["invitedUserEmailAddress"]
    warn(f"{before['displayName']} <{before['mail']}>, {before['externalUserState'] or 'never invited'}")
    warn(f"  stays  id, {before['userPrincipalName']}, sponsors")
    for name, title in (("groups", "groups"), ("directoryRoles", "directory roles"), ("appRoles", "app roles")):
        warn(f"  stays  {title}: {plain(before[name])}")
    for name in identity_names(before["identities"]):
        warn(f"  ends   sign-in with {name}")
    warn("  ends   sessions, tokens, codes, passkeys, the guest's own consents, earlier links")
    mailed = "is mailed" if body["sendInvitationMessage"] else "is printed, not mailed"
    warn(f"  then   {address} redeems anew; the invitation {mailed}")
