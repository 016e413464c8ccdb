"""Posted answers of SAML providers over HTTP: parked, led on, validated; whatever else is posted is a page (N4, T31)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from front import ORIGIN, Person, Site, site
from lxml import etree

from lying_saml import LyingSaml, asked, decoded, encoded, one
from readmit.domain.audit import SYSTEM
from readmit.domain.provider import Provider
from readmit.flows import keys, providers
from readmit.flows.providers import Registration
from readmit.proofs.saml import metadata
from readmit.storage import tenants

__all__ = ["site"]

ALICE = "alice@tailspin.example"
THERE = "https://idp.tailspin.example"
FORM = {"content-type": "application/x-www-form-urlencoded", "origin": THERE, "sec-fetch-site": "cross-site"}


@pytest.fixture
def tailspin(site: Site) -> LyingSaml:
    return LyingSaml(now=site.house.clock)


@pytest.fixture
def registered(site: Site, tailspin: LyingSaml) -> Provider:
    tenant = site.house.read(tenants.get, site.house.contoso)
    wanted = Registration(("tailspin.example",), "saml", "Tailspin", metadata=metadata.read(tailspin.metadata()))
    found = site.house.write(providers.register, site.house.world, tenant, wanted, SYSTEM)
    assert isinstance(found, Provider)
    return found


class Guest(Person):
    """A browser that can also come from the provider's page: it posts, without cookies, and follows."""

    def link(self) -> str:
        invited = self.site.house.invite(ALICE)
        return f"/redeem/?ticket={invited.ticket}"

    def off(self, path: str | None = None) -> str:
        """On to the provider; the URL there."""
        self.open(path or self.link())
        self.submit()
        assert "Tailspin" in self.html
        self.submit(use="provider")
        return self.path

    def post(self, at: str, form: dict[str, str] | str, headers: dict[str, str] | None = None) -> Any:
        """What a form on the provider's page posts: a Lax cookie does not go along."""
        body = form if isinstance(form, str) else urlencode(form)
        return self.site.ask("POST", urlsplit(at).path, headers={**FORM, **(headers or {})}, content=body.encode())

    def back(self, url: str, form: dict[str, str]) -> str:
        """The form is posted, the redirect followed with the cookies."""
        answer = self.post(consumer(url), form)
        assert answer.status_code == 303, answer.text
        assert "set-cookie" not in answer.headers
        return self.open(answer.headers["location"])


def consumer(url: str) -> str:
    return asked(url).acs


@pytest.fixture
def guest(site: Site, registered: Provider) -> Guest:
    return Guest(site)


def test_N4_a_guest_redeems_by_an_answer_that_is_posted_without_cookies(guest: Guest, tailspin: LyingSaml) -> None:
    url = guest.off()
    assert url.startswith("https://idp.tailspin.example/sso?SAMLRequest=")
    page = guest.back(url, tailspin.approve(url))
    assert "Alice Tailspin" in page
    guest.submit(decision="accept")
    assert guest.path == f"{ORIGIN}/myapps"


def test_H5_the_page_that_leads_to_the_provider_lets_its_form_end_there_and_where_it_leads_on(guest: Guest) -> None:
    guest.open(guest.link())
    guest.submit()
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in guest.cookies.items())}
    answer = guest.site.ask("GET", guest.path, headers=headers)
    assert "form-action 'self' https://idp.tailspin.example https:;" in answer.headers["content-security-policy"]


def test_the_answer_to_the_post_leads_to_a_clean_address_with_the_state_alone(
    guest: Guest, tailspin: LyingSaml
) -> None:
    url = guest.off()
    form = tailspin.approve(url)
    answer = guest.post(consumer(url), form)
    assert (answer.status_code, parse_qs(urlsplit(answer.headers["location"]).query)) == (
        303,
        {"state": [form["RelayState"]]},
    )


BAD_FORMS: dict[str, str] = {
    "nothing": "",
    "no message": "RelayState={state}",
    "no state": "SAMLResponse={message}",
    "an empty state": "SAMLResponse={message}&RelayState=",
    "an unknown state": "SAMLResponse={message}&RelayState=guessed",
    "a message twice": "SAMLResponse={message}&SAMLResponse={message}&RelayState={state}",
    "a state twice": "SAMLResponse={message}&RelayState={state}&RelayState={state}",
    "a long message": "SAMLResponse=" + "A" * 366_000 + "&RelayState={state}",
    "a long state": "SAMLResponse={message}&RelayState=" + "x" * 5000,
    "many fields": "SAMLResponse={message}&RelayState={state}&" + "&".join(f"p{n}=1" for n in range(40)),
    "an artifact": "SAMLart=AAQAAMh48&RelayState={state}",
}


@pytest.mark.parametrize("lie", BAD_FORMS)
def test_N4_what_nobody_waits_for_is_a_page_and_parks_nothing(guest: Guest, tailspin: LyingSaml, lie: str) -> None:
    url = guest.off()
    form = tailspin.approve(url)
    before = guest.site.house.contents()
    quoted = {"state": form["RelayState"], "message": urlencode({"": form["SAMLResponse"]})[1:]}
    answer = guest.post(consumer(url), BAD_FORMS[lie].format(**quoted), {"accept-language": "de"})
    assert (answer.status_code, 'lang="de"' in answer.text) == (410, True)
    assert guest.site.house.contents() == before
    assert "Alice Tailspin" in guest.back(url, form), "the honest answer still counts"


def test_N4_only_a_form_is_read_at_the_callback(guest: Guest, tailspin: LyingSaml) -> None:
    url = guest.off()
    form = tailspin.approve(url)
    for kind in ("application/json", "text/plain", "multipart/form-data; boundary=x", ""):
        assert guest.post(consumer(url), form, {"content-type": kind}).status_code == 410
    assert (
        guest.post(
            consumer(url), form, {"content-type": "Application/X-WWW-Form-URLencoded; charset=UTF-8"}
        ).status_code
        == 303
    )


def test_a_body_that_is_larger_than_any_form_is_refused(guest: Guest) -> None:
    url = guest.off()
    assert guest.post(consumer(url), "SAMLResponse=" + "A" * 1024 * 1024).status_code == 413


def test_another_providers_callback_takes_no_answer(guest: Guest, tailspin: LyingSaml) -> None:
    url = guest.off()
    for id in ("nobody", "00000000-0000-4000-8000-000000000000"):
        answer = guest.post(f"/signin/callback/{id}", tailspin.approve(url))
        guest.open(answer.headers["location"])
        assert guest.status == 410
    assert guest.site.house.rows("SELECT COUNT(*) FROM parked_messages") == [(0,)]


def test_T25_another_browser_cannot_go_on_with_a_parked_answer(site: Site, guest: Guest, tailspin: LyingSaml) -> None:
    url = guest.off()
    answer = guest.post(consumer(url), tailspin.approve(url))
    before = site.house.contents()
    attacker = Guest(site)
    attacker.open(answer.headers["location"])
    assert attacker.status == 410
    assert site.house.contents() == before
    assert "Alice Tailspin" in guest.open(answer.headers["location"])


def test_T31_IdP_initiated_answers_are_a_page(guest: Guest, tailspin: LyingSaml) -> None:
    url = guest.off()
    form = tailspin.approve(url)
    assert guest.post(consumer(url), {"SAMLResponse": form["SAMLResponse"]}).status_code == 410
    assert guest.post(consumer(url), {**form, "RelayState": "https://localhost:8443/myapps"}).status_code == 410


def test_an_answer_that_is_not_believed_is_a_page_with_a_way_on_and_an_entry_in_the_log(
    site: Site, guest: Guest, tailspin: LyingSaml
) -> None:
    url = guest.off()
    tampered = decoded(tailspin.approve(url)["SAMLResponse"])
    one(tampered, "NameID").text = "mallory"
    form = {**tailspin.approve(url), "SAMLResponse": encoded(etree.tostring(tampered))}
    guest.back(url, form)
    assert guest.status == 502
    assert 'name="use" value="again"' in guest.html
    rows = site.house.rows("SELECT error, page FROM sign_in_events ORDER BY rowid DESC LIMIT 1")
    assert [tuple(row) for row in rows] == [(50178, "PU3")]
    assert site.house.rows("SELECT proof FROM flows WHERE proof IS NOT NULL") == []
    action = re.search(r'action="(/redeem/[^"]+)"', guest.html)
    assert action is not None, "the page leads back to the way it came from"
    guest.path = action[1]
    guest.submit(use="again")
    assert guest.status == 200
    guest.submit(use="provider")
    assert "Alice Tailspin" in guest.back(guest.path, tailspin.approve(guest.path))


def test_an_answer_that_lets_nobody_in_is_a_page_and_an_entry_in_the_log(
    site: Site, guest: Guest, tailspin: LyingSaml
) -> None:
    def before(response: Any) -> None:
        one(response, "StatusCode").set("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")

    tailspin.before, tailspin.signs = before, ()
    url = guest.off()
    guest.back(url, tailspin.approve(url))
    assert guest.status == 403
    rows = site.house.rows("SELECT error, page FROM sign_in_events ORDER BY rowid DESC LIMIT 1")
    assert [tuple(row) for row in rows] == [(50177, "PU1")]


@pytest.mark.parametrize("message", ["%FF%FE", "%C3%BC", "%00", "%3Cxml%2F%3E", "AAAA"])
def test_V6_a_message_that_cannot_be_read_is_a_page_as_well(guest: Guest, tailspin: LyingSaml, message: str) -> None:
    url = guest.off()
    answer = guest.post(consumer(url), f"SAMLResponse={message}&RelayState={tailspin.approve(url)['RelayState']}")
    guest.open(answer.headers["location"])
    assert guest.status == 502


def test_the_GET_of_a_callback_is_used_once(guest: Guest, tailspin: LyingSaml) -> None:
    url = guest.off()
    answer = guest.post(consumer(url), tailspin.approve(url))
    guest.open(answer.headers["location"])
    assert guest.status == 200
    guest.open(answer.headers["location"])
    assert guest.status == 410


def test_V5_HEAD_of_a_callback_uses_nothing_up(site: Site, guest: Guest, tailspin: LyingSaml) -> None:
    url = guest.off()
    answer = guest.post(consumer(url), tailspin.approve(url))
    before = site.house.contents()
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in guest.cookies.items())}
    assert site.ask("HEAD", answer.headers["location"], headers=headers).status_code == 405
    assert site.house.contents() == before
    assert "Alice Tailspin" in guest.open(answer.headers["location"])


def test_L5_who_comes_back_after_a_reset_is_told_that_the_invitation_was_renewed(
    site: Site, guest: Guest, tailspin: LyingSaml
) -> None:
    """The way is gone, and its state with it; the browser has its link yet, and P2 mails the new one."""
    url = guest.off()
    ((user_id,),) = site.house.rows("SELECT id FROM users WHERE mail = :mail", mail=ALICE)
    site.house.reset(user_id, ALICE)
    before = site.house.contents()
    guest.back(url, tailspin.approve(url))
    assert (guest.status, "This invitation was renewed" in guest.html) == (410, True)
    assert site.house.contents() == before
    guest.submit(use="mail")
    assert guest.status == 200
    assert site.house.rows("SELECT address_key FROM outbox") == [(ALICE,)]


def test_T25_a_browser_without_that_way_is_told_nothing_of_it(site: Site, guest: Guest, tailspin: LyingSaml) -> None:
    url = guest.off()
    ((user_id,),) = site.house.rows("SELECT id FROM users WHERE mail = :mail", mail=ALICE)
    site.house.reset(user_id, ALICE)
    stranger = Guest(site)
    stranger.back(url, tailspin.approve(url))
    assert (stranger.status, "renewed" in stranger.html) == (410, False)


# ---------------------------------------------------------------------- metadata


@pytest.mark.parametrize("headers", [{}, {"host": "graph.microsoft.com"}, {"x-forwarded-host": "evil.example"}])
def test_T16_our_metadata_names_the_public_URL_alone(site: Site, registered: Provider, headers: dict[str, str]) -> None:
    keys.ensure(site.house.world)
    before = site.house.contents()
    answer = site.ask("GET", f"/signin/saml/{registered.id}", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/samlmetadata+xml")
    places = re.findall(r'(?:entityID|Location)="([^"]+)"', answer.text)
    assert places == [f"{ORIGIN}/signin/saml/{registered.id}", f"{ORIGIN}/signin/callback/{registered.id}"]
    assert site.house.contents() == before


def test_metadata_of_nobody_is_not_found(site: Site) -> None:
    assert site.ask("GET", "/signin/saml/nobody").status_code == 404
