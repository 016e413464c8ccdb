"""T3, T16: a link is one of those that were given out, and leads to this server whatever was said to it."""

from __future__ import annotations

import re
import secrets
from typing import Any
from urllib.parse import quote

import pytest
from front import ORIGIN, Person, Site, site

from readmit.domain.errors import DeadEnd, Page
from readmit.flows import deliver, links
from readmit.mail import mailbox
from readmit.tokens import Keyring
from world import MY_APPS

__all__ = ["site"]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def opened(site: Site, ticket: str) -> tuple[int, str]:
    """What a link with this ticket shows, without what differs in every flow."""
    person = Person(site)
    person.open(f"/redeem?rd={quote(f'{ORIGIN}/redeem/?ticket={ticket}', safe='')}")
    return person.status, re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", person.html)


def changed(ticket: str, place: int) -> str:
    """Another letter at one place; the last of 43 has two bits that stand for nothing."""
    letter = LETTERS[(LETTERS.index(ticket[place]) + 4) % 64]
    return ticket[:place] + letter + ticket[place + 1 :]


def test_T3_a_ticket_with_any_letter_changed_is_the_same_404(site: Site) -> None:
    ticket = site.house.invite("new@post.example").ticket
    assert len(ticket) == 43
    assert opened(site, ticket)[0] == 200
    seen = {opened(site, changed(ticket, place)) for place in range(43)}
    seen |= {opened(site, other) for other in ("", "A", "A" * 64, "A" * 5000, "e30.e30.", f"{ticket}=", ticket[:-1])}
    assert len(seen) == 1
    assert seen.pop()[0] == 404


@pytest.mark.parametrize(
    "inner", ["https://[", "", "?", "https://[/redeem/?ticket=x#ticket=y", "//x?ticket", "\x00?ticket=\x00"]
)
def test_T3_a_link_of_any_shape_is_the_same_404(site: Site, inner: str) -> None:
    """What a mail program has made of it is no failure of the server."""
    person = Person(site)
    person.open(f"/redeem?rd={quote(inner, safe='')}")
    assert person.status == 404
    assert opened(site, "A")[1] == re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", person.html)


def test_T3_of_a_thousand_tickets_none_opens_with_a_letter_changed(site: Site) -> None:
    house = site.house
    for number in range(1000):
        ticket = house.invite(f"guest{number % 50}@post.example").ticket
        for forged in (changed(ticket, number % 43), changed(ticket, secrets.randbelow(43)), ticket.swapcase()):
            with pytest.raises(DeadEnd) as end:
                house.read(links.open_link, house.world, forged)
            assert end.value.page is Page.UNKNOWN_LINK


def test_T3_no_token_is_decoded_on_the_way_of_a_link(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a link is worth stands in the database; nothing in it is believed for a signature's sake (V3)."""
    invited = site.house.invite("new@post.example")

    def refused(*_: Any) -> Any:
        raise AssertionError("a token was decoded")

    for name in ("verify", "verify_expired"):
        monkeypatch.setattr(Keyring, name, refused)
    person = Person(site)
    person.open(f"/redeem?rd={quote(f'{ORIGIN}/redeem/?ticket={invited.ticket}', safe='')}")
    assert person.status == 200
    person.submit()
    person.submit()
    assert person.status == 200


# --------------------------------------------------------------------------- T16

STEERING = [
    {"x-forwarded-host": "evil.example"},
    {"x-forwarded-host": "evil.example", "x-forwarded-proto": "http", "x-forwarded-port": "80"},
    {"forwarded": "host=evil.example;proto=http"},
    {"x-original-host": "evil.example", "x-host": "evil.example", "x-forwarded-server": "evil.example"},
    {"host": "graph.microsoft.com"},
    {"host": "localhost:8443", "origin": "https://evil.example", "referer": "https://evil.example/"},
]


@pytest.mark.parametrize("headers", STEERING, ids="+".join)
def test_T16_every_mailing_endpoint_links_to_the_public_url(site: Site, headers: dict[str, str]) -> None:
    body = {"invitedUserEmailAddress": "new@post.example", "inviteRedirectUrl": MY_APPS, "sendInvitationMessage": True}
    answer = site.graph("POST", "/v1.0/invitations", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    link = answer.json()["inviteRedeemUrl"]
    guest = answer.json()["invitedUser"]["id"]
    again = {**body, "invitedUser": {"id": guest}, "resetRedemption": True}
    renewed = site.graph("POST", "/beta/invitations", json=again, headers=headers).json()["inviteRedeemUrl"]
    # Page P2: whoever has the old link asks for the current one.
    path = link.removeprefix(ORIGIN)
    own = {name: value for name, value in headers.items() if name not in ("host", "origin", "referer")}
    first = site.ask("GET", path, headers=own)
    cookies = "; ".join(line.partition(";")[0] for line in first.headers.get_list("set-cookie"))
    page = site.ask("GET", first.headers["location"], headers={**own, "cookie": cookies})
    csrf = re.search(r'name="csrf" value="([^"]*)"', page.text)
    assert csrf is not None
    form = {"csrf": csrf[1], "use": "mail"}
    posted = {**own, "cookie": cookies, "origin": ORIGIN}
    assert site.ask("POST", first.headers["location"], data=form, headers=posted).status_code == 200
    deliver.deliver_due(site.house.world, "worker")
    folder = site.house.world.settings.mail_folder
    texts = [mailbox.read(folder, entry["id"]) for entry in mailbox.listing(folder)]
    assert len(texts) >= 1
    links_in_mail = re.findall(r"https?://[^\s\"<>]+", "\n".join(f"{text['text']}\n{text['html']}" for text in texts))
    for url in (link, renewed, *(one for one in links_in_mail if "redeem" in one or "unsubscribe" in one)):
        assert url.startswith(f"{ORIGIN}/"), url
    assert not any("evil" in one for one in (link, renewed, *links_in_mail))


@pytest.mark.parametrize("host", ["evil.example", "localhost:8443.evil.example", "localhost.evil.example:8443", ""])
def test_H1_another_host_is_421_and_nothing_is_mailed(site: Site, host: str) -> None:
    body = {"invitedUserEmailAddress": "new@post.example", "inviteRedirectUrl": MY_APPS, "sendInvitationMessage": True}
    token, before = site.token, site.house.contents()
    headers = {"host": host, "authorization": f"Bearer {token}"}
    assert site.ask("POST", "/v1.0/invitations", json=body, headers=headers).status_code in (400, 421)
    assert site.house.contents() == before
