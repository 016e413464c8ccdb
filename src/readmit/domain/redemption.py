"""A browser's way to redemption or sign-in: what it is for, what is proved, what is next (lifecycle section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Literal

from readmit.domain.address import EmailAddress
from readmit.domain.clock_skew import ahead
from readmit.domain.counters import Counters
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import Binding
from readmit.domain.passkey import FRESH, Wanted, Wish

FLOW_LIFETIME: Final = timedelta(minutes=60)
PROOF_LIFETIME: Final = timedelta(minutes=10)
"""A proof is used once and is at most this old at commit (lifecycle L24, security L6)."""

FlowKind = Literal["redemption", "sign_in"]
Method = Literal["home", "code", "provider"]


@dataclass(frozen=True, slots=True)
class ToRedirect:
    """After redemption: where the invitation says."""

    url: str


@dataclass(frozen=True, slots=True)
class ToMyApps:
    """After sign-in: the tenant's My Apps."""


@dataclass(frozen=True, slots=True)
class ToAccount:
    """After sign-in: the person's account at the tenant, or one of its pages (`/account/{page}`)."""

    page: str = ""
    fresh: bool = False
    """Whether a live sign-in is not enough: the person proves who he is anew (security N7)."""


@dataclass(frozen=True, slots=True)
class ToLeave:
    """Out of the organisation: the guest has proved anew who he is and confirms (lifecycle L45)."""


@dataclass(frozen=True, slots=True)
class ToApplication:
    """After sign-in: back to the application that asked."""

    request: AuthorizeRequest


@dataclass(frozen=True, slots=True)
class ToMailChoice:
    """After a code alone, and without a sign-in: whether the mailbox wants the tenant's invitations (L39)."""


Target = ToRedirect | ToMyApps | ToAccount | ToLeave | ToApplication | ToMailChoice


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved in a flow: an identity, and the addresses that it vouches for."""

    binding: Binding
    keys: tuple[str, ...]
    """Match keys of the proved addresses."""
    shown: str
    """The account as the person knows it."""
    at: datetime
    auth_time: datetime
    amr: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    """displayName, givenName, surname of the identity, as far as it has them (lifecycle L10)."""
    home_tenant_id: str | None = None
    home_user_id: str | None = None
    home_epoch: int | None = None
    counters: Counters | None = None
    """What it is held against; None where nobody was meant, whom no reset can end."""
    began: datetime | None = None
    """Where a live sign-in stands for the proof: when that began. It does not begin anew."""

    @property
    def elsewhere(self) -> bool:
        """Whether a provider outside this server gave it."""
        return self.binding.kind not in ("tenant", "mail")

    @property
    def since(self) -> datetime:
        """From when the times of a sign-in by this proof run (security N1, lifecycle L24).

        A home sign-in here has them already; a provider outside may have known the person for weeks, so there it is
        the provider's answer.
        """
        if self.began is not None:
            return self.began
        return self.at if self.elsewhere else self.auth_time


@dataclass(frozen=True, slots=True)
class Flow:
    """One browser's way; a redemption is held against `generation`, a sign-in against `epoch` (lifecycle L1)."""

    id: str
    browser_hash: str
    csrf: str
    kind: FlowKind
    tenant_id: str
    target: Target
    created: datetime
    expires: datetime
    user_id: str | None = None
    invitation_id: str | None = None
    generation: int | None = None
    epoch: int | None = None
    address: EmailAddress | None = None
    method: Method | None = None
    home_tenant_id: str | None = None
    provider_id: str | None = None
    """The outside provider that is asked, where `method` is `provider`."""
    proof: Proof | None = None
    other_proof: Proof | None = None
    """A home identity of another address, kept for a code that proves the invited mailbox (`allowOtherAccount`)."""
    language: str | None = None
    passkey: Wish | None = None


class Step(Enum):
    """What a flow waits for."""

    ADDRESS = "address"
    PASSWORD = "password"  # noqa: S105 - a step's name
    PROVIDER = "provider"
    REQUEST_CODE = "request_code"
    ENTER_CODE = "enter_code"
    PASSKEY = "passkey"
    """Shown instead of a code, or beside another proof."""
    ADD_PASSKEY = "add_passkey"
    CONSENT = "consent"
    APP_CONSENT = "app_consent"
    FINISH = "finish"


def next_step(
    flow: Flow, *, code_sent: bool, consent_needed: bool, now: datetime, passkey: Wanted = Wanted.NOTHING
) -> Step:
    """The step that a flow is at. A stale proof leads back to the proof (security L3)."""
    if flow.address is None:
        return Step.ADDRESS
    proof = flow.proof
    if proof is None or now > proof.at + PROOF_LIFETIME or ahead(proof.at, now) or not answers(flow):
        return _proving(flow, code_sent=code_sent)
    if flow.kind == "redemption":
        return Step.CONSENT
    if passkey is not Wanted.NOTHING:
        return Step.PASSKEY if passkey is Wanted.USE else Step.ADD_PASSKEY
    return Step.APP_CONSENT if consent_needed else Step.FINISH


def _proving(flow: Flow, *, code_sent: bool) -> Step:
    if flow.method == "home":
        return Step.PASSWORD
    if flow.method == "provider":
        return Step.PROVIDER
    if flow.passkey == "use" and flow.kind == "sign_in":
        return Step.PASSKEY
    return Step.ENTER_CODE if code_sent else Step.REQUEST_CODE


_SKEW: Final = timedelta(seconds=60)
"""What another provider's clock, in whole seconds, may lag behind ours (security I3)."""


def oldest(target: Target) -> int | None:
    """How old in seconds a proof may be when the way begins; 0: a live sign-in is not enough."""
    if isinstance(target, ToAccount):
        return 0 if target.fresh else None
    if isinstance(target, ToLeave):
        return 0
    return target.request.oldest if isinstance(target, ToApplication) else None


def allowed_age(flow: Flow) -> int | None:
    """The same of a way: what adds a passkey wants a proof of the last 20 minutes (security N7, T37)."""
    allowed, fresh = oldest(flow.target), int(FRESH.total_seconds())
    if flow.passkey != "add":
        return allowed
    return fresh if allowed is None else min(allowed, fresh)


def recent(flow: Flow, proved: datetime, *, elsewhere: bool = False) -> bool:
    """Whether a proof of that time is young enough for what the way leads to: by `max_age`, `prompt=login`, N7.

    The age counts back from the request, so that the time spent on our own pages does not make a fresh proof old.
    """
    allowed = allowed_age(flow)
    if allowed is None:
        return True
    return proved >= flow.created - timedelta(seconds=allowed) - (_SKEW if elsewhere else timedelta())


def answers(flow: Flow) -> bool:
    """Whether the flow holds a proof that its application accepts."""
    proof = flow.proof
    return proof is not None and recent(flow, proof.auth_time, elsewhere=proof.elsewhere)
