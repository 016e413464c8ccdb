"""Delivery of owed mail: lease, check again, render, send, write the outcome (reliability section 3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from readmit.domain import redirect
from readmit.domain.address import key_of
from readmit.domain.guest import Pending, User
from readmit.domain.invitation import Invitation
from readmit.domain.mail import MailState
from readmit.domain.redemption import ToApplication
from readmit.domain.tenant import Tenant
from readmit.flows import leases
from readmit.flows.codes import KEY
from readmit.flows.invite import hash_ticket, redeem_url
from readmit.flows.letters import Letter, language_of, lock, passkey_notice
from readmit.flows.world import World
from readmit.locale.catalogue import format_time
from readmit.mail import compose, mailbox, smtp
from readmit.mail.render import render
from readmit.proofs import passcode
from readmit.storage import (
    attempts,
    browser_flows,
    invitations,
    mail_blocks,
    outbox,
    passcodes,
    queries_people,
    tenants,
    users,
)
from readmit.storage.outbox import Entry
from readmit.storage.transaction import Transaction

_RENDER_TRIES = 5
_PER_MAILBOX_AND_DAY = 10


def deliver_due(
    world: World, holder: str, watch: leases.Watch | None = None, *, go_on: Callable[[], bool] = lambda: True
) -> int:
    """Send everything that is due now; how many mails were taken. `watch` is kept from one call to the next.

    `go_on` is asked before each mail: a server that ends leaves the others for the next one (reliability SD1).
    """
    taken, watch = 0, watch or leases.Watch()
    while go_on():
        entry = leases.take(world, holder, watch)
        if entry is None:
            return taken
        taken += 1
        if _must_wait(world, entry):
            continue
        _deliver(world, entry, go_on)
    return taken


def _must_wait(world: World, entry: Entry) -> bool:
    """The server's own cap, which no tenant learns of: mail beyond it goes out later (security M7)."""
    if world.settings.smtp is None or entry.mail.kind not in ("invitation", "reset"):
        return False
    now = world.now()
    sent = world.database.read(outbox.delivered_to, entry.mail.address_key, now - attempts.DAY)
    if len(sent) < _PER_MAILBOX_AND_DAY:
        return False
    due = sent[-_PER_MAILBOX_AND_DAY] + attempts.DAY
    world.database.write(outbox.postpone, entry, due)
    return True


def next_due(world: World) -> datetime | None:
    """When there is something to do again."""
    return world.database.read(outbox.next_due)


def _deliver(world: World, entry: Entry, go_on: Callable[[], bool]) -> None:
    try:
        letter = world.database.write(_prepare, world, entry)
        if letter is None:
            world.database.write(outbox.finish, entry, "superseded", now=world.now())
            return
        message = _message(world, entry, letter)
    except Exception as error:  # a mail that cannot be made is parked; the others go on (OB5)
        _park(world, entry, error)
        return
    if world.settings.smtp is None:
        _keep(world, entry, letter, message)
        return
    with leases.kept(world, entry):
        outcome = _send(world, entry, letter, message)
        # A mail that left and is not known to have would leave again.
        leases.until_written(lambda: world.database.write(outcome), go_on)


def _keep(world: World, entry: Entry, letter: Letter, message: bytes) -> None:
    """A folder that cannot be written is tried again as a mail server that is away (OB3); the others go on."""
    folder, kind, language = world.settings.mail_folder, entry.mail.kind, letter.language
    try:
        mailbox.keep(folder, entry.mail.id, message, kind=kind, language=language, created=entry.created)
    except OSError as error:
        now, pause = world.now(), smtp.backoff(entry.tries, _jitter(world))
        state: MailState = "retrying" if pause else "failed"
        due, text = (now + pause) if pause else None, f"{folder} cannot be written: {error.strerror}"
        world.database.write(outbox.finish, entry, state, now=now, due=due, error=text)
        return
    world.database.write(outbox.finish, entry, "sent", now=world.now())


def _park(world: World, entry: Entry, error: Exception) -> None:
    now, text = world.now(), f"{type(error).__name__}: {error}"[:300]
    if entry.tries >= _RENDER_TRIES:
        world.database.write(outbox.finish, entry, "parked", now=now, error=text)
    else:
        due = now + timedelta(minutes=entry.tries)
        world.database.write(outbox.finish, entry, "retrying", now=now, due=due, error=text)


def _send(world: World, entry: Entry, letter: Letter, message: bytes) -> Callable[[Transaction], bool]:
    """What to write down of a try. Refusals count per recipient; who has the mail is not mailed again (OB3)."""
    assert world.settings.smtp is not None
    assert world.settings.mail_from is not None
    everybody = (letter.to, *(address for _, address in letter.cc))
    wanted = [address for address in everybody if address not in entry.accepted]
    further = world.settings.extra_ca_certs
    outcomes = smtp.send(world.settings.smtp, world.settings.mail_from, wanted, message, extra_ca=further)
    accepted = tuple(address for address, outcome in outcomes.items() if outcome.state == "accepted")
    waiting = [outcome for outcome in outcomes.values() if outcome.state == "temporary"]
    refused = [outcome for outcome in outcomes.values() if outcome.state == "permanent"]
    now = world.now()
    text = "; ".join(outcome.text for outcome in (*refused, *waiting))[:300] or None
    pause = smtp.backoff(entry.tries, _jitter(world)) if waiting else None
    reached = letter.to in accepted or letter.to in entry.accepted
    state: MailState = "retrying" if pause is not None else "sent" if reached else "failed"
    due = now + pause if pause is not None else None
    return partial(outbox.finish, entry=entry, state=state, now=now, due=due, accepted=accepted, error=text)


def _jitter(world: World) -> float:
    """A number from -1 to 1 from the world's randomness."""
    return int.from_bytes(world.new_secret()[:4].encode(), "big") % 2001 / 1000 - 1


def _message(world: World, entry: Entry, letter: Letter) -> bytes:
    host = urlsplit(world.settings.public_url).hostname or "localhost"
    return compose.compose(
        rendered=render(entry.mail.kind, letter.language, letter.facts),
        language=letter.language,
        from_address=world.settings.mail_from or f"readmit@{host}",
        from_name=letter.organisation,
        to=letter.to,
        cc=letter.cc,
        reply_to=letter.reply_to,
        message_id=f"<{entry.mail.id}@{host}>",
        reference=entry.mail.id,
        date=entry.created,
    )


# ------------------------------------------------------------------- preparation


def _prepare(tx: Transaction, world: World, entry: Entry) -> Letter | None:
    """Read again what the mail is about; None when it is not worth sending any more (OB4)."""
    tenant = tenants.get(tx, entry.mail.tenant_id)
    user = users.live(tx, entry.mail.tenant_id, entry.mail.user_id or "")
    if tenant is None or user is None or not user.enabled:
        return None
    if entry.mail.kind == "passcode":
        return _passcode(tx, world, entry, tenant, user)
    if entry.mail.kind == "code_lock":
        return lock(world, entry, tenant, user)
    if entry.mail.kind in ("passkey_added", "passkey_removed"):
        return passkey_notice(world, entry, tenant, user)
    return _invitation(tx, world, entry, tenant, user)


def _passcode(tx: Transaction, world: World, entry: Entry, tenant: Tenant, user: User) -> Letter | None:
    made = passcodes.get(tx, entry.mail.passcode_id or "")
    if made is None or made.expires <= world.now():
        return None
    if made.counters is not None and not made.counters.hold(user):
        return None
    language = language_of(entry, tenant, user)
    facts = {
        "organisation": tenant.display_name,
        "application": _application(tx, tenant, made.flow_id),
        "code": passcode.code(world.keyring.key(KEY), made.nonce),
        "minutes": tenant.settings.passcodeMinutes,
        "requested_at": format_time(made.created, language),
        "requester_ip": made.requester,
    }
    return Letter(language, facts, tenant.display_name, made.address.given)


def _application(tx: Transaction, tenant: Tenant, flow_id: str) -> str | None:
    """The application that a code lets into; none for My Apps and redemptions (security C6)."""
    target = browser_flows.target_of(tx, flow_id)
    if not isinstance(target, ToApplication):
        return None
    return queries_people.application_name(tx, tenant.id, target.request.client_id)


def _invitation(tx: Transaction, world: World, entry: Entry, tenant: Tenant, user: User) -> Letter | None:
    invitation = invitations.get(tx, tenant.id, entry.mail.invitation_id or "")
    if invitation is None or not _worth_sending(user, invitation, world.now()):
        return None
    if mail_blocks.blocked(tx, tenant.id, invitation.address.key):
        return None
    # A link without mail may have renewed the invitation meanwhile: the mail then carries the current one.
    current = invitation if invitation.generation == user.generation else invitations.live(tx, user, world.now())
    if current is None:
        return None
    ticket = world.new_secret()
    invitations.add_ticket(tx, current, hash_ticket(ticket), world.now())
    name = queries_people.inviter_name(tx, invitation.inviter_type, invitation.inviter_id)
    by_user = invitation.inviter_type == "user"
    to = redirect.parse(invitation.redirect_url)
    inviter = users.live(tx, tenant.id, invitation.inviter_id) if by_user else None
    facts = {
        "organisation": tenant.display_name,
        "organisation_domain": tenant.default_domain,
        "inviter_name": name if by_user else None,
        "application_name": None if by_user else name,
        "custom_message": invitation.custom_message,
        "link": redeem_url(world, tenant.id, current.id, ticket),
        "redirect_host": "My Apps" if to.my_apps else to.host_unicode,
        "address": invitation.address.given,
        "display_name": invitation.greeting or user.display_name,
        "privacy_url": tenant.privacy_url,
        "choice_url": f"{world.settings.public_url}/unsubscribe?tenantId={tenant.id}",
    }
    return Letter(
        language=language_of(entry, tenant, user),
        facts=facts,
        organisation=tenant.display_name,
        to=invitation.address.given,
        cc=tuple((copy.name, copy.address) for copy in invitation.cc if _wanted(tx, tenant, copy.address)),
        reply_to=inviter.mail.given if inviter and inviter.mail else None,
    )


def _wanted(tx: Transaction, tenant: Tenant, copy: str) -> bool:
    return not mail_blocks.blocked(tx, tenant.id, key_of(copy))


def _worth_sending(user: User, invitation: Invitation, now: datetime) -> bool:
    """Not cancelled, not over, the address on the object, and the one that redeems where nobody has yet."""
    if not invitation.live(now) or not user.holds(invitation.address):
        return False
    redemption = user.redemption
    return not isinstance(redemption, Pending) or redemption.invited.key == invitation.address.key
