"""Read-only: what the doors show of cross-tenant access (graph G45)."""

from __future__ import annotations

from readmit.domain.cross_tenant import Partner
from readmit.storage import partners
from readmit.storage.transaction import Transaction


def partner(tx: Transaction, tenant_id: str, partner_id: str) -> Partner | None:
    """The partner with this tenant id."""
    return partners.get(tx, tenant_id, partner_id)


def every_partner(tx: Transaction, tenant_id: str) -> list[Partner]:
    """All partners of a tenant, in the order of their ids."""
    return partners.every(tx, tenant_id)
