"""The tables of SAML: messages that wait for their browser, assertions that were used, the key of our requests."""

from __future__ import annotations

from datetime import datetime

from readmit.storage.columns import micros
from readmit.storage.transaction import Transaction


def awaited(tx: Transaction, hash: str, provider_id: str) -> bool:
    """Whether a request to this SAML provider waits under a state."""
    row = tx.one(
        "SELECT 1 FROM upstream_states s JOIN identity_providers p ON p.id = s.provider_id"
        " WHERE s.hash = :hash AND s.provider_id = :provider AND p.kind = 'saml'",
        {"hash": hash, "provider": provider_id},
    )
    return row is not None


def park(tx: Transaction, hash: str, message: str, now: datetime) -> None:
    """Keep a sealed message under its state; the newest one counts (security N4)."""
    tx.run(
        "INSERT INTO parked_messages (hash, message, parked_at) VALUES (:hash, :message, :now)"
        " ON CONFLICT (hash) DO UPDATE SET message = excluded.message, parked_at = excluded.parked_at",
        {"hash": hash, "message": message, "now": micros(now)},
    )


def parked(tx: Transaction, hash: str, since: datetime) -> str | None:
    """The sealed message under a state, parked after `since`."""
    sql = "SELECT message FROM parked_messages WHERE hash = :hash AND parked_at > :since"
    row = tx.one(sql, {"hash": hash, "since": micros(since)})
    return row[0] if row else None


def use_assertion(tx: Transaction, provider_id: str, hash: str, until: datetime) -> bool:
    """Remember an assertion while its age would not refuse it; False if it was used before (security I9)."""
    sql = (
        "INSERT INTO saml_assertions (provider_id, hash, expires_at) VALUES (:provider, :hash, :until)"
        " ON CONFLICT DO NOTHING"
    )
    return tx.run(sql, {"provider": provider_id, "hash": hash, "until": micros(until)}) == 1


def forget(tx: Transaction, ended_before: datetime, parked_before: datetime) -> None:
    """Sweep what nobody came for, and assertions that are over."""
    tx.run("DELETE FROM parked_messages WHERE parked_at <= :when", {"when": micros(parked_before)})
    tx.run("DELETE FROM saml_assertions WHERE expires_at <= :now", {"now": micros(ended_before)})


def key(tx: Transaction) -> tuple[str, str] | None:
    """The sealed key that signs requests, and its certificate."""
    row = tx.one("SELECT private_key, certificate FROM saml_keys", {})
    return (row[0], row[1]) if row else None


def keep_key(tx: Transaction, sealed: str, certificate: str, now: datetime) -> bool:
    """The first key stays; False if another process was faster."""
    sql = (
        "INSERT INTO saml_keys (id, private_key, certificate, created_at) VALUES (1, :key, :certificate, :now)"
        " ON CONFLICT DO NOTHING"
    )
    return tx.run(sql, {"key": sealed, "certificate": certificate, "now": micros(now)}) == 1
