"""Refresh tokens: rotation, one successor for 30 seconds, and the end of a family that was stolen (security O5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from readmit.domain.errors import TokenRefused
from readmit.flows import consent, sign_in_log
from readmit.flows.browsers import digest
from readmit.flows.granting import check_alive, inactive, revoked
from readmit.flows.issue import Exchange, ended, tokens_of
from readmit.flows.world import World
from readmit.storage import grants
from readmit.storage.clients import Client
from readmit.storage.transaction import Transaction

_SAME_SUCCESSOR: Final = timedelta(seconds=30)


def refresh(tx: Transaction, world: World, client: Client, brought: Exchange) -> dict[str, Any] | TokenRefused:
    """Rotate: within 30 s every repeat gets the same successor, any later use kills the family (security O5)."""
    now, old = world.now(), digest(brought.token)
    found = grants.refresh(tx, old)
    if found is None or found[0].client_id != client.app_id or found[0].tenant_id != client.tenant_id:
        raise revoked()
    grant, used = found
    if used is not None and now > used + _SAME_SUCCESSOR:
        return ended(tx, world, grant, revoked(), brought)
    if now >= grant.expires:
        raise inactive()
    check_alive(tx, world, grant)
    grant = consent.still_consented(tx, client, grant)
    if used is None:
        grants.use_refresh(tx, old, now)
    successor = world.keyring.digest("refresh", brought.token)
    answer = tokens_of(tx, world, client, grant, brought, refresh=successor)
    sign_in_log.refreshed(tx, world, grant, brought.ip, brought.correlation_id)
    return answer
