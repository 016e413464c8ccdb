"""Partners of a seed, and the one setting that needs a provider beside it (graph G45, lifecycle L21)."""

from __future__ import annotations

import re
from typing import Final

from readmit.domain.cross_tenant import Partner
from readmit.domain.tenant import Tenant
from readmit.flows.seed.entries import SeedPartner, SeedTenant
from readmit.flows.seed.run import Run, fail
from readmit.storage import partners, providers, queries_tenants

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def seed_partner(run: Run, seed: SeedTenant, tenant: Tenant, entry: SeedPartner) -> None:
    """Entered once; changed or removed since, it differs."""
    wanted = Partner(_tenant_id(run, entry), entry.inbound, entry.trust, entry.consent)
    if wanted.tenantId == tenant.id:
        raise fail(entry.line, "a tenant is no partner of itself")

    def make() -> str:
        partners.insert(run.tx, tenant.id, wanted)
        return wanted.tenantId

    partner_id = run.once(seed.initial_domain, "partner", entry.tenant.lower(), make)
    if partners.get(run.tx, tenant.id, partner_id) == wanted:
        return
    if not run.force or partners.get(run.tx, tenant.id, partner_id) is None:
        run.report.differs.append(f"partner {entry.tenant}")
        return
    partners.update(run.tx, tenant.id, wanted)
    run.report.applied.append(f"partner {entry.tenant}")


def _tenant_id(run: Run, entry: SeedPartner) -> str:
    named = entry.tenant.lower()
    if _UUID.fullmatch(named):
        return named
    found = queries_tenants.named(run.tx, named)
    if found is None:
        raise fail(entry.line, f"no tenant of this server has the domain {entry.tenant}; give the tenant's id")
    return found.id


def check_fallback(run: Run, seed: SeedTenant, tenant: Tenant) -> None:
    """Microsoft accounts are a fallback only where they are registered."""
    wanted = seed.settings.fallbackIdentityProvider == "microsoftAccount"
    if wanted and providers.of_preset(run.tx, tenant.id, "microsoft") is None:
        raise fail(seed.line, "'fallbackIdentityProvider' is microsoftAccount, which needs a provider of that preset")
