"""What the sign-in log says of an attempt: its outcome by Microsoft's number (lifecycle section 16, L50)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from readmit.domain.errors import Page

Kind = Literal["sign_in", "redemption", "refresh"]

INVITATION_PORTAL: Final = "4660504c-45b3-4674-a709-71951a6b0763"
MY_APPS: Final = "2793995e-0a7d-40d7-bd35-6968ba142197"
PORTALS: Final = {INVITATION_PORTAL: "Microsoft Invitation Acceptance Portal", MY_APPS: "My Apps"}
"""Our own pages stand in the log under the client ids that Microsoft's have there."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt failed: AADSTS number, a sentence, and the page that the guest read, if any."""

    number: int
    reason: str
    page: Page | None = None


WRONG_PASSWORD: Final = Failure(50126, "Error validating credentials due to invalid username or password.")
WRONG_CODE: Final = Failure(50126, "The code is wrong or too old.", Page.WRONG_CODE)
WRONG_PASSKEY: Final = Failure(135010, "The passkey is not one of this account, or its answer does not hold.")
UNKNOWN_ADDRESS: Final = Failure(50034, "No account in the directory has this address.", Page.UNKNOWN_ACCOUNT)
NOT_AT_HOME_ELSEWHERE: Final = Failure(
    90072, "This account is not the one that redeemed the guest's invitation in the resource tenant."
)
"""What the home tenant's log says of P8 (lifecycle section 9, B)."""

_PAGES: Final = {
    Page.UNKNOWN_LINK: (51004, "The link is not one of this directory."),
    Page.RENEWED: (51004, "The invitation was renewed; this link is an older one."),
    Page.EXPIRED: (51004, "The lifetime of the invitation is over."),
    Page.NO_INVITATION: (51004, "There is no live invitation for this account."),
    Page.NOT_ACCEPTED_HERE: (500213, "The inbound policy of the directory does not accept this account."),
    Page.OTHER_ADDRESS: (16003, "The account that signed in does not have the invited address."),
    Page.ALREADY_A_GUEST: (16003, "The account that signed in is another guest of the directory already."),
    Page.UNKNOWN_ACCOUNT: (50020, "The account that signed in is not the one that redeemed the invitation."),
    Page.CODES_OFF: (50020, "The guest redeemed by mailed code, and the directory does not send codes any more."),
    Page.BLOCKED: (50057, "The user account is disabled."),
    Page.NOT_ASSIGNED: (50105, "The user is not assigned to a role for the application."),
    Page.DECLINED: (65004, "The user declined to consent."),
    Page.WRONG_CODE: (WRONG_CODE.number, WRONG_CODE.reason),
    Page.PROVIDER_REFUSED: (50177, "The home identity provider let nobody in."),
    Page.PROVIDER_DOWN: (90033, "The home identity provider did not answer."),
    Page.PROVIDER_UNTRUSTED: (50178, "The answer of the home identity provider cannot be believed."),
    Page.CLOSED: (50058, "The way was over before the attempt ended."),
}


def dead_end(page: Page, *, known: bool) -> Failure:
    """The failure behind a page. P8 hides from the guest what the log tells: whether anybody has the address."""
    if page is Page.UNKNOWN_ACCOUNT and not known:
        return UNKNOWN_ADDRESS
    number, reason = _PAGES[page]
    return Failure(number, reason, page)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as the log of `tenant_id` keeps it. It holds no name, address, ticket, code or token (security J3).

    `resource`: client id or name of the API; `issuer`: whose proof it was; `address_hash`: keyed digest of the match
    key that was typed, so that an administrator finds the attempts of an address that he knows.
    """

    id: str
    tenant_id: str
    kind: Kind
    interactive: bool
    correlation_id: str
    ip: str
    resource_tenant_id: str
    user_id: str | None = None
    app_id: str | None = None
    resource: str | None = None
    failure: Failure | None = None
    home_tenant_id: str | None = None
    issuer: str | None = None
    cross_tenant: bool = False
    address_hash: str | None = None
