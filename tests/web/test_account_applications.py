"""Applications with access on /account, over HTTP (security N3, O10)."""

from __future__ import annotations

import re

from front import Person, Site, site
from test_account_sessions import sign_in

from readmit.domain.grant import AuthorizeRequest
from readmit.flows import authorize, consent
from readmit.flows.browsers import session_of
from world import CALLBACK, EXPENSES

__all__ = ["site"]


def agreed(site: Site, person: Person) -> AuthorizeRequest:
    """Alice has let Expenses read her mail, and it holds a grant of hers."""
    house = site.house
    graph = "https://graph.microsoft.com"
    asked = AuthorizeRequest(
        house.contoso, EXPENSES, CALLBACK, "https://localhost:8443", "query", graph, ("openid", "Mail.Read")
    )
    house.write(consent.record_consent, house.world, asked, house.people["alice"])
    session = house.read(session_of, person.cookies["__Host-readmit"], house.world.now())
    house.write(authorize.issue_code, house.world, asked, session.at(house.contoso))
    return asked


def test_O10_access_is_listed_and_taken_back_with_a_button(site: Site) -> None:
    person = sign_in(site)
    assert "No application has access for you" in person.html
    asked = agreed(site, person)
    html = person.open("/account?tenantId=contoso.com")
    assert re.search(r"<bdi>Expenses</bdi>.*<code>Mail.Read</code>", html, re.DOTALL)
    assert "Contoso has allowed this application." in html, "for everybody: openid, profile and others"
    html = person.press(f"/account/applications?tenantId={site.house.contoso}", application=EXPENSES)
    assert "The application has no access for you any more." in html
    assert "No application has access for you" in html
    assert site.house.rows("SELECT COUNT(*) FROM grants") == [(0,)]
    assert site.house.read(consent.missing_consent, asked, site.house.people["alice"]) == ("Mail.Read",)


def test_an_application_that_is_none_changes_nothing(site: Site) -> None:
    person = sign_in(site)
    agreed(site, person)
    before = site.house.contents()
    for wrong in ("", "x" * 5000, "00000003-0000-0000-c000-000000000000"):
        person.press(f"/account/applications?tenantId={site.house.contoso}", application=wrong)
        assert person.status == 200
    assert site.house.contents() == before
