"""Grants: what an application may do for a user, with the codes and refresh tokens that hang on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from readmit.storage.columns import from_json, micros, moment, moment_or_none, to_json
from readmit.storage.transaction import Row, Transaction


@dataclass(frozen=True, slots=True)
class Grant:
    """One consented sign-in of a user at an application; its row ends all that came from it (graph G77 rm_gid)."""

    id: str
    tenant_id: str
    user_id: str
    epoch: int
    client_id: str
    session_id: str | None
    resource: str
    scope: str
    origin: str
    amr: tuple[str, ...]
    auth_time: datetime
    proved: datetime
    nonce: str | None
    home_user_id: str | None
    home_epoch: int | None
    created: datetime
    expires: datetime
    graph: bool = True
    """Whether `resource` is Microsoft Graph under one of its names."""


_COLUMNS = (
    "g.id, g.tenant_id, g.user_id, g.epoch, g.client_id, g.session_id, g.resource, g.scope, g.origin, g.amr,"
    " g.auth_time, g.proved_at, g.nonce, g.home_user_id, g.home_epoch, g.created_at, g.expires_at, g.graph"
)


def insert(tx: Transaction, grant: Grant) -> None:
    """A new grant."""
    tx.run(
        "INSERT INTO grants (id, tenant_id, user_id, epoch, client_id, session_id, resource, scope, origin, amr,"
        " auth_time, proved_at, nonce, home_user_id, home_epoch, created_at, expires_at, graph)"
        " VALUES (:id, :tenant, :user, :epoch, :client, :session, :resource, :scope, :origin, :amr,"
        " :auth_time, :proved, :nonce, :home, :home_epoch, :created, :expires, :graph)",
        {
            "id": grant.id,
            "tenant": grant.tenant_id,
            "user": grant.user_id,
            "epoch": grant.epoch,
            "client": grant.client_id,
            "session": grant.session_id,
            "resource": grant.resource,
            "scope": grant.scope,
            "origin": grant.origin,
            "amr": to_json(grant.amr),
            "auth_time": micros(grant.auth_time),
            "proved": micros(grant.proved),
            "nonce": grant.nonce,
            "home": grant.home_user_id,
            "home_epoch": grant.home_epoch,
            "created": micros(grant.created),
            "expires": micros(grant.expires),
            "graph": int(grant.graph),
        },
    )


def get(tx: Transaction, grant_id: str) -> Grant | None:
    """A live grant."""
    row = tx.one(f"SELECT {_COLUMNS} FROM grants g WHERE g.id = :id", {"id": grant_id})
    return _grant(row) if row else None


def end(tx: Transaction, grant_id: str) -> bool:
    """End a grant and everything that came from it."""
    return tx.run("DELETE FROM grants WHERE id = :id", {"id": grant_id}) == 1


def end_for(tx: Transaction, tenant_id: str, user_id: str, client_id: str) -> int:
    """End every grant that an application has of a user; how many."""
    sql = "DELETE FROM grants WHERE user_id = :user AND client_id = :client AND tenant_id = :tenant"
    return tx.run(sql, {"user": user_id, "client": client_id, "tenant": tenant_id})


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code at rest."""

    grant: Grant
    redirect_uri: str
    challenge: str | None
    created: datetime
    used: datetime | None


def add_code(
    tx: Transaction, grant: Grant, code_hash: str, *, redirect_uri: str, challenge: str | None, now: datetime
) -> None:
    """A code for 60 s and one use (security O3)."""
    tx.run(
        "INSERT INTO authorization_codes (hash, grant_id, redirect_uri, challenge, created_at)"
        " VALUES (:hash, :grant, :uri, :challenge, :now)",
        {"hash": code_hash, "grant": grant.id, "uri": redirect_uri, "challenge": challenge, "now": micros(now)},
    )


def code(tx: Transaction, code_hash: str) -> Code | None:
    """A code by its hash."""
    row = tx.one(
        f"SELECT {_COLUMNS}, c.redirect_uri, c.challenge, c.created_at, c.used_at FROM authorization_codes c"
        " JOIN grants g ON g.id = c.grant_id WHERE c.hash = :hash",
        {"hash": code_hash},
    )
    return Code(_grant(row), row[18], row[19], moment(row[20]), moment_or_none(row[21])) if row else None


def use_code(tx: Transaction, code_hash: str, now: datetime) -> bool:
    """True for the one who uses it."""
    return (
        tx.run(
            "UPDATE authorization_codes SET used_at = :now WHERE hash = :hash AND used_at IS NULL",
            {"now": micros(now), "hash": code_hash},
        )
        == 1
    )


def add_refresh(tx: Transaction, grant_id: str, token_hash: str, now: datetime) -> None:
    """A refresh token; the same successor may be written twice (security O5)."""
    tx.run(
        "INSERT INTO refresh_tokens (hash, grant_id, created_at) VALUES (:hash, :grant, :now)"
        " ON CONFLICT (hash) DO NOTHING",
        {"hash": token_hash, "grant": grant_id, "now": micros(now)},
    )


def refresh(tx: Transaction, token_hash: str) -> tuple[Grant, datetime | None] | None:
    """The grant of a refresh token, and when it was first used."""
    row = tx.one(
        f"SELECT {_COLUMNS}, r.used_at FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id WHERE r.hash = :hash",
        {"hash": token_hash},
    )
    return (_grant(row), moment_or_none(row[18])) if row else None


def use_refresh(tx: Transaction, token_hash: str, now: datetime) -> bool:
    """Mark the first use; False if it was used before."""
    return (
        tx.run(
            "UPDATE refresh_tokens SET used_at = :now WHERE hash = :hash AND used_at IS NULL",
            {"now": micros(now), "hash": token_hash},
        )
        == 1
    )


def user_state(tx: Transaction, grant_id: str, tenant_id: str) -> Row | None:
    """(user id, user epoch, grant epoch, sessions valid from, client name, client's service principal, enabled).

    The one select behind a delegated token: grant, user and client live together or not at all (graph G78).
    """
    return tx.one(
        "SELECT u.id, u.epoch, g.epoch, u.sessions_valid_from, s.display_name, s.id, s.account_enabled"
        " FROM grants g JOIN users u ON u.id = g.user_id AND u.deleted_at IS NULL AND u.account_enabled = 1"
        " JOIN service_principals s ON s.app_id = g.client_id AND s.tenant_id = g.tenant_id AND s.deleted_at IS NULL"
        " WHERE g.id = :grant AND g.tenant_id = :tenant",
        {"grant": grant_id, "tenant": tenant_id},
    )


def delete_expired(tx: Transaction, now: datetime) -> int:
    """Sweep grants whose time is over."""
    return tx.run("DELETE FROM grants WHERE expires_at <= :now", {"now": micros(now)})


def _grant(row: Row) -> Grant:
    return Grant(
        id=row[0],
        tenant_id=row[1],
        user_id=row[2],
        epoch=row[3],
        client_id=row[4],
        session_id=row[5],
        resource=row[6],
        scope=row[7],
        origin=row[8],
        amr=tuple(from_json(row[9])),
        auth_time=moment(row[10]),
        proved=moment(row[11]),
        nonce=row[12],
        home_user_id=row[13],
        home_epoch=row[14],
        created=moment(row[15]),
        expires=moment(row[16]),
        graph=bool(row[17]),
    )
