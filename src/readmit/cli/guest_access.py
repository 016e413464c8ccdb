"""`readmit guest enable`, `restore`, `assign`: what `guest explain` names as remedies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from readmit.cli.connect import connect, connection_options
from readmit.cli.guest_facts import find
from readmit.cli.options import json_option, quiet_option
from readmit.cli.output import note, result
from readmit.client import remedies
from readmit.domain.errors import OperatorError


@click.command()
@click.argument("who")
@connection_options
@json_option
@quiet_option
def enable(who: str, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """Let WHO (id, UPN or address) sign in again after he was disabled. With --json: `id`, `accountEnabled`."""
    client = connect(data, tenant)
    user = find(client, who)
    client.call("PATCH", f"/v1.0/users/{user['id']}", {"accountEnabled": True})
    note(f"{user['displayName']} is enabled.")
    if as_json:
        result({"id": user["id"], "accountEnabled": True})


@click.command()
@click.argument("who")
@connection_options
@json_option
@quiet_option
def restore(who: str, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """Bring WHO (id, UPN or address) back from the deleted items, within 30 days; sessions and links stay ended.

    With --json the restored user: `id`, `userPrincipalName`, `displayName`, `mail`, `externalUserState`.
    """
    client = connect(data, tenant)
    restored = remedies.restore(client, remedies.deleted_user(client, who)["id"])
    found = {
        name: restored.get(name) for name in ("id", "userPrincipalName", "displayName", "mail", "externalUserState")
    }
    state = found["externalUserState"]
    pending = "; the guest redeems anew, so invite again" if state == "PendingAcceptance" else ""
    note(f"{found['displayName']} is restored, {state or 'never invited'}{pending}.")
    if as_json:
        result(found)


@click.command()
@click.argument("who")
@click.argument("application")
@click.option("--role", help="The app role by value or name; needed where the application has several.")
@connection_options
@json_option
@quiet_option
def assign(who: str, application: str, role: str | None, data: Path | None, tenant: str | None, as_json: bool) -> None:
    """Assign APPLICATION (name or appId) to WHO (id, UPN or address). Takes AppRoleAssignment.ReadWrite.All.

    With --json the assignment: `id`, `principalId`, `resourceId`, `appRoleId`.
    """
    client = connect(data, tenant)
    user = find(client, who)
    principal = remedies.application(client, application)
    wanted = _role(principal, role)
    made = remedies.assign(client, user["id"], principal["id"], wanted)
    note(f"{principal['displayName']} is assigned to {user['displayName']}.")
    if as_json:
        result({name: made.get(name) for name in ("id", "principalId", "resourceId", "appRoleId")})


def _role(principal: dict[str, Any], named: str | None) -> str:
    """The id of the role that is meant: the one named, the only one there is, or default access."""
    roles = [one for one in principal.get("appRoles") or () if one.get("isEnabled", True)]
    roles = [one for one in roles if "User" in (one.get("allowedMemberTypes") or ["User"])]
    if named is None and len(roles) < 2:
        return str(roles[0]["id"]) if roles else remedies.DEFAULT_ACCESS
    for one in roles:
        if named is not None and named.casefold() in {str(one.get(key)).casefold() for key in ("value", "displayName")}:
            return str(one["id"])
    listed = ", ".join(str(one.get("value") or one.get("displayName")) for one in roles) or "none"
    raise OperatorError(f"Which role of {principal['displayName']}? Give --role; there are: {listed}.", 2)
