"""How objects other than users look on the wire (graph G32 to G38), and which maker fits a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from readmit.domain.group import Group
from readmit.domain.permission import DIRECTORY_ROLES
from readmit.storage import queries
from readmit.web.graph.app_shape import application_item, principal_item
from readmit.web.graph.odata import refusals
from readmit.web.graph.render import Item
from readmit.web.graph.times import stamp
from readmit.web.graph.user_shape import Shown, user_item
from readmit.web.graph.viewer import Viewer

_GROUP_NULLS: Final = (
    "expirationDateTime",
    "membershipRule",
    "membershipRuleProcessingState",
    "onPremisesDomainName",
    "onPremisesLastSyncDateTime",
    "onPremisesNetBiosName",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled",
    "preferredDataLocation",
    "securityIdentifier",
)
_GROUP_EMPTY: Final = (
    "creationOptions",
    "resourceBehaviorOptions",
    "resourceProvisioningOptions",
    "onPremisesProvisioningErrors",
)
GROUP: Final[dict[str, Callable[[Group], Any]]] = {
    "id": lambda group: group.id,
    "deletedDateTime": lambda group: stamp(group.deleted),
    "classification": lambda group: group.classification,
    "createdDateTime": lambda group: stamp(group.created),
    "description": lambda group: group.description,
    "displayName": lambda group: group.display_name,
    "groupTypes": lambda group: group.group_types,
    "isAssignableToRole": lambda group: group.is_assignable_to_role,
    "mail": lambda group: group.mail.given if group.mail else None,
    "mailEnabled": lambda group: group.mail_enabled,
    "mailNickname": lambda group: group.mail_nickname,
    "preferredLanguage": lambda group: group.properties.get("preferredLanguage"),
    "proxyAddresses": lambda group: [f"SMTP:{group.mail.given}"] if group.mail else [],
    "renewedDateTime": lambda group: stamp(group.created),
    "securityEnabled": lambda group: group.security_enabled,
    "theme": lambda group: group.properties.get("theme"),
    "uniqueName": lambda group: group.unique_name,
    "visibility": lambda group: group.visibility,
    **dict.fromkeys(_GROUP_NULLS, lambda _group: None),
    **dict.fromkeys(_GROUP_EMPTY, lambda _group: []),
}
_BASIC_GROUP: Final = frozenset(
    {"id", "displayName", "description", "mail", "mailEnabled", "securityEnabled", "groupTypes", "visibility"}
)
"""What a guest below members sees of a group (graph G67)."""


def group_item(group: Group, select: Iterable[str] | None = None, *, basic: bool = False) -> Item:
    """A group with the selected properties, or all; what only other kinds have is left out."""
    names = select if select is not None else GROUP
    body = {name: GROUP[name](group) for name in names if name in GROUP}
    if basic:
        body = {name: value if name in _BASIC_GROUP else _blank(value) for name, value in body.items()}
    return Item("group", group.id, body)


def role_item(role_id: str, select: Iterable[str] | None = None) -> Item:
    """A directory role; its id is that of its template (graph G81)."""
    name = DIRECTORY_ROLES[role_id]
    whole = {
        "id": role_id,
        "deletedDateTime": None,
        "description": None,
        "displayName": name,
        "roleTemplateId": role_id,
    }
    return Item(
        "directoryRole", role_id, {key: whole[key] for key in select if key in whole} if select is not None else whole
    )


def definition_item(role_id: str) -> Item:
    """A unifiedRoleDefinition."""
    body = {
        "id": role_id,
        "description": None,
        "displayName": DIRECTORY_ROLES[role_id],
        "isBuiltIn": True,
        "isEnabled": True,
        "resourceScopes": ["/"],
        "templateId": role_id,
        "version": "1",
        "rolePermissions": [],
    }
    return Item("unifiedRoleDefinition", role_id, body)


def selected(item: Item, select: Sequence[str] | None) -> Item:
    """The item with the selected properties only. Raises UnsupportedQuery (Q1) for others."""
    if select is None:
        return item
    known = {name.lower(): name for name in item.body}
    for name in select:
        if name != "*" and name.lower() not in known:
            raise refusals.unknown_in_select(name, item.kind)
    if "*" in select:
        return item
    names = [known[name.lower()] for name in select]
    return Item(item.kind, item.id, {name: item.body[name] for name in names})


def item_maker(kind: str, seen: Viewer, version: str, select: Iterable[str] | None = None) -> Callable[[Any], Item]:
    """What makes an Item of one found object of this kind, for this reader."""
    names = tuple(select) if select is not None else None
    if kind == "user":
        return lambda row: user_item(_shown(row, seen), version, names, basic=seen.basic_users)
    if kind == "group":
        return lambda group: group_item(group, names, basic=seen.limited)
    if kind == "application":
        return lambda row: application_item(row, seen.tenant.default_domain, names)
    if kind == "servicePrincipal":
        return lambda row: principal_item(row, version, names)
    return lambda role: role_item(role.id, names)


def _shown(row: Any, seen: Viewer) -> Shown:
    if isinstance(row, queries.UserRow):
        return Shown(row.user, seen.tenant, row.password_changed, row.activity)
    return Shown(row, seen.tenant)


def _blank(value: Any) -> Any:
    return [] if isinstance(value, list | tuple) else None
