"""The rules of redemption and sign-in: which step is next, who is let in, what binds (lifecycle section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Literal

from readmit.domain import audit
from readmit.domain.address import EmailAddress
from readmit.domain.clock_skew import ahead
from readmit.domain.counters import Counters
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import Accepted, Binding, NeverInvited, Pending, User
from readmit.domain.invitation import Invitation
from readmit.domain.passkey import FRESH, Wanted, Wish
from readmit.domain.tenant import Tenant

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


def check_open(
    user: User | None, invitation: Invitation | None, tenant: Tenant, *, generation: int, now: datetime
) -> Pending:
    """What a link or an open redemption must still find (lifecycle L23, L25, L27): P2, P3, P4, P5, P10, P1.

    `invitation` is a live one of the user's current generation if there is any, else its newest.
    """
    if user is None or user.deleted is not None:
        raise DeadEnd(Page.NO_INVITATION)
    redemption = user.redemption
    if not isinstance(redemption, Pending) or invitation is None:
        raise DeadEnd(Page.NO_INVITATION)
    if generation != user.generation:
        raise DeadEnd(Page.RENEWED)
    if invitation.cancelled is not None or not user.holds(redemption.invited):
        raise DeadEnd(Page.NO_INVITATION)
    if not invitation.live(now):
        raise DeadEnd(Page.EXPIRED)
    if tenant.settings.allowInvitesFrom == "none" or not tenant.accepts_domain(redemption.invited):
        raise DeadEnd(Page.NOT_ACCEPTED_HERE)
    if not user.enabled:
        raise DeadEnd(Page.BLOCKED)
    return redemption


def together(home: Proof, code: Proof) -> Proof:
    """Home identity and code in one flow: the home identity is bound, the code proves the address (lifecycle L26)."""
    return replace(home, keys=(*home.keys, *code.keys), at=code.at, amr=(*home.amr, *code.amr))


def check_proof(user: User, proof: Proof) -> None:
    """Only the invited address redeems (lifecycle L25); another proved one is P6."""
    redemption = user.redemption
    if isinstance(redemption, Pending) and redemption.invited.key not in proof.keys:
        raise DeadEnd(Page.OTHER_ADDRESS, x=proof.shown, masked=redemption.invited.masked)


def check_sign_in(user: User | None, proof: Proof) -> User:
    """The sign-in rule (lifecycle L29): the bound identity and nothing else; P8, P10."""
    if user is None or user.deleted is not None:
        raise DeadEnd(Page.UNKNOWN_ACCOUNT)
    if isinstance(user.redemption, Accepted) and not _is_own_password(user, proof):
        if user.redemption.binding != proof.binding:
            raise DeadEnd(Page.UNKNOWN_ACCOUNT)
        if proof.binding.kind == "mail" and not user.holds(user.redemption.redeemed):
            raise DeadEnd(Page.UNKNOWN_ACCOUNT)
    elif not _is_own_password(user, proof):
        raise DeadEnd(Page.UNKNOWN_ACCOUNT)
    if not user.enabled:
        raise DeadEnd(Page.BLOCKED)
    return user


def _is_own_password(user: User, proof: Proof) -> bool:
    """A member's own password; a converted user's works until he redeems (lifecycle L33)."""
    internal = isinstance(user.redemption, NeverInvited) or (user.converted and isinstance(user.redemption, Pending))
    return internal and proof.home_tenant_id == user.tenant_id and proof.home_user_id == user.id


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a redemption changes (lifecycle S7)."""

    before: User
    user: User
    events: tuple[audit.Event, ...]
    ends_access: bool
    """After a conversion the password and every session of the member end (lifecycle L33)."""


def redeem(user: User, proof: Proof, tenant: Tenant, now: datetime) -> Redeemed:
    """Bind the proved identity to a Pending guest; the caller has checked `check_open` and `check_proof`."""
    redemption = user.redemption
    if not isinstance(redemption, Pending):
        raise DeadEnd(Page.NO_INVITATION)
    bound = replace(
        user,
        redemption=Accepted(redemption.invited, now, proof.binding, redemption.invited),
        sessions_valid_from=now,
        epoch=user.epoch + 1 if user.converted else user.epoch,
    )
    if tenant.settings.updateNamesAtRedemption:
        bound = _named(bound, proof.names)
    changed: dict[str, object] = {"externalUserState": ["PendingAcceptance", "Accepted"]}
    names = {user.id: {"displayName": bound.display_name, "userPrincipalName": bound.upn, "address": proof.shown}}
    events = (
        audit.Event("Update user", target_id=user.id, details={"changed": changed}, names=names),
        audit.Event(
            audit.REDEEM,
            service=audit.INVITED_USERS,
            target_id=user.id,
            details={"generation": user.generation, "issuer": proof.binding.shown_issuer},
            names=names,
        ),
    )
    return Redeemed(user, bound, events, ends_access=user.converted)


def _named(user: User, names: Mapping[str, str]) -> User:
    """Non-empty names of the proved identity replace the guest's (lifecycle L10)."""
    return replace(
        user,
        display_name=names.get("displayName") or user.display_name,
        given_name=names.get("givenName") or user.given_name,
        surname=names.get("surname") or user.surname,
    )
