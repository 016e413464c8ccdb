"""Signing in with a passkey: instead of a code, for a while, and for nothing else (lifecycle L30, security N7, V7)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from passkeys import MAX, add, adding, at_passkey, entry_of, of, options, set_tenant, signed_in, use, with_passkey
from test_code_locks import lock
from test_redeeming import patch
from ways import Way, begin, follow

from authenticator import Authenticator
from readmit.domain.errors import DeadEnd, Page, Throttled
from readmit.domain.passkey import AMR
from readmit.domain.redemption import Step
from readmit.flows import passkey_use
from readmit.flows.arrive import Arrived
from readmit.flows.browsers import Browser
from readmit.flows.passkey_add import Added
from readmit.flows.passkey_use import Answer, use_passkey
from world import House, a_browser


@pytest.fixture
def device(house: House) -> Authenticator:
    """Max's device, with a passkey."""
    made = Authenticator()
    with_passkey(house, made)
    return made


def failures(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT reason FROM sign_in_events WHERE reason IS NOT NULL")


def test_a_passkey_signs_a_guest_of_a_mailbox_in_without_a_code(house: House, device: Authenticator) -> None:
    way = at_passkey(house)
    assert way.step is Step.PASSKEY
    assert use(way, device) is Answer.PROVED
    arrived = way.proceed()
    assert isinstance(arrived, Arrived)
    entry = entry_of(house, Browser(arrived.session_token, "192.0.2.1"))
    assert (entry.user_id, entry.amr, entry.at) == (house.people["max"], AMR, house.clock())
    (passkey,) = of(house)
    assert (passkey.sign_count, passkey.used) == (1, house.clock())


def test_every_device_is_asked_for_the_same_whoever_is_behind_the_address(house: House, device: Authenticator) -> None:
    """V7: an empty list, so that any discoverable passkey answers."""
    asked = [options(at_passkey(house, address)) for address in (MAX, "nobody@post.example", "pat@post.example")]
    for one in asked:
        assert one.pop("challenge")
    assert asked[0] == asked[1] == asked[2]
    assert asked[0]["allowCredentials"] == []
    assert asked[0]["userVerification"] == "required"


@pytest.mark.parametrize("address", ["nobody@post.example", "pat@post.example"])
def test_a_passkey_of_somebody_else_than_the_address_is_refused(
    house: House, device: Authenticator, address: str
) -> None:
    way = at_passkey(house, address)
    assert use(way, device) is Answer.WRONG
    assert way.look().flow.proof is None
    assert way.step is Step.PASSKEY


@pytest.mark.parametrize(
    "changes",
    [
        {"challenge": "AAAA"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:8443"},
        {"rp": "evil.example"},
        {"type": "webauthn.create"},
        {"handle": "c29tZWJvZHkgZWxzZQ"},
    ],
)
def test_an_answer_to_another_question_or_from_another_page_proves_nothing(
    house: House, device: Authenticator, changes: dict[str, str]
) -> None:
    way = at_passkey(house)
    assert use(way, device, **changes) is Answer.WRONG
    assert way.look().flow.proof is None
    assert ("The passkey is not one of this account, or its answer does not hold.",) in failures(house)


@pytest.mark.parametrize("answer", ["", "[]", "{}", '{"rawId": "AA"}', "x" * 70_000, "[" * 60_000, '{"rawId": "é"}'])
def test_what_is_no_answer_proves_nothing(house: House, device: Authenticator, answer: str) -> None:
    way = at_passkey(house)
    assert use_passkey(house.world, way.browser, way.flow_id, answer) is Answer.WRONG


def test_an_answer_of_a_known_passkey_that_cannot_be_read_proves_nothing(house: House, device: Authenticator) -> None:
    way = at_passkey(house)
    answer = json.loads(device.get(options(way)))
    for response in ({}, "text", {**answer["response"], "authenticatorData": "AA"}):
        assert (
            use_passkey(house.world, way.browser, way.flow_id, json.dumps({**answer, "response": response}))
            is Answer.WRONG
        )


def test_who_holds_the_device_has_to_be_verified(house: House, device: Authenticator) -> None:
    device.verifies = False
    assert use(at_passkey(house), device) is Answer.WRONG


def test_a_challenge_is_good_once(house: House, device: Authenticator) -> None:
    way = at_passkey(house)
    answer = device.get(options(way))
    assert use_passkey(house.world, way.browser, way.flow_id, answer) is Answer.PROVED
    house.write(passkey_use.begin_use, house.world, way.browser, way.flow_id)
    assert use_passkey(house.world, way.browser, way.flow_id, answer) is Answer.WRONG


def test_a_challenge_is_good_for_five_minutes(house: House, device: Authenticator) -> None:
    way = at_passkey(house)
    answer = device.get(options(way))
    house.clock.pass_(minutes=5)
    assert use_passkey(house.world, way.browser, way.flow_id, answer) is Answer.WRONG
    assert use(way, device) is Answer.PROVED, "the page has a new one"


def test_T6_another_browser_has_no_part_in_the_flow(house: House, device: Authenticator) -> None:
    way = at_passkey(house)
    stranger = Way(house, a_browser("z" * 43), way.flow_id)
    answer = device.get(options(way))
    with pytest.raises(DeadEnd):
        use_passkey(house.world, stranger.browser, way.flow_id, answer)


def test_a_counter_that_falls_back_is_refused_and_told_to_the_administrators(
    house: House, device: Authenticator
) -> None:
    """Somebody may have copied the key."""
    assert use(at_passkey(house), device) is Answer.PROVED
    device.credentials[0].count = 0
    way = at_passkey(house)
    assert use(way, device) is Answer.WRONG
    assert way.look().flow.proof is None
    assert of(house)[0].sign_count == 1
    ((reason, target),) = house.rows(
        "SELECT reason, target_id FROM audit_events WHERE service = 'Authentication Methods' AND result = 'failure'"
    )
    assert "fell back" in reason
    assert target == house.people["max"]


def test_a_device_without_a_counter_is_fine(house: House) -> None:
    device = Authenticator(counts=False, synced=True)
    with_passkey(house, device)
    for _ in range(2):
        assert use(at_passkey(house), device) is Answer.PROVED
    assert of(house)[0].backed_up


def test_a_passkey_that_could_not_leave_its_device_and_now_can_is_refused(house: House, device: Authenticator) -> None:
    device.synced = True
    assert use(at_passkey(house), device) is Answer.WRONG


def test_of_two_uses_at_once_one_wins(house: House, device: Authenticator) -> None:
    """The counter is compared and set in one update (security V4)."""
    first, second = at_passkey(house), at_passkey(house, browser=a_browser("q" * 43))
    answers = [device.get(options(way)) for way in (second, first)]
    assert use_passkey(house.world, first.browser, first.flow_id, answers[1]) is Answer.PROVED
    assert use_passkey(house.world, second.browser, second.flow_id, answers[0]) is Answer.WRONG


def test_a_passkey_that_is_removed_while_its_answer_is_checked_proves_nothing(
    house: House, device: Authenticator
) -> None:
    way = at_passkey(house)
    (passkey,) = of(house)
    used = passkey_use.Used(1, backed_up=False)
    house.write(lambda tx: tx.run("DELETE FROM passkeys"))
    assert way.do(passkey_use._record, passkey, used) is Answer.WRONG


# --------------------------------------------------------------- for how long, and whom


def test_L30_a_passkey_stands_for_a_code_for_thirty_days_after_one(house: House, device: Authenticator) -> None:
    house.clock.pass_(days=29, hours=23)
    way = at_passkey(house)
    assert use(way, device) is Answer.PROVED
    house.clock.pass_(hours=1)
    way = at_passkey(house)
    assert use(way, device) is Answer.CODE_NEEDED
    assert way.step is Step.REQUEST_CODE
    signed_in(house, browser=a_browser("c" * 43))
    assert use(at_passkey(house), device) is Answer.PROVED, "a code proves the mailbox for as long again"


def test_L30_the_organisation_says_for_how_many_days(house: House, device: Authenticator) -> None:
    set_tenant(house, passkeyDays=1)
    house.clock.pass_(days=1)
    assert use(at_passkey(house), device) is Answer.CODE_NEEDED
    set_tenant(house, passkeyDays=0)
    assert at_passkey(house).step is Step.REQUEST_CODE, "0: never"


def test_N7_a_passkey_of_a_home_account_replaces_no_home_sign_in(house: House) -> None:
    device = Authenticator()
    way = begin(house, "alice@fabrikam.com")
    way.password()
    arrived = way.proceed()
    browser = Browser(arrived.session_token, "192.0.2.1", "s" * 43)
    added = adding(house, browser)
    assert add(added, device) is Added.ADDED
    way = begin(house, "alice@fabrikam.com", a_browser("p" * 43))
    way.do(passkey_use.begin_use)
    assert way.step is Step.PASSWORD
    (passkey,) = of(house, "alice@fabrikam.com")
    assert not passkey.stands_for_code(house.guest(house.people["alice"]), way.look().tenant, house.clock())


def test_a_pending_guest_has_no_passkey_beside_his_code(house: House) -> None:
    invited = house.invite("pat@post.example")
    way = follow(house, invited)
    way.do(passkey_use.begin_use)
    assert way.step is Step.REQUEST_CODE


def test_L30_the_redeemed_address_must_still_be_on_the_object(house: House, device: Authenticator) -> None:
    patch(house, house.people["max"], mail="max@new.example", otherMails=["max@new.example"])
    way = at_passkey(house, "max@new.example")
    assert use(way, device) is Answer.PROVED
    with pytest.raises(DeadEnd) as end:
        way.proceed()
    assert end.value.page is Page.UNKNOWN_ACCOUNT


def test_a_disabled_guest_is_not_let_in(house: House, device: Authenticator) -> None:
    way = at_passkey(house)
    patch(house, house.people["max"], accountEnabled=False)
    assert use(way, device) is Answer.PROVED
    with pytest.raises(DeadEnd) as end:
        way.proceed()
    assert end.value.page is Page.BLOCKED


def test_T12_with_codes_locked_a_passkey_signs_in(house: House, device: Authenticator) -> None:
    lock(house, MAX)
    way = at_passkey(house, browser=a_browser("n" * 43))
    assert use(way, device) is Answer.PROVED
    assert isinstance(way.proceed(), Arrived)


def test_sixty_wrong_answers_from_an_address_in_an_hour_are_enough(house: House, device: Authenticator) -> None:
    way = at_passkey(house)
    for _ in range(60):
        assert use_passkey(house.world, way.browser, way.flow_id, "{}") is Answer.WRONG
    with pytest.raises(Throttled):
        use(way, device)
    house.clock.pass_(minutes=30)
    assert use(at_passkey(house), device) is Answer.PROVED


def test_the_way_back_to_the_code(house: House, device: Authenticator) -> None:
    way = at_passkey(house)
    way.do(passkey_use.no_passkey)
    assert way.step is Step.REQUEST_CODE
    assert way.code().right
    assert isinstance(way.proceed(), Arrived)


def test_where_browsers_have_no_passkeys_none_is_taken(house: House, device: Authenticator) -> None:
    way = at_passkey(house)
    answer = device.get(options(way))
    elsewhere = replace(house.world, settings=replace(house.world.settings, public_url="https://192.0.2.1"))
    assert use_passkey(elsewhere, way.browser, way.flow_id, answer) is Answer.WRONG
