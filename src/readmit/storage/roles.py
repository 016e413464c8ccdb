"""The directory roles' table: who holds which, directly or by a role-assignable group."""

from __future__ import annotations

from typing import Final

from readmit.domain.graph_permissions import GRAPH_APP_ID
from readmit.domain.permission import GLOBAL_ADMINISTRATOR
from readmit.storage.transaction import Row, Transaction

_HELD: Final = """
SELECT role_id FROM role_assignments WHERE principal_id = :id
UNION
SELECT r.role_id FROM group_members m
  JOIN groups g ON g.id = m.group_id AND g.is_assignable_to_role = 1 AND g.deleted_at IS NULL
  JOIN role_assignments r ON r.principal_id = m.group_id
 WHERE m.member_id = :id
"""
_OWNED: Final = """
SELECT s.id FROM owners o
  JOIN service_principals s ON s.id = o.object_id WHERE o.owner_id = :id AND s.deleted_at IS NULL
UNION
SELECT s.id FROM owners o JOIN applications a ON a.id = o.object_id AND a.deleted_at IS NULL
  JOIN service_principals s ON s.app_id = a.app_id WHERE o.owner_id = :id AND s.deleted_at IS NULL
"""
# Each EXISTS starts at the few objects of this user: joined, a planner may begin with every assignment on Graph.
_PRIVILEGED: Final = f"""
WITH owned(id) AS ({_OWNED}), one(id) AS (SELECT :id UNION SELECT id FROM owned)
SELECT 1 WHERE
  EXISTS (SELECT 1 FROM one WHERE EXISTS (SELECT 1 FROM role_assignments r WHERE r.principal_id = one.id))
  OR EXISTS (SELECT 1 FROM one WHERE EXISTS (SELECT 1 FROM group_members m
      JOIN groups g ON g.id = m.group_id AND g.is_assignable_to_role = 1 AND g.deleted_at IS NULL
      JOIN role_assignments r ON r.principal_id = m.group_id WHERE m.member_id = one.id))
  OR EXISTS (SELECT 1 FROM owners o
      JOIN groups g ON g.id = o.object_id AND g.is_assignable_to_role = 1 AND g.deleted_at IS NULL
      WHERE o.owner_id = :id)
  OR EXISTS (SELECT 1 FROM owned WHERE EXISTS (SELECT 1 FROM app_role_assignments a
      JOIN service_principals s ON s.id = a.resource_id
      WHERE a.principal_id = owned.id AND s.app_id = '{GRAPH_APP_ID}'))
"""

_ADMINISTRATORS: Final = f"""
WITH held(id) AS (
  SELECT r.principal_id FROM role_assignments r
   WHERE r.tenant_id = :tenant AND r.role_id = '{GLOBAL_ADMINISTRATOR}'
  UNION
  SELECT m.member_id FROM role_assignments r
    JOIN groups g ON g.id = r.principal_id AND g.is_assignable_to_role = 1 AND g.deleted_at IS NULL
    JOIN group_members m ON m.group_id = g.id
   WHERE r.tenant_id = :tenant AND r.role_id = '{GLOBAL_ADMINISTRATOR}')
SELECT u.id FROM held h JOIN users u ON u.id = h.id WHERE u.deleted_at IS NULL AND u.account_enabled = 1 LIMIT 2
"""


def roles_of(tx: Transaction, principal_id: str) -> frozenset[str]:
    """Template ids of the roles that a user or service principal holds (graph G66)."""
    return frozenset(row[0] for row in tx.all(_HELD, {"id": principal_id}))


def privileged(tx: Transaction, user_id: str) -> bool:
    """Whether lifecycle L36 shields this user.

    He holds a directory role, directly or by a role-assignable group, or owns an application or service principal
    that holds an application permission on Graph or a directory role; or he owns a role-assignable group, and could
    make himself a member (as in Entra).
    """
    return tx.one(_PRIVILEGED, {"id": user_id}) is not None


def has_administrator(tx: Transaction, tenant_id: str) -> bool:
    """Whether a user who can sign in is Global Administrator, directly or by a role-assignable group."""
    return tx.one(_ADMINISTRATORS, {"tenant": tenant_id}) is not None


def last_administrator(tx: Transaction, tenant_id: str, user_id: str) -> bool:
    """Whether this user is the only one of them."""
    return [row[0] for row in tx.all(_ADMINISTRATORS, {"tenant": tenant_id})] == [user_id]


def assignment(tx: Transaction, tenant_id: str, assignment_id: str) -> Row | None:
    """(id, principal id, role id) of one assignment; ids that are UUIDs compare without case (graph G5)."""
    return tx.one(
        "SELECT id, principal_id, role_id FROM role_assignments WHERE id IN (:id, :lowered) AND tenant_id = :tenant",
        {"id": assignment_id, "lowered": assignment_id.lower(), "tenant": tenant_id},
    )


def add(tx: Transaction, tenant_id: str, principal_id: str, role_id: str, *, id: str) -> bool:
    """Grant a role; False if the principal holds it already."""
    sql = (
        "INSERT INTO role_assignments (id, tenant_id, principal_id, role_id) VALUES (:id, :tenant, :principal, :role)"
        " ON CONFLICT (principal_id, role_id) DO NOTHING"
    )
    return tx.run(sql, {"id": id, "tenant": tenant_id, "principal": principal_id, "role": role_id}) == 1


def remove(tx: Transaction, tenant_id: str, principal_id: str, role_id: str) -> bool:
    """Take a role away; False if it was not held directly."""
    sql = "DELETE FROM role_assignments WHERE tenant_id = :tenant AND principal_id = :principal AND role_id = :role"
    return tx.run(sql, {"tenant": tenant_id, "principal": principal_id, "role": role_id}) == 1
