"""Read-only lists and point reads of the directory, for doors (architecture: pages read through queries alone)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from readmit.domain.application import Application, ServicePrincipal
from readmit.domain.graph_permissions import COMMAND_LINE_TOOLS_APP_ID, READMIT_APP_ID
from readmit.domain.group import Group
from readmit.domain.guest import User
from readmit.domain.tenant import Tenant
from readmit.storage import (
    apps,
    directory_objects,
    groups,
    tenants,
)
from readmit.storage.columns import from_json, micros, moment_or_none
from readmit.storage.directory_objects import DirectoryObject, DirectoryRole, Kind, Related
from readmit.storage.queries_apps import all_dressed, dressed
from readmit.storage.transaction import Row, Transaction
from readmit.storage.user_rows import COLUMNS, user_of

__all__ = ["DirectoryObject", "DirectoryRole", "Kind", "Related", "dressed"]

_ACTIVITY: Final = (
    "(SELECT json_array(a.interactive_at, a.interactive_id, a.silent_at, a.silent_id, a.success_at, a.success_id)"
    " FROM sign_in_activity a WHERE a.user_id = users.id)"
)
_USER_COLUMNS: Final = f"{COLUMNS}, password_changed_at, {_ACTIVITY}"
_TABLES: Final[dict[str, tuple[str, str]]] = {
    "user": ("users", _USER_COLUMNS),
    "group": ("groups", groups.COLUMNS),
    "application": ("applications", apps.APPLICATION_COLUMNS),
    "servicePrincipal": ("service_principals", apps.PRINCIPAL_COLUMNS),
}
_COLUMNS: Final = {kind: tuple(columns.split(", ")) for kind, (_, columns) in _TABLES.items()} | {
    "user": (*COLUMNS.split(", "), "password_changed_at", _ACTIVITY)
}
_HIDDEN: Final = {
    "servicePrincipal": " AND hidden = 0",
    "application": f" AND app_id NOT IN ('{COMMAND_LINE_TOOLS_APP_ID}', '{READMIT_APP_ID}')",
}
"""What no list shows: the server's own principals, and the registrations behind the clients of graph G80."""


@dataclass(frozen=True, slots=True)
class Attempted:
    """The last attempt of one kind: when, and its id in the sign-in log."""

    at: datetime | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """The last attempts of a user (graph G28)."""

    interactive: Attempted = Attempted()
    silent: Attempted = Attempted()
    success: Attempted = Attempted()

    @staticmethod
    def read(text: str | None) -> Activity:
        """From the column `_ACTIVITY`."""
        if text is None:
            return NO_ACTIVITY
        told = from_json(text)
        return Activity(*(Attempted(moment_or_none(told[at]), told[at + 1]) for at in (0, 2, 4)))


NO_ACTIVITY: Final = Activity()


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user and what stands in his row beside."""

    user: User
    password_changed: datetime | None
    activity: Activity = NO_ACTIVITY


def _user_row(row: Row) -> UserRow:
    return UserRow(user_of(row), moment_or_none(row[-2]), Activity.read(row[-1]))


@dataclass(frozen=True, slots=True)
class Search:
    """A list of one kind. `where` and `order` are SQL over the kind's columns; a tenant and liveness are added.

    `keys`: what is sorted by, as expressions that are never null.
    """

    kind: str
    where: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    order: str = "id"
    keys: tuple[str, ...] = ("id",)
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Objects of a list in its order; `last` are the keys of the last one where more objects follow."""

    found: list[Any]
    last: tuple[str | int, ...] | None


def page(tx: Transaction, tenant_id: str, wanted: Search, limit: int) -> Page:
    """At most `limit` objects, and where the next page begins. It costs the same wherever it begins."""
    table = _TABLES[wanted.kind][0]
    rest = f"FROM {table} WHERE {_scope(wanted)} ORDER BY {wanted.order} LIMIT :limit"
    columns = (*_COLUMNS[wanted.kind], *wanted.keys)
    rows = tx.table(columns, rest, {**wanted.parameters, "tenant": tenant_id, "limit": limit + 1})
    width = len(wanted.keys)
    found = all_dressed(tx, (_made(wanted.kind, tuple(row[:-width])) for row in rows[:limit]))
    return Page(found, tuple(rows[limit - 1][-width:]) if len(rows) > limit else None)


def search(tx: Transaction, tenant_id: str, wanted: Search, limit: int) -> list[Any]:
    """At most `limit` objects: UserRow, Group, ApplicationRow or PrincipalRow. Hidden principals are left out."""
    table, columns = _TABLES[wanted.kind]
    sql = f"SELECT {columns} FROM {table} WHERE {_scope(wanted)} ORDER BY {wanted.order} LIMIT :limit"
    rows = tx.all(sql, {**wanted.parameters, "tenant": tenant_id, "limit": limit})
    return all_dressed(tx, (_made(wanted.kind, row) for row in rows))


def count(tx: Transaction, tenant_id: str, wanted: Search) -> int:
    """How many objects the search meets."""
    sql = f"SELECT COUNT(*) FROM {_TABLES[wanted.kind][0]} WHERE {_scope(wanted)}"
    row = tx.one(sql, {**wanted.parameters, "tenant": tenant_id})
    return int(row[0]) if row else 0


def _scope(wanted: Search) -> str:
    gone = "IS NOT NULL" if wanted.deleted else "IS NULL"
    hidden = _HIDDEN.get(wanted.kind, "")
    narrowed = f" AND ({wanted.where})" if wanted.where else ""
    return f"tenant_id = :tenant AND deleted_at {gone}{hidden}{narrowed}"


def _made(kind: str, row: Row) -> Any:
    if kind == "user":
        return _user_row(row)
    return directory_objects.TABLES[kind][2](row)


# ---------------------------------------------------------------- point reads


def tenant(tx: Transaction, tenant_id: str) -> Tenant | None:
    """The tenant with this id."""
    return tx.kept(tenants.get, tenant_id)


def user(tx: Transaction, tenant_id: str, key: str, *, deleted: bool = False) -> UserRow | None:
    """A user by object id, or a live one by UPN; `deleted` looks in deleted items by id only."""
    where = "id = :key AND deleted_at IS NOT NULL" if deleted else "id = :key AND deleted_at IS NULL"
    row = tx.one(
        f"SELECT {_USER_COLUMNS} FROM users WHERE {where} AND tenant_id = :tenant",
        {"key": key.lower(), "tenant": tenant_id},
    )
    if row is None and "@" in key and not deleted:
        row = tx.one(
            f"SELECT {_USER_COLUMNS} FROM users WHERE upn_key = :key AND tenant_id = :tenant AND deleted_at IS NULL",
            {"key": key.lower() if key.isascii() else key, "tenant": tenant_id},
        )
    return _user_row(row) if row else None


def group(tx: Transaction, tenant_id: str, key: str, *, unique_name: bool = False) -> Group | None:
    """A live group by id, or by `uniqueName`."""
    return groups.by_unique_name(tx, tenant_id, key) if unique_name else groups.live(tx, tenant_id, key)


def application_named(tx: Transaction, tenant_id: str, unique_name: str) -> Application | None:
    """A live application by its `uniqueName`."""
    return apps.by_unique_name(tx, tenant_id, unique_name)


def application(tx: Transaction, tenant_id: str, key: str, *, app_id: bool = False) -> Application | None:
    """A live application by object id, or by client id."""
    if app_id:
        return apps.application_by_app_id(tx, tenant_id, key)
    found = apps.application(tx, tenant_id, key)
    return found if found is not None and found.deleted is None else None


def principal(tx: Transaction, tenant_id: str, key: str, *, app_id: bool = False) -> ServicePrincipal | None:
    """A live service principal by object id, or by client id."""
    if app_id:
        return apps.principal_by_app_id(tx, tenant_id, key)
    found = apps.principal(tx, tenant_id, key)
    return found if found is not None and found.deleted is None else None


def deleted_object(tx: Transaction, tenant_id: str, kind: str, id: str) -> Any:
    """An object of this kind in deleted items, or None."""
    found = search(tx, tenant_id, Search(kind, where="id = :key", parameters={"key": id.lower()}, deleted=True), 1)
    return found[0] if found else None


def find(tx: Transaction, tenant_id: str, id: str) -> tuple[Kind, DirectoryObject] | None:
    """A live object of any kind by id."""
    return directory_objects.find(tx, tenant_id, id)


def listed(kind: str) -> bool:
    """Whether objects of this kind stand in a table that `page` reads."""
    return kind in _TABLES


def in_relation(relation: str) -> str:
    """SQL that says of a row that it is related to `:anchor`."""
    return f"id IN ({directory_objects.RELATIONS[relation]})"


def related(tx: Transaction, tenant_id: str, wanted: Related, limit: int) -> list[tuple[Kind, Any]]:
    """At most `limit` related objects, in the order of their ids, with what stands beside their rows."""
    return [(kind, dressed(tx, made)) for kind, made in directory_objects.related(tx, tenant_id, wanted, limit)]


def count_related(tx: Transaction, tenant_id: str, wanted: Related) -> int:
    """How many related objects there are."""
    return directory_objects.count_related(tx, tenant_id, wanted)


def deleted_before(tx: Transaction, moment: datetime, limit: int) -> list[User]:
    """Users of any tenant who were deleted before then, for the purge (lifecycle S14)."""
    rows = tx.all(
        f"SELECT {COLUMNS} FROM users WHERE deleted_at < :moment ORDER BY deleted_at, id LIMIT :limit",
        {"moment": micros(moment), "limit": limit},
    )
    return [user_of(row) for row in rows]


def others_deleted_before(tx: Transaction, moment: datetime, limit: int) -> list[tuple[str, str]]:
    """(kind, id) of groups, applications and service principals of any tenant who were deleted before then."""
    found: list[tuple[str, str]] = []
    for kind in ("group", "application", "servicePrincipal"):
        sql = f"SELECT id FROM {_TABLES[kind][0]} WHERE deleted_at < :moment ORDER BY deleted_at, id LIMIT :limit"
        found += [(kind, row[0]) for row in tx.all(sql, {"moment": micros(moment), "limit": limit})]
    return found
