"""Consents and what hangs on them, as their owner sees and ends them (security N3, O10, lifecycle L6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from applications import (
    account,
    arrive,
    asking,
    bring,
    caller_of,
    change_user,
    client,
    code_for,
    renew,
    sign_in_of,
    tokens_for,
)
from ways import Way

from readmit.domain.application import PermissionGrant
from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import DeadEnd, Duplicate, TokenRefused
from readmit.domain.redemption import Step
from readmit.flows import access, authorize, consent, sign_in, sign_out, withdraw
from readmit.flows.arrive import consent_to_application
from readmit.flows.browsers import Browser
from readmit.storage import apps, queries_applications, sessions, tenants
from readmit.storage.queries_applications import ApplicationAccess
from world import AUTOMATION, EXPENSES, House

HOME, MAILBOX = "alice@fabrikam.com", "max@post.example"


def shown(house: House, person: str = "alice") -> list[ApplicationAccess]:
    return house.read(queries_applications.applications_of, house.contoso, house.people[person], house.world.now())


def agree(house: House, *scopes: str, person: str = "alice") -> None:
    house.write(consent.record_consent, house.world, asking(house, scopes=scopes), house.people[person])


def take_back(house: House, browser: Browser, app_id: str = EXPENSES) -> bool:
    entry = sign_in_of(house, browser)
    return bool(house.write(withdraw.withdraw_access, house.world, browser, entry, app_id))


def test_an_application_is_shown_with_what_was_allowed_and_when_it_last_got_a_token(house: House) -> None:
    assert shown(house) == []
    agree(house, "Mail.Read")
    (found,) = shown(house)
    assert (found.name, found.own_scopes, found.given, found.used) == ("Expenses", ("Mail.Read",), True, None)
    token = tokens_for(house, HOME)["refresh_token"]
    first = house.world.now()
    assert shown(house)[0].used == first
    house.clock.pass_(hours=2)
    renew(house, token)
    assert shown(house)[0].used == house.world.now()
    assert shown(house, "max") == []


def test_a_grant_that_opens_nothing_any_more_is_not_shown(house: House) -> None:
    """Without a refresh token the last access token died an hour after it."""
    bring(house, code_for(house, HOME, scopes=("openid", "User.Read")))
    house.clock.pass_(hours=1, microseconds=-1)
    assert [one.app_id for one in shown(house)] == [EXPENSES]
    house.clock.pass_(microseconds=1)
    assert shown(house) == []
    tokens_for(house, HOME)
    house.clock.pass_(days=90)
    assert shown(house) == []


def test_O10_taking_access_back_kills_codes_and_tokens_and_asks_anew(house: House) -> None:
    agree(house, "Mail.Read")
    browser = arrive(house, HOME)
    held = tokens_for(house, HOME)
    code = house.write(authorize.issue_code, house.world, asking(house), sign_in_of(house, browser))
    assert take_back(house, browser)
    for dead in (lambda: renew(house, held["refresh_token"]), lambda: bring(house, code)):
        with pytest.raises(TokenRefused):
            dead()
    with pytest.raises(Unauthenticated):
        caller_of(house, held["access_token"])
    request = asking(house, scopes=("Mail.Read", "User.Read"))
    assert house.read(consent.missing_consent, request, house.people["alice"]) == ("Mail.Read",)
    assert shown(house) == []
    assert sign_in_of(house, browser), "the person stays signed in"


def test_O10_taking_access_back_is_audited_once_and_twice_changes_nothing(house: House) -> None:
    agree(house, "Mail.Read")
    browser = arrive(house, HOME)
    tokens_for(house, HOME)
    assert take_back(house, browser)
    before = house.contents()
    assert not take_back(house, browser)
    assert not take_back(house, browser, "no application")
    assert not take_back(house, browser, AUTOMATION)
    assert house.contents() == before
    (event,) = house.rows(
        "SELECT actor_id, category, details FROM audit_events WHERE activity = 'Remove delegated permission grant'"
    )
    assert event[:2] == (house.people["alice"], "ApplicationManagement")
    assert '"consents":1' in event[2]
    assert '"grants":1' in event[2]


def test_O10_only_the_persons_own_access_ends(house: House) -> None:
    agree(house, "Mail.Read", person="max")
    mine, others = tokens_for(house, HOME), tokens_for(house, MAILBOX)
    take_back(house, arrive(house, HOME))
    with pytest.raises(TokenRefused):
        renew(house, mine["refresh_token"])
    assert isinstance(renew(house, others["refresh_token"]), dict)
    request = asking(house, scopes=("Mail.Read",))
    assert house.read(consent.missing_consent, request, house.people["max"]) == ()


def given_by_administrator(house: House, person: str, scope: str) -> Any:
    resource = house.read(apps.principal_by_app_id, house.contoso, "00000003-0000-0000-c000-000000000000")
    asked = PermissionGrant(
        "",
        house.contoso,
        client(house).service_principal_id,
        resource.id,
        "Principal",
        house.people[person],
        scope,
    )
    return house.write(access.grant_permissions, house.world, house.automation(), asked)


def test_L6_what_a_guest_adds_to_an_administrators_grant_ends_with_his_identity(house: House) -> None:
    """It once was written into the administrator's grant, and lived on for the next person."""
    given_by_administrator(house, "alice", "Files.Read")
    agree(house, "Mail.Read")
    asked = asking(house, scopes=("Files.Read", "Mail.Read"))
    assert house.read(consent.missing_consent, asked, house.people["alice"]) == ()
    assert shown(house)[0].own_scopes == ("Mail.Read",)
    house.reset(house.people["alice"], HOME)
    assert house.read(consent.missing_consent, asked, house.people["alice"]) == ("Mail.Read",)


def test_O10_an_administrators_grant_stays_when_access_is_taken_back(house: House) -> None:
    given_by_administrator(house, "alice", "Files.Read")
    agree(house, "Mail.Read")
    take_back(house, arrive(house, HOME))
    asked = asking(house, scopes=("Files.Read", "Mail.Read"))
    assert house.read(consent.missing_consent, asked, house.people["alice"]) == ("Mail.Read",)


def test_M15_an_administrator_cannot_grant_beside_what_the_user_gave(house: House) -> None:
    agree(house, "Mail.Read")
    with pytest.raises(Duplicate):
        given_by_administrator(house, "alice", "Files.Read")


# ------------------------------------------------------------------------ races


@pytest.mark.parametrize("change", [{"epoch": 2}, {"enabled": False}])
def test_V2_a_sign_in_that_ended_meanwhile_changes_nothing(house: House, change: dict[str, Any]) -> None:
    agree(house, "Mail.Read")
    browser = arrive(house, HOME)
    entry = sign_in_of(house, browser)
    change_user(house, house.guest(house.people["alice"]), **change)
    before = house.contents()
    for flow, asked in ((withdraw.withdraw_access, (EXPENSES,)), (sign_out.everywhere, ())):
        with pytest.raises(DeadEnd):
            house.write(flow, house.world, browser, entry, *asked)
    assert house.contents() == before


@pytest.mark.parametrize("how", ["one", "others", "everywhere"])
def test_N3_ending_a_session_kills_the_codes_and_tokens_of_it_and_of_no_other(house: House, how: str) -> None:
    here, there = arrive(house, HOME), arrive(house, HOME)
    entries = [sign_in_of(house, browser) for browser in (here, there)]
    ours, theirs = (bring(house, house.write(authorize.issue_code, house.world, asking(house), one)) for one in entries)
    code = house.write(authorize.issue_code, house.world, asking(house), entries[1])
    if how == "one":
        house.write(sign_out.other_browser, entries[0], entries[1].session_id)
    elif how == "others":
        house.write(sign_out.other_browsers, entries[0])
    else:
        house.write(sign_out.everywhere, house.world, here, entries[0])
    for dead in (lambda: renew(house, theirs["refresh_token"]), lambda: bring(house, code)):
        with pytest.raises(TokenRefused):
            dead()
    with pytest.raises(Unauthenticated):
        caller_of(house, theirs["access_token"])
    if how == "everywhere":
        with pytest.raises(TokenRefused):
            renew(house, ours["refresh_token"])
    else:
        assert isinstance(renew(house, ours["refresh_token"]), dict)
        assert caller_of(house, ours["access_token"]).user.id == house.people["alice"]


@pytest.mark.parametrize("others", [True, False])
def test_N3_a_page_that_is_open_in_the_other_browser_lets_it_in_no_more(house: House, others: bool) -> None:
    """It asks for a consent, with a proof that is minutes old."""
    here, there = arrive(house, HOME), arrive(house, HOME)
    tenant, flow_id = house.read(tenants.get, house.contoso), house.world.new_id()
    request = asking(house, scopes=("openid", "Mail.Read"))
    house.write(sign_in.begin_authorize, house.world, there, flow_id=flow_id, tenant=tenant, request=request)
    way = Way(house, there, flow_id)
    assert way.step is Step.APP_CONSENT
    if others:
        house.write(sign_out.other_browsers, sign_in_of(house, here))
    else:
        house.write(sign_out.other_browser, sign_in_of(house, here), sign_in_of(house, there).session_id)
    with pytest.raises(DeadEnd):
        way.do(consent_to_application)
    assert len(house.rows("SELECT DISTINCT session_id FROM sign_ins")) == 1


def test_N3_proofs_of_another_epoch_of_the_home_account_are_another_persons(house: House) -> None:
    """Who took a browser of before does not see or end the sessions of who came after."""
    old = sign_in_of(house, arrive(house, HOME))
    change_user(house, account(house, HOME), epoch=2)
    at_fabrikam = arrive(house, HOME)
    home = sign_in_of(house, at_fabrikam, house.fabrikam)
    assert home not in house.read(sessions.of_person, old)
    house.write(sign_out.other_browsers, old)
    assert sign_in_of(house, at_fabrikam, house.fabrikam) == home


def test_N3_guests_of_one_home_account_are_one_person_while_its_epoch_is_the_same(house: House) -> None:
    """Seen from another organisation where the account is a guest too."""
    before = sign_in_of(house, arrive(house, HOME))
    elsewhere = replace(before, tenant_id=house.northwind, user_id="its guest at Northwind")
    assert before in house.read(sessions.of_person, elsewhere)
    change_user(house, account(house, HOME), epoch=2)
    after = sign_in_of(house, arrive(house, HOME))
    found = house.read(sessions.of_person, elsewhere)
    assert before in found
    assert after not in found
