"""The signing keys' table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from readmit.storage.columns import from_json, micros, moment, moment_or_none, to_json
from readmit.storage.transaction import Row, Transaction

StoredKey = tuple[str, str, dict[str, Any], datetime, datetime, datetime | None]
"""kid, sealed private key, public JWK, created, active, retired."""


def every(tx: Transaction) -> list[StoredKey]:
    """Keys that sign or may still verify, oldest first."""
    rows = tx.all(
        "SELECT kid, private_key, public_jwk, created_at, active_at, retired_at FROM signing_keys"
        " ORDER BY active_at, kid"
    )
    return [_key(row) for row in rows]


def any_sealed(tx: Transaction) -> bool:
    """Whether there is a key at all, and so a master key that sealed it."""
    return tx.one("SELECT 1 FROM signing_keys LIMIT 1") is not None


def insert(tx: Transaction, *, kid: str, sealed: str, jwk: dict[str, Any], created: datetime, active: datetime) -> None:
    """A new key."""
    tx.run(
        "INSERT INTO signing_keys (kid, private_key, public_jwk, created_at, active_at)"
        " VALUES (:kid, :sealed, :jwk, :created, :active)",
        {"kid": kid, "sealed": sealed, "jwk": to_json(jwk), "created": micros(created), "active": micros(active)},
    )


def delete_before(tx: Transaction, active_before: datetime) -> int:
    """Forget keys whose last token has died."""
    return tx.run("DELETE FROM signing_keys WHERE active_at < :when", {"when": micros(active_before)})


def _key(row: Row) -> StoredKey:
    kid, sealed, jwk, created, active, retired = row
    return kid, sealed, from_json(jwk), moment(created), moment(active), moment_or_none(retired)
