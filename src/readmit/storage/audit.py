"""The audit log's tables: append-only events, and beside them what names people (security J2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from readmit.domain.audit import INVITED_USERS, Actor, Event
from readmit.storage.columns import micros, to_json
from readmit.storage.transaction import Transaction

_INSERT = """
INSERT INTO audit_events (id, tenant_id, at, service, category, activity, operation, result, reason, correlation_id,
  actor_type, actor_id, target_id, target_type, details)
VALUES (:id, :tenant, :at, :service, :category, :activity, :operation, :result, :reason, :correlation,
  :actor_type, :actor, :target, :target_type, :details)
"""


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
    """Write the events of one flow; ids are `InvitedUsers_{uuid}` or `Directory_{uuid}` (graph G40)."""
    at = micros(now)
    for event in events:
        prefix = "InvitedUsers" if event.service == INVITED_USERS else "Directory"
        event_id = f"{prefix}_{new_id()}"
        tx.run(
            _INSERT,
            {
                "id": event_id,
                "tenant": tenant_id,
                "at": at,
                "service": event.service,
                "category": event.category,
                "activity": event.activity,
                "operation": event.operation,
                "result": event.result,
                "reason": event.reason,
                "correlation": correlation_id,
                "actor_type": actor.type,
                "actor": actor.id,
                "target": event.target_id,
                "target_type": event.target_type,
                "details": to_json(event.details),
            },
        )
        _append_names(tx, event_id, actor, event)


def _append_names(tx: Transaction, event_id: str, actor: Actor, event: Event) -> None:
    names = dict(event.names)
    if actor.id is not None and actor.name is not None and actor.id not in names:
        names[actor.id] = {"displayName": actor.name}
    for subject, body in names.items():
        tx.run(
            "INSERT INTO audit_names (event_id, subject_id, body) VALUES (:event, :subject, :body)",
            {"event": event_id, "subject": subject, "body": to_json(body)},
        )
