"""What a refusal in the sign-in log means and what mends it: one table for the log and for `readmit guest explain`.

Keys are pages (lifecycle section 16) and, where no page was shown, AADSTS numbers (lifecycle L50).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

from readmit.domain.errors import Page
from readmit.domain.sign_in_log import UNKNOWN_ADDRESS, WRONG_PASSKEY, WRONG_PASSWORD

NEW_ADDRESS: Final = "NEW-ADDRESS"
"""Stands in a command for what only the administrator knows."""


def command(*words: str) -> str:
    """A command line of `readmit` for a shell; an operand that looks like an option is kept from being one."""
    if words[-1].startswith("-"):
        words = (*words[:-1], "--", words[-1])
    return shlex.join(("readmit", *words))


@dataclass(frozen=True, slots=True)
class Meaning:
    """`code` is stable; `why` a sentence without its full stop; `remedy` the words of a command, `{guest}` among them.

    `note`: the next try may well succeed, nothing is broken.
    """

    code: str
    why: str
    remedy: tuple[str, ...] = ()
    advice: str | None = None
    """What helps where no command does."""
    note: bool = False
    standing: bool = False
    """Whether it would still be seen without the log: where it is not, it is over."""

    def line(self, **known: str) -> str | None:
        """The command for this guest; None where there is none."""
        return command(*(word.format(**known) for word in self.remedy)) if self.remedy else None


_RESET: Final = ("reset", "{guest}")
_NEW_LINK: Final = ("guest", "link", "{guest}")
_CHECK: Final = ("idp", "check", "{provider}")
_SIGN_IN_ANEW: Final = "the application sends the guest to sign in anew"
_NO_COMMAND: Final = Meaning("refused", "the attempt was refused", advice="see failureReason", note=True)

_BY_PAGE: Final = {
    Page.UNKNOWN_LINK: Meaning("unknownLink", "the link is not one of this directory", _NEW_LINK, standing=True),
    Page.RENEWED: Meaning("oldLink", "the link is older than the current invitation", _NEW_LINK, standing=True),
    Page.EXPIRED: Meaning("invitationExpired", "the lifetime of the invitation was over", _NEW_LINK, standing=True),
    Page.NO_INVITATION: Meaning("noInvitation", "there was no live invitation", _RESET, standing=True),
    Page.NOT_ACCEPTED_HERE: Meaning(
        "domainNotAccepted",
        "the domain lists or allowInvitesFrom do not accept this account",
        ("guest", "explain", "{guest}"),
        standing=True,
    ),
    Page.OTHER_ADDRESS: Meaning(
        "otherAddress",
        "the account that signed in does not have the invited address",
        ("reset", "{guest}", "--to", "{came}"),
    ),
    Page.ALREADY_A_GUEST: Meaning(
        "identityTaken",
        "the account that signed in redeemed for another guest already",
        advice="give the access to that guest, or remove it and let the invitation be redeemed",
    ),
    Page.UNKNOWN_ACCOUNT: Meaning(
        "wrongIdentity",
        "the account that signed in is not the one that redeemed, as after it was set up again or the employer changed",
        _RESET,
    ),
    Page.CODES_OFF: Meaning("codesOff", "the guest redeemed by mailed code, and codes are off", _RESET, standing=True),
    Page.BLOCKED: Meaning("disabled", "the guest is disabled", ("guest", "enable", "{guest}"), standing=True),
    Page.NOT_ASSIGNED: Meaning(
        "notAssigned",
        "the application wants an assignment that the guest does not have",
        ("guest", "assign", "{guest}", "{application}"),
    ),
    Page.DECLINED: Meaning(
        "declined", "the guest turned back at the consent page", advice="the same link still works", note=True
    ),
    Page.WRONG_CODE: Meaning(
        "wrongCode", "the code was wrong or too old", advice="the guest asks for a new code", note=True
    ),
    Page.PROVIDER_REFUSED: Meaning(
        "providerRefused",
        "the home identity provider let nobody in, or the guest turned back there",
        advice="the guest tries again, or asks the provider's help desk",
        note=True,
    ),
    Page.PROVIDER_DOWN: Meaning("providerDown", "the home identity provider did not answer", _CHECK),
    Page.PROVIDER_UNTRUSTED: Meaning(
        "providerUntrusted", "the answer of the home identity provider cannot be believed", _CHECK
    ),
    Page.CLOSED: Meaning("closed", "the page had been open for too long", advice="the guest begins anew", note=True),
}
_BY_NUMBER: Final = {
    UNKNOWN_ADDRESS.number: Meaning("unknown", "nobody here has this address", ("guest", "invite", "{address}")),
    WRONG_PASSWORD.number: Meaning(
        "wrongPassword", "the home account's password was wrong", advice="its own help desk resets it", note=True
    ),
    90072: Meaning(
        "wrongIdentity",
        "this account is not the one that redeemed there",
        advice="its guest there needs a reset by that organisation",
    ),
    50058: Meaning("signInAgain", "no live sign-in was there", advice=_SIGN_IN_ANEW, note=True),
    50173: Meaning("signInAgain", "what the token came from has ended", advice=_SIGN_IN_ANEW, note=True),
    700082: Meaning("signInAgain", "the token was not used for too long", advice=_SIGN_IN_ANEW, note=True),
    70008: Meaning("signInAgain", "the code or token was too old", advice=_SIGN_IN_ANEW, note=True),
    54005: Meaning("signInAgain", "the authorization code had been used before", advice=_SIGN_IN_ANEW, note=True),
    WRONG_PASSKEY.number: Meaning(
        "wrongPasskey",
        "the passkey was not one of this account, or its answer did not hold",
        advice="the guest tries another passkey, or asks for a code",
        note=True,
    ),
    50076: Meaning("secondFactor", "guests have come to need a second factor since", advice=_SIGN_IN_ANEW, note=True),
    50057: _BY_PAGE[Page.BLOCKED],
    50105: _BY_PAGE[Page.NOT_ASSIGNED],
    65001: Meaning(
        "consentMissing",
        "nobody has consented to what the application asked for in silence",
        advice="the guest signs in to it once with pages, and is asked",
        note=True,
    ),
    65004: _BY_PAGE[Page.DECLINED],
}


def meaning(number: int, page: str | None) -> Meaning:
    """What stands behind a row of the log."""
    if page is not None and number != UNKNOWN_ADDRESS.number:
        return _BY_PAGE.get(Page(page), _NO_COMMAND)
    return _BY_NUMBER.get(number, _NO_COMMAND)


def told(number: int, page: str | None, **known: str | None) -> str:
    """Code, reason and remedy in one sentence, for `status.additionalDetails`."""
    found = meaning(number, page)
    named = {name: value for name, value in known.items() if value is not None}
    named = {"guest": "GUEST", "application": "APPLICATION", "provider": "PROVIDER", "address": "ADDRESS"} | named
    shown = f"{found.code} ({page})" if page is not None else found.code
    cure = found.line(came=NEW_ADDRESS, **named) or found.advice
    return f"{shown}: {found.why}; {cure}."
