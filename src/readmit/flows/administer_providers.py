"""An administrator's hand on home identity providers: add one that answers, change, switch, remove (security I1, I7).

Adding asks the provider itself first, outside any transaction: what cannot work is not registered.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from readmit.domain.errors import NotFound, ProviderRefused, Unavailable
from readmit.domain.permission import Caller
from readmit.domain.provider import InvalidProvider, Provider
from readmit.domain.saml import Metadata
from readmit.flows.directory import tenant_of
from readmit.flows.providers import (
    KIND,
    Registration,
    check_domains,
    check_name,
    checked_domains,
    checked_name,
    planned,
    register,
    renew,
    sealed_secret,
)
from readmit.flows.record import actor_of, object_event, record
from readmit.flows.world import World
from readmit.proofs.oidc import Inspection, ProviderDown
from readmit.proofs.saml import metadata as saml_metadata
from readmit.storage import providers
from readmit.storage.transaction import Transaction

_PRIVATE = "an address that is not public"


@dataclass(frozen=True, slots=True)
class Added:
    """The new provider, and what its administrator should read."""

    provider: Provider
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be different; None leaves it. An empty `client_secret` makes a public client."""

    name: str | None = None
    enabled: bool | None = None
    domains: tuple[str, ...] | None = None
    client_id: str | None = None
    client_secret: str | None = None
    private_network: bool | None = None
    metadata: Metadata | None = None
    """Of a SAML provider: its certificates or its address were changed."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the metadata of a SAML provider comes from: its text, or a URL that this server fetches."""

    text: str | None = None
    url: str | None = None


@contextmanager
def _in_words() -> Iterator[None]:
    """Rules of registering speak as InvalidProvider; a caller hears ProviderRefused."""
    try:
        yield
    except InvalidProvider as error:
        raise ProviderRefused(_sentence(str(error))) from error


def _sentence(text: str) -> str:
    capital = text.partition(" ")[0] in ("a", "an", "another", "the")
    return f"{text[0].upper() if capital else text[0]}{text[1:]}."


# ------------------------------------------------------------------------ adding


def connect(world: World, caller: Caller, wanted: Registration, source: Source | None = None) -> Added:
    """Check, ask the provider, register: a sequence of three. Raises ProviderRefused."""
    if source is not None:
        wanted = replace(wanted, metadata=_metadata(world, source, private=wanted.private_network))
    candidate = world.database.read(_planned, world, caller, wanted)
    found = _inspected(world, candidate, wanted.metadata)
    if found.problems:
        raise ProviderRefused(f"{candidate.name} cannot be used: {'; '.join(map(_hinted, found.problems))}.")
    return Added(world.database.write(add, world, caller, wanted), found.warnings)


def _metadata(world: World, source: Source, *, private: bool) -> Metadata:
    """What to pin of a SAML provider. Raises ProviderRefused."""
    raw = source.text.encode() if source.text is not None else b""
    if source.url is not None:
        try:
            raw = world.relying_party.document(source.url, private=private)
        except ProviderDown as down:
            hint = "save the file and give it instead, if it can be reached from elsewhere"
            raise ProviderRefused(f"The metadata cannot be fetched: {_hinted(str(down))}; {hint}.") from down
    with _in_words():
        return saml_metadata.read(raw)


def _inspected(world: World, provider: Provider, pinned: Metadata | None) -> Inspection:
    """A SAML provider is not asked: what is pinned of it is all that counts."""
    if provider.kind != "saml" or pinned is None:
        return world.relying_party.inspect(provider)
    warned = saml_metadata.warnings(pinned, world.now())
    return Inspection(warnings=tuple(text.rstrip(".") for text in warned))


def _planned(tx: Transaction, world: World, caller: Caller, wanted: Registration) -> Provider:
    with _in_words():
        return planned(tx, world, tenant_of(tx, caller), wanted)


def add(tx: Transaction, world: World, caller: Caller, wanted: Registration) -> Provider:
    """Register without asking the provider. Raises ProviderRefused."""
    with _in_words():
        return register(tx, world, tenant_of(tx, caller), wanted, actor_of(caller))


def _hinted(problem: str) -> str:
    return f"{problem}, and privateNetwork (--private-network) is not given" if _PRIVATE in problem else problem


def check(world: World, caller: Caller, id: str) -> Inspection:
    """What a registered provider answers now. Raises NotFound."""
    provider = world.database.read(_existing, caller, id)
    return _inspected(world, provider, world.database.read(providers.metadata, provider.id))


# ---------------------------------------------------------------------- changing


def alter(world: World, caller: Caller, id: str, wanted: Changes, source: Source) -> Provider:
    """`change`, with metadata that is read before. Raises NotFound, ProviderRefused."""
    provider = world.database.read(_existing, caller, id)
    private = provider.private_network if wanted.private_network is None else wanted.private_network
    pinned = _metadata(world, source, private=private)
    return world.database.write(change, world, caller, id, replace(wanted, metadata=pinned))


def change(tx: Transaction, world: World, caller: Caller, id: str, wanted: Changes) -> Provider:
    """Write what is different; without change nothing is noted (graph G46). Raises NotFound, ProviderRefused.

    Switched off, it stops sign-in, redemption and refresh at their next use; on again, its guests are in again (I7).
    """
    before = _existing(tx, caller, id)
    with _in_words():
        after = _changed(tx, caller, before, wanted)
    told: dict[str, object] = {
        name: [old, new]
        for name, old, new in (
            ("displayName", before.name, after.name),
            ("enabled", before.enabled, after.enabled),
            ("domains", list(before.domains), list(after.domains)),
            ("clientId", before.client_id, after.client_id),
            ("privateNetwork", before.private_network, after.private_network),
        )
        if old != new
    }
    if told and not providers.update(tx, after):
        raise Unavailable
    if wanted.client_secret is not None:
        had = "one" if providers.secret(tx, before.id) is not None else "none"
        sealed = sealed_secret(world, wanted.client_secret) if wanted.client_secret else None
        providers.set_secret(tx, before.id, sealed)
        told["clientSecret"] = [had, "a new one" if sealed else "none"]
    if told:
        _record(tx, world, caller, after, "Update identity provider", "Update", changed=told)
    if wanted.metadata is not None:
        with _in_words():
            renew(tx, world, caller.tenant_id, before.id, wanted.metadata, actor=actor_of(caller))
    return after


def _changed(tx: Transaction, caller: Caller, before: Provider, wanted: Changes) -> Provider:
    after = replace(
        before,
        name=before.name if wanted.name is None else checked_name(wanted.name),
        enabled=before.enabled if wanted.enabled is None else wanted.enabled,
        client_id=before.client_id if wanted.client_id is None else wanted.client_id,
        private_network=before.private_network if wanted.private_network is None else wanted.private_network,
    )
    if wanted.name is not None:
        check_name(tx, after)
    if wanted.domains is not None:
        domains = tuple(sorted(checked_domains(tenant_of(tx, caller), wanted.domains)))
        after = replace(after, domains=domains)
        check_domains(tx, after)
    return after


def enable(tx: Transaction, world: World, caller: Caller, id: str, *, enabled: bool) -> Provider:
    """Switch on or off. Raises NotFound."""
    return change(tx, world, caller, id, Changes(enabled=enabled))


def remove(tx: Transaction, world: World, caller: Caller, id: str) -> None:
    """Guests bound to it cannot sign in until a reset, or until its issuer is registered again. Raises NotFound."""
    provider = _existing(tx, caller, id)
    providers.delete(tx, caller.tenant_id, provider.id)
    _record(tx, world, caller, provider, "Delete identity provider", "Delete")


def _existing(tx: Transaction, caller: Caller, id: str) -> Provider:
    provider = providers.get(tx, caller.tenant_id, id.lower())
    if provider is None:
        raise NotFound(id)
    return provider


def _record(
    tx: Transaction, world: World, caller: Caller, provider: Provider, activity: str, operation: str, **details: object
) -> None:
    target = (KIND, provider.id, provider.name)
    record(tx, world, caller, object_event(activity, "Policy", operation, target, **details))
