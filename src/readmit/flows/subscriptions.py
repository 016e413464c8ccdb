"""Subscribing to changes: made after the receiver has proved itself, renewed, ended (graph G59).

Making one is a short sequence: what the database knows, the receiver's proof (outside any transaction), the row.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Final

from readmit.domain.errors import (
    InvalidIdentifier,
    InvalidValue,
    NotFound,
    TooManySubscriptions,
    ValidationFailed,
)
from readmit.domain.permission import Caller
from readmit.domain.subscription import LONGEST, MOST, Asked, Resource, Subscription
from readmit.flows.directory import tenant_of
from readmit.flows.world import World
from readmit.storage import changes, groups, subscriptions, users
from readmit.storage.transaction import Transaction

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def subscribe(world: World, caller: Caller, asked: Asked) -> Subscription:
    """POST /subscriptions, 201 once the receiver has repeated its token and the row is there.

    Raises InvalidValue (M6), InvalidIdentifier, NotFound (M10, M11), TooManySubscriptions, ValidationFailed.
    """
    private = world.database.read(_allowed, world, caller, asked)
    for url in filter(None, (asked.url, asked.lifecycle_url)):
        if not world.webhooks.proves(url, f"Validation: {world.new_secret()}", private=private):
            raise ValidationFailed
    return world.database.write(_subscribed, world, caller, asked)


def _allowed(tx: Transaction, world: World, caller: Caller, asked: Asked) -> bool:
    """Whether private addresses may be reached, once nothing speaks against the subscription."""
    _check_end(asked.expires, world.now())
    _check_watched(tx, caller.tenant_id, asked.watched)
    _check_number(tx, world, caller)
    return tenant_of(tx, caller).settings.privateWebhooks


def _subscribed(tx: Transaction, world: World, caller: Caller, asked: Asked) -> Subscription:
    _check_number(tx, world, caller)
    # The epoch of the token, not of now: who was reset while the receiver proved itself has subscribed to nothing.
    epoch = caller.user.epoch if caller.user is not None else None
    principal = caller.service_principal_id
    made = Subscription(world.new_id(), caller.tenant_id, caller.app_id, principal, caller.id, asked, epoch)
    subscriptions.insert(tx, made, seq=changes.head(tx), now=world.now())
    return made


def _check_end(expires: datetime, now: datetime) -> None:
    if not now < expires <= now + LONGEST:
        raise InvalidValue("expirationDateTime", "Subscription")


def _check_watched(tx: Transaction, tenant_id: str, watched: Resource) -> None:
    if watched.id is None:
        return
    if not _UUID.fullmatch(watched.id):
        raise (NotFound if watched.kind == "user" else InvalidIdentifier)(watched.id)
    live = users.live if watched.kind == "user" else groups.live
    if live(tx, tenant_id, watched.id) is None:
        raise NotFound(watched.id)


def _check_number(tx: Transaction, world: World, caller: Caller) -> None:
    if len(subscriptions.of_application(tx, caller.tenant_id, caller.app_id, world.now())) >= MOST:
        raise TooManySubscriptions(MOST)


def mine(tx: Transaction, world: World, caller: Caller) -> list[Subscription]:
    """What the application has; of a user's those alone that he made with it."""
    creator = caller.id if caller.user is not None else None
    return subscriptions.of_application(tx, caller.tenant_id, caller.app_id, world.now(), creator=creator)


def find(tx: Transaction, world: World, caller: Caller, id: str) -> Subscription:
    """One of them. Raises NotFound (M10)."""
    for one in mine(tx, world, caller):
        if one.id == id.lower():
            return one
    raise NotFound(id)


def renew(tx: Transaction, world: World, caller: Caller, id: str, expires: datetime) -> Subscription:
    """PATCH /subscriptions/{id}. Raises NotFound, InvalidValue (M6)."""
    before = find(tx, world, caller, id)
    _check_end(expires, world.now())
    subscriptions.renew(tx, before.id, expires)
    return replace(before, asked=replace(before.asked, expires=expires))


def end(tx: Transaction, world: World, caller: Caller, id: str) -> None:
    """DELETE /subscriptions/{id}. Raises NotFound."""
    subscriptions.delete(tx, find(tx, world, caller, id).id)
