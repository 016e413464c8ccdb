"""Whether inbound cross-tenant settings let somebody in: asked at the invitation and at redemption (graph G45, L27)."""

from __future__ import annotations

from readmit.domain.address import EmailAddress
from readmit.domain.cross_tenant import OPEN, Inbound, Visitor
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.redemption import Proof
from readmit.domain.tenant import Tenant
from readmit.storage import directory_objects, partners, providers, tenants, users
from readmit.storage.transaction import Transaction

_MANY = 10_000


def invitable(tx: Transaction, tenant: Tenant, address: EmailAddress) -> bool:
    """Whether an address may be invited; what cannot be said yet is said at redemption (E17)."""
    return not _restricted(tx, tenant) or _admits(tx, tenant, _by_address(tx, tenant, address)) is not False


def check(tx: Transaction, tenant: Tenant, invited: EmailAddress, proof: Proof | None) -> None:
    """P5 for whom the settings keep out: by the invited address at the start, for certain by what was proved."""
    if not _restricted(tx, tenant):
        return
    visitor = _by_address(tx, tenant, invited)
    refused = _admits(tx, tenant, visitor) is False
    if proof is not None:
        refused = _admits(tx, tenant, _by_proof(tx, tenant, proof) or visitor) is not True
    if refused:
        raise DeadEnd(Page.NOT_ACCEPTED_HERE, org=tenant.display_name)


def spared_consent(tx: Transaction, tenant: Tenant, proof: Proof) -> bool:
    """Whether both organisations spare their people the consent page of a redemption; known of homes here only."""
    home_id = proof.home_tenant_id
    if home_id is None:
        return False
    here, there = partners.get(tx, tenant.id, home_id), partners.get(tx, home_id, tenant.id)
    if here is None or there is None:
        return False
    inbound, outbound = here.automaticUserConsentSettings, there.automaticUserConsentSettings
    return inbound is not None and inbound.inboundAllowed and outbound is not None and outbound.outboundAllowed


def _restricted(tx: Transaction, tenant: Tenant) -> bool:
    return tenant.settings.b2bCollaborationInbound != OPEN or partners.there_are(tx, tenant.id)


def _admits(tx: Transaction, tenant: Tenant, visitor: Visitor | None) -> bool | None:
    """Who comes from no organisation is the matter of the domain lists alone (lifecycle L37)."""
    if visitor is None:
        return True
    partner = partners.get(tx, tenant.id, visitor.tenant_id)
    own = partner.b2bCollaborationInbound if partner is not None else None
    return (own or Inbound()).over(tenant.settings.b2bCollaborationInbound).admits(visitor)


def _by_address(tx: Transaction, tenant: Tenant, address: EmailAddress) -> Visitor | None:
    """The organisation behind an address: the tenant here that verified its domain, or its Entra provider."""
    home = tenants.by_domain(tx, address.domain)
    if home is not None:
        account = users.by_account(tx, home.id, address.key)
        return _at_home(tx, home.id, account.id if account is not None else None)
    provider = providers.by_domain(tx, tenant.id, address.domain)
    outside = provider.entra_tenant if provider is not None else None
    return Visitor(outside) if outside is not None else None


def _by_proof(tx: Transaction, tenant: Tenant, proof: Proof) -> Visitor | None:
    """The organisation whose account was proved; a code proves none."""
    if proof.home_tenant_id is not None:
        return _at_home(tx, proof.home_tenant_id, proof.home_user_id)
    provider = providers.by_issuer(tx, tenant.id, proof.binding.issuer)
    outside = provider.entra_tenant if provider is not None else None
    return Visitor(outside, proof.binding.subject) if outside is not None else None


def _at_home(tx: Transaction, home_id: str, user_id: str | None) -> Visitor:
    if user_id is None:
        return Visitor(home_id)
    asked = directory_objects.Related("transitiveMemberOf", user_id, ("group",))
    found = directory_objects.related(tx, home_id, asked, _MANY)
    return Visitor(home_id, user_id, frozenset(group.id for _, group in found))
