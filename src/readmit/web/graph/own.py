"""The table of readmit's own paths beside Graph's, `/readmit/v1`, and the way from a path to its operation (G47)."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from readmit.domain.directory import Access
from readmit.web.call import Call
from readmit.web.graph import explanations, history, identity_providers, rights
from readmit.web.graph.operations import Operation
from readmit.web.graph.routes import MethodNotAllowed, NoSuchSegment

_VERSION: Final = "v1"
_PROVIDERS: Final = "/identityProviders"

OPERATIONS: Final = (
    Operation("GET", "/users/{id}/redemptions", history.redemptions, rights.READ_USER_LINKS),
    Operation("GET", "/users/{id}/signInExplanation", explanations.explanation, rights.EXPLAIN),
    Operation("GET", "/invitations", history.invitations, rights.LIST_USERS),
    Operation("GET", "/invitations/{id}", history.invitation, rights.LIST_USERS),
    Operation("DELETE", "/invitations/{id}", history.cancel, Access(frozenset(), anybody=True), checked_by_flow=True),
    Operation("GET", _PROVIDERS, identity_providers.listing, rights.READ_PROVIDERS),
    Operation("POST", _PROVIDERS, identity_providers.create, rights.WRITE_PROVIDERS),
    Operation("GET", f"{_PROVIDERS}/{{id}}", identity_providers.single, rights.READ_PROVIDERS),
    Operation("PATCH", f"{_PROVIDERS}/{{id}}", identity_providers.change, rights.WRITE_PROVIDERS),
    Operation("DELETE", f"{_PROVIDERS}/{{id}}", identity_providers.remove, rights.WRITE_PROVIDERS),
    Operation("POST", f"{_PROVIDERS}/{{id}}/check", identity_providers.check, rights.WRITE_PROVIDERS),
)


def resolve(call: Call) -> tuple[Operation, dict[str, str]]:
    """The operation of a path below `/readmit/v1` and its parameters. Raises NoSuchSegment, MethodNotAllowed."""
    parts = [unquote(part) for part in call.path.split("/") if part]
    rest = parts[2:]
    found: dict[str, tuple[Operation, dict[str, str]]] = {}
    if len(parts) > 1 and parts[1].lower() == _VERSION:
        for operation in OPERATIONS:
            parameters = _matched(operation.pattern, rest)
            if parameters is not None:
                found[operation.method] = operation, parameters
    if not found:
        raise NoSuchSegment(rest[-1] if rest else "readmit")
    method = "GET" if call.method == "HEAD" else call.method
    if method not in found:
        raise MethodNotAllowed
    return found[method]


def _matched(pattern: str, parts: list[str]) -> dict[str, str] | None:
    """What the placeholders of a pattern stand for, if it fits: literals in any case (graph G10)."""
    wanted = pattern.split("/")[1:]
    if len(wanted) != len(parts):
        return None
    parameters = {"version": "v1.0"}
    for name, part in zip(wanted, parts, strict=True):
        if name.startswith("{"):
            parameters[name.strip("{}")] = part
        elif name.lower() != part.lower():
            return None
    return parameters
