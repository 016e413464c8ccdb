"""A home identity provider outside this server: whom it speaks for, what its answer proves (lifecycle 6, 7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from readmit.domain.address import EmailAddress, InvalidAddress, key_of
from readmit.domain.guest import Binding

ProviderKind = Literal["oidc", "saml"]
Preset = Literal["entra", "google", "microsoft"]
Category = Literal["azureActiveDirectory", "externalFederation", "socialIdentityProviders"]
"""The names of the redemption order (lifecycle section 7)."""

KINDS: Final = get_args(ProviderKind)
PRESETS: Final = get_args(Preset)
GOOGLE_ISSUER: Final = "https://accounts.google.com"
GOOGLE_DOMAINS: Final = ("gmail.com", "googlemail.com")
CONSUMERS: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of personal Microsoft accounts."""
MICROSOFT_ISSUER: Final = f"https://login.microsoftonline.com/{CONSUMERS}/v2.0"

ENTRA: Final = "https://login.microsoftonline.com"
"""Microsoft's public cloud; an Entra tenant of another one is registered by its whole issuer."""

_RESERVED: Final = ("mail", "google.com", "facebook.com")
_LONGEST: Final = 255
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class InvalidProvider(ValueError):
    """A provider that cannot be registered; the text says why."""


class Untrusted(Exception):
    """An answer that proves nothing, with the reason for the log."""


class TurnedBack(Exception):
    """The provider let nobody in, or the person turned back there; what it said is for the log."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A registered provider of one tenant. `domains` are A-labels; the addresses it speaks for (security I4)."""

    id: str
    tenant_id: str
    name: str
    kind: ProviderKind
    issuer: str
    domains: tuple[str, ...]
    client_id: str = ""
    preset: Preset | None = None
    enabled: bool = True
    private_network: bool = False
    """Whether it may stand at a private address (security I1)."""
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    subject_attribute: str | None = None
    """Of a SAML provider: the immutable attribute that says who somebody is, in place of a persistent NameID."""

    @property
    def category(self) -> Category:
        if self.preset == "entra":
            return "azureActiveDirectory"
        return "socialIdentityProviders" if self.preset is not None else "externalFederation"

    @property
    def entra_tenant(self) -> str | None:
        """The id of the Entra tenant behind it, if it is one; personal Microsoft accounts are of no organisation."""
        found = _UUID.search(self.issuer.lower()) if self.preset == "entra" else None
        return found[0] if found is not None else None


def check_issuer(issuer: str, own_origins: frozenset[str]) -> None:
    """Names that readmit itself gives out, and its own origins, are no issuers (lifecycle section 6)."""
    if issuer in _RESERVED or issuer.lower().startswith("urn:readmit:"):
        raise InvalidProvider(f"the issuer '{issuer}' is one that readmit uses itself")
    if any(issuer == origin or issuer.startswith(f"{origin}/") for origin in own_origins):
        raise InvalidProvider("the issuer is this server; tenants of one server need no provider")
    if not issuer or len(issuer) > _LONGEST or _UNSAFE.search(issuer):
        raise InvalidProvider("an issuer is a URL of at most 255 characters")


def entra_issuer(tenant_id: str) -> str:
    """The issuer of an Entra tenant's v2.0 tokens. Raises InvalidProvider for what is no tenant id."""
    if _UUID.fullmatch(tenant_id.lower()) is None:
        raise InvalidProvider(
            f"'{tenant_id[:120]}' is no tenant id; Entra shows it on the tenant's overview page, as 8-4-4-4-12 digits"
        )
    return f"{ENTRA}/{tenant_id.lower()}/v2.0"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider's answer says: the identity, the addresses it vouches for, and how the person knows it."""

    binding: Binding
    keys: tuple[str, ...]
    shown: str
    names: Mapping[str, str]


def identity_of(provider: Provider, claims: Mapping[str, Any]) -> Identity:
    """The identity in verified claims of an ID token (and userinfo). Raises Untrusted."""
    email = _text(claims, "email")
    shown = email or _text(claims, "preferred_username") or _text(claims, "name") or _subject(claims)
    binding = binding_of(provider, _proved_subject(provider, claims))
    return Identity(binding, _proved(provider, claims, email), shown, names_of(claims))


def names_of(claims: Mapping[str, Any]) -> dict[str, str]:
    """displayName, givenName, surname as far as the identity has them (lifecycle L10, security I6)."""
    given = {"displayName": "name", "givenName": "given_name", "surname": "family_name"}
    longest = {"displayName": 256, "givenName": 64, "surname": 64}
    found = {ours: plain(_text(claims, theirs))[: longest[ours]] for ours, theirs in given.items()}
    return {name: value for name, value in found.items() if value}


def plain(text: str) -> str:
    """One line without control characters and marks of direction: what others say about themselves."""
    return " ".join(_UNSAFE.sub(" ", text).split())


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims.get("sub")
    if not isinstance(subject, str) or not is_subject(subject):
        raise Untrusted("no usable sub")
    return subject


def is_subject(text: str) -> bool:
    """Whether a text can name somebody at a provider for good: 1 to 255 characters, none of them a control."""
    return bool(text) and len(text) <= _LONGEST and not _UNSAFE.search(text)


def binding_of(provider: Provider, subject: str) -> Binding:
    """The binding of who is `subject` at a provider, with what Graph shows of it (lifecycle section 6)."""
    if provider.kind == "saml":
        return Binding("saml", provider.issuer, subject, provider.issuer, subject)
    match provider.preset:
        case "entra":
            return Binding("oidc", provider.issuer, subject, "ExternalAzureAD", None)
        case "microsoft":
            return Binding("microsoft", provider.issuer, subject, "MicrosoftAccount", None)
        case "google":
            return Binding("google", provider.issuer, subject, "google.com", subject)
        case _:
            return Binding("oidc", provider.issuer, subject, provider.issuer, subject)


def _proved_subject(provider: Provider, claims: Mapping[str, Any]) -> str:
    subject = _subject(claims)
    if provider.preset == "entra":
        return _entra_subject(provider, claims)
    if provider.preset == "microsoft" and claims.get("tid") != CONSUMERS:
        raise Untrusted("not a personal Microsoft account")
    return subject


def _entra_subject(provider: Provider, claims: Mapping[str, Any]) -> str:
    """Tenant and object id, never `sub` (which differs by application) and never an address (security I4)."""
    tenant, object_id = claims.get("tid"), claims.get("oid")
    known = provider.entra_tenant
    if not isinstance(tenant, str) or known is None or tenant.lower() != known or not isinstance(object_id, str):
        raise Untrusted("no tid and oid of the configured tenant")
    if _UUID.fullmatch(object_id) is None:
        raise Untrusted("oid is no object id")
    return object_id


def _proved(provider: Provider, claims: Mapping[str, Any], email: str) -> tuple[str, ...]:
    """The match key of the address, if it is proved: JSON `true`, and a domain the provider speaks for (T1, I4)."""
    flag = "email_verified" if provider.preset in (None, "google") else "xms_edov"
    if not email or claims.get(flag) is not True:
        return ()
    key = key_spoken_for(provider, email)
    return (key,) if key is not None else ()


def key_spoken_for(provider: Provider, email: str) -> str | None:
    """The match key of an address in a domain that the provider is registered for (security I4)."""
    try:
        address = EmailAddress.parse(email)
    except InvalidAddress:
        return None
    return key_of(email) if address.domain in provider.domains else None


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) and len(value) <= 1000 else ""
