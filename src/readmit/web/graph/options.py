"""The system query options of lists and entities: $select, $expand, $filter, $top, $count, $skiptoken (graph G50)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Final
from urllib.parse import parse_qsl

from readmit.domain.errors import InsufficientPrivileges, NotFound, NotProvided, UnsupportedQuery
from readmit.web.call import Call
from readmit.web.graph.app_shape import APPLICATION, PRINCIPAL
from readmit.web.graph.odata.parse import parse
from readmit.web.graph.odata.properties import RESOURCES
from readmit.web.graph.odata.syntax import Comparison, Path
from readmit.web.graph.odata.to_sql import Where, where
from readmit.web.graph.operations import caller_of
from readmit.web.graph.shapes import GROUP
from readmit.web.graph.user_shape import GETTERS, SINGLE

_SYSTEM: Final = frozenset(
    [
        "select",
        "expand",
        "top",
        "count",
        "format",
        "skiptoken",
        "deltatoken",
        "filter",
        "orderby",
        "search",
        "skip",
        "compute",
        "apply",
    ]
)
_PROVIDED: Final = frozenset({"select", "expand", "top", "count", "format", "skiptoken", "deltatoken", "filter"})
_EXPANDED: Final = re.compile(r"([A-Za-z]+)(?:\(\$?select=([A-Za-z0-9_,]+)\))?", re.IGNORECASE)
_BETA_ONLY: Final = {"user": {"refreshTokensValidFromDateTime"}}
_SPELLED: Final = {"oauth2PermissionScopes": "publishedPermissionScopes"}
_EXCHANGE: Final = frozenset(
    {"allowexternalsenders", "autosubscribenewmembers", "hidefromaddresslists", "hidefromoutlookclients"}
)
"""In a tenant without mailboxes these are not found (graph G32)."""
_DEFAULT_TOP, _MOST, _MOST_ACTIVITY = 100, 999, 120
RELATIONS: Final = {
    "user": ("memberOf", "transitiveMemberOf", "sponsors", "manager", "directReports"),
    "group": ("members", "owners", "memberOf", "transitiveMemberOf"),
    "application": ("owners",),
    "servicePrincipal": ("owners", "memberOf", "transitiveMemberOf", "appRoleAssignedTo", "appRoleAssignments"),
}
"""What `$expand` may name (graph G50)."""


@dataclass(frozen=True, slots=True)
class Expand:
    """One navigation to be told along, with its own `$select`."""

    name: str
    select: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What a request asks of a list or an entity."""

    select: tuple[str, ...] | None = None
    expand: Expand | None = None
    top: int = _DEFAULT_TOP
    count: bool = False
    """Advanced mode: `$count=true` together with the header (graph G51)."""
    skip_token: str | None = None
    filter: Where | None = None
    filtered: frozenset[str] = frozenset()
    """Names, in lower case, of the properties that the filter looks at."""


def options_of(call: Call, kind: str, *, single: bool = False, filters: bool = False) -> Options:
    """Raises UnsupportedQuery (Q1, Q5, Q6, Q9), NotProvided, InsufficientPrivileges for signInActivity."""
    values = _values(call.query)
    provided = {"select", "expand", "format"} if single else _PROVIDED
    for name in values:
        if name not in provided or (name == "filter" and not filters):
            raise UnsupportedQuery(f"Query option '${name}' is not supported.")
    advanced = eventual(call)
    select = selection(values.get("select"), kind, call.parameters.get("version", "v1.0"), single=single)
    expand = _expand(values.get("expand"), kind)
    count = values.get("count", "").lower() == "true" and advanced
    if expand is not None and count:
        raise UnsupportedQuery("$expand is not supported with advanced query parameters.")
    top = _top(values.get("top"))
    if select is not None and "signInActivity" in select:
        _check_activity(call)
        top = min(top, _MOST_ACTIVITY)
    condition, names = _condition(values.get("filter"), kind, advanced=count)
    if "signinactivity" in names:
        _check_activity(call)
    return Options(select, expand, top, count, values.get("skiptoken"), condition, names)


def _check_activity(call: Call) -> None:
    """Who signed in when is told by the log, and to its readers (graph G28); a filter would tell it too."""
    if not caller_of(call).allowed(frozenset({"AuditLog.Read.All"})):
        raise InsufficientPrivileges


def eventual(call: Call) -> bool:
    """Whether the header of advanced queries is there."""
    return call.headers.get("consistencylevel", "").strip().lower() == "eventual"


def _names(node: object) -> Iterator[str]:
    """First steps of every path in a filter's tree, in lower case."""
    if isinstance(node, Path):
        yield node.steps[0].lower()
    elif is_dataclass(node):
        for part in fields(node):
            yield from _names(getattr(node, part.name))


def check_count(call: Call, kind: str) -> tuple[Where | None, frozenset[str]]:
    """`/$count` needs the header (Q8); the condition of its filter and the properties in it."""
    if not eventual(call):
        raise UnsupportedQuery("$count is not currently supported.", "Request_BadRequest")
    values = _values(call.query)
    for name in values:
        if name != "filter":
            raise UnsupportedQuery(f"Query option '${name}' is not supported.")
    condition, names = _condition(values.get("filter"), kind, advanced=True)
    if "signinactivity" in names:
        _check_activity(call)
    return condition, names


def _condition(text: str | None, kind: str, *, advanced: bool) -> tuple[Where | None, frozenset[str]]:
    """A filter as SQL and the properties in it; on directoryObject collections `id eq '…'` alone (graph G39)."""
    if not text:
        return None, frozenset()
    node = parse(text)
    if kind in RESOURCES:
        return where(node, kind, advanced=advanced), frozenset(_names(node))
    match node:
        case Comparison(Path(("id",)), "eq", literal) if isinstance(literal.value, str):
            return Where("id = :only", {"only": literal.value.lower()}), frozenset({"id"})
    message = "Unsupported or invalid query filter clause specified for property 'id' of resource 'DirectoryObject'."
    raise UnsupportedQuery(message)


def selection(text: str | None, kind: str, version: str, *, single: bool = False) -> tuple[str, ...] | None:
    """The selected properties in canonical spelling; None for all of the default (graph G26)."""
    if not text:
        return None
    known = _known(kind, version)
    if known is None:
        return tuple(name.strip() for name in text.split(",") if name.strip())
    found: dict[str, None] = {}
    for asked in (name.strip() for name in text.split(",")):
        if asked == "*":
            found |= dict.fromkeys(known.values())
            continue
        name = known.get(asked.lower())
        if name is None:
            raise _unknown(asked, kind)
        if name in SINGLE and kind == "user" and not single:
            raise NotProvided
        found[name] = None
    return tuple(found)


def _known(kind: str, version: str) -> Mapping[str, str] | None:
    """Property names by lower case; None where the item itself says what it has."""
    tables: dict[str, tuple[str, ...]] = {
        "user": (*GETTERS, *SINGLE),
        "group": tuple(GROUP),
        "application": tuple(APPLICATION),
        "servicePrincipal": tuple(PRINCIPAL),
        "directoryObject": (*GETTERS, *GROUP, *APPLICATION, *PRINCIPAL, "roleTemplateId"),
    }
    if kind not in tables:
        return None
    names = dict.fromkeys(tables[kind])
    if version == "v1.0":
        for name in _BETA_ONLY.get(kind, ()):
            names.pop(name, None)
        return {name.lower(): name for name in names}
    spelled = (_SPELLED.get(name, name) if kind == "servicePrincipal" else name for name in names)
    return {name.lower(): name for name in spelled}


def _unknown(asked: str, kind: str) -> Exception:
    if kind == "group" and asked.lower() in _EXCHANGE:
        return NotFound(asked)
    return unknown_property(asked, kind)


def unknown_property(asked: str, kind: str) -> UnsupportedQuery:
    """Q1."""
    message = (
        "Parsing OData Select and Expand failed: Could not find a property named"
        f" '{asked[:120]}' on type 'microsoft.graph.{kind}'."
    )
    return UnsupportedQuery(message, "BadRequest")


def _expand(text: str | None, kind: str) -> Expand | None:
    if not text:
        return None
    match = _EXPANDED.fullmatch(text.strip())
    known = {name.lower(): name for name in RELATIONS.get(kind, ())}
    if match is None or match.group(1).lower() not in known:
        raise unknown_property(match.group(1) if match else text, kind)
    inner = tuple(match.group(2).split(",")) if match.group(2) else None
    return Expand(known[match.group(1).lower()], inner)


def _top(text: str | None) -> int:
    if text is None:
        return _DEFAULT_TOP
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= _MOST:
        message = f"Invalid page size specified: '{text[:120]}'. Must be between 1 and {_MOST} inclusive."
        raise UnsupportedQuery(message)
    return int(text)


def _values(query: str) -> dict[str, str]:
    """System options by lower-case name without `$`; other names are ignored, an option twice is Q6 (graph G12)."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=200):
        plain = name.strip().lower().removeprefix("$")
        if plain not in _SYSTEM:
            continue
        if plain in found:
            raise UnsupportedQuery(f"Query option '${plain}' is not supported.")
        found[plain] = value
    return found
