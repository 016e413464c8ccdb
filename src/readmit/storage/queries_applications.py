"""Which applications have access for a person: what he consented to, and what they hold of him (security N3, O10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from readmit.storage.columns import micros, moment_or_none
from readmit.storage.transaction import Transaction

_ACCESS_TOKEN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ApplicationAccess:
    """`own_scopes` are consented to by the person, `given` ones by an administrator, for him or for everybody.

    `used`: when it last got a token of him; None while it holds nothing.
    """

    app_id: str
    name: str
    own_scopes: tuple[str, ...]
    given: bool
    used: datetime | None


def applications_of(tx: Transaction, tenant_id: str, user_id: str, now: datetime) -> list[ApplicationAccess]:
    """Applications that the person consented to, or that hold a grant of his which still opens something, by name."""
    consents = tx.all(
        "SELECT s.app_id, s.display_name, p.scope FROM permission_grants p JOIN service_principals s"
        " ON s.id = p.client_id AND s.deleted_at IS NULL WHERE p.principal_id = :user AND p.given_by = 'user'",
        {"user": user_id},
    )
    held = tx.all(
        "SELECT g.client_id, MAX(s.display_name), MAX(COALESCE((SELECT MAX(r.created_at) FROM refresh_tokens r"
        " WHERE r.grant_id = g.id), g.created_at)) FROM grants g JOIN users u ON u.id = g.user_id AND u.epoch = g.epoch"
        " JOIN service_principals s ON s.app_id = g.client_id AND s.tenant_id = g.tenant_id AND s.deleted_at IS NULL"
        " WHERE g.user_id = :user AND g.tenant_id = :tenant AND g.expires_at > :now AND (g.created_at > :young"
        " OR EXISTS (SELECT 1 FROM refresh_tokens r WHERE r.grant_id = g.id)) GROUP BY g.client_id",
        {"user": user_id, "tenant": tenant_id, "now": micros(now), "young": micros(now - _ACCESS_TOKEN)},
    )
    names = {row[0]: row[1] for row in (*consents, *held)}
    used = {row[0]: moment_or_none(row[2]) for row in held}
    own = {id: {scope for row in consents if row[0] == id for scope in row[2].split()} for id in names}
    given = _given(tx, tenant_id, user_id)
    shown = [ApplicationAccess(id, names[id], tuple(sorted(own[id])), id in given, used.get(id)) for id in names]
    return sorted(shown, key=lambda one: (one.name.lower(), one.app_id))


def _given(tx: Transaction, tenant_id: str, user_id: str) -> set[str]:
    """Applications that an administrator allowed, for everybody or for this person."""
    rows = tx.all(
        "SELECT s.app_id FROM permission_grants p JOIN service_principals s ON s.id = p.client_id"
        " WHERE p.tenant_id = :tenant AND p.given_by = 'administrator'"
        " AND (p.principal_id IS NULL OR p.principal_id = :user)",
        {"tenant": tenant_id, "user": user_id},
    )
    return {row[0] for row in rows}
