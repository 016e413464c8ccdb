"""Members and guests in the directory: create, change, disable, revoke (graph G27 to G30, lifecycle S9, S11)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from readmit.domain import directory
from readmit.domain.errors import InvalidValue, MissingValue, NotFound, Unavailable, UpnTaken
from readmit.domain.guest import Accepted, NeverInvited, User, UserType
from readmit.domain.permission import Caller
from readmit.domain.tenant import Tenant
from readmit.flows import last_administrator
from readmit.flows.again import until_saved
from readmit.flows.record import note_creator, record, user_event
from readmit.flows.unbinding import end_binding
from readmit.flows.world import World
from readmit.storage import access, invitations, outbox, roles, tenants, users
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class UserChanges:
    """A body of POST or PATCH of a user whose values were checked at the door, by Graph's names.

    `identities` is the array as given; `password` its Argon2id hash, made before the transaction (reliability DB1).
    """

    values: Mapping[str, Any]
    identities: tuple[Mapping[str, str | None], ...] | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def names(self) -> frozenset[str]:
        extra = {"identities"} if self.identities is not None else set()
        return frozenset(self.values) | extra | ({"passwordProfile"} if self.password is not None else set())


def tenant_of(tx: Transaction, caller: Caller) -> Tenant:
    """The caller's tenant; it lives while its tokens do."""
    tenant = tenants.get(tx, caller.tenant_id)
    if tenant is None:
        raise Unavailable
    return tenant


def find_user(tx: Transaction, tenant_id: str, key: str) -> User:
    """A live user by object id or UPN. Raises NotFound (M10)."""
    user = users.live(tx, tenant_id, key) or users.by_upn(tx, tenant_id, key)
    if user is None:
        raise NotFound(key)
    return user


def create_user(
    tx: Transaction, world: World, caller: Caller, asked: UserChanges, *, correlation_id: str | None = None
) -> User:
    """POST /users: a member, or a guest who cannot sign in until invited. Raises UpnTaken, AddressTaken (M13, M14)."""
    tenant, now = tenant_of(tx, caller), world.now()
    values = dict(asked.values)
    for name in ("accountEnabled", "displayName", "mailNickname", "userPrincipalName"):
        if values.get(name) in (None, ""):
            raise MissingValue(name)
    user_type: UserType = values.pop("userType", None) or "Member"
    if asked.password is None and user_type != "Guest":
        raise MissingValue("passwordProfile")
    blank = User(
        id=world.new_id(),
        tenant_id=tenant.id,
        upn=values["userPrincipalName"],
        mail_nickname=None,
        display_name=values["displayName"],
        user_type=user_type,
        created=now,
        sessions_valid_from=now,
    )
    user = directory.patched(blank, values, tenant)
    if asked.identities is not None:
        _check_host_entry(user, tenant, asked.identities)
    if not users.upn_is_free(tx, tenant.id, user.upn):
        raise UpnTaken
    users.insert(tx, user)
    note_creator(tx, caller, user.id)
    if asked.password is not None:
        users.set_password(tx, user.id, asked.password, now=now)
    record(tx, world, caller, user_event("Add user", user, operation="Add"), correlation_id=correlation_id)
    return user


def update_user(
    tx: Transaction, world: World, caller: Caller, key: str, asked: UserChanges, *, correlation_id: str | None = None
) -> None:
    """PATCH /users/{key}: all or nothing; without change no event (graph G46). Raises LastAdministrator."""
    until_saved(lambda: _update(tx, world, caller, key, asked=asked, correlation_id=correlation_id))


def _update(
    tx: Transaction, world: World, caller: Caller, key: str, *, asked: UserChanges, correlation_id: str | None
) -> Literal[True] | None:
    tenant = tenant_of(tx, caller)
    before = find_user(tx, tenant.id, key)
    privileged = roles.privileged(tx, before.id)
    directory.check_update(caller, before, asked.names, target_privileged=privileged)
    _check_values(before, asked, tenant)
    after = directory.patched(before, asked.values, tenant)
    if after.upn_key != before.upn_key and not users.upn_is_free(tx, tenant.id, after.upn):
        raise UpnTaken
    details = _details(before, after, asked)
    if not details:
        return True
    after = _with_counters(world, before, after, asked)
    with last_administrator.kept(tx, tenant.id) if privileged and not after.enabled else nullcontext():
        if not users.update(tx, after, before):
            return None
    ended = _end(tx, world, before, after, asked)
    if asked.password is not None:
        users.set_password(tx, after.id, asked.password, now=world.now())
    if ended:
        details["ended"] = ended
    values = directory.changed_names(before, after)
    events = [user_event("Update user", after, values=values, **details)]
    activity = _activity(before, after)
    if activity is not None:
        events.append(user_event(activity, after))
    record(tx, world, caller, *events, correlation_id=correlation_id)
    return True


def revoke_sessions(
    tx: Transaction, world: World, caller: Caller, key: str, *, correlation_id: str | None = None
) -> None:
    """End sessions, tokens and codes; an invitation stays open (lifecycle S11)."""
    after = until_saved(lambda: _revoked(tx, world, caller, key))
    ended = access.end_access(tx, after.id, redemptions=False)
    event = user_event("Update StsRefreshTokenValidFrom Timestamp", after, ended=ended)
    record(tx, world, caller, event, correlation_id=correlation_id)


def _revoked(tx: Transaction, world: World, caller: Caller, key: str) -> User | None:
    before = find_user(tx, caller.tenant_id, key)
    after = directory.access_ended(before, world.now())
    return after if users.update(tx, after, before) else None


def _check_values(before: User, asked: UserChanges, tenant: Tenant) -> None:
    if asked.identities is not None:
        _check_host_entry(before, tenant, asked.identities)
    if asked.password is not None and before.external:
        raise InvalidValue("passwordProfile")
    for name in ("displayName", "userPrincipalName", "accountEnabled", "userType"):
        if name in asked.values and asked.values[name] is None:
            raise InvalidValue(name)


def _check_host_entry(user: User, tenant: Tenant, given: tuple[Mapping[str, str | None], ...]) -> None:
    """Only the entry that every user has is written; a binding comes from redemption alone (graph G30)."""
    if [dict(entry) for entry in given] != [directory.host_entry(user, tenant)]:
        raise InvalidValue("identities")


def _unbinds(before: User, asked: UserChanges) -> bool:
    return asked.identities is not None and not isinstance(before.redemption, NeverInvited)


def _details(before: User, after: User, asked: UserChanges) -> dict[str, Any]:
    """What the event says; empty if nothing changes."""
    details: dict[str, Any] = {}
    changed = sorted(directory.changed_names(before, after))
    if asked.password is not None:
        changed.append("passwordProfile")
    if _unbinds(before, asked):
        changed.append("identities")
        details["generation"] = before.generation + 1
        if isinstance(before.redemption, Accepted):
            details["oldIssuer"] = before.redemption.binding.issuer
    if changed:
        details["changed"] = changed
    return details


def _with_counters(world: World, before: User, after: User, asked: UserChanges) -> User:
    """Raise `generation` and `epoch` where the change ends something (lifecycle L1)."""
    redemption = after.redemption
    if _unbinds(before, asked) and not isinstance(redemption, NeverInvited):
        return after.unbound(world.now(), redemption.invited)
    if (before.enabled and not after.enabled) or asked.password is not None:
        return directory.access_ended(after, world.now())
    return after


def _end(tx: Transaction, world: World, before: User, after: User, asked: UserChanges) -> dict[str, int]:
    """Delete what the change has made void; how many of each kind."""
    now = world.now()
    ended: dict[str, int] = {}
    if after.epoch != before.epoch:
        ended |= access.end_access(tx, after.id, redemptions=not after.enabled or after.generation != before.generation)
    if after.generation != before.generation:
        ended |= end_binding(tx, after, "identities", now)
        outbox.supersede(tx, after.id, now)
    if directory.loses_invitation(before, after):
        ended["invitations"] = invitations.cancel(tx, before.id, before.generation, now)
        ended["flows"] = ended.get("flows", 0) + access.end_redemption(tx, before.id)
        outbox.supersede(tx, before.id, now)
    return {kind: count for kind, count in ended.items() if count}


def _activity(before: User, after: User) -> str | None:
    if before.enabled == after.enabled:
        return None
    return "Enable account" if after.enabled else "Disable account"


def create_user_with_password(
    world: World, caller: Caller, asked: UserChanges, password: str | None, *, correlation_id: str | None = None
) -> User:
    """`create_user`, after the password was hashed outside the transaction (reliability DB1)."""
    whole = _hashed(world, asked, password)
    return world.database.write(create_user, world, caller, whole, correlation_id=correlation_id)


def update_user_with_password(
    world: World, caller: Caller, key: str, asked: UserChanges, *, password: str, correlation_id: str | None = None
) -> None:
    """`update_user`, after the password was hashed outside the transaction."""
    world.database.write(
        update_user, world, caller, key, _hashed(world, asked, password), correlation_id=correlation_id
    )


def _hashed(world: World, asked: UserChanges, password: str | None) -> UserChanges:
    return replace(asked, password=world.passwords.hash(password)) if password is not None else asked
