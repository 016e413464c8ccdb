"""Client secrets and owners of applications and service principals (graph G35, G46)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from readmit.domain.application import Application, Secret
from readmit.domain.errors import InvalidValue, NotAReference, NotFound, ReferenceExists
from readmit.domain.permission import Caller
from readmit.flows.apps import Kind, app_event, check_owner, find_app
from readmit.flows.record import record
from readmit.flows.world import World
from readmit.storage import apps, client_secrets, directory_objects, groups
from readmit.storage.transaction import Transaction

_LIFETIME: Final = timedelta(days=730)
"""How long a secret lives when nothing is said."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """What addPassword asks for."""

    display_name: str | None = None
    starts: datetime | None = None
    ends: datetime | None = None


def add_password(
    tx: Transaction,
    world: World,
    caller: Caller,
    kind: Kind,
    id: str,
    asked: NewSecret,
    *,
    correlation_id: str | None = None,
) -> tuple[Secret, str]:
    """A client secret made here: 256 random bits, kept as SHA-256, told this once (security N8)."""
    application = _keeper(tx, caller, kind, id)
    text, now = world.new_secret(), world.now()
    secret = Secret(
        id=world.new_id(),
        application_id=application.id,
        kind="sha256",
        hash=hashlib.sha256(text.encode()).hexdigest(),
        hint=text[:3],
        display_name=asked.display_name,
        starts=asked.starts or now,
        ends=asked.ends or now + _LIFETIME,
    )
    if secret.ends <= secret.starts:
        raise InvalidValue("endDateTime", "PasswordCredential")
    client_secrets.add(tx, secret)
    record(tx, world, caller, app_event("Update", application, secretAdded=secret.id), correlation_id=correlation_id)
    return secret, text


def remove_password(
    tx: Transaction,
    world: World,
    caller: Caller,
    kind: Kind,
    id: str,
    key_id: str,
    *,
    correlation_id: str | None = None,
) -> None:
    """Losing a secret ends the client's app-only tokens (graph G77). Raises InvalidValue for an unknown key."""
    application = _keeper(tx, caller, kind, id)
    if not client_secrets.remove(tx, application.id, key_id.lower()):
        raise InvalidValue("keyId", "PasswordCredential")
    apps.raise_epoch(tx, application.app_id)
    event = app_event("Update", application, secretRemoved=key_id.lower())
    record(tx, world, caller, event, correlation_id=correlation_id)


def _keeper(tx: Transaction, caller: Caller, kind: Kind, id: str) -> Application:
    """The application that keeps the secrets; those of a service principal are its application's in this tenant."""
    found = find_app(tx, caller, kind, id)
    check_owner(tx, caller, found.id)
    if isinstance(found, Application):
        return found
    application = apps.application_by_app_id(tx, caller.tenant_id, found.app_id)
    if application is None:
        raise NotFound(id)
    return application


# --------------------------------------------------------------------- owners


def add_app_owner(
    tx: Transaction,
    world: World,
    caller: Caller,
    kind: Kind,
    id: str,
    owner_id: str,
    *,
    correlation_id: str | None = None,
) -> None:
    """A user or service principal becomes an owner. Raises ReferenceExists (M16), NotFound."""
    found = find_app(tx, caller, kind, id)
    check_owner(tx, caller, found.id)
    target = directory_objects.find(tx, caller.tenant_id, owner_id)
    if target is None:
        raise NotFound(owner_id)
    if target[0] not in ("user", "servicePrincipal"):
        raise NotAReference
    if not groups.add_owner(tx, found.id, target[1].id):
        raise ReferenceExists("owners")
    event = app_event("Add owner to", found, owners=[target[1].id])
    record(tx, world, caller, event, correlation_id=correlation_id)


def remove_app_owner(
    tx: Transaction,
    world: World,
    caller: Caller,
    kind: Kind,
    id: str,
    owner_id: str,
    *,
    correlation_id: str | None = None,
) -> None:
    """Raises NotFound (M17)."""
    found = find_app(tx, caller, kind, id)
    check_owner(tx, caller, found.id)
    if not groups.remove_owner(tx, found.id, owner_id.lower()):
        raise NotFound(owner_id)
    event = app_event("Remove owner from", found, owners=[owner_id.lower()])
    record(tx, world, caller, event, correlation_id=correlation_id)
