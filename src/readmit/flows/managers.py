"""To whom a user reports: setting and removing the manager (graph G46)."""

from __future__ import annotations

from readmit.domain.errors import NotFound
from readmit.domain.permission import Caller
from readmit.flows.directory import find_user
from readmit.flows.record import record, user_event
from readmit.flows.world import World
from readmit.storage import managers, users
from readmit.storage.transaction import Transaction


def set_manager(
    tx: Transaction, world: World, caller: Caller, key: str, manager_id: str, *, correlation_id: str | None = None
) -> None:
    """A user becomes the manager, in the place of whoever it was; the same one again is no change. Raises NotFound."""
    user = find_user(tx, caller.tenant_id, key)
    if users.live(tx, caller.tenant_id, manager_id) is None:
        raise NotFound(manager_id)
    if managers.of(tx, user.id) == manager_id:
        return
    managers.put(tx, user.id, manager_id)
    event = user_event("Set user manager", user, manager=manager_id)
    record(tx, world, caller, event, correlation_id=correlation_id)


def remove_manager(
    tx: Transaction, world: World, caller: Caller, key: str, *, correlation_id: str | None = None
) -> None:
    """Nobody is the manager any more. Raises NotFound where nobody was (M10)."""
    user = find_user(tx, caller.tenant_id, key)
    if not managers.remove(tx, user.id):
        raise NotFound("manager")
    record(tx, world, caller, user_event("Remove user manager", user), correlation_id=correlation_id)
