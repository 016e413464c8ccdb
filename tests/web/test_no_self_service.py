"""V8: who has lost his address or account is re-invited by an administrator; he changes and recovers nothing himself."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from front import Person, Site, site
from test_account_sessions import sign_in

sys.path.insert(0, str(Path(__file__).parent.parent / "flows"))

from applications import tokens_for

from readmit.web.site import TABLE
from world import PASSWORD

__all__ = ["site"]
HOME, MALLORY = "alice@fabrikam.com", "mallory@post.example"


def addresses(site: Site) -> list[object]:
    """Everything that says who a guest is and where mail to him goes."""
    columns = "id, upn, mail, invited_address, redeemed_address, binding_issuer, binding_subject, external_state"
    return [
        *site.house.rows(f"SELECT {columns} FROM users ORDER BY id"),
        *site.house.rows("SELECT * FROM user_addresses"),
    ]


def test_V8_no_form_of_the_account_takes_an_address(site: Site) -> None:
    """Each form of each page of one's own, with every name that an address could have."""
    person = sign_in(site, HOME)
    before = addresses(site)
    pages = {entry.template for entry in TABLE if entry.template.startswith("/account") and "{" not in entry.template}
    pressed = 0
    for page in sorted(pages):
        person.open(f"{page}?tenantId=contoso.com")
        if person.status != 200:
            continue
        assert not re.search(r'type="email"|name="(mail|email|otherMails|address)"', person.html), page
        for action in set(re.findall(r'<form[^>]*action="(/account[^"]*)"', person.html)):
            fields = dict.fromkeys(("mail", "email", "otherMails", "address", "userPrincipalName"), MALLORY)
            person.press(action.replace("&amp;", "&"), **fields)
            pressed += 1
            person.open(f"{page}?tenantId=contoso.com")
    assert pressed >= 3
    assert addresses(site) == before


@pytest.mark.parametrize(
    "body",
    [{"mail": MALLORY}, {"otherMails": [MALLORY]}, {"identities": []}, {"userPrincipalName": MALLORY}],
    ids=lambda body: next(iter(body)),
)
@pytest.mark.parametrize("path", ["/v1.0/me", "/v1.0/users/{id}"])
def test_V8_nor_does_a_guests_own_token(site: Site, path: str, body: dict[str, object]) -> None:
    token = tokens_for(site.house, HOME)["access_token"]
    url = path.format(id=site.house.people["alice"])
    before = addresses(site)
    answer = site.ask("PATCH", url, json=body, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code in (400, 403), answer.text
    invite = {"invitedUserEmailAddress": MALLORY, "inviteRedirectUrl": "https://myapps.microsoft.com"}
    reset = {**invite, "invitedUser": {"id": site.house.people["alice"]}, "resetRedemption": True}
    refused = site.ask("POST", "/v1.0/invitations", json=reset, headers={"authorization": f"Bearer {token}"})
    assert refused.status_code == 403
    assert addresses(site) == before


def test_V8_the_page_of_who_is_not_known_leads_to_another_account_and_to_people(site: Site) -> None:
    """P8 after the home account was set up again: no button mends it, the text says who does."""
    site.house.reset(site.house.people["alice"], "successor@post.example")
    person = Person(site)
    person.open("/myapps?tenantId=contoso.com")
    person.submit(address=HOME)
    person.submit(password=PASSWORD)
    assert person.status == 403
    assert "to reset your redemption status" in person.html
    assert re.findall(r'name="use" value="(\w+)"', person.html) == ["other"]


def test_V8_a_link_mails_a_new_one_to_the_invited_address_and_to_no_other(site: Site) -> None:
    """Page P2 takes no address."""
    first = site.house.invite("new@post.example")
    site.house.reset(first.user.id, "new@post.example")
    person = Person(site)
    person.open(f"/redeem/?ticket={first.ticket}")
    assert person.status == 410
    assert 'type="email"' not in person.html
    person.submit(use="mail", address=MALLORY, mail=MALLORY)
    assert site.house.rows("SELECT DISTINCT address_key FROM outbox WHERE kind = 'invitation'") == [
        ("new@post.example",)
    ]
