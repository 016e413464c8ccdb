"""The groups' table and who is in which group."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from readmit.domain.address import EmailAddress
from readmit.domain.group import Group, MemberType
from readmit.storage.columns import from_json, micros, micros_or_none, moment, moment_or_none, to_json
from readmit.storage.transaction import Row, Transaction

COLUMNS: Final = (
    "id, tenant_id, display_name, created_at, description, mail, mail_nickname, visibility, classification,"
    " group_types, mail_enabled, security_enabled, is_assignable_to_role, unique_name, deleted_at, properties"
)
_INSERT: Final = """
INSERT INTO groups (id, tenant_id, display_name, created_at, description, mail, mail_key, mail_nickname, visibility,
  classification, group_types, mail_enabled, security_enabled, is_assignable_to_role, unique_name, deleted_at,
  properties)
VALUES (:id, :tenant, :name, :created, :description, :mail, :mail_key, :nickname, :visibility,
  :classification, :types, :mail_enabled, :security_enabled, :assignable, :unique_name, :deleted, :properties)
"""
_UPDATE: Final = """
UPDATE groups SET display_name = :name, description = :description, mail_nickname = :nickname,
  visibility = :visibility, classification = :classification, security_enabled = :security_enabled,
  properties = :properties
WHERE id = :id AND tenant_id = :tenant AND deleted_at IS NULL
"""
_ABOVE: Final = """
WITH RECURSIVE above(id) AS (
  SELECT :start UNION SELECT m.group_id FROM group_members m JOIN above ON m.member_id = above.id)
SELECT 1 FROM above WHERE id = :wanted
"""


def has_mail(tx: Transaction, tenant_id: str, key: str) -> bool:
    """Whether a live group has this match key as its mail (E21)."""
    sql = "SELECT 1 FROM groups WHERE mail_key = :key AND tenant_id = :tenant AND deleted_at IS NULL"
    return tx.one(sql, {"key": key, "tenant": tenant_id}) is not None


def get(tx: Transaction, tenant_id: str, group_id: str) -> Group | None:
    """A group by id, deleted ones too."""
    sql = f"SELECT {COLUMNS} FROM groups WHERE id = :id AND tenant_id = :tenant"
    row = tx.one(sql, {"id": group_id.lower(), "tenant": tenant_id})
    return group_of(row) if row else None


def live(tx: Transaction, tenant_id: str, group_id: str) -> Group | None:
    """A group by id, unless deleted."""
    group = get(tx, tenant_id, group_id)
    return group if group is not None and group.deleted is None else None


def by_unique_name(tx: Transaction, tenant_id: str, name: str) -> Group | None:
    """A live group by its `uniqueName`."""
    sql = f"SELECT {COLUMNS} FROM groups WHERE unique_name = :name AND tenant_id = :tenant AND deleted_at IS NULL"
    row = tx.one(sql, {"name": name, "tenant": tenant_id})
    return group_of(row) if row else None


def insert(tx: Transaction, group: Group) -> None:
    """A new group."""
    tx.run(_INSERT, _row(group))


def update(tx: Transaction, group: Group) -> bool:
    """Write the changeable properties; False if the group is gone."""
    return tx.run(_UPDATE, _row(group)) == 1


def mark_deleted(tx: Transaction, group: Group, when: datetime | None) -> bool:
    """Into deleted items, or back with None; False if it is not where `group` says."""
    gone = "IS NULL" if group.deleted is None else "IS NOT NULL"
    sql = f"UPDATE groups SET deleted_at = :when WHERE id = :id AND tenant_id = :tenant AND deleted_at {gone}"
    return tx.run(sql, {"when": micros_or_none(when), "id": group.id, "tenant": group.tenant_id}) == 1


def delete(tx: Transaction, id: str) -> None:
    """Purge: the row and everything that names it."""
    for statement in (
        "DELETE FROM group_members WHERE member_id = :id",
        "DELETE FROM owners WHERE object_id = :id",
        "DELETE FROM sponsors WHERE sponsor_id = :id",
        "DELETE FROM creators WHERE object_id = :id",
        "DELETE FROM role_assignments WHERE principal_id = :id",
        "DELETE FROM app_role_assignments WHERE principal_id = :id",
        "DELETE FROM groups WHERE id = :id",
    ):
        tx.run(statement, {"id": id})


# ------------------------------------------------------------- members, owners


def add_member(tx: Transaction, group_id: str, member_id: str, member_type: MemberType) -> bool:
    """Enter a member; False if it is one already."""
    sql = (
        "INSERT INTO group_members (group_id, member_id, member_type) VALUES (:group, :member, :type)"
        " ON CONFLICT DO NOTHING"
    )
    return tx.run(sql, {"group": group_id, "member": member_id, "type": member_type}) == 1


def remove_member(tx: Transaction, group_id: str, member_id: str) -> bool:
    """Remove a member; False if it was none."""
    sql = "DELETE FROM group_members WHERE group_id = :group AND member_id = :member"
    return tx.run(sql, {"group": group_id, "member": member_id}) == 1


def is_above(tx: Transaction, upper_id: str, lower_id: str) -> bool:
    """Whether `lower` is `upper` itself or stands in it over any number of steps: adding would close a circle."""
    return tx.one(_ABOVE, {"start": lower_id, "wanted": upper_id}) is not None


_OF_MEMBER: Final = """
WITH RECURSIVE over_(id) AS (
  SELECT m.group_id FROM group_members m JOIN groups g ON g.id = m.group_id AND g.deleted_at IS NULL
   WHERE m.member_id = :member
  UNION SELECT m.group_id FROM group_members m JOIN over_ ON m.member_id = over_.id
    JOIN groups g ON g.id = m.group_id AND g.deleted_at IS NULL)
SELECT g.id FROM over_ JOIN groups g ON g.id = over_.id
 WHERE (:every = 1 OR g.security_enabled = 1 OR :assigned IS NOT NULL)
   AND (:assigned IS NULL OR EXISTS
     (SELECT 1 FROM app_role_assignments a WHERE a.principal_id = g.id AND a.resource_id = :assigned))
 ORDER BY g.id
"""


def of_member(tx: Transaction, member_id: str, *, every: bool, assigned_to: str | None) -> list[str]:
    """Ids of the live groups that somebody stands in over any number of steps, sorted: those for security, or `every`.

    `assigned_to`: only groups that are assigned to this service principal, of whatever kind.
    """
    rows = tx.all(_OF_MEMBER, {"member": member_id, "every": int(every), "assigned": assigned_to})
    return [row[0] for row in rows]


def add_owner(tx: Transaction, object_id: str, owner_id: str) -> bool:
    """Enter an owner of a group, application or service principal; False if it is one already."""
    sql = "INSERT INTO owners (object_id, owner_id) VALUES (:object, :owner) ON CONFLICT DO NOTHING"
    return tx.run(sql, {"object": object_id, "owner": owner_id}) == 1


def remove_owner(tx: Transaction, object_id: str, owner_id: str) -> bool:
    """Remove an owner; False if it was none."""
    sql = "DELETE FROM owners WHERE object_id = :object AND owner_id = :owner"
    return tx.run(sql, {"object": object_id, "owner": owner_id}) == 1


def is_owner(tx: Transaction, object_id: str, owner_id: str) -> bool:
    """Whether this principal owns the object."""
    sql = "SELECT 1 FROM owners WHERE object_id = :object AND owner_id = :owner"
    return tx.one(sql, {"object": object_id, "owner": owner_id}) is not None


def group_of(row: Row) -> Group:
    """A Group from a row of COLUMNS."""
    return Group(
        id=row[0],
        tenant_id=row[1],
        display_name=row[2],
        created=moment(row[3]),
        description=row[4],
        mail=EmailAddress.stored(row[5]) if row[5] is not None else None,
        mail_nickname=row[6],
        visibility=row[7],
        classification=row[8],
        group_types=tuple(from_json(row[9])),
        mail_enabled=bool(row[10]),
        security_enabled=bool(row[11]),
        is_assignable_to_role=bool(row[12]),
        unique_name=row[13],
        deleted=moment_or_none(row[14]),
        properties=from_json(row[15]),
    )


def _row(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "tenant": group.tenant_id,
        "name": group.display_name,
        "created": micros(group.created),
        "description": group.description,
        "mail": group.mail.given if group.mail else None,
        "mail_key": group.mail.key if group.mail else None,
        "nickname": group.mail_nickname,
        "visibility": group.visibility,
        "classification": group.classification,
        "types": to_json(list(group.group_types)),
        "mail_enabled": int(group.mail_enabled),
        "security_enabled": int(group.security_enabled),
        "assignable": int(group.is_assignable_to_role),
        "unique_name": group.unique_name,
        "deleted": micros_or_none(group.deleted),
        "properties": to_json(dict(group.properties)),
    }
