"""The filter on `identities` (graph G30): both parts, or the issuer alone for those that all guests of a kind share."""

from __future__ import annotations

from typing import Final

from readmit.domain.text import fold
from readmit.web.graph.odata.comparisons import Bind, Unfit
from readmit.web.graph.odata.literals import ascii_lower
from readmit.web.graph.odata.syntax import Any_, Both, Comparison, Node, chain

_ALONE: Final = frozenset({"google.com", "facebook.com", "mail"})
_PARTS: Final = frozenset({"issuer", "issuerassignedid"})


def condition(node: Any_, table: str, bind: Bind) -> str:
    """SQL over the federated entry and the host's, as the answer shows them. Raises Unfit."""
    parts: dict[str, str] = {}
    for term in chain(node.condition, Both):
        name, value = _part(term, node.variable.lower())
        if name in parts:
            raise Unfit(name)
        parts[name] = value
    issuer, assigned = parts.get("issuer"), parts.get("issuerassignedid")
    if issuer is None or (assigned is None and issuer.lower() not in _ALONE):
        raise Unfit("identities")
    by_issuer = bind(fold(issuer))
    federated = f"fold({table}.binding_issuer_shown) = {by_issuer}"
    if assigned is None:
        return federated
    host = (
        f"(SELECT fold(t.initial_domain) FROM tenants t WHERE t.id = {table}.tenant_id) = {by_issuer}"  # noqa: S608 - constants
        f" AND lower({table}.upn) = {bind(ascii_lower(assigned))}"
    )
    return f"({federated} AND fold({table}.binding_assigned_id) = {bind(fold(assigned))} OR {host})"


def _part(node: Node, variable: str) -> tuple[str, str]:
    match node:
        case Comparison(path, "eq", literal) if literal.quoted and isinstance(literal.value, str):
            own, _, name = path.text.lower().partition("/")
            if own == variable and name in _PARTS:
                return name, literal.value
    raise Unfit("identities")
