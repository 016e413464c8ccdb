"""Proving who one is at a home identity provider outside this server (lifecycle section 7, security I1 to I9).

Asking and hearing the answer are short sequences: what the database knows, what the provider says (outside any
transaction), and what follows. The request waits under a one-use state that is bound to the flow and its browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

import structlog

from readmit.domain.errors import DeadEnd, Page
from readmit.domain.provider import Provider, TurnedBack, Untrusted
from readmit.domain.redemption import Flow, Proof, allowed_age
from readmit.domain.saml import Metadata
from readmit.flows import methods, upstream_oidc, upstream_saml
from readmit.flows.browsers import Browser, digest
from readmit.flows.meant import counters, meant
from readmit.flows.upstream_saml import Once
from readmit.flows.world import World
from readmit.proofs.oidc import ProviderDown
from readmit.storage import attempts, browser_flows, providers, saml, tenants
from readmit.storage.providers import Waiting
from readmit.storage.transaction import Transaction

CALLBACK: Final = "/signin/callback"
"""Below it one path for each provider (security I2)."""
_ANSWERED: Final = "provider-answer"
"""The scope under which the answers on one way are counted."""
_log = structlog.get_logger("readmit.upstream")


class NotHere(Exception):
    """A callback that nobody here waits for: another browser's, a used one, or an invented one."""


# ----------------------------------------------------------------------- asking


def ask(world: World, browser: Browser, flow_id: str) -> str:
    """The URL at the provider where this browser proves who it is. Raises DeadEnd (P14, PU2).

    Who comes a second time on one way was the wrong one, or turned back: the provider is to ask, not to remember.
    """
    flow, provider, pinned, again = world.database.read(_asked_provider, world, browser, flow_id)
    state, hint = world.new_secret(), flow.address.given if flow.address is not None else None
    waiting = Waiting(
        flow_id=flow.id,
        provider_id=provider.id,
        nonce=world.new_secret(),
        verifier=world.new_secret(),
        redirect_uri=callback_uri(world, provider.id),
        asked=world.now(),
    )
    try:
        if pinned is not None:
            asked = replace(upstream_saml.asked(world, waiting, state, allowed_age(flow)), again=again)
            url = upstream_saml.sign_in_url(world, provider, pinned, asked, hint=hint)
        else:
            max_age = 0 if again else allowed_age(flow)
            url = upstream_oidc.sign_in_url(world, provider, waiting, state, hint=hint, max_age=max_age)
    except ProviderDown as down:
        raise _unavailable(provider, down) from down
    world.database.write(_wait, world, browser, digest(state), waiting)
    return url


def callback_uri(world: World, provider_id: str) -> str:
    """What the administrator registers at the provider."""
    return f"{world.settings.public_url}{CALLBACK}/{provider_id}"


def origin(world: World, provider: Provider) -> str:
    """The origin that the form of the provider's page ends at (security H5)."""
    if provider.kind != "saml":
        return world.relying_party.origin(provider, world.now())
    pinned = world.database.read(providers.metadata, provider.id)
    parts = urlsplit(pinned.sign_in_url if pinned is not None else provider.issuer)
    return f"{parts.scheme}://{parts.netloc}"


def _asked_provider(
    tx: Transaction, world: World, browser: Browser, flow_id: str
) -> tuple[Flow, Provider, Metadata | None, bool]:
    flow = _flow(tx, world, browser, flow_id)
    provider = providers.get(tx, flow.tenant_id, flow.provider_id) if flow.provider_id else None
    if provider is None or not provider.enabled:
        raise DeadEnd(Page.CLOSED)
    again = attempts.current(tx, _ANSWERED, flow.id, now=world.now(), length=attempts.HOUR) > 0
    return flow, provider, providers.metadata(tx, provider.id), again


def _wait(tx: Transaction, world: World, browser: Browser, hash: str, waiting: Waiting) -> None:
    flow = _flow(tx, world, browser, waiting.flow_id)
    providers.wait(tx, hash, replace(waiting, counters=counters(tx, flow)))


def _flow(tx: Transaction, world: World, browser: Browser, flow_id: str) -> Flow:
    flow = browser_flows.get(tx, flow_id, browser.flow_hash)
    if flow is None or flow.expires <= world.now():
        raise DeadEnd(Page.CLOSED)
    return flow


# ------------------------------------------------------------------- the answer


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it came: at which provider's path, with which parameters (each once).

    A SAML answer has its state alone; the message is parked under it.
    """

    provider_id: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Heard:
    """What was asked, of whom, for what; of a SAML provider what is pinned, and the parked message."""

    flow: Flow
    waiting: Waiting
    provider: Provider
    pinned: Metadata | None
    message: str | None


def waiting_flow(tx: Transaction, answer: Answer) -> str:
    """The flow that a state belongs to; reads only. Raises NotHere."""
    found = providers.waiting(tx, digest(answer.values.get("state", "")))
    if found is None or found.provider_id != answer.provider_id:
        raise NotHere
    return found.flow_id


def park(tx: Transaction, world: World, answer: Answer, message: str) -> bool:
    """A SAML provider's posted answer: it brings no cookie, so it waits for the browser's GET (security N4).

    Only what answers a request of ours is kept, and nothing is used up; else False.
    """
    hash = digest(answer.values["state"])
    awaited = saml.awaited(tx, hash, answer.provider_id)
    if awaited:
        upstream_saml.park(tx, world, hash, message)
    return awaited


def hear(world: World, browser: Browser, flow_id: str, answer: Answer) -> None:
    """Believe the answer, or not: afterwards the flow holds the proof. Raises DeadEnd, NotHere.

    The state is used up first, whatever the answer is worth (V4); what the provider did not vouch for binds nothing.
    """
    heard = world.database.write(_use, world, browser, flow_id, answer)
    provider = heard.provider
    try:
        proof, once = _believe(world, heard, answer)
        proof = replace(proof, counters=heard.waiting.counters)
        world.database.write(_prove, world, browser, heard, proof, once)
    except ProviderDown as down:
        raise _unavailable(provider, down) from down
    except TurnedBack as error:
        _log.info("provider refused", provider=provider.id, error=str(error))
        raise DeadEnd(Page.PROVIDER_REFUSED, x=provider.name) from error
    except Untrusted as error:
        _log.warning("provider's answer not believed", provider=provider.id, reason=str(error))
        raise DeadEnd(Page.PROVIDER_UNTRUSTED, x=provider.name) from error


def _believe(world: World, heard: _Heard, answer: Answer) -> tuple[Proof, Once | None]:
    if heard.pinned is None or heard.message is None:
        return upstream_oidc.believe(world, heard.provider, heard.waiting, answer.values), None
    asked = upstream_saml.asked(world, heard.waiting, "", allowed_age(heard.flow))
    return upstream_saml.believe(world, heard.provider, heard.pinned, asked, heard.message)


def _use(tx: Transaction, world: World, browser: Browser, flow_id: str, answer: Answer) -> _Heard:
    flow = _flow(tx, world, browser, flow_id)
    hash = digest(answer.values.get("state", ""))
    # What follows may still refuse, and then the state waits on: nothing of a refusal is committed.
    message = upstream_saml.parked(tx, world, hash)
    waiting = providers.take(tx, hash)
    if waiting is None or waiting.flow_id != flow.id or waiting.provider_id != answer.provider_id:
        raise NotHere
    if waiting.counters is not None and not waiting.counters.hold(meant(tx, flow)):
        raise NotHere
    provider = providers.get(tx, flow.tenant_id, waiting.provider_id)
    pinned = providers.metadata(tx, waiting.provider_id)
    if pinned is not None and message is None:
        raise NotHere
    attempts.count(tx, _ANSWERED, flow.id, now=world.now(), length=attempts.HOUR)
    if provider is None or not provider.enabled or flow.provider_id != provider.id:
        raise DeadEnd(Page.CLOSED)
    tenant = tenants.get(tx, flow.tenant_id)
    assert tenant is not None
    speaker = methods.speaking_for(tx, tenant, provider, flow.address)
    return _Heard(flow, waiting, speaker, pinned, message)


def _prove(tx: Transaction, world: World, browser: Browser, heard: _Heard, proof: Proof, once: Once | None) -> None:
    """The flow may have ended, and the provider may have been switched off, while the answer was checked (I7)."""
    flow = _flow(tx, world, browser, heard.flow.id)
    provider = providers.get(tx, flow.tenant_id, heard.provider.id)
    if provider is None or not provider.enabled or flow.provider_id != provider.id:
        raise DeadEnd(Page.CLOSED)
    if once is not None:
        upstream_saml.use_up(tx, provider.id, once)
    browser_flows.update(tx, replace(flow, proof=proof))


def _unavailable(provider: Provider, down: ProviderDown) -> DeadEnd:
    _log.warning("provider unavailable", provider=provider.id, reason=str(down))
    return DeadEnd(Page.PROVIDER_DOWN, x=provider.name)
