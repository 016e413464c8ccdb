"""What a seed file says, entry by entry, and what a run over it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from readmit.domain.address import EmailAddress
from readmit.domain.cross_tenant import Inbound, InboundTrust, UserConsent
from readmit.domain.tenant import TenantSettings
from readmit.flows.providers import Registration


@dataclass(frozen=True, slots=True)
class SeedUser:
    upn: str
    display_name: str
    password: str | None = None
    mail: str | None = None
    roles: tuple[str, ...] = ()
    given_name: str | None = None
    surname: str | None = None
    enabled: bool = True
    preferred_language: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedApplication:
    display_name: str
    app_id: str | None = None
    client_secret: str | None = None
    permissions: tuple[str, ...] = ()
    delegated: tuple[str, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    web_redirect_uris: tuple[str, ...] = ()
    spa_redirect_uris: tuple[str, ...] = ()
    public_redirect_uris: tuple[str, ...] = ()
    identifier_uris: tuple[str, ...] = ()
    app_roles: tuple[Mapping[str, Any], ...] = ()
    assignment_required: bool = False
    homepage: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedGuest:
    email: EmailAddress
    display_name: str | None = None
    state: str = "PendingAcceptance"
    identity: Mapping[str, str] | None = None
    user_type: str = "Guest"
    preferred_language: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedGroup:
    display_name: str
    members: tuple[str, ...] = ()
    mail: str | None = None
    description: str | None = None
    role_assignable: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedAssignment:
    application: str
    role: str | None
    principal: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedProvider:
    registration: Registration
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedPartner:
    """`tenant` is an id, or a domain of a tenant on this server; the other fields are those of a Partner."""

    tenant: str
    inbound: Inbound | None = None
    trust: InboundTrust | None = None
    consent: UserConsent | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SeedTenant:
    display_name: str
    initial_domain: str
    domains: tuple[str, ...] = ()
    id: str | None = None
    preferred_language: str | None = None
    privacy_url: str | None = None
    privacy_contact: str | None = None
    settings: TenantSettings = field(default_factory=TenantSettings)
    users: tuple[SeedUser, ...] = ()
    applications: tuple[SeedApplication, ...] = ()
    guests: tuple[SeedGuest, ...] = ()
    groups: tuple[SeedGroup, ...] = ()
    assignments: tuple[SeedAssignment, ...] = ()
    providers: tuple[SeedProvider, ...] = ()
    partners: tuple[SeedPartner, ...] = ()
    line: int = 0


@dataclass(slots=True)
class Report:
    """What a run did: entries made, and entries that are no longer as the file says."""

    made: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)


def application_key(application: SeedApplication) -> str:
    """By what a later run finds an application: its client id, or its name where the file gives none."""
    return application.app_id or application.display_name
