"""What the relying party believes of a provider, and what it does not (security I1 to I4, T1, T22)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest

from lying_provider import CLIENT, SECRET, LyingProvider, provider, sign, signed_with_the_public_key, unsigned
from readmit.domain.provider import Provider, Untrusted
from readmit.proofs.fetch import Fetcher
from readmit.proofs.oidc import Asked, ProviderDown, RelyingParty
from world import START, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wingtip(clock: Clock) -> Iterator[LyingProvider]:
    with provider(now=clock) as made:
        yield made


class Meeting:
    """A relying party and the provider it was told of."""

    def __init__(self, wingtip: LyingProvider, clock: Clock) -> None:
        self.wingtip, self.clock = wingtip, clock
        self.party = RelyingParty(Fetcher())
        self.registered = Provider(
            "p1", "t1", "Wingtip", "oidc", wingtip.issuer, ("wingtip.example",), CLIENT, private_network=True
        )

    def asked(self) -> Asked:
        return Asked("state", "nonce", "verifier", "https://localhost/signin/callback/p1")

    def url(self) -> str:
        return self.party.authorization_url(self.registered, self.asked(), self.clock(), login_hint="alice@x.example")

    def claims(self, asked: Asked | None = None, **changed: str) -> dict[str, Any]:
        answer = self.wingtip.approve(self.url(), **changed)
        answer = {name: value for name, value in answer.items() if value}
        return self.party.redeem(self.registered, SECRET, asked or self.asked(), answer, self.clock())


@pytest.fixture
def meeting(wingtip: LyingProvider, clock: Clock) -> Meeting:
    return Meeting(wingtip, clock)


def test_an_honest_answer_gives_the_claims(meeting: Meeting) -> None:
    assert meeting.claims()["sub"] == "alice-at-wingtip"


def test_the_address_may_come_from_userinfo_of_the_same_subject(meeting: Meeting) -> None:
    meeting.wingtip.claims = {"email": None, "email_verified": None}
    meeting.wingtip.userinfo = {"email": "alice@wingtip.example", "email_verified": True, "sub": "alice-at-wingtip"}
    assert meeting.claims()["email"] == "alice@wingtip.example"
    meeting.wingtip.userinfo["sub"] = "mallory"
    with pytest.raises(Untrusted, match="somebody else"):
        meeting.claims()


MOMENT = int(START.timestamp())
LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "issuer with a slash": {"iss": "http://localhost/"},
    "another audience": {"aud": "another client"},
    "no audience": {"aud": None},
    "two audiences without azp": {"aud": [CLIENT, "another client"]},
    "azp of another client": {"aud": [CLIENT, "another client"], "azp": "another client"},
    "azp beside one audience": {"azp": "another client"},
    "another nonce": {"nonce": "guessed"},
    "no nonce": {"nonce": None},
    "nonce of another type": {"nonce": 7},
    "expired": {"exp": MOMENT - 60},
    "no expiry": {"exp": None},
    "expiry as text": {"exp": str(MOMENT + 300)},
    "from the future": {"iat": MOMENT + 61},
    "no time of issue": {"iat": None},
    "not valid yet": {"nbf": MOMENT + 61},
}


@pytest.mark.parametrize("lie", LIES)
def test_T22_a_claim_that_does_not_fit_is_not_believed(meeting: Meeting, lie: str) -> None:
    meeting.wingtip.claims = LIES[lie]
    with pytest.raises(Untrusted):
        meeting.claims()


@pytest.mark.parametrize("truth", [{"exp": MOMENT - 59}, {"iat": MOMENT + 60}, {"aud": [CLIENT, "x"], "azp": CLIENT}])
def test_I3_clocks_may_differ_by_a_minute_and_further_audiences_are_fine(
    meeting: Meeting, truth: dict[str, Any]
) -> None:
    meeting.wingtip.claims = truth
    assert meeting.claims()


def _with_jku(_: LyingProvider, claims: dict[str, Any]) -> str:
    return sign(claims, "foreign", jku="https://evil.example/keys")


SIGNATURES: dict[str, Callable[[LyingProvider, dict[str, Any]], str]] = {
    "none": unsigned,
    "HS256 with the public key": signed_with_the_public_key,
    "a foreign key under a known kid": lambda _, claims: sign(claims, "foreign", kid="first"),
    "a foreign key named by jku": _with_jku,
    "crit": lambda _, claims: sign(claims, crit=["exp"]),
    "no token": lambda _, claims: "not.a.token",
    "too long": lambda _, claims: sign({**claims, "name": "x" * 20_000}),
}


@pytest.mark.parametrize("lie", SIGNATURES)
def test_T22_a_signature_that_does_not_fit_is_not_believed(meeting: Meeting, lie: str) -> None:
    meeting.wingtip.signs = SIGNATURES[lie]
    with pytest.raises((Untrusted, ProviderDown)):
        meeting.claims()


def test_T22_iss_of_the_response_must_be_there_and_right(meeting: Meeting) -> None:
    for given in ("https://evil.example", ""):
        with pytest.raises(Untrusted, match="iss"):
            meeting.claims(iss=given)
    meeting.wingtip.metadata = {"authorization_response_iss_parameter_supported": False}
    fresh = Meeting(meeting.wingtip, meeting.clock)
    assert fresh.claims(iss="")
    with pytest.raises(Untrusted, match="iss"):
        fresh.claims(iss="https://evil.example")


PAIR = f"{CLIENT}:{SECRET}"
METHODS = {"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"]}


@pytest.mark.parametrize(
    ("metadata", "knows", "tries"),
    [
        pytest.param(METHODS, lambda basic, _: basic is not None and unquote(basic) == PAIR, 1, id="Basic, decoded"),
        pytest.param(METHODS, lambda basic, form: PAIR in (basic, _said(form)), 2, id="Basic, not decoded"),
        pytest.param(METHODS, lambda _, form: _said(form) == PAIR, 2, id="both are taken, this client by form"),
        pytest.param(
            {"token_endpoint_auth_methods_supported": ["client_secret_post"]},
            lambda basic, form: basic is None and _said(form) == PAIR,
            1,
            id="form alone",
        ),
    ],
)
def test_every_provider_knows_the_client_by_its_secret(
    meeting: Meeting, metadata: dict[str, Any], knows: Callable[[str | None, dict[str, str]], bool], tries: int
) -> None:
    """RFC 6749 2.3.1 encodes the parts of Basic; nanoidp and others compare them as they come."""
    meeting.wingtip.metadata, meeting.wingtip.knows = metadata, knows
    assert meeting.claims()
    assert meeting.wingtip.asked.count("/token") == tries


def _said(form: dict[str, str]) -> str:
    return f"{form.get('client_id')}:{form.get('client_secret')}"


@pytest.mark.parametrize(("secret", "tries"), [(SECRET, 2), (None, 1)])
def test_a_client_that_the_provider_does_not_know_is_told_to_the_log(
    meeting: Meeting, secret: str | None, tries: int
) -> None:
    meeting.registered = replace(meeting.registered, client_id="readmit")
    meeting.wingtip.metadata, meeting.wingtip.knows = METHODS, lambda basic, form: False
    answer = {"code": "x", "state": "state", "iss": meeting.wingtip.issuer}
    with pytest.raises(Untrusted, match="refused the code with 401 invalid_client"):
        meeting.party.redeem(meeting.registered, secret, meeting.asked(), answer, meeting.clock())
    assert meeting.wingtip.asked.count("/token") == tries


def test_a_refusal_that_is_no_error_of_oauth_is_told_by_its_status_alone(meeting: Meeting) -> None:
    for body in (b"[]", b"<html>", b'{"error": "Say <this>"}'):
        meeting.wingtip.answers = lambda path, body=body: (400, body) if path == "/token" else None  # type: ignore[misc]
        with pytest.raises(Untrusted, match=r"refused the code with 400$"):
            meeting.claims()


def test_another_verifier_gets_no_tokens(meeting: Meeting) -> None:
    with pytest.raises(Untrusted, match="refused the code with 400 invalid_grant"):
        meeting.claims(replace(meeting.asked(), verifier="another"))


def _renewed(meeting: Meeting, name: str) -> None:
    meeting.wingtip.keys = [name]
    meeting.wingtip.signs = lambda _, claims: sign(claims, name)


def test_I3_an_unknown_kid_asks_for_the_keys_anew_but_not_twice_within_five_minutes(meeting: Meeting) -> None:
    meeting.claims()
    _renewed(meeting, "second")
    assert meeting.claims(), "keys that were renewed a moment after they were first asked for"
    _renewed(meeting, "third")
    meeting.clock.pass_(minutes=4, seconds=59)
    with pytest.raises(Untrusted, match="no key"):
        meeting.claims()
    assert meeting.wingtip.asked.count("/keys") == 2
    meeting.clock.pass_(seconds=1)
    assert meeting.claims()
    assert meeting.wingtip.asked.count("/keys") == 3


def test_keys_that_could_not_be_fetched_are_asked_for_again_by_the_next_one(meeting: Meeting) -> None:
    meeting.wingtip.answers = lambda path: (500, b"{}") if path == "/keys" else None
    with pytest.raises(ProviderDown):
        meeting.claims()
    meeting.wingtip.answers = lambda path: None
    assert meeting.claims()


def test_metadata_is_kept_for_an_hour(meeting: Meeting) -> None:
    for _ in range(3):
        meeting.url()
    assert len(meeting.wingtip.asked) == 1
    meeting.clock.pass_(hours=1)
    meeting.url()
    assert len(meeting.wingtip.asked) == 2


METADATA: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://evil.example"},
    "no token endpoint": {"token_endpoint": None},
    "a script for an endpoint": {"authorization_endpoint": "javascript:alert(1)"},
    "another header in an endpoint": {"authorization_endpoint": "https://idp.example/a\r\nset-cookie: a=b"},
    "another policy in an endpoint": {"authorization_endpoint": "https://idp.example;script-src/a"},
}


@pytest.mark.parametrize("lie", METADATA)
def test_a_discovery_document_that_does_not_fit_is_no_provider(meeting: Meeting, lie: str) -> None:
    meeting.wingtip.metadata = METADATA[lie]
    with pytest.raises(ProviderDown):
        meeting.url()


def test_a_provider_that_failed_is_left_alone_for_a_moment(meeting: Meeting) -> None:
    meeting.wingtip.answers = lambda path: (500, b"{}")
    for _ in range(3):
        with pytest.raises(ProviderDown):
            meeting.url()
    assert len(meeting.wingtip.asked) == 1
    with pytest.raises(ProviderDown, match="a moment ago: the provider answered 500"):
        meeting.url()
    meeting.wingtip.answers = lambda path: None
    meeting.clock.time += timedelta(seconds=5)
    assert meeting.url()


@pytest.mark.parametrize("body", [b"[]", b"nothing", b"\xff", b"{" * 100])
def test_an_answer_that_is_no_json_object_is_no_answer(meeting: Meeting, body: bytes) -> None:
    meeting.wingtip.answers = lambda path: (200, body)
    with pytest.raises(ProviderDown):
        meeting.url()


def test_without_a_secret_the_client_is_public(meeting: Meeting) -> None:
    answer = meeting.wingtip.approve(meeting.url())
    assert meeting.party.redeem(meeting.registered, None, meeting.asked(), answer, meeting.clock())
