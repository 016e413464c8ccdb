"""Redemption and sign-in flow by flow: links, proofs, codes, consent, dead ends (lifecycle sections 8 and 16)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from ways import Way, begin, follow

from readmit.domain.address import EmailAddress
from readmit.domain.errors import DeadEnd, Page, Throttled
from readmit.domain.guest import Accepted, Pending
from readmit.domain.mail import OwedMail
from readmit.domain.redemption import Step
from readmit.domain.tenant import TenantSettings
from readmit.flows import arrive, codes, directory, invite, links, look, methods, open_flow, prove, refuse
from readmit.flows.arrive import Arrived
from readmit.flows.browsers import Browser, session_of
from readmit.flows.directory import UserChanges
from readmit.flows.open_flow import Onward
from readmit.flows.prove import Answer
from readmit.storage import browser_flows, invitations, outbox, passcodes, tenants, users
from world import PASSWORD, House, a_browser, copy_house


def configure(house: House, **settings: Any) -> None:
    def change(tx: Any) -> None:
        tenant = tenants.get(tx, house.contoso)
        assert tenant is not None
        tenants.update(tx, replace(tenant, settings=TenantSettings.parse(settings)))

    house.write(change)


def patch(house: House, user_id: str, **values: Any) -> None:
    caller = house.automation("User.ReadWrite.All", "Directory.ReadWrite.All")
    if "mail" in values:
        values["mail"] = EmailAddress.parse(values["mail"])
    if "otherMails" in values:
        values["otherMails"] = tuple(EmailAddress.parse(mail) for mail in values["otherMails"])
    house.write(directory.update_user, house.world, caller, user_id, UserChanges(values))


def dead_end(work: Any, *arguments: Any, **named: Any) -> Page:
    with pytest.raises(DeadEnd) as end:
        work(*arguments, **named)
    return end.value.page


# ------------------------------------------------------------------------- links


def test_L23_a_link_shows_who_invites_whom_and_writes_nothing(house: House) -> None:
    invited = house.invite("new@post.example", house.person("ada"))
    before = house.contents()
    opened = house.read(links.open_link, house.world, invited.ticket)
    assert (opened.inviter, opened.redeemed, opened.tenant.display_name) == ("Ada Admin", False, "Contoso")
    assert house.contents() == before


def test_P1_P2_P4_dead_links(house: House) -> None:
    invited = house.invite("new@post.example")
    look = house.world.database.read
    assert dead_end(look, links.open_link, house.world, "unknown") is Page.UNKNOWN_LINK
    again = house.reset(invited.user.id, "new@post.example")
    assert dead_end(look, links.open_link, house.world, invited.ticket) is Page.RENEWED
    patch(house, invited.user.id, accountEnabled=False)
    assert dead_end(look, links.open_link, house.world, again.ticket) is Page.BLOCKED
    house.write(lambda tx: users.delete(tx, house.guest(invited.user.id)))
    assert dead_end(look, links.open_link, house.world, again.ticket) is Page.UNKNOWN_LINK


def test_P3_an_invitation_that_is_over(house: House) -> None:
    configure(house, invitationLifetimeDays=1)
    invited = house.invite("new@post.example")
    way = follow(house, invited)
    house.clock.pass_(minutes=5)
    assert way.step is Step.REQUEST_CODE
    house.clock.pass_(days=1)
    assert dead_end(house.read, links.open_link, house.world, invited.ticket) is Page.EXPIRED


def test_P4_a_cancelled_invitation_and_an_address_off_the_object(house: House) -> None:
    first, second = house.invite("one@post.example"), house.invite("two@post.example")
    house.write(invite.cancel, house.world, house.automation(), first.invitation.id)
    assert dead_end(house.read, links.open_link, house.world, first.ticket) is Page.NO_INVITATION
    way = follow(house, second)
    patch(house, second.user.id, mail="other@post.example", otherMails=["other@post.example"])
    assert dead_end(house.read, links.open_link, house.world, second.ticket) is Page.NO_INVITATION
    assert dead_end(way.look) is Page.CLOSED, "the open flow went with the invitation (S9)"


def test_an_accepted_guests_link_begins_a_sign_in(house: House) -> None:
    """S3, L23."""
    completed = house.invite("max@post.example", user_id=house.people["max"])
    assert completed.status == "Completed"
    assert house.read(links.open_link, house.world, completed.ticket).redeemed
    way = follow(house, completed)
    assert way.look().flow.kind == "sign_in"
    assert way.code().right
    assert isinstance(way.proceed(), Arrived)


def test_a_flow_id_is_used_once(house: House) -> None:
    invited = house.invite("new@post.example")
    way = follow(house, invited)
    page = dead_end(
        house.write, links.start, house.world, a_browser("x" * 43), flow_id=way.flow_id, ticket=invited.ticket
    )
    assert page is Page.CLOSED
    page = dead_end(begin_with, house, way.flow_id)
    assert page is Page.CLOSED


def begin_with(house: House, flow_id: str) -> None:
    from readmit.domain.redemption import ToMyApps
    from readmit.flows import sign_in
    from readmit.storage import queries_tenants

    tenant = house.read(queries_tenants.named, house.contoso)
    house.write(sign_in.start, house.world, a_browser(), flow_id=flow_id, tenant=tenant, target=ToMyApps())


def test_S10_the_current_invitation_is_mailed_once_an_hour_and_thrice_a_day(house: House) -> None:
    invited = house.invite("new@post.example")
    house.reset(invited.user.id, "new@post.example")

    def mails() -> int:
        return int(house.rows("SELECT COUNT(*) FROM outbox WHERE kind = 'invitation'")[0][0])

    for expected in (1, 1, 2, 2, 3, 3, 3):
        house.write(links.mail_current, house.world, invited.ticket)
        assert mails() == expected
        house.clock.pass_(minutes=50)
    house.write(links.mail_current, house.world, "unknown")
    patch(house, invited.user.id, mail="moved@post.example", otherMails=[])
    house.clock.pass_(days=2)
    house.write(links.mail_current, house.world, invited.ticket)
    completed = house.invite("max@post.example", user_id=house.people["max"])
    house.write(links.mail_current, house.world, completed.ticket)
    assert mails() == 3


def test_M7_another_tenants_mail_to_the_mailbox_holds_up_no_new_mail_of_this_one(house: House) -> None:
    """No tenant learns of another's invitations, and none is blocked by them (lifecycle S10)."""
    invited = house.invite("new@post.example")
    key = EmailAddress.parse("new@post.example").key
    for number in range(3):
        house.write(outbox.owe, OwedMail(f"m{number}", house.fabrikam, "invitation", key), house.clock())
    house.write(links.mail_current, house.world, invited.ticket)
    owed = house.rows("SELECT COUNT(*) FROM outbox WHERE tenant_id = :tenant", tenant=house.contoso)
    assert owed == [(1,)]


# ---------------------------------------------------------------------- password


def test_a_guest_redeems_with_the_home_account_and_takes_its_names(house: House) -> None:
    invited = house.invite("bob@fabrikam.com", display_name="Robert")
    way = follow(house, invited)
    assert way.step is Step.PASSWORD
    assert way.look().home is not None
    assert way.password("wrong").answer is Answer.WRONG
    assert way.password().answer is Answer.PROVED
    assert isinstance(way.proceed(), Onward)
    assert way.step is Step.CONSENT
    arrived = way.accept()
    assert isinstance(arrived, Arrived)
    user = house.guest(invited.user.id)
    assert isinstance(user.redemption, Accepted)
    assert user.redemption.binding.kind == "tenant"
    assert user.display_name == "Bob"
    session = house.read(session_of, arrived.session_token, house.world.now())
    assert {entry.tenant_id for entry in session.sign_ins} == {house.contoso, house.fabrikam}
    guest_entry = session.at(house.contoso)
    assert guest_entry.home_user_id is not None


def test_L24_a_live_home_sign_in_proves_by_itself(house: House) -> None:
    home = begin(house, "bob@fabrikam.com", tenant=house.fabrikam)
    home.password()
    arrived = home.proceed()
    browser = Browser(arrived.session_token, "192.0.2.1", "s" * 43)
    way = follow(house, house.invite("bob@fabrikam.com"), browser)
    account = way.look().account
    assert account is not None
    assert account.upn == "bob@fabrikam.com"
    house.clock.pass_(hours=2)

    again = follow(house, house.invite("bob@fabrikam.com"), browser)
    assert again.do(prove.prove_by_session).answer is Answer.PROVED
    proof = again.look().flow.proof
    assert proof is not None
    assert proof.auth_time < proof.at, "auth_time stays the password's"


def test_a_session_of_another_account_proves_nothing(house: House) -> None:
    home = begin(house, "carol@fabrikam.com", tenant=house.fabrikam)
    home.password()
    browser = Browser(home.proceed().session_token, "192.0.2.1", "s" * 43)
    way = follow(house, house.invite("bob@fabrikam.com"), browser)
    assert way.look().account is None
    assert way.do(prove.prove_by_session).answer is Answer.WRONG
    by_code = follow(house, house.invite("new@post.example"), browser)
    assert by_code.do(prove.prove_by_session).answer is Answer.WRONG


def test_N8_ten_wrong_passwords_an_hour_then_one_a_minute(house: House) -> None:
    way = begin(house, "alice@fabrikam.com")
    for _ in range(11):
        assert way.password("wrong").answer is Answer.WRONG
    with pytest.raises(Throttled) as waiting:
        way.password()
    assert 1 <= waiting.value.retry_after <= 60
    house.clock.pass_(minutes=1)
    assert way.password().answer is Answer.PROVED


def test_N8_sixty_tries_an_hour_from_one_address(house: House) -> None:
    names = [f"nobody{number}@fabrikam.com" for number in range(6)]
    for name in names:
        way = begin(house, name)
        for _ in range(10):
            way.password("wrong")
    with pytest.raises(Throttled):
        begin(house, "alice@fabrikam.com").password()


def test_a_disabled_or_unknown_home_account_is_a_wrong_password(house: House) -> None:
    way = begin(house, "alice@fabrikam.com")
    account = house.read(users.by_upn, house.fabrikam, "alice@fabrikam.com")
    house.write(lambda tx: users.update(tx, replace(account, enabled=False), account))
    assert way.password().answer is Answer.WRONG
    assert begin(house, "nobody@fabrikam.com").password().answer is Answer.WRONG


def test_a_password_that_changed_while_it_was_compared_is_wrong(house: House) -> None:
    way = begin(house, "alice@fabrikam.com")
    account = house.read(users.by_upn, house.fabrikam, "alice@fabrikam.com")
    stored = house.write(prove._count_password_try, house.world, way.browser, way.flow_id)
    house.write(users.set_password, account.id, "another hash", now=house.world.now())
    proved = house.write(prove._record_password, house.world, way.browser, way.flow_id, right=True, stored=stored)
    assert proved.answer is Answer.WRONG


def test_D1_a_one_time_password_opens_only_the_page_that_replaces_it(house: House) -> None:
    account = house.read(users.by_upn, house.contoso, "mia@contoso.com")
    hashed = house.world.passwords.hash("one time")
    expires = house.world.now() + timedelta(hours=24)
    house.write(users.set_password, account.id, hashed, now=house.world.now(), expires=expires)
    way = begin(house, "mia@contoso.com")
    assert way.password("one time").session_token is None
    assert way.look().one_time
    assert isinstance(way.proceed(), Onward)
    proved = prove.replace_one_time_password(house.world, way.browser, way.flow_id, "a password of her own")
    assert proved.session_token is not None
    assert isinstance(way.proceed(), Arrived)
    assert begin(house, "mia@contoso.com").password("one time").answer is Answer.WRONG


def test_D1_a_one_time_password_ends_after_a_day_and_with_its_account(house: House) -> None:
    account = house.read(users.by_upn, house.contoso, "mia@contoso.com")
    hashed = house.world.passwords.hash("one time")
    expires = house.world.now() + timedelta(hours=24)
    house.write(users.set_password, account.id, hashed, now=house.world.now(), expires=expires)
    way = begin(house, "mia@contoso.com")
    way.password("one time")
    house.write(lambda tx: users.update(tx, replace(account, enabled=False), account))
    assert dead_end(prove.replace_one_time_password, house.world, way.browser, way.flow_id, "x" * 8) is Page.CLOSED
    house.clock.pass_(hours=25)
    house.write(lambda tx: users.update(tx, account, account))
    assert begin(house, "mia@contoso.com").password("one time").answer is Answer.WRONG
    other = begin(house, "hal@contoso.com")
    assert dead_end(prove.replace_one_time_password, house.world, other.browser, other.flow_id, "x" * 8) is Page.CLOSED


def test_a_bound_guest_whose_home_name_changed_is_asked_for_the_bound_account(house: House) -> None:
    """Lifecycle L29: the provider is the bound one, whatever address is typed."""
    account = house.read(users.by_upn, house.fabrikam, "alice@fabrikam.com")
    renamed = replace(account, upn="alicia@fabrikam.com", mail=EmailAddress.parse("alicia@fabrikam.com"))
    house.write(lambda tx: users.update(tx, renamed, account))
    way = begin(house, "alice@fabrikam.com")
    assert way.password().answer is Answer.PROVED
    assert isinstance(way.proceed(), Arrived)


# ------------------------------------------------------------------------- codes


def test_a_guest_redeems_with_a_code_and_it_binds_the_mailbox(house: House) -> None:
    invited = house.invite("new@post.example")
    way = follow(house, invited)
    assert way.step is Step.REQUEST_CODE
    typed = way.ask_code()
    assert way.step is Step.ENTER_CODE
    assert way.code(typed).right
    way.proceed()
    assert isinstance(way.accept(), Arrived)
    redemption = house.guest(invited.user.id).redemption
    assert isinstance(redemption, Accepted)
    assert (redemption.binding.issuer, redemption.binding.subject) == ("mail", "new@post.example")


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**8:08d}"


def test_C3_a_code_has_five_tries(house: House) -> None:
    way = follow(house, house.invite("new@post.example"))
    right = way.ask_code()
    for _ in range(5):
        assert not way.code(wrong(right)).right
    assert not way.code(right).right


def test_C3_twenty_wrong_codes_a_day_for_strangers_and_twenty_more_by_a_live_link(house: House) -> None:
    """A stranger cannot shut a guest out: who holds a live link has tries of his own."""
    invited = house.invite("new@post.example")
    stranger = begin(house, "new@post.example")
    for number in range(20):
        if number % 5 == 0:
            right = stranger.ask_code()
        assert stranger.code(wrong(right)).locked is None
    locked = stranger.code(stranger.ask_code())
    assert not locked.right
    assert locked.locked is not None
    own = follow(house, invited, a_browser("y" * 43))
    assert own.code().right


def test_C3_sixty_wrong_codes_an_hour_from_one_address(house: House) -> None:
    for number in range(3):
        way = begin(house, f"nobody{number}@post.example")
        for _ in range(20):
            way.do(codes.request_code)
            way.code("00000000")
    late = follow(house, house.invite("new@post.example"))
    entered = late.code()
    assert entered.locked is not None
    assert entered.locked <= house.world.now() + timedelta(hours=1)


def test_C1_a_code_is_good_for_ten_minutes_and_a_new_one_kills_it(house: House) -> None:
    way = follow(house, house.invite("new@post.example"))
    first = way.ask_code()
    second = way.ask_code()
    assert not way.code(first).right
    house.clock.pass_(minutes=10)
    assert not way.code(second).right
    states = [row[0] for row in house.rows("SELECT state FROM outbox WHERE kind = 'passcode' ORDER BY created_at, id")]
    assert sorted(states) == ["queued", "superseded"]


def test_a_code_without_a_request_is_wrong(house: House) -> None:
    way = follow(house, house.invite("new@post.example"))
    assert not way.code("12345678").right


@pytest.mark.parametrize("address", ["nobody@post.example", "alice-other@post.example"])
def test_V7_nobody_behind_an_address_looks_the_same_but_no_mail_is_owed(house: House, address: str) -> None:
    way = begin(house, address)
    assert way.step is Step.REQUEST_CODE
    code = way.ask_code()
    assert way.step is Step.ENTER_CODE
    assert not way.code(code).right, "not even the code of nobody's row is right"
    assert house.rows("SELECT 1 FROM outbox") == []


def test_L28_other_addresses_of_a_pending_guest_count_as_unknown(house: House) -> None:
    patch(house, house.people["pat"], otherMails=["pat@post.example", "pat2@post.example"])
    way = begin(house, "pat2@post.example")
    way.do(codes.request_code)
    assert house.rows("SELECT 1 FROM outbox") == []


def test_a_pending_guest_who_cannot_redeem_gets_no_code(house: House) -> None:
    house.write(lambda tx: invitations.cancel(tx, house.people["pat"], 1, house.world.now()))
    begin(house, "pat@post.example").do(codes.request_code)
    assert house.rows("SELECT 1 FROM outbox") == []
    home_guest = begin(house, "alice@fabrikam.com")
    home_guest.do(methods.use_code)
    home_guest.do(codes.request_code)
    assert house.rows("SELECT 1 FROM outbox") == [], "a home binding is never proved by a code"


def test_a_redemption_renewed_meanwhile_sends_no_code(house: House) -> None:
    invited = house.invite("new@post.example")
    way = follow(house, invited)
    user = house.guest(invited.user.id)
    house.write(lambda tx: users.update(tx, replace(user, generation=9), user))
    assert dead_end(way.do, codes.request_code) is Page.NO_INVITATION
    gone = follow(house, house.invite("gone@post.example"))
    found = house.read(users.by_address, house.contoso, "gone@post.example")
    deleted = replace(found, deleted=house.world.now())
    house.write(lambda tx: users.update(tx, deleted, found))
    gone.do(codes.request_code)
    assert house.rows("SELECT 1 FROM outbox") == []


def test_P9_codes_off(house: House) -> None:
    way = begin(house, "max@post.example")
    configure(house, emailOneTimePasscode=False)
    assert dead_end(way.do, codes.request_code) is Page.CODES_OFF
    assert dead_end(begin, house, "max@post.example") is Page.CODES_OFF


def test_C6_sixty_seconds_between_mails_and_five_a_day_for_an_smtp_server(seeded: Path, tmp_path: Path) -> None:
    house = copy_house(seeded, tmp_path, smtp="smtp://127.0.0.1:1", mail_from="readmit@contoso.com")
    way = begin(house, "max@post.example")
    assert way.do(codes.request_code).wait is None
    assert way.do(codes.request_code).wait is not None
    for _ in range(4):
        house.clock.pass_(minutes=2)
        house.write(lambda tx: tx.run("UPDATE outbox SET state = 'sent'"))
        assert way.do(codes.request_code).wait is None
    house.write(lambda tx: tx.run("UPDATE outbox SET state = 'sent'"))
    house.clock.pass_(minutes=2)
    assert way.do(codes.request_code).wait is not None, "five a day for a stranger"
    house.world.database.close()


# --------------------------------------------------------------- other accounts


def test_another_account_of_a_home_tenant_is_P6(house: House) -> None:
    way = follow(house, house.invite("bob@fabrikam.com"))
    way.do(methods.use_other_account)
    assert way.step is Step.ADDRESS
    way.do(methods.type_address, EmailAddress.parse("carol@fabrikam.com"))
    way.password()
    assert dead_end(way.proceed) is Page.OTHER_ADDRESS
    way.do(refuse.refuse, Page.OTHER_ADDRESS)
    assert way.step is Step.PASSWORD, "the proof is gone"
    reasons = house.rows("SELECT reason FROM audit_events WHERE result = 'failure'")
    assert reasons == [("OTHER_ADDRESS",)]
    way.do(refuse.refuse, Page.OTHER_ADDRESS)
    assert len(house.rows("SELECT 1 FROM audit_events WHERE result = 'failure'")) == 1
    way.do(methods.use_code)
    assert way.redeem_by_code().tenant.display_name == "Contoso"


def test_the_address_page_of_a_redemption(house: House) -> None:
    way = follow(house, house.invite("bob@fabrikam.com"))
    assert dead_end(way.do, methods.type_address, EmailAddress.parse("x@post.example")) is Page.OTHER_ADDRESS
    way.do(methods.type_address, EmailAddress.parse("BOB@fabrikam.com"))
    assert way.step is Step.PASSWORD
    other = begin(house, None)
    assert other.step is Step.ADDRESS
    assert dead_end(other.do, codes.request_code) is Page.CLOSED
    other.do(methods.use_code)
    other.do(methods.type_address, EmailAddress.parse("max@post.example"))
    assert other.step is Step.REQUEST_CODE


def test_P7_an_identity_that_is_a_guest_already(house: House) -> None:
    invited = house.invite("second@post.example")
    alice = house.guest(house.people["alice"])
    moved = replace(alice, mail=EmailAddress.parse("a@post.example"), other_mails=())
    house.write(lambda tx: users.update(tx, moved, alice))
    same = house.invite("alice@fabrikam.com")
    way = follow(house, same)
    way.password()
    way.proceed()
    assert dead_end(way.accept) is Page.ALREADY_A_GUEST
    assert isinstance(house.guest(invited.user.id).redemption, Pending)


def test_L26_a_mail_binding_whose_address_is_off_its_object_gives_way(house: House) -> None:
    old = house.guest(house.people["max"])
    moved = replace(old, mail=EmailAddress.parse("elsewhere@post.example"), other_mails=())
    house.write(lambda tx: users.update(tx, moved, old))
    new = house.invite("max@post.example")
    assert new.user.id != old.id
    follow(house, new).redeem_by_code()
    assert isinstance(house.guest(old.id).redemption, Pending)
    assert isinstance(house.guest(new.user.id).redemption, Accepted)
    ended = house.rows("SELECT ended_by FROM redemptions WHERE user_id = :id", id=old.id)
    assert ended == [("another guest redeemed its address",)]


def test_P8_a_recreated_home_account(house: House) -> None:
    """Scenario B: the same name, another subject."""
    account = house.read(users.by_upn, house.fabrikam, "alice@fabrikam.com")
    house.write(lambda tx: users.delete(tx, account))
    anew = replace(account, id=house.world.new_id())
    house.write(lambda tx: users.insert(tx, anew))
    house.write(users.set_password, anew.id, house.world.passwords.hash(PASSWORD), now=house.world.now())
    way = begin(house, "alice@fabrikam.com")
    way.password()
    assert dead_end(way.proceed) is Page.UNKNOWN_ACCOUNT
    way.do(refuse.refuse, Page.UNKNOWN_ACCOUNT)
    target = house.rows("SELECT target_id FROM audit_events WHERE result = 'failure'")
    assert target == [(house.people["alice"],)]


def test_P8_an_address_of_no_guest_whatever_is_proved(house: House) -> None:
    way = begin(house, "bob@fabrikam.com")
    assert way.step is Step.PASSWORD, "V7: an unknown address of a home domain goes to its page"
    way.password()
    assert dead_end(way.proceed) is Page.UNKNOWN_ACCOUNT


def test_L28_a_pending_guest_signs_in_directly_and_redeems(house: House) -> None:
    way = begin(house, "pat@post.example")
    assert way.code().right
    assert isinstance(way.proceed(), Onward)
    assert way.look().flow.kind == "redemption"
    assert way.step is Step.CONSENT
    assert isinstance(way.accept(), Arrived)


def test_L28_without_a_live_invitation_it_is_unknown(house: House) -> None:
    way = begin(house, "pat@post.example")
    assert way.code().right
    house.write(lambda tx: invitations.cancel(tx, house.people["pat"], 1, house.world.now()))
    assert dead_end(way.proceed) is Page.UNKNOWN_ACCOUNT


# ------------------------------------------------------------------- the commit


def test_a_stale_proof_commits_nothing(house: House) -> None:
    """Lifecycle L24: at most ten minutes old at commit."""
    invited = house.invite("new@post.example")
    way = follow(house, invited)
    way.code()
    way.proceed()
    house.clock.pass_(minutes=11)
    assert isinstance(way.accept(), Onward)
    assert way.step is not Step.CONSENT
    assert isinstance(house.guest(invited.user.id).redemption, Pending)


def test_a_home_account_that_was_disabled_since_its_proof_proves_nothing(house: House) -> None:
    way = follow(house, house.invite("bob@fabrikam.com"))
    way.password()
    way.proceed()
    account = house.read(users.by_upn, house.fabrikam, "bob@fabrikam.com")
    house.write(lambda tx: users.update(tx, replace(account, enabled=False), account))
    assert dead_end(way.accept) is Page.OTHER_ADDRESS


def test_a_flow_of_another_browser_or_an_hour_ago_does_not_exist(house: House) -> None:
    way = follow(house, house.invite("new@post.example"))
    stranger = Way(house, a_browser("z" * 43), way.flow_id)
    assert dead_end(stranger.look) is Page.CLOSED
    assert dead_end(stranger.do, codes.request_code) is Page.CLOSED
    assert dead_end(stranger.do, methods.use_code) is Page.CLOSED
    assert not house.read(open_flow.begun, stranger.browser, way.flow_id)
    assert house.read(look.way, stranger.browser, way.flow_id) is None
    assert house.read(look.way, way.browser, way.flow_id)
    house.clock.pass_(minutes=61)
    assert dead_end(way.look) is Page.CLOSED


def test_P2_a_reset_renews_an_open_redemption(house: House) -> None:
    invited = house.invite("new@post.example")
    way = follow(house, invited)
    way.code()
    way.proceed()
    flow = house.read(browser_flows.get, way.flow_id, way.browser.flow_hash)
    house.reset(invited.user.id, "new@post.example")
    assert dead_end(way.accept) is Page.CLOSED
    house.write(browser_flows.insert, flow)
    assert dead_end(way.accept) is Page.RENEWED, "even a flow that came back is held against its generation"
    assert dead_end(way.look) is Page.RENEWED


def test_L5_who_loses_to_another_identity_ends_on_P8(house: House) -> None:
    invited = house.invite("bob@fabrikam.com")
    by_code, by_home = follow(house, invited), follow(house, invited, a_browser("y" * 43))
    by_code.do(methods.use_code)
    by_code.code()
    by_code.proceed()
    by_home.password()
    by_home.proceed()
    assert isinstance(by_home.accept(), Arrived)
    assert by_code.step is Step.CONSENT
    assert dead_end(by_code.accept) is Page.UNKNOWN_ACCOUNT


def test_L5_the_same_identity_is_let_in_while_its_epoch_is(house: House) -> None:
    invited = house.invite("new@post.example")
    first, second = follow(house, invited), follow(house, invited, a_browser("y" * 43))
    for way in (first, second):
        way.code()
        way.proceed()
    assert isinstance(first.accept(), Arrived)
    flow = house.read(browser_flows.get, second.flow_id, second.browser.flow_hash)
    user = house.guest(invited.user.id)
    house.write(lambda tx: users.update(tx, replace(user, epoch=user.epoch + 1), user))
    assert dead_end(second.accept) is Page.CLOSED
    house.write(browser_flows.update, replace(flow, epoch=user.epoch + 1))
    assert isinstance(second.accept(), Arrived)


def test_a_sign_in_is_held_against_its_epoch(house: House) -> None:
    way = begin(house, "max@post.example")
    way.code()
    flow = house.read(browser_flows.get, way.flow_id, way.browser.flow_hash)
    house.write(browser_flows.update, replace(flow, user_id=house.people["max"], epoch=99))
    assert dead_end(way.proceed) is Page.CLOSED


def test_S4_a_conversion_keeps_the_password_until_the_redemption(house: House) -> None:
    """Lifecycle L32, L33."""
    mia = house.read(users.by_upn, house.contoso, "mia@contoso.com")
    patch(house, mia.id, otherMails=["mia@post.example"])
    converted = house.invite("mia@post.example", user_id=mia.id)
    assert converted.invitation.kind == "convert"
    before = begin(house, "mia@contoso.com")
    before.password()
    session = before.proceed().session_token
    follow(house, converted, a_browser("y" * 43)).redeem_by_code()
    assert house.read(session_of, session, house.world.now()) is None
    assert house.read(users.password, mia.id) == (None, None)
    assert house.guest(mia.id).user_type == "Member"


def test_P12_cancel_ends_the_flow_and_is_audited(house: House) -> None:
    way = follow(house, house.invite("new@post.example"))
    way.do(refuse.decline)
    assert dead_end(way.look) is Page.CLOSED
    assert house.rows("SELECT reason FROM audit_events WHERE result = 'failure'") == [("DECLINED",)]


def test_steps_out_of_order_change_nothing(house: House) -> None:
    """T42."""
    way = follow(house, house.invite("new@post.example"))
    before = house.contents()
    assert isinstance(way.proceed(), Onward)
    assert isinstance(way.accept(), Onward)
    assert isinstance(way.do(arrive.consent_to_application), Onward)
    way.do(refuse.refuse, Page.UNKNOWN_ACCOUNT)
    assert house.contents() == before


def test_a_redemption_clears_the_mail_that_was_still_owed(house: House) -> None:
    invited = house.invite("new@post.example", send=True)
    follow(house, invited).redeem_by_code()
    assert house.read(outbox.state_of, invited.invitation.id) == "superseded"
    assert house.read(passcodes.get, "none") is None


def test_L26_where_the_tenant_allows_it_home_identity_and_code_bind_the_home_identity(house: House) -> None:
    """Alias users: the invited address is one that their home account does not list."""
    configure(house, allowOtherAccount=True)
    invited = house.invite("alias@fabrikam.com")
    way = follow(house, invited)
    way.do(methods.use_other_account)
    way.do(methods.type_address, EmailAddress.parse("bob@fabrikam.com"))
    way.password()
    assert dead_end(way.proceed) is Page.OTHER_ADDRESS
    way.do(refuse.refuse, Page.OTHER_ADDRESS)
    way.do(methods.use_code)
    assert way.code().right
    assert isinstance(way.proceed(), Onward)
    assert isinstance(way.accept(), Arrived)
    redemption = house.guest(invited.user.id).redemption
    assert isinstance(redemption, Accepted)
    assert redemption.binding.kind == "tenant"
    assert redemption.redeemed.given == "alias@fabrikam.com"


def test_L24_a_home_identity_of_long_ago_is_not_bound_by_a_code_of_now(house: House) -> None:
    """Whoever sits at the browser an hour later has the mailbox, and not the home account."""
    configure(house, allowOtherAccount=True)
    invited = house.invite("alias@fabrikam.com")
    way = follow(house, invited)
    way.do(methods.use_other_account)
    way.do(methods.type_address, EmailAddress.parse("bob@fabrikam.com"))
    way.password()
    assert dead_end(way.proceed) is Page.OTHER_ADDRESS
    way.do(refuse.refuse, Page.OTHER_ADDRESS)
    way.do(methods.use_code)
    house.clock.pass_(minutes=11)
    assert way.code().right
    assert isinstance(way.proceed(), Onward)
    assert isinstance(way.accept(), Onward), "back to the proof: nothing is bound"
    assert isinstance(house.guest(invited.user.id).redemption, Pending)
    way.redeem_by_code()
    redemption = house.guest(invited.user.id).redemption
    assert isinstance(redemption, Accepted)
    assert redemption.binding.kind == "mail", "what was proved now"


def test_L26_a_home_identity_without_the_code_binds_nothing(house: House) -> None:
    configure(house, allowOtherAccount=True)
    invited = house.invite("alias@fabrikam.com")
    way = follow(house, invited)
    way.do(methods.use_other_account)
    way.do(methods.type_address, EmailAddress.parse("bob@fabrikam.com"))
    way.password()
    way.do(refuse.refuse, Page.OTHER_ADDRESS)
    assert isinstance(way.accept(), Onward)
    way.do(methods.use_other_account)
    way.do(methods.type_address, EmailAddress.parse("alias@fabrikam.com"))
    way.redeem_by_code()
    redemption = house.guest(invited.user.id).redemption
    assert isinstance(redemption, Accepted)
    assert redemption.binding.kind == "mail", "an account left behind by choosing another is forgotten"
