"""Browser sessions and the sign-ins they hold (security section 6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from readmit.domain.session import ABSOLUTE, SEEN_EVERY, SignIn
from readmit.storage.columns import from_json, micros, moment, moment_or_none, to_json
from readmit.storage.grants import Grant
from readmit.storage.transaction import Row, Transaction

COLUMNS: Final = (
    "s.session_id, s.tenant_id, s.user_id, s.epoch, s.signed_in_at, s.seen_at, s.amr, s.home_user_id, s.home_epoch,"
    " s.ip, s.browser, s.platform, s.authenticated_at"
)


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
    """The session with its live sign-ins: neither over, nor of an ended epoch, nor of a disabled or deleted user.

    An empty set ends the session (security N2).
    """
    row = tx.one("SELECT id, csrf FROM sessions WHERE token_hash = :hash", {"hash": token_hash})
    if row is None:
        return None
    rows = tx.all(
        f"SELECT {COLUMNS} FROM sign_ins s JOIN users u ON u.id = s.user_id"
        " WHERE s.session_id = :id AND u.epoch = s.epoch AND u.deleted_at IS NULL AND u.account_enabled = 1"
        " ORDER BY s.signed_in_at DESC",
        {"id": row[0]},
    )
    live = tuple(entry for entry in map(entry_of, rows) if entry.live(now))
    return Session(row[0], row[1], live) if live else None


def entry_of(row: Row) -> SignIn:
    """A sign-in from a row of COLUMNS."""
    at, seen, amr = moment(row[4]), moment(row[5]), tuple(from_json(row[6]))
    rest = (*row[7:12], moment_or_none(row[12]))
    return SignIn(row[0], row[1], row[2], row[3], at, seen, amr, *rest)


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
        " home_epoch, ip, browser, platform, authenticated_at) VALUES (:session, :tenant, :user, :epoch, :at, :seen,"
        " :amr, :home, :home_epoch, :ip, :browser, :platform, :authenticated)",
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
            "ip": entry.ip,
            "browser": entry.browser,
            "platform": entry.platform,
            "authenticated": micros(entry.authenticated) if entry.authenticated is not None else None,
        },
    )


def add_application(tx: Transaction, grant: Grant, session_id: str) -> None:
    """The session's person is signed in to this application: it is told when the session ends (graph G76)."""
    tx.run(
        "INSERT INTO signed_in_applications (session_id, tenant_id, client_id, origin)"
        " VALUES (:session, :tenant, :client, :origin) ON CONFLICT (session_id, tenant_id, client_id) DO UPDATE"
        " SET origin = excluded.origin",
        {"session": session_id, "tenant": grant.tenant_id, "client": grant.client_id, "origin": grant.origin},
    )


def applications(tx: Transaction, session_id: str) -> list[tuple[str, str, str]]:
    """(tenant, client, origin) of each application that the session is signed in to."""
    rows = tx.all(
        "SELECT tenant_id, client_id, origin FROM signed_in_applications WHERE session_id = :id"
        " ORDER BY tenant_id, client_id",
        {"id": session_id},
    )
    return [(row[0], row[1], row[2]) for row in rows]


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


def of_person(tx: Transaction, entry: SignIn) -> list[SignIn]:
    """Every sign-in of who made `entry`, in whichever browser: of that user, and of the account that proved him.

    A guest's sign-in is renewed with one click where the home account's lives on, so that they are seen and ended
    together; proofs of another epoch of the home account are somebody else's. Those of ended epochs are left out.
    """
    home, home_epoch = entry.person
    return [
        entry_of(row)
        for row in tx.all(
            f"SELECT {COLUMNS} FROM sign_ins s JOIN users u ON u.id = s.user_id"
            " WHERE u.epoch = s.epoch AND u.deleted_at IS NULL AND u.account_enabled = 1 AND (s.user_id = :user"
            " OR (s.user_id = :home AND s.epoch = :home_epoch)"
            " OR (s.home_user_id = :home AND s.home_epoch = :home_epoch))"
            " ORDER BY s.signed_in_at DESC, s.session_id, s.tenant_id",
            {"user": entry.user_id, "home": home, "home_epoch": home_epoch},
        )
    ]


def end(tx: Transaction, entry: SignIn) -> None:
    """End one sign-in with the grants that hang on it, and its session if that was the last (security N2)."""
    parameters = {"session": entry.session_id, "user": entry.user_id}
    tx.run("DELETE FROM grants WHERE session_id = :session AND user_id = :user", parameters)
    tx.run("DELETE FROM sign_ins WHERE session_id = :session AND user_id = :user", parameters)
    sql = "DELETE FROM sessions WHERE id = :id AND NOT EXISTS (SELECT 1 FROM sign_ins WHERE session_id = :id)"
    tx.run(sql, {"id": entry.session_id})


def delete_expired(tx: Transaction, now: datetime) -> int:
    """Sweep sign-ins whose day is over, then sessions without any."""
    over = {"over": micros(now - ABSOLUTE)}
    tx.run("DELETE FROM sign_ins WHERE signed_in_at <= :over", over)
    return tx.run(
        "DELETE FROM sessions WHERE created_at <= :over AND NOT EXISTS"
        " (SELECT 1 FROM sign_ins s WHERE s.session_id = sessions.id)",
        over,
    )
