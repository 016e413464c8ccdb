"""Who a browser's way is about, and the counters that its codes, requests and proofs are held against."""

from __future__ import annotations

from readmit.domain.counters import Counters, counters_of
from readmit.domain.guest import User
from readmit.domain.redemption import Flow
from readmit.storage import users
from readmit.storage.transaction import Transaction


def meant(tx: Transaction, flow: Flow) -> User | None:
    """The guest of a redemption, else whoever has the address that was typed."""
    if flow.kind == "redemption":
        return users.live(tx, flow.tenant_id, flow.user_id or "")
    return users.by_address(tx, flow.tenant_id, flow.address.key) if flow.address is not None else None


def counters(tx: Transaction, flow: Flow) -> Counters | None:
    """What is asked for or proved in this flow now is void once these are (security L6, G2)."""
    user = meant(tx, flow)
    return counters_of(user) if user is not None else None
