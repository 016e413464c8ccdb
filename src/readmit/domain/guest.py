"""A user of a tenant and, for a guest, the state of his redemption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from readmit.domain.address import EmailAddress

BindingKind = Literal["tenant", "oidc", "saml", "google", "facebook", "microsoft", "mail"]
UserType = Literal["Guest", "Member"]


@dataclass(frozen=True, slots=True)
class Binding:
    """The identity that redeemed: the only thing that signs in (lifecycle L29, section 6)."""

    kind: BindingKind
    issuer: str
    subject: str
    shown_issuer: str = field(compare=False)
    assigned_id: str | None = field(compare=False)


def home_binding(tenant_id: str, user_id: str) -> Binding:
    """The binding of an account in a home tenant on this server; never the address it was reached under."""
    return Binding("tenant", f"urn:readmit:tenant:{tenant_id}", user_id, "ExternalAzureAD", None)


def mail_binding(address: EmailAddress) -> Binding:
    """The binding of who redeemed with a code mailed to `address`."""
    return Binding("mail", "mail", address.key, "mail", address.given)


@dataclass(frozen=True, slots=True)
class NeverInvited:
    """An internal user, or a guest made by POST /users."""


@dataclass(frozen=True, slots=True)
class Pending:
    """Invited, not redeemed. `invited` is the address that redeems."""

    invited: EmailAddress
    since: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """Redeemed: `binding` signs in, under the name `redeemed`."""

    invited: EmailAddress
    since: datetime
    binding: Binding
    redeemed: EmailAddress


Redemption = NeverInvited | Pending | Accepted


@dataclass(frozen=True, slots=True)
class User:
    """A directory user. `generation` counts redemptions, `epoch` what ends access (lifecycle L1)."""

    id: str
    tenant_id: str
    upn: str
    mail_nickname: str | None
    display_name: str
    user_type: UserType
    created: datetime
    sessions_valid_from: datetime
    mail: EmailAddress | None = None
    other_mails: tuple[EmailAddress, ...] = ()
    given_name: str | None = None
    surname: str | None = None
    preferred_language: str | None = None
    enabled: bool = True
    redemption: Redemption = NeverInvited()
    generation: int = 0
    epoch: int = 1
    invited_user: bool = False
    """Graph's creationType `Invitation`."""
    converted: bool = False
    deleted: datetime | None = None
    profile: Mapping[str, object] = field(default_factory=dict)

    @property
    def external(self) -> bool:
        """Guests by invitation, and users converted into one (lifecycle section 1)."""
        return self.invited_user or self.converted

    @property
    def redemption_state(self) -> Literal["PendingAcceptance", "Accepted"] | None:
        """Graph's externalUserState."""
        match self.redemption:
            case NeverInvited():
                return None
            case Pending():
                return "PendingAcceptance"
            case Accepted():
                return "Accepted"
            case _:
                assert_never(self.redemption)

    @property
    def addresses(self) -> tuple[EmailAddress, ...]:
        """Mail and other mails, each key once, in that order."""
        every = ((self.mail,) if self.mail else ()) + self.other_mails
        return tuple({address.key: address for address in every}.values())

    @property
    def upn_key(self) -> str:
        return self.upn.lower() if self.upn.isascii() else self.upn

    @property
    def held_keys(self) -> frozenset[str]:
        """The match keys that this user takes in his tenant (lifecycle L3)."""
        keys = {address.key for address in self.addresses}
        if not self.invited_user:
            keys.add(EmailAddress.stored(self.upn).key)
        return frozenset(keys)

    def holds(self, address: EmailAddress) -> bool:
        return any(address.key == own.key for own in self.addresses)

    @property
    def sign_in_name(self) -> str:
        """The redeemed address while it stands on the object, else the UPN (lifecycle L31)."""
        if isinstance(self.redemption, Accepted) and self.holds(self.redemption.redeemed):
            return self.redemption.redeemed.given
        return self.upn

    def with_address(self, new: EmailAddress) -> User:
        """Adopt `new` as mail; it takes the old mail's place among the other mails (lifecycle L18a)."""
        old = self.mail
        kept = [address for address in self.other_mails if address.key != new.key]
        place = next((i for i, address in enumerate(kept) if old is not None and address.key == old.key), None)
        if place is None:
            kept.insert(0, new)
        else:
            kept[place] = new
        return replace(self, mail=new, other_mails=tuple(kept))

    def unbound(self, now: datetime, invited: EmailAddress) -> User:
        """What a reset does to the object: Pending again, nothing of the old identity left (lifecycle L6)."""
        since = now if isinstance(self.redemption, Accepted) else _since(self.redemption, now)
        return replace(
            self,
            redemption=Pending(invited, since),
            generation=self.generation + 1,
            epoch=self.epoch + 1,
            sessions_valid_from=now,
        )


def _since(redemption: Redemption, now: datetime) -> datetime:
    return now if isinstance(redemption, NeverInvited) else redemption.since
