"""The tables of home identity providers and of what they were asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from readmit.domain.counters import Counters
from readmit.domain.provider import Provider
from readmit.domain.saml import Metadata
from readmit.storage.columns import from_json, micros, moment, to_json
from readmit.storage.transaction import Row, Transaction

_COLUMNS: Final = (
    "id, tenant_id, name, kind, issuer, client_id, preset, enabled, private_network, scopes, subject_attribute"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for a provider's answer."""

    flow_id: str
    provider_id: str
    nonce: str
    verifier: str
    redirect_uri: str
    asked: datetime
    counters: Counters | None = None
    """What it is held against (security G2)."""


def insert(
    tx: Transaction, provider: Provider, *, secret: str | None, metadata: Metadata | None, now: datetime
) -> bool:
    """Register; `secret` is sealed. False if the issuer, or one of the domains, has a provider already."""
    added = tx.run(
        f"INSERT INTO identity_providers ({_COLUMNS}, secret, metadata, created_at)"
        " VALUES (:id, :tenant, :name, :kind, :issuer, :client, :preset, :enabled, :private, :scopes,"
        " :attribute, :secret, :metadata, :created) ON CONFLICT DO NOTHING",
        {
            "id": provider.id,
            "tenant": provider.tenant_id,
            "name": provider.name,
            "kind": provider.kind,
            "issuer": provider.issuer,
            "client": provider.client_id,
            "preset": provider.preset,
            "enabled": int(provider.enabled),
            "private": int(provider.private_network),
            "scopes": to_json(list(provider.scopes)),
            "attribute": provider.subject_attribute,
            "secret": secret,
            "metadata": _written(metadata) if metadata is not None else None,
            "created": micros(now),
        },
    )
    return added == 1 and all(_claim(tx, provider, domain) for domain in provider.domains)


def _claim(tx: Transaction, provider: Provider, domain: str) -> bool:
    sql = (
        "INSERT INTO identity_provider_domains (tenant_id, domain, provider_id) VALUES (:tenant, :domain, :provider)"
        " ON CONFLICT DO NOTHING"
    )
    return tx.run(sql, {"tenant": provider.tenant_id, "domain": domain, "provider": provider.id}) == 1


def get(tx: Transaction, tenant_id: str, id: str) -> Provider | None:
    """A provider of the tenant by id, enabled or not."""
    return _one(tx, "id = :key", tenant_id, id)


def anywhere(tx: Transaction, id: str) -> Provider | None:
    """A provider by its id alone, for what is public of it."""
    row = tx.one(f"SELECT {_COLUMNS} FROM identity_providers WHERE id = :id", {"id": id})
    return _provider(row, _domains(tx, row[0])) if row else None


def exists(tx: Transaction, id: str) -> bool:
    """Whether any tenant has a provider of this id."""
    return tx.one("SELECT 1 FROM identity_providers WHERE id = :id", {"id": id}) is not None


def by_issuer(tx: Transaction, tenant_id: str, issuer: str) -> Provider | None:
    """The provider behind a binding."""
    return _one(tx, "issuer = :key", tenant_id, issuer)


def of_preset(tx: Transaction, tenant_id: str, preset: str) -> Provider | None:
    """The first enabled provider of a preset."""
    sql = (
        f"SELECT {_COLUMNS} FROM identity_providers WHERE preset = :preset AND tenant_id = :tenant AND enabled = 1"
        " ORDER BY created_at, id LIMIT 1"
    )
    row = tx.one(sql, {"preset": preset, "tenant": tenant_id})
    return _provider(row, _domains(tx, row[0])) if row else None


def of_domain(tx: Transaction, tenant_id: str, domain: str) -> Provider | None:
    """The provider registered for a domain (A-label), enabled or not."""
    claimed = "SELECT provider_id FROM identity_provider_domains WHERE domain = :key AND tenant_id = :tenant"
    return _one(tx, f"id IN ({claimed})", tenant_id, domain)


def by_domain(tx: Transaction, tenant_id: str, domain: str) -> Provider | None:
    """The enabled provider that speaks for a domain (A-label)."""
    found = of_domain(tx, tenant_id, domain)
    return found if found is not None and found.enabled else None


def every(tx: Transaction, tenant_id: str) -> list[Provider]:
    """All of a tenant, by name."""
    sql = f"SELECT {_COLUMNS} FROM identity_providers WHERE tenant_id = :tenant ORDER BY name, id"
    return [_provider(row, _domains(tx, row[0])) for row in tx.all(sql, {"tenant": tenant_id})]


def by_name(tx: Transaction, tenant_id: str, name: str) -> Provider | None:
    """A provider by its name, letters of ASCII in any case."""
    return _one(tx, "lower(name) = lower(:key)", tenant_id, name)


def secret(tx: Transaction, id: str) -> str | None:
    """The sealed client secret."""
    row = tx.one("SELECT secret FROM identity_providers WHERE id = :id", {"id": id})
    return row[0] if row else None


def metadata(tx: Transaction, id: str) -> Metadata | None:
    """What is pinned of a SAML provider."""
    row = tx.one("SELECT metadata FROM identity_providers WHERE id = :id", {"id": id})
    if row is None or row[0] is None:
        return None
    found = from_json(row[0])
    return Metadata(**{**found, "certificates": tuple(found["certificates"])})


def renew_metadata(tx: Transaction, tenant_id: str, id: str, renewed: Metadata) -> bool:
    """Pin anew: other certificates, another address; False if there is no such provider."""
    sql = "UPDATE identity_providers SET metadata = :metadata WHERE id = :id AND tenant_id = :tenant AND kind = 'saml'"
    return tx.run(sql, {"metadata": _written(renewed), "id": id, "tenant": tenant_id}) == 1


def _written(metadata: Metadata) -> str:
    return to_json(asdict(metadata))


def update(tx: Transaction, provider: Provider) -> bool:
    """Write what an administrator may change: name, domains, client id, switches.

    False if it is gone, or a domain has another one.
    """
    written = tx.run(
        "UPDATE identity_providers SET name = :name, client_id = :client, enabled = :enabled,"
        " private_network = :private WHERE id = :id AND tenant_id = :tenant",
        {
            "name": provider.name,
            "client": provider.client_id,
            "enabled": int(provider.enabled),
            "private": int(provider.private_network),
            "id": provider.id,
            "tenant": provider.tenant_id,
        },
    )
    if written != 1:
        return False
    tx.run("DELETE FROM identity_provider_domains WHERE provider_id = :id", {"id": provider.id})
    return all(_claim(tx, provider, domain) for domain in provider.domains)


def set_secret(tx: Transaction, id: str, sealed: str | None) -> None:
    """Another client secret, or none for a public client."""
    tx.run("UPDATE identity_providers SET secret = :secret WHERE id = :id", {"secret": sealed, "id": id})


def delete(tx: Transaction, tenant_id: str, id: str) -> bool:
    """Remove a registration; False if there is none."""
    sql = "DELETE FROM identity_providers WHERE id = :id AND tenant_id = :tenant"
    return tx.run(sql, {"id": id, "tenant": tenant_id}) == 1


def _one(tx: Transaction, where: str, tenant_id: str, key: str) -> Provider | None:
    sql = f"SELECT {_COLUMNS} FROM identity_providers WHERE {where} AND tenant_id = :tenant"
    row = tx.one(sql, {"key": key, "tenant": tenant_id})
    # Asked for nobody's too: an address without a provider is no less work (security V7).
    domains = _domains(tx, row[0] if row else "")
    return _provider(row, domains) if row else None


def _domains(tx: Transaction, id: str) -> tuple[str, ...]:
    sql = "SELECT domain FROM identity_provider_domains WHERE provider_id = :id ORDER BY domain"
    return tuple(entry[0] for entry in tx.all(sql, {"id": id}))


def _provider(row: Row, domains: tuple[str, ...]) -> Provider:
    return Provider(
        id=row[0],
        tenant_id=row[1],
        name=row[2],
        kind=row[3],
        issuer=row[4],
        domains=domains,
        client_id=row[5],
        preset=row[6],
        enabled=bool(row[7]),
        private_network=bool(row[8]),
        scopes=tuple(from_json(row[9])),
        subject_attribute=row[10],
    )


# ------------------------------------------------------------ what was asked


def wait(tx: Transaction, hash: str, waiting: Waiting) -> None:
    """Remember a request; an earlier one of the same flow is void."""
    held = waiting.counters
    tx.run("DELETE FROM upstream_states WHERE flow_id = :flow", {"flow": waiting.flow_id})
    tx.run(
        "INSERT INTO upstream_states (hash, flow_id, provider_id, nonce, verifier, redirect_uri, user_id, epoch,"
        " generation, created_at) VALUES (:hash, :flow, :provider, :nonce, :verifier, :redirect, :user, :epoch,"
        " :generation, :created)",
        {
            "hash": hash,
            "flow": waiting.flow_id,
            "provider": waiting.provider_id,
            "nonce": waiting.nonce,
            "verifier": waiting.verifier,
            "redirect": waiting.redirect_uri,
            "user": held.user_id if held else None,
            "epoch": held.epoch if held else None,
            "generation": held.generation if held else None,
            "created": micros(waiting.asked),
        },
    )


_WAITING: Final = "flow_id, provider_id, nonce, verifier, redirect_uri, created_at, user_id, epoch, generation"


def waiting(tx: Transaction, hash: str) -> Waiting | None:
    """The request behind a state, if it still waits."""
    return _waiting(tx.one(f"SELECT {_WAITING} FROM upstream_states WHERE hash = :hash", {"hash": hash}))


def take(tx: Transaction, hash: str) -> Waiting | None:
    """The request behind a state, which is used up by this: of two that come at once one gets it (security I2)."""
    return _waiting(tx.one(f"DELETE FROM upstream_states WHERE hash = :hash RETURNING {_WAITING}", {"hash": hash}))


def _waiting(row: Row | None) -> Waiting | None:
    if row is None:
        return None
    held = Counters(*row[6:]) if row[6] is not None else None
    return Waiting(row[0], row[1], row[2], row[3], row[4], moment(row[5]), held)
