"""Home identity providers as administrators read them; never a secret (graph G47, security I1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from readmit.domain.provider import Provider
from readmit.storage import providers
from readmit.storage.columns import moment
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ShownProvider:
    """A provider, since when it is there, whether it has a client secret, and how many guests sign in by it."""

    provider: Provider
    created: datetime
    has_secret: bool
    bound_guests: int


def every(tx: Transaction, tenant_id: str) -> list[ShownProvider]:
    """All of a tenant, by name."""
    return [_shown(tx, provider) for provider in providers.every(tx, tenant_id)]


def one(tx: Transaction, tenant_id: str, id: str) -> ShownProvider | None:
    """A provider by id."""
    provider = providers.get(tx, tenant_id, id.lower())
    return _shown(tx, provider) if provider is not None else None


def _shown(tx: Transaction, provider: Provider) -> ShownProvider:
    row = tx.one(
        "SELECT created_at, secret IS NOT NULL, (SELECT COUNT(*) FROM users u WHERE u.tenant_id = p.tenant_id"
        " AND u.binding_issuer = p.issuer AND u.deleted_at IS NULL) FROM identity_providers p WHERE p.id = :id",
        {"id": provider.id},
    )
    assert row is not None
    return ShownProvider(provider, moment(row[0]), bool(row[1]), row[2])
