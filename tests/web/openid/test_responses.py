"""What comes back from the authorization endpoint: response types and modes, errors, and what is asked twice."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlencode

import pytest
from front import ORIGIN, Person, Site
from relying_party import GUEST, MEMBER, RelyingParty, form_of, half_hash, register

from world import CALLBACK, PASSWORD

IMPLICIT = {"web": {"implicitGrantSettings": {"enableIdTokenIssuance": True}}}


@pytest.fixture
def hybrid(rp: RelyingParty) -> RelyingParty:
    register(rp.site.house, **IMPLICIT)
    return rp


# ------------------------------------------------------------------ ID tokens


def test_G76_an_id_token_comes_by_form_post_where_it_is_registered(hybrid: RelyingParty, person: Person) -> None:
    bare: dict[str, Any] = {"response_type": "id_token", "response_mode": "form_post", "code_challenge": None}
    answer = hybrid.sign_in(person, code_challenge_method=None, **bare)
    assert set(answer) == {"id_token"}
    claims = hybrid.verified(answer["id_token"])
    assert claims["nonce"] == "the nonce"
    assert not {"at_hash", "c_hash"} & set(claims)
    assert hybrid.site.house.rows("SELECT 1 FROM authorization_codes") == []


@pytest.mark.parametrize("response_type", ["code id_token", "id_token code"])
def test_G76_code_and_id_token_belong_to_each_other(hybrid: RelyingParty, person: Person, response_type: str) -> None:
    answer = hybrid.sign_in(person, GUEST, response_type=response_type, response_mode="form_post")
    assert set(answer) == {"code", "id_token"}
    claims = hybrid.verified(answer["id_token"])
    assert claims["c_hash"] == half_hash(answer["code"])
    body = hybrid.tokens(answer)
    assert hybrid.verified(body["id_token"])["sub"] == claims["sub"]
    hybrid.begin(person, response_type=response_type, response_mode="form_post", prompt="none")
    assert set(hybrid.answer(person)) == {"code", "id_token"}, "from a live sign-in as well"


def test_the_page_of_form_post_posts_to_the_application_alone(hybrid: RelyingParty, person: Person) -> None:
    hybrid.sign_in(person, response_mode="form_post")
    answer = hybrid.site.ask(
        "GET",
        f"{hybrid.path('authorization_endpoint')}?{urlencode(hybrid.request(response_mode='form_post'))}",
        headers={"cookie": "; ".join(f"{name}={value}" for name, value in person.cookies.items())},
    )
    policy = answer.headers["content-security-policy"]
    assert "form-action 'self' http://localhost:9000;" in policy
    assert "script-src 'self';" in policy
    assert re.findall(r'<form method="post" action="([^"]*)"', answer.text) == [CALLBACK]
    assert ">Continue</button>" in answer.text
    script = hybrid.site.ask("GET", "/static/continue.js")
    assert script.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    ("changed", "error", "number"),
    [
        ({"response_type": "id_token", "response_mode": "fragment"}, "invalid_request", 70007),
        ({"response_type": "id_token"}, "invalid_request", 70007),
        ({"response_type": "id_token", "response_mode": "form_post", "nonce": None}, "invalid_request", 900144),
        ({"response_type": "id_token", "response_mode": "form_post", "scope": "User.Read"}, "invalid_request", 9002313),
        ({"response_type": "token", "response_mode": "form_post"}, "unsupported_response_type", 700051),
        ({"response_type": "id_token token", "response_mode": "form_post"}, "unsupported_response_type", 700051),
        ({"response_type": "code token"}, "unsupported_response_type", 700051),
        ({"response_type": "none"}, "unsupported_response_type", 700051),
    ],
)
def test_security_O7_tokens_never_go_into_a_url(
    hybrid: RelyingParty, person: Person, changed: dict[str, Any], error: str, number: int
) -> None:
    hybrid.begin(person, **changed)
    refusal = hybrid.answer(person)
    assert refusal["error"] == error
    assert refusal["error_description"].startswith(f"AADSTS{number}: ")


def test_security_O7_id_tokens_are_off_for_an_application_that_is_not_registered_for_them(
    rp: RelyingParty, person: Person
) -> None:
    rp.begin(person, response_type="id_token", response_mode="form_post")
    assert rp.answer(person)["error"] == "unsupported_response_type"


# --------------------------------------------------------------- modes, errors


@pytest.mark.parametrize("mode", ["query", "fragment", "form_post"])
def test_security_O4_RFC9207_state_and_issuer_go_with_every_answer_and_every_error(
    rp: RelyingParty, person: Person, mode: str
) -> None:
    """`answer` checks both."""
    assert rp.metadata["authorization_response_iss_parameter_supported"] is True
    assert set(rp.sign_in(person, response_mode=mode, state="a+b &ü=")) == {"code"}
    for changed in (
        {"scope": None},
        {"scope": "api://nobody/x"},
        {"scope": "https://one.example/a https://two.example/b"},
        {"prompt": "none login"},
        {"prompt": "create"},
        {"response_type": "token"},
        {"request": "x"},
        {"code_challenge": None},
        {"prompt": "none", "max_age": "0"},
    ):
        rp.begin(person, response_mode=mode, **changed)
        refusal = rp.answer(person)
        assert set(refusal) == {"error", "error_description"}
    # A mode that there is none of: the answer goes the way of the default.
    rp.begin(person, response_mode="web_message")
    assert rp.answer(person)["error"] == "invalid_request"


def test_security_O4_cancel_is_told_to_the_application_with_the_issuer(rp: RelyingParty, person: Person) -> None:
    rp.begin(person, prompt="consent", response_mode="fragment")
    person.submit(address=MEMBER)
    person.submit(password=PASSWORD)
    person.submit(decision="cancel")
    refusal = rp.answer(person)
    assert refusal["error"] == "access_denied"
    assert "AADSTS65004" in refusal["error_description"]


@pytest.mark.parametrize("name", ["scope", "state", "nonce", "prompt", "response_type", "x-unknown"])
def test_a_parameter_given_twice_is_an_error_that_the_application_hears(
    rp: RelyingParty, person: Person, name: str
) -> None:
    """RFC 6749 3.1."""
    given = [*rp.request(**{name: "openid"}).items(), (name, "openid")]
    person.open(f"{rp.path('authorization_endpoint')}?{urlencode(given)}")
    if name == "state":
        del rp.sent["state"]
    assert rp.answer(person)["error"] == "invalid_request"


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_T21_of_two_clients_or_redirect_uris_none_is_believed(rp: RelyingParty, person: Person, name: str) -> None:
    given = [*rp.request().items(), (name, rp.sent[name])]
    page = person.open(f"{rp.path('authorization_endpoint')}?{urlencode(given)}")
    assert (person.status, "AADSTS9002313" in page) == (400, True)


def test_oversized_parameters_are_refused_and_come_back_to_nobody(rp: RelyingParty, person: Person) -> None:
    form = rp.request(state="s" * 4097)
    answer = rp.site.ask("POST", rp.path("authorization_endpoint"), data=form)
    assert answer.status_code == 303
    assert "s" * 4097 in answer.headers["location"], "short enough for a URL: read as its GET"
    person.open(answer.headers["location"])
    del rp.sent["state"]
    assert rp.answer(person)["error"] == "invalid_request"
    huge = rp.site.ask("POST", rp.path("authorization_endpoint"), data=rp.request(state="s" * 10_000))
    assert huge.status_code == 303
    assert huge.headers["location"].startswith(f"{CALLBACK}?error=invalid_request&")
    assert len(huge.headers["location"]) < 2_000
    many = "&".join(f"p{number}=1" for number in range(500))
    assert rp.site.ask("GET", f"{rp.path('authorization_endpoint')}?{many}").status_code == 400


# ---------------------------------------------------------------------- common


def test_G69_common_asks_whose_sign_in_it_is(rp: RelyingParty, person: Person) -> None:
    page = person.open(f"/common/oauth2/v2.0/authorize?{urlencode(rp.request())}")
    assert "Your address shows which organisation" in page
    assert form_of(page) == rp.sent
    assert person.status == 200
    page = person.open(f"/common/oauth2/v2.0/authorize?{urlencode({**rp.sent, 'login_hint': 'x@nowhere.example'})}")
    assert person.status == 400
    assert "No organisation here has this address." in page
    person.open(f"/organizations/oauth2/v2.0/authorize?{urlencode({**rp.sent, 'login_hint': MEMBER})}")
    assert 'type="password"' in person.html
    person.submit(password=PASSWORD)
    code = rp.answer(person)["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": rp.verifier}
    basic = {"authorization": f"Basic {rp.basic}"}
    answer = rp.site.ask("POST", "/common/oauth2/v2.0/token", data=form, headers=basic)
    assert answer.status_code == 200, answer.text
    assert rp.verified(answer.json()["id_token"])["tid"] == rp.site.house.contoso
    unknown = rp.site.ask("POST", "/common/oauth2/v2.0/token", data={**form, "code": "unknown"}, headers=basic)
    assert unknown.json()["error_codes"] == [70000]


def test_the_page_that_asks_names_no_origin_that_breaks_its_policy(rp: RelyingParty) -> None:
    for uri in (
        "https://app.example/cb",
        "https://a;script-src *",
        "javascript:alert(1)",
        "https://a b/",
        "https://é/",
        "https://[",
    ):
        query = urlencode(rp.request(redirect_uri=uri))
        page = rp.site.ask("GET", f"/common/oauth2/v2.0/authorize?{query}")
        assert page.status_code == 200
        policy = page.headers["content-security-policy"]
        action = re.search(r"form-action ([^;]*);", policy)
        assert action is not None
        assert action[1] == ("'self' https://app.example" if "app.example" in uri else "'self'")
        assert policy.count(";") == 5


# ----------------------------------------------------------------- error pages


def test_G79_the_page_of_an_error_says_what_finds_the_request_again(rp: RelyingParty) -> None:
    query = urlencode(rp.request(redirect_uri="https://other.example/", ui_locales="de"))
    headers = {"client-request-id": "0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f0001"}
    answer = rp.site.ask("GET", f"{rp.path('authorization_endpoint')}?{query}", headers=headers)
    assert answer.status_code == 400
    assert '<html lang="de"' in answer.text
    text = html.unescape(answer.text)
    assert re.search(
        r"AADSTS50011: The redirect URI 'https://other.example/' specified in the request does not match the redirect "
        r"URIs configured for the application '[0-9a-f-]{36}'\. Trace ID: [0-9a-f-]{36} Correlation ID: "
        r"0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f0001 Timestamp: 2026-01-31 10:30:00Z",
        text,
    )


def test_G79_an_errors_body_is_whole_and_its_uri_is_a_page(rp: RelyingParty) -> None:
    form = {"grant_type": "magic", "client-request-id": "of-the-form"}
    answer = rp.site.ask("POST", rp.path("token_endpoint"), data=form)
    body = answer.json()
    assert list(body) == [
        *("error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri"),
    ]
    assert (body["error"], body["error_codes"]) == ("unsupported_grant_type", [70003])
    assert body["correlation_id"] == "of-the-form"
    assert body["error_uri"] == f"{ORIGIN}/error?code=70003"
    assert body["timestamp"] == "2026-01-31 10:30:00Z"
    page = rp.site.ask("GET", body["error_uri"].removeprefix(ORIGIN))
    assert (page.status_code, "AADSTS70003: The app requested" in page.text) == (200, True)
    for code in ("", "1", "x", "70003x", "9" * 50):
        assert rp.site.ask("GET", f"/error?code={code}").status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path", ["/oauth2/authorize", "/oauth2/token", "/oauth2/logout", "/.well-known/openid-configuration"]
)
def test_G83_version_1_is_told_to_use_version_2(site: Site, path: str, method: str) -> None:
    answer = site.ask(method, f"/contoso.com{path}")
    assert (answer.status_code, answer.json()["error"]) == (404, "invalid_request")
    assert "Use the v2.0 endpoints." in answer.json()["error_description"]


@pytest.mark.parametrize("tenant", ["consumers", "nobody.example", "00000000-0000-4000-8000-00000000dead", "a b"])
def test_TE1_an_unknown_tenant_is_a_page_for_browsers_and_json_for_clients(rp: RelyingParty, tenant: str) -> None:
    for endpoint in ("authorize", "logout"):
        page = rp.site.ask("GET", f"/{tenant}/oauth2/v2.0/{endpoint}?{urlencode(rp.request())}")
        assert (page.status_code, "location" in page.headers) == (400, False)
        assert f"AADSTS90002: Tenant '{tenant}' not found." in html.unescape(page.text)
    answer = rp.site.ask("POST", f"/{tenant}/oauth2/v2.0/token", data={"grant_type": "refresh_token"})
    assert answer.json()["error_codes"] == [90002]


def test_TE3_the_token_endpoint_takes_posts(rp: RelyingParty) -> None:
    answer = rp.site.ask("GET", rp.path("token_endpoint"))
    assert answer.json()["error_codes"] == [900561]
    wrong = rp.site.ask("PUT", rp.path("authorization_endpoint"))
    assert (wrong.status_code, wrong.headers["content-type"]) == (405, "text/html; charset=utf-8")


def test_P11_is_a_page_also_where_the_browser_is_signed_in_already(rp: RelyingParty, person: Person) -> None:
    from dataclasses import replace

    from readmit.storage import apps

    rp.sign_in(person)

    def want_assignment(tx: Any) -> None:
        before = apps.principal_by_app_id(tx, rp.site.house.contoso, rp.client_id)
        assert apps.update_principal(tx, replace(before, assignment_required=True), before)

    rp.site.house.write(want_assignment)
    page = rp.begin(person)
    assert (person.status, "Expenses" in page) == (403, True)
    rp.begin(person, prompt="none")
    assert rp.answer(person)["error"] == "interaction_required"


def test_the_native_clients_page(site: Site) -> None:
    answer = site.ask("GET", "/common/oauth2/nativeclient?code=secret")
    assert answer.status_code == 200
    assert "secret" not in answer.text
