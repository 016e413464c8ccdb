"""Redeeming and signing in with a provider outside this server, which may lie (lifecycle sections 7, 8; security I)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from applications import asking, bring, claims_of, renew, sign_in_of
from ways import Way, begin, follow

from lying_provider import CLIENT, SECRET, LyingProvider, provider, unsigned
from readmit.domain.address import EmailAddress
from readmit.domain.audit import SYSTEM
from readmit.domain.errors import DeadEnd, NobodyCanProve, NotFound, OperatorError, Page, TokenRefused, Unavailable
from readmit.domain.guest import Accepted
from readmit.domain.provider import InvalidProvider, Provider
from readmit.domain.redemption import Flow, Step
from readmit.flows import administer_providers, authorize, consent, methods, providers, seed, sign_in, upstream
from readmit.flows.arrive import Arrived, consent_to_application
from readmit.flows.browsers import Browser
from readmit.flows.open_flow import begun
from readmit.flows.providers import Registration
from readmit.flows.upstream import Answer, NotHere
from readmit.storage import providers as table
from readmit.storage import tenants
from world import House, a_browser

ALICE = "alice@wingtip.example"


@pytest.fixture
def wingtip(house: House) -> Iterator[LyingProvider]:
    with provider(now=house.clock) as made:
        yield made


def registration(issuer: str | None, **more: Any) -> Registration:
    fields: dict[str, Any] = {
        "domains": ("wingtip.example",),
        "name": "Wingtip",
        "issuer": issuer,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "private_network": True,
        **more,
    }
    return Registration(**fields)


def register(house: House, at: str, **more: Any) -> Provider:
    tenant = house.read(tenants.get, house.contoso)
    wanted = registration(**{"issuer": at, **more})
    found = house.write(providers.register, house.world, tenant, wanted, SYSTEM)
    assert isinstance(found, Provider)
    return found


@pytest.fixture
def registered(house: House, wingtip: LyingProvider) -> Provider:
    return register(house, wingtip.issuer)


def answer_of(wingtip: LyingProvider, url: str, provider_id: str, **changed: str) -> Answer:
    return Answer(provider_id, wingtip.approve(url, **changed))


def prove_at(way: Way, wingtip: LyingProvider, **changed: str) -> None:
    """Off to the provider and back, as the browser does it."""
    provider_id = way.look().flow.provider_id
    assert provider_id is not None
    url = upstream.ask(way.house.world, way.browser, way.flow_id)
    answer = answer_of(wingtip, url, provider_id, **changed)
    assert way.house.read(upstream.waiting_flow, answer) == way.flow_id
    upstream.hear(way.house.world, way.browser, way.flow_id, answer)


def redeem_at(house: House, wingtip: LyingProvider, address: str = ALICE) -> tuple[str, Browser]:
    """A guest who has redeemed with the provider; her id and her browser."""
    invited = house.invite(address)
    way = follow(house, invited)
    assert way.step is Step.PROVIDER
    prove_at(way, wingtip)
    way.proceed()
    assert way.step is Step.CONSENT
    arrived = way.accept()
    assert isinstance(arrived, Arrived)
    return invited.invitation.user_id, Browser(arrived.session_token, "192.0.2.1", "s" * 43)


def page_of(way: Way) -> Page:
    with pytest.raises(DeadEnd) as end:
        way.proceed()
    return end.value.page


def test_a_guest_redeems_and_signs_in_with_a_provider_of_her_own(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    user_id, _ = redeem_at(house, wingtip)
    guest = house.guest(user_id)
    assert isinstance(guest.redemption, Accepted)
    binding = guest.redemption.binding
    assert (binding.kind, binding.issuer, binding.subject) == ("oidc", wingtip.issuer, "alice-at-wingtip")
    assert guest.display_name == "Alice Wingtip"
    way = begin(house, ALICE)
    assert way.look().provider == registered
    prove_at(way, wingtip)
    assert isinstance(way.proceed(), Arrived)


def test_scenario_C_after_a_reset_the_old_provider_opens_nothing_and_the_new_one_binds(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    user_id, browser = redeem_at(house, wingtip)
    entry = sign_in_of(house, browser)
    code = house.write(authorize.issue_code, house.world, asking(house), entry)
    before = bring(house, code)["refresh_token"]
    with provider(now=house.clock) as tailspin:
        tailspin.claims = {"sub": "alice-at-tailspin", "email": "alice@tailspin.example"}
        register(house, tailspin.issuer, domains=("tailspin.example",), name="Tailspin")
        invited = house.reset(user_id, "alice@tailspin.example")
        with pytest.raises(TokenRefused) as refused:
            renew(house, before)
        assert refused.value.number == 50173
        old = begin(house, ALICE)
        prove_at(old, wingtip)
        assert page_of(old) is Page.UNKNOWN_ACCOUNT
        way = follow(house, invited)
        assert way.look().provider is not None
        prove_at(way, tailspin)
        way.proceed()
        assert isinstance(way.accept(), Arrived)
        bound = house.guest(user_id).redemption
        assert isinstance(bound, Accepted)
        assert (bound.binding.issuer, bound.redeemed.given) == (tailspin.issuer, "alice@tailspin.example")


def test_T1_somebody_else_who_is_given_her_address_is_not_let_in(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    user_id, _ = redeem_at(house, wingtip)
    before = house.guest(user_id)
    wingtip.claims = {"sub": "mallory"}
    way = begin(house, ALICE)
    prove_at(way, wingtip)
    assert page_of(way) is Page.UNKNOWN_ACCOUNT
    assert house.guest(user_id) == before


@pytest.mark.parametrize(
    "claims", [{"email_verified": False}, {"email_verified": "true"}, {"email": "bob@wingtip.example"}]
)
def test_T1_T5_an_address_that_is_not_proved_does_not_redeem_but_a_code_to_the_mailbox_does(
    house: House, wingtip: LyingProvider, registered: Provider, claims: dict[str, Any]
) -> None:
    invited = house.invite(ALICE)
    way = follow(house, invited)
    wingtip.claims = claims
    prove_at(way, wingtip)
    assert page_of(way) is Page.OTHER_ADDRESS
    way.do(methods.use_code)
    way.redeem_by_code()
    bound = house.guest(invited.invitation.user_id).redemption
    assert isinstance(bound, Accepted)
    assert bound.binding.kind == "mail"


def test_L28_a_pending_guest_who_signs_in_directly_redeems_there(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    house.invite(ALICE)
    way = begin(house, ALICE)
    prove_at(way, wingtip)
    way.proceed()
    assert way.step is Step.CONSENT


def test_an_unknown_address_of_the_domain_is_sent_to_the_provider_and_ends_on_P8(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    way = begin(house, "nobody@wingtip.example")
    assert way.step is Step.PROVIDER
    prove_at(way, wingtip)
    assert page_of(way) is Page.UNKNOWN_ACCOUNT


def test_another_address_of_the_domain_may_be_typed_in_a_redemption(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    way = follow(house, house.invite("pam@post.example"))
    house.write(methods.use_other_account, house.world, way.browser, way.flow_id)

    way.do(methods.type_address, EmailAddress.parse(ALICE))
    assert way.step is Step.PROVIDER
    prove_at(way, wingtip)
    assert page_of(way) is Page.OTHER_ADDRESS


def test_who_comes_again_is_asked_by_the_provider_who_it_is(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    """Its session of the wrong account would send the same one back for ever."""
    way = follow(house, house.invite(ALICE))
    assert "prompt" not in upstream.ask(house.world, way.browser, way.flow_id)
    wingtip.claims = {"email": "bob@wingtip.example"}
    prove_at(way, wingtip)
    assert page_of(way) is Page.OTHER_ADDRESS
    way.do(methods.use_other_account)
    way.do(methods.type_address, EmailAddress.parse(ALICE))
    assert "prompt=login" in upstream.ask(house.world, way.browser, way.flow_id)
    other = follow(house, house.invite(ALICE))
    assert "prompt" not in upstream.ask(house.world, other.browser, other.flow_id), "another way begins anew"


# --------------------------------------------------------------------- the answer


def asked(house: House, wingtip: LyingProvider, registered: Provider) -> tuple[Way, Answer]:
    way = follow(house, house.invite(ALICE))
    url = upstream.ask(house.world, way.browser, way.flow_id)
    return way, answer_of(wingtip, url, registered.id)


def hear(way: Way, answer: Answer, browser: Browser | None = None) -> None:
    upstream.hear(way.house.world, browser or way.browser, way.flow_id, answer)


def test_T6_T25_another_browser_can_neither_use_the_answer_nor_use_it_up(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    way, answer = asked(house, wingtip, registered)
    with pytest.raises(DeadEnd) as end:
        hear(way, answer, a_browser("x" * 43))
    assert end.value.page is Page.CLOSED
    hear(way, answer)
    assert way.look().flow.proof is not None


def test_I2_a_state_is_used_once_and_at_its_own_providers_path(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    way, answer = asked(house, wingtip, registered)
    for foreign in (replace(answer, provider_id="another"), replace(answer, values={**answer.values, "state": "x"})):
        with pytest.raises(NotHere):
            house.read(upstream.waiting_flow, foreign)
        with pytest.raises(NotHere):
            hear(way, foreign)
    hear(way, answer)
    with pytest.raises(NotHere):
        hear(way, answer)


def test_asking_again_voids_the_request_before(house: House, wingtip: LyingProvider, registered: Provider) -> None:
    way, answer = asked(house, wingtip, registered)
    upstream.ask(house.world, way.browser, way.flow_id)
    with pytest.raises(NotHere):
        hear(way, answer)


def test_T7_a_reset_ends_the_upstream_state(house: House, wingtip: LyingProvider, registered: Provider) -> None:
    way, answer = asked(house, wingtip, registered)
    house.reset(house.rows("SELECT user_id FROM flows")[0][0], ALICE)
    assert house.rows("SELECT * FROM upstream_states") == []
    with pytest.raises(NotHere):
        house.read(upstream.waiting_flow, answer)
    with pytest.raises(DeadEnd):
        hear(way, answer)


def test_a_person_who_turns_back_at_the_provider_may_try_again(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    way, answer = asked(house, wingtip, registered)
    with pytest.raises(DeadEnd) as end:
        hear(way, replace(answer, values={"state": answer.values["state"], "error": "access_denied"}))
    assert end.value.page is Page.PROVIDER_REFUSED
    assert way.step is Step.PROVIDER
    prove_at(way, wingtip)


def test_an_answer_that_is_not_believed_binds_nothing(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    way, answer = asked(house, wingtip, registered)
    wingtip.signs = unsigned
    with pytest.raises(DeadEnd) as end:
        hear(way, answer)
    assert end.value.page is Page.PROVIDER_UNTRUSTED
    assert way.look().flow.proof is None


def test_a_provider_that_is_down_is_told_and_nothing_is_lost(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    way, answer = asked(house, wingtip, registered)
    wingtip.answers = lambda path: (503, b"")
    with pytest.raises(DeadEnd) as end:
        hear(way, answer)
    assert end.value.page is Page.PROVIDER_DOWN
    assert way.step is Step.PROVIDER
    wingtip.answers = lambda path: None
    prove_at(way, wingtip)


def test_H5_the_form_of_the_page_ends_at_the_providers_origin(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    assert upstream.origin(house.world, registered) == wingtip.issuer


def test_a_provider_that_is_down_from_the_start_is_told(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    way = follow(house, house.invite(ALICE))
    wingtip.answers = lambda path: (503, b"")
    with pytest.raises(DeadEnd) as end:
        upstream.ask(house.world, way.browser, way.flow_id)
    assert end.value.page is Page.PROVIDER_DOWN
    wingtip.answers = lambda path: None
    house.clock.pass_(seconds=5)
    prove_at(way, wingtip)


def test_what_the_provider_says_of_how_and_when_is_kept_within_reason(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    way = follow(house, house.invite(ALICE))
    now = house.clock()
    wingtip.claims = {"amr": ["pwd", "mfa", 7], "auth_time": int(now.timestamp()) - 3600}
    prove_at(way, wingtip)
    proof = way.look().flow.proof
    assert proof is not None
    assert (proof.amr, (now - proof.auth_time).total_seconds()) == (("pwd", "mfa"), 3600)
    wingtip.claims = {"auth_time": int(now.timestamp()) + 3600}
    way.do(methods.use_other_account)
    way = follow(house, house.invite(ALICE, house.automation()))
    prove_at(way, wingtip)
    proof = way.look().flow.proof
    assert proof is not None
    assert (proof.amr, proof.auth_time) == (("fed",), now)


def test_an_old_session_at_the_provider_signs_in_for_a_whole_day_and_says_how_old_it_is(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    """N1's and L24's times run from the provider's answer; `auth_time` stays what the provider says."""
    long_ago = int(house.clock().timestamp()) - 30 * 3600
    wingtip.claims = {"auth_time": long_ago}
    _, browser = redeem_at(house, wingtip)
    entry = sign_in_of(house, browser)
    assert (entry.at, int(entry.auth_time.timestamp())) == (house.clock(), long_ago)
    body = bring(house, house.write(authorize.issue_code, house.world, asking(house), entry))
    assert claims_of(house, body["id_token"])["auth_time"] == long_ago
    house.clock.pass_(hours=7)
    assert sign_in_of(house, browser) == entry
    assert renew(house, body["refresh_token"])


def test_a_live_sign_in_that_stands_for_a_proof_begins_nothing_anew(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    """Consent to an application is asked for in a live session: its day goes on, its `auth_time` stays."""
    wingtip.claims = {"auth_time": int(house.clock().timestamp()) - 3600}
    _, browser = redeem_at(house, wingtip)
    before = sign_in_of(house, browser)
    house.clock.pass_(hours=1)
    flow_id, tenant = house.world.new_id(), house.read(tenants.get, house.contoso)
    request = asking(house, prompt=("consent",))
    named = {"flow_id": flow_id, "tenant": tenant, "request": request}
    assert isinstance(house.write(sign_in.begin_authorize, house.world, browser, **named), Flow)
    arrived = house.write(consent_to_application, house.world, browser, flow_id)
    assert isinstance(arrived, Arrived)
    after = sign_in_of(house, Browser(arrived.session_token, "192.0.2.1", "s" * 43))
    assert (after.at, after.auth_time) == (before.at, before.auth_time)


def test_max_age_counts_from_when_the_person_signed_in_there(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    wingtip.claims = {"auth_time": int(house.clock().timestamp()) - 3600}
    _, browser = redeem_at(house, wingtip)
    house.write(consent.record_consent, house.world, asking(house), sign_in_of(house, browser).user_id)
    tenant = house.read(tenants.get, house.contoso)
    for age, enough in ((3600, True), (3599, False)):
        named = {"flow_id": house.world.new_id(), "tenant": tenant, "request": asking(house, max_age=age)}
        found = house.write(sign_in.begin_authorize, house.world, browser, **named)
        assert isinstance(found, Flow) is not enough


# ------------------------------------------------------------- switched off (I7)


def switch_off(house: House, registered: Provider) -> None:
    house.write(administer_providers.enable, house.world, house.automation(), registered.id, enabled=False)


def test_I7_T33_a_provider_that_is_off_signs_nobody_in_and_refreshes_nothing(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    user_id, browser = redeem_at(house, wingtip)
    entry = sign_in_of(house, browser)
    refresh_token = bring(house, house.write(authorize.issue_code, house.world, asking(house), entry))["refresh_token"]
    way, answer = asked_by_sign_in(house, wingtip, registered)
    switch_off(house, registered)
    with pytest.raises(TokenRefused) as refused:
        renew(house, refresh_token)
    assert refused.value.number == 50173
    with pytest.raises(DeadEnd):
        hear(way, answer)
    with pytest.raises(DeadEnd):
        upstream.ask(house.world, way.browser, way.flow_id)
    assert begin(house, ALICE).step is Step.REQUEST_CODE
    assert begin(house, "nobody@wingtip.example").step is Step.REQUEST_CODE
    house.write(administer_providers.enable, house.world, house.automation(), registered.id, enabled=True)
    again = begin(house, ALICE)
    prove_at(again, wingtip)
    assert isinstance(again.proceed(), Arrived)
    assert user_id


def asked_by_sign_in(house: House, wingtip: LyingProvider, registered: Provider) -> tuple[Way, Answer]:
    way = begin(house, ALICE)
    return way, answer_of(wingtip, upstream.ask(house.world, way.browser, way.flow_id), registered.id)


def test_I7_a_provider_that_is_switched_off_while_its_answer_is_checked_proves_nothing(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    way, answer = asked(house, wingtip, registered)

    def off_meanwhile(path: str) -> None:
        if path == "/token":
            switch_off(house, registered)

    wingtip.answers = off_meanwhile
    with pytest.raises(DeadEnd):
        hear(way, answer)
    house.write(administer_providers.enable, house.world, house.automation(), registered.id, enabled=True)
    assert way.look().flow.proof is None


def test_L24_a_guest_of_a_provider_proves_anew_after_a_day(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    _, browser = redeem_at(house, wingtip)
    entry = sign_in_of(house, browser)
    body = bring(house, house.write(authorize.issue_code, house.world, asking(house), entry))
    house.clock.pass_(hours=23, minutes=59)
    body = renew(house, body["refresh_token"])
    house.clock.pass_(minutes=1)
    with pytest.raises(TokenRefused) as refused:
        renew(house, body["refresh_token"])
    assert refused.value.number == 700082


# ------------------------------------------------------------------ registering


def test_E22_without_codes_only_addresses_that_a_provider_proves_are_invited(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    tenant = house.read(tenants.get, house.contoso)
    closed = replace(tenant, settings=replace(tenant.settings, emailOneTimePasscode=False))
    house.write(tenants.update, closed)
    assert house.invite(ALICE)
    with pytest.raises(NobodyCanProve):
        house.invite("pam@post.example")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"issuer": "mail"}, "readmit uses itself"),
        ({"issuer": "https://localhost:8443/x"}, "this server"),
        ({"issuer": "http://idp.wingtip.example"}, "no https URL"),
        ({"issuer": "https://idp.wingtip.example?x"}, "no https URL"),
        ({"client_id": None}, "clientId"),
        ({"kind": "saml"}, "needs its metadata"),
        ({"domains": ()}, "address domains"),
        ({"domains": ("not a domain",)}, "no domain"),
        ({"domains": ("contoso.com",)}, "verified domain"),
        ({"name": "x" * 129}, "128"),
    ],
)
def test_a_provider_that_cannot_be_is_refused_in_words(house: House, more: dict[str, Any], says: str) -> None:
    before = house.contents()
    with pytest.raises(InvalidProvider, match=says):
        register(house, **{"at": "https://idp.wingtip.example", **more})
    assert house.contents() == before


def test_an_issuer_and_a_domain_have_one_provider(house: House, registered: Provider) -> None:
    with pytest.raises(InvalidProvider, match="registered already, as Wingtip"):
        register(house, registered.issuer, domains=("other.example",))
    with pytest.raises(InvalidProvider, match="has a provider already: Wingtip"):
        register(house, "https://idp.other.example")


def test_a_preset_fills_in_what_is_always_the_same(house: House) -> None:
    google = register(house, "", issuer=None, preset="google", domains=(), name=None)
    assert (google.issuer, google.domains, google.name) == (
        "https://accounts.google.com",
        ("gmail.com", "googlemail.com"),
        "accounts.google.com",
    )
    microsoft = register(house, "", issuer=None, preset="microsoft", domains=("outlook.com",), client_secret=None)
    assert microsoft.category == "socialIdentityProviders"
    assert house.read(table.secret, microsoft.id) is None


def test_J1_registering_switching_and_removing_are_audited_and_the_secret_is_sealed(
    house: House, registered: Provider
) -> None:
    switch_off(house, registered)
    switch_off(house, registered)
    house.write(administer_providers.remove, house.world, house.automation(), registered.id)
    told = [row[0] for row in house.rows("SELECT activity FROM audit_events ORDER BY at, rowid")]
    assert [name for name in told if "identity provider" in name] == [
        "Add identity provider",
        "Update identity provider",
        "Delete identity provider",
    ]
    assert SECRET not in "".join(str(row) for row in house.rows("SELECT * FROM audit_events"))
    for flow in (administer_providers.remove, lambda *a: administer_providers.enable(*a, enabled=True)):
        with pytest.raises(NotFound):
            house.write(flow, house.world, house.automation(), registered.id)
    added = house.write(
        administer_providers.add, house.world, house.automation(), registration("https://idp.wingtip.example")
    )
    sealed = house.read(table.secret, added.id)
    assert SECRET not in sealed
    assert house.world.keyring.unseal(sealed).decode() == SECRET
    assert house.read(table.every, house.contoso) == [added]


def test_a_flow_whose_provider_is_gone_asks_nobody(house: House, wingtip: LyingProvider, registered: Provider) -> None:
    way = follow(house, house.invite(ALICE))
    house.write(administer_providers.remove, house.world, house.automation(), registered.id)
    with pytest.raises(DeadEnd):
        upstream.ask(house.world, way.browser, way.flow_id)
    assert way.look().provider is None
    assert house.read(begun, way.browser, way.flow_id)


def test_a_seed_registers_a_provider_once_and_binds_its_guests(house: House, wingtip: LyingProvider) -> None:
    entry = seed.SeedProvider(registration(wingtip.issuer), 3)
    bound = {"issuer": wingtip.issuer, "subject": "alice-at-wingtip"}
    guests = (seed.SeedGuest(EmailAddress.parse(ALICE), "Alice", "Accepted", bound),)
    contoso = seed.SeedTenant("Contoso", "contoso.onmicrosoft.com", ("contoso.com",), providers=(entry,), guests=guests)
    assert "identityProvider wingtip.example" in seed.apply(house.world, (contoso,)).made
    assert seed.apply(house.world, (contoso,)).made == []
    way = begin(house, ALICE)
    prove_at(way, wingtip)
    assert isinstance(way.proceed(), Arrived)
    provider_id = way.house.rows("SELECT id FROM identity_providers")[0][0]
    house.write(administer_providers.enable, house.world, house.automation(), provider_id, enabled=False)
    assert "identityProvider wingtip.example" in seed.apply(house.world, (contoso,)).differs
    house.write(administer_providers.remove, house.world, house.automation(), provider_id)
    assert "identityProvider wingtip.example" in seed.apply(house.world, (contoso,)).differs


@pytest.mark.parametrize("issuer", ["https://[idp.wingtip.example", "https://"])
def test_an_issuer_that_is_no_URL_is_refused_in_words(house: House, issuer: str) -> None:
    with pytest.raises(InvalidProvider, match=r"the issuer '.*' is no"):
        register(house, issuer)
    assert house.rows("SELECT 1 FROM identity_providers") == []


def test_a_provider_that_changed_meanwhile_is_not_written_over(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reliability DB2: the answer says that repeating is safe."""
    with monkeypatch.context() as patch:
        patch.setattr(table, "insert", lambda *_, **__: False)
        with pytest.raises(Unavailable):
            register(house, "https://idp.wingtip.example")
    made = register(house, "https://idp.wingtip.example")
    before = house.contents()
    monkeypatch.setattr(table, "update", lambda *_: False)
    with pytest.raises(Unavailable):
        house.write(administer_providers.enable, house.world, house.automation(), made.id, enabled=False)
    assert house.contents() == before


def test_a_seed_whose_provider_cannot_be_names_the_line_and_changes_nothing(house: House) -> None:
    before = house.contents()
    entry = seed.SeedProvider(registration("http://idp.wingtip.example"), 7)
    contoso = seed.SeedTenant("Contoso", "contoso.onmicrosoft.com", ("contoso.com",), providers=(entry,))
    with pytest.raises(OperatorError, match=r"line 7: the issuer 'http://idp\.wingtip\.example' is no https URL"):
        seed.apply(house.world, (contoso,))
    assert house.contents() == before
