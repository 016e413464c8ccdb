"""T2, T14, T15, T39: a link's ticket stands in no log, audit event, database or foreign request; scanners burn nothing."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from chromium import follow, launched
from house_of_guests import House
from test_guest_pages import fresh, invite


def ticket_of(link: str) -> str:
    found = re.search(r"ticket(?:%3D|=)([A-Za-z0-9_-]{43})", link)
    assert found is not None
    return found[1]


def traces(house: House, *secrets: str) -> list[str]:
    """Files of the data folder, but for kept mail, and places of the database that hold one of the secrets."""
    found = []
    for path in sorted(house.data.rglob("*")):
        ours = "mail" in path.relative_to(house.data).parts or path.name == "seed.yaml"
        if path.is_file() and not ours and path.suffix != ".db":
            content = path.read_bytes()
            found += [f"{path.name}: {secret[:6]}" for secret in secrets if secret.encode() in content]
    with closing(sqlite3.connect(f"file:{house.data / 'readmit.db'}?mode=ro", uri=True)) as connection:
        for line in connection.iterdump():
            found += [line[:120] for secret in secrets if secret in line]
    return found


def test_T2_tickets_codes_and_cookies_stand_in_no_log_audit_event_or_dump(house: House) -> None:
    """Security L1, J3: hashes alone are kept; the database, its journal and the log are searched byte by byte."""
    address = fresh(house)
    link = invite(house, address, sendInvitationMessage=True)["inviteRedeemUrl"]
    mailed = house.link(address, "invitation")
    walker = house.browser()
    walker.open(link)
    flow = next(value for name, value in walker._client.cookies.items() if "flow" in name).partition(".")[0]
    walker.submit()
    walker.submit()
    code = re.search(r"\b\d{8}\b", house.mailed(address, "passcode"))[0]  # type: ignore[index]
    walker.submit({"code": "1" * 8})
    walker.submit({"code": code})
    walker.submit({"decision": "accept"})
    session = walker._client.cookies["__Host-readmit"]
    house.browser().open(link.replace(ticket_of(link), "A" * 43))
    secrets = [ticket_of(link), ticket_of(mailed), flow, session, house.password]
    assert len(set(secrets)) == 5
    assert all(len(secret) > 20 for secret in secrets)
    assert traces(house, *secrets) == []
    for line in (house.data / "server.log").read_text().splitlines():
        assert address not in line, "addresses stand in the audit log alone (J4)"
        assert code not in line
        assert "rd=" not in line, "no query strings"


def test_T39_each_line_of_the_log_is_one_object_whatever_was_sent(house: House) -> None:
    text = "x\r\n{\"forged\": true}\x1b[31m\u202e=cmd|' /C calc'!A0"
    before = len((house.data / "server.log").read_text().splitlines())
    for path in (f"/redeem?rd={quote(text)}", f"/signin/{quote(text)}", f"/myapps?tenantId={quote(text)}", "/nothing"):
        house.http.get(f"{house.base}{path}", headers={"user-agent": "x\tforged"})
    form = {"grant_type": text, "client_id": text, "client_secret": text}
    house.http.post(f"{house.base}/contoso.com/oauth2/v2.0/token", data=form)
    for body in ({"invitedUserEmailAddress": text, "inviteRedirectUrl": text}, {text: text}):
        house.http.post(f"{house.base}/v1.0/invitations", json=body, headers={"authorization": "Bearer x"})
    lines = (house.data / "server.log").read_text().split("\n")
    assert len(lines) > before
    for line in lines:
        if line.startswith("{"):
            assert isinstance(json.loads(line), dict)
        assert "forged" not in line
        assert "calc" not in line
        assert line.isprintable()


# --------------------------------------------------------------------- a real browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    """With scripts, as mail scanners have them."""
    context = chromium.new_context(ignore_https_errors=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def target() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A page outside that guests are sent to: its address, and the headers that it was asked with."""
    asked: list[dict[str, str]] = []

    class Target(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append({name.lower(): value for name, value in self.headers.items()} | {"path": self.path})
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>there</title>")

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Target)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_address[1]}/start", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.browser
def test_T15_no_other_host_is_asked_and_the_target_hears_of_no_link(
    house: House, page: Any, target: tuple[str, list[dict[str, str]]]
) -> None:
    url, asked = target
    address = fresh(house)
    link = invite(house, address, inviteRedirectUrl=url)["inviteRedeemUrl"]
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(link)
    assert ticket_of(link) not in page.url
    assert ticket_of(link) not in page.content()
    follow(page)
    follow(page)
    page.fill("input[autocomplete='one-time-code']", re.search(r"\b\d{8}\b", house.mailed(address, "passcode"))[0])  # type: ignore[index]
    follow(page)
    follow(page, "button[value='accept']")
    page.wait_for_url(url)
    assert page.evaluate("document.referrer") == ""
    assert [headers.get("referer") for headers in asked if headers["path"] == "/start"] == [None]
    origin = url.removesuffix("/start")
    # The target's own page may have asked for more by then, naming itself.
    assert {headers.get("referer", url) for headers in asked} == {url}
    assert {one for one in requested if not one.startswith((house.base, origin))} == set()
    assert [one for one in requested if ticket_of(link) in one] == [link], "once, and nothing that it leads to has it"
    history = page.evaluate("[performance.getEntries().map(e => e.name), location.href]")
    assert ticket_of(link) not in json.dumps(history)


@pytest.mark.browser
def test_T14_a_scanner_with_scripts_burns_nothing(house: House, page: Any) -> None:
    address = fresh(house)
    link = invite(house, address)["inviteRedeemUrl"]
    before = house.contents()
    for number in range(50):
        if number % 5 == 0:
            page.context.clear_cookies()
            page.goto(link)
            page.wait_for_load_state("networkidle")
        elif number % 5 == 1:
            assert house.http.head(link).status_code == 303
        else:
            house.browser().open(link)
    assert house.contents() == before
    assert Path(house.redeem(house.browser(), link, address).url).name == "myapps"
