"""Which way to prove who one is: a home tenant here, a provider outside, or a mailed code (lifecycle section 7)."""

from __future__ import annotations

from dataclasses import replace

from readmit.domain.address import EmailAddress
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Accepted, NeverInvited, Pending
from readmit.domain.redemption import Flow
from readmit.domain.tenant import Tenant
from readmit.flows.browsers import Browser
from readmit.flows.open_flow import flow_of
from readmit.flows.world import World
from readmit.storage import browser_flows, providers, tenants, users
from readmit.storage.transaction import Transaction

_HOME = "urn:readmit:tenant:"


def redemption_method(tx: Transaction, tenant: Tenant, flow: Flow, invited: EmailAddress) -> Flow:
    """Redemption order (lifecycle section 7): a home tenant here, a configured provider, a code to the mailbox."""
    home = tenants.by_domain(tx, invited.domain)
    if home is not None and users.by_account(tx, home.id, invited.key) is not None:
        return _at_home(flow, invited, home.id)
    return _by_domain(tx, tenant, flow, invited)


def sign_in_method(tx: Transaction, tenant: Tenant, flow: Flow, typed: EmailAddress) -> Flow:
    """The bound provider if a binding decides, else what an unknown address of that domain gets (lifecycle L22, L29).

    A Pending guest is treated as unknown: the invitation appears only after the proof (security V7).
    """
    owner = users.by_address(tx, tenant.id, typed.key)
    binding = owner.redemption.binding if owner is not None and isinstance(owner.redemption, Accepted) else None
    # All is read before anything is decided: no address is more work than another one of its domain (V7, T28).
    bound = providers.by_issuer(tx, tenant.id, binding.issuer if binding is not None else "")
    home, spoken = tenants.by_domain(tx, typed.domain), providers.by_domain(tx, tenant.id, typed.domain)
    if binding is not None:
        if binding.kind == "tenant":
            return _at_home(flow, typed, binding.issuer.removeprefix(_HOME))
        if bound is not None and bound.enabled:
            return _at_provider(flow, typed, bound.id)
        # A code proves nothing here but `mail`; a provider that is off is answered as an unknown address (V7, I7).
        return _by_code(tenant, flow, typed)
    if owner is not None and (isinstance(owner.redemption, NeverInvited) or owner.converted):
        return _at_home(flow, typed, tenant.id)
    if home is not None:
        return _at_home(flow, typed, home.id)
    return _by_code(tenant, flow, typed) if spoken is None else _at_provider(flow, typed, spoken.id)


def _at_home(flow: Flow, address: EmailAddress, home_tenant_id: str) -> Flow:
    return replace(flow, address=address, method="home", home_tenant_id=home_tenant_id, provider_id=None)


def _at_provider(flow: Flow, address: EmailAddress, provider_id: str) -> Flow:
    return replace(flow, address=address, method="provider", home_tenant_id=None, provider_id=provider_id)


def _by_domain(tx: Transaction, tenant: Tenant, flow: Flow, address: EmailAddress) -> Flow:
    """The provider that speaks for the address's domain, else a code."""
    provider = providers.by_domain(tx, tenant.id, address.domain)
    return _by_code(tenant, flow, address) if provider is None else _at_provider(flow, address, provider.id)


def _by_code(tenant: Tenant, flow: Flow, address: EmailAddress) -> Flow:
    if not tenant.codes_allowed:
        raise DeadEnd(Page.CODES_OFF, org=tenant.display_name)
    return replace(flow, address=address, method="code", home_tenant_id=None, provider_id=None)


def type_address(tx: Transaction, world: World, browser: Browser, flow_id: str, typed: EmailAddress) -> None:
    """The address page: whom to ask for a proof."""
    flow = flow_of(tx, world, browser, flow_id)
    tenant = tenants.get(tx, flow.tenant_id)
    assert tenant is not None
    if flow.kind == "sign_in":
        browser_flows.update(tx, sign_in_method(tx, tenant, flow, typed))
        return
    guest = users.live(tx, tenant.id, flow.user_id or "")
    invited = guest.redemption.invited if guest and isinstance(guest.redemption, Pending) else None
    home = tenants.by_domain(tx, typed.domain)
    if invited is not None and invited.key == typed.key:
        browser_flows.update(tx, redemption_method(tx, tenant, flow, invited))
    elif home is not None:
        browser_flows.update(tx, _at_home(flow, typed, home.id))
    elif (provider := providers.by_domain(tx, tenant.id, typed.domain)) is not None:
        browser_flows.update(tx, _at_provider(flow, typed, provider.id))
    else:
        masked = invited.masked if invited else ""
        raise DeadEnd(Page.OTHER_ADDRESS, org=tenant.display_name, x=typed.given, masked=masked)


def use_code(tx: Transaction, world: World, browser: Browser, flow_id: str) -> None:
    """Prove the mailbox instead: a redemption's code goes to the invited address only (lifecycle L22, L26)."""
    flow = flow_of(tx, world, browser, flow_id)
    tenant = tenants.get(tx, flow.tenant_id)
    guest = users.live(tx, flow.tenant_id, flow.user_id) if flow.user_id else None
    assert tenant is not None
    address = flow.address
    if flow.kind == "redemption" and guest is not None and isinstance(guest.redemption, Pending):
        address = guest.redemption.invited
    if address is not None:
        browser_flows.update(tx, replace(_by_code(tenant, flow, address), proof=None))


def use_other_account(tx: Transaction, world: World, browser: Browser, flow_id: str) -> None:
    """Back to the address page."""
    flow = flow_of(tx, world, browser, flow_id)
    browser_flows.update(
        tx,
        replace(flow, address=None, method=None, home_tenant_id=None, provider_id=None, proof=None, other_proof=None),
    )
