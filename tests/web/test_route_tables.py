"""T24, T26: every route of the tables, so that a new one is held to the same without a word (security V5, N4, N5, H4)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from front import ORIGIN, Person, Site, site

from readmit.web.callback import CALLBACK
from readmit.web.graph.routes import TABLE as GRAPH
from readmit.web.oidc.surface import TABLE as TOKENS
from readmit.web.site import TABLE as PAGES
from world import CALLBACK as AT_THE_APPLICATION
from world import EXPENSES, MY_APPS, PASSWORD

__all__ = ["site"]
EXEMPT = ("/{tenant}/oauth2/v2.0/authorize", "/{tenant}/oauth2/v2.0/logout")
"""Security V5: these two, and the callbacks of providers, which are bound to their browser by a one-use state."""
BY_THEIR_CLIENTS = tuple(entry.template for entry in TOKENS if entry.template not in EXEMPT)
"""Bearer tokens and client credentials; a browser's cookies mean nothing to them (security N5)."""


@dataclass
class Visit:
    """A browser at a route: what it is asked with."""

    template: str
    path: str
    cookies: dict[str, str]
    csrf: str = ""

    def __str__(self) -> str:
        return f"{self.path} with {sorted(self.cookies)}"


@pytest.fixture
def unwritten(site: Site) -> Iterator[Callable[[], bool]]:
    """Whether nobody has committed anything since this was asked for the last time."""
    with closing(sqlite3.connect(site.house.world.database.path)) as connection:
        versions = [0]

        def asked() -> bool:
            versions.append(connection.execute("PRAGMA data_version").fetchone()[0])
            return versions[-1] == versions[-2]

        yield asked


def invited(site: Site, address: str = "new@post.example") -> str:
    answer = site.graph(
        "POST", "/v1.0/invitations", json={"invitedUserEmailAddress": address, "inviteRedirectUrl": MY_APPS}
    )
    return str(answer.json()["inviteRedeemUrl"]).removeprefix(ORIGIN)


def browsers(site: Site) -> dict[str, Person]:
    """Browsers that stand at every step, and one that stands nowhere."""
    made = {name: Person(site) for name in ("stranger", "at the link", "at the code", "at an address", "at a password")}
    made["at the link"].open(invited(site))
    made["at the code"].open(invited(site, "other@post.example"))
    made["at the code"].submit()
    made["at an address"].open("/myapps?tenantId=contoso.com")
    made["at a password"].open("/myapps?tenantId=contoso.com")
    made["at a password"].submit(address="mia@contoso.com")
    member = made["signed in"] = Person(site)
    member.open("/myapps?tenantId=contoso.com")
    member.submit(address="mia@contoso.com")
    member.submit(password=PASSWORD)
    assert member.path.startswith("/myapps")
    consent = made["at consent"] = Person(site)
    consent.open(invited(site, "bob@fabrikam.com"))
    consent.submit()
    consent.submit(password=PASSWORD)
    assert "Share your details" in consent.html
    return made


def visits(entries: Any, method: str, made: dict[str, Person]) -> list[Visit]:
    """Every route of a table with this method, as each browser would ask for it."""
    found = []
    for entry in entries:
        if method not in entry.methods.split() or entry.template in EXEMPT or entry.template.startswith(CALLBACK):
            continue
        for person in made.values():
            csrf = re.search(r'name="csrf" value="([^"]*)"', person.html)
            path = filled(entry.template, person)
            found.append(Visit(entry.template, path, dict(person.cookies), csrf[1] if csrf else ""))
    assert found
    return found


def filled(template: str, person: Person) -> str:
    flow = re.search(r"/(?:redeem|signin)/([0-9a-f-]{36})", person.path)
    values = {"flow": flow[1] if flow else "", "tenant": "contoso.onmicrosoft.com", "name": "readmit.css"}
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1]) or "00000000-0000-4000-8000-000000000000", template)


def ask(site: Site, method: str, visit: Visit, **more: Any) -> httpx2.Response:
    cookies = "; ".join(f"{name}={value}" for name, value in visit.cookies.items())
    return site.ask(method, visit.path, headers={"cookie": cookies, **more.pop("headers", {})}, **more)


# ------------------------------------------------------------------ T24: reads are inert


def test_T24_no_GET_or_HEAD_of_a_page_writes_anything(site: Site, unwritten: Callable[[], bool]) -> None:
    made = browsers(site)
    unwritten()
    for visit in [*visits(PAGES, "GET", made), *visits(TOKENS, "GET", made)]:
        for method in ("GET", "HEAD"):
            answer = ask(site, method, visit)
            assert answer.status_code < 500, visit
            assert "__Host-readmit=" not in answer.headers.get("set-cookie", ""), f"{visit} opens a session"
            assert unwritten(), (method, str(visit))


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_T24_no_GET_of_Graph_writes_anything(site: Site, unwritten: Callable[[], bool], version: str) -> None:
    ids = {name: site.house.rows(f"SELECT id FROM {table}")[0][0] for name, table in NAMED.items()}
    operations = [operation for operation in GRAPH if operation.method == "GET"]
    assert len(operations) > 50
    assert site.token
    unwritten()
    for operation in operations:
        collection = operation.pattern.split("/")[1]
        path = operation.pattern.replace("{id}", ids.get(collection, site.house.people["alice"]))
        path = re.sub(r"\{\w+\}", ids["users"], path)
        for method in ("GET", "HEAD"):
            answer = site.graph(method, f"/{version}{path}")
            assert answer.status_code not in (401, 500), path
            assert unwritten(), (method, path, answer.status_code)


NAMED = {
    "users": "users",
    "groups": "groups",
    "applications": "applications",
    "servicePrincipals": "service_principals",
    "invitations": "invitations",
}


# -------------------------------------------------------- T24: writes are the page's own


def test_T24_a_form_without_its_token_or_from_elsewhere_is_403_and_changes_nothing(
    site: Site, unwritten: Callable[[], bool]
) -> None:
    """Every POST of a page; whoever has nothing here is told so, and changes nothing either."""
    made = browsers(site)
    unwritten()
    refused = 0
    for visit in visits(PAGES, "POST", made):
        own = {"csrf": visit.csrf}
        for data, headers in (
            ({}, {"origin": ORIGIN}),
            ({"csrf": "x" * 43}, {"origin": "https://evil.example"}),
            (own, {"origin": "https://evil.example"}),
            (own, {"sec-fetch-site": "cross-site"}),
            (own, {"sec-fetch-site": "same-site"}),
            (own, {"origin": "null", "sec-fetch-site": "cross-site"}),
        ):
            answer = ask(site, "POST", visit, data=data, headers=headers)
            assert unwritten(), (str(visit), headers)
            assert answer.status_code in (403, 410, 303), (str(visit), headers, answer.status_code)
            refused += answer.status_code == 403
            if answer.status_code == 303:
                assert "__Host-readmit=" not in answer.headers.get("set-cookie", "").replace("__Host-readmit=;", "")
    assert refused >= 6 * 5, "at the link, the code, the address, the password and consent, and the forms of who is in"


def test_T24_the_forms_of_who_is_signed_in_are_all_403_from_elsewhere(
    site: Site, unwritten: Callable[[], bool]
) -> None:
    made = browsers(site)
    unwritten()
    for visit in visits([entry for entry in PAGES if "{" not in entry.template], "POST", {"": made["signed in"]}):
        for data in ({}, {"csrf": "x" * 43}):
            assert ask(site, "POST", visit, data=data, headers={"origin": ORIGIN}).status_code == 403, visit
        answer = ask(site, "POST", visit, data={"csrf": visit.csrf}, headers={"origin": "https://evil.example"})
        assert answer.status_code == 403, visit
    assert unwritten()


def test_N5_a_cookie_is_worth_nothing_at_Graph_and_token_endpoints(site: Site, unwritten: Callable[[], bool]) -> None:
    signed_in = {"": browsers(site)["signed in"]}
    unwritten()
    for operation in GRAPH:
        if operation.public:
            continue
        path = re.sub(r"\{\w+\}", site.house.people["alice"], operation.pattern)
        visit = Visit(path, f"/beta{path}", dict(signed_in[""].cookies))
        answer = ask(site, operation.method, visit, headers={"origin": ORIGIN})
        assert answer.status_code == 401, (operation.method, path)
    for template in BY_THEIR_CLIENTS:
        visit = Visit(template, filled(template, signed_in[""]), dict(signed_in[""].cookies))
        answer = ask(site, "POST", visit, data={"csrf": "x"}, headers={"origin": ORIGIN})
        assert answer.status_code >= 400, template
    assert unwritten()


# ------------------------------------------------------------------------ T26: headers

POLICY = re.compile(
    r"default-src 'none'; style-src 'self'; (?P<script>script-src 'self'; )?img-src 'self'; "
    r"(?P<connect>connect-src 'self'; )?form-action 'self'(?P<further> https?://[\w.:-]+)?; "
    r"(?P<frames>frame-src[^;]*; )?frame-ancestors 'none'; base-uri 'none'"
)
SNAPSHOT = {
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


def check_page(answer: httpx2.Response, what: object, *, scripts: bool = True) -> None:
    assert {name: answer.headers.get(name) for name in SNAPSHOT} == SNAPSHOT, what
    policy = POLICY.fullmatch(answer.headers["content-security-policy"])
    assert policy is not None, (what, answer.headers["content-security-policy"])
    if not scripts:
        assert policy["script"] is None, what
        assert "<script" not in answer.text
    for inline in (r"<style", r"\son[a-z]+=", r"\sstyle=", r"javascript:"):
        assert not re.search(inline, answer.text), (what, inline)
    for source in re.findall(r"<script([^>]*)>", answer.text):
        assert "src=" in source, what
    for url in re.findall(r'<(?:link|img|script|iframe|form)[^>]* (?:src|href|action)="([^"]*)"', answer.text):
        assert url.startswith("/") or url == "" or what == "form_post", (what, url)


def test_T26_every_page_of_the_tables_has_the_headers_of_H4(site: Site) -> None:
    made = browsers(site)
    seen: dict[str, int] = {}
    for visit in [*visits(PAGES, "GET", made), *visits(TOKENS, "GET", made)]:
        answer = ask(site, "GET", visit)
        assert answer.headers["x-content-type-options"] == "nosniff", visit
        if answer.headers.get("content-type", "").startswith("text/html"):
            check_page(answer, visit, scripts=not visit.template.startswith(("/redeem", "/signin")))
            seen[visit.template] = seen.get(visit.template, 0) + 1
    assert {"/", "/redeem/{flow}", "/signin/{flow}", "/signout", "/docs", "/leaving"} <= set(seen), seen
    for template in ("/redeem/{flow}", "/signin/{flow}"):
        assert seen[template] == len(made)


def test_T26_pages_after_a_form_and_of_errors_have_them_too(site: Site) -> None:
    made = browsers(site)
    for visit in visits(PAGES, "POST", made):
        for data in ({}, {"csrf": visit.csrf}):
            answer = ask(site, "POST", visit, data=data, headers={"origin": ORIGIN})
            if answer.status_code != 303:
                check_page(answer, visit, scripts=False)
    for method, path, more in (
        ("GET", "/nothing", {}),
        ("DELETE", "/myapps", {}),
        ("GET", "/", {"headers": {"host": "evil.example"}}),
        ("GET", "/", {"headers": {"cookie": "x" * 40_000}}),
        ("GET", "/" + "x" * 9_000, {}),
        ("POST", "/redeem/x", {"content": b"x" * 1_100_000}),
        ("GET", "/%ff", {}),
    ):
        answer = site.ask(method, path, **more)
        assert answer.status_code >= 400, path
        check_page(answer, path[:20], scripts=False)


@pytest.mark.parametrize("kind", ["page of an error", "form_post", "logout"])
def test_T26_pages_of_the_token_service_have_them_too(site: Site, kind: str) -> None:
    values = {"client_id": EXPENSES, "response_type": "code", "scope": "openid", "redirect_uri": AT_THE_APPLICATION}
    if kind == "page of an error":
        answer = site.ask(
            "GET", "/contoso.com/oauth2/v2.0/authorize", params={**values, "redirect_uri": "https://evil.example"}
        )
        assert answer.status_code == 400
    elif kind == "form_post":
        more = {"response_mode": "form_post", "prompt": "none", "code_challenge": "x" * 43}
        more["code_challenge_method"] = "S256"
        answer = site.ask("GET", "/contoso.com/oauth2/v2.0/authorize", params={**values, **more})
        assert (
            f"form-action 'self' {AT_THE_APPLICATION.removesuffix('/callback')}"
            in answer.headers["content-security-policy"]
        )
    else:
        answer = site.ask("GET", "/contoso.com/oauth2/v2.0/logout")
    check_page(answer, kind)


def test_asvs_3_3_1_every_cookie_is_secure_http_only_and_lax(site: Site) -> None:
    """The session's and a flow's carry the prefix of the host, the language's is no secret."""
    seen = set()
    for path in ("/myapps?tenantId=contoso.com", "/?lang=de", "/redeem?rd=x", "/common/oauth2/deviceauth"):
        for line in site.ask("GET", path).headers.get_list("set-cookie"):
            name, _, attributes = line.partition("=")
            seen.add(name.partition("flow-")[0])
            assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes.split("; ")), line
            assert "Domain" not in attributes
    assert seen == {"readmit-language", "__Host-"}
