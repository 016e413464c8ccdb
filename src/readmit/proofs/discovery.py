"""What an OpenID provider says of itself: its discovery document, and whether readmit can work with it.

OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2, RFC 9207. Everything is fetched guarded (security I1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from readmit.domain import redirect
from readmit.domain.provider import Provider, plain
from readmit.proofs.fetch import Fetched, Fetcher, FetchRefused

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512", "EdDSA")
"""Never `none`, never a shared secret (security I3)."""
_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_SHOWN: Final = 120


class ProviderDown(Exception):
    """The provider could not be asked, or answered with something that is no answer; the text is for the log."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a relying party needs of a provider's discovery document."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    announces_iss: bool
    takes_basic: bool
    takes_post: bool


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an administrator should know of a provider: with problems nobody can sign in, warnings are to be read."""

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def fetch_json(
    fetcher: Fetcher, provider: Provider, url: str, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A JSON object of the provider's. Raises ProviderDown."""
    try:
        return json_object(fetcher.get(url, private=provider.private_network, headers=headers))
    except FetchRefused as error:
        raise ProviderDown(str(error)) from error


def fetch_document(fetcher: Fetcher, url: str, *, private: bool) -> bytes:
    """What stands at a URL, whatever it is. Raises ProviderDown."""
    try:
        found = fetcher.get(url, private=private, headers={"accept": "*/*"})
    except FetchRefused as error:
        raise ProviderDown(str(error)) from error
    if found.status != 200:
        raise ProviderDown(f"the provider answered {found.status}")
    return found.body


def json_object(fetched: Fetched) -> dict[str, Any]:
    """The JSON object of a 200. Raises ProviderDown."""
    if fetched.status != 200:
        raise ProviderDown(f"the provider answered {fetched.status}")
    try:
        found = msgspec.json.decode(fetched.body)
    except msgspec.DecodeError as error:
        raise ProviderDown("the provider's answer is no JSON") from error
    if not isinstance(found, dict):
        raise ProviderDown("the provider's answer is no JSON object")
    return found


def fetch_metadata(fetcher: Fetcher, provider: Provider) -> Metadata:
    """Raises ProviderDown."""
    return _metadata(provider, _document(fetcher, provider))


def _document(fetcher: Fetcher, provider: Provider) -> dict[str, Any]:
    return fetch_json(fetcher, provider, f"{provider.issuer.rstrip('/')}{_WELL_KNOWN}")


def _metadata(provider: Provider, document: Mapping[str, Any]) -> Metadata:
    issuer = document.get("issuer")
    if issuer != provider.issuer:
        named = f"the issuer '{plain(issuer)[:_SHOWN]}'" if isinstance(issuer, str) else "no issuer"
        raise ProviderDown(f"the discovery document names {named}, not '{provider.issuer}'")
    endpoints = {name: document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    for name, value in endpoints.items():
        # The browser is sent there by a header: what is no plain URI has no business in one.
        if not isinstance(value, str) or urlsplit(value).scheme not in ("https", "http") or not redirect.usable(value):
            raise ProviderDown(f"the discovery document has no usable {name}")
    userinfo = document.get("userinfo_endpoint")
    if isinstance(userinfo, str) and not redirect.usable(userinfo):
        raise ProviderDown("the discovery document has no usable userinfo_endpoint")
    methods = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Metadata(
        authorization_endpoint=str(endpoints["authorization_endpoint"]),
        token_endpoint=str(endpoints["token_endpoint"]),
        jwks_uri=str(endpoints["jwks_uri"]),
        userinfo_endpoint=userinfo if isinstance(userinfo, str) else None,
        announces_iss=document.get("authorization_response_iss_parameter_supported") is True,
        takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
        takes_post=isinstance(methods, list) and "client_secret_post" in methods,
    )


def inspect(fetcher: Fetcher, provider: Provider) -> Inspection:
    """Ask a provider all that a sign-in would ask, but for a person."""
    try:
        document = _document(fetcher, provider)
        metadata = _metadata(provider, document)
        keys = fetch_json(fetcher, provider, metadata.jwks_uri).get("keys")
    except ProviderDown as down:
        return Inspection((str(down),))
    problems = [text for text in (_no_code_flow(document), _no_pkce(document), _no_algorithm(document)) if text]
    if not isinstance(keys, list) or not any(isinstance(key, dict) and key.get("kty") != "oct" for key in keys):
        problems.append("it publishes no key to verify its ID tokens with")
    return Inspection(tuple(problems), tuple(_warnings(provider, document)))


def _no_code_flow(document: Mapping[str, Any]) -> str | None:
    types = document.get("response_types_supported")
    return "it does not offer the code flow" if isinstance(types, list) and "code" not in types else None


def _no_pkce(document: Mapping[str, Any]) -> str | None:
    """Only where it says which methods it takes: several large providers take S256 and do not say so."""
    methods = document.get("code_challenge_methods_supported")
    return "it does not take PKCE with S256" if isinstance(methods, list) and "S256" not in methods else None


def _no_algorithm(document: Mapping[str, Any]) -> str | None:
    signed = document.get("id_token_signing_alg_values_supported")
    if not isinstance(signed, list) or any(name in ALGORITHMS for name in signed):
        return None
    return f"it signs ID tokens by no algorithm that is accepted here ({', '.join(ALGORITHMS)})"


def _warnings(provider: Provider, document: Mapping[str, Any]) -> list[str]:
    told = []
    if "code_challenge_methods_supported" not in document and provider.preset is None:
        told.append("it does not say whether it takes PKCE; S256 is sent all the same, and should be switched on there")
    claims = document.get("claims_supported")
    if provider.preset is None and isinstance(claims, list) and "email_verified" not in claims:
        told.append(
            "it does not announce the claim email_verified; without it an invited address is proved by mailed code"
        )
    return told
