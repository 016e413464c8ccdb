"""`$expand`: the first twenty related objects of each object on a page (graph G50)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from readmit.domain.directory import Access, check_access
from readmit.domain.errors import InsufficientPrivileges
from readmit.domain.permission import DIRECTORY_ROLES, Caller
from readmit.storage import queries, queries_assigned
from readmit.storage.queries import Kind, Related
from readmit.web.graph import rights
from readmit.web.graph.assignment_shape import assignment_item
from readmit.web.graph.odata.select import Expand
from readmit.web.graph.render import Item
from readmit.web.graph.shapes import definition_item, item_maker, selected
from readmit.web.graph.viewer import Viewer

_MOST: Final = 20
_ROWS: Final = queries_assigned.Rows(_MOST)
ALONE: Final = frozenset({"manager", "principal", "roleDefinition"})
"""Navigations with one object at most: told along as it is, or null."""
OF_ONE_TYPE: Final = frozenset({"appRoleAssignments", "appRoleAssignedTo", "roleDefinition"})
"""Navigations to no directoryObject in general: what stands there does not tell its type (graph G19)."""
_KINDS: Final[dict[str, tuple[Kind, ...]]] = {
    "memberOf": ("group", "directoryRole"),
    "transitiveMemberOf": ("group", "directoryRole"),
    "members": ("user", "group", "servicePrincipal"),
    "owners": ("user", "servicePrincipal"),
    "sponsors": ("user", "group"),
    "manager": ("user",),
    "directReports": ("user",),
}


_USERS: Final = {
    "memberOf": rights.READ_MEMBERSHIPS,
    "transitiveMemberOf": rights.READ_MEMBERSHIPS,
    "appRoleAssignments": rights.READ_ASSIGNMENTS,
}
_RIGHTS: Final[dict[str, tuple[dict[str, Access], Access]]] = {
    "user": (_USERS, rights.READ_USER_LINKS),
    "group": ({"members": rights.READ_GROUP, "owners": rights.READ_GROUP}, rights.LIST_GROUPS),
    "servicePrincipal": (
        {"appRoleAssignments": rights.READ_APP_ASSIGNMENTS, "appRoleAssignedTo": rights.READ_APP_ASSIGNMENTS},
        rights.READ_APPS,
    ),
    "application": ({}, rights.READ_APPS),
    "directoryRole": ({}, rights.READ_ROLES),
    "unifiedRoleAssignment": ({}, rights.READ_ROLES),
}
"""The row of graph G65 for each navigation, and the one for the others of a kind."""


def check_expand(caller: Caller, seen: Viewer, kind: str, expand: Expand | None, *, oneself: bool = False) -> None:
    """What is told along takes the rights of reading it by its own path. Raises InsufficientPrivileges."""
    if expand is None:
        return
    named, others = _RIGHTS[kind]
    check_access(caller, named.get(expand.name, others), seen.tenant.settings, oneself=oneself)
    if seen.limited and not oneself:
        raise InsufficientPrivileges


def tell_along(tx: Any, seen: Viewer, version: str, expand: Expand | None, ids: Sequence[str]) -> dict[str, list[Item]]:
    """Related items by the id of the object that they are told along with."""
    if expand is None:
        return {}
    return {id: _items(tx, seen, version, expand, id) for id in ids}


def _items(tx: Any, seen: Viewer, version: str, expand: Expand, id: str) -> list[Item]:
    tenant_id = seen.tenant.id
    if expand.name == "appRoleAssignments":
        return _assignments(tx, queries_assigned.assignments_of(tenant_id, id), version, expand)
    if expand.name == "appRoleAssignedTo":
        return _assignments(tx, queries_assigned.assigned_to(tenant_id, id), version, expand)
    if expand.name in ("principal", "roleDefinition"):
        return _end_of_role(tx, seen, version, expand, id)
    relation = "roleMembers" if expand.name == "members" and id in DIRECTORY_ROLES else expand.name
    found = queries.related(tx, tenant_id, Related(relation, id, _KINDS[expand.name]), _MOST)
    return [item_maker(kind, seen, version, expand.select)(made) for kind, made in found]


def _assignments(tx: Any, records: queries_assigned.Records, version: str, expand: Expand) -> list[Item]:
    found = queries_assigned.page(tx, records, _ROWS)
    return [selected(assignment_item(shown, version), expand.select) for shown in found]


def _end_of_role(tx: Any, seen: Viewer, version: str, expand: Expand, id: str) -> list[Item]:
    """Who has a role, or which one it is, by the id of the assignment."""
    found = queries_assigned.role_assignment(tx, seen.tenant.id, id)
    if found is None:
        return []
    _, principal_id, role_id = found
    if expand.name == "roleDefinition":
        return [selected(definition_item(role_id), expand.select)]
    pair = queries.find(tx, seen.tenant.id, principal_id)
    if pair is None:
        return []
    return [item_maker(pair[0], seen, version, expand.select)(queries.dressed(tx, pair[1]))]
