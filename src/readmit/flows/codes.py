"""Proving a mailbox by a mailed code: asked for, counted, compared (security section 5)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from readmit.domain.address import EmailAddress
from readmit.domain.admission import check_open, together
from readmit.domain.client_address import counted
from readmit.domain.clock_skew import ahead
from readmit.domain.counters import counters_of
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Accepted, Pending, User, mail_binding
from readmit.domain.invitation import Invitation
from readmit.domain.mail import OwedMail
from readmit.domain.redemption import Flow, Proof, ToMailChoice
from readmit.domain.tenant import Tenant
from readmit.flows import inbound, sign_in_log
from readmit.flows.browsers import Browser, session_of
from readmit.flows.world import World
from readmit.proofs import passcode
from readmit.storage import attempts, browser_flows, invitations, outbox, passcodes, tenants, users
from readmit.storage.passcodes import Passcode
from readmit.storage.transaction import Transaction

KEY = "passcode"
_TRIES_PER_CODE = 5
WRONG_PER_DAY = 20
"""Wrong codes for an address, from unknown browsers and from known ones (security C3)."""
_PER_IP_AND_HOUR = 60
_BETWEEN_MAILS = timedelta(seconds=60)
_MAILS_PER_DAY = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """A code is on its way, as far as anybody may know; `wait` says until when no further one is mailed."""

    wait: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """Whether the code was right; `locked` until when none is accepted (P13). Wrong ones are committed too."""

    right: bool
    locked: datetime | None = None


def request_code(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Asked:
    """Mail a code to the stored address of whoever is behind the flow; nobody there looks the same (V7, A6)."""
    flow, tenant = _open(tx, world, browser, flow_id)
    now = world.now()
    target, user = _recipient(tx, world, tenant, flow)
    address = target or flow.address
    assert address is not None
    known = user is not None and _known(tx, browser, flow, user.id, now)
    wait = _wait(tx, world, address, known=known)
    if wait is not None:
        return Asked(wait)
    nonce, salt = world.new_secret(), world.new_secret()
    key = world.keyring.key(KEY)
    made = Passcode(
        id=world.new_id(),
        flow_id=flow.id,
        user_id=user.id if user else None,
        address=address,
        nonce=nonce,
        salt=salt,
        hash=passcode.stored(key, salt, passcode.code(key, nonce)),
        tries=0,
        real=target is not None,
        requester=browser.ip,
        created=now,
        expires=now + timedelta(minutes=tenant.settings.passcodeMinutes),
        counters=counters_of(user) if user else None,
    )
    killed = passcodes.replace(tx, made)
    if killed is not None:
        outbox.supersede_passcode(tx, killed, now)
    outbox.owe_where(tx, _mail(world, tenant, flow, made, user), now, real=target is not None)
    return Asked()


def _mail(world: World, tenant: Tenant, flow: Flow, made: Passcode, user: User | None) -> OwedMail:
    return OwedMail(
        id=world.new_id(),
        tenant_id=tenant.id,
        kind="passcode",
        address_key=made.address.key,
        user_id=made.user_id,
        passcode_id=made.id,
        language=flow.language or (user.preferred_language if user else None),
    )


def _open(tx: Transaction, world: World, browser: Browser, flow_id: str) -> tuple[Flow, Tenant]:
    flow = browser_flows.get(tx, flow_id, browser.flow_hash)
    if flow is None or flow.expires <= world.now() or flow.address is None:
        raise DeadEnd(Page.CLOSED)
    tenant = tenants.get(tx, flow.tenant_id)
    assert tenant is not None
    if not tenant.codes_allowed and not isinstance(flow.target, ToMailChoice):
        raise DeadEnd(Page.CODES_OFF, org=tenant.display_name)
    return flow, tenant


def _recipient(tx: Transaction, world: World, tenant: Tenant, flow: Flow) -> tuple[EmailAddress | None, User | None]:
    """The stored mailbox that the code goes to, if anybody is there (lifecycle L25, L28, L30)."""
    assert flow.address is not None
    if flow.kind == "redemption":
        user = users.live(tx, tenant.id, flow.user_id or "")
    else:
        user = users.by_address(tx, tenant.id, flow.address.key)
    # Read for everybody: nobody's code is no less work (security V7).
    decisive = invitations.decisive(tx, user, world.now())
    admitted = inbound.invitable(tx, tenant, flow.address)
    if user is None:
        return None, None
    if isinstance(flow.target, ToMailChoice):
        return next((own for own in user.addresses if own.key == flow.address.key), None), user
    redemption = user.redemption
    if isinstance(redemption, Accepted):
        bound = redemption.binding.kind == "mail" and user.holds(redemption.redeemed)
        return (redemption.redeemed, user) if bound else (None, None)
    if isinstance(redemption, Pending) and _redeemable(world, tenant, flow, user, current=decisive, admitted=admitted):
        return redemption.invited, user
    return None, None


def _redeemable(
    world: World, tenant: Tenant, flow: Flow, user: User, *, current: Invitation | None, admitted: bool
) -> bool:
    redemption, now = user.redemption, world.now()
    assert isinstance(redemption, Pending)
    assert flow.address is not None
    if flow.kind == "sign_in" and redemption.invited.key != flow.address.key:
        return False
    generation = flow.generation if flow.kind == "redemption" and flow.generation is not None else user.generation
    try:
        check_open(user, current, tenant, generation=generation, now=now)
        if not admitted:
            raise DeadEnd(Page.NOT_ACCEPTED_HERE, org=tenant.display_name)
    except DeadEnd:
        if flow.kind == "redemption":
            raise
        return False
    return True


def _known(tx: Transaction, browser: Browser, flow: Flow, user_id: str, now: datetime) -> bool:
    """Whether this browser came by a live link of the guest, or holds a sign-in of his (security C3)."""
    invitation = invitations.get(tx, flow.tenant_id, flow.invitation_id) if flow.invitation_id else None
    if invitation is not None and invitation.user_id == user_id:
        return True
    session = session_of(tx, browser.session_token, now)
    entry = session.at(flow.tenant_id) if session else None
    return entry is not None and entry.user_id == user_id


def _wait(tx: Transaction, world: World, address: EmailAddress, *, known: bool) -> datetime | None:
    """C6, for mail to an SMTP server only: 60 s between mails to a mailbox, 5 a day, 5 more for known browsers.

    Whoever asks in however many flows; a used code ends the wait. An address of nobody waits as long (V7).
    """
    now = world.now()
    if world.settings.smtp is None:
        return None
    latest = passcodes.latest(tx, address.key)
    if latest is not None and now < latest + _BETWEEN_MAILS:
        return latest + _BETWEEN_MAILS
    allowed = _MAILS_PER_DAY * (2 if known else 1)
    if attempts.current(tx, "code-mails", address.key, now=now, length=attempts.DAY) >= allowed:
        return attempts.period_end(now, attempts.DAY)
    attempts.count(tx, "code-mails", address.key, now=now, length=attempts.DAY)
    return None


# ------------------------------------------------------------------------ entry


def enter_code(tx: Transaction, world: World, browser: Browser, flow_id: str, typed: str) -> Entered:
    """Count, then compare, in one transaction; nothing of the outcome leaves before COMMIT (security C3)."""
    flow, tenant = _open(tx, world, browser, flow_id)
    made, now = passcodes.of_flow(tx, flow.id), world.now()
    if made is None:
        return Entered(right=False)
    # A known browser has tries of its own: a stranger cannot shut a guest out (security C3, T12).
    known = made.user_id is not None and _known(tx, browser, flow, made.user_id, now)
    scope = "code-known" if known else "code"
    locked = _count(tx, tenant, browser, scope, made, now)
    if locked is not None:
        _notice(tx, world, tenant, flow, made, now)
        return Entered(right=False, locked=locked)
    over = made.expires <= now or ahead(made.created, now)
    if passcodes.count_try(tx, made.id, _TRIES_PER_CODE) is None or over:
        sign_in_log.wrong_code(tx, world, browser, flow, made.user_id)
        return Entered(right=False)
    right = passcode.matches(world.keyring.key(KEY), made.salt, made.hash, typed)
    meant = users.live(tx, tenant.id, made.user_id or "")
    held = made.counters is not None and made.counters.hold(meant)
    if not right or not made.real or not held or not passcodes.delete(tx, made.id):
        sign_in_log.wrong_code(tx, world, browser, flow, made.user_id)
        return Entered(right=False)
    _take_back(tx, tenant, browser, scope, made, now)
    proof = _proof(made, now)
    if flow.other_proof is not None:
        proof = together(flow.other_proof, proof)
    browser_flows.update(tx, replace(flow, proof=proof, other_proof=None))
    return Entered(right=True)


def _count(
    tx: Transaction, tenant: Tenant, browser: Browser, scope: str, made: Passcode, now: datetime
) -> datetime | None:
    """Count before comparing; until when no code is taken, or None."""
    subject = f"{tenant.id}:{made.address.key}"
    if attempts.count(tx, "code-ip", counted(browser.ip), now=now, length=attempts.HOUR) > _PER_IP_AND_HOUR:
        return attempts.period_end(now, attempts.HOUR)
    if attempts.count(tx, scope, subject, now=now, length=attempts.DAY) > WRONG_PER_DAY:
        return attempts.period_end(now, attempts.DAY)
    return None


def _notice(tx: Transaction, world: World, tenant: Tenant, flow: Flow, made: Passcode, now: datetime) -> None:
    """One mail a day tells the mailbox that its codes are locked (security C5); the lock of an address tells nobody."""
    subject = f"{tenant.id}:{made.address.key}"
    counts = [attempts.current(tx, scope, subject, now=now, length=attempts.DAY) for scope in ("code", "code-known")]
    begun = attempts.period_end(now, attempts.DAY) - attempts.DAY
    told = outbox.owed_to(tx, tenant.id, made.address.key, "code_lock", begun)
    user = users.live(tx, tenant.id, made.user_id) if made.user_id else None
    if max(counts) <= WRONG_PER_DAY or told or user is None or not made.real:
        return
    mail = OwedMail(
        id=world.new_id(),
        tenant_id=tenant.id,
        kind="code_lock",
        address_key=made.address.key,
        user_id=user.id,
        language=flow.language or user.preferred_language,
    )
    outbox.owe(tx, mail, now)


def _take_back(tx: Transaction, tenant: Tenant, browser: Browser, scope: str, made: Passcode, now: datetime) -> None:
    subject = f"{tenant.id}:{made.address.key}"
    attempts.take_back(tx, "code-ip", counted(browser.ip), now=now, length=attempts.HOUR)
    attempts.take_back(tx, scope, subject, now=now, length=attempts.DAY)


def _proof(made: Passcode, now: datetime) -> Proof:
    """A code proves its mailbox and no name (lifecycle L10)."""
    return Proof(
        binding=mail_binding(made.address),
        keys=(made.address.key,),
        shown=made.address.given,
        at=now,
        auth_time=now,
        amr=("otp",),
        counters=made.counters,
    )
