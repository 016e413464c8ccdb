"""form_post and front-channel logout in a real browser, with scripts and without them (security H5)."""

from __future__ import annotations

import base64
import hashlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from chromium import follow, launched
from house_of_guests import House, serving

pytestmark = pytest.mark.browser
CLIENT, SECRET = "0d000000-0000-4000-8000-0000000000b2", "a-secret-of-the-tests-0123456789"
VERIFIER = "v" * 43


class Application:
    """What stands behind the redirect URI and the logoutUrl: it notes what browsers bring."""

    def __init__(self) -> None:
        seen: list[tuple[str, str, str]] = []

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
                seen.append((self.command, self.path, body))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"<title>The application</title>")

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.seen = seen
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.base = f"http://localhost:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def application() -> Iterator[Application]:
    made = Application()
    yield made
    made.close()


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory, application: Application) -> Iterator[House]:
    seed = f"""
tenants:
  - displayName: Contoso
    initialDomain: contoso.onmicrosoft.com
    domains: [contoso.com]
    users:
      - {{userPrincipalName: mia@contoso.com, displayName: Mia, password: "a-password-of-the-tests"}}
    applications:
      - displayName: Expenses
        appId: {CLIENT}
        clientSecret: {SECRET}
        redirectUris: ["{application.base}/callback"]
        delegatedPermissions: [openid]
        web: {{logoutUrl: "{application.base}/signed-out", implicitGrantSettings: {{enableIdTokenIssuance: true}}}}
"""
    with serving(tmp_path_factory.mktemp("provider"), seed) as made:
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.mark.parametrize("scripts", [True, False])
def test_H5_form_post_and_front_channel_logout(
    provider: House, application: Application, chromium: Any, scripts: bool
) -> None:
    context = chromium.new_context(ignore_https_errors=True, java_script_enabled=scripts)
    page = context.new_page()
    application.seen.clear()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "client_id": CLIENT,
        "redirect_uri": f"{application.base}/callback",
        "response_type": "code id_token",
        "response_mode": "form_post",
        "scope": "openid",
        "nonce": "n",
        "state": "s & s",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    page.goto(f"{provider.base}/contoso.com/oauth2/v2.0/authorize?{urlencode(asked)}")
    page.fill("input[type='email']", "mia@contoso.com")
    follow(page)
    page.fill("input[type='password']", provider.password)
    follow(page)
    if not scripts:
        follow(page, "text=Continue")
    page.wait_for_url(f"{application.base}/callback")
    method, path, body = application.seen[0]
    answer = dict(parse_qsl(body))
    assert (method, path, answer["state"]) == ("POST", "/callback", "s & s")
    assert {"code", "id_token", "iss"} <= set(answer)
    assert _redeemed(provider, application, answer["code"])

    application.seen.clear()
    target = {"id_token_hint": answer["id_token"], "post_logout_redirect_uri": asked["redirect_uri"], "state": "bye"}
    page.goto(f"{provider.base}/contoso.com/oauth2/v2.0/logout?{urlencode(target)}", wait_until="load")
    if not scripts:
        assert page.locator("h1").inner_text() == "You are signed out"
        follow(page, "text=Back to the application")
    page.wait_for_url(f"{application.base}/callback?state=bye")
    paths = [path for _, path, _ in application.seen if "favicon" not in path]
    assert [urlsplit(path).path for path in paths] == ["/signed-out", "/callback"], "told first, then gone back"
    told = parse_qs(urlsplit(paths[0]).query)
    assert told["iss"] == [answer["iss"]]
    assert len(told["sid"][0]) == 36
    page.goto(f"{provider.base}/contoso.com/oauth2/v2.0/authorize?{urlencode({**asked, 'prompt': 'none'})}")
    if not scripts:
        follow(page, "text=Continue")
    page.wait_for_url(f"{application.base}/callback")
    assert dict(parse_qsl(application.seen[-1][2] or application.seen[-2][2]))["error"] == "login_required"
    context.close()


def _redeemed(provider: House, application: Application, code: str) -> bool:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{application.base}/callback",
        "code_verifier": VERIFIER,
    }
    trust = ssl.create_default_context(cafile=str(provider.data / "ca.pem"))
    url = f"{provider.base}/contoso.com/oauth2/v2.0/token"
    return httpx2.post(url, data=form, auth=(CLIENT, SECRET), verify=trust).status_code == 200
