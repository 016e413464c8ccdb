"""Read-only: applications with their secrets, service principals with the application behind them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from readmit.domain.application import Application, Secret, ServicePrincipal
from readmit.storage import apps, client_secrets
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application and its client secrets."""

    application: Application
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True, slots=True)
class PrincipalRow:
    """A service principal and the application behind it, if that is on this server."""

    principal: ServicePrincipal
    application: Application | None = None


def dressed(tx: Transaction, found: Any) -> Any:
    """The object with what stands beside its row; objects of other kinds come back as they are."""
    if isinstance(found, Application):
        return ApplicationRow(found, tuple(client_secrets.of_application(tx, found.id)))
    if isinstance(found, ServicePrincipal):
        return PrincipalRow(found, apps.home_application(tx, found.tenant_id, found.app_id))
    return found


def all_dressed(tx: Transaction, found: Iterable[Any]) -> list[Any]:
    """`dressed` for a page: point reads by key, microseconds each."""
    return [dressed(tx, object) for object in found]


def spa_redirects(tx: Transaction, prefix: str) -> list[str]:
    """Redirect URIs of single-page applications that begin so, in any case; `prefix` is in lower case."""
    rows = tx.all(
        "SELECT u.value FROM applications a, json_each(a.spa_redirect_uris) u"
        " WHERE a.spa_redirect_uris <> '[]' AND a.deleted_at IS NULL"
        " AND substr(lower(u.value), 1, length(:prefix)) = :prefix",
        {"prefix": prefix},
    )
    return [row[0] for row in rows]
