"""Which way to prove who one is: a home tenant here, a provider outside, or a mailed code (lifecycle section 7)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from readmit.domain.address import EmailAddress
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Accepted, NeverInvited, Pending
from readmit.domain.provider import Provider
from readmit.domain.redemption import Flow
from readmit.domain.tenant import Tenant
from readmit.flows.browsers import Browser
from readmit.flows.open_flow import flow_of
from readmit.flows.world import World
from readmit.storage import browser_flows, providers, tenants, users
from readmit.storage.transaction import Transaction

_HOME = "urn:readmit:tenant:"


def redemption_method(tx: Transaction, tenant: Tenant, flow: Flow, invited: EmailAddress) -> Flow:
    """Redemption order (lifecycle section 7): by the tenant's precedence, else the fallback (L21, L22)."""
    way = _way(tx, tenant, invited, home_id=_home_of_account(tx, invited))
    return _taken(flow, invited, way) if way is not None else _by_code(tenant, flow, invited)


def provable(tx: Transaction, tenant: Tenant, address: EmailAddress) -> bool:
    """Whether somebody but the mailbox could prove the address at a redemption (E22)."""
    return _way(tx, tenant, address, home_id=_home_of_account(tx, address)) is not None


def speaking_for(tx: Transaction, tenant: Tenant, provider: Provider, address: EmailAddress | None) -> Provider:
    """The provider with the domain that it speaks for as the fallback (L21, security I4)."""
    if address is None or not _is_fallback(tx, tenant, provider, address):
        return provider
    return replace(provider, domains=(*provider.domains, address.domain))


def sign_in_method(tx: Transaction, tenant: Tenant, flow: Flow, typed: EmailAddress) -> Flow:
    """The bound provider if a binding decides, else what an unknown address of that domain gets (lifecycle L22, L29).

    A Pending guest is treated as unknown: the invitation appears only after the proof (security V7).
    """
    owner = users.by_address(tx, tenant.id, typed.key)
    binding = owner.redemption.binding if owner is not None and isinstance(owner.redemption, Accepted) else None
    # All is read before anything is decided: no address is more work than another one of its domain (V7, T28).
    bound = providers.by_issuer(tx, tenant.id, binding.issuer if binding is not None else "")
    way = _way(tx, tenant, typed, home_id=_home_of_domain(tx, typed))
    if binding is not None:
        if binding.kind == "tenant":
            return _at_home(flow, typed, binding.issuer.removeprefix(_HOME))
        if bound is not None and bound.enabled:
            return _at_provider(flow, typed, bound.id)
        # A code proves nothing here but `mail`; a provider that is off is answered as an unknown address (V7, I7).
        return _by_code(tenant, flow, typed)
    if owner is not None and (isinstance(owner.redemption, NeverInvited) or owner.converted):
        return _at_home(flow, typed, tenant.id)
    return _taken(flow, typed, way) if way is not None else _by_code(tenant, flow, typed)


@dataclass(frozen=True, slots=True)
class _Way:
    """Where to prove: a home tenant here, or a provider outside."""

    home_tenant_id: str | None = None
    provider_id: str | None = None


def _way(tx: Transaction, tenant: Tenant, address: EmailAddress, *, home_id: str | None) -> _Way | None:
    """The first of the tenant's order that there is, else its fallback; None where that is a code.

    `home_id`: the home tenant here that may be asked. What the order leaves out is not asked.
    """
    provider = providers.by_domain(tx, tenant.id, address.domain)
    for category in tenant.settings.primaryIdentityProviderPrecedenceOrder:
        if category == "azureActiveDirectory" and home_id is not None:
            return _Way(home_tenant_id=home_id)
        if provider is not None and provider.category == category:
            return _Way(provider_id=provider.id)
    if tenant.settings.fallbackIdentityProvider != "microsoftAccount":
        return None
    microsoft = providers.of_preset(tx, tenant.id, "microsoft")
    fits = microsoft is not None and _is_fallback(tx, tenant, microsoft, address)
    return _Way(provider_id=microsoft.id) if microsoft is not None and fits else None


def _is_fallback(tx: Transaction, tenant: Tenant, provider: Provider, address: EmailAddress) -> bool:
    """Microsoft accounts, where the tenant says so, and only for domains that nobody else speaks for (I4)."""
    wanted = tenant.settings.fallbackIdentityProvider == "microsoftAccount" and provider.preset == "microsoft"
    if not wanted or tenants.by_domain(tx, address.domain) is not None:
        return False
    return providers.of_domain(tx, tenant.id, address.domain) is None


def _home_of_account(tx: Transaction, address: EmailAddress) -> str | None:
    """The home tenant here that has an account of this address."""
    home_id = _home_of_domain(tx, address)
    return home_id if home_id is not None and users.by_account(tx, home_id, address.key) is not None else None


def _home_of_domain(tx: Transaction, address: EmailAddress) -> str | None:
    """The home tenant here that verified the domain, whether or not it has the account (L22, security V7)."""
    home = tenants.by_domain(tx, address.domain)
    return home.id if home is not None else None


def _taken(flow: Flow, address: EmailAddress, way: _Way) -> Flow:
    if way.home_tenant_id is not None:
        return _at_home(flow, address, way.home_tenant_id)
    assert way.provider_id is not None
    return _at_provider(flow, address, way.provider_id)


def _at_home(flow: Flow, address: EmailAddress, home_tenant_id: str) -> Flow:
    return replace(flow, address=address, method="home", home_tenant_id=home_tenant_id, provider_id=None)


def _at_provider(flow: Flow, address: EmailAddress, provider_id: str) -> Flow:
    return replace(flow, address=address, method="provider", home_tenant_id=None, provider_id=provider_id)


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
    if invited is not None and invited.key == typed.key:
        browser_flows.update(tx, redemption_method(tx, tenant, flow, invited))
    elif (way := _way(tx, tenant, typed, home_id=_home_of_domain(tx, typed))) is not None:
        browser_flows.update(tx, _taken(flow, typed, way))
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
