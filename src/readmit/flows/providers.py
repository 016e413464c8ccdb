"""Registering a home identity provider of a tenant: what is checked, what is written (security I1, J1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from readmit.domain.address import InvalidAddress, checked_domain
from readmit.domain.audit import Actor
from readmit.domain.errors import NotFound, Unavailable
from readmit.domain.provider import (
    GOOGLE_DOMAINS,
    GOOGLE_ISSUER,
    MICROSOFT_ISSUER,
    InvalidProvider,
    Preset,
    Provider,
    ProviderKind,
    check_issuer,
    entra_issuer,
    plain,
)
from readmit.domain.saml import Metadata
from readmit.domain.tenant import Tenant
from readmit.flows.record import object_event
from readmit.flows.world import World
from readmit.storage import audit, providers
from readmit.storage.transaction import Transaction
from readmit.tokens import from_base64url

KIND: Final = "IdentityProvider"
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
    entra_tenant_id: str | None = None
    """Stands for the issuer of an Entra tenant, with that preset."""
    metadata: Metadata | None = None
    """Of a SAML provider: what `proofs.saml.metadata.read` made of its file."""
    subject_attribute: str | None = None
    """Of a SAML provider that sends no persistent NameID: the immutable attribute that says who somebody is."""
    id: str | None = None
    """For set-ups that must know the callback's address beforehand; made when absent."""


def register(tx: Transaction, world: World, tenant: Tenant, wanted: Registration, actor: Actor) -> Provider:
    """A new provider, enabled. Raises InvalidProvider in words for the administrator; nothing is written then."""
    provider = planned(tx, world, tenant, wanted)
    sealed = sealed_secret(world, wanted.client_secret) if wanted.client_secret else None
    if not providers.insert(tx, provider, secret=sealed, metadata=wanted.metadata, now=world.now()):
        raise Unavailable
    details = {"issuer": provider.issuer, "domains": list(provider.domains)}
    event = object_event("Add identity provider", "Policy", "Add", (KIND, provider.id, provider.name), **details)
    audit.append(tx, tenant.id, actor, (event,), now=world.now(), new_id=world.new_id)
    return provider


def planned(tx: Transaction, world: World, tenant: Tenant, wanted: Registration) -> Provider:
    """The provider that `register` would write; reads only. Raises InvalidProvider."""
    provider = _checked(world, tenant, wanted)
    if wanted.id is not None and providers.exists(tx, wanted.id):
        raise InvalidProvider(f"the id {wanted.id} is another provider's")
    taken = providers.by_issuer(tx, tenant.id, provider.issuer)
    if taken is not None:
        raise InvalidProvider(f"the issuer {provider.issuer} is registered already, as {taken.name}")
    check_domains(tx, provider)
    if wanted.name is not None:
        check_name(tx, provider)
    return provider


def check_name(tx: Transaction, provider: Provider) -> None:
    """A name that somebody gave leads to one provider. Raises InvalidProvider."""
    other = providers.by_name(tx, provider.tenant_id, provider.name)
    if other is not None and other.id != provider.id:
        raise InvalidProvider(f"another provider is called {other.name} already")


def check_domains(tx: Transaction, provider: Provider) -> None:
    """A domain has one provider. Raises InvalidProvider."""
    for domain in provider.domains:
        other = providers.of_domain(tx, provider.tenant_id, domain)
        if other is not None and other.id != provider.id:
            raise InvalidProvider(f"{domain} has a provider already: {other.name}")


def sealed_secret(world: World, secret: str) -> str:
    """A client secret as it is stored."""
    nonce = from_base64url(world.new_secret())[:12]
    return world.keyring.seal(secret.encode(), nonce)


def _checked(world: World, tenant: Tenant, wanted: Registration) -> Provider:
    issuer, address = _of_saml(wanted) if wanted.kind == "saml" else _of_oidc(wanted)
    domains = wanted.domains or (GOOGLE_DOMAINS if wanted.preset == "google" else ())
    check_issuer(issuer, frozenset({world.settings.public_url.rstrip("/")}))
    _check_address(wanted, address)
    if wanted.id is not None and not _UUID.fullmatch(wanted.id):
        raise InvalidProvider("a provider's id is a UUID in lower case")
    return Provider(
        id=wanted.id or world.new_id(),
        tenant_id=tenant.id,
        name=checked_name(wanted.name or urlsplit(issuer).hostname or urlsplit(address).hostname or issuer),
        kind=wanted.kind,
        issuer=issuer,
        domains=checked_domains(tenant, domains),
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
    issuer = wanted.issuer or _preset_issuer(wanted)
    if not issuer:
        raise InvalidProvider("a provider needs its issuer; with the preset entra its tenant id stands for it")
    return issuer, issuer


def _of_saml(wanted: Registration) -> tuple[str, str]:
    """Entity id, and the URL that browsers are sent to."""
    if wanted.metadata is None:
        raise InvalidProvider("a SAML provider needs its metadata: the XML file that its administrator hands out")
    if wanted.client_id or wanted.client_secret or wanted.preset or wanted.entra_tenant_id:
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


def _preset_issuer(wanted: Registration) -> str:
    """What a preset knows of the issuer; an Entra tenant's is made of its id."""
    if wanted.preset == "entra" and wanted.entra_tenant_id is not None:
        return entra_issuer(wanted.entra_tenant_id)
    return {"google": GOOGLE_ISSUER, "microsoft": MICROSOFT_ISSUER}.get(wanted.preset or "", "")


def checked_name(text: str) -> str:
    """A name on one line. Raises InvalidProvider."""
    name = plain(text)
    if not name or len(name) > _LONGEST_NAME:
        raise InvalidProvider(f"a provider's name has 1 to {_LONGEST_NAME} characters")
    return name


def checked_domains(tenant: Tenant, given: tuple[str, ...]) -> tuple[str, ...]:
    """Domains as A-labels, each once. Raises InvalidProvider."""
    if not given:
        raise InvalidProvider("a provider needs the address domains that it speaks for")
    return tuple(dict.fromkeys(_domain(tenant, domain) for domain in given))


def _domain(tenant: Tenant, text: str) -> str:
    try:
        domain = checked_domain(text)
    except InvalidAddress as error:
        raise InvalidProvider(f"'{text}' is no domain") from error
    if domain in tenant.domains:
        raise InvalidProvider(f"{domain} is a verified domain of this tenant; its members sign in here")
    return domain


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
    target = (KIND, provider.id, provider.name)
    event = object_event(
        "Update identity provider", "Policy", "Update", target, certificates=len(metadata.certificates)
    )
    audit.append(tx, tenant_id, actor, (event,), now=world.now(), new_id=world.new_id)
    return provider
