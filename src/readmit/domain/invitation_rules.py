"""The rules of POST /invitations: which guest is meant, whether it may be, and what changes (lifecycle S1 to S6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from readmit.domain import audit
from readmit.domain.errors import (
    AddressNotOnUser,
    AddressTaken,
    CrossTenantBlocked,
    DisabledUser,
    DomainNotAllowed,
    GenericAuthorization,
    GroupAddress,
    InternalUser,
    NewUserOnly,
    NobodyCanProve,
    NotExternal,
    NotFound,
    VerifiedDomain,
)
from readmit.domain.guest import Accepted, NeverInvited, Pending, User
from readmit.domain.invitation import Change, Found, Invitation, Kind, Named, Request
from readmit.domain.mail import OwedMail
from readmit.domain.permission import Caller, may_adopt, may_reset, reset_needs
from readmit.domain.tenant import Tenant


def decide(asked: Request, caller: Caller, tenant: Tenant, found: Found, named: Named) -> Change:
    """The change that the request makes, or the first refusal of graph G48 from E11 on."""
    target = _target(asked, found)
    _check_target(asked, caller, found, target)
    adopt = _check_address(asked, caller, found, target, named)
    _check_people(asked, tenant, found, target)
    _check_domain(asked, tenant, found)
    if target is None:
        change = _invite(asked, caller, tenant, named)
    elif asked.reset:
        change = _reset(asked, caller, tenant, named, target.with_address(asked.address) if adopt else target, target)
    elif not target.external:
        change = _convert(asked, caller, tenant, named, target)
    else:
        change = _reinvite(asked, caller, tenant, found, named, target)
    return _unmailed(change) if found.mail_blocked and asked.send else change


def _unmailed(change: Change) -> Change:
    """The mailbox wants no invitations of this tenant: answered as usual, not mailed, audited (lifecycle L39)."""
    return replace(change, mail=None, events=(*change.events, _event(audit.MAIL_NOT_WANTED, change.user)))


def _target(asked: Request, found: Found) -> User | None:
    if asked.user_id is not None:
        if found.by_id is None or found.by_id.deleted is not None:
            raise NotFound(asked.user_id)
        return found.by_id
    if found.by_address is not None and found.by_address.external:
        return found.by_address
    return None


def _check_target(asked: Request, caller: Caller, found: Found, target: User | None) -> None:
    converts = target is not None and not target.external and not asked.reset
    if target is not None and (asked.reset or converts):
        if not may_reset(caller, target_privileged=found.target_privileged):
            raise GenericAuthorization(reset_needs(caller, target_privileged=found.target_privileged))
        if asked.reset and not target.external:
            raise NotExternal
    elif target is not None and not may_reset(caller, target_privileged=found.target_privileged):
        _check_inviter(asked, caller, found, target)


def _check_inviter(asked: Request, caller: Caller, found: Found, target: User) -> None:
    """L15: a mere inviter never moves an open invitation to another mailbox, nor revives a dead one (E14)."""
    redemption = target.redemption
    if isinstance(redemption, Pending) and (redemption.invited.key != asked.address.key or not found.live_invitation):
        raise GenericAuthorization(reset_needs(caller, target_privileged=found.target_privileged))


def _check_address(asked: Request, caller: Caller, found: Found, target: User | None, named: Named) -> bool:
    """Whether the reset adopts a new address (lifecycle L18a); E13, E20."""
    if target is None or target.holds(asked.address):
        return False
    if not asked.reset or named.newAddressOnReset == "refuse" or not may_adopt(caller):
        raise AddressNotOnUser
    if found.by_address is not None:
        raise AddressTaken("mail", found.by_address.id)
    return True


def _check_people(asked: Request, tenant: Tenant, found: Found, target: User | None) -> None:
    """E7, E8, E9, E21, E6."""
    if tenant.verified(asked.address):
        raise VerifiedDomain
    owner = target or found.by_address
    if owner is not None and not asked.reset:
        if target is None:
            raise InternalUser(owner.id) if owner.enabled else DisabledUser(owner.id)
        if not owner.enabled:
            raise DisabledUser(owner.id)
    if found.group_has_address:
        raise GroupAddress
    if target is not None:
        if asked.user_type is not None and asked.user_type != target.user_type:
            raise NewUserOnly("invitedUserType", "Invitation")
        if asked.sponsors is not None:
            raise NewUserOnly("invitedUserSponsors", "Invitation")


def _check_domain(asked: Request, tenant: Tenant, found: Found) -> None:
    """E17, E22."""
    if not tenant.accepts_domain(asked.address):
        raise DomainNotAllowed
    if not found.admitted:
        raise CrossTenantBlocked
    if not tenant.codes_allowed and not found.provable:
        raise NobodyCanProve


def _invite(asked: Request, caller: Caller, tenant: Tenant, named: Named) -> Change:
    """S1: a new guest."""
    address = asked.address
    user = User(
        id=named.user_id,
        tenant_id=tenant.id,
        upn=named.upn,
        mail_nickname=named.upn.rpartition("@")[0],
        display_name=asked.display_name or address.local,
        user_type=asked.user_type or "Guest",
        created=named.now,
        sessions_valid_from=named.now,
        mail=address,
        other_mails=(address,),
        redemption=Pending(address, named.now),
        generation=1,
        invited_user=True,
    )
    sponsors = asked.sponsors if asked.sponsors is not None else ((caller.user.id,) if caller.user else ())
    events = [_event("Add user", user, operation="Add", service=audit.CORE_DIRECTORY), _event(audit.INVITE, user)]
    if sponsors:
        events.append(_event("Add user sponsor", user, service=audit.CORE_DIRECTORY, sponsors=list(sponsors)))
    change = _with_invitation(asked, caller, tenant, named, kind="invite", user=user, before=None)
    return replace(change, events=tuple(events), sponsors=sponsors)


def _reinvite(asked: Request, caller: Caller, tenant: Tenant, found: Found, named: Named, target: User) -> Change:
    """S2, S2a, S3: the same object again."""
    strong = may_reset(caller, target_privileged=found.target_privileged)
    redemption = target.redemption
    assert not isinstance(redemption, NeverInvited)
    if not strong and isinstance(redemption, Pending):
        user = target
    else:
        invited = asked.address if strong else redemption.invited
        user = replace(target, redemption=replace(redemption, invited=invited), generation=target.generation + 1)
    change = _with_invitation(asked, caller, tenant, named, kind="reinvite", user=user, before=target)
    return replace(change, events=(_event(audit.INVITE, user),), ends_links=user is not target)


def _convert(asked: Request, caller: Caller, tenant: Tenant, named: Named, target: User) -> Change:
    """S4: an internal user becomes a guest by redemption; until then the password works (lifecycle L32, L33)."""
    user = replace(
        target,
        redemption=Pending(asked.address, named.now),
        generation=target.generation + 1,
        converted=True,
    )
    change = _with_invitation(asked, caller, tenant, named, kind="convert", user=user, before=target)
    return replace(change, events=(_event(audit.CONVERT, user),))


def _reset(asked: Request, caller: Caller, tenant: Tenant, named: Named, target: User, before: User) -> Change:
    """S5, S6: the same object, nothing of the old identity, all of the access (lifecycle L6, L7)."""
    user = target.unbound(named.now, asked.address)
    details: dict[str, Any] = {"generation": user.generation}
    names: dict[str, object] = {"newAddress": asked.address.given}
    if isinstance(before.redemption, Accepted):
        details["oldIssuer"] = before.redemption.binding.issuer
        names["oldAddress"] = before.redemption.redeemed.given
    events = [_event(audit.RESET, user, names=names, **details)]
    if isinstance(before.redemption, Accepted):
        changed = {"externalUserState": ["Accepted", "PendingAcceptance"]}
        events.insert(0, _event("Update user", user, service=audit.CORE_DIRECTORY, changed=changed))
    change = _with_invitation(asked, caller, tenant, named, kind="reset", user=user, before=before)
    return replace(change, events=tuple(events), ends_links=True, ends_access=True)


def _with_invitation(
    asked: Request, caller: Caller, tenant: Tenant, named: Named, *, kind: Kind, user: User, before: User | None
) -> Change:
    days = tenant.settings.invitationLifetimeDays
    made = Invitation(
        id=named.invitation_id,
        tenant_id=tenant.id,
        user_id=user.id,
        generation=user.generation,
        kind=kind,
        address=asked.address,
        redirect_url=asked.redirect_url,
        send=asked.send,
        inviter_type="user" if caller.user else "app",
        inviter_id=caller.id,
        created=named.now,
        language=asked.language,
        custom_message=asked.custom_message,
        cc=asked.cc,
        greeting=asked.display_name,
        expires=named.now + timedelta(days=days) if days is not None else None,
    )
    return Change(before=before, user=user, invitation=made, events=(), mail=_owed(made, named) if asked.send else None)


def _owed(invitation: Invitation, named: Named) -> OwedMail:
    return OwedMail(
        id=named.mail_id,
        tenant_id=invitation.tenant_id,
        kind="reset" if invitation.kind == "reset" else "invitation",
        address_key=invitation.address.key,
        user_id=invitation.user_id,
        invitation_id=invitation.id,
        generation=invitation.generation,
        language=invitation.language,
    )


def _event(
    activity: str,
    user: User,
    *,
    service: str = audit.INVITED_USERS,
    operation: str = "Update",
    names: dict[str, object] | None = None,
    **details: Any,
) -> audit.Event:
    shown: dict[str, object] = {"displayName": user.display_name, "userPrincipalName": user.upn, **(names or {})}
    return audit.Event(
        activity=activity,
        service=service,
        operation=operation,
        target_id=user.id,
        details=details,
        names={user.id: shown},
    )
