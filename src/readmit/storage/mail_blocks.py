"""Mailboxes that want no invitations of a tenant (lifecycle L39)."""

from __future__ import annotations

from datetime import datetime

from readmit.storage.columns import micros
from readmit.storage.transaction import Transaction


def blocked(tx: Transaction, tenant_id: str, address_key: str) -> bool:
    """Whether this tenant's invitations are not wanted there."""
    sql = "SELECT 1 FROM mail_blocks WHERE tenant_id = :tenant AND address_key = :key"
    return tx.one(sql, {"tenant": tenant_id, "key": address_key}) is not None


def block(tx: Transaction, tenant_id: str, address_key: str, now: datetime) -> bool:
    """From now on none; False if that was so already."""
    sql = (
        "INSERT INTO mail_blocks (tenant_id, address_key, created_at) VALUES (:tenant, :key, :now)"
        " ON CONFLICT DO NOTHING"
    )
    return tx.run(sql, {"tenant": tenant_id, "key": address_key, "now": micros(now)}) == 1


def lift(tx: Transaction, tenant_id: str, address_key: str) -> bool:
    """They are welcome again; False if they were."""
    sql = "DELETE FROM mail_blocks WHERE tenant_id = :tenant AND address_key = :key"
    return tx.run(sql, {"tenant": tenant_id, "key": address_key}) == 1
