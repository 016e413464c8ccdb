"""Mail that is owed: ids only, text is made when it is sent (reliability OB1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MailKind = Literal["invitation", "reset", "passcode", "code_lock", "passkey_added", "passkey_removed"]
MailState = Literal["queued", "sending", "retrying", "sent", "failed", "parked", "superseded"]


@dataclass(frozen=True, slots=True)
class Recipient:
    """A copy of the mail goes to `address`; `name` for its header."""

    address: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class OwedMail:
    """A mail that a flow owes; `address_key` counts against the caps of security M7."""

    id: str
    tenant_id: str
    kind: MailKind
    address_key: str
    user_id: str | None = None
    invitation_id: str | None = None
    passcode_id: str | None = None
    generation: int | None = None
    language: str | None = None
