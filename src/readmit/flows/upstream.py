"""Proving who one is at a home identity provider outside this server (lifecycle section 7, security I1 to I7).

Asking and hearing the answer are short sequences: what the database knows, what the provider says (outside any
transaction), and what follows. The request waits under a one-use state that is bound to the flow and its browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from readmit.domain.errors import DeadEnd, Page
from readmit.domain.provider import Identity, Provider, Untrusted, identity_of
from readmit.domain.redemption import Flow, Proof
from readmit.flows.browsers import Browser, digest
from readmit.flows.meant import counters, meant
from readmit.flows.world import World
from readmit.proofs.oidc import Asked, ProviderDown
from readmit.storage import browser_flows, providers
from readmit.storage.providers import Waiting
from readmit.storage.transaction import Transaction

CALLBACK: Final = "/signin/callback"
"""Below it one path for each provider (security I2)."""
_log = structlog.get_logger("readmit.upstream")


class NotHere(Exception):
    """A callback that nobody here waits for: another browser's, a used one, or an invented one."""


# ----------------------------------------------------------------------- asking


def ask(world: World, browser: Browser, flow_id: str) -> str:
    """The URL at the provider where this browser proves who it is. Raises DeadEnd (P14, PU2)."""
    flow, provider = world.database.read(_asked_provider, world, browser, flow_id)
    asked = Asked(
        state=world.new_secret(),
        nonce=world.new_secret(),
        verifier=world.new_secret(),
        redirect_uri=callback_uri(world, provider.id),
    )
    hint = flow.address.given if flow.address is not None else None
    try:
        url = world.relying_party.authorization_url(provider, asked, world.now(), login_hint=hint)
    except ProviderDown as down:
        raise _unavailable(provider, down) from down
    waiting = Waiting(flow.id, provider.id, asked.nonce, asked.verifier, asked.redirect_uri)
    world.database.write(_wait, world, browser, digest(asked.state), waiting)
    return url


def callback_uri(world: World, provider_id: str) -> str:
    """What the administrator registers at the provider."""
    return f"{world.settings.public_url}{CALLBACK}/{provider_id}"


def _asked_provider(tx: Transaction, world: World, browser: Browser, flow_id: str) -> tuple[Flow, Provider]:
    flow = _flow(tx, world, browser, flow_id)
    provider = providers.get(tx, flow.tenant_id, flow.provider_id) if flow.provider_id else None
    if provider is None or not provider.enabled:
        raise DeadEnd(Page.CLOSED)
    return flow, provider


def _wait(tx: Transaction, world: World, browser: Browser, hash: str, waiting: Waiting) -> None:
    flow = _flow(tx, world, browser, waiting.flow_id)
    providers.wait(tx, hash, replace(waiting, counters=counters(tx, flow)), world.now())


def _flow(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Flow:
    flow = browser_flows.get(tx, flow_id, browser.flow_hash)
    if flow is None or flow.expires <= world.now():
        raise DeadEnd(Page.CLOSED)
    return flow


# ------------------------------------------------------------------- the answer


@dataclass(frozen=True, slots=True)
class Answer:
    """An authorization response as it came: at which provider's path, with which parameters (each once)."""

    provider_id: str
    values: Mapping[str, str]


def waiting_flow(tx: Transaction, answer: Answer) -> str:
    """The flow that a state belongs to; reads only. Raises NotHere."""
    found = providers.waiting(tx, digest(answer.values.get("state", "")))
    if found is None or found.provider_id != answer.provider_id:
        raise NotHere
    return found.flow_id


def hear(world: World, browser: Browser, flow_id: str, answer: Answer) -> None:
    """Believe the answer, or not: afterwards the flow holds the proof. Raises DeadEnd, NotHere.

    The state is used up first, whatever the answer is worth (V4); what the provider did not vouch for binds nothing.
    """
    waiting, provider, secret = world.database.write(_use, world, browser, flow_id, answer)
    refusal = answer.values.get("error")
    if refusal is not None:
        _log.info("provider refused", provider=provider.id, error=refusal[:64])
        raise DeadEnd(Page.PROVIDER_REFUSED, x=provider.name)
    asked = Asked(answer.values.get("state", ""), waiting.nonce, waiting.verifier, waiting.redirect_uri)
    plain = world.keyring.unseal(secret).decode() if secret is not None else None
    try:
        claims = world.relying_party.redeem(provider, plain, asked, answer.values, world.now())
        identity = identity_of(provider, claims)
    except ProviderDown as down:
        raise _unavailable(provider, down) from down
    except Untrusted as error:
        _log.warning("provider's answer not believed", provider=provider.id, reason=str(error))
        raise DeadEnd(Page.PROVIDER_UNTRUSTED, x=provider.name) from error
    proof = replace(_proof(world, identity, claims), counters=waiting.counters)
    world.database.write(_prove, world, browser, flow_id, provider.id, proof)


def _use(
    tx: Transaction, world: World, browser: Browser, flow_id: str, answer: Answer
) -> tuple[Waiting, Provider, str | None]:
    flow = _flow(tx, world, browser, flow_id)
    hash = digest(answer.values.get("state", ""))
    waiting = providers.waiting(tx, hash)
    if waiting is None or waiting.flow_id != flow.id or waiting.provider_id != answer.provider_id:
        raise NotHere
    if waiting.counters is not None and not waiting.counters.hold(meant(tx, flow)):
        raise NotHere
    providers.answered(tx, hash)
    provider = providers.get(tx, flow.tenant_id, waiting.provider_id)
    if provider is None or not provider.enabled or flow.provider_id != provider.id:
        raise DeadEnd(Page.CLOSED)
    return waiting, provider, providers.secret(tx, provider.id)


def _prove(tx: Transaction, world: World, browser: Browser, flow_id: str, provider_id: str, proof: Proof) -> None:
    """The flow may have ended, and the provider may have been switched off, while the answer was checked (I7)."""
    flow = _flow(tx, world, browser, flow_id)
    provider = providers.get(tx, flow.tenant_id, provider_id)
    if provider is None or not provider.enabled or flow.provider_id != provider_id:
        raise DeadEnd(Page.CLOSED)
    browser_flows.update(tx, replace(flow, proof=proof))


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


def _unavailable(provider: Provider, down: ProviderDown) -> DeadEnd:
    _log.warning("provider unavailable", provider=provider.id, reason=str(down))
    return DeadEnd(Page.PROVIDER_DOWN, x=provider.name)
