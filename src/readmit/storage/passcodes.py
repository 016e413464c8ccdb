"""The passcodes' table: one live code for each flow (security section 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from readmit.domain.address import EmailAddress
from readmit.domain.counters import Counters
from readmit.storage.columns import micros, moment
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Passcode:
    """A code that was asked for. `real` is false where nobody is behind the address and no mail was sent (V7)."""

    id: str
    flow_id: str
    user_id: str | None
    address: EmailAddress
    nonce: str
    salt: str
    hash: str
    tries: int
    real: bool
    requester: str
    created: datetime
    expires: datetime
    counters: Counters | None = None
    """What it is held against: a reset ends the codes of a sign-in as well (security G2)."""


_COLUMNS = (
    "id, flow_id, user_id, address, nonce, salt, hash, tries, real, requester, created_at, expires_at, epoch,"
    " generation"
)


def replace(tx: Transaction, passcode: Passcode) -> str | None:
    """A new code kills the old one of its flow (security C1); returns the id of the killed one."""
    old = tx.one("SELECT id FROM passcodes WHERE flow_id = :flow", {"flow": passcode.flow_id})
    tx.run("DELETE FROM passcodes WHERE flow_id = :flow", {"flow": passcode.flow_id})
    tx.run(
        "INSERT INTO passcodes (id, flow_id, user_id, address, address_key, nonce, salt, hash, tries, real, requester,"
        " created_at, expires_at, epoch, generation) VALUES (:id, :flow, :user, :address, :key, :nonce, :salt, :hash,"
        " 0, :real, :requester, :created, :expires, :epoch, :generation)",
        {
            "id": passcode.id,
            "flow": passcode.flow_id,
            "user": passcode.user_id,
            "address": passcode.address.given,
            "key": passcode.address.key,
            "nonce": passcode.nonce,
            "salt": passcode.salt,
            "hash": passcode.hash,
            "real": int(passcode.real),
            "requester": passcode.requester,
            "created": micros(passcode.created),
            "expires": micros(passcode.expires),
            "epoch": passcode.counters.epoch if passcode.counters else None,
            "generation": passcode.counters.generation if passcode.counters else None,
        },
    )
    return old[0] if old else None


def of_flow(tx: Transaction, flow_id: str) -> Passcode | None:
    """The live code of a flow."""
    return _one(tx, "flow_id", flow_id)


def get(tx: Transaction, passcode_id: str) -> Passcode | None:
    """A code by id, for the mail that carries it."""
    return _one(tx, "id", passcode_id)


def latest(tx: Transaction, address_key: str) -> datetime | None:
    """When the newest unused code for a mailbox was made, in whatever flow."""
    row = tx.one("SELECT MAX(created_at) FROM passcodes WHERE address_key = :key", {"key": address_key})
    return moment(row[0]) if row and row[0] is not None else None


def count_try(tx: Transaction, passcode_id: str, limit: int) -> int | None:
    """Count a try before comparing; the number it is, or None when the code has had its tries (security V4, C3)."""
    row = tx.one(
        "UPDATE passcodes SET tries = tries + 1 WHERE id = :id AND tries < :limit RETURNING tries",
        {"id": passcode_id, "limit": limit},
    )
    return row[0] if row else None


def delete(tx: Transaction, passcode_id: str) -> bool:
    """Use up a code: True for the one who did."""
    return tx.run("DELETE FROM passcodes WHERE id = :id", {"id": passcode_id}) == 1


def _one(tx: Transaction, column: str, value: str) -> Passcode | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM passcodes WHERE {column} = :value", {"value": value})
    if row is None:
        return None
    id, flow_id, user_id, address, nonce, salt, hash, tries, real, requester, created, expires, epoch, generation = row
    return Passcode(
        id=id,
        flow_id=flow_id,
        user_id=user_id,
        address=EmailAddress.stored(address),
        nonce=nonce,
        salt=salt,
        hash=hash,
        tries=tries,
        real=bool(real),
        requester=requester,
        created=moment(created),
        expires=moment(expires),
        counters=Counters(user_id, epoch, generation) if user_id is not None else None,
    )
