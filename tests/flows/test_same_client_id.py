"""Two tenants may have registered applications under one client id, as copies of one seed do: neither is the other's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from readmit.domain.application import ServicePrincipal
from readmit.domain.errors import TokenRefused
from readmit.flows import seed, tokens
from readmit.flows.tokens import Presented
from readmit.storage import apps, clients
from world import AUTOMATION, House


def _seeded_beside(house: House) -> None:
    """Fabrikam gets applications under the client ids of Contoso, its own secrets and redirect URIs."""
    of_contoso = [row[0] for row in house.rows("SELECT app_id FROM applications ORDER BY app_id")]
    copies = tuple(
        seed.SeedApplication(f"Copy {app_id}", app_id, "fabrikam-secret", web_redirect_uris=("https://f.example/cb",))
        for app_id in of_contoso
        if app_id.startswith("00000000-0000-4000-8000")
    )
    seed.apply(house.world, (seed.SeedTenant("Fabrikam", "fabrikam.onmicrosoft.com", applications=copies),))


def _proved(house: House, tenant_id: str, secret: str) -> str:
    presented = Presented(AUTOMATION, secret, "192.0.2.1")
    return tokens.authenticated_client(house.world, tenant_id, presented).tenant_id


def test_I8_a_client_is_the_registration_of_its_own_tenant(house: House) -> None:
    _seeded_beside(house)
    for tenant_id in (house.contoso, house.fabrikam):
        client = house.read(clients.get, tenant_id, AUTOMATION)
        (owner,) = house.rows("SELECT tenant_id FROM applications WHERE id = :id", id=client.application_id)
        assert owner == (tenant_id,)


def test_I8_the_secret_of_another_tenants_registration_opens_nothing(house: House) -> None:
    _seeded_beside(house)
    assert _proved(house, house.contoso, "automation-secret") == house.contoso
    assert _proved(house, house.fabrikam, "fabrikam-secret") == house.fabrikam
    for tenant_id, secret in ((house.contoso, "fabrikam-secret"), (house.fabrikam, "automation-secret")):
        with pytest.raises(TokenRefused) as refusal:
            _proved(house, tenant_id, secret)
        assert refusal.value.number == 7000215


@pytest.mark.parametrize(
    ("audience", "stands"), [("AzureADMyOrg", False), (None, False), ("AzureADMultipleOrgs", True)]
)
def test_I8_a_registration_for_one_tenant_stands_behind_no_principal_of_another(
    house: House, audience: str | None, stands: bool
) -> None:
    before = house.read(apps.application_by_app_id, house.contoso, AUTOMATION)
    more = {"signInAudience": audience} if audience else {}
    house.write(apps.update_application, replace(before, properties={**before.properties, **more}))
    elsewhere = ServicePrincipal(house.world.new_id(), house.fabrikam, AUTOMATION, "Automation", house.clock())
    house.write(apps.insert_principal, elsewhere)
    client = house.read(clients.get, house.fabrikam, AUTOMATION)
    assert client.application_id == (before.id if stands else None)
