"""Passkeys: what one stands for, when one is asked for and may be added (security N7, C7, lifecycle L30)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final, Literal

from readmit.domain.address import EmailAddress
from readmit.domain.guest import Accepted, User
from readmit.domain.tenant import Tenant

AMR: Final = ("pop", "user", "mfa")
"""What a passkey proves, by the registry of RFC 8176: possession of a key of which nobody attests whether hardware
keeps it (so neither `hwk` nor `swk`), presence, and with the verified user a second factor (docs/decisions/0008)."""
FRESH: Final = timedelta(minutes=20)
"""Adding a passkey needs a proof that is at most this old (security N7)."""
CHALLENGE_LIFETIME: Final = timedelta(minutes=5)
MOST: Final = 20
"""Passkeys of one user."""
LONGEST_NAME: Final = 64

Purpose = Literal["use", "add"]
Wish = Literal["use", "offer", "add"]
"""What the person chose in a flow: a passkey instead of a code, to hear the offer of one, to add one."""


class Wanted(Enum):
    """What a proved way still asks for before it arrives."""

    NOTHING = auto()
    OFFER = auto()
    """Add a passkey, or go on without (security C7)."""
    ADD = auto()
    """Add one: the person asked for it, or the organisation wants a second factor of a guest who has none."""
    USE = auto()
    """Show one: the second factor that the organisation wants."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """A public-key credential (Web Authentication, section 4); ids and keys in base64url as the browser writes them."""

    id: str
    tenant_id: str
    user_id: str
    credential_id: str
    public_key: str
    sign_count: int
    aaguid: str
    transports: tuple[str, ...]
    backup_eligible: bool
    backed_up: bool
    discoverable: bool | None
    """Whether it is found without a list of ids, and so signs in by itself; None where the browser did not say."""
    created: datetime
    name: str = ""
    used: datetime | None = None
    code_proved: datetime | None = None
    """When a code last proved the mailbox of its user: for so long it stands for one (lifecycle L30)."""

    def stands_for_code(self, user: User, tenant: Tenant, now: datetime) -> bool:
        """Whether it signs a guest of a mailbox in without a code; it never stands for a home sign-in (N7)."""
        redemption = user.redemption
        if not isinstance(redemption, Accepted) or redemption.binding.kind != "mail":
            return False
        days = timedelta(days=tenant.settings.passkeyDays)
        return self.code_proved is not None and now < self.code_proved + days

    def copied(self, count: int) -> bool:
        """Whether a counter that did not rise tells of a second copy of the key (Web Authentication, section 6.1.1)."""
        return (self.sign_count > 0 or count > 0) and count <= self.sign_count


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a browser is asked to sign: for one flow, once, for a few minutes."""

    flow_id: str
    value: str
    purpose: Purpose
    expires: datetime


def strong(amr: tuple[str, ...]) -> bool:
    """Two factors: a passkey, or a provider that says so. The password of a home account here is one."""
    return "mfa" in amr


def suffices(user: User, tenant: Tenant, amr: tuple[str, ...]) -> bool:
    """Whether the organisation lets this proof in by itself (`guestStrength`, security C7)."""
    return tenant.settings.guestStrength == "single" or not user.external or strong(amr)


def wanted(user: User, tenant: Tenant, amr: tuple[str, ...], *, have: int, wish: Wish | None) -> Wanted:
    """What is asked for after a proof; `have` is how many passkeys the user has.

    A guest who has one shows it before he adds another where two factors are wanted: else a code would be enough.
    """
    if not suffices(user, tenant, amr):
        return Wanted.USE if have else Wanted.ADD
    if wish == "add" and user.external and have < MOST:
        return Wanted.ADD
    return Wanted.OFFER if wish == "offer" and user.external and not have else Wanted.NOTHING


def fresh(proved: datetime, now: datetime) -> bool:
    """Whether a proof is young enough to add a passkey with (N7, T37): of the moment when the person gave it, also
    where a live sign-in, here or at a provider, stood for it since."""
    return now <= proved + FRESH


def told_at(user: User) -> EmailAddress | None:
    """The mailbox that hears of added and removed passkeys: the redeemed one while it stands on the object."""
    redemption = user.redemption
    if isinstance(redemption, Accepted) and user.holds(redemption.redeemed):
        return redemption.redeemed
    return next(iter(user.addresses), None)


def cleaned(name: str) -> str:
    """A name as it is kept: one line without controls; empty where nothing is left."""
    plain = "".join(letter if letter.isprintable() else " " for letter in name)
    return " ".join(plain.split())[:LONGEST_NAME].rstrip()
