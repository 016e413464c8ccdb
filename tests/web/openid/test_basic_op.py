"""The modules of the OpenID Foundation's basic OP plan, by their names: what each asks for, against this provider.

The plan runs a confidential client by HTTP Basic. Where the suite would warn, skip or fail by a rule of ours, the
test states what is done instead, and why.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from front import Person, Site
from relying_party import GUEST, MEMBER, SECRET, RelyingParty, register, unbase64

from world import PASSWORD

STANDARD = {
    "profile": {
        *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture"),
        *("website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"),
    },
    "email": {"email", "email_verified"},
    "address": {"address"},
    "phone": {"phone_number", "phone_number_verified"},
}
"""The claims behind each scope (OpenID Connect Core 5.4)."""


def told(rp: RelyingParty, body: dict[str, Any], **more: str) -> dict[str, Any]:
    """What userinfo says, its `sub` that of the ID token (5.3.2)."""
    answer = rp.userinfo(body["access_token"], **more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    claims = dict(answer.json())
    assert claims["sub"] == rp.verified(body["id_token"])["sub"]
    return claims


# ------------------------------------------------------------------ the code flow


def test_oidcc_server(rp: RelyingParty, person: Person) -> None:
    answer = rp.sign_in(person)
    assert set(answer) == {"code"}
    body = rp.tokens(answer)
    claims = rp.verified(body["id_token"])
    assert {"iss", "sub", "aud", "exp", "iat", "nonce", "auth_time", "at_hash", "acr", "sid"} <= set(claims)
    assert claims["exp"] - claims["iat"] <= 3600
    assert "c_hash" not in claims
    assert body["expires_in"] == 3599
    assert "refresh_token" not in body, "offline_access was not asked for"
    # The suite warns of claims that no scope asks for; graph G77 has them in every ID token, as Microsoft's do.
    assert {"name", "preferred_username", "oid", "tid", "ver"} <= set(claims)
    assert not {"email", "given_name", "family_name", "email_verified", "acct"} & set(claims)


def test_oidcc_server_without_pkce_is_refused_unless_the_application_is_relaxed(
    rp: RelyingParty, person: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    """The plan's other modules send no challenge: security O2 wants one from whoever is not relaxed."""
    bare = {"code_challenge": None, "code_challenge_method": None}
    rp.begin(person, **bare)
    refusal = rp.answer(person)
    assert refusal["error"] == "invalid_request"
    assert "AADSTS900144" in refusal["error_description"]
    assert "'code_challenge'" in refusal["error_description"]
    register(rp.site.house, pkceOptional=True)
    assert "without PKCE" not in capsys.readouterr().out
    assert rp.tokens(rp.sign_in(person, **bare))["id_token"]
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "without PKCE" in line]
    assert rp.client_id in line, "each time, the log says so"
    register(rp.site.house, pkceOptional=True, isFallbackPublicClient=True)
    rp.begin(person, **bare)
    assert rp.answer(person)["error"] == "invalid_request", "a public client is never relaxed"


def test_oidcc_response_type_missing(rp: RelyingParty, person: Person) -> None:
    rp.begin(person, response_type=None)
    assert rp.answer(person)["error"] == "invalid_request"


def test_oidcc_idtoken_signature(rp: RelyingParty, person: Person) -> None:
    token = rp.tokens(rp.sign_in(person))["id_token"]
    header = json.loads(unbase64(token.split(".")[0]))
    assert (header["alg"], header["typ"]) == ("RS256", "JWT")
    assert rp.key(header["kid"]).key_size == 2048
    first, body, signature = token.split(".")
    with pytest.raises(InvalidSignature):
        rp.verified(f"{first}.{body}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}")


def test_oidcc_idtoken_unsigned(rp: RelyingParty) -> None:
    """Skipped by the suite where `none` is not announced; it never is (security O6)."""
    assert rp.metadata["id_token_signing_alg_values_supported"] == ["RS256"]


def test_oidcc_ensure_request_without_nonce_succeeds_for_code_flow(rp: RelyingParty, person: Person) -> None:
    body = rp.tokens(rp.sign_in(person, nonce=None))
    assert "nonce" not in rp.verified(body["id_token"])


def test_oidcc_server_client_secret_post(rp: RelyingParty, person: Person) -> None:
    assert "client_secret_post" in rp.metadata["token_endpoint_auth_methods_supported"]
    assert rp.tokens(rp.sign_in(person), auth="post")["id_token"]


def test_oidcc_server_client_secret_basic(rp: RelyingParty, person: Person) -> None:
    assert "client_secret_basic" in rp.metadata["token_endpoint_auth_methods_supported"]
    answer = rp.sign_in(person)
    rp.secret = "another secret"
    refused = rp.redeem(answer["code"])
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert refused.headers["www-authenticate"].startswith("Basic ")
    rp.secret = SECRET
    assert rp.tokens(answer, client_id=None)["id_token"], "the name may be absent from the form"


def test_oidcc_ensure_request_with_valid_pkce_succeeds(rp: RelyingParty, person: Person) -> None:
    assert rp.metadata["code_challenge_methods_supported"] == ["S256"]
    answer = rp.sign_in(person)
    for verifier in ("w" * 43, None):
        refused = rp.redeem(answer["code"], code_verifier=verifier)
        assert (refused.status_code, refused.json()["error_codes"]) == (400, [501481])
    assert rp.tokens(answer)["id_token"]


@pytest.mark.parametrize(
    "challenge",
    [
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge_method": "s256"},
        {"code_challenge": "short"},
        {"code_challenge": "v" * 129},
    ],
)
def test_security_O2_plain_is_refused_from_relaxed_applications_too(
    rp: RelyingParty, person: Person, challenge: dict[str, str | None]
) -> None:
    register(rp.site.house, pkceOptional=True)
    rp.begin(person, **challenge)
    assert rp.answer(person)["error"] == "invalid_request"


# --------------------------------------------------------------------- userinfo


def test_oidcc_userinfo_get(rp: RelyingParty, person: Person) -> None:
    body = rp.tokens(rp.sign_in(person))
    assert told(rp, body) == {"sub": rp.verified(body["id_token"])["sub"]}


def test_oidcc_userinfo_post_header(rp: RelyingParty, person: Person) -> None:
    assert told(rp, rp.tokens(rp.sign_in(person)), how="post")


def test_oidcc_userinfo_post_body(rp: RelyingParty, person: Person) -> None:
    assert told(rp, rp.tokens(rp.sign_in(person)), how="body")


# ----------------------------------------------------------------------- scopes


def scoped(rp: RelyingParty, person: Person, scope: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Userinfo and ID token for a scope; userinfo has no standard claim that the scope does not cover."""
    body = rp.tokens(rp.sign_in(person, GUEST, scope=scope))
    claims = told(rp, body)
    covered = set().union(*(STANDARD[name] for name in scope.split() if name in STANDARD))
    assert set(claims) - {"sub"} <= covered
    return claims, rp.verified(body["id_token"])


def test_oidcc_scope_profile(rp: RelyingParty, person: Person) -> None:
    claims, identity = scoped(rp, person, "openid profile")
    assert claims["name"] == identity["name"] == "Alice"


def test_oidcc_scope_email(rp: RelyingParty, person: Person) -> None:
    claims, identity = scoped(rp, person, "openid email")
    assert claims["email"] == identity["email"] == GUEST
    # The suite would like `email_verified`; graph G77 never sends it: an address says nothing of who somebody is.
    assert "email_verified" not in claims
    assert "email_verified" not in identity


def refused_scope(rp: RelyingParty, person: Person, scope: str) -> None:
    """Bare scopes that OpenID does not name here are Graph's, and need a consent that nobody gave (graph G74)."""
    rp.sign_in_page = rp.begin(person, scope=scope, prompt="none")  # type: ignore[attr-defined]
    assert rp.answer(person)["error"] == "login_required"
    rp.begin(person, scope=scope)
    person.submit(address=GUEST)
    person.submit(password=PASSWORD)
    assert "Allow Expenses?" in person.html
    person.submit(decision="cancel")
    assert rp.answer(person)["error"] == "access_denied"


@pytest.mark.parametrize("scope", ["address", "phone"])
def test_oidcc_scope_address_and_oidcc_scope_phone(rp: RelyingParty, person: Person, scope: str) -> None:
    """Skipped by the suite: `scopes_supported` has neither, and nothing of the kind is told."""
    assert rp.metadata["scopes_supported"] == ["openid", "profile", "email", "offline_access"]
    refused_scope(rp, person, f"openid {scope}")


def test_oidcc_scope_all(rp: RelyingParty, person: Person) -> None:
    claims, _ = scoped(rp, person, "openid profile email")
    assert {"name", "email"} <= set(claims)


def test_oidcc_ensure_other_scope_order_succeeds(rp: RelyingParty, person: Person) -> None:
    assert {"name", "email"} <= set(scoped(rp, person, "email profile openid")[0])


# ---------------------------------------------------------------------- display


@pytest.mark.parametrize("display", ["page", "popup"])
def test_oidcc_display_page_and_oidcc_display_popup(rp: RelyingParty, person: Person, display: str) -> None:
    assert rp.tokens(rp.sign_in(person, display=display))["id_token"]


# ----------------------------------------------------------------- prompt, age


def test_oidcc_prompt_login(rp: RelyingParty, person: Person) -> None:
    first = rp.verified(rp.tokens(rp.sign_in(person))["id_token"])
    rp.site.house.clock.pass_(seconds=3)
    rp.begin(person, prompt="login")
    person.submit(address=MEMBER)
    assert 'type="password"' in person.html, "the live sign-in is not offered"
    assert rp.site.house.clock().timestamp() > first["auth_time"]
    person.submit(use="this")
    assert person.status == 400, "nor taken"
    person.submit(password=PASSWORD)
    second = rp.verified(rp.tokens(rp.answer(person))["id_token"])
    assert second["sub"] == first["sub"]
    assert second["auth_time"] == first["auth_time"] + 3


def test_oidcc_prompt_none_not_logged_in(rp: RelyingParty, person: Person) -> None:
    rp.begin(person, prompt="none")
    refusal = rp.answer(person)
    assert refusal["error"] == "login_required"
    assert refusal["error_description"].startswith("AADSTS50058: ")


def test_oidcc_prompt_none_logged_in(rp: RelyingParty, person: Person) -> None:
    first = rp.verified(rp.tokens(rp.sign_in(person))["id_token"])
    rp.site.house.clock.pass_(minutes=5)
    rp.begin(person, prompt="none")
    second = rp.verified(rp.tokens(rp.answer(person))["id_token"])
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])
    assert second["iat"] > first["iat"]


def test_oidcc_max_age_1(rp: RelyingParty, person: Person) -> None:
    first = rp.verified(rp.tokens(rp.sign_in(person))["id_token"])
    rp.site.house.clock.pass_(seconds=2)
    rp.begin(person, max_age="1", prompt="none")
    assert rp.answer(person)["error"] == "login_required"
    second = rp.verified(rp.tokens(rp.sign_in(person, max_age="1"))["id_token"])
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"] + 2)


def test_max_age_0_is_a_new_proof_at_once(rp: RelyingParty, person: Person) -> None:
    rp.sign_in(person)
    rp.begin(person, max_age="0", prompt="none")
    assert rp.answer(person)["error"] == "login_required"
    rp.begin(person, max_age="0")
    assert 'name="address"' in person.html


def test_max_age_is_not_met_by_an_old_sign_in_at_home(rp: RelyingParty, person: Person) -> None:
    """A guest's home account is signed in here for an hour: its password is asked again, and `auth_time` says when."""
    rp.sign_in(person, GUEST)
    rp.site.house.clock.pass_(hours=1)
    rp.begin(person, max_age="60")
    person.submit(address=GUEST)
    assert 'type="password"' in person.html
    person.submit(password=PASSWORD)
    claims = rp.verified(rp.tokens(rp.answer(person))["id_token"])
    assert claims["auth_time"] == int(rp.site.house.clock().timestamp())


def test_oidcc_max_age_10000(rp: RelyingParty, person: Person) -> None:
    first = rp.verified(rp.tokens(rp.sign_in(person))["id_token"])
    rp.site.house.clock.pass_(seconds=2)
    rp.begin(person, max_age="10000")
    second = rp.verified(rp.tokens(rp.answer(person))["id_token"])
    assert (second["sub"], second["auth_time"]) == (first["sub"], first["auth_time"])


@pytest.mark.parametrize("age", ["-1", "1.5", "soon", "٣", "1" * 10])
def test_a_max_age_that_is_none_is_refused(rp: RelyingParty, person: Person, age: str) -> None:
    rp.begin(person, max_age=age)
    assert rp.answer(person)["error"] == "invalid_request"


# ------------------------------------------------------------ what is not known


def test_oidcc_ensure_request_with_unknown_parameter_succeeds(rp: RelyingParty, person: Person) -> None:
    assert rp.tokens(rp.sign_in(person, extra="foobar", **{"x-client-SKU": "suite"}))["id_token"]


def test_oidcc_id_token_hint(rp: RelyingParty, person: Person) -> None:
    body = rp.tokens(rp.sign_in(person))
    rp.begin(person, prompt="none", id_token_hint=body["id_token"])
    again = rp.tokens(rp.answer(person))
    assert rp.verified(again["id_token"])["sub"] == rp.verified(body["id_token"])["sub"]


def test_an_id_token_hint_of_somebody_else_signs_nobody_in(rp: RelyingParty, person: Person, site: Site) -> None:
    """OpenID Connect Core 3.1.2.1: nothing comes back for another end user than the hint's."""
    hint = rp.tokens(rp.sign_in(person, GUEST))["id_token"]
    other = Person(site)
    rp.sign_in(other, MEMBER)
    rp.begin(other, prompt="none", id_token_hint=hint)
    assert rp.answer(other)["error"] == "login_required"
    assert rp.sign_in(other, MEMBER, id_token_hint=hint)["error"] == "login_required", "whoever signs in instead"
    assert "code" in rp.sign_in(other, GUEST, id_token_hint=hint)


def test_an_id_token_hint_that_cannot_be_believed_names_nobody(rp: RelyingParty, person: Person, site: Site) -> None:
    """The key of an old one may be gone: who signs in is let in, silently nobody is."""
    body = rp.tokens(rp.sign_in(person))
    elsewhere = rp.tokens(rp.sign_in(Person(site)))["access_token"]
    for bad in (body["id_token"][:-4] + "AAAA", "nonsense", elsewhere):
        rp.begin(person, prompt="none", id_token_hint=bad)
        assert rp.answer(person)["error"] == "login_required"
        assert "code" in rp.sign_in(Person(site), id_token_hint=bad)


def test_oidcc_login_hint(rp: RelyingParty, person: Person) -> None:
    page = rp.begin(person, login_hint=MEMBER)
    assert 'type="password"' in page
    assert MEMBER in page
    person.submit(password=PASSWORD)
    assert rp.tokens(rp.answer(person))["id_token"]


def test_a_login_hint_of_somebody_else_signs_nobody_in(rp: RelyingParty, person: Person) -> None:
    rp.sign_in(person, MEMBER)
    rp.begin(person, prompt="none", login_hint=GUEST)
    assert rp.answer(person)["error"] == "login_required"
    rp.begin(person, prompt="none", login_hint=MEMBER.upper())
    assert "code" in rp.answer(person)
    rp.begin(person, prompt="none", login_hint="no address")
    assert "code" in rp.answer(person), "what is no address is no hint"
    assert f'value="{GUEST}"' in rp.begin(person, prompt="select_account", login_hint=GUEST)


def test_a_domain_hint_is_in_the_field_already(rp: RelyingParty, person: Person) -> None:
    assert 'value="@fabrikam.com"' in rp.begin(person, domain_hint="fabrikam.com")
    assert 'value="@' not in rp.begin(person, domain_hint="no domain")


@pytest.mark.parametrize(("locales", "word"), [("se", "Sign in"), ("de", "Anmelden"), ("xx ja de", "サインイン")])
def test_oidcc_ui_locales(rp: RelyingParty, person: Person, locales: str, word: str) -> None:
    """The first language that there is, on every page of the way, in errors and at the end of it."""
    assert f"<h1>{word}</h1>" in rp.begin(person, ui_locales=locales)
    assert word in person.submit(address=MEMBER)
    person.submit(password=PASSWORD)
    assert rp.tokens(rp.answer(person))["id_token"]


def test_oidcc_claims_locales(rp: RelyingParty, person: Person) -> None:
    assert rp.tokens(rp.sign_in(person, claims_locales="se"))["id_token"]


def test_oidcc_ensure_request_with_acr_values_succeeds(rp: RelyingParty, person: Person) -> None:
    """`acr` is a voluntary claim: it says what it always says, not what was asked for."""
    body = rp.tokens(rp.sign_in(person, acr_values="urn:example:strong"))
    assert rp.verified(body["id_token"])["acr"] == "1"


# ------------------------------------------------------------------------ codes


def test_oidcc_codereuse(rp: RelyingParty, person: Person) -> None:
    answer = rp.sign_in(person, scope="openid offline_access")
    body = rp.tokens(answer)
    again = rp.redeem(answer["code"])
    assert (again.status_code, again.json()["error"], again.json()["error_codes"]) == (400, "invalid_grant", [54005])
    assert rp.renew(body["refresh_token"]).status_code == 400


def test_oidcc_codereuse_30seconds(rp: RelyingParty, person: Person) -> None:
    """A second use ends what the first one brought, the access token too (security O3)."""
    answer = rp.sign_in(person)
    body = rp.tokens(answer)
    rp.site.house.clock.pass_(seconds=30)
    assert rp.userinfo(body["access_token"]).status_code == 200
    assert rp.redeem(answer["code"]).json()["error"] == "invalid_grant"
    assert rp.userinfo(body["access_token"]).status_code == 401


def test_security_O3_a_code_lives_for_sixty_seconds(rp: RelyingParty, person: Person) -> None:
    answer = rp.sign_in(person)
    rp.site.house.clock.pass_(seconds=60, microseconds=1)
    assert rp.redeem(answer["code"]).json()["error_codes"] == [70008]


# -------------------------------------------------------------------- addresses


def test_oidcc_ensure_registered_redirect_uri(rp: RelyingParty, person: Person) -> None:
    page = rp.begin(person, redirect_uri="https://invalid.example/cb")
    assert (person.status, person.path.split("?")[0]) == (400, rp.path("authorization_endpoint"))
    assert "AADSTS50011" in page


def test_oidcc_ensure_post_request_succeeds(rp: RelyingParty, person: Person) -> None:
    """A browser that posts from elsewhere has no Lax cookie with it: it is sent again by GET, and has (N4)."""
    rp.sign_in(person)
    person._go("POST", rp.path("authorization_endpoint"), rp.request(prompt="none", state="post & state"))
    assert rp.tokens(rp.answer(person))["id_token"]


# -------------------------------------------------------------- request objects


def unsigned(claims: dict[str, str]) -> str:
    import base64

    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def test_oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(
    rp: RelyingParty, person: Person
) -> None:
    assert rp.metadata["request_uri_parameter_supported"] is False
    rp.begin(person, request_uri="https://rp.example/request.jwt")
    assert rp.answer(person)["error"] == "request_uri_not_supported"


def test_oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    rp: RelyingParty, person: Person
) -> None:
    rp.begin(person, request=unsigned({"nonce": "of the object"}))
    assert rp.answer(person)["error"] == "request_not_supported"
    rp.begin(person, registration="{}")
    assert rp.answer(person)["error"] == "registration_not_supported"


def test_oidcc_ensure_request_object_with_redirect_uri(rp: RelyingParty, person: Person) -> None:
    """Nothing in a request object is believed, least of all where to go."""
    rp.begin(person, request=unsigned({"redirect_uri": "https://invalid.example/cb"}))
    assert rp.answer(person)["error"] == "request_not_supported"
    rp.begin(person, request=unsigned({"redirect_uri": rp.redirect_uri}), redirect_uri="https://invalid.example/cb")
    assert person.status == 400


def test_oidcc_claims_essential(rp: RelyingParty, person: Person) -> None:
    """`claims` is not announced; at authorize it is ignored (graph G73), and `name` comes with `profile` alone."""
    assert "claims_parameter_supported" not in rp.metadata
    wanted = json.dumps({"userinfo": {"name": {"essential": True}}})
    assert "name" not in told(rp, rp.tokens(rp.sign_in(person, claims=wanted)))
    rp.begin(person, claims=wanted, scope="openid profile", prompt="none")
    assert told(rp, rp.tokens(rp.answer(person)))["name"] == "Mia Member"


# ---------------------------------------------------------------------- refresh


def test_oidcc_refresh_token(rp: RelyingParty, person: Person, site: Site) -> None:
    body = rp.tokens(rp.sign_in(person, scope="openid offline_access"))
    first = rp.verified(body["id_token"])
    rp.site.house.clock.pass_(minutes=1)
    answer = rp.renew(body["refresh_token"])
    assert answer.status_code == 200, answer.text
    renewed = answer.json()
    second = rp.verified(renewed["id_token"])
    # OpenID Connect Core 12.2: the same person, issuer and audience, the time of the proof, a new time of issue.
    assert all(first[name] == second[name] for name in ("iss", "sub", "aud", "auth_time", "sid"))
    assert second["iat"] == first["iat"] + 60
    assert renewed["refresh_token"] != body["refresh_token"]
    assert rp.userinfo(renewed["access_token"]).status_code == 200
    other = RelyingParty(site, "00000000-0000-4000-8000-0000000000a1", "automation-secret")
    refused = other.renew(renewed["refresh_token"])
    assert refused.json()["error"] == "invalid_grant", "bound to the client that got it"
