"""The claims of our tokens (graph G77, lifecycle L31): what an application hears about a user or about itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from readmit.domain.graph_permissions import GRAPH_APP_ID
from readmit.domain.guest import Accepted, User
from readmit.domain.tenant import GUEST_ROLES, Tenant
from readmit.storage.clients import Client
from readmit.storage.grants import Grant

ACCESS_LIFETIME: Final = timedelta(hours=1)
_ANY_MEMBER: Final = "b79fbf4d-3ef9-4689-8143-76b194e85509"


def times(now: datetime) -> dict[str, int]:
    """`iat`, `nbf`, `exp` in whole seconds."""
    second = int(now.timestamp())
    return {"iat": second, "nbf": second, "exp": second + int(ACCESS_LIFETIME.total_seconds())}


def pairwise(tenant: Tenant, user_id: str, client_id: str) -> str:
    """`sub`: unchanged by a reset (graph G77)."""
    digest = hmac.digest(tenant.salt.encode(), f"{user_id}{client_id}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def issuer(origin: str, tenant_id: str, version: int) -> str:
    """v1.0 `{origin}/{tid}/`, v2.0 `{origin}/{tid}/v2.0` (graph G71)."""
    return f"{origin}/{tenant_id}/" if version == 1 else f"{origin}/{tenant_id}/v2.0"


def version_of(resource: Client) -> int:
    """Graph's tokens are version 1, others' as their application asks."""
    if resource.app_id == GRAPH_APP_ID:
        return 1
    api = resource.properties.get("api")
    return 2 if isinstance(api, Mapping) and api.get("requestedAccessTokenVersion") == 2 else 1


def of_application(
    client: Client,
    resource: Client,
    *,
    audience: str,
    origin: str,
    roles: list[str],
    wids: list[str],
    uti: str,
    acr: str,
) -> dict[str, Any]:
    """An app-only access token; `rm_gid` is the service principal's standing grant."""
    version = version_of(resource)
    claims: dict[str, Any] = {
        "aud": audience if version == 1 else resource.app_id,
        "iss": issuer(origin, client.tenant_id, version),
        "ver": f"{version}.0",
        "tid": client.tenant_id,
        "oid": client.service_principal_id,
        "sub": client.service_principal_id,
        "idtyp": "app",
        "roles": roles,
        "wids": wids,
        "uti": uti,
        "jti": uti,
        "client_id": client.app_id,
        "rm_epoch": client.epoch,
        "rm_gid": client.service_principal_id,
    }
    return claims | _client_claims(client, version, acr)


def _client_claims(client: Client, version: int, acr: str) -> dict[str, Any]:
    """`acr`: 0 for a public client, 1 for a secret, 2 for a certificate (graph G77)."""
    if version == 1:
        return {"appid": client.app_id, "appidacr": acr, "app_displayname": client.display_name}
    return {"azp": client.app_id, "azpacr": acr}


def of_user(
    user: User,
    tenant: Tenant,
    grant: Grant,
    client: Client,
    resource: Client,
    *,
    roles: list[str],
    directory_roles: list[str],
    uti: str,
    ip: str,
    acr: str | None = None,
) -> dict[str, Any]:
    """A delegated access token; `acr` says how the client proved itself, None: as it is registered."""
    version = version_of(resource)
    scopes = " ".join(name for name in grant.scope.split() if name not in ("openid", "profile", "offline_access"))
    claims: dict[str, Any] = {
        "aud": grant.resource if version == 1 else resource.app_id,
        "iss": issuer(grant.origin, tenant.id, version),
        "ver": f"{version}.0",
        "tid": tenant.id,
        "oid": user.id,
        "sub": pairwise(tenant, user.id, resource.app_id),
        "idtyp": "user",
        "scp": scopes,
        "wids": wids(user, directory_roles),
        "acct": 1 if user.user_type == "Guest" else 0,
        "amr": list(grant.amr),
        "auth_time": int(grant.auth_time.timestamp()),
        "acr": "1",
        "ipaddr": ip,
        "uti": uti,
        "jti": uti,
        "client_id": client.app_id,
        "rm_epoch": grant.epoch,
        "rm_gid": grant.id,
    }
    if grant.session_id:
        claims["sid"] = grant.session_id
    if roles:
        claims["roles"] = roles
    claims |= _client_claims(client, version, acr or ("0" if client.public else "1"))
    claims |= names(user)
    return claims | identity(user, tenant, "unique_name" if version == 1 else "preferred_username")


def wids(user: User, roles: list[str]) -> list[str]:
    """Role template ids: the directory roles held, and what every member or every guest is."""
    return [*roles, GUEST_ROLES["limited"] if user.user_type == "Guest" else _ANY_MEMBER]


def of_identity(
    user: User,
    tenant: Tenant,
    grant: Grant,
    *,
    roles: list[str],
    access: str | None = None,
    code: str | None = None,
) -> dict[str, Any]:
    """An ID token; `at_hash` of the access token or `c_hash` of the code that goes with it."""
    scopes = grant.scope.split()
    claims: dict[str, Any] = {
        "aud": grant.client_id,
        "iss": issuer(grant.origin, tenant.id, 2),
        "ver": "2.0",
        "sub": pairwise(tenant, user.id, grant.client_id),
        "oid": user.id,
        "tid": tenant.id,
        "auth_time": int(grant.auth_time.timestamp()),
        "acr": "1",
        "amr": list(grant.amr),
        "name": user.display_name,
    }
    if grant.session_id:
        claims["sid"] = grant.session_id
    if grant.nonce is not None:
        claims["nonce"] = grant.nonce
    if roles:
        claims["roles"] = roles
    if access is not None:
        claims["at_hash"] = _half_hash(access)
    if code is not None:
        claims["c_hash"] = _half_hash(code)
    if "profile" in scopes:
        claims |= names(user)
    shown = identity(user, tenant, "preferred_username")
    if "email" not in scopes:
        shown.pop("email", None)
    return claims | shown


def _half_hash(token: str) -> str:
    """The left half of a SHA-256 (OpenID Connect Core 3.1.3.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()


def names(user: User) -> dict[str, str]:
    """Names as they stand in the directory."""
    found = {"name": user.display_name, "given_name": user.given_name, "family_name": user.surname}
    return {claim: value for claim, value in found.items() if value}


def identity(user: User, tenant: Tenant, name_claim: str) -> dict[str, str]:
    """Guests: the redeemed address while it is on the object, else the UPN and no `email`; never `upn` (L31).

    Members: the UPN; `email` only where this tenant verified its domain (graph G77).
    """
    redemption = user.redemption
    if isinstance(redemption, Accepted):
        shown = {name_claim: user.sign_in_name, "idp": redemption.binding.issuer}
        if user.holds(redemption.redeemed):
            shown["email"] = redemption.redeemed.given
        return shown
    shown = {name_claim: user.upn}
    if name_claim == "unique_name":
        shown["upn"] = user.upn
    if user.mail is not None and tenant.verified(user.mail):
        shown["email"] = user.mail.given
    return shown
