"""The audit log's tables: append-only events, and beside them what names people (security J2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from readmit.domain.audit import INVITED_USERS, Actor, Event
from readmit.storage.columns import micros, to_json
from readmit.storage.transaction import Transaction

_EVENT: Final = (
    "(:id{0}, :tenant, :at, :service{0}, :category{0}, :activity{0}, :operation{0}, :result{0}, :reason{0},"
    " :correlation, :actor_type, :actor, :source, :target{0}, :target_type{0}, :details{0})"
)
_NAME: Final = "(:event{0}, :subject{0}, :body{0})"


def append(
    tx: Transaction,
    tenant_id: str,
    actor: Actor,
    events: Iterable[Event],
    *,
    now: datetime,
    new_id: Callable[[], str],
    correlation_id: str | None = None,
) -> None:
    """Write the events of one flow; ids are `InvitedUsers_{uuid}` or `Directory_{uuid}` (graph G40).

    One statement for the events and one for the names: each call into SQLite hands the interpreter over, and on the
    writer's thread that is what a reset waits for.
    """
    parameters: dict[str, Any] = {
        "tenant": tenant_id,
        "at": micros(now),
        "correlation": correlation_id,
        "actor_type": actor.type,
        "actor": actor.id,
        "source": actor.source,
    }
    names: dict[str, Any] = {}
    number = count = 0
    for event in events:
        prefix = "InvitedUsers" if event.service == INVITED_USERS else "Directory"
        event_id = f"{prefix}_{new_id()}"
        parameters |= _event(event, event_id, number)
        for subject, body in _named(actor, event).items():
            names |= {f"event{count}": event_id, f"subject{count}": subject, f"body{count}": to_json(body)}
            count += 1
        number += 1
    if number:
        tx.run(_insert_events(number), parameters)
    if count:
        tx.run(_insert_names(count), names)


def forget(tx: Transaction, before: datetime, limit: int) -> int:
    """Retention, the only thing that deletes events: those before a moment with what names people, at most so many."""
    sql = "DELETE FROM audit_events WHERE id IN (SELECT id FROM audit_events WHERE at < :before LIMIT :limit)"
    return tx.run(sql, {"before": micros(before), "limit": limit})


@cache
def _insert_events(number: int) -> str:
    rows = ", ".join(_EVENT.format(index) for index in range(number))
    return (
        "INSERT INTO audit_events (id, tenant_id, at, service, category, activity, operation, result, reason,"
        f" correlation_id, actor_type, actor_id, source, target_id, target_type, details) VALUES {rows}"
    )


@cache
def _insert_names(number: int) -> str:
    rows = ", ".join(_NAME.format(index) for index in range(number))
    return f"INSERT INTO audit_names (event_id, subject_id, body) VALUES {rows}"


def _event(event: Event, event_id: str, number: int) -> dict[str, Any]:
    return {
        f"id{number}": event_id,
        f"service{number}": event.service,
        f"category{number}": event.category,
        f"activity{number}": event.activity,
        f"operation{number}": event.operation,
        f"result{number}": event.result,
        f"reason{number}": event.reason,
        f"target{number}": event.target_id,
        f"target_type{number}": event.target_type,
        f"details{number}": to_json(event.details) if event.details else "{}",
    }


def _named(actor: Actor, event: Event) -> Mapping[str, Mapping[str, object]]:
    """What names the subjects of an event, the actor among them."""
    if actor.id is None or actor.name is None or actor.id in event.names:
        return event.names
    shown = {"displayName": actor.name} | ({"userPrincipalName": actor.upn} if actor.upn else {})
    return {**event.names, actor.id: shown}
