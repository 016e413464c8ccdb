"""Asking an OpenID provider, and what its answer proves (security I2 to I4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from readmit.domain.provider import Identity, Provider, TurnedBack, identity_of
from readmit.domain.redemption import Proof
from readmit.flows.world import World
from readmit.proofs.oidc import Asked
from readmit.storage import providers
from readmit.storage.providers import Waiting


def sign_in_url(
    world: World, provider: Provider, waiting: Waiting, state: str, *, hint: str | None, max_age: int | None
) -> str:
    """Where the browser goes; a proof older than `max_age` seconds will not do. Raises ProviderDown."""
    asked = _asked(waiting, state)
    return world.relying_party.authorization_url(provider, asked, world.now(), login_hint=hint, max_age=max_age)


def believe(world: World, provider: Provider, waiting: Waiting, values: Mapping[str, str]) -> Proof:
    """The proof behind an authorization response. Raises ProviderDown, Untrusted, TurnedBack."""
    refusal = values.get("error")
    if refusal is not None:
        raise TurnedBack(refusal[:64])
    sealed = world.database.read(providers.secret, provider.id)
    secret = world.keyring.unseal(sealed).decode() if sealed is not None else None
    asked = _asked(waiting, values.get("state", ""))
    claims = world.relying_party.redeem(provider, secret, asked, values, world.now())
    return _proof(world, identity_of(provider, claims), claims)


def _asked(waiting: Waiting, state: str) -> Asked:
    return Asked(state, waiting.nonce, waiting.verifier, waiting.redirect_uri)


def _proof(world: World, identity: Identity, claims: Mapping[str, Any]) -> Proof:
    now = world.now()
    amr = claims.get("amr")
    methods = tuple(m for m in amr if isinstance(m, str) and len(m) <= 32)[:8] if isinstance(amr, list) else ()
    return Proof(
        binding=identity.binding,
        keys=identity.keys,
        shown=identity.shown,
        at=now,
        auth_time=_auth_time(claims.get("auth_time"), now),
        amr=methods or ("fed",),
        names=identity.names,
    )


def _auth_time(claimed: object, now: datetime) -> datetime:
    """When the person proved it there; never in the future, and now where the provider does not say."""
    if isinstance(claimed, bool) or not isinstance(claimed, int | float) or not 0 < claimed < now.timestamp():
        return now
    return datetime.fromtimestamp(int(claimed), UTC)
