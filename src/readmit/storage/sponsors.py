"""The sponsors' table: who answers for a guest (users and groups)."""

from __future__ import annotations

from collections.abc import Iterable

from readmit.storage.transaction import Transaction


def add(tx: Transaction, user_id: str, ids: Iterable[str]) -> int:
    """Enter sponsors; those who are one already stay. How many are new."""
    sql = "INSERT INTO sponsors (user_id, sponsor_id) VALUES (:user, :sponsor) ON CONFLICT DO NOTHING"
    return sum(tx.run(sql, {"user": user_id, "sponsor": sponsor}) for sponsor in ids)


def of(tx: Transaction, user_id: str) -> list[str]:
    """Ids of a user's sponsors."""
    rows = tx.all("SELECT sponsor_id FROM sponsors WHERE user_id = :user ORDER BY sponsor_id", {"user": user_id})
    return [row[0] for row in rows]


def remove(tx: Transaction, user_id: str, sponsor_id: str) -> bool:
    """Remove one; False if he was none."""
    sql = "DELETE FROM sponsors WHERE user_id = :user AND sponsor_id = :sponsor"
    return tx.run(sql, {"user": user_id, "sponsor": sponsor_id}) == 1
