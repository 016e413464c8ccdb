"""Guests of a company with SAML, from outside: scenario C over HTTP, and a real browser on another site's page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from chromium import follow, launched
from house_of_guests import PASSWORD, SECRET, House, serving

import lying_saml
from lying_saml import LyingSaml, asked
from readmit.cli.demo_stage import AUTOMATION, EXPENSES
from readmit.cli.walker import Page, Walker

PEOPLE = [f"{way}-{version}" for way in ("one", "two") for version in ("v1.0", "beta")]
HOST = "https://idp.tailspin.example"
LOGIN = "https://login.tailspin.test"


def _seed() -> str:
    accounts = "\n".join(
        f"      - {{userPrincipalName: {name}@fabrikam.com, displayName: Alice, password: {PASSWORD}}}"
        for name in PEOPLE
    )
    guests = "\n".join(
        f"      - {{email: {name}@fabrikam.com, displayName: Alice, state: Accepted,"
        f" identity: {{tenant: fabrikam.onmicrosoft.com, user: {name}@fabrikam.com}}}}"
        for name in PEOPLE
    )
    members = ", ".join(f"{name}@fabrikam.com" for name in PEOPLE)
    assigned = "\n".join(
        f"      - {{application: Expenses, role: Approver, principal: {name}@fabrikam.com}}" for name in PEOPLE
    )
    return f"""
tenants:
  - displayName: Contoso
    initialDomain: contoso.onmicrosoft.com
    domains: [contoso.com]
    users:
      - {{userPrincipalName: ada@contoso.com, password: {PASSWORD}, roles: [Global Administrator]}}
    applications:
      - displayName: Automation
        appId: {AUTOMATION}
        clientSecret: {SECRET}
        permissions: [User.Invite.All, User.ReadWrite.All, Directory.Read.All]
      - displayName: Expenses
        appId: {EXPENSES}
        clientSecret: {SECRET}
        redirectUris: ["http://localhost:9000/callback"]
        appRoles: [{{value: Approver}}]
        delegatedPermissions: [openid, profile, email, offline_access, User.Read]
    guests:
{guests}
    groups:
      - {{displayName: Project Falcon, members: [{members}]}}
      - {{displayName: Suppliers, members: [{members}]}}
    appRoleAssignments:
{assigned}
    identityProviders:
      - {{domain: tailspin.example, kind: saml, name: Tailspin, metadata: idp/tailspin.xml}}
  - displayName: Fabrikam
    initialDomain: fabrikam.onmicrosoft.com
    domains: [fabrikam.com]
    users:
{accounts}
"""


class Town(House):
    """The server, and Tailspin next door, whose sign-in page somebody fills in."""

    idp: LyingSaml

    def prove(self, walker: Walker, address: str) -> Page:
        page = super().prove(walker, address)
        if not page.url.startswith(HOST):
            return page
        self.idp.name_id = f"{address.partition('@')[0]}-at-tailspin"
        self.idp.attributes = {lying_saml.MAIL: [address], lying_saml.DISPLAY_NAME: ["Alice Tailspin"]}
        form = self.idp.approve(page.url)
        posted = self.http.post(asked(page.url).acs, data=form, headers={"origin": HOST}, follow_redirects=False)
        assert posted.status_code == 303
        walker.open(posted.headers["location"])
        return super().prove(walker, address)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder, idp = tmp_path_factory.mktemp("town"), LyingSaml()
    (folder / "idp").mkdir()
    (folder / "idp" / "tailspin.xml").write_bytes(idp.metadata())
    with serving(folder, _seed()) as house:
        made = Town(house.base, house.data)
        made.idp = idp
        yield made
        made.close()


def reset(town: Town, guest: dict[str, Any], new: str, *, way: str, version: str) -> dict[str, Any]:
    """The article's request; by two calls the address is written first."""
    if way == "two":
        town.graph.call("PATCH", f"/v1.0/users/{guest['id']}", {"mail": new, "otherMails": [new]})
    body = {
        "invitedUserEmailAddress": new,
        "sendInvitationMessage": True,
        "inviteRedirectUrl": "https://myapps.microsoft.com?tenantId=",
        "invitedUser": {"id": guest["id"]},
        "resetRedemption": True,
    }
    answer: dict[str, Any] = town.graph.call("POST", f"/{version}/invitations", body)
    return answer


@pytest.mark.parametrize("version", ["v1.0", "beta"])
@pytest.mark.parametrize("way", ["one", "two"])
def test_scenario_C_a_guest_moves_from_a_home_tenant_here_to_a_company_with_SAML(
    town: Town, way: str, version: str
) -> None:
    local = f"{way}-{version}"
    old, new = f"{local}@fabrikam.com", f"{local}@tailspin.example"
    guest, browser = town.guest(old), town.browser()
    held = town.sign_in(browser, old)
    before = town.facts(guest["id"], held.name)

    answer = reset(town, guest, new, way=way, version=version)

    assert (answer["status"], answer["invitedUser"]["id"]) == ("PendingAcceptance", guest["id"])
    assert [entry["signInType"] for entry in town.graph.user(guest["id"])["identities"]] == ["userPrincipalName"]
    assert town.tokens_dead(held)
    assert town.signed_out(browser)
    assert town.refused(old)

    page = town.redeem(town.browser(), town.link(new), new)
    assert page.url == f"{town.base}/myapps"
    assert "Expenses" in page.text

    user = town.graph.user(guest["id"])
    federated = next(entry for entry in user["identities"] if entry["signInType"] == "federated")
    assert (federated["issuer"], federated["issuerAssignedId"]) == (town.idp.entity_id, f"{local}-at-tailspin")
    assert user["displayName"] == "Alice Tailspin"
    again = town.sign_in(town.browser(), new)
    after = town.facts(guest["id"], again.name)
    assert (before["signInName"], after["signInName"]) == (old, new)
    assert {**before, "signInName": None} == {**after, "signInName": None}
    assert town.refused(old)
    assert [entry["issuer"] for entry in town.graph.redemptions(guest["id"])][-1] == town.idp.entity_id


def test_L28_a_pending_guest_types_the_address_at_an_application_and_redeems_there(town: Town) -> None:
    address = "direct@tailspin.example"
    town.graph.invite({"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com"})
    assert town.sign_in_accepting(town.browser(), address).name == address


def test_an_unknown_address_of_the_domain_is_proved_there_and_ends_on_P8(town: Town) -> None:
    assert town.refused("nobody@tailspin.example")


def test_the_administrator_hands_over_what_our_metadata_says(town: Town) -> None:
    (id,) = (row[0] for row in town.rows("SELECT id FROM identity_providers"))
    answer = town.http.get(f"{town.base}/signin/saml/{id}")
    assert answer.status_code == 200
    for place in (f'entityID="{town.base}/signin/saml/{id}"', f'Location="{town.base}/signin/callback/{id}"'):
        assert place in answer.text


# --------------------------------------------------------------------- a browser


@pytest.fixture
def browser(town: Town, tmp_path: Path) -> Iterator[Any]:
    """Chromium, for which the provider's host is another site, as it is in life."""
    with lying_saml.serving(town.idp, tmp_path) as port:
        rules = (f"MAP {urlsplit(host).hostname}:443 127.0.0.1:{port}" for host in (HOST, LOGIN))
        with launched(f"--host-resolver-rules={','.join(rules)}") as chromium:
            yield chromium


def open_page(browser: Any, locale: str) -> Any:
    return browser.new_context(ignore_https_errors=True, java_script_enabled=False, locale=locale).new_page()


@pytest.mark.browser
def test_N4_a_browser_comes_back_from_another_site_by_a_form_and_is_known(town: Town, browser: Any) -> None:
    """The Lax cookie of the flow does not go along with the post, and goes along with the GET that follows."""
    address = "browser@tailspin.example"
    invited = town.graph.invite(
        {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com"}
    )
    town.idp.name_id, town.idp.attributes = "browser-1", {lying_saml.MAIL: [address], "displayName": ["Bea Browser"]}
    page = open_page(browser, "de-DE")
    posts: list[Any] = []
    page.on("request", lambda request: posts.append(request) if request.method == "POST" else None)
    page.goto(invited["inviteRedeemUrl"])
    follow(page)
    assert "Tailspin" in page.inner_text("main")
    follow(page)
    assert page.url.startswith(f"{HOST}/sso?SAMLRequest="), "the page's policy lets the form end there"
    follow(page, "button")
    assert page.url.startswith(f"{town.base}/redeem/")
    assert "Bea Browser" in page.inner_text("main")
    answer = posts[-1]
    assert "/signin/callback/" in answer.url
    assert "__Host-flow-" not in answer.all_headers().get("cookie", ""), "a post from another site brings no cookie"
    page.go_back()
    page.go_forward()
    follow(page, "button[value='accept']")
    assert page.url == f"{town.base}/myapps"


@pytest.mark.browser
def test_a_browser_reads_why_an_answer_was_not_believed_and_can_try_again(town: Town, browser: Any) -> None:
    address = "doubt@tailspin.example"
    invited = town.graph.invite(
        {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com"}
    )
    town.idp.name_id, town.idp.attributes = "doubt-1", {lying_saml.MAIL: [address]}
    page = open_page(browser, "ja-JP")
    page.goto(invited["inviteRedeemUrl"])
    follow(page)
    follow(page)
    town.idp.signs = ()
    page.reload()
    follow(page, "button")
    town.idp.signs = ("assertion",)
    assert page.get_attribute("html", "lang") == "ja"
    assert "Tailspin" in page.inner_text("main")
    follow(page, "main button[value='again']")
    follow(page, "main button[value='provider']")
    follow(page, "button")
    follow(page, "button[value='accept']")
    assert page.url == f"{town.base}/myapps"


@pytest.mark.browser
def test_H5_a_provider_may_lead_on_to_a_login_host_of_its_own(town: Town, browser: Any) -> None:
    """Chromium applies form-action to each redirect: refused one, it shows nothing and the button seems dead."""
    address = "far@tailspin.example"
    invited = town.graph.invite(
        {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com"}
    )
    town.idp.name_id, town.idp.attributes, town.idp.login_host = "far-1", {lying_saml.MAIL: [address]}, LOGIN
    try:
        page = open_page(browser, "en-GB")
        page.goto(invited["inviteRedeemUrl"])
        follow(page)
        follow(page)
        assert page.url.startswith(f"{LOGIN}/login?")
        follow(page, "button")
        follow(page, "button[value='accept']")
        assert page.url == f"{town.base}/myapps"
    finally:
        town.idp.login_host = None
