"""Browser sessions and the sign-ins they hold (security section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from readmit.domain.session import ABSOLUTE, SEEN_EVERY, SignIn
from readmit.storage.columns import from_json, micros, moment, to_json
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session; the cookie holds a token whose hash is here."""

    id: str
    csrf: str
    sign_ins: tuple[SignIn, ...]

    def at(self, tenant_id: str) -> SignIn | None:
        """The sign-in to this tenant."""
        return next((sign_in for sign_in in self.sign_ins if sign_in.tenant_id == tenant_id), None)


def get(tx: Transaction, token_hash: str, now: datetime) -> Session | None:
    """The session with its live sign-ins: neither over, nor of an ended epoch, nor of a disabled or deleted user."""
    row = tx.one("SELECT id, csrf FROM sessions WHERE token_hash = :hash", {"hash": token_hash})
    if row is None:
        return None
    rows = tx.all(
        "SELECT s.session_id, s.tenant_id, s.user_id, s.epoch, s.signed_in_at, s.seen_at, s.amr, s.home_user_id,"
        " s.home_epoch FROM sign_ins s JOIN users u ON u.id = s.user_id"
        " WHERE s.session_id = :id AND u.epoch = s.epoch AND u.deleted_at IS NULL AND u.account_enabled = 1"
        " ORDER BY s.signed_in_at DESC",
        {"id": row[0]},
    )
    sign_ins = (
        SignIn(r[0], r[1], r[2], r[3], moment(r[4]), moment(r[5]), tuple(from_json(r[6])), r[7], r[8]) for r in rows
    )
    return Session(row[0], row[1], tuple(sign_in for sign_in in sign_ins if sign_in.live(now)))


def insert(tx: Transaction, session_id: str, *, token_hash: str, csrf: str, now: datetime) -> None:
    """A new session without a sign-in."""
    tx.run(
        "INSERT INTO sessions (id, token_hash, csrf, created_at, seen_at) VALUES (:id, :hash, :csrf, :now, :now)",
        {"id": session_id, "hash": token_hash, "csrf": csrf, "now": micros(now)},
    )


def renew(tx: Transaction, session_id: str, *, token_hash: str, csrf: str) -> None:
    """A new token for the cookie after a proof; the old one is dead (security N2, T27)."""
    tx.run(
        "UPDATE sessions SET token_hash = :hash, csrf = :csrf WHERE id = :id",
        {"hash": token_hash, "csrf": csrf, "id": session_id},
    )


def sign_in(tx: Transaction, entry: SignIn) -> None:
    """Add or replace the session's sign-in to that tenant."""
    tx.run(
        "DELETE FROM sign_ins WHERE session_id = :session AND tenant_id = :tenant",
        {"session": entry.session_id, "tenant": entry.tenant_id},
    )
    tx.run(
        "INSERT INTO sign_ins (session_id, tenant_id, user_id, epoch, signed_in_at, seen_at, amr, home_user_id,"
        " home_epoch) VALUES (:session, :tenant, :user, :epoch, :at, :seen, :amr, :home, :home_epoch)",
        {
            "session": entry.session_id,
            "tenant": entry.tenant_id,
            "user": entry.user_id,
            "epoch": entry.epoch,
            "at": micros(entry.at),
            "seen": micros(entry.seen),
            "amr": to_json(entry.amr),
            "home": entry.home_user_id,
            "home_epoch": entry.home_epoch,
        },
    )


def seen(tx: Transaction, entry: SignIn, now: datetime) -> None:
    """Note the last use, at most every five minutes (security V5)."""
    tx.run(
        "UPDATE sign_ins SET seen_at = :now WHERE session_id = :session AND tenant_id = :tenant AND seen_at <= :old",
        {
            "now": micros(now),
            "session": entry.session_id,
            "tenant": entry.tenant_id,
            "old": micros(now - SEEN_EVERY),
        },
    )


def delete(tx: Transaction, session_id: str) -> bool:
    """End a session with all its sign-ins, and the grants that hang on it."""
    tx.run("DELETE FROM grants WHERE session_id = :id", {"id": session_id})
    return tx.run("DELETE FROM sessions WHERE id = :id", {"id": session_id}) == 1


def delete_expired(tx: Transaction, now: datetime) -> int:
    """Sweep sign-ins whose day is over, then sessions without any."""
    over = {"over": micros(now - ABSOLUTE)}
    tx.run("DELETE FROM sign_ins WHERE signed_in_at <= :over", over)
    return tx.run(
        "DELETE FROM sessions WHERE created_at <= :over AND NOT EXISTS"
        " (SELECT 1 FROM sign_ins s WHERE s.session_id = sessions.id)",
        over,
    )
