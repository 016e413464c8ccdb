"""An application's authorization request against a live sign-in (graph G76, security O10, lifecycle P11)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from applications import arrive, asking, bring, change_principal, claims_of, sign_in_of, to_application
from ways import Way, begin

from readmit.domain.errors import DeadEnd, Page, TokenRefused
from readmit.domain.graph_permissions import GRAPH_APP_ID
from readmit.domain.redemption import Flow, Step, ToApplication
from readmit.flows import sign_in
from readmit.flows.arrive import Arrived, consent_to_application
from readmit.flows.browsers import Browser, session_of
from readmit.flows.open_flow import Onward
from readmit.flows.sign_out import this_browser
from readmit.storage import queries_tenants
from world import House, a_browser

HOME, MAILBOX = "alice@fabrikam.com", "max@post.example"


def ask(house: House, browser: Browser, **more: Any) -> Any:
    """A code, or a flow of the browser, for an authorization request."""
    tenant = house.read(queries_tenants.named, house.contoso)
    flow_id, request = house.world.new_id(), asking(house, **more)
    found = house.write(sign_in.begin_authorize, house.world, browser, flow_id=flow_id, tenant=tenant, request=request)
    return Way(house, browser, found.id) if isinstance(found, Flow) else found.code


def refused(house: House, browser: Browser, **more: Any) -> TokenRefused:
    before = house.contents()
    with pytest.raises(TokenRefused) as refusal:
        ask(house, browser, prompt=("none",), **more)
    assert house.contents() == before
    return refusal.value


def test_a_live_sign_in_with_consent_gets_a_code_at_once(house: House) -> None:
    code = ask(house, arrive(house, HOME), prompt=("none",))
    assert isinstance(code, str)
    assert claims_of(house, bring(house, code)["id_token"])["oid"] == house.people["alice"]


def test_nobody_signed_in_is_asked_for_an_address(house: House) -> None:
    way = ask(house, a_browser(), ui_locales="de ja")
    assert way.step is Step.ADDRESS
    assert way.look().flow.language == "de ja"
    assert refused(house, a_browser()).error == "login_required"


@pytest.mark.parametrize(
    ("hint", "step"), [(HOME, Step.PASSWORD), (MAILBOX, Step.REQUEST_CODE), ("no address", Step.ADDRESS)]
)
def test_a_login_hint_skips_the_address_page(house: House, hint: str, step: Step) -> None:
    assert ask(house, a_browser(), login_hint=hint).step is step
    assert ask(house, a_browser(), login_hint=hint, prompt=("select_account",)).step is Step.ADDRESS


def test_a_session_of_another_tenant_is_none_here(house: House) -> None:
    home = begin(house, HOME, tenant=house.fabrikam)
    home.password()
    browser = Browser(home.proceed().session_token, "192.0.2.1", "s" * 43)
    assert ask(house, browser).step is Step.ADDRESS


def test_an_ended_session_is_none(house: House) -> None:
    browser = arrive(house, HOME)
    assert house.write(this_browser, house.world, browser.session_token)
    assert not house.write(this_browser, house.world, browser.session_token)
    assert not house.write(this_browser, house.world, None)
    assert house.read(session_of, browser.session_token, house.world.now()) is None
    assert ask(house, browser).step is Step.ADDRESS


def test_N1_a_sign_in_ends_after_eight_idle_hours_and_after_a_day(house: House) -> None:
    browser = arrive(house, HOME)
    house.clock.pass_(hours=8)
    assert refused(house, browser).number == 50058


@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_prompt_asks_again_whoever_is_signed_in(house: House, prompt: str) -> None:
    browser = arrive(house, HOME)
    way = ask(house, browser, prompt=(prompt,), login_hint=HOME)
    assert way.step in (Step.PASSWORD, Step.ADDRESS)


def test_prompt_login_is_not_answered_by_the_live_sign_in(house: House) -> None:
    browser = arrive(house, HOME)
    way = ask(house, browser, prompt=("login",), login_hint=HOME)
    assert way.look().account is None


def test_max_age_counts_from_the_proof(house: House) -> None:
    browser = arrive(house, HOME)
    house.clock.pass_(seconds=60)
    assert isinstance(ask(house, browser, max_age=60), str)
    house.clock.pass_(seconds=1)
    assert ask(house, browser, max_age=60).step is Step.ADDRESS
    assert refused(house, browser, max_age=60).error == "login_required"


# ----------------------------------------------------------------------- consent

MORE = ("openid", "offline_access", "User.Read", "Mail.Read")


def test_O10_missing_consent_is_asked_then_remembered(house: House) -> None:
    browser = arrive(house, HOME)
    silent = refused(house, browser, scopes=MORE)
    assert (silent.error, silent.number, silent.suberror) == ("interaction_required", 65001, "consent_required")
    way = ask(house, browser, scopes=MORE)
    assert way.step is Step.APP_CONSENT
    view = way.look()
    assert (view.application, view.scopes) == ("Expenses", ("Mail.Read",))
    arrived = way.do(consent_to_application)
    assert isinstance(arrived, Arrived)
    assert arrived.response.code is not None
    entry = claims_of(house, bring(house, arrived.response.code)["access_token"])
    assert "Mail.Read" in entry["scp"]
    assert isinstance(ask(house, arrive(house, HOME), scopes=MORE), str)


def test_J1_a_consent_is_audited_with_what_was_given_and_only_what_is_new(house: House) -> None:
    """Graph G41."""
    ask(house, arrive(house, HOME), scopes=MORE).do(consent_to_application)
    ask(house, arrive(house, HOME), prompt=("consent",), scopes=MORE).do(consent_to_application)
    (event,) = house.rows(
        "SELECT actor_type, actor_id, category, target_type, details, source FROM audit_events"
        " WHERE activity = 'Consent to application'"
    )
    guest = house.people["alice"]
    assert event[:4] == ("user", guest, "ApplicationManagement", "ServicePrincipal")
    assert json.loads(event[4]) == {"principal": guest, "resource": GRAPH_APP_ID, "scope": "Mail.Read"}
    assert event[5] == "192.0.2.1"


def test_a_consents_sign_in_keeps_the_age_and_the_home_of_its_proof(house: House) -> None:
    """`auth_time` stays the password's (lifecycle L24)."""
    browser = arrive(house, HOME)
    before = sign_in_of(house, browser)
    house.clock.pass_(hours=1)
    arrived = ask(house, browser, scopes=MORE).do(consent_to_application)
    after = sign_in_of(house, Browser(arrived.session_token, browser.ip))
    assert (after.at, after.home_user_id, after.home_epoch, after.amr) == (
        before.at,
        before.home_user_id,
        before.home_epoch,
        ("pwd",),
    )


def test_a_member_consents_for_himself(house: House) -> None:
    browser = arrive(house, "mia@contoso.com")
    arrived = ask(house, browser, scopes=MORE).do(consent_to_application)
    assert isinstance(arrived, Arrived)
    entry = sign_in_of(house, Browser(arrived.session_token, browser.ip))
    assert entry.home_user_id is None


def test_prompt_consent_asks_for_what_was_consented_to_before(house: House) -> None:
    browser = arrive(house, HOME)
    assert refused_with_consent(house, browser) == 65001
    way = ask(house, browser, prompt=("consent",))
    assert way.step is Step.APP_CONSENT
    assert way.look().scopes == asking(house).scopes
    assert isinstance(way.do(consent_to_application), Arrived)


def refused_with_consent(house: House, browser: Browser) -> int:
    with pytest.raises(TokenRefused) as refusal:
        ask(house, browser, prompt=("none", "consent"))
    return refusal.value.number


def test_a_consent_without_its_page_is_none(house: House) -> None:
    """Security T42: a POST that skips a step leads to the step."""
    way = ask(house, a_browser(), scopes=MORE, login_hint=HOME)
    assert isinstance(way.do(consent_to_application), Onward)
    signed_in = begin(house, HOME)
    signed_in.password()
    assert isinstance(signed_in.do(consent_to_application), Onward)


def test_a_consent_of_an_ended_life_closes_the_flow(house: House) -> None:
    browser = arrive(house, HOME)
    way = ask(house, browser, scopes=MORE)
    user = house.guest(house.people["alice"])
    house.write(lambda tx: tx.run("UPDATE users SET epoch = epoch + 1 WHERE id = :id", {"id": user.id}))
    with pytest.raises(DeadEnd) as end:
        way.do(consent_to_application)
    assert end.value.page is Page.CLOSED


# -------------------------------------------------------------------- assignment


def test_P11_an_application_that_wants_an_assignment(house: House) -> None:
    change_principal(house, assignment_required=True)
    assert isinstance(ask(house, arrive(house, HOME)), str), "alice is an Approver"
    mia = arrive(house, "mia@contoso.com")
    assert refused(house, mia).number == 50105
    with pytest.raises(DeadEnd) as end:
        ask(house, mia)
    assert (end.value.page, end.value.details) == (Page.NOT_ASSIGNED, {"org": "Contoso", "app": "Expenses"})
    way = begin(house, "mia@contoso.com", target=to_application(house))
    way.password()
    with pytest.raises(DeadEnd) as end:
        way.proceed()
    assert end.value.page is Page.NOT_ASSIGNED


def test_a_sign_in_for_an_application_ends_there_with_a_code(house: House) -> None:
    way = begin(house, HOME, target=to_application(house))
    way.password()
    arrived = way.proceed()
    assert isinstance(arrived.target, ToApplication)
    assert isinstance(bring(house, arrived.response.code), dict)


def test_a_sign_in_for_an_application_stops_at_its_consent(house: House) -> None:
    way = begin(house, HOME, target=to_application(house, scopes=MORE))
    way.password()
    assert isinstance(way.proceed(), Onward)
    assert way.step is Step.APP_CONSENT
    assert way.do(consent_to_application).response.code is not None


def test_L28_a_pending_guest_redeems_on_the_way_to_an_application(house: House) -> None:
    """He lands in the application, without a link; the consent of the application comes after his own."""
    way = begin(house, "pat@post.example", target=to_application(house, scopes=MORE))
    assert way.code().right
    way.proceed()
    assert way.step is Step.CONSENT
    assert isinstance(way.accept(), Onward)
    assert way.step is Step.APP_CONSENT
    arrived = way.do(consent_to_application)
    assert isinstance(bring(house, arrived.response.code), dict)


def test_G66_everybodys_consent_needs_its_role_at_the_last_button(house: House) -> None:
    """The page was shown to an administrator; at the button he is none any more."""
    way = ask(
        house, arrive(house, "ada@contoso.com"), prompt=("consent",), admin_consent=True, scopes=("User.Read.All",)
    )
    assert way.step is Step.APP_CONSENT
    house.write(lambda tx: tx.run("DELETE FROM role_assignments"))
    with pytest.raises(DeadEnd) as end:
        way.do(consent_to_application)
    assert end.value.page is Page.CLOSED
    assert house.rows("SELECT 1 FROM permission_grants WHERE scope LIKE '%User.Read.All%'") == []
