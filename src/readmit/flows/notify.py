"""Telling receivers of changes: lease, read the log again, hand over, write how far it is (graph G59).

Notices are made of the log of changes when they are sent, so that a change costs its writer nothing more, and hold
ids only. A receiver has acknowledged everything up to a number of the log; what is behind it is owed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from readmit.domain.graph_permissions import GRAPH_APP_ID
from readmit.domain.subscription import Progress, Subscription
from readmit.flows.tokens import role_values
from readmit.flows.world import World
from readmit.storage import changes, clients, subscriptions, tenants
from readmit.storage.changes import Change
from readmit.storage.subscriptions import Held
from readmit.storage.transaction import Transaction

_LEASE: Final = timedelta(seconds=60)
_MOST: Final = 100
"""Changes in one request."""
_NAMES: Final = {"user": ("Users", "#Microsoft.Graph.User"), "group": ("Groups", "#Microsoft.Graph.Group")}
_log = structlog.get_logger("readmit.notify")


@dataclass(frozen=True, slots=True)
class Owed:
    """What a receiver is told next: (change type, object id) each once, and how far the log is told with it."""

    told: tuple[tuple[str, str], ...]
    upto: int
    head: int
    private: bool


def tell_next(world: World, holder: str) -> bool:
    """Serve the subscription that has waited longest; False when none is due."""
    now = world.now()
    if not world.database.read(subscriptions.is_due, now):
        return False
    held = world.database.write(subscriptions.lease, holder, now=now, until=now + _LEASE)
    if held is None:
        return False
    owed = world.database.read(_owed, held)
    progress = _missed(world, held, owed, held.progress, now)
    if held.progress.due <= now:
        progress = _changed(world, held, owed, progress)
    world.database.write(subscriptions.save, held, progress)
    return True


def anybody(world: World) -> bool:
    """Whether there is anybody to be told: how often a worker looks depends on it."""
    return world.database.read(subscriptions.any_alive, world.now())


def _changed(world: World, held: Held, owed: Owed, progress: Progress) -> Progress:
    asked = held.subscription.asked
    notices = [_notice(held.subscription, *one) for one in owed.told]
    failure = world.webhooks.tell(asked.url, notices, private=owed.private) if notices else None
    if failure is None:
        return progress.acknowledged(owed.upto, world.now(), more=owed.upto < owed.head)
    _log.warning("webhook failed", subscription=held.subscription.id, tries=progress.tries + 1, reason=failure)
    return progress.failed(owed.head, world.now(), lifecycle=asked.lifecycle_url is not None)


def _missed(world: World, held: Held, owed: Owed, progress: Progress, now: datetime) -> Progress:
    """Tell the lifecycle URL that notices were given up, if that is due."""
    url = held.subscription.asked.lifecycle_url
    if url is None or progress.missed_due is None or progress.missed_due > now:
        return progress
    notice = {**_head(held.subscription), "lifecycleEvent": "missed", "resource": held.subscription.asked.resource}
    failure = world.webhooks.tell(url, [notice], private=owed.private)
    return progress.missed_told() if failure is None else progress.missed_failed(world.now())


# -------------------------------------------------------------------- what is owed


def _owed(tx: Transaction, held: Held) -> Owed:
    subscription, watched = held.subscription, held.subscription.asked.watched
    ids = (watched.id,) if watched.id is not None else ()
    head = changes.head(tx)
    found = changes.since(tx, subscription.tenant_id, watched.kind, held.progress.seq, ids=ids, limit=_MOST)
    upto = found[-1].seq if len(found) == _MOST else head
    if watched.members:
        found = [change for change in found if change.member_id is not None]
    there = changes.existing(tx, watched.kind, sorted({change.object_id for change in found}))
    told = dict.fromkeys((_type(change, there), change.object_id) for change in found)
    wanted = tuple(one for one in told if one[0] in subscription.asked.change_type)
    if not _may_read(tx, subscription):
        wanted = ()
    tenant = tenants.get(tx, subscription.tenant_id)
    return Owed(wanted, upto, head, private=tenant is not None and tenant.settings.privateWebhooks)


def _may_read(tx: Transaction, subscription: Subscription) -> bool:
    """Whether what the application, or the user with it, may do still holds a right to read what is watched."""
    graph = clients.get(tx, subscription.tenant_id, GRAPH_APP_ID)
    if graph is None:
        return False
    if subscription.by_user:
        client, user = subscription.principal_id, subscription.creator_id
        held = clients.consented_scopes(tx, client, graph.service_principal_id, user)
    else:
        held = frozenset(role_values(tx, subscription.principal_id, graph))
    return not held.isdisjoint(subscription.needs)


def _type(change: Change, there: Sequence[str] | set[str]) -> str:
    """Made and purged objects stand in the log as a whole: a purged one is no longer there."""
    whole = not change.columns and change.member_id is None
    return "deleted" if whole and change.object_id not in there else "updated"


def _notice(subscription: Subscription, change_type: str, id: str) -> dict[str, Any]:
    set_name, type_name = _NAMES[subscription.asked.watched.kind]
    path = f"{set_name}/{id}"
    return {
        **_head(subscription),
        "changeType": change_type,
        "resource": path,
        "resourceData": {"@odata.type": type_name, "@odata.id": path, "id": id},
    }


def _head(subscription: Subscription) -> dict[str, Any]:
    return {
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": subscription.asked.expires.isoformat().replace("+00:00", "Z"),
        "tenantId": subscription.tenant_id,
        "clientState": subscription.asked.client_state,
    }
