"""The flows' table: one browser's way through redemption or sign-in, with its proof."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import msgspec

from readmit.domain.address import EmailAddress
from readmit.domain.counters import Counters
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import Binding
from readmit.domain.redemption import (
    Flow,
    Proof,
    Target,
    ToAccount,
    ToApplication,
    ToLeave,
    ToMailChoice,
    ToMyApps,
    ToRedirect,
)
from readmit.storage.columns import from_json, micros, moment, moment_or_none, to_json
from readmit.storage.transaction import Row, Transaction

_COLUMNS: Final = (
    "id, browser_hash, csrf, kind, tenant_id, target, created_at, expires_at, user_id, invitation_id, generation,"
    " epoch, address, method, home_tenant_id, proof, other_proof, language, provider_id, passkey"
)


def insert(tx: Transaction, flow: Flow, requester: str = "") -> None:
    """A new flow, asked for from this network."""
    tx.run(
        "INSERT INTO flows (id, browser_hash, csrf, kind, tenant_id, target, created_at, expires_at, user_id,"
        " invitation_id, generation, epoch, address, method, home_tenant_id, proof, other_proof, language,"
        " provider_id, passkey, requester) VALUES (:id, :browser, :csrf, :kind, :tenant, :target, :created, :expires,"
        " :user, :invitation, :generation, :epoch, :address, :method, :home, :proof, :other, :language, :provider,"
        " :passkey, :requester)",
        {
            **_row(flow),
            "id": flow.id,
            "browser": flow.browser_hash,
            "csrf": flow.csrf,
            "created": micros(flow.created),
            "requester": requester,
        },
    )


def keep_newest(tx: Transaction, most: int, requester: str | None = None) -> int:
    """End the oldest flows in which nobody has proved anything, down to `most`: of one network, or of all."""
    whose = "proof IS NULL AND requester = :requester" if requester is not None else "proof IS NULL"
    counted = tx.one(f"SELECT COUNT(*) FROM flows WHERE {whose}", {"requester": requester})
    beyond = counted[0] - most if counted else 0
    if beyond <= 0:
        return 0
    return tx.run(
        f"DELETE FROM flows WHERE id IN (SELECT id FROM flows WHERE {whose} ORDER BY created_at LIMIT :beyond)",
        {"requester": requester, "beyond": beyond},
    )


def get(tx: Transaction, flow_id: str, browser_hash: str) -> Flow | None:
    """The flow of this browser; another browser's does not exist (security N6, T25)."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM flows WHERE id = :id AND browser_hash = :browser",
        {"id": flow_id, "browser": browser_hash},
    )
    return _flow(row) if row else None


def target_of(tx: Transaction, flow_id: str) -> Target | None:
    """Where a flow leads, whichever browser has it."""
    row = tx.one("SELECT target FROM flows WHERE id = :id", {"id": flow_id})
    return _target(from_json(row[0])) if row else None


def exists(tx: Transaction, flow_id: str) -> bool:
    """Whether any browser has this flow."""
    return tx.one("SELECT 1 FROM flows WHERE id = :id", {"id": flow_id}) is not None


def update(tx: Transaction, flow: Flow) -> None:
    """Write the step that was taken."""
    tx.run(
        "UPDATE flows SET kind = :kind, tenant_id = :tenant, target = :target, expires_at = :expires, user_id = :user,"
        " invitation_id = :invitation, generation = :generation, epoch = :epoch, address = :address, method = :method,"
        " home_tenant_id = :home, proof = :proof, other_proof = :other, language = :language,"
        " provider_id = :provider, passkey = :passkey WHERE id = :id",
        {**_row(flow), "id": flow.id},
    )


def delete(tx: Transaction, flow_id: str) -> bool:
    """End a flow; True for the one who ended it. Its code goes with it."""
    return tx.run("DELETE FROM flows WHERE id = :id", {"id": flow_id}) == 1


def delete_expired(tx: Transaction, now: datetime) -> int:
    """Sweep flows whose hour is over."""
    return tx.run("DELETE FROM flows WHERE expires_at <= :now", {"now": micros(now)})


def _row(flow: Flow) -> dict[str, Any]:
    return {
        "kind": flow.kind,
        "tenant": flow.tenant_id,
        "target": _target_text(flow.target),
        "expires": micros(flow.expires),
        "user": flow.user_id,
        "invitation": flow.invitation_id,
        "generation": flow.generation,
        "epoch": flow.epoch,
        "address": flow.address.given if flow.address else None,
        "method": flow.method,
        "home": flow.home_tenant_id,
        "proof": _proof_text(flow.proof) if flow.proof else None,
        "other": _proof_text(flow.other_proof) if flow.other_proof else None,
        "language": flow.language,
        "provider": flow.provider_id,
        "passkey": flow.passkey,
    }


def _flow(row: Row) -> Flow:
    return Flow(
        id=row[0],
        browser_hash=row[1],
        csrf=row[2],
        kind=row[3],
        tenant_id=row[4],
        target=_target(from_json(row[5])),
        created=moment(row[6]),
        expires=moment(row[7]),
        user_id=row[8],
        invitation_id=row[9],
        generation=row[10],
        epoch=row[11],
        address=EmailAddress.stored(row[12]) if row[12] is not None else None,
        method=row[13],
        home_tenant_id=row[14],
        proof=_proof(from_json(row[15])) if row[15] is not None else None,
        other_proof=_proof(from_json(row[16])) if row[16] is not None else None,
        language=row[17],
        provider_id=row[18],
        passkey=row[19],
    )


def _target_text(target: Target) -> str:
    match target:
        case ToRedirect(url):
            return to_json({"redirect": url})
        case ToMyApps():
            return to_json({"my_apps": True})
        case ToLeave():
            return to_json({"leave": True})
        case ToAccount(page, fresh):
            return to_json({"account": page, "fresh": fresh})
        case ToApplication(request):
            return to_json({"application": asdict(request)})
        case ToMailChoice():
            return to_json({"mail_choice": True})


def _target(value: dict[str, Any]) -> Target:
    if "redirect" in value:
        return ToRedirect(value["redirect"])
    if "application" in value:
        return ToApplication(msgspec.convert(value["application"], AuthorizeRequest))
    if "leave" in value:
        return ToLeave()
    if "account" in value:
        return ToAccount(value["account"], value["fresh"])
    return ToMailChoice() if "mail_choice" in value else ToMyApps()


def _proof_text(proof: Proof) -> str:
    binding, held = proof.binding, proof.counters
    return to_json(
        {
            "binding": [binding.kind, binding.issuer, binding.subject, binding.shown_issuer, binding.assigned_id],
            "keys": proof.keys,
            "shown": proof.shown,
            "at": micros(proof.at),
            "auth_time": micros(proof.auth_time),
            "began": micros(proof.began) if proof.began is not None else None,
            "amr": proof.amr,
            "names": proof.names,
            "home": [proof.home_tenant_id, proof.home_user_id, proof.home_epoch],
            "held": [held.user_id, held.epoch, held.generation] if held else None,
        }
    )


def _proof(value: dict[str, Any]) -> Proof:
    home_tenant_id, home_user_id, home_epoch = value["home"]
    return Proof(
        binding=Binding(*value["binding"]),
        keys=tuple(value["keys"]),
        shown=value["shown"],
        at=moment(value["at"]),
        auth_time=moment(value["auth_time"]),
        began=moment_or_none(value.get("began")),
        amr=tuple(value["amr"]),
        names=value["names"],
        home_tenant_id=home_tenant_id,
        home_user_id=home_user_id,
        home_epoch=home_epoch,
        counters=Counters(*value["held"]) if value.get("held") else None,
    )
