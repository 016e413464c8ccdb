"""Why a guest cannot sign in: each situation with its code, what it says, and the one command that mends it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from readmit.domain.address import EmailAddress
from readmit.domain.errors import Page
from readmit.domain.explanation.facts import Facts, Home, Mail, ProviderState, Try
from readmit.domain.explanation.rules import explain
from readmit.domain.guest import Accepted, Binding, NeverInvited, Pending, User, home_binding, mail_binding
from readmit.domain.invitation import Invitation
from readmit.domain.refusals import command, meaning, told
from readmit.domain.sign_in_log import WRONG_PASSKEY, Failure, dead_end
from readmit.domain.tenant import Tenant, TenantSettings

NOW = datetime(2026, 1, 31, 10, 30, tzinfo=UTC)
EARLIER = NOW - timedelta(days=2)
ALICE = EmailAddress.parse("alice@fabrikam.com")
NEW = EmailAddress.parse("alice@post.example")
ID = "00000000-0000-4000-b000-000000000001"
CONTOSO = Tenant(
    id="t",
    display_name="Contoso",
    initial_domain="contoso.onmicrosoft.com",
    domains=frozenset({"contoso.onmicrosoft.com"}),
    default_domain="contoso.onmicrosoft.com",
    preferred_language=None,
    privacy_url=None,
    salt="s",
    settings=TenantSettings(),
)
NO_CODES = TenantSettings(emailOneTimePasscode=False)
GUEST = User(
    id=ID,
    tenant_id="t",
    upn="alice_fabrikam.com#EXT#@contoso.onmicrosoft.com",
    mail_nickname=None,
    display_name="Alice",
    user_type="Guest",
    created=EARLIER,
    sessions_valid_from=EARLIER,
    mail=ALICE,
    other_mails=(ALICE,),
    redemption=Pending(ALICE, EARLIER),
    generation=1,
    invited_user=True,
)
INVITATION = Invitation(
    id="i",
    tenant_id="t",
    user_id=ID,
    generation=1,
    kind="invite",
    address=ALICE,
    redirect_url="https://myapps.microsoft.com/",
    send=True,
    inviter_type="app",
    inviter_id="a",
    created=EARLIER,
)
SENT = Mail("sent", EARLIER, EARLIER)


def tenant(**settings: Any) -> Tenant:
    return replace(CONTOSO, settings=TenantSettings(**settings))


def pending(**more: Any) -> Facts:
    fields: dict[str, Any] = {"tenant": CONTOSO, "user": GUEST, "invitation": INVITATION, "mail": SENT, **more}
    return Facts(NOW, **fields)


def accepted(binding: Binding | None = None, **more: Any) -> Facts:
    bound = binding or home_binding("f", "home-alice")
    user = replace(GUEST, redemption=Accepted(ALICE, EARLIER, bound, ALICE), **more.pop("user", {}))
    shown = {"tenant": "Fabrikam", "mail": "mail"}.get(bound.kind, "Wingtip")
    fields: dict[str, Any] = {"tenant": CONTOSO, "user": user, "bound_to": shown, **more}
    if bound.kind == "tenant":
        fields.setdefault("home", Home("Fabrikam", "live"))
    return Facts(NOW, **fields)


def refused(page: Page | None = None, number: int = 0, **more: Any) -> Try:
    failure = dead_end(page, known=True) if page is not None else Failure(number, "It was refused.")
    return Try(NOW, failure.number, page.value if page else None, failure.reason, **more)


BY_CODE = mail_binding(ALICE)
WINGTIP = Binding("oidc", "https://idp.wingtip.example", "alice", "https://idp.wingtip.example", "alice")
OFF, ON = ProviderState("Wingtip Toys", False), ProviderState("Wingtip Toys", True)
GONE = {"user": {"mail": NEW, "other_mails": (NEW,)}}
NOWHERE = {"user": {"mail": None, "other_mails": ()}}

SITUATIONS: dict[str, tuple[Facts, str, str, str | None]] = {
    # ------------------------------------------------------------ who it is about
    "nobody has the address": (
        Facts(NOW, CONTOSO, ALICE),
        "unknown",
        "Nobody here has the address alice@fabrikam.com.",
        "readmit guest invite alice@fabrikam.com",
    ),
    "nobody has the address, and its domain is blocked": (
        Facts(NOW, tenant(blockedDomains=("fabrikam.com",)), ALICE),
        "domainNotAccepted",
        "fabrikam.com is blocked",
        "readmit policy accept fabrikam.com",
    ),
    "the address is from before a reset": (
        Facts(NOW, CONTOSO, ALICE, former=replace(GUEST, mail=NEW, other_mails=(NEW,))),
        "addressMoved",
        "Nobody here has the address alice@fabrikam.com any more; the guest who was invited with it is alice@post.example",
        f"readmit guest explain {ID}",
    ),
    "deleted": (
        pending(user=replace(GUEST, deleted=EARLIER)),
        "deleted",
        "until 2026-02-28 10:30 UTC everything but sessions comes back",
        f"readmit guest restore {ID}",
    ),
    "a guest that nobody invited": (
        pending(user=replace(GUEST, redemption=NeverInvited(), generation=0)),
        "neverInvited",
        "a guest by name only",
        f"readmit guest link {ID}",
    ),
    "a member": (
        pending(user=replace(GUEST, redemption=NeverInvited(), user_type="Member", generation=0)),
        "member",
        "is a member of the organisation",
        None,
    ),
    # ------------------------------------------------------------------ pending
    "never redeemed": (
        pending(),
        "neverRedeemed",
        "Invited on 2026-01-29 10:30 UTC for alice@fabrikam.com, and nobody has redeemed it; the link is open, its mail "
        "reached the next mail server on 2026-01-29 10:30 UTC.",
        "readmit guest invite alice@fabrikam.com",
    ),
    "never redeemed, no mail was asked for": (
        pending(mail=None),
        "neverRedeemed",
        "the link is open, no mail went out.",
        "readmit guest invite alice@fabrikam.com",
    ),
    "never redeemed, the mail is on its way": (
        pending(mail=Mail("queued", EARLIER)),
        "neverRedeemed",
        "its mail is on the way.",
        "readmit guest invite alice@fabrikam.com",
    ),
    "never redeemed, the mail is kept": (
        pending(mail=Mail("sent", EARLIER, EARLIER, kept=True)),
        "neverRedeemed",
        "its mail is kept, since no mail server is set (`readmit mail list`).",
        "readmit guest invite alice@fabrikam.com",
    ),
    "never redeemed, sent at a time nobody wrote down": (
        pending(mail=Mail("sent", EARLIER)),
        "neverRedeemed",
        "its mail reached the next mail server.",
        "readmit guest invite alice@fabrikam.com",
    ),
    "reset and not redeemed": (
        pending(redeemed_before=True),
        "resetNotRedeemed",
        "The redemption was reset; invited anew on",
        "readmit guest invite alice@fabrikam.com",
    ),
    "its mail was refused": (
        pending(mail=Mail("failed", EARLIER, NOW, "550 no such mailbox")),
        "invitationMailFailing",
        "The invitation's mail was refused: 550 no such mailbox.",
        f"readmit guest link {ID}",
    ),
    "its mail is tried again": (
        pending(mail=Mail("retrying", EARLIER)),
        "invitationMailFailing",
        "was not taken yet and is tried again.",
        f"readmit guest link {ID}",
    ),
    "the mailbox wants no invitations": (
        pending(mail_blocked=True, mail=None),
        "mailBlocked",
        "wants no invitations of Contoso",
        f"readmit guest link {ID}",
    ),
    "cancelled": (
        pending(invitation=replace(INVITATION, cancelled=EARLIER)),
        "invitationCancelled",
        "was cancelled on 2026-01-29 10:30 UTC (P4)",
        "readmit guest invite alice@fabrikam.com",
    ),
    "its lifetime is over": (
        pending(invitation=replace(INVITATION, expires=EARLIER)),
        "invitationExpired",
        "was over on 2026-01-29 10:30 UTC (P3)",
        "readmit guest invite alice@fabrikam.com",
    ),
    "no invitation of this generation": (
        pending(invitation=None),
        "noInvitation",
        "as after a restore (P4)",
        f"readmit reset {ID}",
    ),
    "the invited address is off the guest": (
        pending(user=replace(GUEST, mail=NEW, other_mails=(NEW,))),
        "addressGone",
        "The invitation was for alice@fabrikam.com, which is not on the guest any more (P4).",
        f"readmit reset {ID}",
    ),
    "the guest has no address at all": (
        pending(user=replace(GUEST, mail=None, other_mails=())),
        "addressGone",
        "not on the guest any more",
        f"readmit reset {ID} --to NEW-ADDRESS",
    ),
    "disabled": (
        pending(user=replace(GUEST, enabled=False)),
        "disabled",
        "The guest is disabled (P10).",
        f"readmit guest enable {ID}",
    ),
    "nobody may be invited": (
        pending(tenant=tenant(allowInvitesFrom="none")),
        "invitesOff",
        "allowInvitesFrom is none",
        "readmit policy invites adminsAndGuestInviters",
    ),
    "the domain is not on the list": (
        pending(tenant=tenant(allowedDomains=("post.example",))),
        "domainNotAccepted",
        "fabrikam.com is not on the list of allowed domains",
        "readmit policy accept fabrikam.com",
    ),
    "the other organisation's people are kept out": (
        pending(admitted=False),
        "crossTenantBlocked",
        "The cross-tenant access settings keep people of fabrikam.com out (P5)",
        None,
    ),
    "codes are off and nobody proves the address": (
        pending(tenant=replace(CONTOSO, settings=NO_CODES)),
        "nobodyCanProve",
        "Codes are off, and no identity provider proves alice@fabrikam.com (P9).",
        f"readmit reset {ID} --to NEW-ADDRESS",
    ),
    "codes are off and the provider is off too": (
        pending(tenant=replace(CONTOSO, settings=NO_CODES), provider=OFF),
        "providerOff",
        "The identity provider Wingtip Toys is switched off; and codes are off.",
        "readmit idp enable 'Wingtip Toys'",
    ),
    "codes are locked": (
        pending(codes_locked_until=NOW + timedelta(hours=3)),
        "codesLocked",
        "until 2026-01-31 13:30 UTC only a browser that comes by a new link is heard",
        f"readmit guest link {ID}",
    ),
    "codes are locked for everybody": (
        pending(codes_locked_until=NOW + timedelta(hours=3), known_locked=True),
        "codesLocked",
        "none is taken until 2026-01-31 13:30 UTC (P13)",
        None,
    ),
    "another account came": (
        pending(refusal=refused(Page.OTHER_ADDRESS, came="alice@other.example", issuer="Fabrikam")),
        "otherAddress",
        "(came: alice@other.example of Fabrikam, invited: alice@fabrikam.com)",
        f"readmit reset {ID} --to alice@other.example",
    ),
    "another account came that has no address": (
        pending(refusal=refused(Page.OTHER_ADDRESS, came="alice")),
        "otherAddress",
        "(came: alice, invited: alice@fabrikam.com)",
        f"readmit reset {ID} --to NEW-ADDRESS",
    ),
    "the identity is another guest": (
        pending(refusal=refused(Page.ALREADY_A_GUEST, came="alice@fabrikam.com", holder="h")),
        "identityTaken",
        "guest already: h)",
        "readmit guest show h",
    ),
    "the provider did not answer": (
        pending(provable=True, provider=ON, refusal=refused(Page.PROVIDER_DOWN)),
        "providerDown",
        "the home identity provider did not answer",
        "readmit idp check 'Wingtip Toys'",
    ),
    "the provider lied": (
        pending(provable=True, refusal=refused(Page.PROVIDER_UNTRUSTED, issuer="https://idp.example")),
        "providerUntrusted",
        "cannot be believed (came: https://idp.example",
        "readmit idp check https://idp.example",
    ),
    # ----------------------------------------------------------------- accepted
    "all is well, and nobody has come yet": (
        accepted(),
        "fine",
        "Nothing stands in the way; since the redemption nobody has signed in.",
        None,
    ),
    "all is well": (
        accepted(success=Try(NOW, application="Expenses")),
        "fine",
        "the last sign-in to Expenses went well on 2026-01-31 10:30 UTC",
        None,
    ),
    "disabled after redeeming": (
        accepted(user={"enabled": False}),
        "disabled",
        "disabled (P10)",
        f"readmit guest enable {ID}",
    ),
    "the home account was made anew": (
        accepted(home=Home("Fabrikam", "gone", successor=True)),
        "homeAccountRecreated",
        "it was set up again (P8)",
        f"readmit reset {ID}",
    ),
    "the home account lies in the bin, and a new one is there": (
        accepted(home=Home("Fabrikam", "deleted", successor=True)),
        "homeAccountRecreated",
        "another one has its address",
        f"readmit reset {ID}",
    ),
    "the home account was deleted": (
        accepted(home=Home("Fabrikam", "deleted")),
        "homeAccountDeleted",
        "The account at Fabrikam that redeemed was deleted there.",
        f"readmit reset {ID} --to NEW-ADDRESS",
    ),
    "the home account is disabled": (
        accepted(home=Home("Fabrikam", "disabled")),
        "homeAccountDisabled",
        "Fabrikam can enable it",
        f"readmit reset {ID} --to NEW-ADDRESS",
    ),
    "the home account is a guest there": (
        accepted(home=Home("Fabrikam", "converted")),
        "homeAccountConverted",
        "proves nothing",
        f"readmit reset {ID} --to NEW-ADDRESS",
    ),
    "the provider is off": (
        accepted(WINGTIP, provider=OFF),
        "providerOff",
        "The identity provider Wingtip Toys is switched off.",
        "readmit idp enable 'Wingtip Toys'",
    ),
    "the provider is gone": (
        accepted(WINGTIP),
        "providerGone",
        "(https://idp.wingtip.example) is not registered any more",
        f"readmit reset {ID}",
    ),
    "the provider is there": (accepted(WINGTIP, provider=ON), "fine", "Nothing stands in the way", None),
    "codes are off, and a home account proves the address": (
        accepted(BY_CODE, tenant=replace(CONTOSO, settings=NO_CODES), provable=True),
        "codesOff",
        "The guest redeemed by mailed code, and codes are off (P9).",
        f"readmit reset {ID}",
    ),
    "codes are off": (
        accepted(BY_CODE, tenant=replace(CONTOSO, settings=NO_CODES)),
        "codesOff",
        "codes are off (P9)",
        f"readmit reset {ID} --to NEW-ADDRESS",
    ),
    "the mailbox that redeemed is off the guest": (
        accepted(BY_CODE, **GONE),
        "addressGone",
        "The guest redeemed by code at alice@fabrikam.com, which is not on the guest any more (P8).",
        f"readmit reset {ID}",
    ),
    "the guest has no mailbox any more": (
        accepted(BY_CODE, **NOWHERE),
        "addressGone",
        "not on the guest any more (P8)",
        f"readmit reset {ID} --to NEW-ADDRESS",
    ),
    "the mail of codes fails": (
        accepted(BY_CODE, code_mail=Mail("parked", EARLIER, NOW, "a broken template")),
        "codeMailFailing",
        "The last code's mail to alice@fabrikam.com cannot be made: a broken template.",
        f"readmit reset {ID} --to NEW-ADDRESS",
    ),
    "the mail of codes goes out": (accepted(BY_CODE, code_mail=SENT), "fine", "Nothing stands in the way", None),
    "codes are locked after redeeming": (
        accepted(BY_CODE, codes_locked_until=NOW + timedelta(hours=3)),
        "codesLocked",
        "Too many codes were wrong (P13)",
        f"readmit guest link {ID}",
    ),
    "another identity came": (
        accepted(refusal=refused(Page.UNKNOWN_ACCOUNT, came="alice@fabrikam.com", issuer="Fabrikam")),
        "wrongIdentity",
        "(came: alice@fabrikam.com of Fabrikam, bound: alice@fabrikam.com of Fabrikam).",
        f"readmit reset {ID}",
    ),
    "not assigned": (
        accepted(refusal=refused(Page.NOT_ASSIGNED, application="Time & Travel")),
        "notAssigned",
        "(application Time & Travel, bound:",
        f"readmit guest assign {ID} 'Time & Travel'",
    ),
    "the bound identity itself was refused, and nothing is in its way now": (
        accepted(WINGTIP, provider=ON, refusal=refused(Page.UNKNOWN_ACCOUNT, as_bound=True)),
        "fine",
        "Nothing stands in the way",
        None,
    ),
    "enabled by now": (accepted(refusal=refused(Page.BLOCKED)), "fine", "Nothing stands in the way", None),
    "accepted by now": (
        pending(refusal=refused(Page.NOT_ACCEPTED_HERE)),
        "neverRedeemed",
        "Invited on",
        "readmit guest invite alice@fabrikam.com",
    ),
    "assigned by now": (
        accepted(refusal=refused(Page.NOT_ASSIGNED, application="Expenses"), assigned=True),
        "fine",
        "Nothing stands in the way",
        None,
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_situation_has_its_code_its_sentence_and_its_command(situation: str) -> None:
    facts, code, says, line = SITUATIONS[situation]
    decisive = explain(facts)[0]
    assert (decisive.code, decisive.command) == (code, line)
    assert says in decisive.sentence
    assert re.fullmatch(r"[A-Za-z].*[^.]\.", decisive.sentence)
    assert decisive.blocks is (code != "fine")


def test_the_page_about_it_has_each_code_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explain.md").read_text(encoding="utf-8")
    cells = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    told_there = {code for cell in cells for code in re.findall(r"`(\w+)`", cell)}
    assert told_there == {code for _, code, _, _ in SITUATIONS.values()}


def codes(facts: Facts) -> list[tuple[str, bool]]:
    return [(one.code, one.blocks) for one in explain(facts)]


def test_what_blocks_now_comes_before_what_went_wrong_at_the_last_try() -> None:
    last = refused(Page.UNKNOWN_ACCOUNT, application="Expenses")
    assert codes(accepted(home=Home("Fabrikam", "gone", successor=True), refusal=last)) == [
        ("homeAccountRecreated", True),
        ("lastRefusal", False),
    ]


def test_several_things_in_the_way_are_all_told() -> None:
    facts = pending(user=replace(GUEST, enabled=False), tenant=tenant(blockedDomains=("fabrikam.com",)))
    assert codes(facts) == [("disabled", True), ("domainNotAccepted", True)]
    assert codes(Facts(NOW, tenant(blockedDomains=("fabrikam.com",)), ALICE)) == [
        ("domainNotAccepted", True),
        ("unknown", True),
    ]


def test_a_provider_that_is_off_does_not_block_while_a_code_stands_in() -> None:
    assert codes(pending(provider=OFF)) == [("neverRedeemed", True), ("providerOff", False)]
    assert codes(pending(provider=OFF, provable=True)) == [("neverRedeemed", True)]


NOTED = {
    50126: "the code was wrong or too old; the guest asks for a new code",
    65001: "nobody has consented to what the application asked for in silence; the guest signs in to it once with pages",
    50173: "what the token came from has ended; the application sends the guest to sign in anew",
    7000215: "It was refused",
}


@pytest.mark.parametrize("number", NOTED)
def test_what_the_next_try_may_mend_is_noted_beside_that_the_way_is_free(number: int) -> None:
    last = refused(Page.WRONG_CODE) if number == 50126 else refused(number=number, application="Expenses")
    found = explain(accepted(refusal=last))
    assert [(one.code, one.blocks) for one in found] == [("fine", False), ("lastRefusal", False)]
    assert f"AADSTS{number}" in found[1].sentence
    assert NOTED[number] in found[1].sentence
    assert codes(pending(refusal=last)) == [("neverRedeemed", True), ("lastRefusal", False)]


def test_a_command_is_safe_to_paste() -> None:
    assert command("idp", "enable", "a; rm -rf /") == "readmit idp enable 'a; rm -rf /'"
    assert command("guest", "invite", "-x@post.example") == "readmit guest invite -- -x@post.example"


@pytest.mark.parametrize("page", list(Page))
def test_every_page_has_a_meaning_with_a_cure(page: Page) -> None:
    failure = dead_end(page, known=True)
    found = meaning(failure.number, page.value)
    assert found.code != "refused"
    assert found.remedy or found.advice
    sentence = told(failure.number, page.value, guest=ID, application="Expenses")
    assert sentence.startswith(f"{found.code} ({page.value}): {found.why}; ")
    assert sentence.endswith(".")


def test_the_log_tells_code_reason_and_remedy_in_one_sentence() -> None:
    assert told(50020, "P8", guest=ID) == (
        "wrongIdentity (P8): the account that signed in is not the one that redeemed, as after it was set up again or the "
        f"employer changed; readmit reset {ID}."
    )
    assert told(50034, "P8") == "unknown (P8): nobody here has this address; readmit guest invite ADDRESS."
    assert told(16003, "P6", guest=ID).endswith(f"; readmit reset {ID} --to NEW-ADDRESS.")
    assert told(50173, None, guest=ID).startswith("signInAgain: what the token came from has ended; ")
    assert told(7000215, None) == "refused: the attempt was refused; see failureReason."


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"passkeys": 0}, "the guest has no passkey yet: unless the provider reports MFA, one is added at the next"),
        ({"passkeys": 1}, f"the guest has one passkey; who has lost every one needs a reset: readmit reset {ID}"),
        ({"passkeys": 2}, "the guest has 2 passkeys;"),
    ],
)
def test_two_factors_are_good_to_know_and_block_nobody(facts: dict[str, int], said: str) -> None:
    found = explain(accepted(tenant=tenant(guestStrength="multi"), **facts))
    (one,) = [finding for finding in found if finding.code == "secondFactor"]
    assert f"Contoso wants two factors of its guests, and {said}" in one.sentence
    assert (one.blocks, one.command) == (False, None)


def test_one_factor_and_converted_members_are_not_spoken_of() -> None:
    multi = tenant(guestStrength="multi")
    for facts in (accepted(passkeys=1), accepted(tenant=multi, user={"invited_user": False})):
        assert "secondFactor" not in [finding.code for finding in explain(facts)]


def test_a_wrong_passkey_is_no_wrong_password() -> None:
    assert meaning(WRONG_PASSKEY.number, None).code == "wrongPasskey"
    assert meaning(50076, None).code == "secondFactor"
