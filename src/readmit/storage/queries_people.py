"""Names that pages and mails show: who invited, which application asks, which applications a person has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from readmit.domain.guest import User
from readmit.storage import managers
from readmit.storage.columns import from_json
from readmit.storage.transaction import Transaction
from readmit.storage.user_rows import COLUMNS, user_of


def managers_of(tx: Transaction, user_ids: Sequence[str]) -> dict[str, str]:
    """Ids of the live managers of these users, by the user's id."""
    return managers.live(tx, user_ids)


def inviter_name(tx: Transaction, inviter_type: str, inviter_id: str) -> str | None:
    """The display name of who invited; None if they are gone."""
    table = "users" if inviter_type == "user" else "service_principals"
    row = tx.one(f"SELECT display_name FROM {table} WHERE id = :id", {"id": inviter_id})
    return row[0] if row else None


def application_name(tx: Transaction, tenant_id: str, app_id: str) -> str | None:
    """The display name under which a tenant knows an application."""
    row = tx.one(
        "SELECT display_name FROM service_principals WHERE app_id = :app AND tenant_id = :tenant",
        {"app": app_id, "tenant": tenant_id},
    )
    return row[0] if row else None


@dataclass(frozen=True, slots=True)
class AssignedApplication:
    """An application on My Apps; `url` is its home page or None."""

    name: str
    url: str | None


def assigned_applications(tx: Transaction, user_id: str) -> list[AssignedApplication]:
    """The applications that a user is assigned to, directly or by a group, each once, by name."""
    rows = tx.all(
        "SELECT DISTINCT s.id, s.display_name, s.properties, a.web_redirect_uris FROM app_role_assignments r"
        " JOIN service_principals s ON s.id = r.resource_id AND s.deleted_at IS NULL AND s.account_enabled = 1"
        " LEFT JOIN applications a ON a.app_id = s.app_id AND a.tenant_id = s.tenant_id AND a.deleted_at IS NULL"
        " WHERE r.principal_id = :user OR r.principal_id IN (SELECT m.group_id FROM group_members m"
        " JOIN groups g ON g.id = m.group_id AND g.deleted_at IS NULL WHERE m.member_id = :user)"
        " ORDER BY s.display_name, s.id",
        {"user": user_id},
    )
    return [AssignedApplication(row[1], _home_page(row[2], row[3])) for row in rows]


def _home_page(properties: str, redirect_uris: str | None) -> str | None:
    """The application's home page; else the origin of its first redirect URI."""
    page = from_json(properties).get("homepage")
    if isinstance(page, str) and page.startswith(("https://", "http://")):
        return page
    for uri in from_json(redirect_uris) if redirect_uris else []:
        if uri.startswith(("https://", "http://")):
            return "/".join(uri.split("/")[:3]) + "/"
    return None


def known_redirect_hosts(tx: Transaction, tenant_id: str) -> set[str]:
    """Hosts of the redirect URIs of the tenant's applications, lower case (lifecycle L44)."""
    rows = tx.all(
        "SELECT web_redirect_uris, spa_redirect_uris FROM applications WHERE tenant_id = :tenant"
        " AND deleted_at IS NULL",
        {"tenant": tenant_id},
    )
    hosts: set[str] = set()
    for row in rows:
        for uri in (*from_json(row[0]), *from_json(row[1])):
            parts = urlsplit(uri)
            if parts.scheme in ("http", "https") and parts.hostname:
                hosts.add(parts.hostname)
    return hosts


def person(tx: Transaction, user_id: str) -> User | None:
    """A live user by id, whatever the tenant: who a session has proved."""
    row = tx.one(f"SELECT {COLUMNS} FROM users WHERE id = :id AND deleted_at IS NULL", {"id": user_id})
    return user_of(row) if row else None


def is_guest(tx: Transaction, user_id: str) -> bool:
    """Whether a user is a guest of his tenant."""
    row = tx.one("SELECT user_type FROM users WHERE id = :id", {"id": user_id})
    return row is not None and row[0] == "Guest"
