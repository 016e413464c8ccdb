"""Introspection and revocation over the wire: each kind of token, whose it is, what ended it (RFC 7662, RFC 7009)."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from front import Person, Site
from relying_party import GUEST, RelyingParty

from readmit.domain.graph_permissions import READMIT_APP_ID
from world import AUTOMATION

OTHER = (AUTOMATION, "automation-secret")


def status(rp: RelyingParty, token: str, **more: str) -> dict[str, Any]:
    headers = {"authorization": f"Basic {rp.basic}"}
    answer = rp.site.ask("POST", rp.path("introspection_endpoint"), data={"token": token, **more}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.json())


def give_back(rp: RelyingParty, token: str, **more: str) -> httpx2.Response:
    headers = {"authorization": f"Basic {rp.basic}"}
    return rp.site.ask("POST", rp.path("revocation_endpoint"), data={"token": token, **more}, headers=headers)


@pytest.fixture
def body(rp: RelyingParty, person: Person) -> dict[str, Any]:
    return rp.tokens(rp.sign_in(person, GUEST, scope="openid email offline_access User.Read"))


@pytest.fixture
def other(site: Site) -> RelyingParty:
    return RelyingParty(site, *OTHER)


def test_RFC7662_each_kind_of_token(rp: RelyingParty, other: RelyingParty, body: dict[str, Any], site: Site) -> None:
    access = status(rp, body["access_token"], token_type_hint="refresh_token")
    assert access["active"] is True
    assert access["token_type"] == "Bearer"
    assert set(access["scope"].split()) == {"email", "User.Read"}
    assert {"client_id", "exp", "iat", "nbf", "sub", "aud", "iss", "jti", "oid", "tid"} <= set(access)
    refresh = status(rp, body["refresh_token"])
    assert (refresh["active"], refresh["client_id"]) == (True, rp.client_id)
    assert "token_type" not in refresh
    assert status(other, site.token)["active"] is True
    for token in (body["id_token"], "nonsense", "a.b.c", "", "x" * 5_000):
        if token:
            assert status(rp, token) == {"active": False}


def test_RFC7662_an_api_hears_of_tokens_that_are_for_it(rp: RelyingParty, other: RelyingParty, person: Person) -> None:
    """Expenses as an API: told of another client's token for it, by each of its names."""
    form: dict[str, str | None] = {"grant_type": "client_credentials"}
    for name in (rp.client_id, f"api://{rp.client_id}"):
        token = other.token({**form, "scope": f"{name}/.default"}).json()["access_token"]
        assert (status(rp, token)["client_id"], status(rp, token)["aud"]) == (other.client_id, name)
    own = rp.tokens(rp.sign_in(person, scope=f"openid api://{rp.client_id}/.default"))["access_token"]
    assert status(rp, own)["active"] is True, "consent to OpenID's scopes holds wherever the token is for"


def test_RFC7662_a_foreign_clients_tokens_are_inactive(
    rp: RelyingParty, other: RelyingParty, body: dict[str, Any], site: Site
) -> None:
    """Section 4: whoever may ask about any token could scan for them."""
    for token in (body["access_token"], body["refresh_token"]):
        assert status(other, token) == {"active": False}
    assert status(rp, site.token) == {"active": False}


def test_RFC7662_who_asks_proves_himself(rp: RelyingParty, body: dict[str, Any], site: Site) -> None:
    path = rp.path("introspection_endpoint")
    for form in ({}, {"client_id": rp.client_id}, {"client_id": READMIT_APP_ID}):
        answer = site.ask("POST", path, data={"token": body["access_token"], **form})
        assert answer.status_code in (400, 401)
        assert "active" not in answer.json()
    rp.secret = "wrong"
    answer = site.ask("POST", path, data={"token": "x"}, headers={"authorization": f"Basic {rp.basic}"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert site.ask("GET", path).status_code == 405


def test_RFC7662_the_token_is_needed(rp: RelyingParty) -> None:
    answer = rp.site.ask(
        "POST", rp.path("introspection_endpoint"), data={}, headers={"authorization": f"Basic {rp.basic}"}
    )
    assert answer.json()["error_codes"] == [900144]


@pytest.mark.parametrize("end", ["rotated", "revoked", "reset", "disabled", "logout", "expired"])
def test_G3_what_ended_is_inactive(rp: RelyingParty, person: Person, body: dict[str, Any], end: str) -> None:
    house = rp.site.house
    if end == "rotated":
        renewed = rp.renew(body["refresh_token"]).json()
        assert status(rp, renewed["refresh_token"])["active"] is True
        assert status(rp, body["refresh_token"]) == {"active": False}
        return
    if end == "revoked":
        assert give_back(rp, body["access_token"]).status_code == 200
    elif end == "reset":
        house.reset(house.people["alice"], GUEST)
    elif end == "disabled":
        house.write(
            lambda tx: tx.run("UPDATE users SET account_enabled = 0 WHERE id = :i", {"i": house.people["alice"]})
        )
    elif end == "logout":
        person.open(f"{rp.path('end_session_endpoint')}?id_token_hint={body['id_token']}")
        assert "You are signed out" in person.html
    else:
        house.clock.pass_(days=91)
    for kind in ("access_token", "refresh_token"):
        assert status(rp, body[kind]) == {"active": False}


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_RFC7009_a_token_given_back_ends_all_that_came_with_it(
    rp: RelyingParty, body: dict[str, Any], kind: str
) -> None:
    answer = give_back(rp, body[kind], token_type_hint="nonsense")
    assert (answer.status_code, answer.json()) == (200, {})
    assert rp.renew(body["refresh_token"]).json()["error"] == "invalid_grant"
    assert rp.userinfo(body["access_token"]).status_code == 401
    assert give_back(rp, body[kind]).status_code == 200, "again is fine"


def test_RFC7009_what_nobody_issued_is_fine(rp: RelyingParty, body: dict[str, Any]) -> None:
    for token in ("nonsense", "a.b.c", body["id_token"]):
        assert give_back(rp, token).status_code == 200
    assert status(rp, body["refresh_token"])["active"] is True


def test_RFC7009_a_foreign_client_is_told_and_ends_nothing(
    rp: RelyingParty, other: RelyingParty, body: dict[str, Any]
) -> None:
    for kind in ("access_token", "refresh_token"):
        answer = give_back(other, body[kind])
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    rp.secret = "wrong"
    assert give_back(rp, body["refresh_token"]).status_code == 401
    rp.secret = "expenses-secret"
    assert status(rp, body["refresh_token"])["active"] is True


def test_RFC7009_an_applications_own_token_cannot_be_given_back(other: RelyingParty, site: Site) -> None:
    answer = give_back(other, site.token)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_token_type")
    assert status(other, site.token)["active"] is True
