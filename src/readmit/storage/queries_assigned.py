"""Read-only lists of who has what: app role assignments, permission grants, directory roles; with names, for doors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from readmit.domain.application import Assignment, PermissionGrant
from readmit.storage import assignments, roles
from readmit.storage.transaction import Row, Transaction


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


def role_assignments(tx: Transaction, tenant_id: str, rows: Rows = EVERY) -> list[tuple[str, str, str]]:
    """Directory role assignments as (id, principal id, role id)."""
    found = tx.all(
        "SELECT id, principal_id, role_id FROM role_assignments"
        f" WHERE tenant_id = :tenant AND id > :after{rows.narrowed} ORDER BY id LIMIT :limit",
        _bound(tenant_id, rows),
    )
    return [(row[0], row[1], row[2]) for row in found]


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


def assignments_of(tx: Transaction, tenant_id: str, principal_id: str, rows: Rows) -> list[ShownAssignment]:
    """What a principal has, and a user by his groups (graph G46). The condition names the table `a`."""
    sql = (
        f"{_SHOWN} AND (a.principal_id = :principal OR a.principal_id IN ({_OF_GROUPS}))"
        f" AND a.id > :after{rows.narrowed} ORDER BY a.id LIMIT :limit"
    )
    return _shown(tx.all(sql, _bound(tenant_id, rows, principal=principal_id)))


def assigned_to(tx: Transaction, tenant_id: str, resource_id: str, rows: Rows) -> list[ShownAssignment]:
    """Who has roles of a service principal. The condition names the table `a`."""
    sql = f"{_SHOWN} AND a.resource_id = :resource AND a.id > :after{rows.narrowed} ORDER BY a.id LIMIT :limit"
    return _shown(tx.all(sql, _bound(tenant_id, rows, resource=resource_id)))


def _bound(tenant_id: str, rows: Rows, **more: Any) -> dict[str, Any]:
    return {**rows.parameters, "tenant": tenant_id, "after": rows.after, "limit": rows.limit, **more}


def assignment(tx: Transaction, tenant_id: str, id: str) -> ShownAssignment | None:
    """One assignment by its case-sensitive id."""
    found = _shown(tx.all(f"{_SHOWN} AND a.id = :id", {"tenant": tenant_id, "id": id}))
    return found[0] if found else None


def _shown(rows: list[Row]) -> list[ShownAssignment]:
    return [ShownAssignment(assignments.assignment_of(row), row[7], row[8]) for row in rows]


def grants(tx: Transaction, tenant_id: str, rows: Rows = EVERY, *, of: str | None = None) -> list[PermissionGrant]:
    """Delegated permission grants of the tenant; `of`: to or by this object alone."""
    mine = " AND (client_id = :of OR principal_id = :of)" if of is not None else ""
    found = tx.all(
        f"SELECT {assignments.GRANT_COLUMNS} FROM permission_grants"
        f" WHERE tenant_id = :tenant AND id > :after{mine}{rows.narrowed} ORDER BY id LIMIT :limit",
        _bound(tenant_id, rows, of=of),
    )
    return [assignments.grant_of(row) for row in found]


def grant(tx: Transaction, tenant_id: str, id: str) -> PermissionGrant | None:
    """One delegated permission grant."""
    return assignments.grant(tx, tenant_id, id)
