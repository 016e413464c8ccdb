"""Finds objects of any kind by id, and the collections that relate them: members, owners, managers, sponsors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from readmit.domain.application import Application, ServicePrincipal
from readmit.domain.group import Group
from readmit.domain.guest import User
from readmit.domain.permission import DIRECTORY_ROLES
from readmit.storage import apps, groups, user_rows, users
from readmit.storage.transaction import Transaction

Kind = Literal["user", "group", "servicePrincipal", "application", "directoryRole"]


@dataclass(frozen=True, slots=True)
class DirectoryRole:
    """A directory role; its id is that of its template (graph G81)."""

    id: str
    display_name: str


DirectoryObject = User | Group | ServicePrincipal | Application | DirectoryRole

TABLES: Final[dict[str, tuple[str, str, Any]]] = {
    "user": ("users", user_rows.COLUMNS, user_rows.user_of),
    "group": ("groups", groups.COLUMNS, groups.group_of),
    "servicePrincipal": ("service_principals", apps.PRINCIPAL_COLUMNS, apps.principal_of),
    "application": ("applications", apps.APPLICATION_COLUMNS, apps.application_of),
}

_UNDER: Final = """
WITH RECURSIVE under(id) AS (
  SELECT member_id FROM group_members WHERE group_id = :anchor
  UNION SELECT m.member_id FROM group_members m JOIN under ON m.group_id = under.id
    JOIN groups g ON g.id = under.id AND g.deleted_at IS NULL)
SELECT id FROM under
"""
_OVER: Final = """
WITH RECURSIVE over_(id) AS (
  SELECT m.group_id FROM group_members m JOIN groups g ON g.id = m.group_id AND g.deleted_at IS NULL
   WHERE m.member_id = :anchor
  UNION SELECT m.group_id FROM group_members m JOIN over_ ON m.member_id = over_.id
    JOIN groups g ON g.id = m.group_id AND g.deleted_at IS NULL)
SELECT id FROM over_
"""
RELATIONS: Final = {
    "members": "SELECT member_id FROM group_members WHERE group_id = :anchor",
    "transitiveMembers": _UNDER,
    "memberOf": "SELECT group_id FROM group_members WHERE member_id = :anchor",
    "transitiveMemberOf": _OVER,
    "owners": "SELECT owner_id FROM owners WHERE object_id = :anchor",
    "ownedObjects": "SELECT object_id FROM owners WHERE owner_id = :anchor",
    "sponsors": "SELECT sponsor_id FROM sponsors WHERE user_id = :anchor",
    "manager": "SELECT manager_id FROM managers WHERE user_id = :anchor",
    "directReports": "SELECT user_id FROM managers WHERE manager_id = :anchor",
    "createdObjects": "SELECT object_id FROM creators WHERE creator_id = :anchor",
    "invitedBy": "SELECT inviter_id FROM invitations WHERE user_id = :anchor ORDER BY created_at, id LIMIT 1",
    "sponsorOf": "SELECT user_id FROM sponsors WHERE sponsor_id = :anchor",
    "roleMembers": "SELECT principal_id FROM role_assignments WHERE role_id = :anchor AND tenant_id = :tenant",
}
"""Ids of the related objects; `:anchor` is the object that the path names."""
_ROLES: Final = {
    "memberOf": "SELECT role_id FROM role_assignments WHERE principal_id = :anchor",
    "transitiveMemberOf": "SELECT role_id FROM role_assignments WHERE principal_id = :anchor"
    f" OR principal_id IN ({_OVER})",
}


Narrowed = Mapping[Kind, str | frozenset[str]]
"""Which objects of each kind are wanted: a condition on its table; of roles, which stand in none, their ids."""


@dataclass(frozen=True, slots=True)
class Related:
    """Which related objects are wanted. `where` is SQL over the columns of a single kind, with its parameters.

    `id = :only` fits every kind.
    """

    relation: str
    anchor: str
    kinds: tuple[Kind, ...]
    where: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    after: str = ""
    """Only objects whose id is greater; the order is that of ids."""
    narrowed: Narrowed | None = None
    """Instead of `where`, if the kinds differ in what they are asked."""

    @property
    def asked(self) -> tuple[Kind, ...]:
        """The kinds that can hold what is wanted."""
        return self.kinds if self.narrowed is None else tuple(kind for kind in self.kinds if kind in self.narrowed)


def find(tx: Transaction, tenant_id: str, id: str) -> tuple[Kind, DirectoryObject] | None:
    """A live object of any kind by id."""
    id = id.lower()
    user = users.live(tx, tenant_id, id)
    if user is not None:
        return "user", user
    group = groups.live(tx, tenant_id, id)
    if group is not None:
        return "group", group
    principal = apps.principal(tx, tenant_id, id)
    if principal is not None and principal.deleted is None:
        return "servicePrincipal", principal
    application = apps.application(tx, tenant_id, id)
    if application is not None and application.deleted is None:
        return "application", application
    if id in DIRECTORY_ROLES:
        return "directoryRole", DirectoryRole(id, DIRECTORY_ROLES[id])
    return None


def related(tx: Transaction, tenant_id: str, wanted: Related, limit: int) -> list[tuple[Kind, DirectoryObject]]:
    """At most `limit` related live objects of the wanted kinds, in the order of their ids."""
    found: list[tuple[Kind, DirectoryObject]] = []
    parameters = {**wanted.parameters, **_scope(tenant_id, wanted), "limit": limit}
    for kind in wanted.asked:
        if kind == "directoryRole":
            found += _roles(tx, wanted, parameters)
            continue
        _, columns, make = TABLES[kind]
        rows = tx.all(f"SELECT {columns} {_from(kind, wanted)} ORDER BY id LIMIT :limit", parameters)
        found += [(kind, make(row)) for row in rows]
    found.sort(key=lambda pair: pair[1].id)
    return found[:limit]


def count_related(tx: Transaction, tenant_id: str, wanted: Related) -> int:
    """How many related live objects of the wanted kinds there are; `after` does not count."""
    parameters = {**wanted.parameters, **_scope(tenant_id, wanted), "after": ""}
    number = 0
    for kind in wanted.asked:
        if kind == "directoryRole":
            number += len(_roles(tx, wanted, parameters))
            continue
        row = tx.one(f"SELECT COUNT(*) {_from(kind, wanted)}", parameters)
        number += row[0] if row else 0
    return number


def _scope(tenant_id: str, wanted: Related) -> dict[str, Any]:
    return {"anchor": wanted.anchor, "tenant": tenant_id, "after": wanted.after}


def _from(kind: Kind, wanted: Related) -> str:
    where = wanted.where if wanted.narrowed is None else wanted.narrowed[kind]
    narrowed = f" AND ({where})" if where else ""
    return (
        f"FROM {TABLES[kind][0]} WHERE id IN ({RELATIONS[wanted.relation]}) AND tenant_id = :tenant"
        f" AND deleted_at IS NULL AND id > :after{narrowed}"
    )


def _roles(tx: Transaction, wanted: Related, parameters: dict[str, Any]) -> list[tuple[Kind, DirectoryObject]]:
    sql = _ROLES.get(wanted.relation)
    only = wanted.parameters.get("only")
    if sql is None or (wanted.where and only is None):
        return []
    ids = {row[0] for row in tx.all(sql, parameters) if row[0] > parameters["after"] and only in (None, row[0])}
    if wanted.narrowed is not None:
        ids &= set(wanted.narrowed["directoryRole"])
    return [("directoryRole", DirectoryRole(id, DIRECTORY_ROLES[id])) for id in ids if id in DIRECTORY_ROLES]
