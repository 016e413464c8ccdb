"""The account's page: language, organisations, leaving, over HTTP (experience W4, LA1, lifecycle L43, L45)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from front import ORIGIN, Person, Site, site
from test_account_sessions import sign_in

from readmit.domain.tenant import TenantSettings
from readmit.storage import tenants
from world import PASSWORD

__all__ = ["site"]
ACCOUNT = "/account?tenantId=contoso.com"


def change_tenant(site: Site, **values: Any) -> None:
    def save(tx: Any) -> None:
        tenants.update(tx, replace(tenants.get(tx, site.house.contoso), **values))

    site.house.write(save)


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# ------------------------------------------------------------------------- page


def test_W4_my_apps_leads_to_the_account_and_back(site: Site) -> None:
    person = sign_in(site, path="/myapps?tenantId=contoso.com")
    (there,) = re.findall(r'href="(/account\?[^"]*)"', person.html)
    html = person.open(there)
    assert "<h1>My account</h1>" in html
    (back,) = re.findall(r'href="(/myapps[^"]*)"', html)
    assert "<h1>My Apps</h1>" in person.open(back)


def test_L43_without_a_session_the_account_asks_for_a_sign_in_and_comes_back(site: Site) -> None:
    person = Person(site)
    assert "Sign in to continue to your account." in person.open(ACCOUNT)
    person.submit(address="no address")
    assert (person.status, "Sign in to continue to your account." in person.html) == (400, True)
    person.submit(address="alice@fabrikam.com")
    person.submit(use="other")
    assert "Sign in to continue to your account." in person.html
    person.submit(address="alice@fabrikam.com")
    person.submit(password=PASSWORD)
    assert person.path == f"/account?tenantId={site.house.contoso}"


@pytest.mark.parametrize("hint", ["", "nowhere.example", "%3Cscript%3E"])
def test_L43_a_hint_that_names_no_tenant_asks_for_an_address_and_writes_nothing(site: Site, hint: str) -> None:
    before = site.house.contents()
    person = Person(site)
    assert "Your e-mail address" in person.open(f"/account?tenantId={hint}")
    assert site.house.contents() == before


def test_L43_opened_bare_the_account_is_the_newest_guest_sign_ins(site: Site) -> None:
    person = sign_in(site)
    assert "<bdi>Contoso</bdi></header>" in person.open("/account")
    assert "<bdi>Fabrikam</bdi></header>" in person.open("/account?TENANTID=fabrikam.com")


def test_a_word_that_says_what_was_done_is_one_of_ours(site: Site) -> None:
    person = sign_in(site)
    assert 'role="status"' in person.open(f"{ACCOUNT}&done=language")
    assert 'role="status"' not in person.open(f"{ACCOUNT}&done=%3Cb%3E")


# --------------------------------------------------------------------- language


def set_language(person: Person, language: str) -> str:
    person.open(ACCOUNT)
    return person.press(f"/account/language?tenantId={person.site.house.contoso}", language=language)


def test_LA1_a_language_is_set_at_once_and_for_mails_too(site: Site) -> None:
    person = sign_in(site)
    person.open(f"{ACCOUNT}&lang=ja")
    html = set_language(person, "de")
    assert '<html lang="de"' in html, "a choice made on the page before does not stand above it"
    assert "Die Sprache ist gespeichert." in html
    assert re.search(r'value="de" checked', html)
    assert site.house.guest(site.house.people["alice"]).preferred_language == "de"
    other = sign_in(site, path="/account?tenantId=contoso.com")
    assert '<html lang="de"' in other.html
    html = set_language(person, "browser")
    assert '<html lang="en"' in html
    assert site.house.guest(site.house.people["alice"]).preferred_language is None


@pytest.mark.parametrize(
    ("had", "chosen", "has"), [("de-AT", "de", "de-AT"), ("fr", "browser", "fr"), ("fr", "ja", "ja")]
)
def test_LA1_saving_what_is_chosen_already_forgets_no_region_and_no_language_to_come(
    site: Site, had: str, chosen: str, has: str
) -> None:
    alice = site.house.people["alice"]
    site.graph("PATCH", f"/v1.0/users/{alice}", json={"preferredLanguage": had})
    set_language(sign_in(site), chosen)
    assert site.house.guest(alice).preferred_language == has


@pytest.mark.parametrize("wrong", ["", "fr", "x" * 5000, "<b>"])
def test_a_language_that_is_not_offered_changes_nothing(site: Site, wrong: str) -> None:
    person = sign_in(site)
    before = site.house.contents()
    set_language(person, wrong)
    assert site.house.contents() == before


# ----------------------------------------------------------------- organisations


def organisations(person: Person) -> str:
    found = re.search(r'<h2 id="organisations">(.*?)</section>', person.html, re.DOTALL)
    assert found is not None
    return text_of(found[1])


def test_W4_every_organisation_that_knows_the_home_account_is_listed_with_a_way_out(site: Site) -> None:
    """Home has no way out; where she is a guest unseen by this browser she finds it."""
    person = sign_in(site)
    assert organisations(person) == "Organisations Contoso this page contoso.com Leave Contoso Fabrikam fabrikam.com"
    person.open("/account?tenantId=fabrikam.com")
    assert organisations(person).startswith("Organisations Fabrikam this page fabrikam.com Contoso contoso.com Leave")


def test_W4_a_mailbox_guest_sees_the_organisations_of_this_browser_only(site: Site) -> None:
    site.graph("PATCH", f"/v1.0/users/{site.house.people['alice']}", json={"accountEnabled": False})
    person = sign_in(site, path="/account?tenantId=fabrikam.com")
    assert organisations(person) == "Organisations Fabrikam this page fabrikam.com", "disabled there: not offered"


def test_a_home_account_of_another_epoch_speaks_for_nobody(site: Site) -> None:
    person = sign_in(site)
    site.house.write(lambda tx: tx.run("UPDATE users SET epoch = 9 WHERE upn = 'alice@fabrikam.com'"))
    person.open(ACCOUNT)
    assert organisations(person) == "Organisations Contoso this page contoso.com Leave Contoso"


# ----------------------------------------------------------------------- leaving


def test_L45_a_guest_leaves_from_the_account(site: Site) -> None:
    person = sign_in(site)
    (link,) = re.findall(r'href="(/account/leave[^"]*)"', person.html)
    told = text_of(person.open(link))
    assert "your place in 1 group access to 1 application" in told
    assert "for 30 days your account here, closed: so long Contoso can restore it" in told
    person.submit()
    assert 'autocomplete="current-password"' in person.html
    person.submit(password=PASSWORD)
    assert "Leave Contoso now?" in person.html
    assert "alice@fabrikam.com" in person.html
    html = person.submit(decision="accept")
    assert "You have left Contoso" in html
    assert person.path == f"/account/left?tenantId={site.house.contoso}"
    assert site.house.guest(site.house.people["alice"]).deleted is not None
    assert not [name for name in person.cookies if name.startswith("__Host-flow-")]
    assert "Sign in" in person.open(ACCOUNT)
    assert "Continue as Alice?" not in person.html
    assert "<h1>My account</h1>" in person.open("/account?tenantId=fabrikam.com"), "the home account is untouched"
    found = site.graph("GET", "/v1.0/directory/deletedItems/microsoft.graph.user").json()["value"]
    assert [entry["id"] for entry in found] == [site.house.people["alice"]]


def test_L45_administrators_read_of_it_in_delta_and_in_the_audit_log(site: Site) -> None:
    link = site.graph("GET", "/v1.0/users/delta").json()
    while "@odata.nextLink" in link:
        link = site.graph("GET", link["@odata.nextLink"].removeprefix(ORIGIN)).json()
    person = sign_in(site)
    person.open("/account/leave?tenantId=contoso.com")
    person.submit()
    person.submit(password=PASSWORD)
    person.submit(decision="accept")
    changed = site.graph("GET", link["@odata.deltaLink"].removeprefix(ORIGIN)).json()["value"]
    alice = site.house.people["alice"]
    assert [(entry["id"], entry.get("@removed")) for entry in changed] == [(alice, {"reason": "changed"})]
    log = site.house.rows("SELECT service, activity FROM audit_events WHERE target_id = :u", u=alice)
    assert ("Invited Users", "Delete external user") in log


def test_L45_my_apps_leads_out_too_but_no_member(site: Site) -> None:
    guest = sign_in(site, path="/myapps?tenantId=contoso.com")
    (link,) = re.findall(r'href="(/account/leave[^"]*)"', guest.html)
    assert "Leave Contoso?" in guest.open(link)
    member = sign_in(site, "mia@contoso.com", path="/myapps?tenantId=contoso.com")
    assert "/account/leave" not in member.html


def test_L45_cancel_at_either_page_leads_back(site: Site) -> None:
    person = sign_in(site)
    person.open("/account/leave?tenantId=contoso.com")
    (back,) = re.findall(r'href="(/account\?[^"]*)"', person.html)
    assert "<h1>My account</h1>" in person.open(back)
    person.open("/account/leave?tenantId=contoso.com")
    person.submit()
    person.submit(password=PASSWORD)
    assert "<h1>My account</h1>" in person.submit(decision="cancel")
    assert site.house.guest(site.house.people["alice"]).deleted is None


def test_T42_an_empty_form_at_the_question_asks_again(site: Site) -> None:
    person = sign_in(site)
    person.open("/account/leave?tenantId=contoso.com")
    person.submit()
    for fields in ({"decision": "accept"}, {"use": "this"}, {}):
        person.submit(**fields)
        assert "Leave Contoso now?" not in person.html
        assert site.house.guest(site.house.people["alice"]).deleted is None
    person.submit(password=PASSWORD)
    person.submit()
    assert "Leave Contoso now?" in person.html


def test_L45_a_tenant_that_forbids_it_names_contact_and_privacy_statement(site: Site) -> None:
    person = sign_in(site)
    person.open("/account/leave?tenantId=contoso.com")
    change_tenant(
        site,
        settings=TenantSettings(guestsMayLeave=False),
        privacy_url="https://contoso.com/privacy",
        privacy_contact="privacy@contoso.com",
    )
    person.submit()
    assert person.path == f"/account/leave?tenantId={site.house.contoso}"
    assert "Contoso does not let guests leave by themselves" in person.html
    assert 'href="https://contoso.com/privacy"' in person.html
    assert 'href="mailto:privacy@contoso.com"' in person.html
    assert "<form" not in person.html.partition("<main")[2].partition("</main")[0]


def test_L45_a_tenant_that_forbids_it_at_the_question_is_obeyed(site: Site) -> None:
    person = sign_in(site)
    person.open("/account/leave?tenantId=contoso.com")
    person.submit()
    person.submit(password=PASSWORD)
    change_tenant(site, settings=TenantSettings(guestsMayLeave=False))
    assert "does not let guests leave by themselves" in person.submit(decision="accept")
    assert site.house.guest(site.house.people["alice"]).deleted is None


def test_L45_a_member_is_told_that_he_is_no_guest(site: Site) -> None:
    person = sign_in(site, "mia@contoso.com")
    assert "/account/leave" not in person.html
    assert "You are no guest here" in person.open("/account/leave?tenantId=contoso.com")
    person.open(ACCOUNT)
    assert "You are no guest here" in person.press(f"/account/leave?tenantId={site.house.contoso}")
    assert site.graph("GET", "/v1.0/users/mia@contoso.com").status_code == 200


def test_L45_without_a_session_the_page_of_leaving_comes_after_the_sign_in(site: Site) -> None:
    person = Person(site)
    person.open("/account/leave?tenantId=contoso.com")
    person.submit(address="alice@fabrikam.com")
    person.submit(password=PASSWORD)
    assert person.path == f"/account/leave?tenantId={site.house.contoso}"
    assert "Leave Contoso?" in person.html


def test_the_page_of_who_left_names_the_organisation_or_leads_to_the_account(site: Site) -> None:
    assert "You have left Contoso" in site.ask("GET", "/account/left?tenantId=contoso.com").text
    answer = site.ask("GET", "/account/left?tenantId=nowhere.example")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
