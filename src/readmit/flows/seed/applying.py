"""One run over one file: what is hashed first, then everything in one transaction."""

from __future__ import annotations

from collections.abc import Mapping

from readmit.flows.seed.applications import seed_application
from readmit.flows.seed.assignments import seed_assignment
from readmit.flows.seed.entries import Report, SeedTenant, application_key
from readmit.flows.seed.groups import seed_group
from readmit.flows.seed.guests import seed_guest
from readmit.flows.seed.partners import check_fallback, seed_partner
from readmit.flows.seed.run import Run
from readmit.flows.seed.tenants import seed_provider, seed_tenant
from readmit.flows.seed.users import seed_user
from readmit.flows.world import World
from readmit.storage import seeds
from readmit.storage.transaction import Transaction


def apply(world: World, wanted: tuple[SeedTenant, ...], *, force: bool = False) -> Report:
    """Hash what is to be hashed, then write everything in one transaction."""
    known = world.database.read(seeds.known)
    hashes: dict[tuple[str, str, str], str] = {}
    for tenant in wanted:
        for user in tenant.users:
            key = (tenant.initial_domain, "user", user.upn.lower())
            if user.password is not None and key not in known:
                hashes[key] = world.passwords.hash(user.password)
        for application in tenant.applications:
            key = (tenant.initial_domain, "application", application_key(application))
            if application.client_secret is not None and key not in known:
                hashes[key] = world.passwords.hash(application.client_secret)
    return world.database.write(_apply, world, wanted, hashes, force)


def _apply(
    tx: Transaction,
    world: World,
    wanted: tuple[SeedTenant, ...],
    hashes: Mapping[tuple[str, str, str], str],
    force: bool,
) -> Report:
    run = Run(tx, world, hashes, force)
    made = [(seed, seed_tenant(run, seed)) for seed in wanted]
    for seed, tenant in made:
        for user in seed.users:
            seed_user(run, seed, tenant, user)
        for application in seed.applications:
            seed_application(run, seed, tenant, application)
        for entry in seed.providers:
            seed_provider(run, seed, tenant, entry)
        check_fallback(run, seed, tenant)
        for partner in seed.partners:
            seed_partner(run, seed, tenant, partner)
    for seed, tenant in made:
        for guest in seed.guests:
            seed_guest(run, seed, tenant, guest)
        for group in seed.groups:
            seed_group(run, seed, tenant, group)
        for assignment in seed.assignments:
            seed_assignment(run, seed, tenant, assignment)
    return run.report
