"""T33: a provider that is switched off signs nobody in from that moment, whatever was begun before (security I7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from applications import asking, bring, renew, sign_in_of, to_application
from test_upstream import ALICE, page_of, prove_at, redeem_at, register, switch_off
from ways import Way, begin, follow

from lying_provider import LyingProvider, provider
from readmit.domain.errors import DeadEnd, Page, TokenRefused
from readmit.domain.guest import Pending
from readmit.domain.provider import Provider
from readmit.domain.redemption import Flow, Step
from readmit.flows import administer_providers, arrive, authorize, sign_in
from readmit.flows.authorize import Response
from readmit.flows.browsers import Browser
from readmit.storage import providers, queries_tenants
from world import House


@pytest.fixture
def wingtip(house: House) -> Iterator[LyingProvider]:
    with provider(now=house.clock) as made:
        yield made


@pytest.fixture
def registered(house: House, wingtip: LyingProvider) -> Provider:
    return register(house, wingtip.issuer)


def silently(house: House, browser: Browser, *prompt: str) -> Any:
    """An application asks for a browser that is signed in."""
    tenant = house.read(queries_tenants.named, house.contoso)
    request, flow_id = asking(house, prompt=prompt), house.world.new_id()
    return house.write(sign_in.begin_authorize, house.world, browser, flow_id=flow_id, tenant=tenant, request=request)


def test_T33_a_live_session_of_its_guests_opens_no_application(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    _, browser = redeem_at(house, wingtip)
    assert isinstance(silently(house, browser), Response)
    switch_off(house, registered)
    assert isinstance(silently(house, browser), Flow), "the sign-in page: a proof is asked for"
    with pytest.raises(TokenRefused) as refused:
        silently(house, browser, "none")
    assert refused.value.number == 50058
    house.write(administer_providers.enable, house.world, house.automation(), registered.id, enabled=True)
    assert isinstance(silently(house, browser), Response)


def test_T33_codes_and_refresh_tokens_from_before_become_nothing(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    _, browser = redeem_at(house, wingtip)
    entry = sign_in_of(house, browser)
    made = [house.write(authorize.issue_code, house.world, asking(house), entry) for _ in range(2)]
    token = bring(house, made[0])["refresh_token"]
    switch_off(house, registered)
    for late in (lambda: bring(house, made[1]), lambda: renew(house, token)):
        with pytest.raises(TokenRefused) as refused:
            late()
        assert refused.value.number == 50173


def proved(house: House, wingtip: LyingProvider, **more: Any) -> Way:
    way = begin(house, ALICE, **more)
    prove_at(way, wingtip)
    return way


def test_T33_who_has_proved_and_not_arrived_is_not_let_in(
    house: House, wingtip: LyingProvider, registered: Provider
) -> None:
    redeem_at(house, wingtip)
    at_my_apps = proved(house, wingtip)
    at_consent = proved(house, wingtip, target=to_application(house, prompt=("consent",)))
    at_consent.proceed()
    assert at_consent.step is Step.APP_CONSENT
    switch_off(house, registered)
    assert page_of(at_my_apps) is Page.UNKNOWN_ACCOUNT
    with pytest.raises(DeadEnd) as end:
        at_consent.do(arrive.consent_to_application)
    assert end.value.page is Page.UNKNOWN_ACCOUNT


@pytest.mark.parametrize("removed", [False, True])
def test_T33_a_redemption_at_its_last_button_binds_nothing(
    house: House, wingtip: LyingProvider, registered: Provider, removed: bool
) -> None:
    invited = house.invite(ALICE)
    way = follow(house, invited)
    prove_at(way, wingtip)
    way.proceed()
    assert way.step is Step.CONSENT
    if removed:
        house.write(administer_providers.remove, house.world, house.automation(), registered.id)
    else:
        switch_off(house, registered)
    with pytest.raises(DeadEnd) as end:
        way.accept()
    assert end.value.page is Page.OTHER_ADDRESS
    assert isinstance(house.guest(invited.user.id).redemption, Pending)


def test_DB2_a_provider_that_went_meanwhile_is_not_half_written(house: House, registered: Provider) -> None:
    """What was decided on a registration that is gone writes nothing: neither a row nor a claim of a domain."""
    house.write(providers.delete, house.contoso, registered.id)
    before = house.contents()
    assert not house.write(providers.update, replace(registered, domains=("other.example",)))
    assert house.contents() == before
