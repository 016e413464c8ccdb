"""Everybody's consent by an administrator (graph G66, G69 `adminconsent`, security O10, J1)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from front import Person, Site
from relying_party import MEMBER, RelyingParty, register

from readmit.domain.graph_permissions import GRAPH_APP_ID, SCOPE_OF_ID
from world import CALLBACK, PASSWORD

ADMIN, HELPDESK = "ada@contoso.com", "hal@contoso.com"
SCOPE = "https://graph.microsoft.com/User.Read.All"


def ask(rp: RelyingParty, person: Person, **changed: str | None) -> str:
    """What an application links to."""
    fields = {"client_id": rp.client_id, "redirect_uri": CALLBACK, "state": "a & b", "scope": SCOPE, **changed}
    query = urlencode({name: value for name, value in fields.items() if value is not None})
    return person.open(f"/contoso.com/v2.0/adminconsent?{query}")


def sign_in(person: Person, address: str) -> None:
    person.submit(address=address)
    person.submit(password=PASSWORD)


def told(person: Person) -> dict[str, str]:
    assert person.path.startswith(f"{CALLBACK}?"), person.html
    values = dict(parse_qsl(urlsplit(person.path).query))
    assert values.pop("state") == "a & b"
    values.pop("iss")
    return values


def consents(site: Site) -> list[Any]:
    return site.house.rows(
        "SELECT consent_type, scope, given_by FROM permission_grants ORDER BY consent_type, given_by"
    )


def test_an_administrator_consents_for_everybody(rp: RelyingParty, person: Person, site: Site) -> None:
    ask(rp, person)
    sign_in(person, ADMIN)
    assert "You decide for everybody in Contoso." in person.html
    assert "<code>User.Read.All</code>" in person.html
    person.submit(decision="accept")
    assert told(person) == {"admin_consent": "True", "scope": "User.Read.All", "tenant": site.house.contoso}
    ((kind, scope, giver),) = consents(site)
    assert (kind, giver) == ("AllPrincipals", "administrator")
    assert scope.split()[-1] == "User.Read.All"
    assert site.house.rows("SELECT 1 FROM grants") == [], "nobody was signed in to the application"
    rp.begin(other := Person(site), scope="openid User.Read.All")
    sign_in(other, MEMBER)
    assert "code" in rp.answer(other), "nobody else is asked"
    ask(rp, person)
    person.submit(decision="accept")
    assert consents(site) == [(kind, scope, giver)], "again is fine"


def test_J1_who_consented_to_what_is_in_the_log(rp: RelyingParty, person: Person, site: Site) -> None:
    ask(rp, person)
    sign_in(person, ADMIN)
    person.submit(decision="accept")
    rp.begin(person, scope="openid Mail.Read")
    person.submit(decision="accept")
    rows = site.house.rows("SELECT details FROM audit_events WHERE activity = 'Consent to application' ORDER BY rowid")
    details = [json.loads(row[0]) for row in rows]
    told_of = [(one["principal"] is None, one["scope"]) for one in details]
    assert told_of == [(True, "User.Read.All"), (False, "Mail.Read")]


def test_cancel_gives_nothing(rp: RelyingParty, person: Person, site: Site) -> None:
    before = consents(site)
    ask(rp, person)
    sign_in(person, ADMIN)
    person.submit(decision="cancel")
    assert told(person)["error"] == "access_denied"
    assert consents(site) == before


@pytest.mark.parametrize("address", [MEMBER, HELPDESK])
def test_G66_who_is_no_administrator_of_applications_decides_for_nobody(
    rp: RelyingParty, person: Person, site: Site, address: str
) -> None:
    before = consents(site)
    ask(rp, person)
    sign_in(person, address)
    refusal = told(person)
    assert (refusal["error"], "AADSTS90094" in refusal["error_description"]) == ("access_denied", True)
    ask(rp, person)
    assert told(person)["error"] == "access_denied", "signed in already"
    assert consents(site) == before


def test_G66_a_role_that_went_meanwhile_decides_no_more(rp: RelyingParty, person: Person, site: Site) -> None:
    before = consents(site)
    ask(rp, person)
    sign_in(person, ADMIN)
    site.house.write(lambda tx: tx.run("DELETE FROM role_assignments"))
    person.submit(decision="accept")
    assert consents(site) == before


def test_default_is_what_the_application_is_registered_for(rp: RelyingParty, person: Person, site: Site) -> None:
    ids = {name: id for id, name in SCOPE_OF_ID.items()}
    access = [{"id": ids["User.Read"], "type": "Scope"}, {"id": ids["Group.Read.All"], "type": "Scope"}]
    access += [{"id": ids["Group.ReadWrite.All"], "type": "Role"}, {"id": "unknown", "type": "Scope"}]
    register(site.house, requiredResourceAccess=[{"resourceAppId": GRAPH_APP_ID, "resourceAccess": access}])
    ask(rp, person, scope="https://graph.microsoft.com/.default")
    sign_in(person, ADMIN)
    person.submit(decision="accept")
    assert told(person)["scope"] == "User.Read Group.Read.All"


def test_default_of_an_api_of_ones_own(rp: RelyingParty, person: Person, site: Site) -> None:
    scope = {"id": "00000000-0000-4000-8000-00000000c0de", "value": "Books.Read", "isEnabled": True}
    access = [{"id": scope["id"], "type": "Scope"}]
    required = [{"resourceAppId": rp.client_id, "resourceAccess": access}]
    register(site.house, api={"oauth2PermissionScopes": [scope]}, requiredResourceAccess=required)
    ask(rp, person, scope=f"api://{rp.client_id}/.default")
    sign_in(person, ADMIN)
    person.submit(decision="accept")
    assert told(person)["scope"] == "Books.Read"


@pytest.mark.parametrize(
    ("scope", "error"),
    [
        (None, "invalid_request"),
        ("https://graph.microsoft.com/.default", "invalid_scope"),
        ("api://nobody/x", "invalid_resource"),
        ("https://one.example/a https://two.example/b", "invalid_scope"),
    ],
)
def test_what_cannot_be_asked_for_is_told_to_the_application(
    rp: RelyingParty, person: Person, scope: str | None, error: str
) -> None:
    ask(rp, person, scope=scope)
    assert told(person)["error"] == error


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/"},
        {"client_id": "00000000-0000-4000-8000-00000000dead"},
        {"client_id": None},
    ],
)
def test_T21_an_unregistered_uri_gets_a_page(rp: RelyingParty, person: Person, changed: dict[str, Any]) -> None:
    page = ask(rp, person, **changed)
    assert (person.status, "AADSTS" in page) == (400, True)


def test_G69_common_asks_whose_organisation_it_is(rp: RelyingParty, person: Person) -> None:
    query = urlencode({"client_id": rp.client_id, "redirect_uri": CALLBACK, "scope": SCOPE, "state": "a & b"})
    page = person.open(f"/common/v2.0/adminconsent?{query}")
    assert "Your address shows which organisation" in page
    person.open(f"/common/v2.0/adminconsent?{query}&login_hint={ADMIN}")
    person.submit(password=PASSWORD)
    person.submit(decision="accept")
    assert told(person)["admin_consent"] == "True"
