"""Who is asked first at a redemption: the tenant's order and its fallback (lifecycle section 7, L21, L22)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from test_upstream import prove_at, register
from ways import Way, begin, follow

from lying_provider import LyingProvider, provider
from readmit.domain.address import EmailAddress
from readmit.domain.errors import DeadEnd, NobodyCanProve, OperatorError, Page
from readmit.domain.guest import Accepted
from readmit.domain.provider import CONSUMERS
from readmit.domain.redemption import Step
from readmit.flows import administer_providers, methods, seed
from readmit.flows.arrive import Arrived
from readmit.storage import partners, tenants
from world import House

HOME, FEDERATION, SOCIAL = "azureActiveDirectory", "externalFederation", "socialIdentityProviders"
BOB, NEW = "bob@fabrikam.com", "new@post.example"


@pytest.fixture
def outside(house: House) -> Iterator[LyingProvider]:
    with provider(now=house.clock) as made:
        yield made


def configure(house: House, **settings: Any) -> None:
    tenant = house.read(tenants.get, house.contoso)
    house.write(tenants.update, replace(tenant, settings=replace(tenant.settings, **settings)))


def order(house: House, *names: str) -> None:
    configure(house, primaryIdentityProviderPrecedenceOrder=names)


def microsoft(house: House, outside: LyingProvider) -> Any:
    """Personal accounts of Microsoft, here and as the fallback; the provider speaks for outlook.com by itself."""
    outside.claims = {"sub": "m-1", "tid": CONSUMERS, "email": NEW, "xms_edov": True}
    found = register(house, outside.issuer, preset="microsoft", domains=("outlook.com",), name="Microsoft")
    configure(house, fallbackIdentityProvider="microsoftAccount")
    return found


def asked(way: Way) -> Step:
    return way.look().step


@pytest.mark.parametrize(
    ("names", "step"),
    [
        ((HOME, FEDERATION, SOCIAL), Step.PASSWORD),
        ((FEDERATION, HOME), Step.PROVIDER),
        ((SOCIAL, HOME), Step.PASSWORD),
        ((FEDERATION,), Step.PROVIDER),
        ((SOCIAL,), Step.REQUEST_CODE),
    ],
)
def test_L21_the_order_decides_between_a_home_tenant_here_and_a_provider(
    house: House, outside: LyingProvider, names: tuple[str, ...], step: Step
) -> None:
    register(house, outside.issuer, domains=("fabrikam.com",))
    order(house, *names)
    assert asked(follow(house, house.invite(BOB))) is step
    # Where an address is typed, one that was invited is asked what an unknown one is asked (security V7).
    assert asked(begin(house, BOB)) is asked(begin(house, "nobody@fabrikam.com")) is step
    typed = follow(house, house.invite("pam@post.example"))
    typed.do(methods.use_other_account)
    if step is Step.REQUEST_CODE:
        with pytest.raises(DeadEnd) as end:
            typed.do(methods.type_address, EmailAddress.parse(BOB))
        assert end.value.page is Page.OTHER_ADDRESS
    else:
        typed.do(methods.type_address, EmailAddress.parse(BOB))
        assert asked(typed) is step


def test_L22_an_address_without_an_account_goes_to_the_next_in_the_order(house: House, outside: LyingProvider) -> None:
    register(house, outside.issuer, domains=("fabrikam.com",))
    assert asked(follow(house, house.invite("nobody@fabrikam.com"))) is Step.PROVIDER
    order(house, HOME)
    assert asked(follow(house, house.invite("nobody@fabrikam.com"))) is Step.REQUEST_CODE


def test_L21_the_order_is_for_new_redemptions(house: House) -> None:
    order(house, SOCIAL)
    way = begin(house, "alice@fabrikam.com")
    way.password()
    assert isinstance(way.proceed(), Arrived)


def test_L21_a_microsoft_account_is_the_fallback_and_binds(house: House, outside: LyingProvider) -> None:
    provider = microsoft(house, outside)
    invited = house.invite(NEW)
    way = follow(house, invited)
    assert way.look().provider == provider
    prove_at(way, outside)
    way.proceed()
    assert isinstance(way.accept(), Arrived)
    bound = house.guest(invited.user.id).redemption
    assert isinstance(bound, Accepted)
    assert (bound.binding.kind, bound.binding.shown_issuer) == ("microsoft", "MicrosoftAccount")
    configure(house, fallbackIdentityProvider="defaultConfiguredIdp")
    again = begin(house, NEW)
    prove_at(again, outside)
    assert isinstance(again.proceed(), Arrived)


@pytest.mark.parametrize("change", [{"xms_edov": "true"}, {"xms_edov": False}, {"email": "other@post.example"}])
def test_T1_I4_the_fallback_proves_no_more_than_it_says(
    house: House, outside: LyingProvider, change: dict[str, Any]
) -> None:
    microsoft(house, outside)
    outside.claims |= change
    way = follow(house, house.invite(NEW))
    prove_at(way, outside)
    with pytest.raises(DeadEnd) as end:
        way.proceed()
    assert end.value.page is Page.OTHER_ADDRESS


def test_I4_the_fallback_speaks_for_no_domain_that_somebody_else_speaks_for(
    house: House, outside: LyingProvider
) -> None:
    registered = microsoft(house, outside)
    assert asked(follow(house, house.invite("nobody@fabrikam.com"))) is Step.REQUEST_CODE
    with provider(now=house.clock) as wingtip:
        other = register(house, wingtip.issuer, domains=("wingtip.example",), name="Wingtip")
        house.write(administer_providers.enable, house.world, house.automation(), other.id, enabled=False)
        assert asked(follow(house, house.invite("w@wingtip.example"))) is Step.REQUEST_CODE
    way = follow(house, house.invite(NEW))
    configure(house, fallbackIdentityProvider="emailOneTimePasscode")
    prove_at(way, outside)
    with pytest.raises(DeadEnd) as end:
        way.proceed()
    assert end.value.page is Page.OTHER_ADDRESS, "it was the fallback no more when the answer came"
    configure(house, fallbackIdentityProvider="microsoftAccount")
    house.write(administer_providers.enable, house.world, house.automation(), registered.id, enabled=False)
    assert asked(follow(house, house.invite("two@post.example"))) is Step.REQUEST_CODE


def test_E22_the_fallback_can_prove_where_no_codes_are_sent(house: House, outside: LyingProvider) -> None:
    microsoft(house, outside)
    configure(house, emailOneTimePasscode=False)
    assert house.invite(NEW)
    assert house.invite(BOB)
    for address in ("nobody@fabrikam.com",):
        with pytest.raises(NobodyCanProve):
            house.invite(address)
    order(house, SOCIAL)
    with pytest.raises(NobodyCanProve):
        house.invite("carol@fabrikam.com")


# --------------------------------------------------------------------- in a seed


def seeded(house: House, **more: Any) -> seed.Report:
    contoso = seed.SeedTenant("Contoso", "contoso.onmicrosoft.com", ("contoso.com",), **more)
    return seed.apply(house.world, (contoso,))


def test_a_seed_enters_a_partner_once_and_says_where_it_differs(house: House) -> None:
    entry = seed.SeedPartner("Fabrikam.com", line=7)
    assert "partner fabrikam.com" in seeded(house, partners=(entry,)).made
    assert [one.tenantId for one in house.read(partners.every, house.contoso)] == [house.fabrikam]
    assert seeded(house, partners=(entry,)).made == []
    house.write(partners.delete, house.contoso, house.fabrikam)
    assert "partner Fabrikam.com" in seeded(house, partners=(entry,)).differs
    assert house.read(partners.every, house.contoso) == []


def test_a_seed_applies_what_differs_only_when_it_is_told_to(house: House) -> None:
    from readmit.domain.cross_tenant import InboundTrust

    seeded(house, partners=(seed.SeedPartner(house.fabrikam),))
    changed = seed.SeedPartner(house.fabrikam, trust=InboundTrust(isMfaAccepted=True))
    contoso = seed.SeedTenant("Contoso", "contoso.onmicrosoft.com", ("contoso.com",), partners=(changed,))
    assert f"partner {house.fabrikam}" in seed.apply(house.world, (contoso,)).differs
    assert f"partner {house.fabrikam}" in seed.apply(house.world, (contoso,), force=True).applied
    assert house.read(partners.every, house.contoso)[0].inboundTrust == InboundTrust(isMfaAccepted=True)


@pytest.mark.parametrize("named", ["elsewhere.example", "contoso.com"])
def test_a_seed_names_the_line_of_a_partner_that_cannot_be(house: House, named: str) -> None:
    before = house.contents()
    with pytest.raises(OperatorError, match="line 7"):
        seeded(house, partners=(seed.SeedPartner(named, line=7),))
    assert house.contents() == before


def test_a_seed_needs_the_provider_of_its_fallback(house: House) -> None:
    from readmit.domain.tenant import TenantSettings

    settings = TenantSettings(fallbackIdentityProvider="microsoftAccount")
    with pytest.raises(OperatorError, match="fallbackIdentityProvider"):
        seeded(house, settings=settings, line=3)
