"""Read-only lists of the logs: audit events with their names, and sign-ins (graph G40, G46)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from readmit.storage.columns import from_json, moment, to_json
from readmit.storage.transaction import Row, Transaction


@dataclass(frozen=True, slots=True)
class Asked:
    """A part of a log. `where`, `order` and `keys` are SQL over the log's table; a tenant is added.

    `keys`: what the place of a row in the order is told by.
    """

    where: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    order: str = "at DESC, id"
    keys: tuple[str, ...] = ("at", "id")


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """An audit event with what names its subjects, as far as nobody erased it (security J2)."""

    id: str
    at: datetime
    service: str
    category: str
    activity: str
    operation: str
    result: str
    reason: str | None
    correlation_id: str | None
    actor_type: str
    actor_id: str | None
    actor_app_id: str | None
    source: str | None
    target_id: str | None
    target_type: str | None
    details: Mapping[str, Any]
    names: Mapping[str, Mapping[str, Any]]
    place: tuple[str | int, ...]


_EVENTS: Final = (
    "SELECT id, at, service, category, activity, operation, result, reason, correlation_id, actor_type, actor_id,"
    " (SELECT s.app_id FROM service_principals s WHERE s.id = audit_events.actor_id), source, target_id, target_type,"
    " details"
)
_NAMES: Final = """
SELECT n.event_id, n.subject_id, n.body FROM audit_names n
WHERE n.event_id IN (SELECT value FROM json_each(:ids))
"""


def audit_events(tx: Transaction, tenant_id: str, asked: Asked, limit: int) -> list[ShownEvent]:
    """At most `limit` events, in the order asked."""
    rows = _rows(tx, tenant_id, asked, limit, select=_EVENTS, table="audit_events")
    names: dict[str, dict[str, Any]] = {}
    for event_id, subject_id, body in tx.all(_NAMES, {"ids": to_json([row[0] for row in rows])}):
        names.setdefault(event_id, {})[subject_id] = from_json(body)
    return [_event(row, names.get(row[0], {})) for row in rows]


def _event(row: Row, names: Mapping[str, Mapping[str, Any]]) -> ShownEvent:
    values: list[Any] = [row[0], moment(row[1]), *row[2:15], from_json(row[15]), names, tuple(row[16:])]
    return ShownEvent(*values)


@dataclass(frozen=True, slots=True)
class ShownSignIn:
    """An attempt in the sign-in log, with the names that user, application and resource have today."""

    id: str
    at: datetime
    kind: str
    interactive: bool
    user_id: str | None
    app_id: str | None
    resource: str | None
    ip: str
    error: int
    reason: str | None
    page: str | None
    correlation_id: str
    resource_tenant_id: str
    home_tenant_id: str | None
    issuer: str | None
    cross_tenant: bool
    user_upn: str | None
    user_name: str | None
    user_type: str | None
    app_name: str | None
    resource_name: str | None
    place: tuple[str | int, ...]


_PRINCIPAL: Final = (
    "(SELECT s.display_name FROM service_principals s"
    " WHERE s.app_id = sign_in_events.{0} AND s.tenant_id = sign_in_events.resource_tenant_id)"
)
_USER: Final = "(SELECT u.{0} FROM users u WHERE u.id = sign_in_events.user_id)"
_SIGN_INS: Final = (
    "SELECT id, at, kind, interactive, user_id, app_id, resource, ip, error, reason, page, correlation_id,"
    " resource_tenant_id, home_tenant_id, issuer, cross_tenant, "
    + ", ".join(
        [*map(_USER.format, ("upn", "display_name", "user_type")), *map(_PRINCIPAL.format, ("app_id", "resource"))]
    )
)


def sign_ins(tx: Transaction, tenant_id: str, asked: Asked, limit: int) -> list[ShownSignIn]:
    """At most `limit` attempts of the tenant's own log, in the order asked."""
    rows = _rows(tx, tenant_id, asked, limit, select=_SIGN_INS, table="sign_in_events")
    return [_sign_in(row) for row in rows]


def _sign_in(row: Row) -> ShownSignIn:
    values: list[Any] = [row[0], moment(row[1]), row[2], bool(row[3]), *row[4:15], bool(row[15]), *row[16:21]]
    values.append(tuple(row[21:]))
    return ShownSignIn(*values)


def _rows(tx: Transaction, tenant_id: str, asked: Asked, limit: int, *, select: str, table: str) -> list[Row]:
    narrowed = f" AND ({asked.where})" if asked.where else ""
    sql = (
        f"{select}, {', '.join(asked.keys)} FROM {table} WHERE tenant_id = :tenant{narrowed}"
        f" ORDER BY {asked.order} LIMIT :limit"
    )
    return tx.all(sql, {**asked.parameters, "tenant": tenant_id, "limit": limit})
