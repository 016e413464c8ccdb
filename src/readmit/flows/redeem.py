"""The dispatcher of a browser's way: what it waits for, who the proof lets in, and the commit (lifecycle section 8)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from readmit.domain import audit
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import Accepted, Pending, User
from readmit.domain.invitation import Invitation
from readmit.domain.provider import Provider
from readmit.domain.redemption import (
    Flow,
    Proof,
    Step,
    Target,
    ToAccount,
    ToApplication,
    ToMailChoice,
    check_open,
    check_proof,
    check_sign_in,
    next_step,
    redeem,
)
from readmit.domain.tenant import Tenant
from readmit.flows import authorize, consent, device, granting, sign_in_log
from readmit.flows.browsers import Browser, add_sign_in
from readmit.flows.meant import meant
from readmit.flows.prove import ONE_TIME, live_account
from readmit.flows.world import World
from readmit.storage import (
    access,
    browser_flows,
    invitations,
    outbox,
    passcodes,
    providers,
    queries_people,
    tenants,
    users,
)
from readmit.storage import audit as audit_log
from readmit.storage.passcodes import Passcode
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class View:
    """What the page of a flow shows."""

    flow: Flow
    step: Step
    tenant: Tenant
    home: Tenant | None = None
    provider: Provider | None = None
    account: User | None = None
    """The live home sign-in of this browser."""
    guest: User | None = None
    invitation: Invitation | None = None
    inviter: str | None = None
    application: str | None = None
    scopes: tuple[str, ...] = ()
    code: Passcode | None = None
    one_time: bool = False


@dataclass(frozen=True, slots=True)
class Arrived:
    """The browser is signed in: where it goes, under which session, with which authorization code."""

    target: Target
    tenant: Tenant
    session_token: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Onward:
    """The next step is another page of the same flow."""

    session_token: str | None = None


# ------------------------------------------------------------------------- look


def look(tx: Transaction, world: World, browser: Browser, flow_id: str) -> View:
    """The page that the flow is at; reads only. Raises DeadEnd P14, or what a dead invitation ends on."""
    flow = _flow(tx, world, browser, flow_id)
    tenant = _tenant(tx, flow)
    guest = users.live(tx, tenant.id, flow.user_id) if flow.user_id else None
    invitation = _checked_invitation(tx, world, tenant, flow, guest)
    code = passcodes.of_flow(tx, flow.id)
    request = flow.target.request if isinstance(flow.target, ToApplication) else None
    scopes = _to_consent(tx, request, flow.user_id) if request and flow.user_id else ()
    return View(
        flow=flow,
        step=next_step(flow, code_sent=code is not None, consent_needed=bool(scopes), now=world.now()),
        tenant=tenant,
        home=tenants.get(tx, flow.home_tenant_id) if flow.home_tenant_id else None,
        provider=providers.get(tx, tenant.id, flow.provider_id) if flow.provider_id else None,
        account=live_account(tx, world, browser, flow) if _may_reuse(flow) else None,
        guest=guest,
        invitation=invitation,
        inviter=_inviter(tx, invitation),
        application=queries_people.application_name(tx, tenant.id, request.client_id) if request else None,
        scopes=scopes,
        code=code,
        one_time=flow.proof is not None and flow.proof.amr == ONE_TIME,
    )


def _to_consent(tx: Transaction, request: AuthorizeRequest, user_id: str) -> tuple[str, ...]:
    """What the consent page shows: what nobody consented to yet; all of it where the application asks anew."""
    return request.scopes if "consent" in request.prompt else consent.missing_consent(tx, request, user_id)


def _may_reuse(flow: Flow) -> bool:
    """`prompt=login` asks for the password anew, and so does what wants a fresh proof."""
    if isinstance(flow.target, ToAccount):
        return not flow.target.fresh
    return not (isinstance(flow.target, ToApplication) and "login" in flow.target.request.prompt)


def _inviter(tx: Transaction, invitation: Invitation | None) -> str | None:
    if invitation is None:
        return None
    return queries_people.inviter_name(tx, invitation.inviter_type, invitation.inviter_id)


def _flow(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Flow:
    flow = browser_flows.get(tx, flow_id, browser.flow_hash)
    if flow is None or flow.expires <= world.now() or isinstance(flow.target, ToMailChoice):
        raise DeadEnd(Page.CLOSED)
    return flow


def _tenant(tx: Transaction, flow: Flow) -> Tenant:
    tenant = tenants.get(tx, flow.tenant_id)
    if tenant is None:
        raise DeadEnd(Page.CLOSED)
    return tenant


def _checked_invitation(
    tx: Transaction, world: World, tenant: Tenant, flow: Flow, guest: User | None
) -> Invitation | None:
    """The live invitation of an open redemption; what L27 refuses is a dead end."""
    if flow.kind != "redemption" or _lost_to_a_redemption(flow, guest):
        return None
    current = None
    if guest is not None:
        current = invitations.live(tx, guest, world.now()) or invitations.newest(tx, guest)
    try:
        check_open(guest, current, tenant, generation=flow.generation or 0, now=world.now())
    except DeadEnd as end:
        end.details.setdefault("org", tenant.display_name)
        raise
    return current


def _lost_to_a_redemption(flow: Flow, guest: User | None) -> bool:
    """Another browser has redeemed this very generation: the way ends as a sign-in (lifecycle L5)."""
    return guest is not None and isinstance(guest.redemption, Accepted) and guest.generation == flow.generation


# ---------------------------------------------------------------------- proceed


def proceed(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Onward | Arrived:
    """After a proof: who is meant, may he, and what is left to ask (lifecycle L28, L29)."""
    flow = _flow(tx, world, browser, flow_id)
    tenant = _tenant(tx, flow)
    proof = flow.proof
    if proof is None or proof.amr == ONE_TIME:
        return Onward()
    user = meant(tx, flow)
    if proof.counters is not None and not proof.counters.hold(user):
        return _proved_in_vain(tx, flow)
    if flow.kind == "redemption":
        _checked_invitation(tx, world, tenant, flow, user)
        assert user is not None
        check_proof(user, proof)
        browser_flows.update(tx, replace(flow, epoch=user.epoch))
        return Onward()
    if user is not None and _pending_guest(user, flow) and not _own_password(user, flow):
        return _begin_redemption(tx, world, tenant, flow, user)
    user = check_sign_in(user, proof)
    if flow.epoch is not None and (flow.user_id != user.id or flow.epoch != user.epoch):
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    flow = replace(flow, user_id=user.id, epoch=user.epoch)
    browser_flows.update(tx, flow)
    return _arrive(tx, world, browser, tenant, flow, user)


def _proved_in_vain(tx: Transaction, flow: Flow) -> Onward:
    """What the proof was made for has ended since, by a reset above all: back to the proof (security L6, G2)."""
    browser_flows.update(tx, replace(flow, proof=None, other_proof=None))
    return Onward()


def _pending_guest(user: User, flow: Flow) -> bool:
    """Only the invited address redeems, also where it is typed (lifecycle L25, L28)."""
    assert flow.address is not None
    return isinstance(user.redemption, Pending) and user.redemption.invited.key == flow.address.key


def _own_password(user: User, flow: Flow) -> bool:
    return flow.proof is not None and flow.proof.home_user_id == user.id


def _begin_redemption(tx: Transaction, world: World, tenant: Tenant, flow: Flow, guest: User) -> Onward:
    """L28: the direct sign-in of a Pending guest becomes a redemption, held against its generation."""
    redemption = replace(flow, kind="redemption", user_id=guest.id, generation=guest.generation, epoch=None)
    current = invitations.live(tx, guest, world.now())
    if current is None:
        raise DeadEnd(Page.UNKNOWN_ACCOUNT, org=tenant.display_name)
    _checked_invitation(tx, world, tenant, redemption, guest)
    assert flow.proof is not None
    check_proof(guest, flow.proof)
    browser_flows.update(tx, replace(redemption, invitation_id=current.id, epoch=guest.epoch))
    return Onward()


def _arrive(
    tx: Transaction,
    world: World,
    browser: Browser,
    tenant: Tenant,
    flow: Flow,
    user: User,
    *,
    agreed: bool = False,
    noted: bool = False,
) -> Onward | Arrived:
    """Sign the browser in; an application may still need consent, or an assignment (P11).

    `noted`: the log tells of this attempt already, as a redemption.
    """
    assert flow.proof is not None
    if not granting.provider_serves(tx, user):
        raise DeadEnd(Page.UNKNOWN_ACCOUNT, org=tenant.display_name)
    request = flow.target.request if isinstance(flow.target, ToApplication) else None
    if request is not None:
        if consent.not_assigned(tx, request, user.id):
            application = queries_people.application_name(tx, tenant.id, request.client_id) or request.client_id
            raise DeadEnd(Page.NOT_ASSIGNED, org=tenant.display_name, app=application)
        if not agreed and _to_consent(tx, request, user.id):
            return Onward()
    if not browser_flows.delete(tx, flow.id):
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    token, entry = add_sign_in(tx, world, browser, user, flow.proof)
    if not noted:
        sign_in_log.arrived(tx, world, browser, flow, user)
    if request is not None and request.device is not None:
        if not device.approve(tx, world, request, entry):
            raise DeadEnd(Page.CLOSED, org=tenant.display_name)
        return Arrived(flow.target, tenant, token)
    code = authorize.issue_code(tx, world, request, entry) if request is not None else None
    return Arrived(flow.target, tenant, token, code)


# ------------------------------------------------------------------------ commit


def accept(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Onward | Arrived:
    """S7: one conditional update on (Pending, generation) binds the proved identity (lifecycle L5, security L7)."""
    flow = _flow(tx, world, browser, flow_id)
    tenant, now = _tenant(tx, flow), world.now()
    step = next_step(flow, code_sent=False, consent_needed=False, now=now)
    proof = flow.proof
    if flow.kind != "redemption" or step is not Step.CONSENT or proof is None:
        return Onward()
    guest = users.live(tx, tenant.id, flow.user_id or "")
    if _lost_to_a_redemption(flow, guest):
        return _as_sign_in(tx, world, browser, flow)
    _checked_invitation(tx, world, tenant, flow, guest)
    assert guest is not None
    if proof.counters is not None and not proof.counters.hold(guest):
        return _proved_in_vain(tx, flow)
    check_proof(guest, proof)
    _still_at_home(tx, tenant, flow)
    _release_identity(tx, world, tenant, flow, guest)
    change = redeem(guest, proof, tenant, now)
    if not users.update(tx, change.user, guest):
        raise DeadEnd(Page.RENEWED, org=tenant.display_name)
    if change.ends_access:
        users.set_password(tx, guest.id, None, now=now)
        access.end_access(tx, guest.id, redemptions=False)
        access.end_consents(tx, guest.id)
    invitations.redeemed(tx, world.new_id(), change.user, now)
    outbox.supersede(tx, guest.id, now)
    actor = audit.Actor("user", guest.id, change.user.display_name)
    audit_log.append(tx, tenant.id, actor, change.events, now=now, new_id=world.new_id)
    sign_in_log.arrived(tx, world, browser, flow, change.user)
    signed_in = replace(flow, kind="sign_in", epoch=change.user.epoch)
    browser_flows.update(tx, signed_in)
    return _arrive(tx, world, browser, tenant, signed_in, change.user, noted=True)


def _still_at_home(tx: Transaction, tenant: Tenant, flow: Flow) -> None:
    """A home account that was disabled, deleted or converted since its proof proves nothing (lifecycle section 7).

    Neither does the account of a provider that was switched off (security I7).
    """
    proof = flow.proof
    assert proof is not None
    if not granting.vouches(tx, tenant.id, proof.binding):
        raise DeadEnd(Page.OTHER_ADDRESS, org=tenant.display_name, x=proof.shown, masked="")
    if proof.home_user_id is None or proof.home_tenant_id is None:
        return
    account = users.live(tx, proof.home_tenant_id, proof.home_user_id)
    if account is None or not account.enabled or account.external or account.epoch != proof.home_epoch:
        raise DeadEnd(Page.OTHER_ADDRESS, org=tenant.display_name, x=proof.shown, masked="")


def _release_identity(tx: Transaction, world: World, tenant: Tenant, flow: Flow, guest: User) -> None:
    """P7 for an identity that is a guest here already; a mail binding without its address gives way (lifecycle L26)."""
    assert flow.proof is not None
    other = users.by_binding(tx, tenant.id, flow.proof.binding)
    if other is None or other.id == guest.id:
        return
    redemption = other.redemption
    assert isinstance(redemption, Accepted)
    if redemption.binding.kind != "mail" or other.holds(redemption.redeemed):
        raise DeadEnd(Page.ALREADY_A_GUEST, org=tenant.display_name)
    now = world.now()
    users.update(tx, other.unbound(now, redemption.invited), other)
    access.end_access(tx, other.id)
    access.end_consents(tx, other.id)
    invitations.end_history(tx, other.id, "another guest redeemed its address", now)
    event = audit.Event("Update user", target_id=other.id, details={"changed": {"binding": "ended"}})
    audit_log.append(tx, tenant.id, audit.SYSTEM, (event,), now=now, new_id=world.new_id)


def _as_sign_in(tx: Transaction, world: World, browser: Browser, flow: Flow) -> Onward | Arrived:
    """Who loses to another redemption of the same generation is treated as at sign-in (lifecycle L5)."""
    assert flow.proof is not None
    tenant = _tenant(tx, flow)
    user = check_sign_in(users.live(tx, tenant.id, flow.user_id or ""), flow.proof)
    if flow.epoch is not None and flow.epoch != user.epoch:
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    signed_in = replace(flow, kind="sign_in", epoch=user.epoch)
    browser_flows.update(tx, signed_in)
    return _arrive(tx, world, browser, tenant, signed_in, user)


def consent_to_application(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Onward | Arrived:
    """The user lets the application have what it asks for; it is remembered (security O10)."""
    flow = _flow(tx, world, browser, flow_id)
    tenant = _tenant(tx, flow)
    step = next_step(flow, code_sent=False, consent_needed=True, now=world.now())
    if step is not Step.APP_CONSENT or flow.user_id is None or not isinstance(flow.target, ToApplication):
        return Onward()
    user = users.live(tx, tenant.id, flow.user_id)
    if user is None or user.epoch != flow.epoch:
        raise DeadEnd(Page.CLOSED, org=tenant.display_name)
    consent.record_consent(tx, world, flow.target.request, user.id)
    return _arrive(tx, world, browser, tenant, flow, user, agreed=True)


# ----------------------------------------------------------------------- refusal


def refuse(tx: Transaction, world: World, browser: Browser, flow_id: str, page: Page) -> None:
    """After a dead end: the proof is gone, and one failure event says so (lifecycle S8, L49)."""
    flow = browser_flows.get(tx, flow_id, browser.flow_hash)
    if flow is None or flow.proof is None:
        return
    browser_flows.update(tx, replace(flow, proof=None, other_proof=_kept(tx, flow, page)))
    guest = flow.user_id or _id_of(tx, flow)
    sign_in_log.refused(tx, world, browser, flow, page, users.live(tx, flow.tenant_id, guest) if guest else None)
    event = audit.Event(
        audit.REDEEM,
        service=audit.INVITED_USERS,
        result="failure",
        reason=page.name,
        target_id=guest,
        details={"page": page.value, "issuer": flow.proof.binding.shown_issuer},
    )
    audit_log.append(tx, flow.tenant_id, audit.SYSTEM, (event,), now=world.now(), new_id=world.new_id)


def _kept(tx: Transaction, flow: Flow, page: Page) -> Proof | None:
    """Where the tenant allows another account, its proof waits for a code to the invited mailbox (lifecycle L26)."""
    tenant = tenants.get(tx, flow.tenant_id)
    wanted = page is Page.OTHER_ADDRESS and flow.kind == "redemption"
    if not wanted or tenant is None or not tenant.settings.allowOtherAccount:
        return None
    return flow.proof if flow.proof is not None and flow.proof.home_user_id is not None else None


def _id_of(tx: Transaction, flow: Flow) -> str | None:
    user = users.by_address(tx, flow.tenant_id, flow.address.key) if flow.address else None
    return user.id if user else None


def decline(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Flow:
    """Cancel: nothing was shared, the link still works (P12)."""
    flow = _flow(tx, world, browser, flow_id)
    browser_flows.delete(tx, flow.id)
    if isinstance(flow.target, ToApplication) and flow.target.request.device is not None:
        device.decline(tx, world, flow.target.request)
    guest = users.live(tx, flow.tenant_id, flow.user_id) if flow.user_id else None
    sign_in_log.refused(tx, world, browser, flow, Page.DECLINED, guest)
    event = audit.Event(
        audit.REDEEM,
        service=audit.INVITED_USERS,
        result="failure",
        reason=Page.DECLINED.name,
        target_id=flow.user_id,
        details={"page": Page.DECLINED.value},
    )
    audit_log.append(tx, flow.tenant_id, audit.SYSTEM, (event,), now=world.now(), new_id=world.new_id)
    return flow


# ------------------------------------------------------------------------ doors


def begun(tx: Transaction, browser: Browser, flow_id: str) -> bool:
    """Whether this browser's flow has a row: before its first button it is a cookie only."""
    return browser_flows.get(tx, flow_id, browser.flow_hash) is not None


def way(tx: Transaction, browser: Browser, flow_id: str) -> tuple[Flow, Tenant] | None:
    """This browser's begun flow with its tenant, for a page that cannot be what the flow waits for."""
    flow = browser_flows.get(tx, flow_id, browser.flow_hash)
    tenant = tenants.get(tx, flow.tenant_id) if flow else None
    return (flow, tenant) if flow is not None and tenant is not None else None
