"""Refusals of the token service by number, code and sentence (graph G79: TE4, TE5, TE7, TE8, TE10, TE11)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from front import Person, Site
from relying_party import RelyingParty

from readmit.domain.graph_permissions import READMIT_APP_ID
from readmit.flows import directory
from world import AUTOMATION, CALLBACK, EXPENSES

GRAPH = "https://graph.microsoft.com/.default"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


def told(answer: httpx2.Response) -> tuple[int, str, int, str]:
    """Status, error, number, and the sentence without what finds the request again."""
    body = answer.json()
    (number,) = body["error_codes"]
    prefix, sentence = f"AADSTS{number}: ", body["error_description"].partition(" Trace ID: ")[0]
    assert sentence.startswith(prefix)
    assert f"Correlation ID: {body['correlation_id']}" in body["error_description"]
    assert body["error_uri"].endswith(f"/error?code={number}")
    assert body["timestamp"].endswith("Z")
    return answer.status_code, body["error"], number, sentence.removeprefix(prefix)


def token(site: Site, **form: str) -> httpx2.Response:
    """Automation asks for a token."""
    whole = {"client_id": AUTOMATION, "client_secret": "automation-secret", **form}
    return site.ask("POST", "/contoso.com/oauth2/v2.0/token", data=whole)


def back(rp: RelyingParty, **changed: str | None) -> dict[str, str]:
    """What an authorization request brings to the redirect URI at once."""
    fields = rp.request(**changed)
    answer = rp.site.ask("GET", f"{rp.path('authorization_endpoint')}?{urlencode(fields)}")
    assert answer.headers["location"].startswith(CALLBACK), answer.text
    parts = urlsplit(answer.headers["location"])
    return {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}


@pytest.mark.parametrize(
    "grant",
    [
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "nonsense",
        "CLIENT_CREDENTIALS",
    ],
)
def test_TE4_G83_a_grant_that_is_not_there(site: Site, grant: str) -> None:
    """On-behalf-of among them."""
    text = f"The app requested an unsupported grant type '{grant}'."
    assert told(token(site, grant_type=grant, scope=GRAPH)) == (400, "unsupported_grant_type", 70003, text)


@pytest.mark.parametrize("kind", ["token", "code token", "nonsense"])
def test_TE4_a_response_type_that_is_not_enabled(rp: RelyingParty, kind: str) -> None:
    answer = back(rp, response_type=kind)
    assert answer["error"] == "unsupported_response_type"
    text = f"AADSTS700051: response_type '{kind}' is not enabled for the application."
    assert answer["error_description"].startswith(text)


@pytest.mark.parametrize(
    "scope", ["User.Read", f"{GRAPH} {GRAPH}", "https://graph.microsoft.com/User.Read", "https://graph.microsoft.com"]
)
def test_TE5_client_credentials_take_default_alone(site: Site, scope: str) -> None:
    text = (
        f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value with "
        "/.default suffixed to the resource identifier."
    )
    assert told(token(site, grant_type="client_credentials", scope=scope)) == (400, "invalid_scope", 1002012, text)


def test_TE5_G74_two_resources_at_once(rp: RelyingParty) -> None:
    scope = "https://graph.microsoft.com/User.Read https://two.example/b"
    answer = back(rp, scope=scope)
    assert answer["error"] == "invalid_scope"
    text = "AADSTS70011: The provided value for the input parameter 'scope' is not valid. The scope "
    assert answer["error_description"].startswith(f"{text}{scope} is not valid.")


REDIRECT = (
    "The redirect URI '{}' specified in the request does not match the redirect URIs configured for the application "
    f"'{EXPENSES}'."
)


@pytest.mark.parametrize(
    ("changed", "number", "text"),
    [
        ({"redirect_uri": f"{CALLBACK}/other"}, 50011, REDIRECT.format(f"{CALLBACK}/other")),
        (
            {"code_verifier": "w" * 43},
            501481,
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        ),
    ],
)
def test_TE7_a_code_is_bound_to_its_request(
    rp: RelyingParty, person: Person, changed: dict[str, str], number: int, text: str
) -> None:
    code = rp.sign_in(person)["code"]
    assert told(rp.redeem(code, **changed)) == (400, "invalid_grant", number, text)


def test_TE7_a_code_that_is_old_and_one_that_was_used(rp: RelyingParty, person: Person) -> None:
    code = rp.sign_in(person)["code"]
    rp.site.house.clock.pass_(seconds=61)
    text = "The provided authorization code or refresh token has expired due to inactivity."
    assert told(rp.redeem(code)) == (400, "invalid_grant", 70008, text)
    rp.begin(person)
    code = rp.answer(person)["code"]
    assert rp.redeem(code).status_code == 200
    used = "OAuth2 Authorization code was already redeemed."
    assert told(rp.redeem(code)) == (400, "invalid_grant", 54005, used)


def renewable(rp: RelyingParty, person: Person) -> str:
    return str(rp.tokens(rp.sign_in(person, scope="openid offline_access"))["refresh_token"])


def test_TE8_a_refresh_token_that_was_revoked(rp: RelyingParty, person: Person) -> None:
    held, house = renewable(rp, person), rp.site.house
    mia = house.person("mia").user
    assert mia is not None
    house.write(directory.revoke_sessions, house.world, house.automation(), mia.id)
    text = "The provided grant has expired due to it being revoked, a fresh auth token is needed."
    assert told(rp.renew(held)) == (400, "invalid_grant", 50173, text)


def test_TE8_a_refresh_token_that_is_not_known(rp: RelyingParty) -> None:
    """A reset deletes what it ends, so that in its tenant an unknown one is a revoked one; elsewhere it is nothing."""
    assert told(rp.renew("x" * 43))[:3] == (400, "invalid_grant", 50173)
    form = {"grant_type": "refresh_token", "refresh_token": "x" * 43, "client_id": EXPENSES, "client_secret": rp.secret}
    nothing = "Provided grant is invalid or malformed."
    answer = rp.site.ask("POST", "/common/oauth2/v2.0/token", data=form)
    assert told(answer) == (400, "invalid_grant", 70000, nothing)


def test_TE8_a_refresh_token_at_the_end_of_its_life(rp: RelyingParty, person: Person) -> None:
    held = renewable(rp, person)
    rp.site.house.clock.pass_(days=91)
    text = "The refresh token has expired due to inactivity."
    assert told(rp.renew(held)) == (400, "invalid_grant", 700082, text)


@pytest.mark.parametrize("host", ["evil.example", "login.microsoftonline.com.evil.example", ""])
def test_TE10_an_instance_that_is_not_this_one(site: Site, host: str) -> None:
    asked = {"api-version": "1.1", "authorization_endpoint": f"https://{host}/common/oauth2/v2.0/authorize"}
    answer = site.ask("GET", f"/common/discovery/instance?{urlencode(asked)}")
    assert told(answer) == (400, "invalid_instance", 50049, "Unknown or invalid instance.")


def test_TE11_what_a_device_hears_while_it_waits(site: Site) -> None:
    ends = "/contoso.com/oauth2/v2.0"
    asked = {"client_id": READMIT_APP_ID, "scope": "openid User.Read"}
    started: dict[str, Any] = site.ask("POST", f"{ends}/devicecode", data=asked).json()
    form = {"grant_type": DEVICE, "client_id": READMIT_APP_ID, "device_code": started["device_code"]}

    def poll() -> tuple[int, str, int, str]:
        return told(site.ask("POST", f"{ends}/token", data=form))

    waiting = "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
    assert poll() == (400, "authorization_pending", 70016, waiting)
    assert poll()[:2] == (400, "slow_down")
    site.house.clock.pass_(seconds=600)
    assert poll()[:3] == (400, "expired_token", 70020)
