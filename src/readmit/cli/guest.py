"""`readmit guest`: list, show, invite, link; explain, enable, restore and assign stand in files of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from readmit.cli.connect import connect, connection_options
from readmit.cli.explain import explain
from readmit.cli.guest_access import assign, enable, restore
from readmit.cli.guest_facts import address_of, described, find, history, identity_names
from readmit.cli.invitation import message_options, redirect_option, request
from readmit.cli.options import json_option, quiet_option
from readmit.cli.output import facts, note, result, table

_STATES: Final = {"pending": "PendingAcceptance", "accepted": "Accepted"}
_LISTED: Final = ("id", "displayName", "mail", "externalUserState")
_HISTORY: Final = ("redeemedDateTime", "address", "kind", "issuer", "endedDateTime", "endedBy")


@click.group()
def guest() -> None:
    """Guests: list, show, invite, link, explain, enable, restore, assign."""


for _command in (explain, enable, restore, assign):
    guest.add_command(_command)


@guest.command("list")
@click.option("--filter", metavar="ODATA", help="An OData filter, such as \"endswith(mail,'@old.example')\".")
@click.option("--state", type=click.Choice(list(_STATES)), help="Only guests in this state.")
@connection_options
@json_option
@quiet_option
def list_(filter: str | None, state: str | None, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """All guests with state and address.

    With --json an array of Graph's users: `id`, `displayName`, `mail`, `otherMails`, `userPrincipalName`, `userType`,
    `accountEnabled`, `externalUserState`, `externalUserStateChangeDateTime`, `identities`, `createdDateTime`.
    """
    client = connect(data, tenant)
    found = list(client.guests(filter, state=_STATES[state] if state else None))
    if as_json:
        result(found)
    elif found:
        table(_LISTED, [[one.get(name) for name in _LISTED] for one in found])
    else:
        note(
            "There is no such guest." if filter or state else "There is no guest yet; `readmit guest invite` makes one."
        )


@guest.command()
@click.argument("who")
@connection_options
@json_option
@quiet_option
def show(who: str, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """One guest, by id, UPN or address: identity, addresses, access, who redeemed.

    With --json one object: `id`, `userPrincipalName`, `displayName`, `mail`, `otherMails`, `externalUserState`,
    `accountEnabled`, `identities`, `groups`, `directoryRoles`, `appRoles` and `redemptions` (empty at Microsoft).
    """
    client = connect(data, tenant)
    user = client.user(who)
    found = described(client, user)
    redeemed = history(client, user["id"])
    if as_json:
        result({**found, "redemptions": redeemed})
        return
    facts({**found, "identities": identity_names(found["identities"])})
    if redeemed:
        click.echo("")
        table(_HISTORY, [[entry.get(name) for name in _HISTORY] for entry in redeemed])


@guest.command()
@click.argument("address")
@click.option("--name", help="The guest's display name.")
@click.option("--send/--no-send", default=True, show_default=True, help="Mail the invitation.")
@message_options
@redirect_option
@connection_options
@json_option
@quiet_option
def invite(
    address: str, name: str | None, send: bool, data: Path | None, tenant: str | None, as_json: bool, **options: Any
) -> None:
    """Invite ADDRESS; prints the guest and the link, which is readable this once.

    With --json: `id` and `userPrincipalName` of the guest, `status`, `inviteRedeemUrl`.
    """
    body = request(address, send=send, **options)
    if name:
        body["invitedUserDisplayName"] = name
    _print(connect(data, tenant).invite(body), as_json)


@guest.command()
@click.argument("who")
@redirect_option
@connection_options
@json_option
@quiet_option
def link(who: str, redirect: str, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """A new link for a guest, without mail: a plain re-invite.

    With --json as `guest invite`.
    """
    client = connect(data, tenant)
    user = find(client, who)
    body = request(address_of(user), send=False, redirect=redirect)
    _print(client.invite({**body, "invitedUser": {"id": user["id"]}}), as_json)


def _print(invitation: dict[str, Any], as_json: bool) -> None:
    user = invitation["invitedUser"]
    found = {
        "id": user["id"],
        "userPrincipalName": user.get("userPrincipalName"),
        "status": invitation["status"],
        "inviteRedeemUrl": invitation["inviteRedeemUrl"],
    }
    result(found) if as_json else facts(found)
