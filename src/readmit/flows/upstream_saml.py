"""Asking a SAML provider, and what its posted answer proves (security I9, N4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from readmit.domain.provider import Provider, Untrusted
from readmit.domain.redemption import Proof
from readmit.domain.saml import Metadata, identity_of
from readmit.flows import keys
from readmit.flows.browsers import digest
from readmit.flows.world import World
from readmit.proofs.saml import assertion, request, response
from readmit.proofs.saml.request import Asked
from readmit.storage import saml
from readmit.storage.providers import Waiting
from readmit.storage.transaction import Transaction
from readmit.tokens import from_base64url

SERVICE: Final = "/signin/saml"
"""Below it each provider finds our metadata; the address is our entity id as well (SAML 2.0 metadata 4.1)."""
PARKED: Final = timedelta(seconds=60)
"""How long a posted answer waits for its browser (security N4)."""
GRACE: Final = assertion.SKEW
"""How long an assertion still counts after its end, since clocks differ."""


@dataclass(frozen=True, slots=True)
class Once:
    """An assertion that must not be used again, and its end."""

    hash: str
    until: datetime


def entity_id(world: World, provider_id: str) -> str:
    """What this server is called towards one provider: of the public URL only, never of a request's host."""
    return f"{world.settings.public_url}{SERVICE}/{provider_id}"


def asked(world: World, waiting: Waiting, state: str, max_age: int | None) -> Asked:
    """The request that waits; its state is known to the browser alone once it was sent."""
    return Asked(
        id=f"_{waiting.nonce}",
        state=state,
        service=entity_id(world, waiting.provider_id),
        consumer=waiting.redirect_uri,
        # Who wants somebody to prove himself anew gets no old session of the provider either.
        fresh=waiting.asked if max_age is not None else None,
    )


def sign_in_url(world: World, provider: Provider, pinned: Metadata, asked: Asked, *, hint: str | None) -> str:
    """Where the browser goes."""
    return request.sign_in_url(
        asked,
        pinned.sign_in_url,
        world.now(),
        persistent=provider.subject_attribute is None,
        login_hint=hint,
        key=keys.ensure_request_key(world) if pinned.wants_signed_requests else None,
    )


def park(tx: Transaction, world: World, hash: str, message: str) -> None:
    """Keep a posted answer for its browser's GET, sealed: it is a credential for a minute."""
    nonce = from_base64url(world.new_secret())[:12]
    saml.park(tx, hash, world.keyring.seal(message.encode(), nonce), world.now())


def parked(tx: Transaction, world: World, hash: str) -> str | None:
    """The posted answer, still sealed, if it came within the last minute."""
    return saml.parked(tx, hash, world.now() - PARKED)


def believe(world: World, provider: Provider, pinned: Metadata, asked: Asked, message: str) -> tuple[Proof, Once]:
    """The proof in a parked answer. Raises Untrusted, TurnedBack. The caller uses the assertion up."""
    now = world.now()
    signed = response.signed_assertion(pinned, asked, world.keyring.unseal(message).decode())
    found = assertion.read(pinned, asked, signed, now)
    identity = identity_of(provider, found)
    proof = Proof(
        binding=identity.binding,
        keys=identity.keys,
        shown=identity.shown,
        at=now,
        auth_time=min(found.authenticated, now),
        amr=("fed", "mfa") if found.multi_factor else ("fed",),
        names=identity.names,
    )
    return proof, Once(digest(found.id), found.until)


def use_up(tx: Transaction, provider_id: str, once: Once) -> None:
    """Raises Untrusted for an assertion that was used before."""
    if not saml.use_assertion(tx, provider_id, once.hash, once.until):
        raise Untrusted("the assertion was used before")
