"""The mail that tells a guest of an added or removed passkey (security N7)."""

from __future__ import annotations

from readmit.domain.guest import User
from readmit.domain.mail import MailKind, OwedMail
from readmit.domain.passkey import told_at
from readmit.flows.world import World
from readmit.storage import outbox
from readmit.storage.transaction import Transaction


def owe_notice(tx: Transaction, world: World, user: User, kind: MailKind, language: str | None) -> None:
    """Owed to the guest's mailbox; one without any hears nothing."""
    address = told_at(user)
    if address is None:
        return
    mail = OwedMail(
        id=world.new_id(),
        tenant_id=user.tenant_id,
        kind=kind,
        address_key=address.key,
        user_id=user.id,
        language=language or user.preferred_language,
    )
    outbox.owe(tx, mail, world.now())
