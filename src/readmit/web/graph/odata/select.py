"""`$select` and `$expand`, and the context URL that tells what was selected (graph G20, G50)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from readmit.domain.errors import NotFound, NotProvided
from readmit.web.graph.odata import refusals
from readmit.web.graph.odata.properties import RESOURCES
from readmit.web.graph.odata.properties import resource as resource_of
from readmit.web.graph.odata.property import named

RELATIONS: Final = {
    "user": ("memberOf", "transitiveMemberOf", "sponsors", "manager", "directReports", "appRoleAssignments"),
    "group": ("members", "owners", "memberOf", "transitiveMemberOf", "appRoleAssignments"),
    "application": ("owners",),
    "directoryRole": ("members",),
    "unifiedRoleAssignment": ("principal", "roleDefinition"),
    "servicePrincipal": ("owners", "memberOf", "transitiveMemberOf", "appRoleAssignedTo", "appRoleAssignments"),
}
"""What `$expand` may name, by type."""
_TARGETS: Final = {
    "appRoleAssignments": "appRoleAssignment",
    "appRoleAssignedTo": "appRoleAssignment",
    "roleDefinition": "unifiedRoleDefinition",
}
"""Of what type they are, where it is not directoryObject."""
_LINKS: Final = {
    "user": (
        "sponsorOf",
        "ownedObjects",
        "createdObjects",
        "oauth2PermissionGrants",
        "licenseDetails",
        "ownedDevices",
        "registeredDevices",
    ),
    "group": ("transitiveMembers",),
    "servicePrincipal": ("oauth2PermissionGrants", "ownedObjects"),
}
"""Further navigations (graph G31 to G34), told by paths of their own alone."""
_SINGLE: Final = frozenset(
    named(
        "aboutMe birthday hireDate interests mailboxSettings mySite pastProjects preferredName responsibilities"
        " schools skills"
    )
)
"""For a single user only (graph G27, ret 1)."""
UNPROVIDED: Final = ("customSecurityAttributes",)
"""Of users, known to Graph, not provided (graph G82)."""
_UNPROVIDED: Final = frozenset(name.lower() for name in UNPROVIDED)
_BETA: Final = frozenset(
    {"refreshTokensValidFromDateTime", "publishedPermissionScopes", "creationTimestamp", "userAgent"}
)
_V1: Final = frozenset({"oauth2PermissionScopes"})
_UNASKED: Final = frozenset({"signInActivity", "passwordProfile"}) | _SINGLE
"""What `*` leaves out (graph G6)."""
_EXCHANGE: Final = frozenset(
    {"allowexternalsenders", "autosubscribenewmembers", "hidefromaddresslists", "hidefromoutlookclients"}
)
"""In a tenant without mailboxes these are not found (graph G32)."""
_EXPANDED: Final = re.compile(r"([A-Za-z]\w*)(?:\((.*)\))?", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Expand:
    """One navigation to be told along, with its own selection."""

    name: str
    select: tuple[str, ...] | None = None


def selection(
    text: str, resource: str, *, version: str = "v1.0", single: bool = False, also: Sequence[str] = ()
) -> tuple[str, ...] | None:
    """Selected properties in canonical spelling, each once, in the order asked; None where nothing is selected.

    `also`: navigations that come back like properties. Others are no properties: selecting one, as scripts do that
    expand it as well, is right and adds nothing.
    Names on a type without a catalogue come back as they are. Raises UnsupportedQuery (Q1), NotProvided for what only
    a single user has, NotFound for what only mailboxes have.
    """
    asked = [name.strip() for name in text.split(",")]
    if asked == [""]:
        return None
    known = _known(resource, version) | {name.lower(): name for name in also}
    if not known:
        return tuple(dict.fromkeys(asked))
    links = {name.lower() for name in (*RELATIONS.get(resource, ()), *_LINKS.get(resource, ()))} - known.keys()
    found: dict[str, None] = {}
    for name in asked:
        if name.lower() in links:
            continue
        if name == "*":
            found |= dict.fromkeys(entry for entry in known.values() if entry not in _UNASKED)
            continue
        found[_canonical(name, resource, known, single)] = None
    return tuple(found)


def _canonical(asked: str, resource: str, known: dict[str, str], single: bool) -> str:
    name = known.get(asked.lower())
    if name is None:
        if resource == "user" and asked.lower() in _UNPROVIDED:
            raise NotProvided
        if resource == "group" and asked.lower() in _EXCHANGE:
            raise NotFound(asked)
        raise refusals.unknown_in_select(asked, resource)
    if name in _SINGLE and not single:
        raise NotProvided
    return name


def _known(resource: str, version: str) -> dict[str, str]:
    """Selectable names by lower case, of types that have a catalogue."""
    if resource not in RESOURCES and resource != "directoryObject":
        return {}
    navigations = {name for names in RELATIONS.values() for name in names}
    hidden = navigations | (_V1 if version == "beta" else _BETA)
    first = (name.partition("/")[0] for name in resource_of(resource).names())
    return {name.lower(): name for name in first if name not in hidden}


def expansion(text: str, resource: str, *, version: str = "v1.0") -> Expand:
    """The one navigation of `$expand`, with `$select` inside at most. Raises UnsupportedQuery (Q1, Q6)."""
    match = _EXPANDED.fullmatch(text.strip()) if not _several(text) else None
    known = {name.lower(): name for name in RELATIONS.get(resource, ())}
    if match is None or match[1].lower() not in known:
        if match is None and text.split("(")[0].split(",")[0].strip().lower() in known:
            raise refusals.option("$expand")
        raise refusals.unknown_in_select(match[1] if match else text.strip(), resource)
    name = known[match[1].lower()]
    return Expand(name, _inner(match[2], name, version) if match[2] is not None else None)


def _several(text: str) -> bool:
    """Whether a comma stands outside of all parentheses."""
    depth = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            return True
    return False


def _inner(text: str, navigation: str, version: str) -> tuple[str, ...] | None:
    found: tuple[str, ...] | None = None
    kind = _TARGETS.get(navigation, "directoryObject")
    for part in text.split(";"):
        option, _, value = part.partition("=")
        option = option.strip().lower().removeprefix("$")
        if option != "select" or found is not None:
            raise refusals.option(f"${option}")
        found = selection(value, kind, version=version)
    return found


def context_url(
    origin: str, version: str, fragment: str, select: Sequence[str] | None = None, *, single: bool = False
) -> str:
    """`{origin}/v1.0/$metadata#users(id,displayName)/$entity`; `fragment` names the set, or a type such as Edm.Boolean.

    `single`: one object of the set.
    """
    chosen = f"({','.join(select)})" if select is not None else ""
    return f"{origin}/{version}/$metadata#{fragment}{chosen}{'/$entity' if single else ''}"
