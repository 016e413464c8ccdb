"""A filter's tree to parameterised SQL over one table's columns, by an allow-list of properties (graph G51, G52).

Two-valued logic: `null` equals only `null`, anything else on `null` is false and its `not` true.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never

from readmit.domain.errors import UnsupportedQuery
from readmit.domain.text import fold
from readmit.web.graph.odata.properties import ADVANCED, RESOURCES, Property
from readmit.web.graph.odata.syntax import (
    Any_,
    Both,
    Call,
    Comparison,
    Either,
    Literal_,
    Membership,
    Node,
    Not,
    Path,
)
from readmit.web.graph.times import parsed

_SYMBOLS = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_RESOURCE_NAMES = {
    "user": "User",
    "group": "Group",
    "application": "Application",
    "servicePrincipal": "ServicePrincipal",
}
_NEEDS_MORE = (
    "Operator '{0}' is not supported because the required parameters might be missing. Try adding $count=true query "
    "parameter and ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for more "
    "information"
)


@dataclass(slots=True)
class Where:
    """A condition and its parameters."""

    sql: str
    parameters: dict[str, Any]


def where(node: Node, kind: str, *, advanced: bool) -> Where:
    """The condition of a filter on `user`, `group`, `application` or `servicePrincipal`. Raises UnsupportedQuery."""
    writer = _Writer(kind, advanced)
    return Where(writer.write(node), writer.parameters)


@dataclass(slots=True)
class _Writer:
    kind: str
    advanced: bool
    parameters: dict[str, Any] = field(default_factory=dict)

    def write(self, node: Node) -> str:
        match node:
            case Both(left, right):
                return f"({self.write(left)} AND {self.write(right)})"
            case Either(left, right):
                return f"({self.write(left)} OR {self.write(right)})"
            case Not(condition):
                if not self.advanced:
                    raise UnsupportedQuery(_NEEDS_MORE.format("Not"))
                return f"NOT COALESCE({self.write(condition)}, 0)"
            case Comparison(path, operator, literal):
                return self._comparison(path, operator, literal)
            case Membership(path, literals):
                return "(" + " OR ".join(self._comparison(path, "eq", literal) for literal in literals) + ")"
            case Call(function, path, text):
                return self._function(self._property(path), function, text)
            case Any_(path, variable, condition):
                return self._any(self._collection(path), variable, condition)
            case _:
                assert_never(node)

    # -------------------------------------------------------------- properties

    def _property(self, path: Path) -> Property:
        found = RESOURCES[self.kind].get(path.steps[0].lower())
        if found is None:
            name = path.steps[0][:120]
            kind = f"microsoft.graph.{self.kind}"
            message = f"Invalid filter clause: Could not find a property named '{name}' on type '{kind}'."
            raise UnsupportedQuery(message, "BadRequest")
        if len(path.steps) > 1 or found.kind == "collection":
            raise self._unavailable(path.text)
        return found

    def _collection(self, path: Path) -> Property:
        found = RESOURCES[self.kind].get(path.steps[0].lower())
        if found is None or len(path.steps) > 1 or found.kind != "collection":
            if path.text.lower() == "identities" and self.kind == "user":
                return Property("identities", "", "collection")
            raise self._unavailable(path.text)
        return found

    def _unavailable(self, name: str) -> UnsupportedQuery:
        resource = _RESOURCE_NAMES[self.kind]
        shown = f"property '{name[:120]}' of resource '{resource}'"
        return UnsupportedQuery(f"Unsupported or invalid query filter clause specified for {shown}.")

    def _allow(self, mode: str, name: str) -> None:
        if not mode or (mode == ADVANCED and not self.advanced):
            raise self._unavailable(name)

    def _bind(self, value: Any) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"

    # -------------------------------------------------------------- comparisons

    def _comparison(self, path: Path, operator: str, literal: Literal_) -> str:
        if path.steps[-1].lower() == "$count":
            return self._length(path, operator, literal)
        found = self._property(path)
        if operator == "ne" and not self.advanced:
            raise UnsupportedQuery("Filter operator 'NotEqualsMatch' is not supported.")
        if literal.value is None:
            if operator not in ("eq", "ne"):
                raise self._unavailable(found.name)
            self._allow(found.null, found.name)
            return f"{found.column} IS {'NOT ' if operator == 'ne' else ''}NULL"
        self._allow(found.eq if operator in ("eq", "ne") else found.cmp, found.name)
        test = self._test(found, operator if operator != "ne" else "eq", literal)
        return f"NOT COALESCE({test}, 0)" if operator == "ne" else test

    def _test(self, found: Property, operator: str, literal: Literal_) -> str:
        value = self._value(found, literal)
        symbol = _SYMBOLS[operator]
        if operator != "eq" and found.kind in ("text", "address"):
            return f"{found.column} {symbol} {self._bind(literal.value)}"
        return f"{self._folded(found)} {symbol} {self._bind(value)}"

    def _folded(self, found: Property) -> str:
        """The form in which a column compares; a key column where an index is on it."""
        if found.kind == "address":
            return {"mail": "mail_key", "upn": "upn_key"}.get(found.column, f"lower({found.column})")
        if found.kind == "text" and found.column not in ("user_type", "external_state", "creation_type"):
            return f"fold({found.column})"
        return found.column

    def _value(self, found: Property, literal: Literal_) -> Any:
        value = literal.value
        match found.kind:
            case "flag":
                if not isinstance(value, bool):
                    raise self._unavailable(found.name)
                return int(value)
            case "time":
                return self._time(found, value)
            case "id":
                return str(value).lower()
            case "text" | "address" | "collection":
                if not isinstance(value, str):
                    raise self._unavailable(found.name)
                return _canonical(found, value)
            case _:
                assert_never(found.kind)

    def _time(self, found: Property, value: Any) -> int:
        try:
            when: datetime = parsed(str(value))
        except ValueError as error:
            raise self._unavailable(found.name) from error
        return int(when.timestamp()) * 1_000_000 + when.microsecond

    def _function(self, found: Property, function: str, text: str) -> str:
        if function == "endswith" and not self.advanced:
            raise UnsupportedQuery(_NEEDS_MORE.format("endsWith"))
        self._allow(found.sw if function == "startswith" else found.ew, found.name)
        column = _states(found.column) if found.name == "externalUserState" else self._folded(found)
        return self._affix(column, function, _folded_text(found, text))

    def _affix(self, column: str, function: str, text: str) -> str:
        """By substr, so that `%`, `_` and `*` are plain characters."""
        name = self._bind(text)
        if function == "startswith":
            return f"substr({column}, 1, length({name})) = {name}"
        return f"(length({column}) >= length({name}) AND substr({column}, -length({name})) = {name})"

    # -------------------------------------------------------------- collections

    def _length(self, path: Path, operator: str, literal: Literal_) -> str:
        if not self.advanced:
            raise self._unavailable(path.text)
        if path.steps[0].lower() == "assignedlicenses" and self.kind == "user":
            column = "'[]'"
        else:
            column = self._collection(Path(path.steps[:1])).column
        if operator not in ("eq", "ne") or literal.value not in (0, 1) or not column:
            raise self._unavailable(path.text)
        return f"json_array_length({column}) {_SYMBOLS[operator]} {self._bind(literal.value)}"

    def _any(self, found: Property, variable: str, condition: Node) -> str:
        if found.name == "identities":
            return self._identities(variable, condition)
        inner = self._inner(found, variable, condition)
        return f"EXISTS (SELECT 1 FROM json_each({found.column}) AS each_value WHERE {inner})"

    def _inner(self, found: Property, variable: str, condition: Node) -> str:
        element = "lower(each_value.value)"
        match condition:
            case Both(left, right):
                return f"({self._inner(found, variable, left)} AND {self._inner(found, variable, right)})"
            case Either(left, right):
                return f"({self._inner(found, variable, left)} OR {self._inner(found, variable, right)})"
            case Comparison(path, "eq", literal) if path.steps == (variable,) and isinstance(literal.value, str):
                self._allow(found.eq, found.name)
                return f"{element} = {self._bind(literal.value.lower())}"
            case Comparison(path, operator, literal) if path.steps == (variable,) and operator != "ne":
                self._allow(found.cmp, found.name)
                return f"each_value.value {_SYMBOLS[operator]} {self._bind(str(literal.value))}"
            case Call(function, path, text) if path.steps == (variable,):
                if function == "endswith" and not self.advanced:
                    raise UnsupportedQuery(_NEEDS_MORE.format("endsWith"))
                self._allow(found.sw if function == "startswith" else found.ew, found.name)
                return self._affix(element, function, text.lower())
            case _:
                raise self._unavailable(found.name)

    def _identities(self, variable: str, condition: Node) -> str:
        """Both parts, or the issuer alone for those that have one mailbox each (graph G30)."""
        parts = dict(self._identity_parts(variable, condition))
        issuer, assigned = parts.get("issuer"), parts.get("issuerassignedid")
        if issuer is None or (assigned is None and issuer.lower() not in ("google.com", "facebook.com", "mail")):
            raise self._unavailable("identities")
        federated = f"lower(binding_issuer_shown) = {self._bind(issuer.lower())}"
        if assigned is None:
            return f"({federated})"
        name = self._bind(assigned.lower())
        host = f"(lower(substr(upn, instr(upn, '@') + 1)) = {self._bind(issuer.lower())} AND upn_key = {name})"
        return f"(({federated} AND lower(binding_assigned_id) = {name}) OR {host})"

    def _identity_parts(self, variable: str, condition: Node) -> list[tuple[str, str]]:
        match condition:
            case Both(left, right):
                return self._identity_parts(variable, left) + self._identity_parts(variable, right)
            case Comparison(path, "eq", literal) if path.steps[0] == variable and isinstance(literal.value, str):
                if len(path.steps) == 2 and path.steps[1].lower() in ("issuer", "issuerassignedid"):
                    return [(path.steps[1].lower(), literal.value)]
        raise self._unavailable("identities")


def _canonical(found: Property, value: str) -> str:
    """A literal in the form that its column compares in."""
    if found.name in _CLOSED:
        return _CLOSED[found.name].get(value.lower(), value)
    return _folded_text(found, value)


_CLOSED = {
    "externalUserState": {"pendingacceptance": "PendingAcceptance", "accepted": "Accepted"},
    "userType": {"guest": "Guest", "member": "Member"},
    "creationType": {"invitation": "Invitation"},
}


def _states(column: str) -> str:
    return f"lower({column})"


def _folded_text(found: Property, text: str) -> str:
    if found.kind == "address":
        return text.lower() if text.isascii() else text
    if found.name == "externalUserState":
        return text.lower()
    return fold(text) or ""
