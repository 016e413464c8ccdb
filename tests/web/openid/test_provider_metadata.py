"""What the provider says of itself (graph G69, G70, RFC 8414)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from cryptography import x509
from front import ORIGIN, Person, Site
from relying_party import RelyingParty

from readmit.tokens import base64url

CONTOSO = "/contoso.onmicrosoft.com"


def expected(base: str, issuer: str) -> dict[str, Any]:
    """Graph G70, members in its order."""
    host = "localhost:8443"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"{ORIGIN}/oidc/userinfo",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "claims_supported": [
            *("sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid"),
            *("ver", "at_hash", "c_hash", "email"),
        ],
        "tenant_region_scope": None,
        "cloud_instance_name": host,
        "cloud_graph_host_name": host,
        "msgraph_host": host,
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": [
            *("authorization_code", "refresh_token", "client_credentials"),
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "introspection_endpoint": f"{base}/oauth2/v2.0/introspect",
        "revocation_endpoint": f"{base}/oauth2/v2.0/revoke",
        "authorization_response_iss_parameter_supported": True,
    }


@pytest.mark.parametrize("name", ["contoso.onmicrosoft.com", "CONTOSO.com", "id", "common", "organizations"])
def test_G70_discovery_and_RFC8414_metadata_are_the_same(site: Site, name: str) -> None:
    tenant = site.house.contoso
    asked = tenant if name == "id" else name
    word = name if name in ("common", "organizations") else tenant
    issuer = f"{ORIGIN}/{{tenantid}}/v2.0" if word == name else f"{ORIGIN}/{tenant}/v2.0"
    one = site.ask("GET", f"/{asked}/v2.0/.well-known/openid-configuration")
    other = site.ask("GET", f"/.well-known/oauth-authorization-server/{asked}/v2.0")
    assert one.json() == other.json() == expected(f"{ORIGIN}/{word}", issuer)
    assert list(one.json()) == list(expected("", ""))
    assert one.headers["access-control-allow-origin"] == "*"


def test_TE1_an_unknown_tenant_is_told(site: Site) -> None:
    answer = site.ask("GET", "/nobody.example/v2.0/.well-known/openid-configuration")
    assert (answer.status_code, answer.json()["error"], answer.json()["error_codes"]) == (
        400,
        "invalid_tenant",
        [90002],
    )


def test_every_claim_that_is_announced_is_in_some_token(rp: RelyingParty, person: Person) -> None:
    from relying_party import GUEST, register

    register(rp.site.house, web={"implicitGrantSettings": {"enableIdTokenIssuance": True}})
    answer = rp.sign_in(person, GUEST, response_type="code id_token", response_mode="form_post", scope="openid email")
    first, second = rp.verified(answer["id_token"]), rp.verified(rp.tokens(answer)["id_token"])
    assert set(rp.metadata["claims_supported"]) <= set(first) | set(second)


def test_G69_keys_are_keys_and_certificates(site: Site) -> None:
    """The key of the test world was made like every key: its certificate holds the same public key."""
    (key,) = site.ask("GET", f"{CONTOSO}/discovery/v2.0/keys").json()["keys"]
    assert list(key) == ["kty", "use", "kid", "x5t", "n", "e", "x5c", "alg", "issuer"]
    assert (key["kty"], key["use"], key["alg"]) == ("RSA", "sig", "RS256")
    assert key["issuer"] == f"{ORIGIN}/{site.house.contoso}/v2.0"
    der = base64.b64decode(key["x5c"][0])
    assert key["x5t"] == base64url(hashlib.sha1(der, usedforsecurity=False).digest())
    numbers = x509.load_der_x509_certificate(der).public_key().public_numbers()  # type: ignore[union-attr]
    assert base64url(numbers.n.to_bytes(256, "big")) == key["n"]  # type: ignore[union-attr]
    common = site.ask("GET", "/common/discovery/v2.0/keys").json()["keys"][0]
    assert common["issuer"] == f"{ORIGIN}/{{tenantid}}/v2.0"


def test_G77_a_tokens_header_names_the_key_and_the_certificate(site: Site) -> None:
    import json

    from relying_party import unbase64

    (key,) = site.ask("GET", f"{CONTOSO}/discovery/v2.0/keys").json()["keys"]
    header = json.loads(unbase64(site.token.split(".")[0]))
    assert header == {"typ": "at+jwt", "alg": "RS256", "kid": key["kid"], "x5t": key["x5t"]}


def test_G69_instance_discovery_knows_every_host_with_and_without_port(site: Site) -> None:
    query = "api-version=1.1&authorization_endpoint=https%3A%2F%2Flocalhost%3A8443%2Fcommon%2Foauth2%2Fv2.0%2Fauthorize"
    body = site.ask("GET", f"/common/discovery/instance?{query}").json()
    assert body["tenant_discovery_endpoint"] == f"{ORIGIN}/common/v2.0/.well-known/openid-configuration"
    (metadata,) = body["metadata"]
    assert metadata["preferred_network"] == metadata["preferred_cache"] == "localhost:8443"
    for host in ("localhost", "127.0.0.1", "[::1]", "login.microsoftonline.com", "graph.microsoft.com"):
        assert {host, f"{host}:8443"} <= set(metadata["aliases"])
    bare = site.ask(
        "GET", "/common/discovery/instance?authorization_endpoint=https%3A%2F%2Flogin.microsoftonline.com%2Fcommon"
    ).json()
    assert "login.microsoftonline.com" in bare["metadata"][0]["aliases"]
    for foreign in ("https%3A%2F%2Fevil.example%2Fcommon", "https%3A%2F%2F%5B", ""):
        other = site.ask("GET", f"/common/discovery/instance?authorization_endpoint={foreign}")
        assert (other.status_code, other.json()["error"]) == (400, "invalid_instance")
