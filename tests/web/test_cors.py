"""Scripts of registered single-page applications read answers, nobody else's do (graph G11, security H6)."""

from __future__ import annotations

from typing import Any

import pytest
from front import Site, site

__all__ = ["site"]

ALLOWED = "access-control-allow-origin"
GRAPH = "/v1.0/users?$top=1"
TOKEN = "/contoso.onmicrosoft.com/oauth2/v2.0/token"


@pytest.fixture
def registered(site: Site) -> Site:
    """Expenses also is a single-page application at two origins."""
    uris = '["https://APP.example:443/signed-in","http://localhost:3000/"]'
    sql = "UPDATE applications SET spa_redirect_uris = :uris WHERE display_name = 'Expenses'"
    site.house.write(lambda tx: tx.run(sql, {"uris": uris}))
    return site


def question(site: Site, path: str, origin: str, headers: str = "authorization,x-any-header") -> Any:
    asked = {
        "origin": origin,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": headers,
    }
    return site.ask("OPTIONS", path, headers=asked)


@pytest.mark.parametrize("path", [GRAPH, "/beta/invitations", "/readmit/v1/invitations", TOKEN])
@pytest.mark.parametrize("origin", ["https://app.example", "http://localhost:3000"])
def test_a_browser_that_asks_first_hears_what_may_be_sent(registered: Site, path: str, origin: str) -> None:
    answer = question(registered, path, origin)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers[ALLOWED] == origin
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-allow-headers"] == "authorization,x-any-header"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.evil.example",
        "https://app.example:8443",
        "http://app.example",
        "https://evil.example",
        "https://evil@app.example",
        "https://app.example/",
        "https://app.exampl",
        "http://localhost",
        "null",
        "*",
        "https://[",
        "https://app.example, https://evil.example",
    ],
)
def test_other_origins_are_not_allowed_anything(registered: Site, origin: str) -> None:
    answer = question(registered, GRAPH, origin)
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "Request_BadRequest")
    assert not [name for name in answer.headers if name.startswith("access-control")]
    read = registered.graph("GET", GRAPH, headers={"origin": origin})
    assert read.status_code == 200
    assert ALLOWED not in read.headers


def test_answers_and_errors_can_be_read_with_the_headers_of_g11(registered: Site) -> None:
    for answer in (
        registered.graph("GET", GRAPH, headers={"origin": "https://app.example"}),
        registered.ask("GET", GRAPH, headers={"origin": "https://app.example"}),
        registered.ask("POST", TOKEN, data={}, headers={"origin": "https://app.example"}),
    ):
        assert answer.headers[ALLOWED] == "https://app.example"
        exposed = answer.headers["access-control-expose-headers"]
        assert exposed == "request-id, client-request-id, Location, Retry-After, WWW-Authenticate"
        assert "Origin" in answer.headers.get_list("vary")


def test_pages_are_never_shared(registered: Site) -> None:
    for path in ("/", "/myapps", "/contoso.onmicrosoft.com/oauth2/v2.0/authorize"):
        assert ALLOWED not in registered.ask("GET", path, headers={"origin": "https://app.example"}).headers
        assert ALLOWED not in question(registered, path, "https://app.example").headers


def test_no_application_no_leave(site: Site) -> None:
    assert ALLOWED not in site.graph("GET", GRAPH, headers={"origin": "https://app.example"}).headers


def test_a_deleted_application_has_no_origins(registered: Site) -> None:
    sql = "UPDATE applications SET deleted_at = 1 WHERE display_name = 'Expenses'"
    registered.house.write(lambda tx: tx.run(sql, {}))
    assert ALLOWED not in registered.graph("GET", GRAPH, headers={"origin": "https://app.example"}).headers


def test_names_of_headers_that_cannot_be_are_not_echoed(registered: Site) -> None:
    answer = question(registered, GRAPH, "https://app.example", headers='x"<y>')
    assert "access-control-allow-headers" not in answer.headers
