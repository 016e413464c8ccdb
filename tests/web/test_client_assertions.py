"""A certificate instead of a secret, over the wire: registered, used, replayed, taken away (graph G35, G72)."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from front import Site, site

sys.path.insert(0, str(Path(__file__).parent.parent / "proofs"))

from test_assertion import CLIENT, der, made, token

from readmit.storage import apps

__all__ = ["site"]
AUDIENCE = "https://localhost:8443/contoso.onmicrosoft.com/oauth2/v2.0/token"


def patch_keys(site: Site, keys: Any) -> httpx2.Response:
    return site.graph("PATCH", f"/v1.0/applications(appId='{CLIENT}')", json={"keyCredentials": keys})


@pytest.fixture(autouse=True)
def _application_rights(site: Site) -> None:
    """Automation may write applications."""
    from readmit.domain.application import Assignment, assignment_id
    from readmit.domain.graph_permissions import GRAPH_APP_ID, ROLE_IDS
    from readmit.storage import assignments

    house = site.house
    principal = house.read(apps.principal_by_app_id, house.contoso, CLIENT)
    resource = house.read(apps.principal_by_app_id, house.contoso, GRAPH_APP_ID)
    granted = Assignment(
        assignment_id(principal.id, bytes(16)),
        house.contoso,
        principal.id,
        "ServicePrincipal",
        resource.id,
        ROLE_IDS["Application.ReadWrite.All"],
        house.clock(),
    )
    house.write(assignments.add, granted)


def certificate() -> str:
    return base64.b64encode(der(made("2048")[1])).decode()


def ask(site: Site, assertion: str, **changed: str) -> httpx2.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": CLIENT,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
        "scope": "https://graph.microsoft.com/.default",
        **changed,
    }
    form = {name: value for name, value in form.items() if value}
    return site.ask("POST", "/contoso.onmicrosoft.com/oauth2/v2.0/token", data=form)


def good(**claims: Any) -> str:
    return token(claims={"aud": AUDIENCE, **claims})


def test_a_registered_certificate_gets_tokens_and_each_assertion_once(site: Site) -> None:
    assert ask(site, good()).json()["error_codes"] == [700027]
    assert (
        patch_keys(site, [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": certificate()}]).status_code == 204
    )
    shown = site.graph("GET", f"/v1.0/applications(appId='{CLIENT}')?$select=keyCredentials").json()["keyCredentials"]
    assert [(key["key"], key["usage"], key["endDateTime"]) for key in shown] == [
        (None, "Verify", "2027-01-31T10:30:00Z")
    ]
    one = good()
    answer = ask(site, one)
    assert answer.status_code == 200, answer.text
    body = answer.json()["access_token"].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(body + "=="))["appidacr"] == "2"
    again = ask(site, one)
    assert (again.status_code, again.json()["error"], again.json()["error_codes"]) == (401, "invalid_client", [50027])
    assert ask(site, good(), client_id="").status_code == 200, "the assertion names the client"


@pytest.mark.parametrize(
    ("claims", "number"),
    [
        ({"aud": "https://localhost:8443/fabrikam.onmicrosoft.com/oauth2/v2.0/token"}, 700023),
        ({"exp": 1}, 700024),
        ({"iss": "x"}, 50027),
    ],
)
def test_G72_what_is_wrong_has_a_number_of_its_own(site: Site, claims: dict[str, Any], number: int) -> None:
    patch_keys(site, [{"key": certificate()}])
    answer = ask(site, good(**claims))
    assert (answer.status_code, answer.json()["error_codes"]) == (401, [number])


def test_the_issuer_is_an_audience_too(site: Site) -> None:
    patch_keys(site, [{"key": certificate()}])
    assert ask(site, good(aud=f"https://localhost:8443/{site.house.contoso}/v2.0")).status_code == 200


def test_a_list_that_is_read_and_written_back_keeps_its_keys_and_one_taken_out_ends_its_tokens(site: Site) -> None:
    patch_keys(site, [{"key": certificate()}])
    url = f"/v1.0/applications(appId='{CLIENT}')?$select=keyCredentials"
    shown = site.graph("GET", url).json()["keyCredentials"]
    assert patch_keys(site, shown).status_code == 204
    site._token = ask(site, good()).json()["access_token"]
    assert patch_keys(site, []).status_code == 204
    assert site.graph("GET", url).status_code == 401
    site._token = None
    assert site.graph("GET", url).json()["keyCredentials"] == []
    assert ask(site, good()).status_code == 401


@pytest.mark.parametrize(
    "key",
    [
        {"key": "nonsense"},
        {"keyId": "00000000-0000-4000-8000-000000000009"},
        {"key": "CERT", "usage": "Sign"},
        {"key": "CERT", "type": "Symmetric"},
        {"key": "CERT", "keyId": "x"},
        {"key": "CERT", "unknown": 1},
        {"usage": "Verify"},
        "nonsense",
    ],
)
def test_what_is_no_certificate_is_refused_and_changes_nothing(site: Site, key: Any) -> None:
    if isinstance(key, dict) and key.get("key") == "CERT":
        key = {**key, "key": certificate()}
    site.token  # noqa: B018 - its writes come before
    before = site.house.contents()
    answer = patch_keys(site, [key])
    assert answer.status_code == 400
    assert site.house.contents() == before


@pytest.mark.parametrize("text", ["nonsense", "a.b.c", "x" * 20_000])
def test_what_is_no_assertion_is_an_error_of_the_token_service(site: Site, text: str) -> None:
    for client_id in (CLIENT, ""):
        answer = ask(site, text, client_id=client_id)
        assert answer.status_code in (400, 401)
        assert answer.json()["error"] in ("invalid_client", "invalid_request")
