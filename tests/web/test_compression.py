"""Packed answers: for reads of Graph, to clients that take gzip (graph G16)."""

from __future__ import annotations

import gzip

import pytest
from front import Site, site

__all__ = ["site"]

USERS = "/v1.0/users?$select=id,displayName,mail,userPrincipalName,otherMails,proxyAddresses,identities,createdDateTime"


def asked(site: Site, encoding: str, path: str = USERS) -> tuple[str | None, int, int]:
    """How the answer came, the bytes on the wire, the bytes unpacked."""
    answer = site.graph("GET", path, headers={"accept-encoding": encoding})
    assert answer.status_code == 200
    return answer.headers.get("content-encoding"), int(answer.headers["content-length"]), len(answer.content)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP, deflate", "br;q=1.0, gzip;q=0.5", "*", "x-gzip", "gzip; q=0.001"])
def test_a_client_that_takes_gzip_gets_it(site: Site, encoding: str) -> None:
    how, sent, plain = asked(site, encoding)
    assert how == "gzip"
    assert sent < plain / 2


@pytest.mark.parametrize("encoding", ["", "identity", "br", "gzip;q=0", "gzip;q=0.000, *", "*;q=0"])
def test_others_get_it_plain(site: Site, encoding: str) -> None:
    how, sent, plain = asked(site, encoding)
    assert (how, sent) == (None, plain)


def test_packed_or_not_the_answer_is_the_same_and_says_that_it_varies(site: Site) -> None:
    plain = site.graph("GET", USERS, headers={"accept-encoding": "identity"})
    packed = site.graph("GET", USERS, headers={"accept-encoding": "gzip"})
    assert plain.json() == packed.json()
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    head = site.graph("HEAD", USERS, headers={"accept-encoding": "gzip"})
    assert (head.content, head.headers["content-length"]) == (b"", packed.headers["content-length"])


def test_what_fits_a_packet_stays_as_it_is(site: Site) -> None:
    assert asked(site, "gzip", "/v1.0/users?$top=1&$select=id")[0] is None


def test_an_answer_with_a_secret_is_never_packed(site: Site) -> None:
    body = {
        "invitedUserEmailAddress": "new@post.example",
        "inviteRedirectUrl": "https://app.example/" + "a" * 1500,
    }
    answer = site.graph("POST", "/v1.0/invitations", json=body, headers={"accept-encoding": "gzip"})
    assert (answer.status_code, answer.headers.get("content-encoding")) == (201, None)
    page = site.ask("GET", "/", headers={"accept-encoding": "gzip"})
    assert (page.status_code, page.headers.get("content-encoding")) == (200, None)


def test_a_packed_body_of_a_request_is_read_within_the_limit(site: Site) -> None:
    alice = f"/v1.0/users/{site.house.people['alice']}"
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    packed = gzip.compress(b'{"jobTitle":"Buyer"}')
    assert site.graph("PATCH", alice, content=packed, headers=headers).status_code == 204
    bomb = gzip.compress(b'{"jobTitle":"' + b"x" * 50_000_000 + b'"}')
    answer = site.graph("PATCH", alice, content=bomb, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")
    assert site.graph("GET", f"{alice}?$select=jobTitle").json()["jobTitle"] == "Buyer"


def test_g21_the_metadata_needs_no_token_and_has_the_headers_of_every_answer(site: Site) -> None:
    answer = site.ask("GET", "/v1.0/$metadata")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["x-ms-resource-unit"] == "1"
    assert site.ask("GET", "/beta").status_code == 200
