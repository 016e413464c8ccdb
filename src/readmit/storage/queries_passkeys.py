"""What pages and administrators see of passkeys: never a key."""

from __future__ import annotations

from readmit.domain.passkey import Passkey
from readmit.storage import passkeys
from readmit.storage.transaction import Transaction


def passkeys_of(tx: Transaction, user_id: str) -> tuple[Passkey, ...]:
    """The passkeys of a user, the oldest first."""
    return passkeys.of_user(tx, user_id)
