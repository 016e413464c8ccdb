"""A filter's tree to parameterised SQL over one table, by an allow-list of properties (graph G51, G52).

Two-valued logic: `null` equals only `null`, anything else on `null` is false and its `not` true. Without `not` a null
condition counts as false by itself, so that indexes serve; `IS NOT TRUE` makes `not` and `ne` two-valued.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, NoReturn, assert_never

from readmit.web.graph.odata import comparisons, dialect, identities, refusals
from readmit.web.graph.odata.comparisons import Unfit
from readmit.web.graph.odata.properties import resource as resource_of
from readmit.web.graph.odata.property import Collection, Level, Property, Resource
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
    chain,
    paths,
)

Mode = Literal["default", "advanced"]
_SYMBOLS: Final = {"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_ITEM: Final = "item"


@dataclass(slots=True)
class Where:
    """A condition and its parameters."""

    sql: str
    parameters: dict[str, Any] = field(default_factory=dict)


def where(node: Node, kind: str, *, advanced: bool) -> Where:
    """The condition of a filter on a resource over its table's name. Raises UnsupportedQuery (Q1, Q2, Q3, Q6)."""
    found = Where("")
    found.sql = condition(node, kind, "advanced" if advanced else "default", found.parameters)
    return found


def condition(
    node: Node, resource: str, mode: Mode, parameters: MutableMapping[str, Any], *, alias: str | None = None
) -> str:
    """The condition as SQL; its values go into `parameters` as `p0`, `p1`, … after those that are there.

    `resource`: the type's name without namespace. `alias`: of its table in the statement, else the table's own name.
    Raises UnsupportedQuery (Q1, Q2, Q3, Q6).
    """
    found = resource_of(resource)
    writer = Writer(found, mode == "advanced", parameters, alias or found.table, found.properties)
    writer.check_alone(node)
    return writer.write(node)


@dataclass(slots=True)
class Writer:
    """Writes one condition. `scope`: what can be named here, by lower-case path; in a lambda the element's parts."""

    resource: Resource
    advanced: bool
    parameters: MutableMapping[str, Any]
    table: str
    scope: Mapping[str, Property | Collection]
    in_lambda: bool = False

    def write(self, node: Node) -> str:
        match node:
            case Both():
                return f"({' AND '.join(self.write(term) for term in chain(node, Both))})"
            case Either():
                return f"({' OR '.join(self.write(term) for term in chain(node, Either))})"
            case Not(inner):
                return self._not(inner)
            case Comparison(path, operator, literal):
                return self._comparison(path, operator, literal)
            case Membership(path, literals):
                return f"({' OR '.join(self._comparison(path, 'eq', literal) for literal in literals)})"
            case Call(function, path, text):
                return self._call(function, path, text)
            case Any_(path):
                return self._any(path, node)
            case _:
                assert_never(node)

    def check_alone(self, node: Node) -> None:
        """`signInActivity` is the whole filter or not in it (graph G28)."""
        if isinstance(node, Comparison):
            return
        for path in paths(node):
            found = self.scope.get(path.text.lower())
            if isinstance(found, Property) and found.alone:
                self._refuse(found.name)

    def _not(self, inner: Node) -> str:
        # In advanced mode first: what is never available is told before what only the mode refuses.
        with self._everything_allowed():
            sql = self.write(inner)
        if not self.advanced:
            raise refusals.needs_advanced("Not")
        return f"({sql}) IS NOT TRUE"

    @contextmanager
    def _everything_allowed(self) -> Iterator[None]:
        before, self.advanced = self.advanced, True
        try:
            yield
        finally:
            self.advanced = before

    # -------------------------------------------------------------- properties

    def _find(self, path: Path) -> Property | Collection:
        found = self.scope.get(path.text.lower())
        if found is not None:
            return found
        first = path.steps[0].lower()
        if not self.in_lambda and (self.resource.knows(first)):
            self._refuse(path.text)
        raise refusals.unknown_in_filter(path.steps[-1] if self.in_lambda else path.steps[0], self.resource.name)

    def _property(self, path: Path) -> tuple[Property, str]:
        found = self._find(path)
        if isinstance(found, Collection):
            self._refuse(found.name)
        return found, self.column(found)

    def column(self, found: Property) -> str:
        """The property's value in this statement's table."""
        return dialect.value(self._in_table(found.sql), found.json)

    def _in_table(self, sql: str) -> str:
        return sql.replace("{t}", self.table)

    def _refuse(self, name: str) -> NoReturn:
        raise refusals.unavailable(name, self.resource.title)

    def _allow(self, level: Level, name: str) -> None:
        if not level or (level == "A" and not self.advanced):
            self._refuse(name)

    def bind(self, value: Any) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"

    # -------------------------------------------------------------- predicates

    def _comparison(self, path: Path, operator: str, literal: Literal_) -> str:
        if path.steps[-1].lower() == "$count":
            return self._count(path, operator, literal)
        found, sql = self._property(path)
        if operator == "ne":
            return self._not_equal(found, sql, literal)
        if literal.value is None and operator == "eq":
            self._allow(found.null, found.name)
            return f"{sql} IS NULL"
        self._allow(found.eq if operator == "eq" else found.cmp, found.name)
        if literal.value is None:
            return comparisons.NEVER
        return self._fitted(found, sql, operator, literal)

    def _fitted(self, found: Property, sql: str, operator: str, literal: Literal_) -> str:
        known = _keyed(found, self._in_table(found.key))
        try:
            if operator == "eq":
                return comparisons.equal(known, sql, literal, self.bind)
            return comparisons.ordered(known, sql, operator, literal, self.bind)
        except Unfit:
            self._refuse(found.name)

    def _not_equal(self, found: Property, sql: str, literal: Literal_) -> str:
        level = found.null if literal.value is None else found.eq
        if self.in_lambda or not level:
            self._refuse(found.name)
        test = None if literal.value is None else self._fitted(found, sql, "eq", literal)
        if not self.advanced:
            raise refusals.not_equals()
        return f"{sql} IS NOT NULL" if test is None else f"({test}) IS NOT TRUE"

    def _call(self, function: str, path: Path, text: str) -> str:
        found, sql = self._property(path)
        known = _keyed(found, self._in_table(found.key))
        try:
            if function == "endswith" and found.ew:
                if not self.advanced:
                    raise refusals.needs_advanced("endsWith")
                return comparisons.ends(known, sql, text, self.bind)
            self._allow(found.sw if function == "startswith" else "", found.name)
            return comparisons.begins(known, sql, text, self.bind)
        except Unfit:
            self._refuse(found.name)

    # ------------------------------------------------------------- collections

    def _count(self, path: Path, operator: str, literal: Literal_) -> str:
        """Against 0 or 1 (graph G27)."""
        found = self._find(Path(path.steps[:-1])) if path.steps[1:] else None
        if not isinstance(found, Collection):
            self._refuse(path.text)
        name = f"{found.name}/$count"
        self._allow(found.count, name)
        if type(literal.value) is not int or literal.value not in (0, 1):
            self._refuse(name)
        return f"{dialect.counted(self._in_table(found.source), found.json)} {_SYMBOLS[operator]} {literal.value:d}"

    def _any(self, path: Path, node: Any_) -> str:
        found = self._find(path)
        if not isinstance(found, Collection) or node.quantifier != "any" or self.in_lambda:
            self._refuse(found.name)
        if found.name == "identities":
            return self._identities(node)
        rows = dialect.rows(self._in_table(found.source), found.json)
        scope = _element_scope(found, node.variable.lower())
        if not scope:
            self._refuse(found.name)
        inner = Writer(self.resource, self.advanced, self.parameters, _ITEM, scope, in_lambda=True)
        return f"EXISTS (SELECT 1 FROM {rows} AS {_ITEM} WHERE {inner.write(node.condition)})"

    def _identities(self, node: Any_) -> str:
        try:
            return identities.condition(node, self.table, self.bind)
        except Unfit:
            self._refuse("identities")


def _element_scope(found: Collection, variable: str) -> dict[str, Property | Collection]:
    if found.item is not None:
        return {variable: found.item}
    return {f"{variable}/{part.name.lower()}": part for part in found.members}


def _keyed(found: Property, key: str) -> Property:
    """The property with its key column in this statement's table."""
    return replace(found, key=key) if key != found.key else found
