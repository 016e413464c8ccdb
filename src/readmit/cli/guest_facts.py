"""A guest as the commands see it: found, checked to be a guest, described."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from readmit.cli.output import warn
from readmit.client.errors import GraphError
from readmit.client.graph import GraphClient
from readmit.domain.errors import OperatorError

T = TypeVar("T")


def find(client: GraphClient, who: str) -> dict[str, Any]:
    """The external user with this id, UPN or address; raises OperatorError for a member.

    Inviting a member by id would convert the account (lifecycle S4), and a PATCH before a refused reset would stay.
    """
    user = client.user(who)
    external = user.get("externalUserState") is not None or "#EXT#" in str(user.get("userPrincipalName")).upper()
    if user.get("userType") != "Guest" and not external:
        raise OperatorError(f"{user['userPrincipalName']} is a member of the organisation, not a guest.")
    return user


def address_of(user: dict[str, Any]) -> str:
    """Where the guest is reached; raises OperatorError if there is no address at all."""
    for address in (user.get("mail"), *(user.get("otherMails") or ())):
        if address:
            return str(address)
    raise OperatorError(f"The guest {user['userPrincipalName']} has no address; give one to `readmit reset --to`.")


def described(client: GraphClient, user: dict[str, Any]) -> dict[str, Any]:
    """`id`, `userPrincipalName`, `displayName`, `mail`, `otherMails`, `externalUserState`, `accountEnabled`,
    `identities` (the outside ones, as Graph gives them), `groups`, `directoryRoles`, `appRoles`: arrays of names,
    or null where the caller may not read them, which a word on stderr tells; a reset needs no right to read them.
    """
    groups, roles = _if_allowed("Groups", lambda: client.memberships_of(user["id"])) or (None, None)
    federated = [entry for entry in user.get("identities") or () if entry.get("signInType") != "userPrincipalName"]
    return {
        "id": user["id"],
        "userPrincipalName": user["userPrincipalName"],
        "displayName": user.get("displayName"),
        "mail": user.get("mail"),
        "otherMails": user.get("otherMails") or [],
        "externalUserState": user.get("externalUserState"),
        "accountEnabled": user.get("accountEnabled"),
        "identities": federated,
        "groups": groups,
        "directoryRoles": roles,
        "appRoles": _if_allowed("App roles", lambda: client.app_roles_of(user["id"])),
    }


def _if_allowed(what: str, read: Callable[[], T]) -> T | None:
    try:
        return read()
    except GraphError as error:
        if error.status != 403:
            raise
        warn(
            f"{what} cannot be read (403 {error.code}); Directory.Read.All allows it. A reset keeps them all the same."
        )
        return None


def history(client: GraphClient, user_id: str) -> list[dict[str, Any]]:
    """readmit's redemptions of a guest; none, and a word on stderr, where the caller may not read them."""
    try:
        return client.redemptions(user_id)
    except GraphError as error:
        if error.status not in (403, 404, 501):
            raise
        warn(f"The redemption history cannot be read ({error.status} {error.code}).")
        return []


def identity_names(identities: list[dict[str, Any]]) -> list[str]:
    """`issuer` or `issuer (name)` of each identity."""
    names = []
    for entry in identities:
        name = entry.get("issuerAssignedId")
        names.append(f"{entry.get('issuer')} ({name})" if name else str(entry.get("issuer")))
    return names
