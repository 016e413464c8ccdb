"""Claims that a token carries because its application is registered for them: groups, optional claims (graph G77)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from readmit.domain.guest import User
from readmit.domain.tenant import Tenant
from readmit.flows import claims
from readmit.storage import groups, roles
from readmit.storage.clients import Client
from readmit.storage.grants import Grant
from readmit.storage.transaction import Transaction

MOST_GROUPS: Final = 200
"""Beyond, the token says where the groups are asked for instead."""
Kind = Literal["idToken", "accessToken"]


def configured(
    tx: Transaction, user: User, tenant: Tenant, grant: Grant, application: Client, *, kind: Kind
) -> dict[str, Any]:
    """What the registration of `application` adds: the client's own for an ID token, the API's for an access token."""
    found: dict[str, Any] = {}
    for name in _names(application, kind):
        value = _value(name, user, tenant, grant)
        if value is not None:
            found[name] = value
    return found | _memberships(tx, user, grant, application, kind)


def _names(application: Client, kind: Kind) -> list[str]:
    asked = application.properties.get("optionalClaims")
    entries = asked.get(kind) if isinstance(asked, Mapping) else None
    if not isinstance(entries, list):
        return []
    return [str(entry.get("name")) for entry in entries if isinstance(entry, Mapping)]


def _value(name: str, user: User, tenant: Tenant, grant: Grant) -> Any:
    """The value of an optional claim; None for one that is unknown here, or that the user has not."""
    shown = claims.identity(user, tenant, "preferred_username")
    match name:
        case "acct":
            return 1 if user.user_type == "Guest" else 0
        case "idp":
            return shown.get("idp") or claims.issuer(grant.origin, tenant.id, 2)
        case "login_hint":
            return user.sign_in_name
        case "xms_edov":
            # An address that is not proved is not told, so what is told is proved (lifecycle L31, nOAuth).
            return True if "email" in shown else None
        case "email":
            return shown.get("email")
        case "upn":
            return None if user.external else user.upn
        case "given_name" | "family_name":
            return claims.names(user).get(name)
        case _:
            return None


def _memberships(tx: Transaction, user: User, grant: Grant, application: Client, kind: Kind) -> dict[str, Any]:
    """`groups` by `groupMembershipClaims`; of more than 200 only where they stand."""
    text = application.properties.get("groupMembershipClaims")
    wanted = {word.strip().lower() for word in text.split(",")} if isinstance(text, str) else set()
    found: dict[str, Any] = {}
    if kind == "idToken" and wanted & {"all", "directoryrole"}:
        found["wids"] = claims.wids(user, sorted(roles.roles_of(tx, user.id)))
    if not wanted & {"all", "securitygroup", "applicationgroup"}:
        return found
    assigned_to = None if wanted & {"all", "securitygroup"} else application.service_principal_id
    ids = groups.of_member(tx, user.id, every="all" in wanted, assigned_to=assigned_to)
    if len(ids) <= MOST_GROUPS:
        return found | {"groups": ids}
    endpoint = f"{grant.origin}/v1.0/users/{user.id}/getMemberObjects"
    return found | {
        "hasgroups": True,
        "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": endpoint}},
    }
