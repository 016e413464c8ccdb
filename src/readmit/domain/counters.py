"""The counters that a code, a request to a provider and a proof are held against (lifecycle L1, security L6)."""

from __future__ import annotations

from dataclasses import dataclass

from readmit.domain.guest import Pending, User


@dataclass(frozen=True, slots=True)
class Counters:
    """Who was meant when it was made, and his counters then; `generation` only where he was Pending."""

    user_id: str
    epoch: int
    generation: int | None

    def hold(self, user: User | None) -> bool:
        """Whether nothing has ended since: no reset, re-invite of a Pending guest, disabling, deletion or revocation.

        A Pending guest who has redeemed meanwhile is the same guest of the same generation (lifecycle L5).
        """
        if user is None or user.id != self.user_id or user.epoch != self.epoch:
            return False
        pending = isinstance(user.redemption, Pending)
        return not pending or self.generation is None or user.generation == self.generation


def counters_of(user: User) -> Counters:
    """What is made for this user now is held against these."""
    return Counters(user.id, user.epoch, user.generation if isinstance(user.redemption, Pending) else None)
