"""Who is let in: what a link still finds, whose proof redeems, the sign-in rule, what binds (lifecycle section 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from readmit.domain import audit
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Accepted, NeverInvited, Pending, User
from readmit.domain.invitation import Invitation
from readmit.domain.redemption import Proof
from readmit.domain.tenant import Tenant


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
    """Home identity and code in one flow: the home identity is bound, the code proves the address (lifecycle L26).

    As old as the older of the two: neither is older than ten minutes at commit (lifecycle L24).
    """
    return replace(home, keys=(*home.keys, *code.keys), at=min(home.at, code.at), amr=(*home.amr, *code.amr))


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
    return Redeemed(bound, events, ends_access=user.converted)


def _named(user: User, names: Mapping[str, str]) -> User:
    """Non-empty names of the proved identity replace the guest's (lifecycle L10)."""
    return replace(
        user,
        display_name=names.get("displayName") or user.display_name,
        given_name=names.get("givenName") or user.given_name,
        surname=names.get("surname") or user.surname,
    )
