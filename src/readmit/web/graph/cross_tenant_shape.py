"""How cross-tenant access settings look on the wire, and how their bodies are read (graph G45)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from readmit.domain.cross_tenant import (
    CONSENT,
    EVERYBODY,
    EVERYTHING,
    TRUST,
    Inbound,
    InboundTrust,
    InvalidPolicy,
    Partner,
    Rule,
    UserConsent,
)
from readmit.domain.cross_tenant import NotHere as NotOffered
from readmit.domain.errors import InvalidValue, NotProvided, ReadOnly
from readmit.domain.tenant import InvalidSetting, Tenant, TenantSettings
from readmit.flows.cross_tenant import is_service_default
from readmit.web.graph.body import Properties
from readmit.web.graph.render import Item

DEFAULT: Final = "crossTenantAccessPolicyConfigurationDefault"
PARTNER: Final = "crossTenantAccessPolicyConfigurationPartner"
_ORDER, _FALLBACK = "primaryIdentityProviderPrecedenceOrder", "fallbackIdentityProvider"
_REDEMPTION: Final = "invitationRedemptionIdentityProviderConfiguration"
_RULE: Final = ("accessType", "targets")


def _rule(rule: Rule | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    targets = [{"target": one.target, "targetType": one.targetType} for one in rule.targets]
    return {"accessType": rule.accessType, "targets": targets}


def _setting(inbound: Inbound | None) -> dict[str, Any] | None:
    if inbound is None:
        return None
    return {"usersAndGroups": _rule(inbound.usersAndGroups), "applications": _rule(inbound.applications)}


def _shut(rule: Rule) -> Rule:
    return Rule("blocked", rule.targets)


_OUTBOUND: Final = _setting(Inbound(EVERYBODY, EVERYTHING))
_DIRECT: Final = _setting(Inbound(_shut(EVERYBODY), _shut(EVERYTHING)))
_CONSTANT: Final[dict[str, Any]] = {
    "b2bCollaborationOutbound": _OUTBOUND,
    "b2bDirectConnectInbound": _DIRECT,
    "b2bDirectConnectOutbound": _DIRECT,
    "tenantRestrictions": None,
}
"""Of the default; another value is M12."""
_PARTNER_CONSTANT: Final[dict[str, Any]] = {
    **dict.fromkeys(_CONSTANT),
    "isInMultiTenantOrganization": False,
    "isServiceProvider": None,
}


def default_item(tenant: Tenant) -> Item:
    """The default configuration."""
    settings = tenant.settings
    body = {
        "id": tenant.id,
        "isServiceDefault": is_service_default(settings),
        "inboundTrust": _flags(settings.inboundTrust, TRUST),
        "b2bCollaborationInbound": _setting(settings.b2bCollaborationInbound),
        **_CONSTANT,
        "automaticUserConsentSettings": dict.fromkeys(CONSENT, False),
        _REDEMPTION: {
            _ORDER: list(settings.primaryIdentityProviderPrecedenceOrder),
            _FALLBACK: settings.fallbackIdentityProvider,
        },
    }
    return Item(DEFAULT, tenant.id, body)


def partner_item(partner: Partner) -> Item:
    """A partner; null is as by default."""
    trust, consent = partner.inboundTrust, partner.automaticUserConsentSettings
    body = {
        "tenantId": partner.tenantId,
        "inboundTrust": _flags(trust, TRUST) if trust is not None else None,
        "b2bCollaborationInbound": _setting(partner.b2bCollaborationInbound),
        **_PARTNER_CONSTANT,
        "automaticUserConsentSettings": _flags(consent or UserConsent(), CONSENT),
    }
    return Item(PARTNER, partner.tenantId, body)


def _flags(found: object, names: tuple[str, ...]) -> dict[str, bool]:
    return {name: getattr(found, name) for name in names}


# ---------------------------------------------------------------------- reading


def default_changes(body: Properties) -> dict[str, Any]:
    """Tenant settings by name. Raises InvalidValue (M6), NotProvided for what is constant."""
    for name in ("id", "isServiceDefault"):
        if name in body:
            raise ReadOnly(name, "CrossTenantAccessPolicyConfigurationDefault")
    _check_constant(body, _CONSTANT | {"automaticUserConsentSettings": dict.fromkeys(CONSENT, False)})
    changed = {name: read(body) for name, read in _READERS.items() if name in body}
    if None in changed.values():
        raise body.refuse_value(next(name for name, value in changed.items() if value is None))
    redemption = body.inner(_REDEMPTION, (_ORDER, _FALLBACK), nullable=False)
    for name in redemption or ():
        assert redemption is not None
        value = redemption.texts(name) if name == _ORDER else redemption.needed_text(name)
        changed[name] = _setting_of(redemption, name, value)
    return changed


def partner_changes(body: Properties) -> dict[str, Any]:
    """Fields of a Partner, by name. Raises as `default_changes`."""
    _check_constant(body, _PARTNER_CONSTANT)
    readers = {**_READERS, "automaticUserConsentSettings": _consent}
    return {name: read(body) for name, read in readers.items() if name in body}


def _setting_of(body: Properties, name: str, value: Any) -> Any:
    try:
        return getattr(TenantSettings.parse({name: value}), name)
    except InvalidSetting as error:
        raise body.refuse_value(name) from error


def _check_constant(body: Properties, constant: dict[str, Any]) -> None:
    for name, value in constant.items():
        if name in body and body.raw(name) != value:
            raise NotProvided


def _inbound(body: Properties) -> Inbound | None:
    name = "b2bCollaborationInbound"
    inner = body.inner(name, ("usersAndGroups", "applications"))
    if inner is None:
        return None
    try:
        return Inbound.parse({half: _plain_rule(inner, half) for half in inner})
    except NotOffered as error:
        raise NotProvided from error
    except InvalidPolicy as error:
        raise InvalidValue(f"{name}.{error.where}", "CrossTenantAccessPolicyB2BSetting") from error


def _plain_rule(body: Properties, half: str) -> dict[str, Any] | None:
    """A rule as plain values under canonical names."""
    inner = body.inner(half, _RULE)
    if inner is None:
        return None
    targets = inner.each("targets", ("target", "targetType")) or []
    plain = [{name: one.text(name) for name in one} for one in targets]
    return {"accessType": inner.text("accessType"), "targets": plain}


def _trust(body: Properties) -> InboundTrust | None:
    inner = body.inner("inboundTrust", TRUST)
    return None if inner is None else InboundTrust.parse({name: inner.flag(name, nullable=True) for name in inner})


def _consent(body: Properties) -> UserConsent | None:
    inner = body.inner("automaticUserConsentSettings", CONSENT)
    return None if inner is None else UserConsent.parse({name: inner.flag(name, nullable=True) for name in inner})


_READERS: Final[dict[str, Callable[[Properties], Any]]] = {
    "b2bCollaborationInbound": _inbound,
    "inboundTrust": _trust,
}
