"""Read-only lists of who has what: app role assignments, permission grants, directory roles; with names, for doors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from readmit.domain.application import Assignment, PermissionGrant
from readmit.storage import assignments, roles
from readmit.storage.transaction import Row, Transaction


@dataclass(frozen=True, slots=True)
class Records:
    """A whole list as a statement that ends in its conditions; `id` is the column of the ids, `make` reads a row."""

    sql: str
    id: str
    parameters: dict[str, Any]
    make: Callable[[Row], Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of records in the order of their ids: at most `limit` behind `after` that meet `where`."""

    limit: int
    after: str = ""
    where: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def narrowed(self) -> str:
        """The condition behind another one."""
        return f" AND ({self.where})" if self.where else ""


EVERY: Final = Rows(10**9)
"""All of them."""


def page(tx: Transaction, records: Records, rows: Rows = EVERY) -> list[Any]:
    """The records of a page."""
    found = tx.all(
        f"{records.sql} AND {records.id} > :after{rows.narrowed} ORDER BY {records.id} LIMIT :limit",
        {**rows.parameters, **records.parameters, "after": rows.after, "limit": rows.limit},
    )
    return [records.make(row) for row in found]


def count(tx: Transaction, records: Records, rows: Rows = EVERY) -> int:
    """How many records meet the condition, over all pages."""
    sql = f"SELECT COUNT(*) FROM ({records.sql}{rows.narrowed}) AS counted"
    row = tx.one(sql, {**rows.parameters, **records.parameters})
    return int(row[0]) if row else 0


def role_assignments(tenant_id: str) -> Records:
    """Directory role assignments as (id, principal id, role id)."""
    sql = "SELECT id, principal_id, role_id FROM role_assignments WHERE tenant_id = :tenant"
    return Records(sql, "id", {"tenant": tenant_id}, lambda row: (row[0], row[1], row[2]))


def role_assignment(tx: Transaction, tenant_id: str, id: str) -> tuple[str, str, str] | None:
    """One of them by its id."""
    return roles.assignment(tx, tenant_id, id)


@dataclass(frozen=True, slots=True)
class ShownAssignment:
    """An app role assignment with the names of both ends."""

    assignment: Assignment
    principal_name: str | None
    resource_name: str | None


_SHOWN: Final = (
    "SELECT a.id, a.tenant_id, a.principal_id, a.principal_type, a.resource_id, a.app_role_id, a.created_at,"
    " COALESCE(u.display_name, g.display_name, s.display_name), r.display_name"
    " FROM app_role_assignments a JOIN service_principals r ON r.id = a.resource_id AND r.deleted_at IS NULL"
    " LEFT JOIN users u ON u.id = a.principal_id AND u.deleted_at IS NULL"
    " LEFT JOIN groups g ON g.id = a.principal_id AND g.deleted_at IS NULL"
    " LEFT JOIN service_principals s ON s.id = a.principal_id AND s.deleted_at IS NULL"
    " WHERE a.tenant_id = :tenant AND COALESCE(u.id, g.id, s.id) IS NOT NULL"
)
_OF_GROUPS: Final = (
    "SELECT m.group_id FROM group_members m JOIN groups h ON h.id = m.group_id AND h.deleted_at IS NULL"
    " WHERE m.member_id = :principal"
)


def assignments_of(tenant_id: str, principal_id: str) -> Records:
    """What a principal has, and a user by his groups (graph G46). A condition names the table `a`."""
    sql = f"{_SHOWN} AND (a.principal_id = :principal OR a.principal_id IN ({_OF_GROUPS}))"
    return Records(sql, "a.id", {"tenant": tenant_id, "principal": principal_id}, _shown)


def assigned_to(tenant_id: str, resource_id: str) -> Records:
    """Who has roles of a service principal. A condition names the table `a`."""
    sql = f"{_SHOWN} AND a.resource_id = :resource"
    return Records(sql, "a.id", {"tenant": tenant_id, "resource": resource_id}, _shown)


def assignment(tx: Transaction, tenant_id: str, id: str) -> ShownAssignment | None:
    """One assignment by its case-sensitive id."""
    row = tx.one(f"{_SHOWN} AND a.id = :id", {"tenant": tenant_id, "id": id})
    return _shown(row) if row is not None else None


def _shown(row: Row) -> ShownAssignment:
    return ShownAssignment(assignments.assignment_of(row), row[7], row[8])


def grants(tenant_id: str, *, of: str | None = None) -> Records:
    """Delegated permission grants of the tenant; `of`: to or by this object alone."""
    mine = " AND (client_id = :of OR principal_id = :of)" if of is not None else ""
    sql = f"SELECT {assignments.GRANT_COLUMNS} FROM permission_grants WHERE tenant_id = :tenant{mine}"
    bound = {"tenant": tenant_id} if of is None else {"tenant": tenant_id, "of": of}
    return Records(sql, "id", bound, assignments.grant_of)


def grant(tx: Transaction, tenant_id: str, id: str) -> PermissionGrant | None:
    """One delegated permission grant."""
    return assignments.grant(tx, tenant_id, id)
