"""Userinfo: who is behind an access token (OpenID Connect Core 5.3)."""

from __future__ import annotations

from typing import Any

from readmit.domain.errors import TokenRefused
from readmit.flows import claims
from readmit.flows.granting import check_alive
from readmit.flows.world import World
from readmit.storage import grants, tenants, users
from readmit.storage.transaction import Transaction


def userinfo(tx: Transaction, world: World, found: dict[str, Any]) -> dict[str, Any]:
    """`sub` as in the ID token, names and address of the user behind a verified access token.

    Raises TokenRefused (RFC 6750 3.1): `invalid_token` where the grant is dead, `insufficient_scope` without `openid`.
    """
    grant = grants.get(tx, found["rm_gid"])
    if grant is None or grant.epoch != found["rm_epoch"]:
        raise _dead()
    if "openid" not in grant.scope.split():
        raise TokenRefused("insufficient_scope", 65001, "The access token has no scope 'openid'.", status=403)
    try:
        check_alive(tx, world, grant)
    except TokenRefused as refusal:
        raise _dead() from refusal
    user = users.live(tx, grant.tenant_id, grant.user_id)
    tenant = tenants.get(tx, grant.tenant_id)
    assert user is not None
    assert tenant is not None
    body: dict[str, Any] = {"sub": claims.pairwise(tenant, user.id, grant.client_id)}
    scopes = grant.scope.split()
    if "profile" in scopes:
        body |= claims.names(user)
    email = claims.identity(user, tenant, "preferred_username").get("email")
    if "email" in scopes and email is not None:
        body["email"] = email
    return body


def _dead() -> TokenRefused:
    text = "The access token has been revoked."
    return TokenRefused("invalid_token", 50173, text, status=401)
