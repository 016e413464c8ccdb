"""Sweeping what is over: flows, grants, sessions, counters, old keys and logs, and what lay in the bin for 30 days."""

from __future__ import annotations

from datetime import timedelta

from readmit.flows import device, keys, removal, upstream_saml
from readmit.flows.world import World
from readmit.storage import (
    attempts,
    audit,
    browser_flows,
    changes,
    device_codes,
    grants,
    invitations,
    saml,
    sessions,
    sign_in_log,
    subscriptions,
)
from readmit.storage.transaction import Transaction

_IDEMPOTENCY = timedelta(hours=24)
_COUNTERS = timedelta(days=2)
_CHANGES = timedelta(days=8)
"""A delta token lives seven days (graph G58)."""
_MARKS = timedelta(hours=6)
_KEPT = timedelta(days=366)
"""365 days for audit and sign-ins (security J2), and one so that no clock's second is in doubt."""
_AT_ONCE = 5_000
"""Rows of each log that one sweep deletes: the writer is not held up for long."""


def sweep(world: World) -> None:
    """Delete what can no longer matter; nothing that decides is among it. Signing keys rotate in time."""
    world.database.write(_sweep, world)
    world.database.write(removal.purge_expired, world)
    keys.ensure(world)


def _sweep(tx: Transaction, world: World) -> None:
    now = world.now()
    browser_flows.delete_expired(tx, now)
    grants.delete_expired(tx, now)
    device_codes.delete_expired(tx, now - device.LIFETIME)
    sessions.delete_expired(tx, now)
    invitations.forget_repeats(tx, now - _IDEMPOTENCY)
    attempts.forget(tx, now - _COUNTERS)
    saml.forget(tx, now - upstream_saml.GRACE, now - upstream_saml.PARKED)
    changes.mark(tx, now, _MARKS)
    forgotten = changes.old(tx, now - _CHANGES)
    if forgotten is not None:
        subscriptions.miss(tx, forgotten, now)
        changes.forget(tx, forgotten)
    subscriptions.delete_expired(tx, now)
    audit.forget(tx, now - _KEPT, _AT_ONCE)
    sign_in_log.forget(tx, now - _KEPT, _AT_ONCE)
