"""Who holds an access token: tenant, client, grant and user are looked at for every request (graph G74, G78)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from readmit.domain.authentication import REVOKED, WRONG_AUDIENCE, Unauthenticated
from readmit.domain.permission import Caller
from readmit.flows.world import World
from readmit.storage import clients, grants, roles, users
from readmit.storage.columns import moment
from readmit.storage.transaction import Transaction


def authenticate(world: World, token: str, own: Callable[[str], bool], *, source: str = "") -> Caller:
    """The caller of a Graph door, at the address `source`. `own` says whether an audience is Graph here (graph G74).

    Tenant, client and user must live, the epoch must be the token's, its grant must live (G78); raises
    Unauthenticated (M20, M21).
    """
    found = world.keyring.verify(token, world.now())
    if found.get("typ") != "at+jwt":
        raise Unauthenticated("Access token validation failure.")
    if not own(found.get("aud", "")):
        raise Unauthenticated(WRONG_AUDIENCE)
    if found.get("idtyp") == "app":
        return world.database.read(_application, found, source)
    return world.database.read(_user, found, source)


def _revoked(found: Any) -> Unauthenticated:
    capable = "cp1" in str(found.get("xms_cc", "")).lower()
    return Unauthenticated(REVOKED, "revoked", claims_capable=capable)


def _application(tx: Transaction, found: Any, source: str) -> Caller:
    state = tx.kept(clients.app_state, found["rm_gid"], found["tid"])
    if state is None or not state[2] or state[1] != found["rm_epoch"]:
        raise _revoked(found)
    return Caller(
        tenant_id=found["tid"],
        app_id=found["client_id"],
        service_principal_id=found["oid"],
        app_name=state[0],
        permissions=frozenset(found.get("roles", ())),
        roles=tx.kept(roles.roles_of, found["oid"]),
        source=source,
    )


def _user(tx: Transaction, found: Any, source: str) -> Caller:
    state = tx.kept(grants.user_state, found["rm_gid"], found["tid"])
    if state is None or state[1] != found["rm_epoch"] or state[2] != found["rm_epoch"] or not state[6]:
        raise _revoked(found)
    # A second line only: it never decides within one second (graph G78).
    if found["iat"] < int(moment(state[3]).timestamp()):
        raise _revoked(found)
    return Caller(
        tenant_id=found["tid"],
        app_id=found["client_id"],
        service_principal_id=state[5],
        app_name=state[4],
        permissions=frozenset(found.get("scp", "").split()),
        roles=tx.kept(roles.roles_of, state[0]),
        user=tx.kept(users.live, found["tid"], state[0]),
        source=source,
    )
