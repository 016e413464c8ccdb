"""A guest leaves an organisation by himself (lifecycle L45, S12, section 15)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from applications import account, arrive, change_tenant, change_user, renew, sign_in_of, tokens_for
from ways import Way
from ways import begin as sign_in

from readmit.domain.address import EmailAddress
from readmit.domain.errors import DeadEnd, Page, TokenRefused, Unavailable
from readmit.domain.redemption import Flow, Step, ToLeave
from readmit.domain.tenant import TenantSettings
from readmit.flows import leave, methods, prove, removal
from readmit.flows.browsers import Browser
from readmit.storage import browser_flows, users
from world import House

HOME, MAILBOX, MEMBER = "alice@fabrikam.com", "max@post.example", "mia@contoso.com"


def an_address(text: str) -> EmailAddress:
    return EmailAddress.parse(text)


def begin(house: House, browser: Browser) -> Flow | None:
    entry = sign_in_of(house, browser)
    return house.write(leave.begin, house.world, browser, entry, flow_id=house.world.new_id())


def way_out(house: House, browser: Browser) -> Way:
    """The way that the button on the account begins."""
    flow = begin(house, browser)
    assert flow is not None
    return Way(house, browser, flow.id)


def confirmed(way: Way) -> Any:
    return way.do(leave.leave)


def at_the_question(house: House, address: str = HOME) -> Way:
    """Proved anew, asked whether it is meant."""
    way = way_out(house, arrive(house, address))
    if way.step is Step.PASSWORD:
        way.password()
    else:
        assert way.code().right
    way.proceed()
    assert way.step is Step.FINISH
    return way


def is_guest(house: House, name: str = "alice") -> bool:
    return house.guest(house.people[name]).deleted is None


def dead_end(way: Way) -> Page:
    with pytest.raises(DeadEnd) as end:
        confirmed(way)
    return end.value.page


@pytest.mark.parametrize(("name", "address"), [("alice", HOME), ("max", MAILBOX)])
def test_L45_a_guest_leaves_after_a_fresh_proof_and_a_confirmed_form(house: House, name: str, address: str) -> None:
    held = tokens_for(house, address)
    way = at_the_question(house, address)
    assert is_guest(house, name), "the proof alone does nothing"
    left = confirmed(way)
    assert left.id == house.people[name]
    guest = house.guest(left.id)
    assert guest.deleted == house.world.now()
    for table in ("sign_ins", "grants", "flows"):
        assert house.rows(f"SELECT 1 FROM {table} WHERE user_id = :u", u=guest.id) == []
    with pytest.raises(TokenRefused):
        renew(house, held["refresh_token"])


def test_L45_a_live_sign_in_is_no_fresh_proof(house: House) -> None:
    """The browser is signed in at home as well: it is asked for the password all the same."""
    way = way_out(house, arrive(house, HOME))
    assert (way.step, way.look().account) == (Step.PASSWORD, None)
    assert confirmed(way) is None
    assert is_guest(house)


def test_L45_a_wrong_password_and_a_stale_proof_leave_nothing(house: House) -> None:
    way = way_out(house, arrive(house, HOME))
    assert way.password("wrong").answer is prove.Answer.WRONG
    assert confirmed(way) is None
    way.password()
    way.proceed()
    house.clock.pass_(minutes=10, microseconds=1)
    assert way.step is Step.PASSWORD
    assert confirmed(way) is None
    assert is_guest(house)


def test_L45_another_account_or_address_of_the_way_lets_nobody_out(house: House) -> None:
    way = way_out(house, arrive(house, HOME))
    way.do(methods.use_other_account)
    way.do(methods.type_address, an_address("max@post.example"))
    assert way.code().right
    with pytest.raises(DeadEnd):
        way.proceed()
    assert is_guest(house)
    assert is_guest(house, "max")
    assert dead_end(way) is Page.UNKNOWN_ACCOUNT


def test_T25_another_browser_has_no_such_way(house: House) -> None:
    way = at_the_question(house)
    thief = Way(house, Browser(None, "198.51.100.1", "t" * 43), way.flow_id)
    assert dead_end(thief) is Page.CLOSED
    assert is_guest(house)


def test_T4_a_sign_in_of_another_purpose_is_no_way_out(house: House) -> None:
    way = sign_in(house, HOME)
    way.password()
    assert dead_end(way) is Page.CLOSED
    with pytest.raises(DeadEnd):
        way.do(leave.stay)


def test_L45_members_cannot_leave(house: House) -> None:
    assert begin(house, arrive(house, MEMBER)) is None


def test_L45_a_converted_member_leaves_once_he_has_redeemed(house: House) -> None:
    mia = account(house, MEMBER)
    changed = change_user(house, mia, converted=True)
    assert begin(house, arrive(house, MEMBER)) is None
    assert changed.external


def forbid(house: House) -> None:
    change_tenant(house, settings=TenantSettings(guestsMayLeave=False))


def test_L45_a_tenant_may_forbid_it_at_any_moment(house: House) -> None:
    way = at_the_question(house)
    forbid(house)
    assert confirmed(way) is None
    assert begin(house, arrive(house, HOME)) is None
    assert is_guest(house)


def test_L45_where_two_factors_are_wanted_one_lets_nobody_out(house: House) -> None:
    way = at_the_question(house, MAILBOX)
    change_tenant(house, settings=TenantSettings(guestStrength="multi"))
    assert way.step is Step.ADD_PASSKEY
    assert confirmed(way) is None
    assert is_guest(house, "max")


@pytest.mark.parametrize("what", ["disabled", "reset", "revoked", "deleted"])
def test_L45_what_ends_access_ends_the_way_out(house: House, what: str) -> None:
    """A disabled guest cannot leave."""
    way = at_the_question(house)
    guest = house.guest(house.people["alice"])
    if what == "reset":
        house.reset(guest.id, HOME)
    elif what == "deleted":
        house.write(removal.delete_user, house.world, house.automation("User.ReadWrite.All"), guest.id)
    else:
        changed = {"enabled": False} if what == "disabled" else {"epoch": guest.epoch + 1}
        change_user(house, guest, **changed)
    expected = {"disabled": Page.BLOCKED, "revoked": Page.CLOSED}.get(what, Page.CLOSED)
    assert dead_end(way) is expected


@pytest.mark.parametrize("change", [{"enabled": False}, {"epoch": 2}])
def test_L24_a_home_account_that_ended_since_its_proof_lets_nobody_out(house: House, change: dict[str, Any]) -> None:
    way = at_the_question(house)
    change_user(house, account(house, HOME), **change)
    assert dead_end(way) is Page.OTHER_ADDRESS
    assert is_guest(house)


def test_L45_a_guest_whose_redeemed_address_is_gone_proves_the_bound_account(house: House) -> None:
    """Lifecycle L29: any address that he holds leads to the bound provider; without one he types it."""
    browser = arrive(house, HOME)
    guest = house.guest(house.people["alice"])
    other = an_address("alice.new@post.example")
    guest = change_user(house, guest, mail=other, other_mails=(other,))
    flow = begin(house, browser)
    assert flow is not None
    assert (flow.address, flow.method, flow.home_tenant_id) == (other, "home", house.fabrikam)
    change_user(house, guest, mail=None, other_mails=())
    flow = begin(house, browser)
    assert flow is not None
    assert Way(house, browser, flow.id).step is Step.ADDRESS


def test_L45_the_audit_says_who_left_and_nothing_else_happened_in_the_core_directory(house: House) -> None:
    way = at_the_question(house)
    confirmed(way)
    events = house.rows(
        "SELECT activity, service, operation, result, actor_type, actor_id, target_id, details FROM audit_events"
        " WHERE at = :now AND activity LIKE '%elete%'",
        now=int(house.world.now().timestamp() * 1_000_000),
    )
    guest = house.people["alice"]
    assert [event[:7] for event in events] == [
        ("Delete external user", "Invited Users", "Delete", "success", "user", guest, guest)
    ]
    assert json.loads(events[0][7])["ended"]["signIns"] == 1


def test_S13_who_left_is_restored_within_thirty_days_with_his_access(house: House) -> None:
    confirmed(at_the_question(house))
    guest = house.people["alice"]
    house.clock.pass_(days=29)
    house.write(removal.purge_expired, house.world)
    house.write(removal.restore_user, house.world, house.automation("User.ReadWrite.All"), guest)
    assert house.guest(guest).redemption_state == "Accepted"
    assert house.rows("SELECT COUNT(*) FROM group_members WHERE member_id = :u", u=guest) == [(1,)]
    assert sign_in_of(house, arrive(house, HOME)), "he signs in as before"


def test_S14_on_day_thirty_he_is_gone_for_good(house: House) -> None:
    confirmed(at_the_question(house))
    house.clock.pass_(days=30, microseconds=1)
    house.write(removal.purge_expired, house.world)
    assert house.rows("SELECT 1 FROM users WHERE id = :u", u=house.people["alice"]) == []


def test_a_second_press_finds_the_way_closed(house: House) -> None:
    way = at_the_question(house)
    confirmed(way)
    assert dead_end(way) is Page.CLOSED


def test_cancel_ends_the_way_and_not_the_guest(house: House) -> None:
    way = at_the_question(house)
    before = house.rows("SELECT COUNT(*) FROM audit_events")
    way.do(leave.stay)
    assert is_guest(house)
    assert dead_end(way) is Page.CLOSED
    assert house.rows("SELECT COUNT(*) FROM audit_events") == before


def test_a_flow_id_is_used_once_and_a_dead_sign_in_begins_nothing(house: House) -> None:
    browser = arrive(house, HOME)
    entry, flow_id = sign_in_of(house, browser), house.world.new_id()
    house.write(leave.begin, house.world, browser, entry, flow_id=flow_id)
    for asked in (entry, replace(entry, tenant_id=house.fabrikam), replace(entry, epoch=9)):
        with pytest.raises(DeadEnd):
            house.write(leave.begin, house.world, browser, asked, flow_id=flow_id)


def test_a_guest_who_changed_meanwhile_is_looked_at_again_and_else_nothing_is_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = at_the_question(house)
    before = house.contents()
    monkeypatch.setattr(users, "update", lambda *_: False)
    with pytest.raises(Unavailable):
        confirmed(way)
    assert house.contents() == before


def test_the_way_out_is_kept_as_it_was_written(house: House) -> None:
    flow = begin(house, arrive(house, HOME))
    assert flow is not None
    assert isinstance(flow.target, ToLeave)
    assert house.read(browser_flows.get, flow.id, flow.browser_hash) == flow
