"""Adding a passkey: with a fresh proof, told by mail and audit, offered after a code, required by `multi` (N7, T37, C7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from applications import asking, bring, renew, to_application
from passkeys import (
    MAX,
    add,
    adding,
    at_passkey,
    creation,
    entry_of,
    of,
    options,
    set_tenant,
    signed_in,
    use,
    with_passkey,
)
from test_redeeming import patch
from test_upstream import ALICE, prove_at, redeem_at, register
from ways import Way, begin, follow

from authenticator import Authenticator
from lying_provider import LyingProvider, provider
from readmit.domain.errors import DeadEnd, Page, TokenRefused
from readmit.domain.passkey import MOST, Wanted
from readmit.domain.redemption import Step
from readmit.flows import authorize, deliver, passkey_add, passkey_own, passkey_use, prove, sign_in
from readmit.flows.arrive import Arrived, consent_to_application
from readmit.flows.browsers import Browser
from readmit.flows.open_flow import Onward
from readmit.flows.passkey_add import Added, add_passkey
from readmit.flows.passkey_use import Answer
from readmit.mail import mailbox
from readmit.storage import queries_tenants
from world import House, a_browser

FACTORS = ("otp", "pop", "user", "mfa")


def notices(house: House) -> list[str]:
    return [row[0] for row in house.rows("SELECT kind FROM outbox WHERE kind LIKE 'passkey%' ORDER BY created_at")]


def events(house: House) -> list[tuple[str, str]]:
    sql = "SELECT activity, actor_type FROM audit_events WHERE service = 'Authentication Methods' ORDER BY at, id"
    return house.rows(sql)


def session_of(way: Way, arrived: Arrived) -> Browser:
    return Browser(arrived.session_token, way.browser.ip, way.browser.flow_secret)


@pytest.fixture
def wingtip(house: House) -> Iterator[LyingProvider]:
    with provider(now=house.clock) as made:
        register(house, made.issuer)
        yield made


# --------------------------------------------------------------- from the account


def test_a_guest_adds_a_passkey_with_a_sign_in_of_the_last_twenty_minutes(house: House) -> None:
    browser = signed_in(house)
    house.clock.pass_(minutes=20)
    way = adding(house, browser)
    assert way.step is Step.ADD_PASSKEY
    assert add(way, Authenticator(synced=True)) is Added.ADDED
    assert isinstance(way.proceed(), Arrived)
    (passkey,) = of(house)
    assert (passkey.backup_eligible, passkey.backed_up, passkey.discoverable) == (True, True, True)
    assert (passkey.transports, passkey.sign_count, passkey.user_id) == (("internal",), 0, house.people["max"])
    assert passkey.code_proved == house.clock() - timedelta(minutes=20)


def test_T37_after_21_minutes_the_proof_is_asked_for_again_and_the_notice_is_sent(house: House) -> None:
    """Whoever sits at a borrowed browser has no code from the mailbox."""
    browser = signed_in(house)
    house.clock.pass_(minutes=21)
    way = adding(house, browser)
    assert way.step is Step.REQUEST_CODE
    assert add_passkey(house.world, way.browser, way.flow_id, "{}") is Added.WRONG
    assert notices(house) == []
    assert way.code().right
    assert isinstance(way.proceed(), Onward)
    assert way.step is Step.ADD_PASSKEY
    assert add(way, Authenticator()) is Added.ADDED
    assert isinstance(way.proceed(), Arrived)
    assert notices(house) == ["passkey_added"]
    deliver.deliver_due(house.world, "worker")
    folder = house.world.settings.mail_folder
    (notice,) = [entry for entry in mailbox.listing(folder) if entry["kind"] == "passkey_added"]
    assert notice["to"] == [MAX]
    assert f"https://localhost:8443/account?tenantId={house.contoso}" in mailbox.read(folder, notice["id"])["text"]
    assert events(house) == [("User registered security info", "user")]


def test_T37_a_live_home_sign_in_is_no_fresh_proof(house: House) -> None:
    """The button that goes on as who is signed in at home proves that he was here this morning."""
    way = begin(house, "alice@fabrikam.com")
    way.password()
    browser = session_of(way, way.proceed())
    house.clock.pass_(minutes=21)
    way = adding(house, browser)
    assert way.step is Step.PASSWORD
    assert way.look().account is None, "the page does not offer it"
    way.password()
    way.proceed()
    assert way.step is Step.ADD_PASSKEY


def test_a_guest_of_a_provider_proves_himself_there_again(house: House, wingtip: LyingProvider) -> None:
    user_id, browser = redeem_at(house, wingtip)
    house.people["alice"] = user_id
    house.clock.pass_(minutes=21)
    way = adding(house, browser)
    assert way.step is Step.PROVIDER
    prove_at(way, wingtip)
    way.proceed()
    assert add(way, Authenticator()) is Added.ADDED
    (passkey,) = of(house, "alice@wingtip.example")
    assert passkey.code_proved is None, "it stands for no code"


def test_a_proof_that_grows_old_on_the_page_adds_nothing(house: House) -> None:
    way = adding(house, signed_in(house))
    house.clock.pass_(minutes=4)
    device = Authenticator()
    answer = device.create(creation(way))
    house.write(lambda tx: tx.run("UPDATE passkey_challenges SET expires_at = expires_at + 600000000"))
    house.clock.pass_(minutes=7)
    assert add_passkey(house.world, way.browser, way.flow_id, answer) is Added.WRONG
    assert of(house) == ()


def test_a_sign_in_that_turned_twenty_on_the_page_adds_nothing(house: House) -> None:
    browser = signed_in(house)
    house.clock.pass_(minutes=18)
    way = adding(house, browser)
    answer = Authenticator().create(creation(way))
    house.clock.pass_(minutes=3)
    assert add_passkey(house.world, way.browser, way.flow_id, answer) is Added.WRONG
    assert of(house) == ()


@pytest.mark.parametrize(
    "changes",
    [{"challenge": "AAAA"}, {"origin": "https://evil.example"}, {"rp": "evil.example"}, {"type": "webauthn.get"}],
)
def test_an_answer_to_another_question_adds_nothing(house: House, changes: dict[str, str]) -> None:
    way = adding(house, signed_in(house))
    assert add(way, Authenticator(), **changes) is Added.WRONG
    assert of(house) == ()
    assert add(way, Authenticator()) is Added.ADDED, "the page has a new challenge"


def test_a_device_that_does_not_verify_its_holder_is_refused(house: House) -> None:
    assert add(adding(house, signed_in(house)), Authenticator(verifies=False)) is Added.WRONG


def test_a_challenge_of_using_one_adds_none(house: House) -> None:
    way = adding(house, signed_in(house))
    house.write(lambda tx: tx.run("UPDATE passkey_challenges SET purpose = 'use'"))
    assert add(way, Authenticator()) is Added.WRONG


@pytest.mark.parametrize(
    ("told", "kept"), [(True, True), (False, False), (None, None), ("yes", None)], ids=["yes", "no", "unsaid", "text"]
)
def test_what_the_browser_says_of_the_passkey_is_kept(house: House, told: Any, kept: bool | None) -> None:
    assert add(adding(house, signed_in(house)), Authenticator(), rk=told) is Added.ADDED
    assert of(house)[0].discoverable is kept


def test_a_passkey_of_somebody_else_is_not_taken_over(house: House) -> None:
    device = Authenticator()
    passkey = with_passkey(house, device)
    house.write(
        lambda tx: tx.run("UPDATE passkeys SET user_id = :id", {"id": house.people["pat"]}),
    )
    way = adding(house, signed_in(house))
    made = passkey_add.Made(passkey.credential_id, "AA", 0, "a", (), False, False, None)
    assert way.do(passkey_add._add, made) is Added.KNOWN
    assert of(house) == ()


def test_a_reset_while_the_person_looks_for_the_device_adds_nothing(house: House) -> None:
    way = adding(house, signed_in(house))
    answer = Authenticator().create(creation(way))
    house.reset(house.people["max"], MAX)
    with pytest.raises(DeadEnd):
        add_passkey(house.world, way.browser, way.flow_id, answer)
    assert of(house) == ()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE users SET epoch = epoch + 1",
        "UPDATE users SET account_enabled = 0",
        "UPDATE users SET binding_subject = 'other' WHERE binding_subject IS NOT NULL",
        "UPDATE flows SET kind = 'redemption', user_id = (SELECT id FROM users LIMIT 1), generation = 1",
        "UPDATE flows SET proof = NULL",
        "UPDATE flows SET passkey = NULL",
    ],
)
def test_security_L7_only_the_bound_guest_of_the_proof_adds(house: House, sql: str) -> None:
    way = adding(house, signed_in(house))
    answer = Authenticator().create(creation(way))
    house.write(lambda tx: tx.run(sql))
    assert add_passkey(house.world, way.browser, way.flow_id, answer) is Added.WRONG
    assert of(house) == ()


def test_a_device_makes_no_second_passkey_for_the_account(house: House) -> None:
    device = Authenticator()
    with_passkey(house, device)
    way = adding(house, signed_in(house))
    with pytest.raises(AssertionError, match="InvalidStateError"):
        device.create(creation(way))


def test_twenty_passkeys_are_enough(house: House) -> None:
    device = Authenticator()
    first = with_passkey(house, device)
    for number in range(MOST - 1):
        more = replace(first, id=f"k{number}", credential_id=f"k{number}")
        house.write(lambda tx, more=more: passkey_add.passkeys.insert(tx, more))
    assert isinstance(adding(house, signed_in(house)).proceed(), Arrived)


def test_a_passkey_added_by_a_passkey_stands_for_a_code_no_longer_than_that_one(house: House) -> None:
    first, second = Authenticator(), Authenticator()
    added = with_passkey(house, first)
    house.clock.pass_(days=20)
    way = at_passkey(house)
    assert use(way, first) is Answer.PROVED
    way = adding(house, session_of(way, way.proceed()))
    assert add(way, second) is Added.ADDED
    assert [one.code_proved for one in of(house)] == [added.code_proved] * 2


def test_an_internal_user_has_no_passkeys_here(house: House) -> None:
    way = begin(house, "mia@contoso.com")
    way.password()
    browser = session_of(way, way.proceed())
    with pytest.raises(DeadEnd):
        adding(house, browser)


def test_the_account_of_a_tenant_that_is_gone_has_none(house: House) -> None:
    entry = replace(entry_of(house, signed_in(house)), tenant_id="gone")
    with pytest.raises(DeadEnd):
        house.write(passkey_own.remove, house.world, a_browser(), entry, passkey_id="x")


# ------------------------------------------------------------------ own passkeys


def test_a_guest_renames_and_removes_his_own(house: House) -> None:
    passkey = with_passkey(house, Authenticator())
    browser = signed_in(house)
    entry = entry_of(house, browser)
    named = {"passkey_id": passkey.id, "name": " My\nlaptop\x00 "}
    assert house.write(passkey_own.rename, house.world, browser, entry, **named)
    assert of(house)[0].name == "My laptop"
    assert not house.write(passkey_own.rename, house.world, browser, entry, passkey_id=passkey.id, name="\n")
    assert not house.write(passkey_own.rename, house.world, browser, entry, passkey_id="x", name="x")
    assert house.write(passkey_own.remove, house.world, browser, entry, passkey_id=passkey.id)
    assert not house.write(passkey_own.remove, house.world, browser, entry, passkey_id=passkey.id)
    assert of(house) == ()
    assert notices(house) == ["passkey_added", "passkey_removed"]
    assert [activity for activity, _ in events(house)] == [
        "User registered security info",
        "User updated security info",
        "User deleted security info",
    ]
    deliver.deliver_due(house.world, "worker")
    kinds = [entry["kind"] for entry in mailbox.listing(house.world.settings.mail_folder)]
    assert "passkey_removed" in kinds


def test_another_guest_neither_renames_nor_removes_it(house: House) -> None:
    passkey = with_passkey(house, Authenticator())
    way = begin(house, "alice@fabrikam.com")
    way.password()
    browser = session_of(way, way.proceed())
    entry = entry_of(house, browser)
    assert not house.write(passkey_own.rename, house.world, browser, entry, passkey_id=passkey.id, name="mine")
    assert not house.write(passkey_own.remove, house.world, browser, entry, passkey_id=passkey.id)
    assert of(house)[0].name == ""


def test_a_notice_to_a_mailbox_that_is_off_the_object_is_not_sent(house: House) -> None:
    with_passkey(house, Authenticator())
    patch(house, house.people["max"], mail="max@new.example", otherMails=["max@new.example"])
    deliver.deliver_due(house.world, "worker")
    assert house.rows("SELECT state FROM outbox WHERE kind = 'passkey_added'") == [("superseded",)]


def test_a_guest_without_any_mailbox_is_told_nothing(house: House) -> None:
    passkey = with_passkey(house, Authenticator())
    browser = signed_in(house)
    patch(house, house.people["max"], otherMails=[])
    house.write(lambda tx: tx.run("UPDATE users SET mail = NULL, mail_key = NULL"))
    house.write(passkey_own.remove, house.world, browser, entry_of(house, browser), passkey_id=passkey.id)
    assert notices(house) == ["passkey_added"]


# ---------------------------------------------------------- offered after a code


def test_C7_a_passkey_is_offered_after_a_code_where_the_device_can_keep_one(house: House) -> None:
    way = begin(house, MAX)
    assert way.code().right
    way.do(passkey_use.offer)
    assert isinstance(way.proceed(), Onward)
    assert (way.step, way.look().wanted) == (Step.ADD_PASSKEY, Wanted.OFFER)
    assert add(way, Authenticator()) is Added.ADDED
    arrived = way.proceed()
    assert isinstance(arrived, Arrived)
    assert entry_of(house, session_of(way, arrived)).amr == FACTORS


def test_C7_the_offer_is_declined_with_a_button(house: House) -> None:
    way = begin(house, MAX)
    assert way.code().right
    way.do(passkey_use.offer)
    way.proceed()
    way.do(passkey_use.no_passkey)
    assert isinstance(way.proceed(), Arrived)
    assert of(house) == ()


def test_C7_who_has_one_is_offered_none(house: House) -> None:
    with_passkey(house, Authenticator())
    way = begin(house, MAX, a_browser("o" * 43))
    assert way.code().right
    way.do(passkey_use.offer)
    assert isinstance(way.proceed(), Arrived)


def test_a_redemption_offers_none(house: House) -> None:
    """Experience W2: it is long enough."""
    way = follow(house, house.invite("pat@post.example"))
    assert way.code().right
    way.do(passkey_use.offer)
    assert way.look().flow.passkey is None


def test_a_direct_sign_in_that_becomes_a_redemption_offers_none(house: House) -> None:
    """Lifecycle L28: the code page of a sign-in cannot know that it is one."""
    house.invite("new@post.example")
    way = begin(house, "new@post.example")
    assert way.code().right
    way.do(passkey_use.offer)
    way.proceed()
    assert way.step is Step.CONSENT
    assert isinstance(way.accept(), Arrived)


# --------------------------------------------------------------- guestStrength: multi


def test_C7_multi_a_guest_without_a_passkey_adds_one_right_after_the_code(house: House) -> None:
    set_tenant(house, guestStrength="multi")
    way = begin(house, MAX)
    assert way.code().right
    assert isinstance(way.proceed(), Onward)
    assert (way.step, way.look().wanted) == (Step.ADD_PASSKEY, Wanted.ADD)
    way.do(passkey_use.no_passkey)
    assert isinstance(way.proceed(), Onward), "there is no way around it"
    assert add(way, Authenticator()) is Added.ADDED
    arrived = way.proceed()
    assert isinstance(arrived, Arrived)
    assert entry_of(house, session_of(way, arrived)).amr == FACTORS


def test_C7_multi_a_redemption_binds_and_then_asks_for_a_passkey(house: House) -> None:
    """Security L7: before the binding none attaches."""
    set_tenant(house, guestStrength="multi")
    way = follow(house, house.invite("pat@post.example"))
    assert way.code().right
    way.proceed()
    assert way.step is Step.CONSENT
    assert isinstance(way.accept(), Onward)
    assert way.step is Step.ADD_PASSKEY
    assert add(way, Authenticator()) is Added.ADDED
    assert isinstance(way.proceed(), Arrived)
    assert len(of(house, "pat@post.example")) == 1


def test_C7_multi_who_has_a_passkey_shows_it_and_adds_no_other_by_a_code(house: House) -> None:
    device = Authenticator()
    with_passkey(house, device)
    set_tenant(house, guestStrength="multi")
    way = begin(house, MAX, a_browser("m" * 43))
    assert way.code().right
    assert isinstance(way.proceed(), Onward)
    assert (way.step, way.look().wanted) == (Step.PASSKEY, Wanted.USE)
    assert add_passkey(house.world, way.browser, way.flow_id, "{}") is Added.WRONG
    way.proceed()
    assert use(way, device, challenge="AAAA") is Answer.WRONG
    assert use(way, device) is Answer.PROVED
    arrived = way.proceed()
    assert entry_of(house, session_of(way, arrived)).amr == FACTORS


def test_C7_multi_the_passkey_of_another_guest_is_no_second_factor(house: House) -> None:
    device, other = Authenticator(), Authenticator()
    with_passkey(house, device)
    way = follow(house, house.invite("pat@post.example"), a_browser("y" * 43))
    arrived = way.redeem_by_code()
    added = adding(house, session_of(way, arrived))
    assert add(added, other) is Added.ADDED
    set_tenant(house, guestStrength="multi")
    way = begin(house, MAX, a_browser("m" * 43))
    assert way.code().right
    way.proceed()
    answer = other.get(options(way))
    assert passkey_use.use_passkey(house.world, way.browser, way.flow_id, answer) is Answer.WRONG


def test_C7_multi_a_second_factor_does_not_revive_an_old_proof(house: House) -> None:
    device = Authenticator()
    with_passkey(house, device)
    set_tenant(house, guestStrength="multi")
    way = begin(house, MAX, a_browser("m" * 43))
    assert way.code().right
    way.proceed()
    answer = device.get(options(way, beside=True))
    house.write(lambda tx: tx.run("UPDATE passkey_challenges SET expires_at = expires_at + 900000000"))
    house.clock.pass_(minutes=11)
    assert passkey_use.use_passkey(house.world, way.browser, way.flow_id, answer) is Answer.WRONG


def test_C7_multi_a_passkey_alone_is_two_factors(house: House) -> None:
    device = Authenticator()
    with_passkey(house, device)
    set_tenant(house, guestStrength="multi")
    way = at_passkey(house)
    assert use(way, device) is Answer.PROVED
    assert isinstance(way.proceed(), Arrived)


def test_C7_multi_the_password_of_a_home_account_here_is_one_factor(house: House) -> None:
    set_tenant(house, guestStrength="multi")
    way = begin(house, "alice@fabrikam.com")
    way.password()
    assert isinstance(way.proceed(), Onward)
    assert way.step is Step.ADD_PASSKEY


def test_T37_multi_a_live_home_sign_in_of_this_morning_adds_none(house: House) -> None:
    way = begin(house, "alice@fabrikam.com")
    way.password()
    browser = session_of(way, way.proceed())
    set_tenant(house, guestStrength="multi")
    house.clock.pass_(minutes=21)
    way = begin(house, "alice@fabrikam.com", Browser(browser.session_token, "192.0.2.1", "h" * 43))
    way.do(prove.prove_by_session)
    assert isinstance(way.proceed(), Onward)
    assert way.step is Step.PASSWORD
    assert way.look().account is None
    way.password()
    way.proceed()
    assert way.step is Step.ADD_PASSKEY


def test_T37_multi_a_home_sign_in_that_grew_old_on_the_pages_is_not_offered_again(house: House) -> None:
    """Else the way would go round in a circle."""
    way = begin(house, "alice@fabrikam.com")
    way.password()
    browser = session_of(way, way.proceed())
    set_tenant(house, guestStrength="multi")
    house.clock.pass_(minutes=15)
    way = begin(house, "alice@fabrikam.com", Browser(browser.session_token, "192.0.2.1", "h" * 43))
    assert way.look().account is not None
    house.clock.pass_(minutes=8)
    way.do(prove.prove_by_session)
    assert isinstance(way.proceed(), Onward)
    assert (way.step, way.look().account) == (Step.PASSWORD, None)
    way.password()
    way.proceed()
    assert way.step is Step.ADD_PASSKEY


@pytest.mark.parametrize(("amr", "step"), [(["pwd", "mfa"], None), (["pwd"], Step.ADD_PASSKEY)])
def test_C7_multi_the_mfa_of_a_provider_is_enough(
    house: House, wingtip: LyingProvider, amr: list[str], step: Step | None
) -> None:
    redeem_at(house, wingtip)
    set_tenant(house, guestStrength="multi")
    way = begin(house, ALICE, a_browser("w" * 43))
    wingtip.claims["amr"] = amr
    prove_at(way, wingtip)
    result = way.proceed()
    if step is None:
        assert isinstance(result, Arrived)
    else:
        assert way.step is step


def test_C7_multi_members_are_not_meant(house: House) -> None:
    set_tenant(house, guestStrength="multi")
    way = begin(house, "mia@contoso.com")
    way.password()
    assert isinstance(way.proceed(), Arrived)


def test_C7_multi_consent_comes_after_the_passkey(house: House) -> None:
    set_tenant(house, guestStrength="multi")
    way = begin(house, MAX, target=to_application(house, scopes=("openid", "Mail.Read")))
    assert way.code().right
    way.proceed()
    assert isinstance(way.do(consent_to_application), Onward)
    assert house.rows("SELECT 1 FROM permission_grants WHERE given_by = 'user'") == [], "nothing is remembered yet"
    assert way.step is Step.ADD_PASSKEY
    assert add(way, Authenticator()) is Added.ADDED
    assert isinstance(way.proceed(), Onward)
    assert way.step is Step.APP_CONSENT
    arrived = way.do(consent_to_application)
    assert isinstance(arrived, Arrived)


def test_C7_multi_a_sign_in_from_before_lets_no_application_in(house: House) -> None:
    browser = signed_in(house)
    set_tenant(house, guestStrength="multi")
    tenant = house.read(queries_tenants.named, house.contoso)
    request = to_application(house).request
    asked = {"flow_id": house.world.new_id(), "tenant": tenant}
    flow = house.write(sign_in.begin_authorize, house.world, browser, **asked, request=request)
    assert not isinstance(flow, str), "no code: the way asks for a proof"
    silent = replace(request, prompt=("none",))
    with pytest.raises(TokenRefused):
        house.write(sign_in.begin_authorize, house.world, browser, **asked, request=silent)


def test_C7_multi_a_refresh_token_from_before_is_no_longer_enough(house: House) -> None:
    weak = _grant_of(house, signed_in(house))
    device = Authenticator()
    with_passkey(house, device)
    way = at_passkey(house)
    assert use(way, device) is Answer.PROVED
    strong = _grant_of(house, session_of(way, way.proceed()))
    set_tenant(house, guestStrength="multi")
    with pytest.raises(TokenRefused) as refusal:
        renew(house, weak)
    assert (refusal.value.error, refusal.value.number) == ("invalid_grant", 50076)
    assert renew(house, strong)["access_token"]


def _grant_of(house: House, browser: Browser) -> str:
    """A refresh token of Expenses."""
    code = house.write(authorize.issue_code, house.world, asking(house), entry_of(house, browser))
    return str(bring(house, code)["refresh_token"])


def test_C7_multi_a_sign_in_from_before_removes_no_passkey_and_adds_none(house: House) -> None:
    passkey = with_passkey(house, Authenticator())
    browser = signed_in(house)
    set_tenant(house, guestStrength="multi")
    entry = entry_of(house, browser)
    with pytest.raises(DeadEnd) as end:
        house.write(passkey_own.remove, house.world, browser, entry, passkey_id=passkey.id)
    assert end.value.page is Page.CLOSED
    assert adding(house, browser).step is Step.REQUEST_CODE
