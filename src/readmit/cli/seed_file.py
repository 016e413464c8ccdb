"""Reads a seed file: YAML with `${NAME}` from the environment; every refusal names the line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from readmit.cli import seed_application, seed_partners, seed_providers
from readmit.cli.failures import why
from readmit.cli.seed_entry import Entry, fail
from readmit.domain.address import EmailAddress, InvalidAddress
from readmit.domain.errors import OperatorError
from readmit.domain.tenant import InvalidSetting, TenantSettings
from readmit.flows.seed import (
    SeedAssignment,
    SeedGroup,
    SeedGuest,
    SeedTenant,
    SeedUser,
)

_LEAST_SECRET = 20


def read(path: Path, environ: Mapping[str, str]) -> tuple[SeedTenant, ...]:
    """The tenants of a seed file; raises OperatorError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"The seed file {path} cannot be read: {why(error)}.") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise fail(line, f"this is not YAML ({getattr(error, 'problem', None) or 'unreadable'})") from error
    if node is None:
        raise OperatorError(f"The seed file {path} is empty; it begins with 'tenants:'.")
    root = Entry(node, environ, "the file", folder=path.parent)
    root.allow("tenants")
    return tuple(_tenant(entry) for entry in root.each("tenants", "a tenant"))


def warnings(tenants: Iterable[SeedTenant], now: datetime) -> list[str]:
    """What is accepted in a seed but unwise anywhere else (security N8), or about to end."""
    found = []
    for tenant in tenants:
        found += seed_providers.warnings(tenant.providers, now)
        for application in tenant.applications:
            secret = application.client_secret
            if secret is not None and len(secret) < _LEAST_SECRET:
                name = application.display_name
                found.append(f"The secret of {name} is short: {_LEAST_SECRET} characters or more resist guessing.")
    return found


def _tenant(entry: Entry) -> SeedTenant:
    entry.allow(
        *(
            "id",
            "displayName",
            "initialDomain",
            "domains",
            "preferredLanguage",
            "privacyStatementUrl",
            "privacyContact",
            "settings",
        ),
        *("users", "applications", "guests", "groups", "appRoleAssignments", "identityProviders"),
        "crossTenantPartners",
    )
    name = entry.needed("displayName")
    slug = "".join(c for c in name.lower() if c.isascii() and c.isalnum()) or "tenant"
    return SeedTenant(
        display_name=name,
        initial_domain=entry.domain("initialDomain", entry.text("initialDomain") or f"{slug}.onmicrosoft.com"),
        domains=tuple(entry.domain("domains", domain) for domain in entry.texts("domains")),
        id=entry.uuid("id"),
        preferred_language=entry.text("preferredLanguage"),
        privacy_url=entry.text("privacyStatementUrl"),
        privacy_contact=_contact(entry),
        settings=_settings(entry),
        users=tuple(_user(user) for user in entry.each("users", "a user")),
        applications=tuple(seed_application.application(app) for app in entry.each("applications", "an application")),
        guests=tuple(_guest(guest) for guest in entry.each("guests", "a guest")),
        groups=tuple(_group(group) for group in entry.each("groups", "a group")),
        assignments=tuple(_assignment(one) for one in entry.each("appRoleAssignments", "an assignment")),
        providers=tuple(
            seed_providers.provider(one) for one in entry.each("identityProviders", "an identity provider")
        ),
        partners=tuple(seed_partners.partner(one) for one in entry.each("crossTenantPartners", "a partner")),
        line=entry.line,
    )


def _settings(entry: Entry) -> TenantSettings:
    value = entry.value("settings") or {}
    if not isinstance(value, dict):
        raise fail(entry.line_of("settings"), "'settings' is a mapping")
    try:
        return TenantSettings.parse(value)
    except InvalidSetting as error:
        raise fail(entry.line_of("settings"), str(error)) from error


def _address(entry: Entry, name: str) -> EmailAddress:
    text = entry.needed(name)
    try:
        return EmailAddress.parse(text)
    except InvalidAddress as error:
        raise fail(entry.line_of(name), f"'{text}' is no address: {error}") from error


def _user(entry: Entry) -> SeedUser:
    entry.allow(
        *("userPrincipalName", "displayName", "password", "mail", "roles", "givenName", "surname"),
        *("accountEnabled", "preferredLanguage"),
    )
    upn = _address(entry, "userPrincipalName").given
    mail = _address(entry, "mail").given if entry.has("mail") else None
    password = entry.text("password")
    if password is not None and not 1 <= len(password) <= 128:
        raise fail(entry.line_of("password"), "a password has at most 128 characters")
    return SeedUser(
        upn=upn,
        display_name=entry.text("displayName") or upn.partition("@")[0],
        password=password,
        mail=mail,
        roles=entry.texts("roles"),
        given_name=entry.text("givenName"),
        surname=entry.text("surname"),
        enabled=entry.flag("accountEnabled", True),
        preferred_language=entry.text("preferredLanguage"),
        line=entry.line,
    )


def _contact(entry: Entry) -> str | None:
    """An e-mail address, or none."""
    return _address(entry, "privacyContact").given if entry.has("privacyContact") else None


def _guest(entry: Entry) -> SeedGuest:
    entry.allow("email", "displayName", "state", "identity", "userType", "preferredLanguage")
    state = entry.text("state") or "PendingAcceptance"
    if state not in ("Accepted", "PendingAcceptance"):
        raise fail(entry.line_of("state"), "'state' is Accepted or PendingAcceptance")
    identity = entry.value("identity")
    if state == "Accepted" and not _is_identity(identity):
        text = "an Accepted guest needs 'identity': {tenant, user}, {kind: mail} or {issuer, subject}"
        raise entry.wrong(text)
    user_type = entry.text("userType") or "Guest"
    if user_type not in ("Guest", "Member"):
        raise fail(entry.line_of("userType"), "'userType' is Guest or Member")
    return SeedGuest(
        email=_address(entry, "email"),
        display_name=entry.text("displayName"),
        state=state,
        identity=identity,
        user_type=user_type,
        preferred_language=entry.text("preferredLanguage"),
        line=entry.line,
    )


def _is_identity(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return value == {"kind": "mail"} or set(value) in ({"tenant", "user"}, {"issuer", "subject"})


def _group(entry: Entry) -> SeedGroup:
    entry.allow("displayName", "members", "mail", "description", "isAssignableToRole")
    return SeedGroup(
        display_name=entry.needed("displayName"),
        members=entry.texts("members"),
        mail=_address(entry, "mail").given if entry.has("mail") else None,
        description=entry.text("description"),
        role_assignable=entry.flag("isAssignableToRole", False),
        line=entry.line,
    )


def _assignment(entry: Entry) -> SeedAssignment:
    entry.allow("application", "role", "principal")
    return SeedAssignment(
        application=entry.needed("application"),
        role=entry.text("role"),
        principal=entry.needed("principal"),
        line=entry.line,
    )
