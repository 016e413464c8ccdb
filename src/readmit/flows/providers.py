"""Registering home identity providers of a tenant: by seed and by `readmit idp` (security I1, J1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from readmit.domain.address import InvalidAddress, checked_domain
from readmit.domain.audit import Actor
from readmit.domain.errors import NotFound
from readmit.domain.permission import Caller
from readmit.domain.provider import (
    GOOGLE_DOMAINS,
    GOOGLE_ISSUER,
    MICROSOFT_ISSUER,
    InvalidProvider,
    Preset,
    Provider,
    ProviderKind,
    check_issuer,
)
from readmit.domain.saml import Metadata
from readmit.domain.tenant import Tenant
from readmit.flows.record import actor_of, object_event, record
from readmit.flows.world import World
from readmit.storage import audit, providers, tenants
from readmit.storage.transaction import Transaction
from readmit.tokens import from_base64url

_KIND: Final = "IdentityProvider"
_LONGEST_NAME: Final = 128
_LONGEST_ATTRIBUTE: Final = 255
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Registration:
    """What an administrator says of a provider; a preset fills in what is always the same."""

    domains: tuple[str, ...]
    kind: ProviderKind = "oidc"
    name: str | None = None
    issuer: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    preset: Preset | None = None
    private_network: bool = False
    metadata: Metadata | None = None
    """Of a SAML provider: what `proofs.saml.metadata.read` made of its file."""
    subject_attribute: str | None = None
    """Of a SAML provider that sends no persistent NameID: the immutable attribute that says who somebody is."""
    id: str | None = None
    """For set-ups that must know the callback's address beforehand; made when absent."""


def register(tx: Transaction, world: World, tenant: Tenant, wanted: Registration, actor: Actor) -> Provider:
    """A new provider, enabled. Raises InvalidProvider in words for the administrator; nothing is written then."""
    provider = _checked(world, tenant, wanted)
    if wanted.id is not None and providers.exists(tx, wanted.id):
        raise InvalidProvider(f"the id {wanted.id} is another provider's")
    taken = providers.by_issuer(tx, tenant.id, provider.issuer)
    if taken is not None:
        raise InvalidProvider(f"the issuer {provider.issuer} is registered already, as {taken.name}")
    for domain in provider.domains:
        other = providers.of_domain(tx, tenant.id, domain)
        if other is not None:
            raise InvalidProvider(f"{domain} has a provider already: {other.name}")
    sealed = None
    if wanted.client_secret:
        nonce = from_base64url(world.new_secret())[:12]
        sealed = world.keyring.seal(wanted.client_secret.encode(), nonce)
    providers.insert(tx, provider, secret=sealed, metadata=wanted.metadata, now=world.now())
    details = {"issuer": provider.issuer, "domains": list(provider.domains)}
    event = object_event("Add identity provider", "Policy", "Add", (_KIND, provider.id, provider.name), **details)
    audit.append(tx, tenant.id, actor, (event,), now=world.now(), new_id=world.new_id)
    return provider


def _checked(world: World, tenant: Tenant, wanted: Registration) -> Provider:
    issuer, address = _of_saml(wanted) if wanted.kind == "saml" else _of_oidc(wanted)
    domains = wanted.domains or (GOOGLE_DOMAINS if wanted.preset == "google" else ())
    if not domains:
        raise InvalidProvider("a provider needs the address domains that it speaks for")
    check_issuer(issuer, frozenset({world.settings.public_url.rstrip("/")}))
    _check_address(wanted, address)
    name = " ".join((wanted.name or urlsplit(issuer).hostname or urlsplit(address).hostname or issuer).split())
    if len(name) > _LONGEST_NAME:
        raise InvalidProvider(f"a provider's name has at most {_LONGEST_NAME} characters")
    if wanted.id is not None and not _UUID.fullmatch(wanted.id):
        raise InvalidProvider("a provider's id is a UUID in lower case")
    return Provider(
        id=wanted.id or world.new_id(),
        tenant_id=tenant.id,
        name=name,
        kind=wanted.kind,
        issuer=issuer,
        domains=tuple(dict.fromkeys(_domain(tenant, domain) for domain in domains)),
        client_id=wanted.client_id or "",
        preset=wanted.preset,
        private_network=wanted.private_network,
        subject_attribute=wanted.subject_attribute,
    )


def _of_oidc(wanted: Registration) -> tuple[str, str]:
    """Issuer, and the URL that must be https."""
    if wanted.metadata is not None or wanted.subject_attribute is not None:
        raise InvalidProvider("metadata and subjectAttribute belong to a SAML provider; 'kind' is saml")
    if not wanted.client_id:
        raise InvalidProvider("an OIDC provider needs a clientId")
    issuer = wanted.issuer or {"google": GOOGLE_ISSUER, "microsoft": MICROSOFT_ISSUER}.get(wanted.preset or "", "")
    return issuer, issuer


def _of_saml(wanted: Registration) -> tuple[str, str]:
    """Entity id, and the URL that browsers are sent to."""
    if wanted.metadata is None:
        raise InvalidProvider("a SAML provider needs its metadata: the XML file that its administrator hands out")
    if wanted.client_id or wanted.client_secret or wanted.preset:
        raise InvalidProvider("clientId, clientSecret and preset belong to an OIDC provider; 'kind' is oidc")
    entity_id = wanted.metadata.entity_id
    if wanted.issuer not in (None, entity_id):
        raise InvalidProvider(f"the metadata is of {entity_id}, not of {wanted.issuer}")
    attribute = wanted.subject_attribute
    if attribute is not None and not 0 < len(attribute) <= _LONGEST_ATTRIBUTE:
        raise InvalidProvider(f"a subjectAttribute has 1 to {_LONGEST_ATTRIBUTE} characters")
    return entity_id, wanted.metadata.sign_in_url


def _check_address(wanted: Registration, address: str) -> None:
    """https; on loopback, where the administrator says so, plain http as well. A sign-in address may have a query."""
    what = "sign-in address" if wanted.kind == "saml" else "issuer"
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise InvalidProvider(f"the {what} '{address}' is no URL") from error
    loopback = parts.scheme == "http" and wanted.private_network and parts.hostname in _LOOPBACK
    extra = parts.fragment or (parts.query and wanted.kind == "oidc")
    if not loopback and (parts.scheme != "https" or not parts.hostname or extra):
        raise InvalidProvider(f"the {what} '{address}' is no https URL")


def _domain(tenant: Tenant, text: str) -> str:
    try:
        domain = checked_domain(text)
    except InvalidAddress as error:
        raise InvalidProvider(f"'{text}' is no domain") from error
    if domain in tenant.domains:
        raise InvalidProvider(f"{domain} is a verified domain of this tenant; its members sign in here")
    return domain


# --------------------------------------------------------------- by an administrator


def add(tx: Transaction, world: World, caller: Caller, wanted: Registration) -> Provider:
    """`register` for a caller whose rights the door has checked."""
    return register(tx, world, _tenant(tx, caller), wanted, actor_of(caller))


def remove(tx: Transaction, world: World, caller: Caller, id: str) -> None:
    """Guests bound to it cannot sign in until a reset. Raises NotFound."""
    provider = _existing(tx, caller, id)
    providers.delete(tx, caller.tenant_id, provider.id)
    _record(tx, world, caller, provider, "Delete identity provider", "Delete")


def renew(tx: Transaction, world: World, tenant_id: str, id: str, metadata: Metadata, *, actor: Actor) -> Provider:
    """Pin other metadata of the same SAML provider: its certificates were changed. Raises InvalidProvider, NotFound."""
    provider = providers.get(tx, tenant_id, id.lower())
    if provider is None:
        raise NotFound(id)
    if provider.kind != "saml" or provider.issuer != metadata.entity_id:
        raise InvalidProvider(f"the metadata is of {metadata.entity_id}, not of {provider.issuer}")
    wanted = Registration(provider.domains, "saml", private_network=provider.private_network)
    _check_address(wanted, metadata.sign_in_url)
    providers.renew_metadata(tx, tenant_id, provider.id, metadata)
    target = (_KIND, provider.id, provider.name)
    event = object_event(
        "Update identity provider", "Policy", "Update", target, certificates=len(metadata.certificates)
    )
    audit.append(tx, tenant_id, actor, (event,), now=world.now(), new_id=world.new_id)
    return provider


def enable(tx: Transaction, world: World, caller: Caller, id: str, *, enabled: bool) -> Provider:
    """Switched off, it stops sign-in, redemption and refresh at their next use (security I7). Raises NotFound."""
    provider = _existing(tx, caller, id)
    if provider.enabled != enabled:
        providers.enable(tx, caller.tenant_id, provider.id, enabled=enabled)
        _record(tx, world, caller, provider, "Update identity provider", "Update", enabled=enabled)
    return _existing(tx, caller, id)


def _existing(tx: Transaction, caller: Caller, id: str) -> Provider:
    provider = providers.get(tx, caller.tenant_id, id.lower())
    if provider is None:
        raise NotFound(id)
    return provider


def _tenant(tx: Transaction, caller: Caller) -> Tenant:
    tenant = tenants.get(tx, caller.tenant_id)
    assert tenant is not None
    return tenant


def _record(
    tx: Transaction, world: World, caller: Caller, provider: Provider, activity: str, operation: str, **details: object
) -> None:
    target = (_KIND, provider.id, provider.name)
    record(tx, world, caller, object_event(activity, "Policy", operation, target, **details))
