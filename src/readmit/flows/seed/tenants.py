"""Tenants of a seed, with their domains and identity providers."""

from __future__ import annotations

from dataclasses import replace

from readmit.domain.audit import SYSTEM
from readmit.domain.provider import InvalidProvider
from readmit.domain.tenant import Tenant
from readmit.flows import providers
from readmit.flows import tenants as new_tenants
from readmit.flows.seed.entries import SeedProvider, SeedTenant
from readmit.flows.seed.run import Run, fail
from readmit.storage import providers as registered
from readmit.storage import tenants


def seed_tenant(run: Run, seed: SeedTenant) -> Tenant:
    """The tenant of an entry: found by its initial domain, or made."""
    scope = seed.initial_domain
    names = dict.fromkeys((*seed.domains, seed.initial_domain))
    found = tenants.by_domain(run.tx, seed.initial_domain)
    if found is not None:
        return _existing_tenant(run, seed, found)
    for name in names:
        _check_domain_is_free(run, seed, name)
    tenant = Tenant(
        id=seed.id or run.world.new_id(),
        display_name=seed.display_name,
        initial_domain=seed.initial_domain,
        domains=frozenset(names),
        default_domain=next(iter(names)),
        preferred_language=seed.preferred_language,
        privacy_url=seed.privacy_url,
        salt=run.world.new_secret(),
        settings=seed.settings,
        privacy_contact=seed.privacy_contact,
    )
    if seed.id is not None and tenants.get(run.tx, seed.id) is not None:
        raise fail(seed.line, f"the tenant id {seed.id} is another tenant's")
    run.once(scope, "tenant", scope, lambda: new_tenants.create(run.tx, run.world, tenant).id)
    return tenant


def _existing_tenant(run: Run, seed: SeedTenant, found: Tenant) -> Tenant:
    scope = seed.initial_domain
    if seed.id is not None and seed.id != found.id:
        raise fail(seed.line, f"the tenant {scope} is here already with the id {found.id}; give that one or none")
    run.once(scope, "tenant", scope, lambda: found.id)
    as_in_file = replace(
        found,
        display_name=seed.display_name,
        preferred_language=seed.preferred_language,
        privacy_url=seed.privacy_url,
        settings=seed.settings,
        privacy_contact=seed.privacy_contact,
        domains=found.domains.union(seed.domains),
    )
    if as_in_file == found:
        return found
    if not run.force:
        run.report.differs.append(f"tenant {scope}")
        return found
    for name in sorted(as_in_file.domains - found.domains):
        _check_domain_is_free(run, seed, name)
        tenants.add_domain(run.tx, found.id, name, default=False)
    tenants.update(run.tx, as_in_file)
    run.report.applied.append(f"tenant {scope}")
    return as_in_file


def seed_provider(run: Run, seed: SeedTenant, tenant: Tenant, entry: SeedProvider) -> None:
    """A home identity provider, registered once; gone or switched off since, it differs."""

    def make() -> str:
        try:
            return providers.register(run.tx, run.world, tenant, entry.registration, SYSTEM).id
        except InvalidProvider as error:
            raise fail(entry.line, str(error)) from error

    wanted = entry.registration
    key = wanted.domains[0] if wanted.domains else wanted.preset or ""
    provider_id = run.once(seed.initial_domain, "identityProvider", key, make)
    found = registered.get(run.tx, tenant.id, provider_id)
    if found is None or not found.enabled:
        run.report.differs.append(f"identityProvider {key}")
    elif wanted.metadata is not None and wanted.metadata != registered.metadata(run.tx, provider_id):
        _renew_metadata(run, tenant, entry, provider_id)


def _renew_metadata(run: Run, tenant: Tenant, entry: SeedProvider, provider_id: str) -> None:
    """The file was changed since: other certificates are pinned only where the run is told to apply what differs."""
    key, metadata = entry.registration.domains[0], entry.registration.metadata
    assert metadata is not None
    if not run.force:
        run.report.differs.append(f"identityProvider {key}")
        return
    try:
        providers.renew(run.tx, run.world, tenant.id, provider_id, metadata, actor=SYSTEM)
    except InvalidProvider as error:
        raise fail(entry.line, str(error)) from error
    run.report.applied.append(f"identityProvider {key}")


def _check_domain_is_free(run: Run, seed: SeedTenant, name: str) -> None:
    if tenants.domain_owner(run.tx, name) is not None:
        raise fail(seed.line, f"the domain {name} belongs to another tenant")
