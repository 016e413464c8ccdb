"""Home identity providers of a seed file: OpenID providers by issuer, SAML providers by the file of their metadata."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, cast

from readmit.cli.seed_entry import Entry, fail
from readmit.domain.provider import KINDS, PRESETS, InvalidProvider, Preset, ProviderKind
from readmit.domain.saml import Metadata
from readmit.flows.providers import Registration
from readmit.flows.seed import SeedProvider
from readmit.proofs.saml import metadata

_KEYS: Final = (
    *("id", "domain", "domains", "kind", "name", "issuer", "clientId", "clientSecret", "preset", "metadata"),
    *("subjectAttribute", "allowPrivateNetwork"),
)


def provider(entry: Entry) -> SeedProvider:
    """One entry of `identityProviders`."""
    entry.allow(*_KEYS)
    kind, preset = entry.text("kind") or "oidc", entry.text("preset")
    if kind not in KINDS:
        raise fail(entry.line_of("kind"), f"'kind' is {' or '.join(KINDS)}")
    if preset is not None and preset not in PRESETS:
        raise fail(entry.line_of("preset"), f"'preset' is one of {', '.join(PRESETS)}")
    one, id = entry.text("domain"), entry.text("id")
    return SeedProvider(
        Registration(
            domains=(*((one,) if one else ()), *entry.texts("domains")),
            kind=cast(ProviderKind, kind),
            name=entry.text("name"),
            issuer=entry.text("issuer"),
            client_id=entry.text("clientId"),
            client_secret=entry.text("clientSecret"),
            preset=cast(Preset | None, preset),
            private_network=entry.flag("allowPrivateNetwork", False),
            metadata=_metadata(entry),
            subject_attribute=entry.text("subjectAttribute"),
            id=id.lower() if id else None,
        ),
        entry.line,
    )


def _metadata(entry: Entry) -> Metadata | None:
    """The file that `metadata` names, relative to the seed file."""
    path = entry.text("metadata")
    if path is None:
        return None
    try:
        return metadata.read((entry.folder / path).read_bytes())
    except OSError as error:
        raise fail(entry.line_of("metadata"), f"the metadata {path} cannot be read: {error.strerror}") from error
    except InvalidProvider as error:
        raise fail(entry.line_of("metadata"), f"{path}: {error}") from error


def warnings(providers: Iterable[SeedProvider], now: datetime) -> list[str]:
    """Certificates that have ended, or have not begun."""
    pinned = [entry.registration.metadata for entry in providers if entry.registration.metadata is not None]
    return [warning for one in pinned for warning in metadata.warnings(one, now)]
