"""A browser's sign-ins: one session holds at most one for each tenant (security N2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from readmit.domain.clock_skew import ahead

ABSOLUTE: Final = timedelta(hours=24)
IDLE: Final = timedelta(hours=8)
SEEN_EVERY: Final = timedelta(minutes=5)
"""The last use is written at most this often (security V5)."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A user signed in to one tenant in one browser. It lives while `epoch` is the user's (lifecycle L1)."""

    session_id: str
    tenant_id: str
    user_id: str
    epoch: int
    at: datetime
    """When the sign-in began: its times run from here."""
    seen: datetime
    amr: tuple[str, ...]
    home_user_id: str | None = None
    """For a guest who proved himself at a home tenant here: the account, and its epoch at the proof."""
    home_epoch: int | None = None
    ip: str = ""
    """Where the proof came from, and by which browser on which system, in words of ours; empty if unknown."""
    browser: str = ""
    platform: str = ""

    @property
    def person(self) -> tuple[str, int]:
        """Whose proof it was, at which epoch: the home account's, or the user's own."""
        if self.home_user_id is None or self.home_epoch is None:
            return self.user_id, self.epoch
        return self.home_user_id, self.home_epoch

    authenticated: datetime | None = None
    """Where it was not at `at`: when the person signed in at the home identity provider."""

    @property
    def auth_time(self) -> datetime:
        """When the person proved himself to whoever asked for it: before `at`, where a provider knew him already."""
        return self.authenticated or self.at

    def live(self, now: datetime) -> bool:
        return now < self.at + ABSOLUTE and now < self.seen + IDLE and not ahead(self.at, now)

    def use_to_note(self, now: datetime) -> bool:
        """Whether the last use is written again."""
        return now >= self.seen + SEEN_EVERY
