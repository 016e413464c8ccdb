"""What keeps a Pending guest from redeeming: policies, the invitation, its mail, the proof (lifecycle section 8)."""

from __future__ import annotations

from collections.abc import Iterator

from readmit.domain.explanation.facts import Facts, Finding, mail_trouble, reset, when
from readmit.domain.guest import Pending, User
from readmit.domain.refusals import NEW_ADDRESS, command


def _guest(facts: Facts) -> tuple[User, Pending]:
    user = facts.user
    assert user is not None
    assert isinstance(user.redemption, Pending)
    return user, user.redemption


def invites(facts: Facts) -> Iterator[Finding]:
    if facts.tenant.settings.allowInvitesFrom == "none":
        sentence = "allowInvitesFrom is none, so that no invitation can be redeemed (P5)."
        yield Finding("invitesOff", sentence, command("policy", "invites", "adminsAndGuestInviters"))


def invitation(facts: Facts) -> Iterator[Finding]:
    user, redemption = _guest(facts)
    invited, newest = redemption.invited, facts.invitation
    if not user.holds(invited):
        sentence = f"The invitation was for {invited}, which is not on the guest any more (P4)."
        yield Finding("addressGone", sentence, reset(user, None if user.addresses else NEW_ADDRESS))
    elif newest is None:
        sentence = "There is no invitation that could be redeemed, as after a restore (P4)."
        yield Finding("noInvitation", sentence, reset(user))
    elif newest.cancelled is not None:
        sentence = f"The invitation was cancelled on {when(newest.cancelled)} (P4)."
        yield Finding("invitationCancelled", sentence, command("guest", "invite", invited.given))
    elif not newest.live(facts.now):
        assert newest.expires is not None
        sentence = f"The lifetime of the invitation was over on {when(newest.expires)} (P3)."
        yield Finding("invitationExpired", sentence, command("guest", "invite", invited.given))


def proof(facts: Facts) -> Iterator[Finding]:
    """Who proves the invited address: a home account here, a provider, a mailed code."""
    user, redemption = _guest(facts)
    codes = facts.tenant.codes_allowed
    if facts.provider is not None and not facts.provider.enabled and not facts.provable:
        name, instead = facts.provider.name, "a mailed code stands in" if codes else "and codes are off"
        sentence = f"The identity provider {name} is switched off; {instead}."
        yield Finding("providerOff", sentence, command("idp", "enable", name), blocks=not codes)
    elif not codes and not facts.provable:
        sentence = f"Codes are off, and no identity provider proves {redemption.invited} (P9)."
        yield Finding("nobodyCanProve", sentence, reset(user, NEW_ADDRESS))


def mail(facts: Facts) -> Iterator[Finding]:
    """The mail of an invitation that is open."""
    user, redemption = _guest(facts)
    if facts.invitation is None or not facts.invitation.live(facts.now) or not user.holds(redemption.invited):
        return
    by_hand = command("guest", "link", user.id)
    trouble = mail_trouble("The invitation's mail", facts.mail) if facts.mail is not None else None
    if facts.mail_blocked:
        sentence = f"The mailbox {redemption.invited} wants no invitations of {facts.tenant.display_name}."
        yield Finding("mailBlocked", sentence, by_hand)
    elif trouble is not None:
        yield Finding("invitationMailFailing", trouble, by_hand)


def not_redeemed(facts: Facts) -> Finding:
    """Nothing stands in the way: the guest has not redeemed, for the first time or since a reset."""
    _, redemption = _guest(facts)
    invitation, invited = facts.invitation, redemption.invited
    assert invitation is not None
    began = f"on {when(invitation.created)} for {invited}"
    what = f"The redemption was reset; invited anew {began}" if facts.redeemed_before else f"Invited {began}"
    sentence = f"{what}, and nobody has redeemed it; the link is open, {_way_of_the_mail(facts)}."
    code = "resetNotRedeemed" if facts.redeemed_before else "neverRedeemed"
    return Finding(code, sentence, command("guest", "invite", invited.given))


def _way_of_the_mail(facts: Facts) -> str:
    mail = facts.mail
    if mail is None or mail.state == "superseded":
        return "no mail went out"
    if mail.state != "sent":
        return "its mail is on the way"
    if mail.kept:
        return "its mail is kept, since no mail server is set (`readmit mail list`)"
    return "its mail reached the next mail server" + (f" on {when(mail.finished)}" if mail.finished else "")
