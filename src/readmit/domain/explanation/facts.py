"""What is known of a guest, and what is found: the words in which explanations are made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from readmit.domain.address import EmailAddress
from readmit.domain.guest import User
from readmit.domain.invitation import Invitation
from readmit.domain.mail import MailState
from readmit.domain.refusals import command
from readmit.domain.tenant import Tenant


@dataclass(frozen=True, slots=True)
class Mail:
    """The newest mail of a kind to the guest: its way so far, and what the next mail server said last."""

    state: MailState
    created: datetime
    finished: datetime | None = None
    error: str | None = None
    kept: bool = False
    """No SMTP server is set: it lies in the kept mail (reliability OB1)."""


@dataclass(frozen=True, slots=True)
class Home:
    """The account of a home tenant here that redeemed. `successor`: another one there has the redeemed address now."""

    tenant_name: str
    account: Literal["live", "disabled", "deleted", "gone", "converted"]
    successor: bool = False


@dataclass(frozen=True, slots=True)
class ProviderState:
    """An outside provider: of the binding, or of the invited address's domain."""

    name: str
    enabled: bool


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt of the sign-in log. `application` is its name; `came` the account that signed in, as far as known."""

    at: datetime
    number: int = 0
    page: str | None = None
    reason: str | None = None
    application: str | None = None
    issuer: str | None = None
    came: str | None = None
    holder: str | None = None
    """The other guest whose identity it is (P7)."""
    as_bound: bool = False
    """The bound identity itself was refused (P8): its provider was off, or its address was gone."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a guest, or of an address that nobody here has."""

    now: datetime
    tenant: Tenant
    address: EmailAddress | None = None
    """The address that was asked about, if it was one."""
    user: User | None = None
    former: User | None = None
    """Who was invited with the address before, where nobody has it now."""
    invitation: Invitation | None = None
    """The newest of the current generation, a live one if there is any."""
    mail: Mail | None = None
    mail_blocked: bool = False
    code_mail: Mail | None = None
    codes_locked_until: datetime | None = None
    known_locked: bool = False
    """Whether browsers that come by a live link are locked as well (security C3)."""
    bound_to: str | None = None
    """The binding's home tenant or provider by name, `mail` for a mailbox."""
    home: Home | None = None
    provider: ProviderState | None = None
    admitted: bool = True
    """Whether the cross-tenant access settings let the address be invited and redeem (graph G45)."""
    provable: bool = False
    """Whether a home account here or a provider proves the address, so that no code is needed."""
    refusal: Try | None = None
    """The newest refusal since the last success and since the present invitation or binding began."""
    success: Try | None = None
    redeemed_before: bool = False
    assigned: bool = False
    """Whether the application of that refusal would let the guest in by now."""
    passkeys: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is stable. `blocks`: this is why; otherwise it is good to know."""

    code: str
    sentence: str
    command: str | None = None
    blocks: bool = True


def when(moment: datetime) -> str:
    """A time for a person, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def reset(user: User, to: str | None = None) -> str:
    """The command that resets this guest, to another address where one is named."""
    return command("reset", user.id, *(("--to", to) if to else ()))


def mail_trouble(what: str, mail: Mail) -> str | None:
    """What is wrong with a mail, in a sentence; None if nothing is."""
    trouble = {"failed": "was refused", "parked": "cannot be made", "retrying": "was not taken yet and is tried again"}
    if mail.state not in trouble:
        return None
    said = f": {mail.error}" if mail.error else ""
    return f"{what} {trouble[mail.state]}{said}."
