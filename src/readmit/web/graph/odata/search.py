"""`$search`: its clauses as a tree, and as SQL beside the filter's (graph G54)."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from readmit.web.graph.odata import refusals
from readmit.web.graph.odata.parse import BRANCHES, DEPTH, LENGTH
from readmit.web.graph.odata.properties import resource as resource_of
from readmit.web.graph.odata.property import PREFIXES, Collection
from readmit.web.graph.odata.syntax import Any_, Call, Path
from readmit.web.graph.odata.to_sql import Writer

_TOKEN: Final = re.compile(
    r'\s*(?:"(?P<clause>(?:[^"\\\x00-\x1f\ud800-\udfff]|\\["\\])*)"|(?P<word>AND|OR)\b|(?P<mark>[()]))', re.IGNORECASE
)
_ESCAPED: Final = re.compile(r"\\(.)")
_WITHOUT_NAME: Final = "displayName"


@dataclass(frozen=True, slots=True)
class Clause:
    """`"name:text"`; the name as written."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Every:
    """Clauses joined by AND."""

    terms: tuple[Search, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """Clauses joined by OR."""

    terms: tuple[Search, ...]


Search = Clause | Every | Some


def parse(text: str) -> Search:
    """The tree of a search. Raises UnsupportedQuery (Q1 for syntax, Q7)."""
    if len(text) > LENGTH:
        raise refusals.syntax(LENGTH, text)
    reader = _Reader(text)
    found = reader.some(0)
    if reader.kind:
        reader.fail()
    return found


def names(node: Search) -> frozenset[str]:
    """Properties that it looks at, in lower case."""
    if isinstance(node, Clause):
        return frozenset({node.name.lower()})
    return frozenset().union(*map(names, node.terms))


def condition(node: Search, resource: str, parameters: MutableMapping[str, Any], *, alias: str | None = None) -> str:
    """The search as SQL; parameters and alias as in `to_sql.condition`. Raises UnsupportedQuery (Q6)."""
    found = resource_of(resource)
    return _write(node, Writer(found, True, parameters, alias or found.table, found.properties))


def _write(node: Search, writer: Writer) -> str:
    if isinstance(node, Clause):
        return _clause(node, writer)
    joint = " AND " if isinstance(node, Every) else " OR "
    return f"({joint.join(_write(term, writer) for term in node.terms)})"


def _clause(clause: Clause, writer: Writer) -> str:
    name = clause.name.lower()
    found = writer.scope.get(name)
    tokens = {entry.lower() for entry in writer.resource.tokens}
    if found is None or (name not in tokens and name not in PREFIXES):
        raise refusals.unavailable(clause.name, writer.resource.title)
    if isinstance(found, Collection):
        return writer.write(Any_(Path((found.name,)), "x", Call("startswith", Path(("x",)), clause.text)))
    if name in tokens:
        return f"has_tokens({writer.column(found)}, {writer.bind(clause.text)}) = 1"
    return writer.write(Call("startswith", Path((found.name,)), clause.text))


class _Reader:
    """Walks over the tokens, one ahead; `kind` is empty at the end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._end = 0
        self.advance()

    def advance(self) -> None:
        match = _TOKEN.match(self._text, self._end)
        if match is None:
            self.kind = self.value = ""
            self._start = self._end + len(self._text[self._end :]) - len(self._text[self._end :].lstrip())
            if self._start < len(self._text):
                self.fail()
            return
        kind = match.lastgroup or ""
        self.kind = kind
        self.value = match[kind].upper() if kind == "word" else match[kind]
        self._start, self._end = match.start(kind), match.end()

    def fail(self) -> NoReturn:
        raise refusals.syntax(self._start, self._text)

    def some(self, depth: int) -> Search:
        terms = [self._every(depth)]
        while self.kind == "word" and self.value == "OR":
            self.advance()
            terms.append(self._every(depth))
        if len(terms) > BRANCHES:
            raise refusals.too_many_branches(len(terms), BRANCHES)
        return Some(tuple(terms)) if terms[1:] else terms[0]

    def _every(self, depth: int) -> Search:
        """Clauses side by side without a word between are joined as by AND (OData 4.01, 5.1.7)."""
        terms = [self._term(depth)]
        while self.kind == "clause" or (self.kind == "word" and self.value == "AND") or self._opens():
            if self.kind == "word":
                self.advance()
            terms.append(self._term(depth))
        return Every(tuple(terms)) if terms[1:] else terms[0]

    def _term(self, depth: int) -> Search:
        if self.kind == "clause":
            return self._read_clause()
        if not self._opens() or depth >= DEPTH:
            self.fail()
        self.advance()
        found = self.some(depth + 1)
        if self.value != ")" or self.kind != "mark":
            self.fail()
        self.advance()
        return found

    def _opens(self) -> bool:
        return self.kind == "mark" and self.value == "("

    def _read_clause(self) -> Clause:
        text = _ESCAPED.sub(r"\1", self.value)
        name, colon, rest = text.partition(":")
        self.advance()
        return Clause(name.strip(), rest.strip()) if colon else Clause(_WITHOUT_NAME, text.strip())
