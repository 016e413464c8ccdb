"""The tables of applications and service principals."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Any, Final

from readmit.domain.application import Application, ServicePrincipal
from readmit.domain.errors import Duplicate
from readmit.storage.columns import from_json, micros, micros_or_none, moment, moment_or_none, to_json
from readmit.storage.transaction import Row, Transaction

APPLICATION_COLUMNS: Final = (
    "id, tenant_id, app_id, display_name, created_at, app_roles, web_redirect_uris, spa_redirect_uris,"
    " public_redirect_uris, identifier_uris, properties, deleted_at"
)
PRINCIPAL_COLUMNS: Final = (
    "id, tenant_id, app_id, display_name, created_at, account_enabled, assignment_required, hidden, properties,"
    " epoch, deleted_at"
)


# ---------------------------------------------------------------- applications


def application(tx: Transaction, tenant_id: str, id: str) -> Application | None:
    """An application by object id, deleted ones too."""
    return _application(tx, "id = :key", id.lower(), tenant_id)


def application_by_app_id(tx: Transaction, tenant_id: str, app_id: str) -> Application | None:
    """A live application of this tenant by its client id."""
    return _application(tx, "app_id = :key AND deleted_at IS NULL", app_id.lower(), tenant_id)


def home_application(tx: Transaction, tenant_id: str, app_id: str) -> Application | None:
    """The live application behind a service principal: this tenant's own, else the one of another tenant here."""
    row = tx.one(
        f"SELECT {APPLICATION_COLUMNS} FROM applications WHERE app_id = :app AND deleted_at IS NULL"
        " ORDER BY CASE WHEN tenant_id = :tenant THEN 0 ELSE 1 END, id LIMIT 1",
        {"app": app_id.lower(), "tenant": tenant_id},
    )
    return application_of(row) if row else None


def insert_application(tx: Transaction, application: Application) -> None:
    """A new application. Raises Duplicate if the tenant has one with this client id."""
    try:
        tx.run(
            f"INSERT INTO applications ({APPLICATION_COLUMNS}) VALUES (:id, :tenant, :app, :name, :created, :roles,"
            " :web, :spa, :public, :uris, :properties, :deleted)",
            _application_row(application),
        )
    except sqlite3.IntegrityError as error:
        raise Duplicate from error


def update_application(tx: Transaction, application: Application) -> bool:
    """Write every changeable property; False if the application is gone."""
    return (
        tx.run(
            "UPDATE applications SET display_name = :name, app_roles = :roles, web_redirect_uris = :web,"
            " spa_redirect_uris = :spa, public_redirect_uris = :public, identifier_uris = :uris,"
            " properties = :properties WHERE id = :id AND tenant_id = :tenant AND deleted_at IS NULL",
            _application_row(application),
        )
        == 1
    )


def by_identifier_uri(tx: Transaction, tenant_id: str, uri: str) -> str | None:
    """The id of the live application that has this identifier URI."""
    rows = tx.all(
        "SELECT id, identifier_uris FROM applications WHERE tenant_id = :tenant AND deleted_at IS NULL"
        " AND identifier_uris LIKE :pattern ESCAPE '\\'",
        {"tenant": tenant_id, "pattern": _holding(to_json(uri))},
    )
    return next((row[0] for row in rows if uri in from_json(row[1])), None)


def by_unique_name(tx: Transaction, tenant_id: str, name: str) -> Application | None:
    """The live application with this `uniqueName`."""
    rows = tx.all(
        f"SELECT {APPLICATION_COLUMNS} FROM applications WHERE tenant_id = :tenant AND deleted_at IS NULL"
        " AND properties LIKE :pattern ESCAPE '\\'",
        {"tenant": tenant_id, "pattern": _holding(f'"uniqueName":{to_json(name)}')},
    )
    found = (application_of(row) for row in rows)
    return next((made for made in found if made.properties.get("uniqueName") == name), None)


def _holding(text: str) -> str:
    """A LIKE pattern for columns that hold this text, whose own `%`, `_` and backslash are plain."""
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{plain}%"


# ---------------------------------------------------------- service principals


def principal(tx: Transaction, tenant_id: str, id: str) -> ServicePrincipal | None:
    """A service principal by object id, deleted ones too."""
    return _principal(tx, "id = :key", id.lower(), tenant_id)


def principal_by_app_id(tx: Transaction, tenant_id: str, app_id: str) -> ServicePrincipal | None:
    """A live service principal of this tenant by its client id."""
    return _principal(tx, "app_id = :key AND deleted_at IS NULL", app_id.lower(), tenant_id)


def known_principal(tx: Transaction, tenant_id: str, app_id: str) -> ServicePrincipal | None:
    """The tenant's service principal of a client id, deleted or not: there is one row for both."""
    return _principal(tx, "app_id = :key", app_id.lower(), tenant_id)


def insert_principal(tx: Transaction, principal: ServicePrincipal) -> None:
    """A new service principal. Raises Duplicate if the tenant has one with this client id."""
    try:
        tx.run(
            f"INSERT INTO service_principals ({PRINCIPAL_COLUMNS}) VALUES (:id, :tenant, :app, :name, :created,"
            " :enabled, :required, :hidden, :properties, :epoch, :deleted)",
            _principal_row(principal),
        )
    except sqlite3.IntegrityError as error:
        raise Duplicate from error


def update_principal(tx: Transaction, principal: ServicePrincipal, before: ServicePrincipal) -> bool:
    """Compare-and-set on the epoch that `before` was read with (reliability DB2)."""
    row = _principal_row(principal) | {"was_epoch": before.epoch}
    return (
        tx.run(
            "UPDATE service_principals SET display_name = :name, account_enabled = :enabled,"
            " assignment_required = :required, properties = :properties, epoch = :epoch, deleted_at = :deleted"
            " WHERE id = :id AND tenant_id = :tenant AND epoch = :was_epoch",
            row,
        )
        == 1
    )


def raise_epoch(tx: Transaction, app_id: str) -> int:
    """End the app-only tokens of a client in every tenant: it lost a secret (graph G77)."""
    return tx.run("UPDATE service_principals SET epoch = epoch + 1 WHERE app_id = :app", {"app": app_id})


def raise_epoch_of(tx: Transaction, principal_id: str) -> int:
    """The same for one service principal: it lost an app role."""
    return tx.run("UPDATE service_principals SET epoch = epoch + 1 WHERE id = :id", {"id": principal_id})


# -------------------------------------------------------------- deleted items


def mark_application_deleted(tx: Transaction, application: Application, when: datetime | None) -> bool:
    """Into deleted items, or back with None; False if it is not where `application` says."""
    gone = "IS NULL" if application.deleted is None else "IS NOT NULL"
    sql = f"UPDATE applications SET deleted_at = :when WHERE id = :id AND tenant_id = :tenant AND deleted_at {gone}"
    return tx.run(sql, {"when": micros_or_none(when), "id": application.id, "tenant": application.tenant_id}) == 1


def delete_application(tx: Transaction, id: str) -> None:
    """Purge an application with its secrets and owners."""
    tx.run("DELETE FROM owners WHERE object_id = :id", {"id": id})
    tx.run("DELETE FROM creators WHERE object_id = :id", {"id": id})
    tx.run("DELETE FROM applications WHERE id = :id", {"id": id})


def delete_principal(tx: Transaction, id: str) -> None:
    """Purge a service principal with what it was granted and what was granted on it."""
    for statement in (
        "DELETE FROM owners WHERE object_id = :id OR owner_id = :id",
        "DELETE FROM creators WHERE object_id = :id",
        "DELETE FROM group_members WHERE member_id = :id",
        "DELETE FROM role_assignments WHERE principal_id = :id",
        "DELETE FROM app_role_assignments WHERE principal_id = :id",
        "DELETE FROM service_principals WHERE id = :id",
    ):
        tx.run(statement, {"id": id})


# ----------------------------------------------------------------------- rows


def _application(tx: Transaction, where: str, key: str, tenant_id: str) -> Application | None:
    row = tx.one(
        f"SELECT {APPLICATION_COLUMNS} FROM applications WHERE {where} AND tenant_id = :tenant",
        {"key": key, "tenant": tenant_id},
    )
    return application_of(row) if row else None


def _principal(tx: Transaction, where: str, key: str, tenant_id: str) -> ServicePrincipal | None:
    row = tx.one(
        f"SELECT {PRINCIPAL_COLUMNS} FROM service_principals WHERE {where} AND tenant_id = :tenant",
        {"key": key, "tenant": tenant_id},
    )
    return principal_of(row) if row else None


def application_of(row: Row) -> Application:
    """An Application from a row of APPLICATION_COLUMNS."""
    return Application(
        id=row[0],
        tenant_id=row[1],
        app_id=row[2],
        display_name=row[3],
        created=moment(row[4]),
        app_roles=tuple(from_json(row[5])),
        web_redirect_uris=tuple(from_json(row[6])),
        spa_redirect_uris=tuple(from_json(row[7])),
        public_redirect_uris=tuple(from_json(row[8])),
        identifier_uris=tuple(from_json(row[9])),
        properties=from_json(row[10]),
        deleted=moment_or_none(row[11]),
    )


def principal_of(row: Row) -> ServicePrincipal:
    """A ServicePrincipal from a row of PRINCIPAL_COLUMNS."""
    return ServicePrincipal(
        id=row[0],
        tenant_id=row[1],
        app_id=row[2],
        display_name=row[3],
        created=moment(row[4]),
        enabled=bool(row[5]),
        assignment_required=bool(row[6]),
        hidden=bool(row[7]),
        properties=from_json(row[8]),
        epoch=row[9],
        deleted=moment_or_none(row[10]),
    )


def _application_row(application: Application) -> dict[str, Any]:
    return {
        "id": application.id,
        "tenant": application.tenant_id,
        "app": application.app_id,
        "name": application.display_name,
        "created": micros(application.created),
        "roles": to_json(list(application.app_roles)),
        "web": to_json(list(application.web_redirect_uris)),
        "spa": to_json(list(application.spa_redirect_uris)),
        "public": to_json(list(application.public_redirect_uris)),
        "uris": to_json(list(application.identifier_uris)),
        "properties": to_json(dict(application.properties)),
        "deleted": micros_or_none(application.deleted),
    }


def _principal_row(principal: ServicePrincipal) -> dict[str, Any]:
    return {
        "id": principal.id,
        "tenant": principal.tenant_id,
        "app": principal.app_id,
        "name": principal.display_name,
        "created": micros(principal.created),
        "enabled": int(principal.enabled),
        "required": int(principal.assignment_required),
        "hidden": int(principal.hidden),
        "properties": to_json(dict(principal.properties)),
        "epoch": principal.epoch,
        "deleted": micros_or_none(principal.deleted),
    }
