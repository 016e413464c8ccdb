"""The tenant itself: organization and domains (graph G43, G46)."""

from __future__ import annotations

from typing import Any

from readmit.domain.address import EmailAddress, InvalidAddress
from readmit.domain.errors import NotFound, ReadOnly
from readmit.domain.tenant import InvalidSetting, Tenant, TenantSettings
from readmit.flows import tenants
from readmit.flows.world import World
from readmit.web.call import Call, Step, Write
from readmit.web.graph import records, rights
from readmit.web.graph.body import Properties, object_of
from readmit.web.graph.operations import ANY_TOKEN, Operation, caller_of, not_provided
from readmit.web.graph.render import Item, no_content
from readmit.web.graph.viewer import viewer


def organization_item(tenant: Tenant) -> Item:
    """The organization; times of tenants are not told."""
    stated = {"contactEmail": tenant.privacy_contact, "statementUrl": tenant.privacy_url}
    privacy = stated if any(stated.values()) else None
    body: dict[str, Any] = {
        "id": tenant.id,
        "deletedDateTime": None,
        "businessPhones": [],
        "countryLetterCode": None,
        "createdDateTime": None,
        "displayName": tenant.display_name,
        "preferredLanguage": tenant.preferred_language,
        "technicalNotificationMails": list(tenant.settings.technicalNotificationMails),
        "tenantType": "AAD",
        "assignedPlans": [],
        "privacyProfile": privacy,
        "verifiedDomains": [_verified(tenant, name) for name in _names(tenant)],
    }
    return Item("organization", tenant.id, body)


def domain_item(tenant: Tenant, name: str) -> Item:
    """A domain; its id is its name."""
    body: dict[str, Any] = {
        "authenticationType": "Managed",
        "availabilityStatus": None,
        "id": name,
        "isAdminManaged": True,
        "isDefault": name == tenant.default_domain,
        "isInitial": name == tenant.initial_domain,
        "isRoot": True,
        "isVerified": True,
        "supportedServices": [],
        "state": None,
    }
    return Item("domain", name, body)


def _names(tenant: Tenant) -> list[str]:
    """The default domain first, then by name."""
    return sorted(tenant.domains, key=lambda name: (name != tenant.default_domain, name))


def _verified(tenant: Tenant, name: str) -> dict[str, Any]:
    return {
        "capabilities": "Email, OfficeCommunicationsOnline",
        "isDefault": name == tenant.default_domain,
        "isInitial": name == tenant.initial_domain,
        "name": name,
        "type": "Managed",
    }


def organizations(world: World, call: Call) -> Step:
    """GET /organization: a collection of one."""
    item = organization_item(viewer(world, call).tenant)
    return records.whole(world, call, records.Paged("organization", "organization"), [item])


def organization(world: World, call: Call) -> Step:
    """GET /organization/{id}."""
    tenant = viewer(world, call).tenant
    if call.parameters["id"].lower() != tenant.id:
        raise NotFound(call.parameters["id"])
    return records.one(call, "organization", organization_item(tenant))


def update(world: World, call: Call) -> Step:
    """PATCH /organization/{id}: language, privacy statement and contact, who is told of technical matters."""
    tenant = viewer(world, call).tenant
    if call.parameters["id"].lower() != tenant.id:
        raise NotFound(call.parameters["id"])
    body = Properties(object_of(call), organization_item(tenant).body, resource="Organization")
    for name in body:
        if name not in ("preferredLanguage", "privacyProfile", "technicalNotificationMails"):
            raise ReadOnly(name, "Organization")
    profile = body.inner("privacyProfile", ("contactEmail", "statementUrl"))
    language = body.text("preferredLanguage", limit=35) or None
    return Write(
        lambda _done: no_content(),
        tenants.change,
        world,
        caller_of(call),
        preferred_language=language if "preferredLanguage" in body else tenant.preferred_language,
        privacy_url=_statement(profile) if "privacyProfile" in body else tenant.privacy_url,
        privacy_contact=_contact(profile) if "privacyProfile" in body else tenant.privacy_contact,
        technical_mails=_technical(body) if "technicalNotificationMails" in body else None,
        correlation_id=call.request_id,
    )


def _technical(body: Properties) -> tuple[str, ...]:
    """Addresses, each once."""
    name = "technicalNotificationMails"
    try:
        return TenantSettings.parse({name: body.texts(name) or []}).technicalNotificationMails
    except InvalidSetting as error:
        raise body.refuse_value(name) from error


def _statement(profile: Properties | None) -> str | None:
    """An absolute http or https URL, or none."""
    text = profile.text("statementUrl", limit=255) if profile is not None else None
    if profile is not None and text and not text.lower().startswith(("https://", "http://")):
        raise profile.refuse_value("statementUrl")
    return text or None


def _contact(profile: Properties | None) -> str | None:
    """An address, or none."""
    text = profile.text("contactEmail", limit=254) if profile is not None else None
    if profile is None or not text:
        return None
    try:
        return EmailAddress.parse(text).given
    except InvalidAddress as error:
        raise profile.refuse_value("contactEmail") from error


def domains(world: World, call: Call) -> Step:
    """GET /domains."""
    tenant = viewer(world, call).tenant
    items = [domain_item(tenant, name) for name in _names(tenant)]
    return records.whole(world, call, records.Paged("domain", "domains"), items)


def domain(world: World, call: Call) -> Step:
    """GET /domains/{name}."""
    tenant = viewer(world, call).tenant
    name = call.parameters["id"].lower()
    if name not in tenant.domains:
        raise NotFound(call.parameters["id"])
    return records.one(call, "domains", domain_item(tenant, name))


def no_skus(_world: World, call: Call) -> Step:
    """GET /subscribedSkus: empty."""
    return records.none(call, "subscribedSku", "subscribedSkus")


OPERATIONS = (
    Operation("GET", "/organization", organizations, rights.READ_ORGANIZATION),
    Operation("GET", "/organization/{id}", organization, rights.READ_ORGANIZATION),
    Operation("PATCH", "/organization/{id}", update, rights.WRITE_ORGANIZATION),
    Operation("GET", "/domains", domains, rights.READ_DOMAINS),
    Operation("POST", "/domains", not_provided, ANY_TOKEN),
    Operation("GET", "/domains/{id}", domain, rights.READ_DOMAINS),
    Operation("PATCH", "/domains/{id}", not_provided, ANY_TOKEN),
    Operation("DELETE", "/domains/{id}", not_provided, ANY_TOKEN),
    Operation("GET", "/subscribedSkus", no_skus, rights.READ_ORGANIZATION),
)
