"""Calls behind the commands that mend what `guest explain` found; readmit and Microsoft's cloud take them alike."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote

from readmit.client.errors import Stopped
from readmit.client.graph import GraphClient

DEFAULT_ACCESS: Final = "00000000-0000-0000-0000-000000000000"
_DELETED: Final = "/v1.0/directory/deletedItems"
_AUTHORIZATION: Final = "/v1.0/policies/authorizationPolicy"
_LISTS: Final = "/beta/policies/b2bManagementPolicies"
_INSIDE: Final = ("B2BManagementPolicy", "InvitationsAllowedAndBlockedDomainsPolicy")


# -------------------------------------------------------------------- people


def deleted_user(client: GraphClient, who: str) -> dict[str, Any]:
    """The deleted user with this id, UPN, mail or other mail; raises Stopped where there is none or more than one."""
    found = [one for one in client.pages(f"{_DELETED}/microsoft.graph.user") if who.casefold() in _names(one)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(str(one["id"]) for one in found)
        raise Stopped(f"{who} stands for several deleted users ({ids}); name one by its id.")
    raise Stopped(f"Nobody among the deleted items has the id, UPN or address {who}; after 30 days they are gone.")


def _names(one: dict[str, Any]) -> set[str]:
    # A deleted user's UPN begins with his id at Microsoft, so that the name is free.
    names = (one.get("id"), one.get("userPrincipalName"), one.get("mail"), *(one.get("otherMails") or ()))
    return {str(name).casefold() for name in names if name}


def restore(client: GraphClient, user_id: str) -> dict[str, Any]:
    """The user as he is back, with his state."""
    client.call("POST", f"{_DELETED}/{user_id}/restore")
    return client.user(user_id)


# --------------------------------------------------------------- applications


def application(client: GraphClient, name: str) -> dict[str, Any]:
    """The service principal of this display name or appId: `id`, `displayName`, `appRoles`. Raises Stopped."""
    literal = name.replace("'", "''")
    for clause in (f"displayName eq '{literal}'", f"appId eq '{literal}'"):
        path = f"/v1.0/servicePrincipals?$filter={quote(clause, safe='')}&$select=id,displayName,appRoles"
        found = list(client.pages(path))
        if len(found) > 1:
            raise Stopped(f"There are several applications called {name}; give the appId.")
        if found:
            return found[0]
    raise Stopped(f"There is no application '{name}' in the directory; give its name or appId.")


def assign(client: GraphClient, user_id: str, resource_id: str, role_id: str) -> dict[str, Any]:
    """An app role assignment of the user."""
    body = {"principalId": user_id, "resourceId": resource_id, "appRoleId": role_id}
    made: dict[str, Any] = client.call("POST", f"/v1.0/users/{user_id}/appRoleAssignments", body)
    return made


# ------------------------------------------------------------------- policies


def policies(client: GraphClient) -> dict[str, Any]:
    """`allowInvitesFrom`, `allowedDomains`, `blockedDomains`."""
    lists = _lists(_domain_policy(client))
    found = client.call("GET", _AUTHORIZATION)
    return {
        "allowInvitesFrom": found["allowInvitesFrom"],
        "allowedDomains": lists.get("AllowedDomains", []),
        "blockedDomains": lists.get("BlockedDomains", []),
    }


def set_invites(client: GraphClient, value: str) -> None:
    """Who may invite (lifecycle L34)."""
    client.call("PATCH", _AUTHORIZATION, {"allowInvitesFrom": value})


def accept_domain(client: GraphClient, domain: str) -> bool:
    """Take a domain off the block list, or put it on the allow list where there is one; False if it is accepted."""
    policy = _domain_policy(client)
    lists, wanted = _lists(policy), domain.lower()
    blocked = [one for one in lists.get("BlockedDomains", ()) if str(one).lower() != wanted]
    allowed = list(lists.get("AllowedDomains", ()))
    if allowed and wanted not in {str(one).lower() for one in allowed}:
        changed = {"AllowedDomains": [*allowed, wanted]}
    elif len(blocked) != len(lists.get("BlockedDomains", ())):
        changed = {"BlockedDomains": blocked}
    else:
        return False
    assert policy is not None
    text = json.dumps({_INSIDE[0]: {_INSIDE[1]: changed}}, separators=(",", ":"))
    client.call("PATCH", f"{_LISTS}/{policy['id']}", {"definition": [text]})
    return True


def _domain_policy(client: GraphClient) -> dict[str, Any] | None:
    return next(iter(client.pages(_LISTS)), None)


def _lists(policy: dict[str, Any] | None) -> dict[str, list[str]]:
    if policy is None:
        return {}
    try:
        found: dict[str, list[str]] = json.loads(policy["definition"][0])[_INSIDE[0]][_INSIDE[1]]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Stopped("The server's list of domains has a form that is not known here; change it there.") from error
    return found
