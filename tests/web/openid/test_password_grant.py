"""The password grant: off, and for tests where a tenant switches it on (graph G73, security O7, N8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx2
import pytest
from front import Person, Site
from relying_party import GUEST, MEMBER, RelyingParty, register

from readmit.cli import serve
from readmit.storage import apps, tenants, users
from world import EXPENSES, PASSWORD

TOKEN = "/contoso.onmicrosoft.com/oauth2/v2.0/token"


def switch(site: Site, *, on: bool = True) -> None:
    def save(tx: Any) -> None:
        tenant = tenants.get(tx, site.house.contoso)
        assert tenant is not None
        tenants.update(tx, replace(tenant, settings=replace(tenant.settings, allowPasswordGrant=on)))

    site.house.write(save)


def change(site: Site, upn: str = MEMBER, **values: Any) -> None:
    def save(tx: Any) -> None:
        user = users.by_upn(tx, site.house.contoso, upn)
        assert user is not None
        assert users.update(tx, replace(user, **values), user)

    site.house.write(save)


def ask(site: Site, path: str = TOKEN, **changed: str | None) -> httpx2.Response:
    form = {
        "grant_type": "password",
        "response_type": "id_token",
        "client_id": EXPENSES,
        "scope": "openid offline_access User.Read",
        "username": MEMBER,
        "password": PASSWORD,
        **changed,
    }
    return site.ask("POST", path, data={name: value for name, value in form.items() if value is not None})


def number(answer: httpx2.Response) -> int:
    return int(answer.json()["error_codes"][0])


@pytest.fixture
def on(site: Site) -> Site:
    """Contoso with the switch on, and Expenses as a client without a secret."""
    switch(site)
    register(site.house, isFallbackPublicClient=True)
    return site


def test_O7_it_is_off(site: Site) -> None:
    before = site.house.contents()
    answer = ask(site)
    assert (answer.status_code, answer.json()["error"], number(answer)) == (400, "unsupported_grant_type", 70003)
    assert site.house.contents() == before, "nothing was even compared"


def test_a_member_of_a_tenant_that_has_it_on_gets_tokens(on: Site, capsys: pytest.CaptureFixture[str]) -> None:
    answer = ask(on)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert {"access_token", "refresh_token", "id_token", "client_info"} <= set(body)
    me = on.ask("GET", "/v1.0/me", headers={"authorization": f"Bearer {body['access_token']}"})
    assert me.json()["userPrincipalName"] == MEMBER
    found = on.house.world.keyring.verify(body["id_token"], on.house.clock())
    assert (found["amr"], "sid" in found) == (["pwd"], False)
    told = capsys.readouterr()
    assert "password grant" in told.out + told.err
    assert PASSWORD not in told.out + told.err
    form = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"], "client_id": EXPENSES}
    assert on.ask("POST", TOKEN, data=form).status_code == 200


def test_O7_the_server_says_so_at_each_start(site: Site) -> None:
    assert serve._warnings(site.house.world) == []
    switch(site)
    (line,) = serve._warnings(site.house.world)
    assert line.startswith("WARNING: Contoso has the password grant on (allowPasswordGrant)")


def test_T28_a_wrong_password_and_an_unknown_name_are_answered_alike(on: Site) -> None:
    answers = [ask(on, password="wrong"), ask(on, username="nobody@contoso.com"), ask(on, username="no address")]
    for answer in answers:
        assert (answer.status_code, answer.json()["error"], number(answer)) == (400, "invalid_grant", 50126)
    texts = {answer.json()["error_description"].split(" Trace ID")[0] for answer in answers}
    assert len(texts) == 1


@pytest.mark.parametrize("username", [GUEST, "max@post.example", "pat@post.example"])
def test_guests_have_no_password_here(on: Site, username: str) -> None:
    assert number(ask(on, username=username)) == 50126


def test_N8_wrong_ones_are_counted_with_those_of_the_pages(on: Site) -> None:
    for _ in range(10):
        assert number(ask(on, password="wrong")) == 50126
    assert number(ask(on, password="wrong")) == 50126
    slow = ask(on, password="wrong")
    assert (slow.status_code, "retry-after" in slow.headers) == (429, True)
    assert ask(on).status_code == 429, "the right one too, for a minute"
    on.house.clock.pass_(minutes=1)
    assert ask(on).status_code == 200
    person = Person(on)
    RelyingParty(on).begin(person, login_hint=MEMBER)
    person.submit(password="wrong")
    assert person.status == 429


@pytest.mark.parametrize("field", ["username", "password", "scope", "client_id"])
def test_what_is_missing_is_named(on: Site, field: str) -> None:
    answer = ask(on, **{field: None})
    assert (number(answer), f"'{field}'" in answer.json()["error_description"]) == (900144, True)


def test_TE9_what_stands_against_somebody_who_knows_the_password(on: Site) -> None:
    answer = ask(on, scope="openid Mail.Read")
    assert (number(answer), answer.json()["suberror"]) == (65001, "consent_required")

    def want_assignment(tx: Any) -> None:
        before = apps.principal_by_app_id(tx, on.house.contoso, EXPENSES)
        assert apps.update_principal(tx, replace(before, assignment_required=True), before)

    assert number(ask(on, scope="api://nobody/x")) == 500011
    on.house.write(want_assignment)
    assert number(ask(on)) == 50105
    change(on, enabled=False)
    assert number(ask(on)) == 50057
    assert number(ask(on, password="wrong")) == 50126, "who does not know it learns nothing"


def test_D1_a_one_time_password_is_replaced_on_a_page_first(on: Site) -> None:
    def expire(tx: Any) -> None:
        user = users.by_upn(tx, on.house.contoso, MEMBER)
        assert user is not None
        tx.run("UPDATE users SET password_expires_at = :at WHERE id = :id", {"at": 2**52, "id": user.id})

    on.house.write(expire)
    assert number(ask(on)) == 50055


def test_a_confidential_client_proves_itself_first(on: Site) -> None:
    register(on.house, isFallbackPublicClient=False)
    rp = RelyingParty(on)
    form: dict[str, str | None] = {
        "grant_type": "password",
        "username": MEMBER,
        "password": PASSWORD,
        "scope": "openid",
    }
    assert rp.token({**form, "client_id": EXPENSES}, auth="none").json()["error_codes"] == [7000218]
    assert rp.token(form).status_code == 200
    rp.secret = "wrong"
    assert rp.token(form).status_code == 401


def test_G73_organizations_is_the_home_of_the_name(on: Site) -> None:
    assert ask(on, "/organizations/oauth2/v2.0/token").status_code == 200
    off = ask(on, "/organizations/oauth2/v2.0/token", username="bob@fabrikam.com")
    assert off.json()["error"] == "unsupported_grant_type", "Fabrikam has not switched it on"
    assert number(ask(on, "/common/oauth2/v2.0/token", username="a@nowhere.example")) == 90002


@pytest.mark.parametrize("domain", ["müller.example", "MÜLLER.example", "xn--mller-kva.example"])
def test_G73_a_name_of_a_domain_in_its_own_letters_has_a_home_too(on: Site, domain: str) -> None:
    on.house.write(lambda tx: tenants.add_domain(tx, on.house.contoso, "xn--mller-kva.example", default=False))
    answer = ask(on, "/organizations/oauth2/v2.0/token", username=f"nobody@{domain}")
    assert number(answer) == 50126, answer.json()


@pytest.mark.parametrize("path", ["/common/userrealm", "/common/UserRealm"])
def test_G73_user_realm(site: Site, path: str) -> None:
    known = site.ask("GET", f"{path}/{MEMBER}?api-version=1.0").json()
    assert known == {
        "ver": "1.0",
        "account_type": "Managed",
        "domain_name": "contoso.com",
        "cloud_instance_name": "localhost:8443",
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    }
    assert site.ask("GET", f"{path}/nobody%40contoso.com").json() == known, "by domain alone (V7)"
    for name in ("a@nowhere.example", "nonsense", "a@b c"):
        unknown = site.ask("GET", f"{path}/{name}").json()
        assert (unknown["account_type"], "domain_name" in unknown) == ("Unknown", False)
