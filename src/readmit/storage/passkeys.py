"""The passkeys' table, and what browsers are asked to sign (security V2, N7)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from readmit.domain.passkey import Challenge, Passkey
from readmit.storage.columns import from_json, micros, micros_or_none, moment, moment_or_none, to_json
from readmit.storage.transaction import Row, Transaction

_COLUMNS: Final = (
    "id, tenant_id, user_id, credential_id, public_key, sign_count, aaguid, transports, backup_eligible, backed_up,"
    " discoverable, created_at, name, used_at, code_proved_at"
)


def insert(tx: Transaction, passkey: Passkey) -> bool:
    """A new passkey; False where its credential is somebody's already."""
    sql = (
        "INSERT INTO passkeys (id, tenant_id, user_id, credential_id, public_key, sign_count, aaguid, transports,"
        " backup_eligible, backed_up, discoverable, created_at, name, used_at, code_proved_at)"
        " VALUES (:id, :tenant, :user, :credential, :key, :count, :aaguid, :transports, :eligible, :backed_up,"
        " :discoverable, :created, :name, :used, :proved) ON CONFLICT (credential_id) DO NOTHING"
    )
    return tx.run(sql, _row(passkey)) == 1


def _row(passkey: Passkey) -> dict[str, object]:
    return {
        "id": passkey.id,
        "tenant": passkey.tenant_id,
        "user": passkey.user_id,
        "credential": passkey.credential_id,
        "key": passkey.public_key,
        "count": passkey.sign_count,
        "aaguid": passkey.aaguid,
        "transports": to_json(passkey.transports),
        "eligible": int(passkey.backup_eligible),
        "backed_up": int(passkey.backed_up),
        "discoverable": None if passkey.discoverable is None else int(passkey.discoverable),
        "created": micros(passkey.created),
        "name": passkey.name,
        "used": micros_or_none(passkey.used),
        "proved": micros_or_none(passkey.code_proved),
    }


def of_user(tx: Transaction, user_id: str) -> tuple[Passkey, ...]:
    """The passkeys of a user, the oldest first."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM passkeys WHERE user_id = :user ORDER BY created_at, id", {"user": user_id})
    return tuple(_passkey(row) for row in rows)


def by_credential(tx: Transaction, tenant_id: str, credential_id: str) -> Passkey | None:
    """The passkey that a browser answers with."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM passkeys WHERE credential_id = :credential AND tenant_id = :tenant",
        {"credential": credential_id, "tenant": tenant_id},
    )
    return _passkey(row) if row else None


def used(tx: Transaction, passkey: Passkey, *, count: int, backed_up: bool, now: datetime) -> bool:
    """Write its last use; False where it was used or removed since it was read: the counter decides (security V4)."""
    sql = (
        "UPDATE passkeys SET sign_count = :count, backed_up = :backed_up, used_at = :now"
        " WHERE id = :id AND sign_count = :old"
    )
    values = {"count": count, "backed_up": int(backed_up), "now": micros(now)}
    return tx.run(sql, values | {"id": passkey.id, "old": passkey.sign_count}) == 1


def code_proved(tx: Transaction, user_id: str, at: datetime) -> None:
    """A code has proved the mailbox of the user: his passkeys stand for one for so much longer (lifecycle L30)."""
    sql = (
        "UPDATE passkeys SET code_proved_at = :at"
        " WHERE user_id = :user AND (code_proved_at IS NULL OR code_proved_at < :at)"
    )
    tx.run(sql, {"at": micros(at), "user": user_id})


def rename(tx: Transaction, user_id: str, passkey_id: str, name: str) -> bool:
    """Whether the user has that passkey, which is now called so."""
    values = {"name": name, "id": passkey_id, "user": user_id}
    return tx.run("UPDATE passkeys SET name = :name WHERE id = :id AND user_id = :user", values) == 1


def remove(tx: Transaction, user_id: str, passkey_id: str) -> bool:
    """Whether the user had that passkey."""
    values = {"id": passkey_id, "user": user_id}
    return tx.run("DELETE FROM passkeys WHERE id = :id AND user_id = :user", values) == 1


def end(tx: Transaction, user_id: str) -> int:
    """The binding has ended, and every passkey with it (security V2); how many."""
    return tx.run("DELETE FROM passkeys WHERE user_id = :user", {"user": user_id})


# ------------------------------------------------------------------ challenges


def ask(tx: Transaction, challenge: Challenge) -> None:
    """What the browser of a flow is asked to sign; an earlier challenge of the flow is void."""
    tx.run(
        "INSERT INTO passkey_challenges (flow_id, value, purpose, expires_at)"
        " VALUES (:flow, :value, :purpose, :expires)"
        " ON CONFLICT (flow_id) DO UPDATE SET value = excluded.value, purpose = excluded.purpose,"
        " expires_at = excluded.expires_at",
        {
            "flow": challenge.flow_id,
            "value": challenge.value,
            "purpose": challenge.purpose,
            "expires": micros(challenge.expires),
        },
    )


def asked(tx: Transaction, flow_id: str) -> Challenge | None:
    """What the browser of a flow is asked to sign."""
    row = tx.one("SELECT value, purpose, expires_at FROM passkey_challenges WHERE flow_id = :flow", {"flow": flow_id})
    return Challenge(flow_id, row[0], row[1], moment(row[2])) if row else None


def answered(tx: Transaction, flow_id: str) -> Challenge | None:
    """Use the challenge of a flow up, whatever the answer is worth (security V4)."""
    found = asked(tx, flow_id)
    tx.run("DELETE FROM passkey_challenges WHERE flow_id = :flow", {"flow": flow_id})
    return found


def _passkey(row: Row) -> Passkey:
    return Passkey(
        id=row[0],
        tenant_id=row[1],
        user_id=row[2],
        credential_id=row[3],
        public_key=row[4],
        sign_count=row[5],
        aaguid=row[6],
        transports=tuple(from_json(row[7])),
        backup_eligible=bool(row[8]),
        backed_up=bool(row[9]),
        discoverable=None if row[10] is None else bool(row[10]),
        created=moment(row[11]),
        name=row[12],
        used=moment_or_none(row[13]),
        code_proved=moment_or_none(row[14]),
    )
