"""The tables of app role assignments and delegated permission grants."""

from __future__ import annotations

from typing import Final

from readmit.domain.application import Assignment, PermissionGrant
from readmit.storage.columns import micros, moment
from readmit.storage.transaction import Row, Transaction

COLUMNS: Final = "id, tenant_id, principal_id, principal_type, resource_id, app_role_id, created_at"
GRANT_COLUMNS: Final = "id, tenant_id, client_id, resource_id, consent_type, principal_id, scope"


def add(tx: Transaction, assignment: Assignment) -> bool:
    """Grant an app role; False if the principal has it already."""
    return (
        tx.run(
            f"INSERT INTO app_role_assignments ({COLUMNS})"
            " VALUES (:id, :tenant, :principal, :type, :resource, :role, :created) ON CONFLICT DO NOTHING",
            {
                "id": assignment.id,
                "tenant": assignment.tenant_id,
                "principal": assignment.principal_id,
                "type": assignment.principal_type,
                "resource": assignment.resource_id,
                "role": assignment.app_role_id,
                "created": micros(assignment.created),
            },
        )
        == 1
    )


def get(tx: Transaction, tenant_id: str, id: str) -> Assignment | None:
    """An assignment by its case-sensitive id (graph G37)."""
    row = tx.one(
        f"SELECT {COLUMNS} FROM app_role_assignments WHERE id = :id AND tenant_id = :tenant",
        {"id": id, "tenant": tenant_id},
    )
    return assignment_of(row) if row else None


def remove(tx: Transaction, tenant_id: str, id: str) -> bool:
    """Take an app role away; False if there is no such assignment."""
    sql = "DELETE FROM app_role_assignments WHERE id = :id AND tenant_id = :tenant"
    return tx.run(sql, {"id": id, "tenant": tenant_id}) == 1


def application_roles(tx: Transaction, principal_id: str, resource_id: str) -> list[str]:
    """Ids of the app roles that a service principal has on a resource."""
    rows = tx.all(
        "SELECT app_role_id FROM app_role_assignments WHERE principal_id = :principal AND resource_id = :resource",
        {"principal": principal_id, "resource": resource_id},
    )
    return [row[0] for row in rows]


def assignment_of(row: Row) -> Assignment:
    """An Assignment from a row of COLUMNS."""
    return Assignment(row[0], row[1], row[2], row[3], row[4], row[5], moment(row[6]))


# ---------------------------------------------------------- permission grants


def add_grant(tx: Transaction, grant: PermissionGrant) -> bool:
    """Grant delegated permissions; False if client, resource and principal have a grant already."""
    return (
        tx.run(
            f"INSERT INTO permission_grants ({GRANT_COLUMNS})"
            " SELECT :id, :tenant, :client, :resource, :consent, :principal, :scope WHERE NOT EXISTS"
            " (SELECT 1 FROM permission_grants WHERE client_id = :client AND resource_id = :resource"
            " AND COALESCE(principal_id, '') = COALESCE(:principal, ''))",
            {
                "id": grant.id,
                "tenant": grant.tenant_id,
                "client": grant.client_id,
                "resource": grant.resource_id,
                "consent": grant.consent_type,
                "principal": grant.principal_id,
                "scope": grant.scope,
            },
        )
        == 1
    )


def grant(tx: Transaction, tenant_id: str, id: str) -> PermissionGrant | None:
    """A permission grant by id."""
    row = tx.one(
        f"SELECT {GRANT_COLUMNS} FROM permission_grants WHERE id = :id AND tenant_id = :tenant",
        {"id": id, "tenant": tenant_id},
    )
    return grant_of(row) if row else None


def set_scope(tx: Transaction, tenant_id: str, id: str, scope: str) -> bool:
    """Write the permissions of a grant; False if it is gone."""
    sql = "UPDATE permission_grants SET scope = :scope WHERE id = :id AND tenant_id = :tenant"
    return tx.run(sql, {"scope": scope, "id": id, "tenant": tenant_id}) == 1


def remove_grant(tx: Transaction, tenant_id: str, id: str) -> bool:
    """Take delegated permissions away; False if there is no such grant."""
    sql = "DELETE FROM permission_grants WHERE id = :id AND tenant_id = :tenant"
    return tx.run(sql, {"id": id, "tenant": tenant_id}) == 1


def grant_of(row: Row) -> PermissionGrant:
    """A PermissionGrant from a row of GRANT_COLUMNS."""
    return PermissionGrant(row[0], row[1], row[2], row[3], row[4], row[5], row[6])
