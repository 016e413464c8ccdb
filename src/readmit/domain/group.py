"""A group of the directory and the rules of what it may be (graph G32)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Literal

from readmit.domain.address import EmailAddress
from readmit.domain.errors import InvalidValue, NotProvided
from readmit.domain.tenant import Tenant

MemberType = Literal["user", "group", "servicePrincipal"]

HIDDEN: Final = "HiddenMembership"
VISIBILITIES: Final = ("Public", "Private", HIDDEN)
_COLUMNS: Final = {
    "displayName": "display_name",
    "description": "description",
    "mailNickname": "mail_nickname",
    "visibility": "visibility",
    "classification": "classification",
    "securityEnabled": "security_enabled",
    "groupTypes": "group_types",
    "mailEnabled": "mail_enabled",
    "isAssignableToRole": "is_assignable_to_role",
    "uniqueName": "unique_name",
}


_NOT_IN_NICKNAMES: Final = frozenset('@()\\[]";:<>, ')
"""What no alias holds, in Graph neither."""


@dataclass(frozen=True, slots=True)
class Group:
    """A security group, or a Unified one with an address."""

    id: str
    tenant_id: str
    display_name: str
    created: datetime
    description: str | None = None
    mail: EmailAddress | None = None
    mail_nickname: str | None = None
    visibility: str | None = None
    classification: str | None = None
    group_types: tuple[str, ...] = ()
    mail_enabled: bool = False
    security_enabled: bool = True
    is_assignable_to_role: bool = False
    unique_name: str | None = None
    deleted: datetime | None = None
    properties: Mapping[str, object] = field(default_factory=dict)

    @property
    def hidden(self) -> bool:
        """Whether guests see its members (graph G67)."""
        return self.visibility == HIDDEN


def changed(group: Group, values: Mapping[str, Any], tenant: Tenant, *, new: bool = False) -> Group:
    """The group with checked values written over. Raises InvalidValue (M6), NotProvided (M12: dynamic groups)."""
    fields = {_COLUMNS[name]: value for name, value in values.items() if name in _COLUMNS}
    others = {name: value for name, value in values.items() if name not in _COLUMNS}
    kept = {name: value for name, value in {**group.properties, **others}.items() if value is not None}
    after = replace(group, **fields, properties=kept)
    _check(after, values)
    if new and after.mail_enabled:
        address = f"{after.mail_nickname}@{tenant.default_domain}"
        after = replace(after, mail=EmailAddress.stored(address))
    return after


def _check(group: Group, values: Mapping[str, Any]) -> None:
    if "DynamicMembership" in group.group_types:
        raise NotProvided
    nickname = values.get("mailNickname")
    if nickname is not None and not _NOT_IN_NICKNAMES.isdisjoint(nickname):
        raise InvalidValue("mailNickname", "Group")
    if group.group_types not in ((), ("Unified",)):
        raise InvalidValue("groupTypes", "Group")
    if group.mail_enabled != bool(group.group_types):
        raise InvalidValue("mailEnabled", "Group")
    if not group.mail_enabled and not group.security_enabled:
        raise InvalidValue("securityEnabled", "Group")
    if values.get("visibility") is not None and group.visibility not in VISIBILITIES:
        raise InvalidValue("visibility", "Group")
    if group.is_assignable_to_role and not group.security_enabled:
        raise InvalidValue("isAssignableToRole", "Group")
