"""`readmit guest`: list, show, invite, link."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from readmit.cli.connect import connect, connection_options
from readmit.cli.options import json_option
from readmit.cli.output import facts, table
from readmit.client.graph import GraphClient

MY_APPS = "https://myapps.microsoft.com"
_STATES = {"pending": "PendingAcceptance", "accepted": "Accepted"}


@click.group()
def guest() -> None:
    """Guests: list, show, invite, link."""


@guest.command("list")
@click.option("--filter", "filter_", help="An OData filter, such as \"startswith(mail,'a')\".")
@click.option("--state", type=click.Choice(list(_STATES)), help="Only guests in this state.")
@connection_options
@json_option
def list_(filter_: str | None, state: str | None, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """All guests with state and address."""
    client = connect(data, tenant)
    clauses = [filter_] if filter_ else []
    if state:
        clauses.append(f"externalUserState eq '{_STATES[state]}'")
    found = list(client.guests(" and ".join(clauses) or None))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    rows = [
        [one["id"], one["displayName"], one["mail"] or "", one["externalUserState"] or "never invited"] for one in found
    ]
    table(["id", "displayName", "mail", "externalUserState"], rows)


def shown(client: GraphClient, user: dict[str, Any]) -> dict[str, Any]:
    """What the commands show of a guest: `id`, `userPrincipalName`, addresses, state, identities, groups, appRoles."""
    federated = [entry for entry in user.get("identities", ()) if entry.get("signInType") == "federated"]
    return {
        "id": user["id"],
        "userPrincipalName": user["userPrincipalName"],
        "displayName": user.get("displayName"),
        "mail": user.get("mail"),
        "otherMails": user.get("otherMails", []),
        "externalUserState": user.get("externalUserState"),
        "accountEnabled": user.get("accountEnabled"),
        "identities": federated,
        "groups": client.groups_of(user["id"]),
        "appRoles": client.app_roles_of(user["id"]),
    }


@guest.command()
@click.argument("who")
@connection_options
@json_option
def show(who: str, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """One guest, by id, UPN or address: identity, addresses, access, who redeemed."""
    client = connect(data, tenant)
    user = client.user(who)
    found = {**shown(client, user), "redemptions": client.redemptions(user["id"])}
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    facts({name: value for name, value in found.items() if name not in ("redemptions", "identities")})
    facts({"signs in by": ", ".join(str(one["issuer"]) for one in found["identities"]) or "nothing yet"})
    rows = [
        [entry["redeemedDateTime"], entry["address"], entry["issuer"], entry["endedBy"] or ""]
        for entry in found["redemptions"]
    ]
    table(["redeemed", "address", "issuer", "ended by"], rows)


def message_options(command: Any) -> Any:
    """The options of the mail that invite and reset share."""
    for option in (
        click.option("--redirect", default=MY_APPS, show_default=True, help="Where the guest lands."),
        click.option("--cc", help="One further recipient of the mail."),
        click.option("--message", help="Your own words in the mail, plain text."),
        click.option("--language", help="The language of the mail, such as de or ja."),
    ):
        command = option(command)
    return command


def request(address: str, *, send: bool, redirect: str, **message: str | None) -> dict[str, Any]:
    """The body of POST /invitations."""
    info: dict[str, Any] = {}
    if message.get("language"):
        info["messageLanguage"] = message["language"]
    if message.get("message"):
        info["customizedMessageBody"] = message["message"]
    if message.get("cc"):
        info["ccRecipients"] = [{"emailAddress": {"address": message["cc"]}}]
    body: dict[str, Any] = {
        "invitedUserEmailAddress": address,
        "inviteRedirectUrl": redirect,
        "sendInvitationMessage": send,
    }
    return {**body, "invitedUserMessageInfo": info} if info else body


@guest.command()
@click.argument("address")
@click.option("--name", help="The guest's display name.")
@click.option("--send/--no-send", default=False, help="Mail the invitation.")
@message_options
@connection_options
@json_option
def invite(
    address: str, name: str | None, send: bool, data: Path | None, tenant: str | None, as_json: bool, **options: Any
) -> None:
    """Invite ADDRESS; prints the guest and the link, which is readable this once."""
    body = request(address, send=send, **options)
    if name:
        body["invitedUserDisplayName"] = name
    _invited(connect(data, tenant).invite(body), as_json)


@guest.command()
@click.argument("who")
@click.option("--redirect", default=MY_APPS, show_default=True, help="Where the guest lands.")
@connection_options
@json_option
def link(who: str, redirect: str, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """A new link for a guest, without mail: a plain re-invite."""
    client = connect(data, tenant)
    user = client.user(who)
    body = request(str(user["mail"]), send=False, redirect=redirect)
    _invited(client.invite({**body, "invitedUser": {"id": user["id"]}}), as_json)


def _invited(answer: dict[str, Any], as_json: bool) -> None:
    found = {
        "id": answer["invitedUser"]["id"],
        "userPrincipalName": answer["invitedUser"].get("userPrincipalName"),
        "status": answer["status"],
        "inviteRedeemUrl": answer["inviteRedeemUrl"],
    }
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    facts(found)
