"""Groups: create, change, delete, restore; members and owners (graph G32, G46)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

from readmit.domain import group as rules
from readmit.domain.audit import Event
from readmit.domain.errors import (
    Duplicate,
    InsufficientPrivileges,
    MissingValue,
    NotAReference,
    NotFound,
    ReferenceAbsent,
    ReferenceExists,
    Unavailable,
)
from readmit.domain.group import Group, MemberType
from readmit.domain.permission import (
    GLOBAL_ADMINISTRATOR,
    GROUPS_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    USER_ADMINISTRATOR,
    Caller,
)
from readmit.flows import last_administrator
from readmit.flows.directory import tenant_of
from readmit.flows.record import note_creator, object_event, record
from readmit.flows.world import World
from readmit.storage import directory_objects, groups
from readmit.storage.transaction import Transaction

_CATEGORY = "GroupManagement"
_ADMINISTRATORS = frozenset({GLOBAL_ADMINISTRATOR, GROUPS_ADMINISTRATOR, USER_ADMINISTRATOR})
_OF_PRIVILEGED = frozenset({GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR})
_ROLE_MANAGEMENT = frozenset({"RoleManagement.ReadWrite.Directory"})
Link = Literal["members", "owners"]


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """A checked body of POST or PATCH: values by Graph's names, and the ids that it binds."""

    values: Mapping[str, Any]
    members: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


def create_group(
    tx: Transaction, world: World, caller: Caller, asked: GroupChanges, *, correlation_id: str | None = None
) -> Group:
    """POST /groups. Raises MissingValue (M7), Duplicate (M15), NotFound for what it binds: all or nothing."""
    tenant = tenant_of(tx, caller)
    for name in ("displayName", "mailEnabled", "mailNickname", "securityEnabled"):
        if asked.values.get(name) in (None, ""):
            raise MissingValue(name, "Group")
    blank = Group(world.new_id(), tenant.id, asked.values["displayName"], world.now())
    group = rules.changed(blank, asked.values, tenant, new=True)
    _check_creation(caller, group, allowed=tenant.settings.allowedToCreateSecurityGroups)
    if group.unique_name is not None and groups.by_unique_name(tx, tenant.id, group.unique_name):
        raise Duplicate
    groups.insert(tx, group)
    note_creator(tx, caller, group.id)
    events = [_event("Add group", "Add", group)]
    owners = asked.owners or ((caller.user.id,) if caller.user is not None else ())
    events += [_bound(tx, group, "owners", id) for id in owners]
    events += [_bound(tx, group, "members", id) for id in asked.members]
    record(tx, world, caller, *events, correlation_id=correlation_id)
    return group


def update_group(
    tx: Transaction, world: World, caller: Caller, key: str, asked: GroupChanges, *, correlation_id: str | None = None
) -> None:
    """PATCH /groups/{key}; binds add, all or nothing. Without change no event (graph G46)."""
    before = find_group(tx, caller, key)
    check_group_rights(tx, caller, before)
    if asked.values.get("displayName", "") is None:
        raise MissingValue("displayName", "Group")
    after = rules.changed(before, asked.values, tenant_of(tx, caller))
    events = []
    if after != before:
        if not groups.update(tx, after):
            raise Unavailable
        events.append(_event("Update group", "Update", after, changed=sorted(asked.values)))
    events += [_bound(tx, before, "owners", id) for id in asked.owners]
    events += [_bound(tx, before, "members", id) for id in asked.members]
    if events:
        record(tx, world, caller, *events, correlation_id=correlation_id)


def delete_group(tx: Transaction, world: World, caller: Caller, key: str, *, correlation_id: str | None = None) -> None:
    """Into deleted items for 30 days; memberships and assignments come back with it."""
    group = find_group(tx, caller, key)
    check_group_rights(tx, caller, group)
    with _administered(tx, group):
        if not groups.mark_deleted(tx, group, world.now()):
            raise NotFound(key)
    record(tx, world, caller, _event("Delete group", "Delete", group), correlation_id=correlation_id)


def restore_group(
    tx: Transaction, world: World, caller: Caller, id: str, *, correlation_id: str | None = None
) -> Group:
    """Back from deleted items. Raises Duplicate if its unique name is another group's now."""
    group = _find_deleted(tx, caller, id)
    check_group_rights(tx, caller, group)
    if group.unique_name is not None and groups.by_unique_name(tx, group.tenant_id, group.unique_name):
        raise Duplicate
    if not groups.mark_deleted(tx, group, None):
        raise NotFound(id)
    record(tx, world, caller, _event("Restore Group", "Update", group), correlation_id=correlation_id)
    restored = groups.live(tx, group.tenant_id, group.id)
    assert restored is not None
    return restored


def purge_group(tx: Transaction, world: World, caller: Caller, id: str, *, correlation_id: str | None = None) -> None:
    """Gone for good."""
    group = _find_deleted(tx, caller, id)
    check_group_rights(tx, caller, group)
    groups.delete(tx, group.id)
    record(tx, world, caller, _event("Hard Delete group", "Delete", group), correlation_id=correlation_id)


def add_to_group(
    tx: Transaction,
    world: World,
    caller: Caller,
    link: Link,
    key: str,
    object_id: str,
    *,
    correlation_id: str | None = None,
) -> None:
    """POST …/members/$ref, …/owners/$ref. Raises ReferenceExists (M16), Duplicate for a circle (M15), NotFound."""
    group = find_group(tx, caller, key)
    check_group_rights(tx, caller, group)
    record(tx, world, caller, _linked(tx, group, link, object_id), correlation_id=correlation_id)


def remove_from_group(
    tx: Transaction,
    world: World,
    caller: Caller,
    link: Link,
    key: str,
    object_id: str,
    *,
    correlation_id: str | None = None,
) -> None:
    """DELETE …/members/{id}/$ref, …/owners/{id}/$ref. Raises NotFound (M17)."""
    group = find_group(tx, caller, key)
    check_group_rights(tx, caller, group)
    drop = groups.remove_member if link == "members" else groups.remove_owner
    with _administered(tx, group):
        if not drop(tx, group.id, object_id.lower()):
            raise NotFound(object_id)
    activity = f"Remove {link[:-1]} from group"
    event = _event(activity, "Delete", group, **{link: [object_id.lower()]})
    record(tx, world, caller, event, correlation_id=correlation_id)


def find_group(tx: Transaction, caller: Caller, key: str) -> Group:
    """A live group of the caller's tenant by id. Raises NotFound."""
    group = groups.live(tx, caller.tenant_id, key)
    if group is None:
        raise NotFound(key)
    return group


def check_group_rights(tx: Transaction, caller: Caller, group: Group) -> None:
    """Owner or role; a role-assignable group needs more (graph G65, G66). Raises InsufficientPrivileges."""
    if group.is_assignable_to_role and not caller.allowed(_ROLE_MANAGEMENT):
        raise InsufficientPrivileges
    if caller.user is None or groups.is_owner(tx, group.id, caller.user.id):
        return
    if not caller.holds(_OF_PRIVILEGED if group.is_assignable_to_role else _ADMINISTRATORS):
        raise InsufficientPrivileges


def _administered(tx: Transaction, group: Group) -> AbstractContextManager[None]:
    """What a role-assignable group loses may be the directory's last administrator. Raises LastAdministrator."""
    return last_administrator.kept(tx, group.tenant_id) if group.is_assignable_to_role else nullcontext()


def _check_creation(caller: Caller, group: Group, *, allowed: bool) -> None:
    if group.is_assignable_to_role:
        if not caller.allowed(_ROLE_MANAGEMENT) or (caller.user is not None and not caller.holds(_OF_PRIVILEGED)):
            raise InsufficientPrivileges
        return
    if caller.user is None or caller.holds(_ADMINISTRATORS):
        return
    if caller.is_guest or not allowed:
        raise InsufficientPrivileges


def _find_deleted(tx: Transaction, caller: Caller, id: str) -> Group:
    group = groups.get(tx, caller.tenant_id, id)
    if group is None or group.deleted is None:
        raise NotFound(id)
    return group


def _bound(tx: Transaction, group: Group, link: Link, object_id: str) -> Event:
    """`_linked` from a bind, which answers for an unknown object with a text of its own (M17)."""
    try:
        return _linked(tx, group, link, object_id)
    except NotFound as error:
        raise ReferenceAbsent(link) from error


def _linked(tx: Transaction, group: Group, link: Link, object_id: str) -> Event:
    """Enter a member or owner and say so. Users, groups (as members) and service principals can be one."""
    found = directory_objects.find(tx, group.tenant_id, object_id)
    if found is None or found[0] not in ("user", "group", "servicePrincipal"):
        raise NotFound(object_id)
    kind, target = found
    if link == "owners":
        if kind == "group":
            raise NotAReference
        added = groups.add_owner(tx, group.id, target.id)
    else:
        added = _add_member(tx, group, kind, target.id)
    if not added:
        raise ReferenceExists(link)
    return _event(f"Add {link[:-1]} to group", "Assign", group, **{link: [target.id]})


def _add_member(tx: Transaction, group: Group, kind: str, member_id: str) -> bool:
    member_type: MemberType = "user" if kind == "user" else "group" if kind == "group" else "servicePrincipal"
    if member_type == "group":
        if group.is_assignable_to_role:
            raise NotAReference
        if groups.is_above(tx, upper_id=member_id, lower_id=group.id):
            raise Duplicate
    return groups.add_member(tx, group.id, member_id, member_type)


def _event(activity: str, operation: str, group: Group, **details: object) -> Event:
    return object_event(activity, _CATEGORY, operation, ("Group", group.id, group.display_name), **details)
