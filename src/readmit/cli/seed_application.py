"""An application of a seed file."""

from __future__ import annotations

import difflib
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from readmit.cli.seed_entry import Entry, fail
from readmit.domain.graph_permissions import ROLE_IDS, SCOPE_NAMES
from readmit.flows.seed import SeedApplication
from readmit.proofs import assertion

_APPLICATION: Final = (
    *(
        "displayName",
        "appId",
        "clientSecret",
        "certificate",
        "permissions",
        "delegatedPermissions",
        "redirectUris",
        "appRoles",
    ),
    *("identifierUris", "signInAudience", "description", "notes", "tags", "api", "web", "spa", "publicClient"),
    *("requiredResourceAccess", "optionalClaims", "groupMembershipClaims", "isFallbackPublicClient", "info"),
    *("appRoleAssignmentRequired", "homepage", "logoutUrl", "pkceOptional", "deviceCode"),
)
_KEPT: Final = (
    *("signInAudience", "description", "notes", "tags", "api", "requiredResourceAccess", "optionalClaims"),
    *("groupMembershipClaims", "isFallbackPublicClient", "info", "logoutUrl", "pkceOptional", "deviceCode"),
)


def application(entry: Entry) -> SeedApplication:
    """An entry of `applications`; raises OperatorError with its line."""
    entry.allow(*_APPLICATION)
    _known(entry, "permissions", ROLE_IDS)
    _known(entry, "delegatedPermissions", SCOPE_NAMES)
    roles = entry.value("appRoles") or []
    if not isinstance(roles, list) or not all(isinstance(role, dict) and role.get("value") for role in roles):
        raise fail(entry.line_of("appRoles"), "each entry of 'appRoles' has at least a 'value'")
    web, spa, public = (entry.value(name) or {} for name in ("web", "spa", "publicClient"))
    return SeedApplication(
        display_name=entry.needed("displayName"),
        app_id=entry.uuid("appId"),
        client_secret=entry.text("clientSecret"),
        permissions=entry.texts("permissions"),
        delegated=entry.texts("delegatedPermissions"),
        properties={name: entry.value(name) for name in _KEPT if entry.has(name)} | _web(web) | _certificate(entry),
        web_redirect_uris=entry.uris("redirectUris", *entry.texts("redirectUris"), *web.get("redirectUris", ())),
        spa_redirect_uris=entry.uris("spa", *spa.get("redirectUris", ())),
        public_redirect_uris=entry.uris("publicClient", *public.get("redirectUris", ())),
        identifier_uris=entry.texts("identifierUris"),
        app_roles=tuple(roles),
        assignment_required=entry.flag("appRoleAssignmentRequired", False),
        homepage=entry.text("homepage") or web.get("homePageUrl"),
        line=entry.line,
    )


def _web(web: Mapping[str, Any]) -> dict[str, Any]:
    """What `web` says beside its redirect URIs, where PATCH keeps it: `logoutUrl`, `implicitGrantSettings`."""
    rest = {name: value for name, value in web.items() if name not in ("redirectUris", "homePageUrl")}
    return {"web": rest} if rest else {}


def _certificate(entry: Entry) -> dict[str, Any]:
    """The certificate that verifies an application's assertions: PEM text, or the path of a PEM file."""
    text = entry.text("certificate")
    if text is None:
        return {}
    try:
        pem = text if "-----BEGIN" in text else Path(text).read_text(encoding="utf-8")
        found = assertion.certificate(pem)
    except (OSError, UnicodeDecodeError) as error:
        raise fail(entry.line_of("certificate"), f"'certificate' is PEM text or a readable file: {error}") from error
    except assertion.InvalidCertificate as error:
        raise fail(entry.line_of("certificate"), str(error)) from error
    key_id = str(uuid.uuid5(uuid.NAMESPACE_OID, pem))
    return {"keyCredentials": [assertion.key_credential(found, key_id=key_id)]}


def _known(entry: Entry, name: str, known: Iterable[str]) -> None:
    names = list(known)
    for value in entry.texts(name):
        if value not in names:
            near = difflib.get_close_matches(value, names, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise fail(entry.line_of(name), f"'{value}' is no permission that readmit knows{hint}")
