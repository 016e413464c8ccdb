"""Since when a guest is who he is: a reset hands an object on with its id (lifecycle L9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from readmit.domain.guest import Accepted, User


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A committed redemption: which identity it bound, from when until when (None: to this day)."""

    identity: tuple[str, str, str]
    """Kind, issuer and subject of the binding."""
    began: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A guest who had another identity before: when that ended, and when the one of now redeemed."""

    ended: datetime
    redeemed: datetime


def handed_over(user: User, newest_first: Iterable[Redeemed]) -> HandedOver | None:
    """What was recorded before is not about who has the object now; None where nobody else is known to have been it."""
    if not isinstance(user.redemption, Accepted):
        return None
    binding = user.redemption.binding
    redeemed = user.redemption.since
    for past in newest_first:
        if past.identity != (binding.kind, binding.issuer, binding.subject):
            return HandedOver(past.ended or redeemed, redeemed)
        redeemed = past.began
    return None
