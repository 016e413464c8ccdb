"""What a token of ours is worth right now, and giving one back (RFC 7662, RFC 7009)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import TokenRefused
from readmit.flows import consent
from readmit.flows.browsers import digest
from readmit.flows.granting import check_alive, malformed
from readmit.flows.world import World
from readmit.storage import clients, grants
from readmit.storage.clients import Client
from readmit.storage.grants import Grant
from readmit.storage.transaction import Transaction

_INACTIVE: dict[str, Any] = {"active": False}


def introspect(world: World, client: Client, token: str) -> dict[str, Any]:
    """`active` follows epoch and grant, not the signature alone (security G3).

    A client hears of its own tokens and of those that are for it; any other is inactive to it (RFC 7662 section 4).
    """
    if token.count(".") != 2:
        return world.database.read(_refresh_token, world, client, token)
    try:
        found = world.keyring.verify(token, world.now())
    except Unauthenticated:
        return _INACTIVE
    if found.get("typ") != "at+jwt" or found.get("tid") != client.tenant_id or not _concerns(client, found):
        return _INACTIVE
    if not world.database.read(_lives, world, dict(found)):
        return _INACTIVE
    shown = ("scp", "roles", "client_id", "exp", "iat", "nbf", "sub", "aud", "iss", "jti", "oid", "tid")
    body = {name: found[name] for name in shown if name in found}
    return {"active": True, "token_type": "Bearer", "scope": found.get("scp", ""), **body}


def _concerns(client: Client, found: Mapping[str, Any]) -> bool:
    names = {client.app_id, f"api://{client.app_id}", *(uri.rstrip("/") for uri in client.identifier_uris)}
    return found.get("client_id") == client.app_id or found.get("aud") in names


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


def _refresh_token(tx: Transaction, world: World, client: Client, token: str) -> dict[str, Any]:
    found = grants.refresh(tx, digest(token))
    if found is None or found[1] is not None or not _issued_to(found[0], client):
        return _INACTIVE
    if world.now() >= found[0].expires or not _alive(tx, world, found[0]):
        return _INACTIVE
    try:
        grant = consent.still_consented(tx, client, found[0])
    except TokenRefused:
        return _INACTIVE
    return {"active": True, "client_id": grant.client_id, "scope": grant.scope, "exp": int(grant.expires.timestamp())}


def _issued_to(grant: Grant, client: Client) -> bool:
    return grant.client_id == client.app_id and grant.tenant_id == client.tenant_id


def revoke(world: World, client: Client, token: str) -> None:
    """End the grant behind a token of this client; what is none of anybody's is fine (RFC 7009 2.2).

    Raises TokenRefused: `unsupported_token_type` for an app-only token, 70000 for another client's token.
    """
    world.database.write(_revoke, world, client, token)


def _revoke(tx: Transaction, world: World, client: Client, token: str) -> None:
    found = grants.refresh(tx, digest(token))
    grant = found[0] if found else _grant_of(tx, world, token)
    if grant is None:
        return
    if not _issued_to(grant, client):
        raise malformed()
    grants.end(tx, grant.id)


def _grant_of(tx: Transaction, world: World, token: str) -> Grant | None:
    try:
        found = world.keyring.verify(token, world.now())
    except Unauthenticated:
        return None
    if found.get("typ") != "at+jwt":
        return None
    if found.get("idtyp") == "app":
        text = "A token of an application itself cannot be revoked; it ends with its secret or its service principal."
        raise TokenRefused("unsupported_token_type", 9002313, text)
    return grants.get(tx, str(found.get("rm_gid")))
