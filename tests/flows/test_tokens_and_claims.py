"""What a token is worth right now, and what an application hears of guests and members (graph G77, G78, L31)."""

from __future__ import annotations

from typing import Any

import pytest
from applications import (
    account,
    caller_of,
    change_application,
    change_principal,
    change_user,
    claims_of,
    client,
    renew,
    tokens_for,
)

from readmit.domain.address import EmailAddress
from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import TokenRefused
from readmit.flows import introspection, tokens
from readmit.storage import apps
from readmit.storage.clients import Client
from world import EXPENSES, House

HOME, MAILBOX, MEMBER = "alice@fabrikam.com", "max@post.example", "mia@contoso.com"


def active(house: House, token: str, who: Client | None = None) -> bool:
    return bool(introspection.introspect(house.world, who or client(house), token)["active"])


# ------------------------------------------------------------------ introspection


@pytest.mark.parametrize("address", [HOME, MEMBER])
def test_G78_a_client_that_was_disabled_or_deleted_holds_nothing(house: House, address: str) -> None:
    body = tokens_for(house, address)
    both = body["access_token"], body["refresh_token"]
    assert [active(house, token) for token in both] == [True, True]
    change_principal(house, enabled=False)
    assert [active(house, token) for token in both] == [False, False]
    with pytest.raises(Unauthenticated):
        caller_of(house, body["access_token"])
    change_principal(house, enabled=True)
    assert [active(house, token) for token in both] == [True, True]
    gone = client(house)
    house.write(lambda tx: tx.run("UPDATE service_principals SET deleted_at = 1 WHERE app_id = :id", {"id": EXPENSES}))
    assert [active(house, token, gone) for token in both] == [False, False]


def test_an_id_token_is_no_access_token(house: House) -> None:
    """Security O6."""
    body = tokens_for(house, HOME)
    assert not active(house, body["id_token"])
    with pytest.raises(Unauthenticated):
        caller_of(house, body["id_token"])
    introspection.revoke(house.world, client(house), body["id_token"])
    assert active(house, body["refresh_token"])


def test_a_rotated_refresh_token_is_worth_nothing(house: House) -> None:
    first = tokens_for(house, HOME)["refresh_token"]
    second = renew(house, first)["refresh_token"]
    assert (active(house, first), active(house, second)) == (False, True)


def test_what_an_introspection_shows(house: House) -> None:
    body = tokens_for(house, HOME)
    shown = introspection.introspect(house.world, client(house), body["access_token"])
    found = claims_of(house, body["access_token"])
    assert shown["scope"] == shown["scp"] == "email User.Read"
    assert {name: shown[name] for name in ("client_id", "aud", "iss", "jti", "oid", "sub", "tid", "exp")} == {
        name: found[name] for name in ("client_id", "aud", "iss", "jti", "oid", "sub", "tid", "exp")
    }
    refresh = introspection.introspect(house.world, client(house), body["refresh_token"])
    assert refresh["client_id"] == EXPENSES
    assert set(refresh) == {"active", "client_id", "scope", "exp"}


# ------------------------------------------------------------------------- claims


def test_L31_a_guest_by_code_is_named_by_the_redeemed_address(house: House) -> None:
    found = claims_of(house, tokens_for(house, MAILBOX)["id_token"])
    assert (found["preferred_username"], found["email"], found["idp"]) == (MAILBOX, MAILBOX, "mail")
    assert (found["oid"], found["tid"]) == (house.people["max"], house.contoso)
    assert found["amr"] == ["otp"]
    assert "upn" not in found


def test_G77_a_member_has_an_address_only_on_a_verified_domain(house: House) -> None:
    found = claims_of(house, tokens_for(house, MEMBER)["id_token"])
    assert found["email"] == MEMBER
    change_user(house, account(house, MEMBER), mail=EmailAddress.parse("mia@else.example"))
    assert "email" not in claims_of(house, tokens_for(house, MEMBER)["id_token"])
    change_user(house, account(house, MEMBER), mail=None)
    assert "email" not in claims_of(house, tokens_for(house, MEMBER)["id_token"])


def test_names_are_the_directorys(house: House) -> None:
    change_user(house, house.guest(house.people["alice"]), given_name="Alice", surname="Arnold")
    body = tokens_for(house, HOME)
    for token in (body["access_token"], body["id_token"]):
        found = claims_of(house, token)
        assert (found["name"], found["given_name"], found["family_name"]) == ("Alice", "Alice", "Arnold")
    bare = claims_of(house, tokens_for(house, HOME, scopes=("openid",))["id_token"])
    assert "given_name" not in bare


def test_an_application_of_version_two(house: House) -> None:
    change_application(house, properties={"api": {"requestedAccessTokenVersion": 2}}, identifier_uris=("api://books",))
    body = tokens_for(house, HOME, resource="api://books", graph=False)
    found = claims_of(house, body["access_token"])
    assert (found["ver"], found["aud"], found["azp"], found["azpacr"]) == ("2.0", EXPENSES, EXPENSES, "1")
    assert found["iss"].endswith("/v2.0")
    assert found["preferred_username"] == HOME
    assert "unique_name" not in found
    assert found["roles"] == ["Approver"]


def test_a_public_client_says_so(house: House) -> None:
    change_application(house, web_redirect_uris=(), public_redirect_uris=("http://localhost:9000/callback",))
    found = claims_of(house, tokens_for(house, HOME)["access_token"])
    assert found["appidacr"] == "0"


def test_a_disabled_role_is_not_told(house: House) -> None:
    before = house.read(apps.application_by_app_id, house.contoso, EXPENSES)
    roles = tuple({**role, "isEnabled": False} for role in before.app_roles)
    change_application(house, app_roles=roles)
    assert "roles" not in claims_of(house, tokens_for(house, HOME)["id_token"])


def test_a_members_roles_and_kind_are_told(house: House) -> None:
    ada = claims_of(house, tokens_for(house, "ada@contoso.com")["access_token"])
    assert ada["wids"] == ["62e90394-69f5-4237-9190-012177145e10", "b79fbf4d-3ef9-4689-8143-76b194e85509"]
    guest = claims_of(house, tokens_for(house, HOME)["access_token"])
    assert guest["wids"] == ["10dae51f-b6af-4016-8d66-8c2a99b929b3"]
    assert caller_of(house, tokens_for(house, "ada@contoso.com")["access_token"]).roles == frozenset(ada["wids"][:1])


# ------------------------------------------------------------- who a client is


def refused(work: Any, *arguments: Any) -> TokenRefused:
    with pytest.raises(TokenRefused) as refusal:
        work(*arguments)
    return refusal.value


def test_a_tenant_that_is_gone_is_named_by_its_id(house: House) -> None:
    refusal = refused(house.read, tokens.client_of, "gone", EXPENSES)
    assert "not found in the directory 'gone'" in refusal.text
    asked = tokens.Asked("api://none", graph=False)
    assert "in the tenant named gone" in refused(house.read, tokens.resource_of, "gone", asked).text
    assert "in the tenant named Contoso" in refused(house.read, tokens.resource_of, house.contoso, asked).text


def test_a_disabled_api_gets_no_tokens(house: House) -> None:
    change_principal(house, enabled=False)
    asked = tokens.Asked(f"api://{EXPENSES}/", graph=False)
    assert refused(house.read, tokens.resource_of, house.contoso, asked).number == 500011
    change_principal(house, enabled=True)
    assert house.read(tokens.resource_of, house.contoso, asked).app_id == EXPENSES


def test_G78_a_token_from_before_the_valid_from_second_is_dead(house: House) -> None:
    """A second line only: it never decides within one second."""
    token = tokens_for(house, MEMBER)["access_token"]
    house.clock.pass_(seconds=1)
    change_user(house, account(house, MEMBER), sessions_valid_from=house.world.now())
    with pytest.raises(Unauthenticated):
        caller_of(house, token)


def test_a_challenge_for_clients_that_know_claims(house: House) -> None:
    """A client that says `cp1` hears of the revocation as a claims challenge."""
    token = tokens_for(house, MEMBER)["access_token"]
    found = claims_of(house, token)
    knowing = house.world.keyring.sign({**found, "xms_cc": ["CP1"]}, typ="at+jwt", now=house.world.now())
    change_user(house, account(house, MEMBER), epoch=2)
    for brought, capable in ((token, False), (knowing, True)):
        with pytest.raises(Unauthenticated) as refusal:
            caller_of(house, brought)
        assert refusal.value.claims_capable is capable
