"""Policies as views on settings: who may invite, what guests read, whose addresses are accepted (graph G44, G45)."""

from __future__ import annotations

import json
from typing import Any, Final

from readmit.domain.address import InvalidAddress, checked_domain
from readmit.domain.errors import InvalidValue, MissingValue, NotFound, NotProvided, ReadOnly
from readmit.domain.tenant import GUEST_ROLES, LONGEST_TEXTS, InvalidSetting, Tenant, TenantSettings
from readmit.flows import tenants
from readmit.flows.world import World
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.graph import lists, records, rights
from readmit.web.graph.body import Properties, object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.render import Item, collection, entity, frame_of, graph_reply, no_content
from readmit.web.graph.viewer import viewer

_AUTHORIZATION: Final = "authorizationPolicy"
_FIXED: Final = {
    "allowEmailVerifiedUsersToJoinOrganization": False,
    "allowUserConsentForRiskyApps": False,
    "allowedToSignUpEmailBasedSubscriptions": False,
    "allowedToUseSSPR": False,
    "blockMsolPowerShell": True,
}
"""Constant here; another value is M12."""
_NAMES: Final = {
    "displayName": "Authorization Policy",
    "description": "Used to manage authorization related settings across the company.",
}
_OWN_RIGHTS: Final = ("allowedToReadOtherUsers", "allowedToCreateSecurityGroups")
_FIXED_RIGHTS: Final[dict[str, Any]] = {
    "allowedToCreateApps": False,
    "allowedToCreateTenants": False,
    "permissionGrantPoliciesAssigned": [],
}
_DOMAINS: Final = "InvitationsAllowedAndBlockedDomainsPolicy"
_LONGEST: Final = 25_000
_CALLED: Final = {"displayName": "domainListsName", "description": "domainListsDescription"}
"""Names of the one policy by the settings that keep them."""


# ----------------------------------------------------------------- authorization


def authorization_item(tenant: Tenant) -> Item:
    """An authorizationPolicy."""
    settings = tenant.settings
    rights_of_members = {name: getattr(settings, name) for name in _OWN_RIGHTS} | _FIXED_RIGHTS
    body = {
        "id": _AUTHORIZATION,
        **_NAMES,
        "allowInvitesFrom": settings.allowInvitesFrom,
        "guestUserRoleId": GUEST_ROLES[settings.guestRole],
        "defaultUserRolePermissions": dict(sorted(rights_of_members.items())),
        **_FIXED,
    }
    return Item(_AUTHORIZATION, _AUTHORIZATION, body)


def read_authorizations(world: World, call: Call) -> Step:
    """GET of the policy: an entity on v1.0, on beta a collection of it (graph G6)."""
    frame = frame_of(call)
    if frame.version != "beta":
        return read_authorization(world, call)
    options = lists.options_of(call, _AUTHORIZATION, shape="single")
    item = lists.selected(authorization_item(viewer(world, call).tenant), options.select)
    context = lists.context("policies/authorizationPolicy", options.select)
    return graph_reply(call, 200, collection(frame, context, [item]))


def read_authorization(world: World, call: Call) -> Step:
    """GET of the entity."""
    return records.one(call, "policies/authorizationPolicy", authorization_item(viewer(world, call).tenant))


def update_authorization(world: World, call: Call) -> Step:
    """PATCH: who may invite acts at once, and so does what guests may read (lifecycle L34, L46)."""
    tenant = viewer(world, call).tenant
    body = Properties(object_of(call), authorization_item(tenant).body, resource="AuthorizationPolicy")
    changed: dict[str, Any] = {}
    for name in body:
        if name == "id":
            raise ReadOnly(name, "AuthorizationPolicy")
        if name in _FIXED and body.flag(name) is not _FIXED[name]:
            raise NotProvided
        if name in _NAMES and body.text(name) != _NAMES[name]:
            raise NotProvided
        if name == "allowInvitesFrom":
            changed[name] = body.needed_text(name)
        elif name == "guestUserRoleId":
            changed["guestRole"] = _guest_role(body)
        elif name == "defaultUserRolePermissions":
            changed |= _member_rights(body)
    return _change(world, call, tenant, changed, "Update authorization policy")


def _guest_role(body: Properties) -> str:
    wanted = body.needed_text("guestUserRoleId").lower()
    for name, id in GUEST_ROLES.items():
        if id == wanted:
            return name
    raise body.refuse_value("guestUserRoleId")


def _member_rights(body: Properties) -> dict[str, Any]:
    inner = body.inner(
        "defaultUserRolePermissions", (*_OWN_RIGHTS, *_FIXED_RIGHTS, "allowedToReadBitlockerKeysForOwnedDevice")
    )
    changed: dict[str, Any] = {}
    for name in inner or ():
        assert inner is not None
        if name in _OWN_RIGHTS:
            changed[name] = inner.flag(name)
        elif inner.raw(name) not in (None, _FIXED_RIGHTS.get(name)):
            raise NotProvided
    return changed


# ------------------------------------------------------------- the domain lists


def _domain_policy(tenant: Tenant) -> Item | None:
    """The one b2bManagementPolicy, while a list is set."""
    settings = tenant.settings
    if not settings.allowedDomains and not settings.blockedDomains:
        return None
    lists_of = {"AllowedDomains": list(settings.allowedDomains), "BlockedDomains": list(settings.blockedDomains)}
    definition = {"B2BManagementPolicy": {_DOMAINS: {name: found for name, found in lists_of.items() if found}}}
    body = {
        "id": tenant.id,
        "deletedDateTime": None,
        "definition": [json.dumps(definition, separators=(",", ":"))],
        "description": settings.domainListsDescription,
        "displayName": settings.domainListsName or "B2BManagementPolicy",
        "isOrganizationDefault": True,
    }
    return Item("b2bManagementPolicy", tenant.id, body)


def domain_policies(world: World, call: Call) -> Step:
    """GET /policies/b2bManagementPolicies (beta)."""
    item = _domain_policy(viewer(world, call).tenant)
    paged = records.Paged("b2bManagementPolicy", "policies/b2bManagementPolicies")
    return records.whole(world, call, paged, [item] if item is not None else [])


def domain_policy(world: World, call: Call) -> Step:
    """GET /policies/b2bManagementPolicies/{id} (beta)."""
    return records.one(call, "policies/b2bManagementPolicies", _existing(world, call))


def create_domain_policy(world: World, call: Call) -> Step:
    """POST: the lists; there is one policy, so that a second one is a duplicate (M15)."""
    tenant = viewer(world, call).tenant
    body = _domain_body(call)
    if body.raw("definition") is None:
        raise MissingValue("definition", "B2BManagementPolicy")

    def render(_: None) -> Reply:
        item = _domain_policy(viewer(world, call).tenant)
        assert item is not None
        context = "policies/b2bManagementPolicies/$entity"
        reply = graph_reply(call, 201, entity(frame_of(call), context, item))
        return reply.with_headers(("Location", f"{frame_of(call).root}/policies/b2bManagementPolicies/{item.id}"))

    wanted = _lists_of(body)
    if not any(wanted.values()):
        raise body.refuse_value("definition")
    return _change(world, call, tenant, wanted | _names_of(body), "Update policy", render=render, fresh=True)


def update_domain_policy(world: World, call: Call) -> Step:
    """PATCH: other lists."""
    _existing(world, call)
    body = _domain_body(call)
    wanted = _lists_of(body) if body.raw("definition") is not None else {}
    return _change(world, call, viewer(world, call).tenant, wanted | _names_of(body), "Update policy")


def delete_domain_policy(world: World, call: Call) -> Step:
    """DELETE: no list any more."""
    _existing(world, call)
    nothing: dict[str, Any] = {"allowedDomains": (), "blockedDomains": (), **dict.fromkeys(_CALLED.values())}
    return _change(world, call, viewer(world, call).tenant, nothing, "Update policy")


def _existing(world: World, call: Call) -> Item:
    item = _domain_policy(viewer(world, call).tenant)
    if item is None or call.parameters["id"].lower() != item.id:
        raise NotFound(call.parameters["id"])
    return item


def _domain_body(call: Call) -> Properties:
    known = ("definition", "displayName", "description", "isOrganizationDefault")
    body = Properties(object_of(call), known, resource="B2BManagementPolicy")
    # A policy that is not the organization's default has no effect at Graph; here its lists would act all the same.
    if "isOrganizationDefault" in body and body.flag("isOrganizationDefault") is False:
        raise NotProvided
    return body


def _names_of(body: Properties) -> dict[str, Any]:
    """What the policy is called, where the body says so."""
    return {
        setting: body.text(name, limit=LONGEST_TEXTS[setting]) or None
        for name, setting in _CALLED.items()
        if name in body
    }


def _lists_of(body: Properties) -> dict[str, Any]:
    """`allowedDomains` and `blockedDomains` of the one text; one list at most (lifecycle L37)."""
    texts = body.texts("definition") or []
    if len(texts) != 1 or len(texts[0]) > _LONGEST + 1000:
        raise body.refuse_value("definition")
    try:
        found = json.loads(texts[0])["B2BManagementPolicy"][_DOMAINS]
        wanted = {
            name[0].lower() + name[1:]: tuple(map(checked_domain, found.get(name, ())))
            for name in ("AllowedDomains", "BlockedDomains")
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidAddress) as error:
        raise body.refuse_value("definition") from error
    return wanted


# ---------------------------------------------------------------------- writing


def _change(
    world: World,
    call: Call,
    tenant: Tenant,
    changed: dict[str, Any],
    activity: str,
    *,
    render: Any = lambda _: no_content(),
    fresh: bool = False,
) -> Step:
    for name, value in changed.items():
        try:
            TenantSettings.parse({name: value})
        except InvalidSetting as error:
            raise InvalidValue(name, "Policy") from error
    named: dict[str, Any] = {"activity": activity, "fresh": fresh, "correlation_id": call.request_id}
    return Write(render, tenants.change_settings, world, caller_of(call), changed, **named)


_PATH: Final = "/policies/authorizationPolicy"
_LISTS: Final = "/policies/b2bManagementPolicies"
OPERATIONS: Final = (
    Operation("GET", _PATH, read_authorizations, rights.READ_POLICIES),
    Operation("PATCH", _PATH, update_authorization, rights.WRITE_AUTHORIZATION),
    Operation("GET", f"{_PATH}/{_AUTHORIZATION}", read_authorization, rights.READ_POLICIES, beta_only=True),
    Operation("PATCH", f"{_PATH}/{_AUTHORIZATION}", update_authorization, rights.WRITE_AUTHORIZATION, beta_only=True),
    Operation("GET", _LISTS, domain_policies, rights.READ_POLICIES, beta_only=True),
    Operation("POST", _LISTS, create_domain_policy, rights.WRITE_DOMAIN_LISTS, beta_only=True),
    Operation("GET", f"{_LISTS}/{{id}}", domain_policy, rights.READ_POLICIES, beta_only=True),
    Operation("PATCH", f"{_LISTS}/{{id}}", update_domain_policy, rights.WRITE_DOMAIN_LISTS, beta_only=True),
    Operation("DELETE", f"{_LISTS}/{{id}}", delete_domain_policy, rights.WRITE_DOMAIN_LISTS, beta_only=True),
)
