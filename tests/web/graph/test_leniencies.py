"""What is accepted beyond the canonical form is answered like the canonical form (graph G10, G12, G15)."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from front import Site, site

from readmit.web import wire

__all__ = ["site"]

ALICE = "alice_fabrikam.com%23EXT%23@contoso.onmicrosoft.com"
ONE = "/v1.0/users/{alice}?$select=id,displayName"
GUESTS = "/v1.0/users?$filter=startsWith(displayName,'A')%20and%20userType%20eq%20'Guest'&$select=id"


def read(site: Site, path: str, **headers: str) -> Any:
    answer = site.graph(
        "GET", path.format(alice=site.house.people["alice"], tenant=site.house.contoso), headers=headers
    )
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


@pytest.mark.parametrize(
    "path",
    [
        "/v1.0//users/{alice}?$select=id,displayName",
        "/v1.0/users/{alice}/?$select=id,displayName",
        "/V1.0/USERS/{alice}?$select=id,displayName",
        "/v1.0/users/{alice}?select=id,displayName",
        "/v1.0/users/{alice}?%24select=id%2CdisplayName",
        "/v1.0/users/{alice}?$SELECT=ID,DISPLAYNAME",
        "/v1.0/users/{alice}?$select=id,displayName&whatever=1&api-version=2&$format=json",
        "/v1.0/users('{alice}')?$select=id,displayName",
        "/v1.0/users(%27{alice}%27)?$select=id,displayName",
        f"/v1.0/users/{ALICE}?$select=id,displayName",
        f"/v1.0/users('{ALICE}')?$select=id,displayName",
        f"/v1.0/users(userPrincipalName='{ALICE}')?$select=id,displayName",
        "/v1.0/myorganization/users/{alice}?$select=id,displayName",
        "/v1.0/{tenant}/users/{alice}?$select=id,displayName",
        "/v1.0/contoso.com/users/{alice}?$select=id,displayName",
    ],
)
def test_G10_G12_paths_cases_options_and_keys(site: Site, path: str) -> None:
    assert read(site, path) == read(site, ONE)


@pytest.mark.parametrize(
    "query",
    [
        "filter=startsWith(displayName,'A')+and+userType+eq+'Guest'&select=id",
        "%24filter=STARTSWITH(DisplayName,%27A%27)%20AND%20USERTYPE%20EQ%20'Guest'&%24select=id",
        "$filter=startswith(displayname,%20'a')%20and%20(usertype%20eq%20'guest')&$select=id",
    ],
)
def test_G12_filters_in_any_case_and_with_plus_for_a_space(site: Site, query: str) -> None:
    assert read(site, f"/v1.0/users?{query}") == read(site, GUESTS)


@pytest.mark.parametrize("prefix", ["", "graph.", "microsoft.graph.", "Microsoft.Graph."])
@pytest.mark.parametrize("name", ["revokeSignInSessions", "revokesigninsessions()"])
def test_G12_functions_with_and_without_namespace_and_brackets(site: Site, prefix: str, name: str) -> None:
    answer = site.graph("POST", f"/v1.0/users/{site.house.people['alice']}/{prefix}{name}")
    assert (answer.status_code, answer.json()["value"]) == (200, True)


@pytest.mark.parametrize("cast", ["microsoft.graph.user", "graph.user", "Microsoft.Graph.User"])
def test_G12_casts_with_either_namespace(site: Site, cast: str) -> None:
    found = read(site, f"/v1.0/users/{{alice}}/sponsors/{cast}")
    assert found["@odata.context"] == "https://localhost:8443/v1.0/$metadata#users"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"jobTitle":"Buyer"}', {}),
        (b'{"JOBTITLE":"Buyer"}', {"content-type": "application/json"}),
        (b'\xef\xbb\xbf{"jobTitle":"Buyer"}', {"content-type": "application/json;charset=utf-8"}),
        (b'{"jobTitle":"Buyer"}', {"content-type": "application/x-www-form-urlencoded"}),
        (b'{"jobTitle":"Buyer"}', {"content-type": "application/vnd.example+json", "contenttype": "application/json"}),
        (b'{"@odata.type":"#x","jobTitle@odata.type":"y","jobTitle":"Buyer"}', {"content-type": "application/json"}),
        (
            gzip.compress(b'{"jobTitle":"Buyer"}', mtime=0),
            {"content-type": "application/json", "content-encoding": "GZIP"},
        ),
        (b'{"jobTitle":"Buyer"}', {"if-match": 'W/"1"', "prefer": "return=representation", "x-unknown": "1"}),
    ],
)
def test_G12_bodies_types_and_headers(site: Site, body: bytes, headers: dict[str, str]) -> None:
    path = f"/v1.0/users/{site.house.people['alice']}"
    answer = site.graph("PATCH", path, content=body, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "etag" not in answer.headers
    assert read(site, f"{path}?$select=jobTitle")["jobTitle"] == "Buyer"


@pytest.mark.parametrize(
    ("accept", "level"),
    [
        ("*/*", "minimal"),
        ("image/png", "minimal"),
        ("application/json;odata.metadata=none", "none"),
        ("application/json;odata=verbose", "minimal"),
        ("text/html, application/json;q=0.1; ODATA.METADATA=FULL;x=y", "full"),
        ('application/xml;odata.metadata="none"', "none"),
    ],
)
def test_G15_accept_chooses_the_level_and_nothing_else(site: Site, accept: str, level: str) -> None:
    answer = site.graph("GET", "/v1.0/users?$top=1", headers={"accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(f"application/json;odata.metadata={level};")


@pytest.mark.parametrize("path", ["/v1.0/users/%ff%fe", "/v1.0/users?$filter=displayName%20eq%20'%C3'", "/v1.0/%80"])
def test_a_letter_that_cannot_be_read_is_never_guessed(site: Site, path: str) -> None:
    answer = site.graph("GET", path)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (400, "BadRequest", "The request cannot be read.")


def test_letters_of_a_url_come_encoded() -> None:
    assert wire.readable(b"/v1.0/users/%C3%84nne@contoso.com")
    assert not wire.readable("/v1.0/users/Änne@contoso.com".encode())
