"""`$filter` text to a syntax tree: a tokeniser and precedence climbing, bounded in length and depth (graph G52)."""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn

from readmit.domain.errors import UnsupportedQuery
from readmit.web.graph.odata.syntax import Any_, Both, Call, Comparison, Either, Literal_, Membership, Node, Not, Path

_LENGTH: Final = 4000
_DEPTH: Final = 20
_BRANCHES: Final = 15
_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?)(?![\w-])"
    r"|(?P<guid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][\w.]*(?:/\$?[A-Za-z_][\w.]*)*)"
    r"|(?P<mark>[(),:]))",
    re.IGNORECASE | re.ASCII,
)
_COMPARE: Final = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_WORDS: Final = {"true": True, "false": False, "null": None}


def parse(text: str) -> Node:
    """The tree of a filter. Raises UnsupportedQuery with the position of what is wrong (Q1, Q6, Q7)."""
    if len(text) > _LENGTH:
        raise UnsupportedQuery(f"Invalid filter clause: at most {_LENGTH} characters are accepted.", "BadRequest")
    reader = _Reader(text)
    node = reader.disjunction(0)
    if reader.kind != "end":
        reader.fail()
    if reader.branches > _BRANCHES:
        raise too_many(reader.branches)
    return node


def too_many(number: int) -> UnsupportedQuery:
    """Q7."""
    return UnsupportedQuery(
        "Too many child clauses specified in search filter expression containing 'OR' operators: "
        f"{number}. Max allowed: {_BRANCHES}."
    )


class _Reader:
    """Walks over the tokens, one ahead."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._end = 0
        self.branches = 1
        self.kind = ""
        self.value = ""
        self.advance()

    def advance(self) -> None:
        self._position = self._end
        match = _TOKEN.match(self._text, self._end)
        if match is None:
            if self._text[self._end :].strip():
                self.fail()
            self.kind, self.value = "end", ""
            return
        self.kind = match.lastgroup or ""
        self.value = match.group(self.kind)
        self._end = match.end()

    def fail(self) -> NoReturn:
        shown = self._text[:120]
        message = f"Invalid filter clause: Syntax error at position {self._position} in '{shown}'."
        raise UnsupportedQuery(message, "BadRequest")

    def word(self) -> str:
        return self.value.lower() if self.kind == "name" else ""

    def expect(self, mark: str) -> None:
        if self.kind != "mark" or self.value != mark:
            self.fail()
        self.advance()

    # ------------------------------------------------------------ precedence

    def disjunction(self, depth: int) -> Node:
        if depth > _DEPTH:
            raise UnsupportedQuery(f"Invalid filter clause: nested deeper than {_DEPTH}.", "BadRequest")
        node = self.conjunction(depth)
        while self.word() == "or":
            self.advance()
            self.branches += 1
            node = Either(node, self.conjunction(depth))
        return node

    def conjunction(self, depth: int) -> Node:
        node = self.negation(depth)
        while self.word() == "and":
            self.advance()
            node = Both(node, self.negation(depth))
        return node

    def negation(self, depth: int) -> Node:
        if self.word() == "not":
            self.advance()
            if depth > _DEPTH:
                self.fail()
            return Not(self.negation(depth + 1))
        if self.kind == "mark" and self.value == "(":
            self.advance()
            node = self.disjunction(depth + 1)
            self.expect(")")
            return node
        return self.predicate(depth)

    def predicate(self, depth: int) -> Node:
        if self.kind != "name":
            self.fail()
        name, lowered = self.value, self.word()
        self.advance()
        if self.kind == "mark" and self.value == "(":
            return self._called(name, lowered, depth)
        operator: Any = self.word()
        path = self._path(name)
        if operator == "in":
            self.advance()
            return Membership(path, self._literals())
        if operator not in _COMPARE:
            self.fail()
        self.advance()
        return Comparison(path, operator, self._literal())

    def _called(self, name: str, lowered: str, depth: int) -> Node:
        self.advance()
        if lowered in ("startswith", "endswith"):
            return self._function(lowered)
        if lowered.endswith("/any"):
            return self._any(name[: -len("/any")], depth)
        option = name.rpartition("/")[2]
        raise UnsupportedQuery(
            f"Unsupported or invalid query filter clause specified for property '{option[:120]}' of resource 'User'."
        )

    def _function(self, function: Any) -> Node:
        if self.kind != "name":
            self.fail()
        path = self._path(self.value)
        self.advance()
        self.expect(",")
        literal = self._literal()
        if not isinstance(literal.value, str):
            self.fail()
        self.expect(")")
        return Call(function, path, literal.value)

    def _any(self, collection: str, depth: int) -> Node:
        variable = self.value
        if self.kind != "name" or "/" in variable:
            self.fail()
        self.advance()
        self.expect(":")
        condition = self.disjunction(depth + 1)
        self.expect(")")
        return Any_(self._path(collection), variable, condition)

    def _path(self, name: str) -> Path:
        steps = tuple(name.split("/"))
        if len(steps) > 2:
            self.fail()
        return Path(steps)

    def _literals(self) -> tuple[Literal_, ...]:
        self.expect("(")
        found = [self._literal()]
        while self.kind == "mark" and self.value == ",":
            self.advance()
            found.append(self._literal())
        self.expect(")")
        if len(found) > _BRANCHES:
            raise too_many(len(found))
        return tuple(found)

    def _literal(self) -> Literal_:
        kind, value = self.kind, self.value
        if kind == "text":
            self.advance()
            return Literal_(value[1:-1].replace("''", "'"), quoted=True)
        if kind in ("guid", "time"):
            self.advance()
            return Literal_(value)
        if kind == "number":
            self.advance()
            return Literal_(float(value) if "." in value else int(value))
        if kind == "name" and value.lower() in _WORDS:
            self.advance()
            return Literal_(_WORDS[value.lower()])
        return self.fail()
