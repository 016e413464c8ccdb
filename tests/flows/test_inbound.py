"""Inbound cross-tenant settings at redemption: checked at the start and again at the commit (graph G45, L27, P5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from ways import Way, begin, follow

from readmit.domain.address import EmailAddress
from readmit.domain.cross_tenant import EVERYBODY, EVERYTHING, Inbound, Partner, Rule, Target, UserConsent
from readmit.domain.errors import CrossTenantBlocked, DeadEnd, Page
from readmit.domain.guest import Binding
from readmit.domain.permission import Caller
from readmit.domain.provider import Provider
from readmit.domain.redemption import Proof, Step
from readmit.flows import codes, cross_tenant, inbound, links, methods
from readmit.flows.arrive import Arrived
from readmit.storage import partners, providers, queries_tenants, users
from world import House

SHUT = Inbound(Rule("blocked", EVERYBODY.targets), Rule("blocked", EVERYTHING.targets))
ENTRA = "3d0f5dec-5d3d-455c-8016-e2af1ae4d31a"
OID = "99999999-9999-4999-8999-999999999999"


def admin(house: House) -> Caller:
    return house.automation("Policy.ReadWrite.CrossTenantAccess")


def put(house: House, partner_id: str, setting: Inbound | None) -> None:
    """What Contoso says of one organisation."""

    def write(tx: Any) -> None:
        partners.delete(tx, house.contoso, partner_id)
        partners.insert(tx, house.contoso, Partner(partner_id, setting))

    house.write(write)


def people(access: Any, *ids: str, kind: Any = "user") -> Inbound:
    return Inbound(Rule(access, tuple(Target(id, kind) for id in ids)), None)


def account(house: House, upn: str) -> str:
    found = house.read(users.by_upn, house.fabrikam, upn)
    assert found is not None
    return str(found.id)


def page(work: Any, *arguments: Any) -> Page:
    with pytest.raises(DeadEnd) as end:
        work(*arguments)
    assert end.value.details["org"] == "Contoso"
    return end.value.page


def test_P5_an_organisation_that_is_shut_after_the_invitation(house: House) -> None:
    invited = house.invite("bob@fabrikam.com")
    way = follow(house, invited)
    put(house, house.fabrikam, SHUT)
    assert page(house.read, links.open_link, house.world, invited.ticket) is Page.NOT_ACCEPTED_HERE
    assert page(way.look) is Page.NOT_ACCEPTED_HERE
    put(house, house.fabrikam, None)
    way.password()
    way.proceed()
    assert way.step is Step.CONSENT
    put(house, house.fabrikam, SHUT)
    before = house.guest(invited.user.id)
    assert page(way.accept) is Page.NOT_ACCEPTED_HERE
    assert house.guest(invited.user.id) == before
    put(house, house.fabrikam, None)
    assert isinstance(way.accept(), Arrived)


def test_L37_accepted_guests_sign_in_as_before(house: House) -> None:
    put(house, house.fabrikam, SHUT)
    way = begin(house, "alice@fabrikam.com")
    way.password()
    assert isinstance(way.proceed(), Arrived)


def test_what_could_not_be_said_at_the_invitation_is_said_of_the_proof(house: House) -> None:
    put(house, house.fabrikam, people("allowed", account(house, "bob@fabrikam.com")))
    with pytest.raises(CrossTenantBlocked):
        house.invite("carol@fabrikam.com")
    bob = follow(house, house.invite("bob@fabrikam.com"))
    bob.password()
    bob.proceed()
    assert isinstance(bob.accept(), Arrived)
    # Nobody has this account there: a code proves the mailbox, not that one is on the list.
    later = follow(house, house.invite("later@fabrikam.com"))
    assert later.code().right
    assert page(later.proceed) is Page.NOT_ACCEPTED_HERE


def spare(house: House, tenant_id: str, partner_id: str, **flags: bool) -> None:
    def write(tx: Any) -> None:
        partners.delete(tx, tenant_id, partner_id)
        settings = UserConsent(**flags)
        partners.insert(tx, tenant_id, Partner(partner_id, automaticUserConsentSettings=settings))

    house.write(write)


@pytest.mark.parametrize("direct", [False, True])
def test_both_organisations_may_spare_their_people_the_consent_page(house: House, direct: bool) -> None:
    def redeem_as(name: str) -> Way:
        invited = house.invite(f"{name}@fabrikam.com")
        way = begin(house, f"{name}@fabrikam.com") if direct else follow(house, invited)
        way.password()
        return way

    asked = redeem_as("bob")
    spare(house, house.contoso, house.fabrikam, inboundAllowed=True)
    spare(house, house.fabrikam, house.contoso, inboundAllowed=True)
    asked.proceed()
    assert asked.step is Step.CONSENT, "the home organisation has not said so"
    spare(house, house.fabrikam, house.contoso, outboundAllowed=True)
    assert isinstance(redeem_as("carol").proceed(), Arrived)
    spare(house, house.contoso, house.fabrikam, outboundAllowed=True)
    again = redeem_as("bob")
    again.proceed()
    assert again.step is Step.CONSENT, "this organisation no longer says so"


def test_a_mailed_code_is_no_account_of_the_organisation_and_is_asked(house: House) -> None:
    spare(house, house.contoso, house.fabrikam, inboundAllowed=True)
    spare(house, house.fabrikam, house.contoso, outboundAllowed=True)
    way = follow(house, house.invite("nobody@fabrikam.com"))
    assert way.code().right
    way.proceed()
    assert way.step is Step.CONSENT


def test_a_partner_without_a_word_on_consent_spares_nobody(house: House) -> None:
    put(house, house.fabrikam, None)
    spare(house, house.fabrikam, house.contoso, outboundAllowed=True)
    way = follow(house, house.invite("bob@fabrikam.com"))
    way.password()
    way.proceed()
    assert way.step is Step.CONSENT


def test_L28_a_direct_sign_in_of_a_pending_guest_is_checked_too(house: House) -> None:
    house.invite("bob@fabrikam.com")
    put(house, house.fabrikam, people("blocked", account(house, "bob@fabrikam.com")))
    way = begin(house, "bob@fabrikam.com")
    way.password()
    assert page(way.proceed) is Page.NOT_ACCEPTED_HERE


def proof(binding: Binding) -> Proof:
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    return Proof(binding, (), "eve@entra.example", moment, moment, ("pwd",))


def test_an_entra_tenant_outside_is_known_by_its_provider(house: House) -> None:
    issuer = f"https://login.example/{ENTRA}/v2.0"
    entra = Provider("p1", house.contoso, "Entra", "oidc", issuer, ("entra.example",), "c", "entra")
    plain = replace(entra, id="p2", issuer="https://idp.example", domains=("idp.example",), preset=None)

    def register(tx: Any) -> None:
        for provider in (entra, plain):
            providers.insert(tx, provider, secret=None, metadata=None, now=house.clock())

    house.write(register)
    tenant = house.read(queries_tenants.named, house.contoso)
    assert tenant is not None
    eve, other = EmailAddress.parse("eve@entra.example"), EmailAddress.parse("eve@idp.example")

    def refused(address: EmailAddress, found: Proof | None) -> bool:
        try:
            house.read(inbound.check, tenant, address, found)
        except DeadEnd as end:
            return end.page is Page.NOT_ACCEPTED_HERE
        return False

    known = proof(Binding("oidc", issuer, OID, "ExternalAzureAD", None))
    unknown = proof(Binding("oidc", issuer, ENTRA, "ExternalAzureAD", None))
    foreign = proof(Binding("oidc", "https://idp.example", "x", "https://idp.example", "x"))
    assert not refused(eve, unknown)
    put(house, ENTRA, people("allowed", OID))
    assert house.read(inbound.invitable, tenant, eve)
    assert not refused(eve, None)
    assert not refused(eve, known)
    assert refused(eve, unknown)
    assert not refused(other, foreign)
    # Groups of an organisation that is elsewhere cannot be looked up: such a rule lets nobody pass who is not named.
    put(house, ENTRA, people("blocked", OID, kind="group"))
    assert refused(eve, known)
    put(house, ENTRA, SHUT)
    assert not house.read(inbound.invitable, tenant, eve)
    assert refused(eve, None)
    assert refused(other, known), "another account than the invited address's is judged by where it is from"


def test_a_default_that_is_shut_is_written_by_its_flow(house: House) -> None:
    invited = house.invite("bob@fabrikam.com")
    house.write(cross_tenant.change_default, house.world, admin(house), {"b2bCollaborationInbound": SHUT})
    assert page(house.read, links.open_link, house.world, invited.ticket) is Page.NOT_ACCEPTED_HERE
    put(house, house.fabrikam, Inbound(EVERYBODY, EVERYTHING))
    assert not house.read(links.open_link, house.world, invited.ticket).redeemed


def test_P5_no_code_is_mailed_for_an_organisation_that_is_shut(house: House) -> None:
    """By a link that is said; a direct sign-in sees what an unknown address sees (security V7)."""
    invited = house.invite("nobody@fabrikam.com")
    way, direct = follow(house, invited), begin(house, "nobody@fabrikam.com")
    direct.do(methods.use_code)
    put(house, house.fabrikam, SHUT)
    assert page(way.do, codes.request_code) is Page.NOT_ACCEPTED_HERE
    direct.do(codes.request_code)
    assert house.rows("SELECT real FROM passcodes") == [(0,)]
    assert house.rows("SELECT 1 FROM outbox") == []
    put(house, house.fabrikam, None)
    assert way.code().right
