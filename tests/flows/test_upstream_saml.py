"""Redeeming and signing in with a SAML provider, which may lie (lifecycle sections 6 to 9; security I7, I9, N4, T31)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from applications import asking, claims_of, renew, sign_in_of, to_application
from applications import bring as exchange
from saml_ways import bring, hear, leave, prove_at, register
from ways import Way, begin, follow

from lying_saml import TRANSIENT, LyingSaml, asked, encoded, one
from readmit.domain.errors import DeadEnd, Page, TokenRefused, Unavailable
from readmit.domain.guest import Accepted
from readmit.domain.provider import Provider
from readmit.domain.redemption import Step
from readmit.flows import administer_providers, authorize, housekeeping, keys, methods, service_provider, upstream
from readmit.flows.arrive import Arrived
from readmit.flows.browsers import Browser
from readmit.flows.upstream import Answer, NotHere
from readmit.storage import saml as table
from world import PASSWORD, House, a_browser

ALICE = "alice@tailspin.example"


@pytest.fixture
def tailspin(house: House) -> LyingSaml:
    return LyingSaml(now=house.clock)


@pytest.fixture
def registered(house: House, tailspin: LyingSaml) -> Provider:
    return register(house, tailspin)


def redeem_at(house: House, tailspin: LyingSaml, address: str = ALICE) -> tuple[str, Browser]:
    """A guest who has redeemed with the provider; her id and her browser."""
    invited = house.invite(address)
    way = follow(house, invited)
    assert way.step is Step.PROVIDER
    prove_at(way, tailspin)
    way.proceed()
    assert way.step is Step.CONSENT
    arrived = way.accept()
    assert isinstance(arrived, Arrived)
    return invited.invitation.user_id, Browser(arrived.session_token, "192.0.2.1", "s" * 43)


def page_of(way: Way) -> Page:
    with pytest.raises(DeadEnd) as end:
        way.proceed()
    return end.value.page


def page_at(way: Way, answer: Answer, browser: Browser | None = None) -> Page:
    with pytest.raises(DeadEnd) as end:
        hear(way, answer, browser)
    return end.value.page


def off(house: House, tailspin: LyingSaml) -> tuple[Way, Answer]:
    """A browser on its way back, its answer parked."""
    way = follow(house, house.invite(ALICE))
    return way, bring(way, tailspin.approve(leave(way)))


def test_a_guest_redeems_and_signs_in_with_a_SAML_provider(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    user_id, _ = redeem_at(house, tailspin)
    guest = house.guest(user_id)
    assert isinstance(guest.redemption, Accepted)
    binding = guest.redemption.binding
    assert (binding.kind, binding.issuer, binding.subject) == ("saml", tailspin.entity_id, "alice-at-tailspin")
    assert (binding.shown_issuer, binding.assigned_id) == (tailspin.entity_id, "alice-at-tailspin")
    assert guest.display_name == "Alice Tailspin"
    way = begin(house, ALICE)
    assert way.look().provider == registered
    prove_at(way, tailspin)
    assert isinstance(way.proceed(), Arrived)


def test_an_answer_weighs_what_OpenID_providers_answers_do(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    way, answer = off(house, tailspin)
    hear(way, answer)
    proof = way.look().flow.proof
    assert proof is not None
    assert (proof.amr, proof.at, proof.auth_time) == (("fed",), house.clock(), house.clock())
    assert proof.keys == (ALICE,)


def test_a_second_factor_at_the_provider_is_told_to_applications(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    def before(response: Any) -> None:
        one(response, "AuthnContextClassRef").text = "https://refeds.org/profile/mfa"

    tailspin.before = before
    way, answer = off(house, tailspin)
    hear(way, answer)
    proof = way.look().flow.proof
    assert proof is not None
    assert proof.amr == ("fed", "mfa")


def test_scenario_C_a_guest_moves_from_Fabrikam_to_a_company_with_SAML(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    """Lifecycle section 9, C: same object, old identity dead, new one bound."""
    alice = house.people["alice"]
    before = house.guest(alice)
    old = begin(house, "alice@fabrikam.com")
    old.password()
    arrived = old.proceed()
    session = Browser(arrived.session_token, "192.0.2.1", "s" * 43)
    code = house.write(authorize.issue_code, house.world, asking(house), sign_in_of(house, session))
    token = exchange(house, code)["refresh_token"]
    invited = house.reset(alice, ALICE)
    with pytest.raises(TokenRefused) as refused:
        renew(house, token)
    assert refused.value.number == 50173
    typed = begin(house, "alice@fabrikam.com")
    typed.password()
    assert page_of(typed) is Page.UNKNOWN_ACCOUNT
    way = follow(house, invited)
    assert way.look().provider == registered
    prove_at(way, tailspin)
    way.proceed()
    assert isinstance(way.accept(), Arrived)
    after = house.guest(alice)
    assert isinstance(after.redemption, Accepted)
    assert (after.redemption.binding.issuer, after.sign_in_name) == (tailspin.entity_id, ALICE)
    assert (after.id, after.upn, after.created, after.user_type) == (
        before.id,
        before.upn,
        before.created,
        before.user_type,
    )
    history = house.rows("SELECT issuer FROM redemptions WHERE user_id = :id ORDER BY redeemed_at, rowid", id=alice)
    assert history[-1] == (tailspin.entity_id,)
    again = begin(house, "alice@fabrikam.com")
    again.password(PASSWORD)
    assert page_of(again) is Page.UNKNOWN_ACCOUNT


def test_a_reset_ends_everything_of_the_SAML_identity(house: House, tailspin: LyingSaml, registered: Provider) -> None:
    user_id, browser = redeem_at(house, tailspin)
    code = house.write(authorize.issue_code, house.world, asking(house), sign_in_of(house, browser))
    token = exchange(house, code)["refresh_token"]
    way = begin(house, ALICE)
    answer = bring(way, tailspin.approve(leave(way)))
    house.reset(user_id, "alice@post.example")
    with pytest.raises(TokenRefused) as refused:
        renew(house, token)
    assert refused.value.number == 50173
    with pytest.raises(NotHere):
        hear(way, answer)
    again = begin(house, ALICE)
    prove_at(again, tailspin)
    assert page_of(again) is Page.UNKNOWN_ACCOUNT
    assert house.rows("SELECT * FROM users WHERE binding_kind = 'saml'") == []


def test_T7_a_reset_ends_the_open_redemption_with_its_parked_answer(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    way, answer = off(house, tailspin)
    house.reset(house.rows("SELECT user_id FROM flows")[0][0], ALICE)
    assert house.rows("SELECT * FROM parked_messages") == []
    assert page_at(way, answer) is Page.CLOSED


def test_T1_somebody_else_who_is_given_her_address_is_not_let_in(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    user_id, _ = redeem_at(house, tailspin)
    before = house.guest(user_id)
    tailspin.name_id = "mallory-at-tailspin"
    way = begin(house, ALICE)
    prove_at(way, tailspin)
    assert page_of(way) is Page.UNKNOWN_ACCOUNT
    assert house.guest(user_id) == before


@pytest.mark.parametrize("mail", ["bob@tailspin.example", "alice@fabrikam.com", None])
def test_T5_an_address_that_is_not_proved_does_not_redeem_but_a_code_to_the_mailbox_does(
    house: House, tailspin: LyingSaml, registered: Provider, mail: str | None
) -> None:
    invited = house.invite(ALICE)
    way = follow(house, invited)
    tailspin.attributes = {"mail": [mail]} if mail else {}
    prove_at(way, tailspin)
    assert page_of(way) is Page.OTHER_ADDRESS
    way.do(methods.use_code)
    way.redeem_by_code()
    bound = house.guest(invited.invitation.user_id).redemption
    assert isinstance(bound, Accepted)
    assert bound.binding.kind == "mail"


def test_a_NameID_that_changes_binds_nothing_unless_an_attribute_is_configured(
    house: House, tailspin: LyingSaml
) -> None:
    made = register(house, tailspin)
    tailspin.name_id, tailspin.name_id_format = "_f00", TRANSIENT
    tailspin.attributes["employeeNumber"] = ["E-4711"]
    way, answer = off(house, tailspin)
    assert page_at(way, answer) is Page.PROVIDER_UNTRUSTED
    house.write(administer_providers.remove, house.world, house.automation(), made.id)
    register(house, tailspin, subject_attribute="employeeNumber")
    user_id, _ = redeem_at(house, tailspin)
    tailspin.name_id = "_f01"
    again = begin(house, ALICE)
    prove_at(again, tailspin)
    assert isinstance(again.proceed(), Arrived)
    bound = house.guest(user_id).redemption
    assert isinstance(bound, Accepted)
    assert bound.binding.subject == "E-4711"


# --------------------------------------------------------------------- the answer


def test_T6_T25_another_browser_can_neither_use_a_parked_answer_nor_use_it_up(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    way, answer = off(house, tailspin)
    assert page_at(way, answer, a_browser("x" * 43)) is Page.CLOSED
    hear(way, answer)
    assert way.look().flow.proof is not None


def test_I2_an_answer_is_used_once_at_its_own_providers_path(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    way, answer = off(house, tailspin)
    with pytest.raises(NotHere):
        hear(way, Answer("another", answer.values))
    hear(way, answer)
    with pytest.raises(NotHere):
        hear(way, answer)


def test_I2_of_many_that_come_with_one_answer_at_once_one_is_heard(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    way, answer = off(house, tailspin)
    barrier = threading.Barrier(8)

    def come(_: int) -> bool:
        barrier.wait()
        try:
            hear(way, answer)
        except NotHere:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(come, range(8))) == [False] * 7 + [True]
    assert len(house.rows("SELECT * FROM saml_assertions")) == 1


def test_N4_a_GET_without_a_parked_answer_uses_nothing_up(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    way = follow(house, house.invite(ALICE))
    form = tailspin.approve(leave(way))
    with pytest.raises(NotHere):
        hear(way, Answer(registered.id, {"state": form["RelayState"]}))
    hear(way, bring(way, form))


def test_N4_an_answer_is_parked_for_a_minute_sealed(house: House, tailspin: LyingSaml, registered: Provider) -> None:
    way = follow(house, house.invite(ALICE))
    form = tailspin.approve(leave(way))
    answer = bring(way, form)
    assert form["SAMLResponse"][:200] not in house.contents()
    assert form["RelayState"] not in house.contents()
    house.clock.pass_(seconds=60)
    with pytest.raises(NotHere):
        hear(way, answer)
    hear(way, bring(way, form))
    assert house.rows("SELECT * FROM parked_messages") == []


def test_housekeeping_forgets_what_nobody_came_for_and_assertions_that_are_over(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    off(house, tailspin)
    way = follow(house, house.invite("pam@tailspin.example"))
    tailspin.attributes["mail"] = ["pam@tailspin.example"]
    prove_at(way, tailspin)
    assert len(house.rows("SELECT * FROM saml_assertions")) == 1
    house.clock.pass_(seconds=59)
    housekeeping.sweep(house.world)
    assert len(house.rows("SELECT * FROM parked_messages")) == 1
    house.clock.pass_(seconds=1)
    housekeeping.sweep(house.world)
    assert house.rows("SELECT * FROM parked_messages") == []
    house.clock.pass_(minutes=4, seconds=59)
    housekeeping.sweep(house.world)
    assert len(house.rows("SELECT * FROM saml_assertions")) == 1
    house.clock.pass_(seconds=1)
    housekeeping.sweep(house.world)
    assert house.rows("SELECT * FROM saml_assertions") == []


def test_only_what_answers_a_request_of_ours_is_parked(house: House, tailspin: LyingSaml, registered: Provider) -> None:
    way = follow(house, house.invite(ALICE))
    form = tailspin.approve(leave(way))
    before = house.contents()
    for answer in (Answer("another", {"state": form["RelayState"]}), Answer(registered.id, {"state": "guessed"})):
        assert not house.write(upstream.park, house.world, answer, form["SAMLResponse"])
    assert house.contents() == before


def test_the_newest_of_two_posts_counts(house: House, tailspin: LyingSaml, registered: Provider) -> None:
    way = follow(house, house.invite(ALICE))
    form = tailspin.approve(leave(way))
    bring(way, {**form, "SAMLResponse": encoded(b"<junk/>")})
    hear(way, bring(way, form))


def test_asking_again_voids_the_request_before(house: House, tailspin: LyingSaml, registered: Provider) -> None:
    way, answer = off(house, tailspin)
    leave(way)
    with pytest.raises(NotHere):
        hear(way, answer)


def test_T31_an_assertion_is_used_once_even_under_another_state(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    """Not even a provider that answers two requests with one assertion id."""

    def before(response: Any) -> None:
        one(response, "Assertion").set("ID", "_always-the-same")

    tailspin.before = before
    redeem_at(house, tailspin)
    way = begin(house, ALICE)
    answer = bring(way, tailspin.approve(leave(way)))
    assert page_at(way, answer) is Page.PROVIDER_UNTRUSTED
    assert way.look().flow.proof is None


def test_T31_an_answer_of_another_flow_is_refused(house: House, tailspin: LyingSaml, registered: Provider) -> None:
    """The message of one way, posted under the state of another one."""
    mallory = follow(house, house.invite("mallory@tailspin.example"), a_browser("m" * 43))
    stolen = tailspin.approve(leave(mallory))["SAMLResponse"]
    way = follow(house, house.invite(ALICE))
    form = tailspin.approve(leave(way))
    assert page_at(way, bring(way, {**form, "SAMLResponse": stolen})) is Page.PROVIDER_UNTRUSTED
    assert way.look().flow.proof is None
    assert way.step is Step.PROVIDER


def test_T31_the_same_provider_of_another_tenant_is_another_service(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    """Registered twice, it gives each registration assertions of its own."""
    way = follow(house, house.invite(ALICE))
    request = asked(leave(way))
    assert request.sp == f"https://localhost:8443/signin/saml/{registered.id}"
    assert request.acs == f"https://localhost:8443/signin/callback/{registered.id}"


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_provider_whose_clock_is_an_hour_off_is_not_believed_and_the_way_goes_on(
    house: House, tailspin: LyingSaml, registered: Provider, hours: int
) -> None:
    tailspin.now = lambda: house.clock() + timedelta(hours=hours)
    way, answer = off(house, tailspin)
    assert page_at(way, answer) is Page.PROVIDER_UNTRUSTED
    tailspin.now = house.clock
    prove_at(way, tailspin)


def test_a_person_who_turns_back_at_the_provider_may_try_again(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    def before(response: Any) -> None:
        response.remove(one(response, "Assertion"))
        one(response, "StatusCode").set("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")

    tailspin.before, tailspin.signs = before, ()
    way, answer = off(house, tailspin)
    assert page_at(way, answer) is Page.PROVIDER_REFUSED
    assert way.step is Step.PROVIDER
    tailspin.before, tailspin.signs = (lambda response: None), ("assertion",)
    prove_at(way, tailspin)


def test_J3_neither_message_nor_name_goes_to_the_server_log(
    house: House, tailspin: LyingSaml, registered: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    way = follow(house, house.invite(ALICE))
    tailspin.name_id_format = TRANSIENT
    form = tailspin.approve(leave(way))
    page_at(way, bring(way, form))
    told = "".join(capsys.readouterr())
    assert "not persistent" in told
    for secret in (form["SAMLResponse"][:60], form["RelayState"], "alice-at-tailspin", ALICE):
        assert secret not in told


# ------------------------------------------------------------- switched off (I7)


def switch(house: House, registered: Provider, *, on: bool) -> None:
    house.write(administer_providers.enable, house.world, house.automation(), registered.id, enabled=on)


def test_I7_T33_a_provider_that_is_off_signs_nobody_in_and_refreshes_nothing(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    _, browser = redeem_at(house, tailspin)
    code = house.write(authorize.issue_code, house.world, asking(house), sign_in_of(house, browser))
    token = exchange(house, code)["refresh_token"]
    way = begin(house, ALICE)
    answer = bring(way, tailspin.approve(leave(way)))
    switch(house, registered, on=False)
    with pytest.raises(TokenRefused) as refused:
        renew(house, token)
    assert refused.value.number == 50173
    assert page_at(way, answer) is Page.CLOSED
    with pytest.raises(DeadEnd):
        leave(way)
    assert begin(house, ALICE).step is Step.REQUEST_CODE
    switch(house, registered, on=True)
    again = begin(house, ALICE)
    prove_at(again, tailspin)
    assert isinstance(again.proceed(), Arrived)


def test_I7_a_provider_that_is_switched_off_while_its_answer_is_checked_proves_nothing(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    way, answer = off(house, tailspin)
    waits = [True]

    def meanwhile() -> datetime:
        """Asked for the time once more after the state was used up: the answer is being checked."""
        if waits and not house.rows("SELECT * FROM upstream_states"):
            waits.clear()
            switch(house, registered, on=False)
        return house.clock()

    with pytest.raises(DeadEnd) as end:
        upstream.hear(replace(house.world, now=meanwhile), way.browser, way.flow_id, answer)
    assert (end.value.page, waits) == (Page.CLOSED, [])
    switch(house, registered, on=True)
    assert way.look().flow.proof is None


def test_L24_a_guest_of_a_SAML_provider_proves_anew_after_a_day(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    _, browser = redeem_at(house, tailspin)
    code = house.write(authorize.issue_code, house.world, asking(house), sign_in_of(house, browser))
    body = exchange(house, code)
    house.clock.pass_(hours=23, minutes=59)
    body = renew(house, body["refresh_token"])
    house.clock.pass_(minutes=1)
    with pytest.raises(TokenRefused) as refused:
        renew(house, body["refresh_token"])
    assert refused.value.number == 700082


def test_an_old_session_at_the_provider_signs_in_for_a_whole_day_and_says_how_old_it_is(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    def before(response: Any) -> None:
        one(response, "AuthnStatement").set("AuthnInstant", "2026-01-01T00:00:00Z")

    tailspin.before = before
    _, browser = redeem_at(house, tailspin)
    entry = sign_in_of(house, browser)
    assert (entry.at, entry.auth_time) == (house.clock(), datetime(2026, 1, 1, tzinfo=UTC))
    body = exchange(house, house.write(authorize.issue_code, house.world, asking(house), entry))
    assert claims_of(house, body["id_token"])["auth_time"] == int(entry.auth_time.timestamp())
    house.clock.pass_(hours=7)
    assert sign_in_of(house, browser) == entry
    assert renew(house, body["refresh_token"])


# ------------------------------------------------------------------- the request


def test_a_request_is_signed_only_for_a_provider_that_wants_it(house: House, tailspin: LyingSaml) -> None:
    plain = register(house, tailspin)
    assert "Signature" not in asked(leave(follow(house, house.invite(ALICE)))).query
    house.write(administer_providers.remove, house.world, house.automation(), plain.id)
    tailspin.wants_signed = True
    register(house, tailspin)
    key = keys.ensure_request_key(house.world)
    assert key == keys.ensure_request_key(house.world)
    query = asked(leave(follow(house, house.invite("pam@tailspin.example")))).query
    assert query["SigAlg"].endswith("#rsa-sha256")
    assert len(query["Signature"]) == 344
    assert key.hex() not in house.contents().lower()


def test_who_must_prove_himself_anew_does_so_at_the_provider_as_well(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    redeem_at(house, tailspin)
    for more in ({"prompt": ("login",)}, {"max_age": 300}):
        way = begin(house, ALICE, target=to_application(house, **more))
        url = leave(way)
        assert asked(url).xml.get("ForceAuthn") == "true"

        def before(response: Any) -> None:
            one(response, "AuthnStatement").set("AuthnInstant", "2026-01-01T00:00:00Z")

        tailspin.before = before
        assert page_at(way, bring(way, tailspin.approve(url))) is Page.PROVIDER_UNTRUSTED
        tailspin.before = lambda response: None
        prove_at(way, tailspin)
    way = begin(house, ALICE, target=to_application(house))
    assert asked(leave(way)).xml.get("ForceAuthn") is None
    tailspin.name_id = "somebody-else"
    prove_at(way, tailspin)
    assert page_of(way) is Page.UNKNOWN_ACCOUNT
    assert asked(leave(way)).xml.get("ForceAuthn") == "true", "who comes again was the wrong one"


def test_the_form_of_the_page_ends_at_the_providers_origin(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    assert upstream.origin(house.world, registered) == "https://idp.tailspin.example"
    house.write(administer_providers.remove, house.world, house.automation(), registered.id)
    assert upstream.origin(house.world, registered) == "https://idp.tailspin.example"


def test_our_metadata_is_there_for_registered_SAML_providers_once_there_is_a_key(
    house: House, tailspin: LyingSaml, registered: Provider
) -> None:
    with pytest.raises(Unavailable):
        house.read(service_provider.metadata, house.world, registered.id)
    keys.ensure(house.world)
    made = house.read(service_provider.metadata, house.world, registered.id)
    assert f'entityID="https://localhost:8443/signin/saml/{registered.id}"'.encode() in made
    assert b'WantAssertionsSigned="true"' in made
    assert house.read(service_provider.metadata, house.world, "nobody") is None


def test_the_first_key_for_requests_stays(house: House) -> None:
    first = keys.ensure_request_key(house.world)
    assert not house.write(table.keep_key, "other", "other", house.clock())
    assert keys.ensure_request_key(house.world) == first
