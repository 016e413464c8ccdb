"""The table of device grants (RFC 8628, security O9). Codes are kept as digests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from readmit.storage.columns import from_json, micros, moment, moment_or_none, to_json
from readmit.storage.transaction import Row, Transaction

State = Literal["pending", "approved", "declined"]
_COLUMNS: Final = (
    "hash, user_code, tenant_id, client_id, resource, graph, scopes, origin, requester, state, grant_id, polled_at,"
    " expires_at"
)


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """One device that waits. `requester` is the address it asked from."""

    hash: str
    user_code: str
    tenant_id: str
    client_id: str
    resource: str
    graph: bool
    scopes: tuple[str, ...]
    origin: str
    requester: str
    expires: datetime
    state: State = "pending"
    grant_id: str | None = None
    polled: datetime | None = None


def insert(tx: Transaction, code: DeviceCode, now: datetime) -> bool:
    """A new one; False if its user code is in use."""
    return (
        tx.run(
            "INSERT INTO device_codes (hash, user_code, tenant_id, client_id, resource, graph, scopes, origin,"
            " requester, state, created_at, expires_at) VALUES (:hash, :user_code, :tenant, :client, :resource,"
            " :graph, :scopes, :origin, :requester, 'pending', :now, :expires) ON CONFLICT DO NOTHING",
            {
                "hash": code.hash,
                "user_code": code.user_code,
                "tenant": code.tenant_id,
                "client": code.client_id,
                "resource": code.resource,
                "graph": int(code.graph),
                "scopes": to_json(list(code.scopes)),
                "origin": code.origin,
                "requester": code.requester,
                "now": micros(now),
                "expires": micros(code.expires),
            },
        )
        == 1
    )


def get(tx: Transaction, hash: str) -> DeviceCode | None:
    """By the digest of the device's code."""
    row = tx.one(f"SELECT {_COLUMNS} FROM device_codes WHERE hash = :hash", {"hash": hash})
    return _made(row) if row else None


def waiting(tx: Transaction, user_code: str, now: datetime) -> DeviceCode | None:
    """A pending one by the digest of what the person typed."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM device_codes WHERE user_code = :code AND state = 'pending' AND expires_at > :now",
        {"code": user_code, "now": micros(now)},
    )
    return _made(row) if row else None


def polled(tx: Transaction, hash: str, now: datetime) -> None:
    """The device has asked."""
    tx.run("UPDATE device_codes SET polled_at = :now WHERE hash = :hash", {"hash": hash, "now": micros(now)})


def decide(tx: Transaction, hash: str, state: State, grant_id: str | None, now: datetime) -> bool:
    """Approve or decline, once and in time; True for the one who did."""
    sql = (
        "UPDATE device_codes SET state = :state, grant_id = :grant"
        " WHERE hash = :hash AND state = 'pending' AND expires_at > :now"
    )
    return tx.run(sql, {"state": state, "grant": grant_id, "hash": hash, "now": micros(now)}) == 1


def delete(tx: Transaction, hash: str) -> bool:
    """Use it up; True for the one who did."""
    return tx.run("DELETE FROM device_codes WHERE hash = :hash", {"hash": hash}) == 1


def delete_expired(tx: Transaction, before: datetime) -> int:
    """Sweep what is over."""
    return tx.run("DELETE FROM device_codes WHERE expires_at <= :before", {"before": micros(before)})


def _made(row: Row) -> DeviceCode:
    return DeviceCode(
        hash=row[0],
        user_code=row[1],
        tenant_id=row[2],
        client_id=row[3],
        resource=row[4],
        graph=bool(row[5]),
        scopes=tuple(from_json(row[6])),
        origin=row[7],
        requester=row[8],
        state=row[9],
        grant_id=row[10],
        polled=moment_or_none(row[11]),
        expires=moment(row[12]),
    )
