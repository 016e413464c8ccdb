"""What an administrator or the user takes back ends at the next refresh, not months later (security O10, graph TE9)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from applications import client, renew, tokens_for

from readmit.domain.errors import TokenRefused
from readmit.flows import introspection
from readmit.flows.tokens import Asked
from readmit.storage import apps
from world import EXPENSES, House

GUEST, MEMBER = "max@post.example", "mia@contoso.com"


def consented(house: House, scope: str) -> None:
    """Everybody's consent at Graph becomes this."""
    sql = "UPDATE permission_grants SET scope = :scope WHERE client_id = :client AND consent_type = 'AllPrincipals'"
    values = {"scope": scope, "client": client(house).service_principal_id}
    assert house.write(lambda tx: tx.run(sql, values)) == 1


def withdrawn(house: House) -> None:
    sql = "DELETE FROM permission_grants WHERE client_id = :client"
    house.write(lambda tx: tx.run(sql, {"client": client(house).service_principal_id}))


def wants_assignment(house: House) -> None:
    found = house.read(apps.principal_by_app_id, house.contoso, EXPENSES)
    assert found is not None
    assert house.write(apps.update_principal, replace(found, assignment_required=True), found)


def refused(house: House, token: str, **more: object) -> int:
    with pytest.raises(TokenRefused) as error:
        renew(house, token, **more)
    return error.value.number


@pytest.mark.parametrize("who", [GUEST, MEMBER])
def test_security_O10_a_refresh_after_the_consent_was_withdrawn_gets_nothing(house: House, who: str) -> None:
    token = tokens_for(house, who)["refresh_token"]
    assert introspection.introspect(house.world, client(house), token)["active"]
    withdrawn(house)
    assert refused(house, token) == 65001
    assert introspection.introspect(house.world, client(house), token) == {"active": False}


def test_security_O10_a_refresh_has_what_is_still_consented_to(house: House) -> None:
    """A scope that was taken away is gone; with `offline_access` the chain ends too."""
    token = tokens_for(house, GUEST)["refresh_token"]
    consented(house, "openid profile offline_access")
    body = renew(house, token)
    assert set(body["scope"].split()) == {"openid", "profile"}
    consented(house, "openid")
    assert "refresh_token" not in renew(house, body["refresh_token"])


def test_security_O10_another_resource_is_no_way_around_a_withdrawn_consent(house: House) -> None:
    token = tokens_for(house, MEMBER)["refresh_token"]
    withdrawn(house)
    assert refused(house, token, resource=Asked(f"api://{EXPENSES}", graph=False)) == 65001


def test_a_refused_refresh_uses_nothing_up(house: House) -> None:
    """The consent comes back: so does the application."""
    token = tokens_for(house, GUEST)["refresh_token"]
    sql = "SELECT scope FROM permission_grants WHERE client_id = :client"
    before = house.rows(sql, client=client(house).service_principal_id)[0][0]
    consented(house, "Mail.Read")
    assert refused(house, token) == 65001
    consented(house, before)
    assert isinstance(renew(house, token), dict)


def test_who_is_no_longer_assigned_is_refused_at_a_refresh(house: House) -> None:
    """50105, as at the sign-in (P11)."""
    assigned, member = (tokens_for(house, who)["refresh_token"] for who in (GUEST, MEMBER))
    wants_assignment(house)
    assert isinstance(renew(house, assigned), dict)
    assert refused(house, member) == 50105
