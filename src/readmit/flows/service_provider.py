"""What this server is to a SAML provider: the metadata that its administrator takes over (SAML 2.0 metadata)."""

from __future__ import annotations

from readmit.domain.errors import Unavailable
from readmit.flows.upstream import callback_uri
from readmit.flows.upstream_saml import entity_id
from readmit.flows.world import World
from readmit.proofs.saml import service
from readmit.storage import providers, saml
from readmit.storage.transaction import Transaction


def metadata(tx: Transaction, world: World, provider_id: str) -> bytes | None:
    """Our metadata for a registered SAML provider; None for any other id. Reads only."""
    provider = providers.anywhere(tx, provider_id)
    pinned = providers.metadata(tx, provider_id)
    if provider is None or pinned is None:
        return None
    key = saml.key(tx)
    if key is None:
        raise Unavailable
    return service.metadata(
        entity_id(world, provider.id),
        callback_uri(world, provider.id),
        key[1],
        signs=pinned.wants_signed_requests,
        persistent=provider.subject_attribute is None,
    )
