"""The table of Graph's operations and the tree that finds one for a request's path (graph G10, G12, M8, M9)."""

from __future__ import annotations

import re
from functools import cache
from typing import Final
from urllib.parse import unquote

from readmit.domain.errors import Refused
from readmit.web.graph import (
    applications,
    assignments,
    audit_logs,
    batch,
    cross_tenant,
    deleted,
    delta,
    directory_objects,
    grants,
    groups,
    invitations,
    managers,
    member_checks,
    policies,
    roles,
    service,
    service_principals,
    subscriptions,
    tenant,
    unprovided,
    user_links,
    users,
)
from readmit.web.graph.operations import ANY_TOKEN, Operation, not_provided
from readmit.web.graph.versions import VERSIONS

TABLE: Final[tuple[Operation, ...]] = (
    *service.operations(lambda: TABLE),
    *batch.OPERATIONS,
    *delta.OPERATIONS,
    *subscriptions.OPERATIONS,
    *invitations.OPERATIONS,
    *users.OPERATIONS,
    *user_links.OPERATIONS,
    *managers.OPERATIONS,
    *member_checks.OPERATIONS,
    *groups.OPERATIONS,
    *applications.OPERATIONS,
    *service_principals.OPERATIONS,
    *assignments.OPERATIONS,
    *grants.OPERATIONS,
    *roles.OPERATIONS,
    *deleted.OPERATIONS,
    *directory_objects.OPERATIONS,
    *tenant.OPERATIONS,
    *policies.OPERATIONS,
    *cross_tenant.OPERATIONS,
    *audit_logs.OPERATIONS,
)
"""Every operation that readmit provides. The matrix of rights is tested from it (security T35)."""

_ALTERNATE_KEYS: Final = {
    "users": ("userprincipalname",),
    "serviceprincipals": ("appid",),
    "applications": ("appid", "uniquename"),
    "groups": ("uniquename",),
    "directoryroles": ("roletemplateid",),
}
_KEYED: Final = re.compile(r"([^()]+)\((?:([A-Za-z]+)=)?'(.*)'\)", re.DOTALL)
_TENANT: Final = re.compile(
    r"myorganization|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[^$()]+\.[^$()]+", re.I
)
_PREFIXES: Final = ("microsoft.graph.", "graph.")


class NoSuchSegment(Refused):
    """M8: `segment` as the caller wrote it; answered before authentication."""

    def __init__(self, segment: str) -> None:
        super().__init__(segment)
        self.segment = segment


class MethodNotAllowed(Refused):
    """M9: the path is known, not with this method."""


class _Node:
    """A place in the tree: what may follow, and the operations that end here by method."""

    __slots__ = ("any", "everything", "keyed", "literals", "operations")

    def __init__(self, *, keyed: bool = False) -> None:
        self.keyed = keyed
        self.literals: dict[str, _Node] = {}
        self.any: tuple[str, _Node] | None = None
        self.operations: dict[str, Operation] = {}
        self.everything: Operation | None = None

    def child(self, segment: str) -> _Node:
        if segment.startswith("{"):
            if self.any is None:
                self.any = (segment[1:-1], _Node(keyed=True))
            return self.any[1]
        return self.literals.setdefault(segment.lower(), _Node())


def resolve(method: str, raw_path: str) -> tuple[Operation, dict[str, str]]:
    """The operation of a path as it came, still percent-encoded, and what its placeholders matched, decoded.

    Parameters also hold `version` (`v1.0`, `beta`), `tenant` where the path names one (graph G10), `me` for `/me`,
    `key` for an alternate key (`appid`). Raises NoSuchSegment (M8), MethodNotAllowed (M9).
    """
    node = _tree()
    segments = [unquote(part) for part in raw_path.split("/") if part]
    version = VERSIONS.get(segments[0].lower()) if segments else None
    if version is None:
        raise NoSuchSegment(segments[0] if segments else "")
    parameters = {"version": version}
    start = 1
    if len(segments) > 1 and _names_tenant(node, segments[1]):
        if segments[1].lower() != "myorganization":
            parameters["tenant"] = segments[1]
        start = 2
        if len(segments) == start:
            raise NoSuchSegment(segments[1])
    if len(segments) > start and segments[start].lower() == "me":
        parameters["me"] = parameters["id"] = "me"
    for segment in segments[start:]:
        if node.everything is not None:
            return node.everything, parameters
        node = _step(node, segment, parameters)
    found = _at(node, method, segments[-1])
    if found.beta_only and version != "beta":
        raise NoSuchSegment(segments[-1])
    return found, parameters


def _at(node: _Node, method: str, segment: str) -> Operation:
    if node.everything is not None:
        return node.everything
    found = node.operations.get("GET" if method == "HEAD" else method)
    if found is None:
        # One object of a collection exists, even where no method reads or writes it (graph G46, members/{id}).
        raise MethodNotAllowed if node.operations or node.keyed else NoSuchSegment(segment)
    return found


def _names_tenant(root: _Node, segment: str) -> bool:
    return segment.lower() not in root.literals and _TENANT.fullmatch(segment) is not None


def _step(node: _Node, segment: str, parameters: dict[str, str]) -> _Node:
    lowered = segment.lower()
    found = node.literals.get(lowered)
    if found is not None:
        return found
    if lowered.endswith(")"):
        found = _keyed(node, segment, parameters)
    for prefix in _PREFIXES:
        if found is None and lowered.startswith(prefix):
            rest = lowered.removeprefix(prefix)
            found = node.literals.get(f"microsoft.graph.{rest}") or node.literals.get(rest.removesuffix("()"))
    if found is None and node.any is not None and not lowered.startswith("$"):
        name, found = node.any
        parameters[name] = segment
    if found is None:
        raise NoSuchSegment(segment)
    return found


def _keyed(node: _Node, segment: str, parameters: dict[str, str]) -> _Node | None:
    """`users('{key}')`, `servicePrincipals(appId='…')`, `delta()`."""
    if segment.endswith("()"):
        return node.literals.get(segment[:-2].lower())
    match = _KEYED.fullmatch(segment)
    if match is None:
        return None
    name, key, value = match.group(1).lower(), (match.group(2) or "id").lower(), match.group(3).replace("''", "'")
    found = node.literals.get(name)
    if found is None or found.any is None:
        return None
    if key != "id":
        if key not in _ALTERNATE_KEYS.get(name, ()):
            return None
        parameters["key"] = key
    placeholder, found = found.any
    parameters[placeholder] = value
    return found


@cache
def _tree() -> _Node:
    root = _Node()
    for operation in TABLE:
        node = _node(root, operation.pattern)
        if operation.method in node.operations:
            raise RuntimeError(f"two operations for {operation.method} {operation.pattern}")
        node.operations[operation.method] = operation
    for pattern in unprovided.PATHS:
        _node(root, pattern).everything = Operation("*", f"/{pattern}", not_provided, ANY_TOKEN)
    user = root.literals["users"].any
    assert user is not None
    root.literals["me"] = user[1]
    return root


def _node(root: _Node, pattern: str) -> _Node:
    node = root
    for segment in filter(None, pattern.split("/")):
        node = node.child(segment)
    return node
