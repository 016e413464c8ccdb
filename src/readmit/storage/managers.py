"""The managers' table: to whom a user reports (graph G31)."""

from __future__ import annotations

from collections.abc import Sequence

from readmit.storage.transaction import Transaction


def of(tx: Transaction, user_id: str) -> str | None:
    """The id of a user's manager, who may stand in deleted items."""
    row = tx.one("SELECT manager_id FROM managers WHERE user_id = :user", {"user": user_id})
    return row[0] if row else None


def live(tx: Transaction, user_ids: Sequence[str]) -> dict[str, str]:
    """The live managers of these users, by the user's id."""
    if not user_ids:
        return {}
    parameters = {f"i{number}": id for number, id in enumerate(user_ids)}
    sql = (
        "SELECT m.user_id, m.manager_id FROM managers m JOIN users u ON u.id = m.manager_id AND u.deleted_at IS NULL"
        f" WHERE m.user_id IN ({', '.join(f':{name}' for name in parameters)})"
    )
    return {row[0]: row[1] for row in tx.all(sql, parameters)}


def put(tx: Transaction, user_id: str, manager_id: str) -> None:
    """This manager, in the place of whoever it was."""
    remove(tx, user_id)
    sql = "INSERT INTO managers (user_id, manager_id) VALUES (:user, :manager)"
    tx.run(sql, {"user": user_id, "manager": manager_id})


def remove(tx: Transaction, user_id: str) -> bool:
    """No manager any more; False if there was none."""
    return tx.run("DELETE FROM managers WHERE user_id = :user", {"user": user_id}) == 1
