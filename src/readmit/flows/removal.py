"""Deleted users: into deleted items, back, and gone for good (lifecycle S12 to S14, L8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from readmit.domain import directory
from readmit.domain.address import EmailAddress
from readmit.domain.audit import SYSTEM
from readmit.domain.errors import AddressTaken, InvalidValue, NotFound, UpnTaken
from readmit.domain.guest import Accepted, User
from readmit.domain.leaving import RETENTION
from readmit.domain.permission import Caller
from readmit.flows import last_administrator
from readmit.flows.again import until_saved
from readmit.flows.directory import find_user, tenant_of
from readmit.flows.record import record, user_event
from readmit.flows.unbinding import end_binding
from readmit.flows.world import World
from readmit.storage import access, apps, audit, groups, outbox, queries, roles, users
from readmit.storage.transaction import Transaction

_PURGES: Final[dict[str, Callable[[Transaction, str], None]]] = {
    "group": groups.delete,
    "application": apps.delete_application,
    "servicePrincipal": apps.delete_principal,
}


def delete_user(tx: Transaction, world: World, caller: Caller, key: str, *, correlation_id: str | None = None) -> None:
    """S12: what the user holds is free for others; links, flows, sessions, tokens and codes die.

    Raises NotFound, InsufficientPrivileges, LastAdministrator.
    """
    after = until_saved(lambda: _deleted(tx, world, caller, key))
    ended = access.end_access(tx, after.id)
    outbox.supersede(tx, after.id, world.now())
    told: dict[str, Any] = {"ended": ended} if ended else {}
    event = user_event("Delete user", after, operation="Delete", **told)
    record(tx, world, caller, event, correlation_id=correlation_id)


def _deleted(tx: Transaction, world: World, caller: Caller, key: str) -> User | None:
    before = find_user(tx, caller.tenant_id, key)
    if not roles.privileged(tx, before.id):
        return _gone(tx, world, before)
    directory.check_privileged_target(caller)
    with last_administrator.kept(tx, caller.tenant_id):
        return _gone(tx, world, before)


def _gone(tx: Transaction, world: World, before: User) -> User | None:
    after = directory.deleted(before, world.now())
    return after if users.update(tx, after, before) else None


def find_deleted(tx: Transaction, tenant_id: str, user_id: str) -> User:
    """A user in deleted items. Raises NotFound."""
    user = users.get(tx, tenant_id, user_id)
    if user is None or user.deleted is None:
        raise NotFound(user_id)
    return user


def restore_user(
    tx: Transaction,
    world: World,
    caller: Caller,
    user_id: str,
    *,
    new_upn: str | None = None,
    drop_clashing: bool = False,
    correlation_id: str | None = None,
) -> User:
    """S13 by L8: all but sessions and links. Raises UpnTaken (M13), AddressTaken (E20), NotFound."""
    after, unbinds = until_saved(
        lambda: _restored(tx, world, caller, user_id, new_upn=new_upn, drop_clashing=drop_clashing)
    )
    if unbinds:
        end_binding(tx, after, "restore", world.now())
    lost: dict[str, Any] = {"unbound": True} if unbinds else {}
    event = user_event("Restore user", after, operation="Update", **lost)
    record(tx, world, caller, event, correlation_id=correlation_id)
    return after


def _restored(
    tx: Transaction, world: World, caller: Caller, user_id: str, *, new_upn: str | None, drop_clashing: bool
) -> tuple[User, bool] | None:
    """The user as saved, and whether he has lost his identity."""
    before = find_deleted(tx, caller.tenant_id, user_id)
    after = _named_anew(tx, caller, replace(before, deleted=None), new_upn)
    after = _without_clashes(tx, after, drop_clashing=drop_clashing)
    unbinds = _lost_identity(tx, after)
    if unbinds and isinstance(after.redemption, Accepted):
        after = after.unbound(world.now(), after.redemption.invited)
    return (after, unbinds) if users.update(tx, after, before) else None


def _named_anew(tx: Transaction, caller: Caller, user: User, new_upn: str | None) -> User:
    if new_upn is not None:
        local, _, domain = new_upn.rpartition("@")
        if not local or domain.lower() not in tenant_of(tx, caller).domains:
            raise InvalidValue("newUserPrincipalName")
        user = replace(user, upn=new_upn)
    if not users.upn_is_free(tx, user.tenant_id, user.upn):
        raise UpnTaken
    return user


def _without_clashes(tx: Transaction, user: User, *, drop_clashing: bool) -> User:
    clashing = {key: owner for key in user.held_keys if (owner := users.by_address(tx, user.tenant_id, key))}
    own_name = EmailAddress.stored(user.upn).key
    if not user.invited_user and own_name in clashing:
        raise UpnTaken
    if clashing and not drop_clashing:
        key = user.mail.key if user.mail is not None and user.mail.key in clashing else min(clashing)
        target = "mail" if user.mail is not None and user.mail.key == key else "otherMails"
        raise AddressTaken(target, clashing[key].id)
    return directory.without_keys(user, frozenset(clashing))


def _lost_identity(tx: Transaction, user: User) -> bool:
    """Whether the bound identity is another guest's now, or its address is off the object (lifecycle L8)."""
    redemption = user.redemption
    if not isinstance(redemption, Accepted):
        return False
    return not user.holds(redemption.redeemed) or users.by_binding(tx, user.tenant_id, redemption.binding) is not None


def purge_user(
    tx: Transaction, world: World, caller: Caller, user_id: str, *, correlation_id: str | None = None
) -> None:
    """S14 by hand: the object and all that hangs on it."""
    user = find_deleted(tx, caller.tenant_id, user_id)
    if roles.privileged(tx, user.id):
        directory.check_privileged_target(caller)
    users.delete(tx, user)
    event = user_event("Hard Delete user", user, operation="Delete")
    record(tx, world, caller, event, correlation_id=correlation_id)


def purge_expired(tx: Transaction, world: World, *, limit: int = 100) -> int:
    """S14 on day 30, for a timer; how many objects of every kind went. Call again while it is not 0."""
    now = world.now()
    old = now - RETENTION
    gone = queries.deleted_before(tx, old, limit)
    for user in gone:
        users.delete(tx, user)
        event = user_event("Hard Delete user", user, operation="Delete")
        audit.append(tx, user.tenant_id, SYSTEM, [event], now=now, new_id=world.new_id)
    others = queries.others_deleted_before(tx, old, limit)
    for kind, id in others:
        _PURGES[kind](tx, id)
    return len(gone) + len(others)
