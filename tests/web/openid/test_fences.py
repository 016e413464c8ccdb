"""Errors that nobody may be sent along with (T21), and tokens where they do not belong (T4)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from front import Person, Site
from relying_party import GUEST, MEMBER, RelyingParty, register, unbase64

from readmit.domain.graph_permissions import READMIT_APP_ID
from world import AUTOMATION, CALLBACK, PASSWORD

ERRORS: dict[str, dict[str, str | None]] = {
    "nothing wrong": {},
    "no response type": {"response_type": None},
    "unsupported response type": {"response_type": "token"},
    "an ID token that is off": {"response_type": "id_token", "response_mode": "form_post"},
    "unknown mode": {"response_mode": "web_message"},
    "no scope": {"scope": None},
    "two resources": {"scope": "https://one.example/a https://two.example/b"},
    "unknown resource": {"scope": "api://nobody/x"},
    "no challenge": {"code_challenge": None},
    "plain": {"code_challenge_method": "plain"},
    "bad prompt": {"prompt": "none login"},
    "bad age": {"max_age": "soon"},
    "bad hint": {"id_token_hint": "nonsense", "prompt": "none"},
    "request object": {"request": "a.b.c"},
    "request by reference": {"request_uri": "https://rp.example/r"},
    "registration": {"registration": "{}"},
    "nobody signed in": {"prompt": "none"},
    "unknown client": {"client_id": "00000000-0000-4000-8000-00000000dead"},
    "no client": {"client_id": None},
    "foreign client": {"client_id": READMIT_APP_ID},
    "form post": {"response_mode": "form_post", "scope": None},
}
UNREGISTERED = [
    "https://evil.example/",
    f"{CALLBACK}/",
    f"{CALLBACK}?x=1",
    f"{CALLBACK}#x",
    CALLBACK.upper(),
    "http://localhost.evil.example:9000/callback",
    "http://user@localhost:9000/callback",
    "http://localhost:9000/callback/../elsewhere",
    "https://localhost:9000/callback",
    "http://127.0.0.1:9000/callback",
    "http://localhost:port/callback",
    "http://localhost:9000/call\r\nback",
    "http://localhost:9000/call\tback",
    "\x01http://localhost:9000/callback",
    "//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
]


@pytest.mark.parametrize("kind", ERRORS)
def test_T21_no_error_goes_to_an_unregistered_uri(rp: RelyingParty, kind: str) -> None:
    """Whatever else is wrong, the URI is checked first: a page of ours, and no way on."""
    for uri in [*UNREGISTERED, None]:
        fields = rp.request(**{"redirect_uri": uri, **ERRORS[kind]})
        answer = rp.site.ask("GET", f"{rp.path('authorization_endpoint')}?{urlencode(fields)}")
        assert answer.status_code == 400, uri
        assert "location" not in answer.headers
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "<form" not in answer.text
        assert "AADSTS" in answer.text


@pytest.mark.parametrize("kind", [kind for kind in ERRORS if "client" not in kind and kind != "nothing wrong"])
def test_T21_every_error_goes_to_the_registered_one(rp: RelyingParty, person: Person, kind: str) -> None:
    rp.begin(person, **ERRORS[kind])
    assert set(rp.answer(person)) == {"error", "error_description"}


@pytest.mark.parametrize("port", ["", ":1", ":65535"])
def test_RFC8252_the_port_of_a_loopback_uri_is_free(rp: RelyingParty, person: Person, port: str) -> None:
    rp.redirect_uri = f"http://localhost{port}/callback"
    answer = rp.sign_in(person)
    refused = rp.redeem(answer["code"], redirect_uri=CALLBACK)
    assert refused.json()["error_codes"] == [50011], "the one that was asked with is the one to redeem with"
    assert rp.tokens(answer)["id_token"]


# ---------------------------------------------------------------- T4: each token at each other door


class Drawer:
    """One token of each kind, of a person who is signed in and of an application."""

    def __init__(self, rp: RelyingParty, site: Site) -> None:
        register(site.house, deviceCode=True)
        self.rp, self.site = rp, site
        self.person = Person(site)
        rp.sign_in(self.person, GUEST)
        rp.begin(self.person, scope="openid offline_access", prompt="none")
        body = rp.tokens(rp.answer(self.person))
        self.session = next(value for name, value in self.person.cookies.items() if name == "__Host-readmit")
        device = site.ask(
            "POST", rp.path("device_authorization_endpoint"), data={"client_id": rp.client_id, "scope": "openid"}
        ).json()
        rp.begin(self.person, prompt="none")
        self.kinds = {
            "code": rp.answer(self.person)["code"],
            "access": body["access_token"],
            "refresh": body["refresh_token"],
            "id": body["id_token"],
            "application": site.token,
            "device": device["device_code"],
            "user code": device["user_code"],
            "session": self.session,
        }

    def post(self, form: dict[str, str]) -> httpx2.Response:
        return self.rp.token({name: str(value) for name, value in form.items()})


Door = Callable[[Drawer, str], httpx2.Response]


def _graph(drawer: Drawer, token: str) -> httpx2.Response:
    return drawer.site.ask("GET", "/v1.0/users", headers={"authorization": f"Bearer {token}"})


def _userinfo(drawer: Drawer, token: str) -> httpx2.Response:
    return drawer.rp.userinfo(token)


def _code(drawer: Drawer, token: str) -> httpx2.Response:
    return drawer.rp.redeem(token)


def _refresh(drawer: Drawer, token: str) -> httpx2.Response:
    return drawer.rp.renew(token)


def _device(drawer: Drawer, token: str) -> httpx2.Response:
    return drawer.post({"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": token})


def _session(drawer: Drawer, token: str) -> httpx2.Response:
    return drawer.site.ask("GET", "/myapps", headers={"cookie": f"__Host-readmit={token}"})


DOORS: dict[str, tuple[Door, set[str]]] = {
    "graph": (_graph, {"access", "application"}),
    "userinfo": (_userinfo, {"access"}),
    "code": (_code, {"code"}),
    "refresh": (_refresh, {"refresh"}),
    "device": (_device, {"device"}),
    "session": (_session, {"session"}),
}
KINDS = ("code", "access", "refresh", "id", "application", "device", "user code", "session")


@pytest.fixture
def drawer(rp: RelyingParty, site: Site) -> Drawer:
    return Drawer(rp, site)


@pytest.mark.parametrize("kind", KINDS)
def test_T4_a_token_opens_its_own_doors_and_no_other(drawer: Drawer, kind: str) -> None:
    for name, (door, opened_by) in DOORS.items():
        if kind in opened_by:
            continue
        answer = door(drawer, drawer.kinds[kind])
        if name == "session":
            assert answer.status_code == 303, "to the sign-in page"
            assert answer.headers["location"].startswith("/signin/")
        else:
            assert answer.status_code in (400, 401), (name, answer.text)
            assert "access_token" not in answer.text
    for name, (door, opened_by) in DOORS.items():
        if kind in opened_by and (name, kind) != ("graph", "access"):
            answer = door(drawer, drawer.kinds[kind])
            pending = kind == "device" and answer.json()["error"] == "authorization_pending"
            assert answer.status_code == 200 or pending, "still worth what it was"


@pytest.mark.parametrize("kind", ["code", "refresh", "device"])
def test_T4_a_token_of_one_tenant_is_nothing_in_another(drawer: Drawer, kind: str) -> None:
    form = {
        "code": {"grant_type": "authorization_code", "code": drawer.kinds["code"], "redirect_uri": CALLBACK},
        "refresh": {"grant_type": "refresh_token", "refresh_token": drawer.kinds["refresh"]},
        "device": {"grant_type": "device_code", "device_code": drawer.kinds["device"]},
    }[kind]
    public = {**form, "client_id": READMIT_APP_ID}
    for path in ("/fabrikam.com/oauth2/v2.0/token", "/northwind.example/oauth2/v2.0/token"):
        answer = drawer.site.ask("POST", path, data=public)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    basic = {"authorization": f"Basic {drawer.rp.basic}"}
    answer = drawer.site.ask("POST", "/fabrikam.com/oauth2/v2.0/token", data=form, headers=basic)
    assert answer.json()["error_codes"] == [700016], "Expenses is not known there"


def _changed(token: str, part: int) -> str:
    parts = token.split(".")
    raw = bytearray(unbase64(parts[part]))
    raw[len(raw) // 2] ^= 1
    parts[part] = base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
    return ".".join(parts)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_T4_a_changed_token_is_none(drawer: Drawer, part: int) -> None:
    for door in (_graph, _userinfo):
        assert door(drawer, _changed(drawer.kinds["access"], part)).status_code == 401


def test_N5_a_cookie_opens_neither_userinfo_nor_graph(drawer: Drawer) -> None:
    cookie = {"cookie": f"__Host-readmit={drawer.session}"}
    for path in (drawer.rp.path("userinfo_endpoint"), "/v1.0/me"):
        answer = drawer.site.ask("GET", path, headers=cookie)
        assert answer.status_code == 401
    challenge = drawer.site.ask("GET", "/oidc/userinfo", headers=cookie).headers["www-authenticate"]
    assert challenge == 'Bearer realm="readmit"'


def test_RFC6750_userinfo_says_what_is_wrong_with_a_token(drawer: Drawer, person: Person) -> None:
    rp = drawer.rp
    bad = rp.userinfo("nonsense")
    assert (bad.status_code, bad.json()["error"]) == (401, "invalid_token")
    assert bad.headers["www-authenticate"].startswith('Bearer realm="readmit", error="invalid_token"')
    body = rp.tokens(rp.sign_in(person, scope="User.Read"))
    poor = rp.userinfo(body["access_token"])
    assert (poor.status_code, poor.json()["error"]) == (403, "insufficient_scope")
    both = drawer.site.ask(
        "POST",
        "/oidc/userinfo",
        headers={"authorization": f"Bearer {body['access_token']}"},
        data={"access_token": body["access_token"]},
    )
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")
    rp.site.house.clock.pass_(hours=2)
    assert rp.userinfo(drawer.kinds["access"]).status_code == 401


@pytest.mark.parametrize("name", ["{}", "api://{}"])
def test_O6_userinfo_takes_tokens_for_graph_alone(rp: RelyingParty, person: Person, name: str) -> None:
    """A token for another API is in its hands: with it the API would ask who its caller is (RFC 9700 2.3)."""
    scope = f"openid profile email offline_access {name.format(rp.client_id)}/.default"
    body = rp.tokens(rp.sign_in(person, scope=scope))
    refused = rp.userinfo(body["access_token"])
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")
    assert "Invalid audience." in refused.headers["www-authenticate"]
    assert "sub" not in refused.json()
    for_graph = rp.renew(body["refresh_token"], scope="https://graph.microsoft.com/.default").json()
    assert rp.userinfo(for_graph["access_token"]).json()["sub"] == rp.verified(body["id_token"])["sub"], (
        "the client itself may ask"
    )


def test_a_client_names_itself_in_one_way(rp: RelyingParty, person: Person) -> None:
    """RFC 6749 2.3."""
    code = rp.sign_in(person)["code"]
    for more in ({"client_secret": rp.secret}, {"client_id": "00000000-0000-4000-8000-0000000000a1"}):
        assert rp.redeem(code, **more).json()["error_codes"] == [9002313]
    form: dict[str, Any] = {"client_id": rp.client_id, "grant_type": "authorization_code", "code": code}
    assertion = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    both = {**form, **assertion, "client_assertion": "a.b.c", "client_secret": rp.secret}
    assert rp.site.ask("POST", rp.path("token_endpoint"), data=both).json()["error_codes"] == [9002313]
    nothing = rp.site.ask("POST", rp.path("token_endpoint"), data=form)
    assert (nothing.status_code, nothing.json()["error_codes"]) == (401, [7000218])
    assert rp.redeem(code).status_code == 200


def test_TE3_an_application_names_what_it_wants_a_token_for(site: Site) -> None:
    form = {"grant_type": "client_credentials", "client_id": AUTOMATION, "client_secret": "automation-secret"}
    refused = site.ask("POST", f"/{site.house.contoso}/oauth2/v2.0/token", data=form).json()
    assert (refused["error"], refused["error_codes"]) == ("invalid_request", [900144])
    assert "parameter: 'scope'." in refused["error_description"]


def test_T4_a_members_password_is_no_client_secret(rp: RelyingParty) -> None:
    rp.client_id, rp.secret = MEMBER, PASSWORD
    answer = rp.token({"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"})
    assert answer.json()["error_codes"] == [700016]


def test_V5_a_HEAD_of_what_issues_codes_or_ends_sessions_is_refused(rp: RelyingParty) -> None:
    """A GET of these changes something; a HEAD changes nothing anywhere."""
    for name in ("authorization_endpoint", "end_session_endpoint"):
        assert rp.site.ask("HEAD", f"{rp.path(name)}?{urlencode(rp.request())}").status_code == 405
    assert rp.site.ask("HEAD", "/contoso.onmicrosoft.com/v2.0/adminconsent").status_code == 405


@pytest.mark.parametrize("path", ["/\\evil.example", "//evil.example", "/%5Cevil.example", "/%2Fevil.example"])
def test_T20_a_posted_request_leads_to_its_own_GET_and_to_no_other_host(site: Site, path: str) -> None:
    """A browser reads a backslash as a slash, and two slashes as the beginning of a host."""
    answer = site.ask("POST", f"{path}/oauth2/v2.0/authorize", data={"a": "b"})
    assert answer.headers.get("location", "/%").startswith("/%"), answer.headers
