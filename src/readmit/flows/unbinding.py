"""What hangs on a binding ends with it, whatever ends it: a reset, a PATCH, a restore, another guest (security V2)."""

from __future__ import annotations

from datetime import datetime

from readmit.domain.guest import User
from readmit.storage import access, invitations, passkeys, users
from readmit.storage.transaction import Transaction


def end_binding(tx: Transaction, user: User, ended_by: str, now: datetime) -> dict[str, int]:
    """End consents, passkeys, the open entry of history, and the password that a converted user had; how many died."""
    if user.converted:
        users.set_password(tx, user.id, None, now=now)
    return {
        "consents": access.end_consents(tx, user.id),
        "passkeys": passkeys.end(tx, user.id),
        "redemptions": invitations.end_history(tx, user.id, ended_by, now),
    }
