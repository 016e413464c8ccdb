"""The table of client secrets: hashes only (security N8)."""

from __future__ import annotations

from typing import Final

from readmit.domain.application import Secret
from readmit.storage.columns import micros, moment
from readmit.storage.transaction import Transaction

_COLUMNS: Final = "id, application_id, kind, hash, hint, display_name, starts_at, ends_at"


def of_application(tx: Transaction, application_id: str) -> list[Secret]:
    """The client secrets of an application, newest last."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM client_secrets WHERE application_id = :id ORDER BY starts_at, id",
        {"id": application_id},
    )
    return [Secret(row[0], row[1], row[2], row[3], row[4], row[5], moment(row[6]), moment(row[7])) for row in rows]


def add(tx: Transaction, secret: Secret) -> None:
    """A further client secret; only its hash is kept."""
    tx.run(
        f"INSERT INTO client_secrets ({_COLUMNS})"
        " VALUES (:id, :application, :kind, :hash, :hint, :name, :starts, :ends)",
        {
            "id": secret.id,
            "application": secret.application_id,
            "kind": secret.kind,
            "hash": secret.hash,
            "hint": secret.hint,
            "name": secret.display_name,
            "starts": micros(secret.starts),
            "ends": micros(secret.ends),
        },
    )


def remove(tx: Transaction, application_id: str, secret_id: str) -> bool:
    """Remove a client secret; False if there is none with this id."""
    sql = "DELETE FROM client_secrets WHERE id = :id AND application_id = :application"
    return tx.run(sql, {"id": secret_id, "application": application_id}) == 1
