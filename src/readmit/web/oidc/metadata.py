"""Discovery, keys and instance discovery (graph G69, G70). What is announced works; the rest is left out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from readmit.domain.address import domain_key
from readmit.domain.errors import TokenRefused
from readmit.domain.tenant import Tenant
from readmit.flows.world import World
from readmit.storage import queries_tenants
from readmit.web.call import Call, Step
from readmit.web.oidc.responses import json_reply
from readmit.web.origins import origins_of

COMMON = frozenset({"common", "organizations"})


def tenant_named(world: World, name: str) -> Tenant:
    """A tenant by id or verified domain; raises TE1."""
    found = world.database.read(queries_tenants.named, name)
    if found is None:
        text = f"Tenant '{name[:120]}' not found."
        raise TokenRefused("invalid_tenant" if "." in name or "-" in name else "invalid_request", 90002, text)
    return found


def discovery(world: World, call: Call) -> Step:
    """`/{tenant}/v2.0/.well-known/openid-configuration`, members in the order of graph G70."""
    name = call.parameters["tenant"].lower()
    common = name in COMMON
    tenant_id = name if common else tenant_named(world, name).id
    return json_reply(document(call.origin, tenant_id, common=common), cached=True)


def document(origin: str, tenant_id: str, *, common: bool) -> dict[str, Any]:
    """The discovery document of one tenant, or of `common` whose issuer has the literal `{tenantid}`."""
    base, host = f"{origin}/{tenant_id}", urlsplit(origin).netloc
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{origin}/{'{tenantid}' if common else tenant_id}/v2.0",
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"{origin}/oidc/userinfo",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "claims_supported": _CLAIMS,
        "tenant_region_scope": None,
        "cloud_instance_name": host,
        "cloud_graph_host_name": host,
        "msgraph_host": host,
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": [
            "authorization_code",
            "refresh_token",
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "introspection_endpoint": f"{base}/oauth2/v2.0/introspect",
        "revocation_endpoint": f"{base}/oauth2/v2.0/revoke",
        "authorization_response_iss_parameter_supported": True,
    }


_CLAIMS = [
    *("sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver"),
    *("at_hash", "c_hash", "email"),
]


def keys(world: World, call: Call) -> Step:
    """The JWKS; the key after the present one is in it a day ahead (security O6)."""
    name = call.parameters["tenant"].lower()
    tenant_id = "{tenantid}" if name in COMMON else tenant_named(world, name).id
    issuer = f"{call.origin}/{tenant_id}/v2.0"
    return json_reply({"keys": [{**key, "issuer": issuer} for key in world.keyring.published()]}, cached=True)


def instance(world: World, call: Call) -> Step:
    """`/common/discovery/instance`: our own hosts are one cloud."""
    values = call.query_values()
    try:
        parts = urlsplit(values.get("authorization_endpoint", ""))
    except ValueError as error:
        raise _unknown_instance() from error
    if not parts.hostname or not origins_of(world.settings).serves(parts.hostname):
        raise _unknown_instance()
    segment = parts.path.strip("/").split("/")[0] or "common"
    body = {
        "tenant_discovery_endpoint": f"{call.origin}/{segment}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [
            {
                "preferred_network": parts.netloc,
                "preferred_cache": parts.netloc,
                "aliases": _aliases(world, parts.netloc),
            }
        ],
    }
    return json_reply(body, cached=True)


def _unknown_instance() -> TokenRefused:
    return TokenRefused("invalid_instance", 50049, "Unknown or invalid instance.")


def _aliases(world: World, netloc: str) -> list[str]:
    """Every host that is served here, with and without the port that was asked at (graph G69)."""
    port = netloc.rpartition(":")[2]
    hosts = [f"[{host}]" if ":" in host else host for host in origins_of(world.settings).hosts]
    with_port = [f"{host}:{port}" for host in hosts] if port.isdigit() else []
    return sorted({netloc, *hosts, *with_port})


def clouds(world: World, call: Call) -> Step:
    """`/metadata/endpoints` for Terraform's metadata_host."""
    body: dict[str, Any] = {
        "name": "readmit",
        "resourceManager": call.origin,
        "graph": call.origin,
        "microsoftGraphResourceId": f"{call.origin}/",
        "authentication": {
            "loginEndpoint": call.origin,
            "audiences": [call.origin],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {},
    }
    return json_reply(body, cached=True)


def user_realm(world: World, call: Call) -> Step:
    """`/common/userrealm/{upn}`: what MSAL asks before a password grant; by domain alone, whoever is there."""
    domain = call.parameters["upn"].rpartition("@")[2]
    known = world.database.read(queries_tenants.named, domain) is not None
    body: dict[str, Any] = {"ver": "1.0", "account_type": "Managed" if known else "Unknown"}
    if known:
        body["domain_name"] = domain_key(domain)
    body |= {
        "cloud_instance_name": urlsplit(call.origin).netloc,
        "cloud_audience_urn": "urn:federation:MicrosoftOnline",
    }
    return json_reply(body, call=call)
