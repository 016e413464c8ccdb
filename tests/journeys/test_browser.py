"""A real browser without scripts: redemption by mailed code, and a sign-in that ends at an application (security H5)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from chromium import follow, launched
from house_of_guests import House

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(ignore_https_errors=True, java_script_enabled=False, locale="de-DE")
    yield context.new_page()
    context.close()


@pytest.fixture
def application() -> Iterator[list[str]]:
    """What stands behind the redirect URI of Expenses: it notes the paths that browsers come to."""
    seen: list[str] = []

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"arrived")

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 9000), Callback)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield seen
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_guest_redeems_in_a_browser_in_the_language_of_the_mail(house: House, page: Any) -> None:
    address = f"browser-{next(house.strangers)}@post.example"
    invited = house.graph.invite(
        {
            "invitedUserEmailAddress": address,
            "inviteRedirectUrl": "https://myapps.microsoft.com",
            "invitedUserMessageInfo": {"messageLanguage": "ja"},
        }
    )
    page.goto(invited["inviteRedeemUrl"])
    assert page.get_attribute("html", "lang") == "ja"
    assert page.evaluate("document.referrer") == ""
    follow(page)
    follow(page)
    code = re.search(r"\b\d{8}\b", house.mailed(address, "passcode"))
    assert code is not None
    page.fill("input[autocomplete='one-time-code']", code.group())
    follow(page)
    page.go_back()
    page.go_forward()
    page.reload()
    follow(page, "button[value='accept']")
    assert page.url == f"{house.base}/myapps"
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert "__Host-readmit" in names
    assert not any(name.startswith("__Host-flow-") for name in names), "the flow's cookie is gone"


def test_H5_a_sign_in_form_ends_at_the_application(house: House, page: Any, application: list[str]) -> None:
    """Chromium applies form-action to the redirect after the POST."""
    address = f"{house.someone()}@fabrikam.com"
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    page.goto(
        f"{house.base}/contoso.com/oauth2/v2.0/authorize?client_id=0d000000-0000-4000-8000-0000000000a2"
        "&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%3A9000%2Fcallback&scope=openid%20User.Read"
        f"&state=s&code_challenge={challenge}&code_challenge_method=S256"
    )
    page.fill("input[type='email']", address)
    follow(page)
    page.fill("input[type='password']", house.password)
    follow(page)
    assert page.url.startswith("http://localhost:9000/callback?code=")
    assert "state=s" in application[0]
    assert "iss=" in application[0]
