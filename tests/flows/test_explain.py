"""`flows.explain` sees each situation that the flows make, and writes nothing (lifecycle sections 8, 12, 16)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from applications import account, asking, change_principal, change_tenant, change_user, to_application
from passkeys import at_passkey, use, with_passkey
from test_upstream import ALICE as AT_WINGTIP
from test_upstream import prove_at, redeem_at, register, switch_off
from ways import begin, follow

from authenticator import Authenticator
from lying_provider import LyingProvider, provider
from readmit.domain.address import EmailAddress
from readmit.domain.cross_tenant import EVERYTHING, OPEN, Inbound, Rule
from readmit.domain.errors import DeadEnd, NotFound, Page, TokenRefused
from readmit.domain.explanation.facts import Finding
from readmit.domain.redemption import Step
from readmit.domain.tenant import TenantSettings
from readmit.flows import administer_providers, deliver, methods, refuse, removal, sign_in, sign_in_log
from readmit.flows.browsers import Browser
from readmit.flows.explain import Explained, explain
from readmit.flows.passkey_use import Answer
from readmit.storage import mail_blocks, tenants
from world import House

ALICE, MAX, PAT = "alice@fabrikam.com", "max@post.example", "pat@post.example"


@pytest.fixture
def wingtip(house: House) -> Iterator[LyingProvider]:
    with provider(now=house.clock) as made:
        yield made


def explained(house: House, who: str) -> Explained:
    before = house.contents()
    found = house.read(explain, house.world, house.contoso, who)
    assert isinstance(found, Explained)
    assert house.contents() == before
    return found


def why(house: House, who: str) -> Finding:
    return explained(house, who).findings[0]


def code(house: House, who: str) -> str:
    return why(house, who).code


def settings(house: House, **changed: Any) -> None:
    change_tenant(house, settings=TenantSettings(**changed))


def refused(way: Any) -> Page:
    """The way ends on a page, and that is written down."""
    with pytest.raises(DeadEnd) as end:
        way.proceed()
    way.do(refuse.refuse, end.value.page)
    return end.value.page


def remove(house: House, user_id: str, tenant_id: str | None = None) -> None:
    caller = replace(house.automation("User.ReadWrite.All"), tenant_id=tenant_id or house.contoso)
    house.write(removal.delete_user, house.world, caller, user_id)


def test_who_is_meant_is_found_by_id_upn_and_address(house: House) -> None:
    guest = house.guest(house.people["alice"])
    for who in (guest.id, guest.id.upper(), guest.upn, guest.upn.lower(), ALICE, "ALICE@FABRIKAM.COM"):
        found = explained(house, who)
        assert found.user is not None
        assert (found.user.id, found.findings[0].code) == (guest.id, "fine"), who


def test_an_address_of_nobody_is_explained_and_an_id_of_nobody_is_not_found(house: House) -> None:
    assert why(house, "new@post.example") == Finding(
        "unknown", "Nobody here has the address new@post.example.", "readmit guest invite new@post.example"
    )
    for who in ("00000000-0000-4000-b000-0000000000ff", "nobody", "a b@c"):
        with pytest.raises(NotFound):
            house.read(explain, house.world, house.contoso, who)
    with pytest.raises(NotFound):
        house.read(explain, house.world, "another-tenant", ALICE)


def test_who_has_tried_with_an_address_of_nobody_is_told(house: House) -> None:
    way = begin(house, "zoe@northwind.example")
    house.clock.pass_(seconds=1)
    way.password()
    way = begin(house, "carol@northwind.example")
    way.password()
    assert refused(way) is Page.UNKNOWN_ACCOUNT
    assert [one.code for one in explained(house, "zoe@northwind.example").findings] == ["unknown"]
    found = explained(house, "carol@northwind.example").findings
    assert [(one.code, one.blocks) for one in found] == [("unknown", True), ("lastRefusal", False)]
    assert "AADSTS50034 at My Apps" in found[1].sentence


def test_consent_that_is_missing_is_a_note(house: House) -> None:
    way = begin(house, ALICE)
    way.password()
    arrived = way.proceed()
    browser = Browser(arrived.session_token, "192.0.2.1", "s" * 43)
    tenant, request = house.read(tenants.get, house.contoso), asking(house, scopes=("Mail.Read",), prompt=("none",))
    house.clock.pass_(seconds=1)

    def silently(tx: Any) -> None:
        with pytest.raises(TokenRefused):
            sign_in.begin_authorize(tx, house.world, browser, flow_id="f", tenant=tenant, request=request)

    house.write(silently)
    found = explained(house, ALICE).findings
    assert [one.code for one in found] == ["fine", "lastRefusal"]
    assert "AADSTS65001 at Expenses" in found[1].sentence
    assert "the guest signs in to it once with pages" in found[1].sentence


def test_members_are_told_apart(house: House) -> None:
    assert code(house, "mia@contoso.com") == "member"


def test_a_deleted_guest_is_found_by_id_address_and_upn(house: House) -> None:
    guest = house.guest(house.people["alice"])
    remove(house, guest.id)
    for who in (guest.id, ALICE, guest.upn):
        assert code(house, who) == "deleted"


# ------------------------------------------------------------------------ pending


def test_an_open_invitation_tells_the_way_of_its_mail(house: House) -> None:
    house.invite("new@post.example", send=True)
    assert "its mail is on the way" in why(house, "new@post.example").sentence
    deliver.deliver_due(house.world, "worker")
    found = why(house, "new@post.example")
    assert (found.code, found.command) == ("neverRedeemed", "readmit guest invite new@post.example")
    assert "its mail is kept, since no mail server is set" in found.sentence
    house.write(lambda tx: tx.run("UPDATE outbox SET state = 'failed', last_error = '550 unknown'"))
    assert why(house, "new@post.example").sentence == "The invitation's mail was refused: 550 unknown."


def test_a_mailbox_that_wants_none(house: House) -> None:
    house.write(mail_blocks.block, house.contoso, PAT, house.clock())
    assert code(house, PAT) == "mailBlocked"


def test_a_reset_that_nobody_has_redeemed(house: House) -> None:
    house.reset(house.people["alice"], "alice@post.example")
    moved = why(house, ALICE)
    assert (moved.code, moved.command) == ("addressMoved", f"readmit guest explain {house.people['alice']}")
    assert code(house, "alice@post.example") == "resetNotRedeemed"


def test_invitations_that_are_over(house: House) -> None:
    settings(house, invitationLifetimeDays=1)
    invited = house.invite("new@post.example")
    house.clock.pass_(days=1)
    assert code(house, "new@post.example") == "invitationExpired"
    house.write(lambda tx: tx.run("UPDATE invitations SET cancelled_at = created_at, expires_at = NULL"))
    assert code(house, "new@post.example") == "invitationCancelled"
    house.write(lambda tx: tx.run("DELETE FROM invitations"))
    assert code(house, invited.invitation.user_id) == "noInvitation"


def test_policies_of_the_tenant(house: House) -> None:
    settings(house, allowInvitesFrom="none")
    assert code(house, PAT) == "invitesOff"
    settings(house, blockedDomains=("post.example",))
    assert code(house, PAT) == "domainNotAccepted"
    assert code(house, "new@post.example") == "domainNotAccepted"
    blocked = Inbound(applications=Rule("blocked", EVERYTHING.targets))
    settings(house)
    house.invite("bob@northwind.example")
    change_tenant(house, settings=replace(TenantSettings(), b2bCollaborationInbound=blocked.over(OPEN)))
    assert code(house, "bob@northwind.example") == "crossTenantBlocked"
    assert code(house, "carol@northwind.example") == "crossTenantBlocked"
    assert code(house, PAT) == "neverRedeemed", "who comes from no organisation is another matter"
    settings(house, emailOneTimePasscode=False)
    assert code(house, PAT) == "nobodyCanProve"
    assert why(house, MAX).command == f"readmit reset {house.people['max']} --to NEW-ADDRESS"


def test_P6_the_account_that_came_is_told(house: House) -> None:
    invited = house.invite("bob@northwind.example")
    way = follow(house, invited)
    way.do(methods.use_other_account)
    way.do(methods.type_address, EmailAddress.parse("carol@northwind.example"))
    way.password()
    assert refused(way) is Page.OTHER_ADDRESS
    found = why(house, "bob@northwind.example")
    assert (found.code, found.command) == (
        "otherAddress",
        f"readmit reset {invited.invitation.user_id} --to carol@northwind.example",
    )
    assert "(application Microsoft Invitation Acceptance Portal, came: carol@northwind.example of Northwind" in (
        found.sentence
    )


def test_P7_the_other_guest_is_told(house: House) -> None:
    house.write(
        lambda tx: tx.run(
            "UPDATE users SET mail = 'ali@fabrikam.com', mail_key = 'ali@fabrikam.com' WHERE upn = 'alice@fabrikam.com'"
        )
    )
    house.write(
        lambda tx: tx.run(
            "INSERT INTO user_addresses VALUES ('ali@fabrikam.com', :tenant, (SELECT id FROM users WHERE upn = 'alice@fabrikam.com'))",
            {"tenant": house.fabrikam},
        )
    )
    way = follow(house, house.invite("ali@fabrikam.com"))
    way.password()
    way.proceed()
    with pytest.raises(DeadEnd) as end:
        way.accept()
    way.do(refuse.refuse, end.value.page)
    found = why(house, "ali@fabrikam.com")
    assert (found.code, found.command) == ("identityTaken", f"readmit guest show {house.people['alice']}")


def test_who_came_is_erased_with_what_names_people(house: House) -> None:
    """The audit event keeps that somebody came; who it was stands beside it (security J2)."""
    way = follow(house, house.invite("bob@northwind.example"))
    way.do(methods.use_other_account)
    way.do(methods.type_address, EmailAddress.parse("carol@northwind.example"))
    way.password()
    refused(way)
    assert "carol" not in str(house.rows("SELECT * FROM audit_events"))
    house.write(lambda tx: tx.run("DELETE FROM audit_names"))
    found = why(house, "bob@northwind.example")
    assert (found.code, found.command.endswith("--to NEW-ADDRESS") if found.command else None) == ("otherAddress", True)


# ----------------------------------------------------------------------- accepted


def home_account(house: House) -> Any:
    return account(house, ALICE)


def test_B_a_home_account_that_was_made_anew(house: House) -> None:
    old = home_account(house)
    remove(house, old.id, house.fabrikam)
    assert code(house, ALICE) == "homeAccountDeleted"
    house.write(
        lambda tx: tx.run(
            "UPDATE users SET upn = 'alice@fabrikam.com', upn_key = 'alice@fabrikam.com' WHERE upn = 'bob@fabrikam.com'"
        )
    )
    house.write(
        lambda tx: tx.run(
            "INSERT INTO user_addresses VALUES ('alice@fabrikam.com', :tenant, (SELECT id FROM users WHERE upn = 'alice@fabrikam.com' AND deleted_at IS NULL AND tenant_id = :tenant))",
            {"tenant": house.fabrikam},
        )
    )
    assert why(house, ALICE) == Finding(
        "homeAccountRecreated",
        "The account at Fabrikam that redeemed is gone, and another one has its address: it was set up again (P8).",
        f"readmit reset {house.people['alice']}",
    )
    house.write(lambda tx: tx.run("DELETE FROM users WHERE id = :id", {"id": old.id}))
    assert code(house, ALICE) == "homeAccountRecreated"


def test_a_home_account_that_is_off_or_a_guest_itself(house: House) -> None:
    changed = change_user(house, home_account(house), enabled=False)
    assert code(house, ALICE) == "homeAccountDisabled"
    change_user(house, changed, enabled=True, converted=True)
    assert code(house, ALICE) == "homeAccountConverted"


def test_P8_another_identity_came(house: House) -> None:
    way = begin(house, ALICE)
    house.write(
        lambda tx: tx.run(
            "UPDATE users SET binding_subject = 'another' WHERE binding_subject IS NOT NULL AND upn_key LIKE 'alice_fabrikam%'"
        )
    )
    way.password()
    assert refused(way) is Page.UNKNOWN_ACCOUNT
    # The bound account is gone by then, which is told first; what came at the last try stands beside it.
    found = explained(house, ALICE).findings
    assert [(one.code, one.blocks) for one in found] == [("homeAccountRecreated", True), ("lastRefusal", False)]


def test_a_disabled_guest(house: House) -> None:
    change_user(house, house.guest(house.people["max"]), enabled=False)
    assert why(house, MAX).command == f"readmit guest enable {house.people['max']}"


def test_the_provider_of_a_guest(house: House, wingtip: LyingProvider) -> None:
    registered = register(house, wingtip.issuer)
    redeem_at(house, wingtip)
    assert "the last sign-in to Microsoft Invitation Acceptance Portal went well" in why(house, AT_WINGTIP).sentence
    wingtip.claims = {"sub": "mallory"}
    way = begin(house, AT_WINGTIP)
    house.clock.pass_(seconds=1)
    prove_at(way, wingtip)
    assert refused(way) is Page.UNKNOWN_ACCOUNT
    found = why(house, AT_WINGTIP)
    assert found.code == "wrongIdentity"
    assert f"(application My Apps, came: {AT_WINGTIP} of Wingtip, bound: {AT_WINGTIP} of Wingtip)." in found.sentence
    again = begin(house, AT_WINGTIP)
    house.clock.pass_(seconds=1)
    house.write(sign_in_log.not_proved, house.world, again.browser, again.flow_id, Page.PROVIDER_DOWN)
    assert why(house, AT_WINGTIP).command == "readmit idp check Wingtip"
    wingtip.claims = {}
    here = begin(house, AT_WINGTIP)
    prove_at(here, wingtip)
    switch_off(house, registered)
    assert refused(here) is Page.UNKNOWN_ACCOUNT
    assert why(house, AT_WINGTIP).command == "readmit idp enable Wingtip"
    house.write(administer_providers.enable, house.world, house.automation(), registered.id, enabled=True)
    house.clock.pass_(seconds=10)
    assert [one.code for one in explained(house, AT_WINGTIP).findings] == ["fine", "lastRefusal"]
    house.write(administer_providers.remove, house.world, house.automation(), registered.id)
    assert code(house, AT_WINGTIP) == "providerGone"


def test_the_provider_of_an_invited_address(house: House, wingtip: LyingProvider) -> None:
    registered = register(house, wingtip.issuer)
    house.invite(AT_WINGTIP)
    assert code(house, AT_WINGTIP) == "neverRedeemed"
    switch_off(house, registered)
    settings(house, emailOneTimePasscode=False)
    assert code(house, AT_WINGTIP) == "providerOff"


def test_codes_that_are_locked_are_heard_from_a_browser_with_a_new_link(house: House) -> None:
    for _ in range(4):
        way = begin(house, MAX)
        way.ask_code()
        for _ in range(5):
            assert not way.code("00000000").right
    found = why(house, MAX)
    assert (found.code, found.command) == ("codesLocked", f"readmit guest link {house.people['max']}")
    assert begin(house, MAX).code().locked
    invited = house.invite(MAX, user_id=house.people["max"])
    assert follow(house, invited).code().right, "what the command does mends it"
    for _ in range(5):
        way = follow(house, invited)
        way.ask_code()
        for _ in range(5):
            way.code("00000000")
    assert why(house, MAX).command is None


def test_the_mail_of_codes_that_does_not_arrive(house: House) -> None:
    begin(house, MAX).ask_code()
    assert code(house, MAX) == "fine"
    house.write(lambda tx: tx.run("UPDATE outbox SET state = 'retrying', last_error = '451 later'"))
    assert why(house, MAX).sentence.endswith("was not taken yet and is tried again: 451 later.")


def test_an_application_that_wants_an_assignment(house: House) -> None:
    change_principal(house, assignment_required=True)
    house.write(lambda tx: tx.run("DELETE FROM app_role_assignments"))
    way = begin(house, ALICE, target=to_application(house))
    way.password()
    assert refused(way) is Page.NOT_ASSIGNED
    found = why(house, ALICE)
    assert (found.code, found.command) == ("notAssigned", f"readmit guest assign {house.people['alice']} Expenses")
    change_principal(house, assignment_required=False)
    assert code(house, ALICE) == "fine"
    house.write(lambda tx: tx.run("UPDATE sign_in_events SET app_id = NULL"))
    assert code(house, ALICE) == "fine"
    change_principal(house, assignment_required=True)
    house.write(
        lambda tx: tx.run("UPDATE sign_in_events SET app_id = :app", {"app": "00000000-0000-4000-8000-0000000000a2"})
    )
    assert code(house, ALICE) == "notAssigned"


def test_a_home_tenant_that_nobody_knows_any_more_is_told_by_its_id(house: House) -> None:
    house.write(
        lambda tx: tx.run(
            "UPDATE users SET binding_issuer = 'urn:readmit:tenant:gone' WHERE id = :id", {"id": house.people["alice"]}
        )
    )
    assert why(house, ALICE).sentence == "The account at gone that redeemed was deleted there."


def test_C7_the_passkeys_of_a_guest_are_counted_where_two_factors_are_wanted(house: House) -> None:
    with_passkey(house, Authenticator())
    settings(house, guestStrength="multi")
    (told,) = [one for one in explained(house, "max@post.example").findings if one.code == "secondFactor"]
    assert "has one passkey" in told.sentence
    way = at_passkey(house, "alice@fabrikam.com")
    assert way.step is Step.PASSWORD


def test_a_passkey_that_does_not_fit_is_told_as_that(house: House) -> None:
    device = Authenticator()
    with_passkey(house, device)
    way = at_passkey(house)
    assert use(way, device, challenge="AAAA") is Answer.WRONG
    sentences = " ".join(one.sentence for one in explained(house, "max@post.example").findings)
    assert "passkey" in sentences
