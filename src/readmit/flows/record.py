"""Writes the audit events of a flow in its own transaction (graph G40, G41)."""

from __future__ import annotations

from collections.abc import Mapping

from readmit.domain.audit import CORE_DIRECTORY, Actor, Event
from readmit.domain.guest import User
from readmit.domain.permission import Caller
from readmit.flows.world import World
from readmit.storage import audit, creators
from readmit.storage.transaction import Transaction


def actor_of(caller: Caller) -> Actor:
    """Who an audit event names."""
    if caller.user is not None:
        return Actor("user", caller.user.id, caller.user.display_name, caller.user.upn, caller.source)
    return Actor("app", caller.service_principal_id, caller.app_name, source=caller.source)


def record(tx: Transaction, world: World, caller: Caller, *events: Event, correlation_id: str | None = None) -> None:
    """Append events that this caller caused."""
    actor = actor_of(caller)
    now = world.now()
    audit.append(tx, caller.tenant_id, actor, events, now=now, new_id=world.new_id, correlation_id=correlation_id)


def note_creator(tx: Transaction, caller: Caller, object_id: str) -> None:
    """Of a delegated caller it is kept what he made (graph G31); applications have no `createdObjects`."""
    if caller.user is not None:
        creators.note(tx, object_id, caller.user.id)


def user_event(
    activity: str,
    user: User,
    *,
    operation: str = "Update",
    values: Mapping[str, object] | None = None,
    **details: object,
) -> Event:
    """An event about a user; `details` name nobody. `values`: old and new ones by property, kept beside the event."""
    names: dict[str, object] = {"displayName": user.display_name, "userPrincipalName": user.upn}
    if values:
        names["changed"] = values
    return Event(
        activity=activity,
        service=CORE_DIRECTORY,
        operation=operation,
        target_id=user.id,
        target_type="User",
        details=details,
        names={user.id: names},
    )


def object_event(
    activity: str, category: str, operation: str, target: tuple[str, str, str], **details: object
) -> Event:
    """An event about another object; `target` is (type, id, displayName)."""
    kind, id, name = target
    return Event(
        activity=activity,
        service=CORE_DIRECTORY,
        category=category,
        operation=operation,
        target_id=id,
        target_type=kind,
        details=details,
        names={id: {"displayName": name}},
    )
