"""Which scopes a token carries for which resource (graph G73, G74, security O2, O10)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from applications import (
    GRAPH,
    arrive,
    asking,
    bring,
    change_application,
    change_principal,
    claims_of,
    client,
    code_for,
    renew,
    tokens_for,
)

from readmit.domain.errors import TokenRefused
from readmit.flows import consent, sign_in
from readmit.flows.browsers import digest
from readmit.flows.tokens import Asked
from readmit.storage import clients, queries_tenants
from world import AUTOMATION, EXPENSES, House

HOME = "alice@fabrikam.com"
BOOKS = Asked(f"api://{AUTOMATION}", graph=False)
"""An API that is not the client itself."""
SELF = Asked(f"api://{EXPENSES}", graph=False)


def consented(house: House, *scopes: str, resource: Asked = BOOKS) -> None:
    """Alice lets Expenses have these scopes of an API."""
    request = asking(house, resource=resource.resource, graph=resource.graph, scopes=scopes)
    house.write(consent.record_consent, house.world, request, house.people["alice"])


def refusal(house: House, token: str, asked: Asked) -> TokenRefused:
    before = house.contents()
    with pytest.raises(TokenRefused) as refused:
        renew(house, token, resource=asked)
    assert house.contents() == before
    return refused.value


def test_G73_another_resource_is_given_what_is_consented_to_there_alone(house: House) -> None:
    token = tokens_for(house, HOME)["refresh_token"]
    consented(house, "Books.Write", "Books.Read")
    body = renew(house, token, resource=BOOKS)
    found = claims_of(house, body["access_token"])
    assert (found["aud"], found["scp"].split()) == (BOOKS.resource, ["email", "Books.Read", "Books.Write"])
    assert body["scope"] == "openid profile email Books.Read Books.Write"


def test_O10_a_resource_that_nobody_consented_to_is_refused(house: House) -> None:
    """TE9: `consent_required`; the refused refresh rotates nothing."""
    token = tokens_for(house, HOME)["refresh_token"]
    refused = refusal(house, token, BOOKS)
    assert (refused.error, refused.number, refused.suberror) == ("invalid_grant", 65001, "consent_required")
    assert f"'{EXPENSES}' named 'Expenses'" in refused.text
    assert isinstance(renew(house, token), dict)


def test_O10_a_scope_name_of_ones_own_api_is_no_right_on_graph(house: House) -> None:
    """Whoever names a scope of his own API as one of Graph's must not come to Graph with it."""
    own = "User.ReadWrite.All"
    token = tokens_for(house, HOME, resource=SELF.resource, graph=False, scopes=("offline_access", own))
    assert claims_of(house, token["access_token"])["scp"] == own
    at_graph = renew(house, token["refresh_token"], resource=Asked(GRAPH, graph=True))
    assert claims_of(house, at_graph["access_token"])["scp"] == "User.Read", "what an administrator consented to"


def test_an_application_has_a_token_for_itself_without_a_consent(house: House) -> None:
    """It carries roles and no scope of Graph's."""
    token = tokens_for(house, HOME, scopes=("offline_access", "User.Read"))["refresh_token"]
    found = claims_of(house, renew(house, token, resource=SELF)["access_token"])
    assert (found["scp"], found["roles"]) == ("", ["Approver"])


def test_the_same_resource_under_another_name_keeps_its_scopes(house: House) -> None:
    """Graph G74: Graph has several names; `aud` is the one that was asked for."""
    token = tokens_for(house, HOME)["refresh_token"]
    other = Asked("https://localhost:8443", graph=True)
    found = claims_of(house, renew(house, token, resource=other)["access_token"])
    assert (found["aud"], found["scp"]) == (other.resource, "email User.Read")


def test_a_refresh_for_another_resource_leaves_the_grant_as_it_was(house: House) -> None:
    token = tokens_for(house, HOME)["refresh_token"]
    consented(house, "Books.Read")
    elsewhere = renew(house, token, resource=BOOKS)
    again = claims_of(house, renew(house, elsewhere["refresh_token"])["access_token"])
    assert (again["aud"], again["scp"]) == (GRAPH, "email User.Read")


def test_G73_a_refresh_may_ask_for_more_of_the_same_resource_that_is_consented_to(house: House) -> None:
    """Clients sign in for one scope and call with `.default`, or another scope, later: msal, azure-identity."""
    token = tokens_for(house, HOME)["refresh_token"]
    graph = Asked(GRAPH, graph=True)
    consented(house, "Mail.Read", "Group.Read.All", resource=graph)
    named = renew(house, token, resource=graph, scopes=("Mail.Read", "openid"))
    assert claims_of(house, named["access_token"])["scp"] == "email User.Read Mail.Read"
    whole = renew(house, named["refresh_token"], resource=graph, scopes=(".default",))
    assert claims_of(house, whole["access_token"])["scp"] == "email User.Read Group.Read.All Mail.Read"
    assert whole["scope"] == "openid profile email User.Read Group.Read.All Mail.Read"
    again = renew(house, whole["refresh_token"])
    assert claims_of(house, again["access_token"])["scp"] == "email User.Read", "the grant is what it was"


def test_O10_a_refresh_gets_no_scope_that_nobody_consented_to(house: House) -> None:
    token = tokens_for(house, HOME)["refresh_token"]
    graph = Asked(GRAPH, graph=True)
    before = house.contents()
    with pytest.raises(TokenRefused) as refused:
        renew(house, token, resource=graph, scopes=("User.Read", "Mail.Read"))
    assert (refused.value.error, refused.value.number) == ("invalid_grant", 65001)
    assert house.contents() == before
    assert isinstance(renew(house, token, resource=graph, scopes=("User.Read",)), dict)


def test_TE6_a_disabled_resource_is_refused(house: House) -> None:
    token = tokens_for(house, HOME)["refresh_token"]
    consented(house, "Books.Read")
    change_principal(house, AUTOMATION, enabled=False)
    assert refusal(house, token, BOOKS).number == 500011


def test_a_default_scope_stands_for_everything_consented_to(house: House) -> None:
    """What `/.default` of MSAL's clients asks for; the OpenID Connect scopes are asked for by name."""
    consented(house, "Mail.Read", resource=Asked(GRAPH, graph=True))
    body = tokens_for(house, HOME, scopes=("openid", ".default"))
    assert claims_of(house, body["access_token"])["scp"] == "Mail.Read User.Read"
    assert body["scope"] == "openid Mail.Read User.Read"
    assert "refresh_token" not in body
    named = tokens_for(house, HOME, scopes=("User.Read", ".default"))
    assert claims_of(house, named["access_token"])["scp"] == "User.Read Mail.Read"


def test_a_default_scope_needs_no_consent_of_its_own(house: House) -> None:
    request = asking(house, scopes=(".default", "User.Read"))
    assert house.read(consent.missing_consent, request, house.people["alice"]) == ()


def test_a_consent_is_for_one_user_one_application_and_one_resource(house: House) -> None:
    """Security O10."""
    consented(house, "Books.Read")
    request = asking(house, resource=BOOKS.resource, graph=False, scopes=("Books.Read",))
    alice, max_ = house.people["alice"], house.people["max"]
    assert house.read(consent.missing_consent, request, alice) == ()
    assert house.read(consent.missing_consent, request, max_) == ("Books.Read",)
    other = replace(request, client_id=AUTOMATION)
    assert house.read(consent.missing_consent, other, alice) == ("Books.Read",)
    at_graph = replace(request, resource=GRAPH, graph=True)
    assert house.read(consent.missing_consent, at_graph, alice) == ("Books.Read",)


def test_L6_an_administrators_consent_outlives_a_reset(house: House) -> None:
    consented(house, "Books.Read")
    house.reset(house.people["alice"], HOME)
    mine = asking(house, resource=BOOKS.resource, graph=False, scopes=("Books.Read",))
    assert house.read(consent.missing_consent, mine, house.people["alice"]) == ("Books.Read",)
    assert house.read(consent.missing_consent, asking(house), house.people["alice"]) == ()


def test_a_consent_that_is_asked_for_silently_names_the_application(house: House) -> None:
    """TE9: `ID '{x}' named '{name}'`."""
    browser, request = arrive(house, HOME), asking(house, scopes=("Mail.Read",), prompt=("none",))
    tenant = house.read(queries_tenants.named, house.contoso)
    with pytest.raises(TokenRefused, match=f"'{EXPENSES}' named 'Expenses'"):
        house.write(sign_in.begin_authorize, house.world, browser, flow_id="f", tenant=tenant, request=request)


# ------------------------------------------------------------------------- codes


@pytest.mark.parametrize("challenge", ["é" * 43, "\N{SNOWMAN}" * 43, ""])
def test_O2_a_challenge_that_no_verifier_can_match_is_refused(house: House, challenge: str) -> None:
    code = code_for(house, HOME, challenge=challenge)
    with pytest.raises(TokenRefused) as refused:
        bring(house, code, verifier="v" * 43)
    assert refused.value.number == 501481


def test_O2_a_plain_challenge_is_none(house: House) -> None:
    code = code_for(house, HOME, challenge="v" * 43)
    with pytest.raises(TokenRefused) as refused:
        bring(house, code, verifier="v" * 43)
    assert refused.value.number == 501481


def test_O3_a_stranger_who_repeats_a_used_code_ends_nothing(house: House) -> None:
    """Only its own client's second use is a theft of which the client is told."""
    code = code_for(house, HOME)
    body = bring(house, code)
    with pytest.raises(TokenRefused) as refused:
        bring(house, code, client=client(house, AUTOMATION))
    assert refused.value.number == 70000
    assert isinstance(renew(house, body["refresh_token"]), dict)


def test_O3_a_second_use_ends_the_grant_however_late_and_wrong_it_is(house: House) -> None:
    code = code_for(house, HOME)
    body = bring(house, code)
    house.clock.pass_(hours=1)
    second = bring(house, code, redirect_uri="http://localhost:9000/other", verifier="w" * 43)
    assert isinstance(second, TokenRefused), "returned, so that the end is committed"
    assert (second.error, second.number) == ("invalid_grant", 54005)
    with pytest.raises(TokenRefused):
        renew(house, body["refresh_token"])


def test_codes_and_refresh_tokens_are_not_in_the_database(house: House) -> None:
    """Security N8: SHA-256 alone."""
    code = code_for(house, HOME)
    body = bring(house, code)
    second = renew(house, body["refresh_token"])
    house.world.database.close()
    stored = house.world.database.path.read_bytes()
    for secret in (code, body["refresh_token"], second["refresh_token"]):
        assert digest(secret).encode() in stored
        assert secret.encode() not in stored
    assert body["access_token"].encode() not in stored


def test_an_application_of_its_own_id_is_a_resource_under_each_of_its_names(house: House) -> None:
    """Graph G74: app id, `api://{appid}`, an `identifierUri`."""
    change_application(house, identifier_uris=("https://books.example/api",))
    for name in (EXPENSES, f"api://{EXPENSES}", "https://books.example/api"):
        body = tokens_for(house, HOME, resource=name, graph=False, scopes=("Books.Read",))
        assert claims_of(house, body["access_token"])["aud"] == name
    assert house.read(clients.by_identifier_uri, house.fabrikam, "https://books.example/api") is None
