"""What a token of ours is worth right now, and giving one back (RFC 7662, RFC 7009)."""

from __future__ import annotations

from typing import Any

from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import TokenRefused
from readmit.flows.browsers import digest
from readmit.flows.granting import check_alive
from readmit.flows.world import World
from readmit.storage import clients, grants
from readmit.storage.clients import Client
from readmit.storage.grants import Grant
from readmit.storage.transaction import Transaction

_INACTIVE: dict[str, Any] = {"active": False}


def introspect(world: World, tenant_id: str, token: str) -> dict[str, Any]:
    """`active` follows epoch and grant, not the signature alone (security G3)."""
    if token.count(".") != 2:
        return world.database.read(_refresh_token, world, tenant_id, token)
    try:
        found = world.keyring.verify(token, world.now())
    except Unauthenticated:
        return _INACTIVE
    if found.get("tid") != tenant_id or not world.database.read(_lives, world, dict(found)):
        return _INACTIVE
    shown = ("scp", "roles", "client_id", "exp", "iat", "nbf", "sub", "aud", "iss", "jti", "oid", "tid")
    body = {name: found[name] for name in shown if name in found}
    return {"active": True, "token_type": "Bearer", "scope": found.get("scp", ""), **body}


def _lives(tx: Transaction, world: World, found: dict[str, Any]) -> bool:
    if found.get("idtyp") == "app":
        state = clients.app_state(tx, found["rm_gid"], found["tid"])
        return state is not None and state[2] and state[1] == found["rm_epoch"]
    grant = grants.get(tx, found.get("rm_gid", ""))
    return grant is not None and grant.epoch == found.get("rm_epoch") and _alive(tx, world, grant)


def _alive(tx: Transaction, world: World, grant: Grant) -> bool:
    """User, home account and client, as at a refresh and at a Graph call (graph G78)."""
    client = clients.get(tx, grant.tenant_id, grant.client_id)
    if client is None or not client.enabled:
        return False
    try:
        check_alive(tx, world, grant)
    except TokenRefused:
        return False
    return True


def _refresh_token(tx: Transaction, world: World, tenant_id: str, token: str) -> dict[str, Any]:
    found = grants.refresh(tx, digest(token))
    if found is None or found[1] is not None or found[0].tenant_id != tenant_id:
        return _INACTIVE
    if world.now() >= found[0].expires or not _alive(tx, world, found[0]):
        return _INACTIVE
    grant = found[0]
    return {"active": True, "client_id": grant.client_id, "scope": grant.scope, "exp": int(grant.expires.timestamp())}


def revoke(world: World, client: Client, token: str) -> None:
    """End the grant behind a token, if it is this client's."""
    world.database.write(_revoke, world, client, token)


def _revoke(tx: Transaction, world: World, client: Client, token: str) -> None:
    found = grants.refresh(tx, digest(token))
    grant = found[0] if found else None
    if grant is None and token.count(".") == 2:
        try:
            grant = grants.get(tx, str(world.keyring.verify(token, world.now()).get("rm_gid")))
        except Unauthenticated:
            return
    if grant is not None and grant.client_id == client.app_id and grant.tenant_id == client.tenant_id:
        grants.end(tx, grant.id)
