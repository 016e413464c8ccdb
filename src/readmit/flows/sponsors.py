"""Who answers for a guest: adding and removing sponsors (graph G46)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from readmit.domain.errors import InvalidValue, NotFound, ReferenceAbsent, ReferenceExists
from readmit.domain.permission import Caller
from readmit.flows.directory import find_user
from readmit.flows.record import record, user_event
from readmit.flows.world import World
from readmit.storage import directory_objects, sponsors
from readmit.storage.transaction import Transaction

_LIMIT: Final = 5
"""Sponsors per user."""


def add_sponsor(
    tx: Transaction, world: World, caller: Caller, key: str, sponsor_id: str, *, correlation_id: str | None = None
) -> None:
    """A user or group becomes a sponsor. Raises NotFound, ReferenceExists (M16), InvalidValue beyond five (M6)."""
    user = find_user(tx, caller.tenant_id, key)
    found = directory_objects.find(tx, caller.tenant_id, sponsor_id)
    if found is None or found[0] not in ("user", "group"):
        raise NotFound(sponsor_id)
    present = sponsors.of(tx, user.id)
    if found[1].id in present:
        raise ReferenceExists("sponsors")
    if len(present) >= _LIMIT:
        raise InvalidValue("sponsors")
    sponsors.add(tx, user.id, [found[1].id])
    event = user_event("Add user sponsor", user, operation="Add", sponsors=[found[1].id])
    record(tx, world, caller, event, correlation_id=correlation_id)


def check_sponsors(tx: Transaction, tenant_id: str, ids: Iterable[str]) -> None:
    """Those named in an invitation are live users or groups of the tenant. Raises ReferenceAbsent (M17)."""
    for id in ids:
        found = directory_objects.find(tx, tenant_id, id)
        if found is None or found[0] not in ("user", "group"):
            raise ReferenceAbsent("sponsors")


def remove_sponsor(
    tx: Transaction, world: World, caller: Caller, key: str, sponsor_id: str, *, correlation_id: str | None = None
) -> None:
    """Raises NotFound (M17)."""
    user = find_user(tx, caller.tenant_id, key)
    if not sponsors.remove(tx, user.id, sponsor_id.lower()):
        raise NotFound(sponsor_id)
    event = user_event("Remove user sponsor", user, operation="Delete", sponsors=[sponsor_id.lower()])
    record(tx, world, caller, event, correlation_id=correlation_id)
