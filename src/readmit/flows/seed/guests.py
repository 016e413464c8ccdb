"""Guests of a seed: invited, and those who have redeemed."""

from __future__ import annotations

from dataclasses import replace

from readmit.domain import upn as upns
from readmit.domain.address import EmailAddress
from readmit.domain.graph_permissions import GRAPH_APP_ID
from readmit.domain.guest import Accepted, Binding, Pending, User, home_binding, mail_binding
from readmit.domain.invitation import Invitation
from readmit.domain.provider import binding_of
from readmit.domain.tenant import Tenant
from readmit.flows.seed.entries import SeedGuest, SeedTenant
from readmit.flows.seed.run import Run, fail
from readmit.flows.seed.users import insert
from readmit.storage import apps, invitations, queries_tenants, users
from readmit.storage import providers as registered

MY_APPS = "https://myapps.microsoft.com/"


def seed_guest(run: Run, seed: SeedTenant, tenant: Tenant, entry: SeedGuest) -> None:
    """A guest, made once; a later run finds the same one, also after a reset."""
    run.once(seed.initial_domain, "guest", entry.email.key, lambda: _make_guest(run, tenant, entry))


def _make_guest(run: Run, tenant: Tenant, entry: SeedGuest) -> str:
    existing = users.by_address(run.tx, tenant.id, entry.email.key)
    if existing is not None:
        if not existing.external:
            raise fail(entry.line, f"{entry.email} is the address of a member")
        return existing.id
    if tenant.verified(entry.email):
        raise fail(entry.line, f"{entry.email} is on a verified domain of the tenant; a guest is from outside")
    now, address = run.world.now(), entry.email
    names = upns.candidates(address, tenant.initial_domain)
    upn = next(name for name in names if users.upn_is_free(run.tx, tenant.id, name))
    user = User(
        id=run.world.new_id(),
        tenant_id=tenant.id,
        upn=upn,
        mail_nickname=upn.rpartition("@")[0],
        display_name=entry.display_name or address.local,
        user_type="Member" if entry.user_type == "Member" else "Guest",
        created=now,
        sessions_valid_from=now,
        mail=address,
        other_mails=(address,),
        preferred_language=entry.preferred_language,
        redemption=Pending(address, now),
        generation=1,
        invited_user=True,
    )
    if entry.state == "Accepted":
        binding = _binding(run, tenant, entry)
        if users.by_binding(run.tx, tenant.id, binding) is not None:
            raise fail(entry.line, f"the identity of {address} is another guest's already")
        user = replace(user, redemption=Accepted(address, now, binding, address))
    insert(run, user, entry.line)
    _invited(run, tenant, user, address)
    if entry.state == "Accepted":
        invitations.redeemed(run.tx, run.world.new_id(), user, now)
    return user.id


def _invited(run: Run, tenant: Tenant, user: User, address: EmailAddress) -> None:
    """A seeded guest has an invitation of generation 1, without a link."""
    graph = apps.principal_by_app_id(run.tx, tenant.id, GRAPH_APP_ID)
    assert graph is not None
    invitations.insert(
        run.tx,
        Invitation(
            id=run.world.new_id(),
            tenant_id=tenant.id,
            user_id=user.id,
            generation=1,
            kind="invite",
            address=address,
            redirect_url=MY_APPS,
            send=False,
            inviter_type="app",
            inviter_id=graph.id,
            created=run.world.now(),
        ),
    )


def _binding(run: Run, tenant: Tenant, entry: SeedGuest) -> Binding:
    identity = entry.identity or {}
    if identity.get("kind") == "mail":
        return mail_binding(entry.email)
    if "tenant" in identity:
        home = queries_tenants.named(run.tx, identity["tenant"])
        if home is None:
            raise fail(entry.line, f"there is no tenant {identity['tenant']}")
        account = users.by_upn(run.tx, home.id, identity.get("user", ""))
        if account is None:
            raise fail(entry.line, f"the tenant {identity['tenant']} has no user {identity.get('user')}")
        return home_binding(home.id, account.id)
    issuer, subject = identity["issuer"], identity["subject"]
    provider = registered.by_issuer(run.tx, tenant.id, issuer)
    return binding_of(provider, subject) if provider else Binding("oidc", issuer, subject, issuer, subject)
