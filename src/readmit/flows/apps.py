"""Applications and service principals: create, change, delete, restore (graph G33 to G35)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal

from readmit.domain import application as rules
from readmit.domain.application import Application, ServicePrincipal
from readmit.domain.audit import Event
from readmit.domain.errors import (
    Duplicate,
    InsufficientPrivileges,
    MissingValue,
    NotFound,
    Unavailable,
    UnsupportedQuery,
)
from readmit.domain.permission import (
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    GLOBAL_ADMINISTRATOR,
    Caller,
)
from readmit.flows.record import note_creator, object_event, record
from readmit.flows.world import World
from readmit.storage import apps, groups
from readmit.storage.transaction import Transaction

_ADMINISTRATORS: Final = frozenset({GLOBAL_ADMINISTRATOR, APPLICATION_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR})
Kind = Literal["application", "servicePrincipal"]
Owned = Application | ServicePrincipal


def create_application(
    tx: Transaction, world: World, caller: Caller, values: Mapping[str, Any], *, correlation_id: str | None = None
) -> Application:
    """POST /applications; a delegated caller becomes the owner. Raises MissingValue (M7), Duplicate (M15)."""
    if not values.get("displayName"):
        raise MissingValue("displayName", "Application")
    blank = Application(world.new_id(), caller.tenant_id, world.new_id(), values["displayName"], world.now())
    application = rules.changed_application(blank, values)
    _check_unique(tx, application)
    apps.insert_application(tx, application)
    note_creator(tx, caller, application.id)
    if caller.user is not None:
        groups.add_owner(tx, application.id, caller.user.id)
    record(tx, world, caller, app_event("Add", application), correlation_id=correlation_id)
    return application


def update_application(
    tx: Transaction,
    world: World,
    caller: Caller,
    id: str,
    values: Mapping[str, Any],
    *,
    correlation_id: str | None = None,
) -> None:
    """PATCH /applications/{id}. Raises UnsupportedQuery where an enabled role or scope would go (graph G35)."""
    before = find_application(tx, caller, id)
    check_owner(tx, caller, before.id)
    after = rules.changed_application(before, values)
    if after == before:
        return
    _check_unique(tx, after)
    if not apps.update_application(tx, after):
        raise Unavailable
    if rules.lost_a_key(before.properties, after.properties):
        apps.raise_epoch(tx, after.app_id)
    record(tx, world, caller, app_event("Update", after, changed=sorted(values)), correlation_id=correlation_id)


def create_principal(
    tx: Transaction, world: World, caller: Caller, values: Mapping[str, Any], *, correlation_id: str | None = None
) -> ServicePrincipal:
    """POST /servicePrincipals for an application of this server. Raises MissingValue, Duplicate (M15)."""
    app_id = values.get("appId")
    if not app_id:
        raise MissingValue("appId", "ServicePrincipal")
    application = apps.home_application(tx, caller.tenant_id, app_id)
    if application is None or not rules.usable_in(application, caller.tenant_id):
        text = f"The appId '{app_id[:120]}' of the service principal does not reference a valid application object."
        raise UnsupportedQuery(text, "Request_BadRequest")
    blank = ServicePrincipal(
        world.new_id(), caller.tenant_id, application.app_id, application.display_name, world.now()
    )
    principal = rules.changed_principal(blank, {name: value for name, value in values.items() if name != "appId"})
    apps.insert_principal(tx, principal)
    note_creator(tx, caller, principal.id)
    if caller.user is not None:
        groups.add_owner(tx, principal.id, caller.user.id)
    record(tx, world, caller, app_event("Add", principal), correlation_id=correlation_id)
    return principal


def update_principal(
    tx: Transaction,
    world: World,
    caller: Caller,
    id: str,
    values: Mapping[str, Any],
    *,
    correlation_id: str | None = None,
) -> None:
    """PATCH /servicePrincipals/{id}; disabling ends its app-only tokens (graph G77)."""
    before = find_principal(tx, caller, id)
    check_owner(tx, caller, before.id)
    after = rules.changed_principal(before, values)
    if after == before:
        return
    if (before.enabled and not after.enabled) or rules.lost_a_key(before.properties, after.properties):
        after = replace(after, epoch=after.epoch + 1)
    if not apps.update_principal(tx, after, before):
        raise Unavailable
    record(tx, world, caller, app_event("Update", after, changed=sorted(values)), correlation_id=correlation_id)


# -------------------------------------------------------------- deleted items


def delete_app(
    tx: Transaction, world: World, caller: Caller, kind: Kind, id: str, *, correlation_id: str | None = None
) -> None:
    """Into deleted items for 30 days; an application takes its service principal in this tenant along."""
    found = find_app(tx, caller, kind, id)
    check_owner(tx, caller, found.id)
    now = world.now()
    events = [app_event("Delete", found)]
    if isinstance(found, Application):
        if not apps.mark_application_deleted(tx, found, now):
            raise NotFound(id)
        principal = apps.principal_by_app_id(tx, caller.tenant_id, found.app_id)
    else:
        principal = found
    if principal is not None:
        _move_principal(tx, principal, now)
        if isinstance(found, Application):
            events.append(app_event("Delete", principal))
    record(tx, world, caller, *events, correlation_id=correlation_id)


def restore_app(
    tx: Transaction, world: World, caller: Caller, kind: Kind, id: str, *, correlation_id: str | None = None
) -> Owned:
    """Back from deleted items; an application brings its service principal in this tenant along."""
    found = find_app(tx, caller, kind, id, deleted=True)
    check_owner(tx, caller, found.id)
    if isinstance(found, Application):
        if not apps.mark_application_deleted(tx, found, None):
            raise NotFound(id)
        principal = apps.known_principal(tx, caller.tenant_id, found.app_id)
    else:
        principal = found
    if principal is not None and principal.deleted is not None:
        _move_principal(tx, principal, None)
    record(tx, world, caller, app_event("Restore", found), correlation_id=correlation_id)
    return replace(found, deleted=None)


def purge_app(
    tx: Transaction, world: World, caller: Caller, kind: Kind, id: str, *, correlation_id: str | None = None
) -> None:
    """Gone for good, with secrets and what was granted."""
    found = find_app(tx, caller, kind, id, deleted=True)
    check_owner(tx, caller, found.id)
    if isinstance(found, Application):
        apps.delete_application(tx, found.id)
    else:
        apps.delete_principal(tx, found.id)
    record(tx, world, caller, app_event("Hard Delete", found), correlation_id=correlation_id)


def _move_principal(tx: Transaction, principal: ServicePrincipal, when: datetime | None) -> None:
    after = replace(principal, deleted=when, epoch=principal.epoch + 1)
    if not apps.update_principal(tx, after, principal):
        raise Unavailable


# -------------------------------------------------------------------- finding


def find_application(tx: Transaction, caller: Caller, id: str, *, deleted: bool = False) -> Application:
    """Raises NotFound."""
    found = apps.application(tx, caller.tenant_id, id)
    if found is None or (found.deleted is not None) is not deleted:
        raise NotFound(id)
    return found


def find_principal(tx: Transaction, caller: Caller, id: str, *, deleted: bool = False) -> ServicePrincipal:
    """Raises NotFound."""
    found = apps.principal(tx, caller.tenant_id, id)
    if found is None or (found.deleted is not None) is not deleted:
        raise NotFound(id)
    return found


def find_app(tx: Transaction, caller: Caller, kind: Kind, id: str, *, deleted: bool = False) -> Owned:
    """Raises NotFound."""
    find = find_application if kind == "application" else find_principal
    return find(tx, caller, id, deleted=deleted)


def check_owner(tx: Transaction, caller: Caller, object_id: str) -> None:
    """Owner, or application administrator (graph G66). Raises InsufficientPrivileges."""
    if caller.user is None or caller.holds(_ADMINISTRATORS) or groups.is_owner(tx, object_id, caller.user.id):
        return
    raise InsufficientPrivileges


def _check_unique(tx: Transaction, application: Application) -> None:
    """An identifier URI or a unique name names one application of the tenant."""
    name = application.properties.get("uniqueName")
    named = apps.by_unique_name(tx, application.tenant_id, name) if name is not None else None
    if named is not None and named.id != application.id:
        raise Duplicate
    for uri in application.identifier_uris:
        other = apps.by_identifier_uri(tx, application.tenant_id, uri)
        if other is not None and other != application.id:
            raise Duplicate


def app_event(verb: str, found: Owned, **details: object) -> Event:
    """An event about an application or service principal, named in Graph's style (graph G41)."""
    kind, name = (
        ("Application", "application")
        if isinstance(found, Application)
        else (
            "ServicePrincipal",
            "service principal",
        )
    )
    operation = {"Add": "Add", "Delete": "Delete", "Hard Delete": "Delete"}.get(verb, "Update")
    target = (kind, found.id, found.display_name)
    return object_event(f"{verb} {name}", "ApplicationManagement", operation, target, **details)
