"""An invitation: what was asked for, what the directory holds of it, the change that it makes (lifecycle section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from readmit.domain import audit
from readmit.domain.address import EmailAddress
from readmit.domain.guest import Accepted, User, UserType
from readmit.domain.mail import OwedMail, Recipient
from readmit.domain.tenant import NewAddressOnReset

Kind = Literal["invite", "reinvite", "reset", "convert"]


@dataclass(frozen=True, slots=True)
class Request:
    """A body of POST /invitations whose values were checked at the door (lifecycle section 4)."""

    address: EmailAddress
    redirect_url: str
    send: bool = False
    language: str | None = None
    custom_message: str | None = None
    cc: tuple[Recipient, ...] = ()
    user_id: str | None = None
    reset: bool = False
    display_name: str | None = None
    user_type: UserType | None = None
    sponsors: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Invitation:
    """One call of POST /invitations. Its links redeem while `generation` is the guest's (lifecycle L16)."""

    id: str
    tenant_id: str
    user_id: str
    generation: int
    kind: Kind
    address: EmailAddress
    redirect_url: str
    send: bool
    inviter_type: Literal["user", "app"]
    inviter_id: str
    created: datetime
    language: str | None = None
    custom_message: str | None = None
    cc: tuple[Recipient, ...] = ()
    greeting: str | None = None
    expires: datetime | None = None
    cancelled: datetime | None = None

    def live(self, now: datetime) -> bool:
        return self.cancelled is None and (self.expires is None or now < self.expires)


@dataclass(frozen=True, slots=True)
class Found:
    """What the directory holds of what was asked for."""

    by_id: User | None = None
    by_address: User | None = None
    group_has_address: bool = False
    target_privileged: bool = False
    live_invitation: bool = False
    provable: bool = False
    """Whether somebody but the mailbox could prove the address: a home account here, a configured provider."""
    mail_blocked: bool = False
    """Whether the mailbox wants no invitations of this tenant."""
    admitted: bool = True
    """Whether inbound cross-tenant settings let the address's organisation in (graph G45)."""


@dataclass(frozen=True, slots=True)
class Named:
    """Ids and names that a change needs and only the outside world can make."""

    invitation_id: str
    user_id: str
    mail_id: str
    upn: str
    now: datetime
    newAddressOnReset: NewAddressOnReset = "adopt"


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be saved, all or nothing. `before` is None for a new guest."""

    before: User | None
    user: User
    invitation: Invitation
    events: tuple[audit.Event, ...]
    ends_links: bool = False
    ends_access: bool = False
    sponsors: tuple[str, ...] = ()
    mail: OwedMail | None = None

    @property
    def status(self) -> Literal["PendingAcceptance", "Completed"]:
        return "Completed" if isinstance(self.user.redemption, Accepted) else "PendingAcceptance"
