"""Who has what: app roles, delegated permissions, directory roles (graph G36 to G38)."""

from __future__ import annotations

import hashlib
from typing import Final, Literal

from readmit.domain import application as rules
from readmit.domain.application import Assignment, PermissionGrant, PrincipalType
from readmit.domain.audit import Event
from readmit.domain.errors import (
    Duplicate,
    InsufficientPrivileges,
    InvalidValue,
    NotAReference,
    NotFound,
    NotProvided,
    OwnAdministration,
    RoleAlreadyGranted,
)
from readmit.domain.graph_permissions import GRAPH_APP_ID
from readmit.domain.permission import (
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    DIRECTORY_ROLES,
    GLOBAL_ADMINISTRATOR,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    Caller,
)
from readmit.flows import last_administrator
from readmit.flows.record import object_event, record
from readmit.flows.world import World
from readmit.storage import apps, assignments, directory_objects, groups, roles
from readmit.storage.transaction import Transaction

_ADMINISTRATORS: Final = frozenset({GLOBAL_ADMINISTRATOR, APPLICATION_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR})
_PRIVILEGED: Final = frozenset({GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR})
_TYPES: Final[dict[str, PrincipalType]] = {"user": "User", "group": "Group", "servicePrincipal": "ServicePrincipal"}
Side = Literal["principal", "resource"]


def assign(
    tx: Transaction,
    world: World,
    caller: Caller,
    *,
    principal_id: str,
    resource_id: str,
    app_role_id: str,
    correlation_id: str | None = None,
) -> Assignment:
    """POST of an appRoleAssignment. Raises NotFound, NotAReference, RoleAlreadyGranted (M18)."""
    found = directory_objects.find(tx, caller.tenant_id, principal_id)
    if found is None or found[0] not in _TYPES:
        raise NotFound(principal_id)
    resource = apps.principal(tx, caller.tenant_id, resource_id)
    if resource is None or resource.deleted is not None:
        raise NotFound(resource_id)
    kind, principal = _TYPES[found[0]], found[1]
    _check_assigner(tx, caller, resource.id, on_graph=resource.app_id == GRAPH_APP_ID)
    application = apps.home_application(tx, caller.tenant_id, resource.app_id)
    rules.check_role_fits(rules.app_roles_of(resource, application), app_role_id, kind)
    made = Assignment(
        id=rules.assignment_id(principal.id, hashlib.sha256(world.new_secret().encode()).digest()[:16]),
        tenant_id=caller.tenant_id,
        principal_id=principal.id,
        principal_type=kind,
        resource_id=resource.id,
        app_role_id=app_role_id,
        created=world.now(),
    )
    if not assignments.add(tx, made):
        raise RoleAlreadyGranted
    record(tx, world, caller, _assigned("Add", "Assign", made, resource.display_name), correlation_id=correlation_id)
    return made


def unassign(
    tx: Transaction,
    world: World,
    caller: Caller,
    side: Side,
    object_id: str,
    id: str,
    *,
    correlation_id: str | None = None,
) -> None:
    """DELETE of an appRoleAssignment, found under its principal or its resource. Raises NotFound."""
    made = assignments.get(tx, caller.tenant_id, rules.checked_assignment_id(id))
    if made is None or object_id != (made.principal_id if side == "principal" else made.resource_id):
        raise NotFound(id)
    resource = apps.principal(tx, caller.tenant_id, made.resource_id)
    if resource is None:
        raise NotFound(id)
    _check_assigner(tx, caller, resource.id, on_graph=resource.app_id == GRAPH_APP_ID)
    if not assignments.remove(tx, caller.tenant_id, made.id):
        raise NotFound(id)
    if made.principal_type == "ServicePrincipal":
        apps.raise_epoch_of(tx, made.principal_id)
    event = _assigned("Remove", "Unassign", made, resource.display_name)
    record(tx, world, caller, event, correlation_id=correlation_id)


def _check_assigner(tx: Transaction, caller: Caller, resource_id: str, *, on_graph: bool) -> None:
    """Owner or application administrator; application permissions on Graph take more (graph G66)."""
    if caller.user is None:
        return
    if on_graph:
        if not caller.holds(_PRIVILEGED):
            raise InsufficientPrivileges
    elif not caller.holds(_ADMINISTRATORS) and not groups.is_owner(tx, resource_id, caller.user.id):
        raise InsufficientPrivileges


def _assigned(verb: str, operation: str, made: Assignment, resource_name: str) -> Event:
    whom = {"User": "user", "Group": "group", "ServicePrincipal": "service principal"}[made.principal_type]
    activity = (
        f"{verb} app role assignment {'grant ' if verb == 'Add' else ''}{'to' if verb == 'Add' else 'from'} {whom}"
    )
    return object_event(
        activity,
        "UserManagement" if made.principal_type == "User" else "ApplicationManagement",
        operation,
        ("ServicePrincipal", made.resource_id, resource_name),
        principal=made.principal_id,
        appRole=made.app_role_id,
    )


# ------------------------------------------------------------ directory roles


def grant_role(
    tx: Transaction,
    world: World,
    caller: Caller,
    *,
    principal_id: str,
    role_id: str,
    correlation_id: str | None = None,
) -> str:
    """A directory role for a user, role-assignable group or service principal; the id of the assignment.

    Raises NotFound, NotAReference for other groups, Duplicate (M15).
    """
    found = directory_objects.find(tx, caller.tenant_id, principal_id)
    if found is None or found[0] not in _TYPES:
        raise NotFound(principal_id)
    if role_id not in DIRECTORY_ROLES:
        raise NotFound(role_id)
    group = groups.live(tx, caller.tenant_id, principal_id) if found[0] == "group" else None
    if group is not None and not group.is_assignable_to_role:
        raise NotAReference
    id = world.new_id()
    if not roles.add(tx, caller.tenant_id, found[1].id, role_id, id=id):
        raise Duplicate
    event = _role_event("Add member to role", "Assign", role_id, found[1].id)
    record(tx, world, caller, event, correlation_id=correlation_id)
    return id


def withdraw_role(
    tx: Transaction,
    world: World,
    caller: Caller,
    *,
    principal_id: str,
    role_id: str,
    correlation_id: str | None = None,
) -> None:
    """Raises NotFound (M17) where the role was not held directly, OwnAdministration, LastAdministrator."""
    with last_administrator.kept(tx, caller.tenant_id):
        if not roles.remove(tx, caller.tenant_id, principal_id, role_id):
            raise NotFound(principal_id)
        if role_id == GLOBAL_ADMINISTRATOR and caller.user is not None and caller.user.id == principal_id:
            raise OwnAdministration
    event = _role_event("Remove member from role", "Unassign", role_id, principal_id)
    record(tx, world, caller, event, correlation_id=correlation_id)


def withdraw_assignment(
    tx: Transaction, world: World, caller: Caller, id: str, *, correlation_id: str | None = None
) -> None:
    """DELETE /roleManagement/directory/roleAssignments/{id}. Raises NotFound."""
    row = roles.assignment(tx, caller.tenant_id, id)
    if row is None:
        raise NotFound(id)
    withdraw_role(tx, world, caller, principal_id=row[1], role_id=row[2], correlation_id=correlation_id)


def _role_event(activity: str, operation: str, role_id: str, principal_id: str) -> Event:
    target = ("Role", role_id, DIRECTORY_ROLES[role_id])
    return object_event(activity, "RoleManagement", operation, target, principal=principal_id)


# ------------------------------------------------------- delegated permissions


def grant_permissions(
    tx: Transaction, world: World, caller: Caller, asked: PermissionGrant, *, correlation_id: str | None = None
) -> PermissionGrant:
    """POST /oauth2PermissionGrants; id and tenant of `asked` are replaced. Raises NotFound, Duplicate (M15)."""
    for id in (asked.client_id, asked.resource_id):
        principal = apps.principal(tx, caller.tenant_id, id)
        if principal is None or principal.deleted is not None:
            raise NotFound(id)
    if (asked.consent_type == "Principal") != (asked.principal_id is not None):
        raise InvalidValue("principalId", "OAuth2PermissionGrant")
    if asked.principal_id is not None:
        found = directory_objects.find(tx, caller.tenant_id, asked.principal_id)
        if found is None or found[0] != "user":
            raise NotFound(asked.principal_id)
    made = PermissionGrant(
        id=world.new_id(),
        tenant_id=caller.tenant_id,
        client_id=asked.client_id,
        resource_id=asked.resource_id,
        consent_type=asked.consent_type,
        principal_id=asked.principal_id,
        scope=asked.scope,
    )
    if not assignments.add_grant(tx, made):
        raise Duplicate
    record(tx, world, caller, _grant_event("Add", "Assign", made), correlation_id=correlation_id)
    return made


def change_permissions(
    tx: Transaction, world: World, caller: Caller, id: str, scope: str, *, correlation_id: str | None = None
) -> None:
    """PATCH of the scope. Raises NotFound."""
    made = assignments.grant(tx, caller.tenant_id, id)
    if made is None or not assignments.set_scope(tx, caller.tenant_id, id, scope):
        raise NotFound(id)
    if made.scope != scope:
        record(tx, world, caller, _grant_event("Update", "Update", made), correlation_id=correlation_id)


def withdraw_permissions(
    tx: Transaction, world: World, caller: Caller, id: str, *, correlation_id: str | None = None
) -> None:
    """DELETE of a grant. Raises NotFound."""
    made = assignments.grant(tx, caller.tenant_id, id)
    if made is None or not assignments.remove_grant(tx, caller.tenant_id, id):
        raise NotFound(id)
    record(tx, world, caller, _grant_event("Remove", "Unassign", made), correlation_id=correlation_id)


def _grant_event(verb: str, operation: str, made: PermissionGrant) -> Event:
    target = ("ServicePrincipal", made.client_id, "")
    return object_event(
        f"{verb} delegated permission grant", "ApplicationManagement", operation, target, scope=made.scope
    )


def check_scope_of(directory_scope: str) -> None:
    """Roles are held at the whole directory only (graph G38). Raises NotProvided."""
    if directory_scope != "/":
        raise NotProvided
