"""`$filter` text to a syntax tree: a tokeniser and precedence climbing, bounded in length and depth (graph G52)."""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn

from readmit.web.graph.odata import refusals
from readmit.web.graph.odata.literals import ticks
from readmit.web.graph.odata.syntax import Any_, Both, Call, Comparison, Either, Literal_, Membership, Node, Not, Path

LENGTH: Final = 4000
DEPTH: Final = 20
"""Characters of a filter; parentheses, `not` and lambdas in each other (reliability section 7)."""
BRANCHES: Final = 15
"""Terms of one `or`, values of one `in` (Q7)."""
_STEPS: Final = 3
_NAME: Final = r"[a-z_][a-z0-9_]*"
_TOKEN: Final = re.compile(
    r"[ \t\r\n]*(?:(?P<text>'[^'\x00-\x1f\ud800-\udfff]*(?:''[^'\x00-\x1f\ud800-\udfff]*)*')"
    r"|(?P<guid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![\w-])"
    r"|(?P<time>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)(?![\w:.-])"
    r"|(?P<number>-?\d+(?:\.\d+)?)(?![\w:.-])"
    rf"|(?P<name>{_NAME}(?:/{_NAME})*(?:/\$count)?)"
    r"|(?P<mark>[(),:]))",
    re.IGNORECASE | re.ASCII,
)
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_COMPARE: Final = frozenset({"eq", "ne", "gt", "ge", "lt", "le"})
_FUNCTIONS: Final = frozenset({"startswith", "endswith", "contains"})
_WORDS: Final = {"true": True, "false": False, "null": None}


def filter(text: str, *, branches: int = BRANCHES) -> Node:
    """The tree of a filter. Raises UnsupportedQuery with the position of what is wrong (Q1), or Q7.

    `branches`: how many terms an `or` may have; delta queries allow 50 (graph G58).
    """
    if len(text) > LENGTH:
        raise refusals.syntax(LENGTH, text)
    reader = _Reader(text, branches)
    node = reader.disjunction(0)
    if reader.kind:
        reader.fail()
    return node


parse = filter  # as a name of its own: `filter` alone is the built-in


class _Reader:
    """Walks over the tokens, one ahead. `kind` is empty at the end; `word` is a name in lower case."""

    __slots__ = ("_branches", "_end", "_start", "_text", "kind", "value", "word")

    def __init__(self, text: str, branches: int) -> None:
        self._text = text
        self._branches = branches
        self._end = 0
        self.advance()

    def advance(self) -> None:
        match = _TOKEN.match(self._text, self._end)
        if match is None:
            self._finish()
            return
        kind = match.lastgroup or ""
        self.kind, self.value = kind, match[kind]
        self._start, self._end = match.span(kind)
        self.word = self.value.lower() if kind == "name" else ""

    def _finish(self) -> None:
        space = _SPACE.match(self._text, self._end)
        self._start = space.end() if space else self._end
        self.kind = self.value = self.word = ""
        if self._start < len(self._text):
            self.fail()

    def fail(self) -> NoReturn:
        raise refusals.syntax(self._start, self._text)

    def take(self, mark: str) -> None:
        if self.value != mark:
            self.fail()
        self.advance()

    # ------------------------------------------------------------ precedence

    def disjunction(self, depth: int) -> Node:
        if depth > DEPTH:
            self.fail()
        node = self._conjunction(depth)
        while self.word == "or":
            self.advance()
            node = Either(node, self._conjunction(depth))
        if isinstance(node, Either) and (number := _width(node)) > self._branches:
            raise refusals.too_many_branches(number, self._branches)
        return node

    def _conjunction(self, depth: int) -> Node:
        node = self._term(depth)
        while self.word == "and":
            self.advance()
            node = Both(node, self._term(depth))
        return node

    def _term(self, depth: int) -> Node:
        if self.kind == "name":
            return self._negation(depth) if self.word == "not" else self._predicate(depth)
        self.take("(")
        node = self.disjunction(depth + 1)
        self.take(")")
        return node

    def _negation(self, depth: int) -> Node:
        if depth >= DEPTH:
            self.fail()
        self.advance()
        return Not(self._term(depth + 1))

    # ------------------------------------------------------------ predicates

    def _predicate(self, depth: int) -> Node:
        name, lowered = self.value, self.word
        start = self._start
        self.advance()
        if self.value == "(":
            return self._called(name, start, depth)
        operator: Any = self.word
        if lowered in _WORDS or (operator not in _COMPARE and operator != "in"):
            self.fail()
        path = self._path(name, start)
        self.advance()
        if operator == "in":
            return Membership(path, self._literals())
        return Comparison(path, operator, self._literal())

    def _called(self, name: str, start: int, depth: int) -> Node:
        collection, _, last = name.rpartition("/")
        word: Any = last.lower()
        if not collection and word in _FUNCTIONS:
            self.advance()
            return self._function(word)
        if collection and word in ("any", "all"):
            self.advance()
            return self._lambda(self._path(collection, start), word, depth)
        raise refusals.syntax(start, self._text)

    def _function(self, function: Any) -> Node:
        path = self._path(self.value, self._start) if self.kind == "name" else self.fail()
        self.advance()
        self.take(",")
        if self.kind != "text":
            self.fail()
        text = self._literal().value
        self.take(")")
        return Call(function, path, str(text))

    def _lambda(self, path: Path, quantifier: Any, depth: int) -> Node:
        variable = self.value
        if self.kind != "name" or "/" in variable:
            self.fail()
        self.advance()
        self.take(":")
        condition = self.disjunction(depth + 1)
        self.take(")")
        return Any_(path, variable, condition, quantifier)

    def _path(self, name: str, start: int) -> Path:
        steps = tuple(name.split("/"))
        if len(steps) > _STEPS:
            raise refusals.syntax(start, self._text)
        return Path(steps)

    # -------------------------------------------------------------- literals

    def _literals(self) -> tuple[Literal_, ...]:
        self.take("(")
        found = [self._literal()]
        while self.value == ",":
            self.advance()
            found.append(self._literal())
        self.take(")")
        if len(found) > self._branches:
            raise refusals.too_many_branches(len(found), self._branches)
        return tuple(found)

    def _literal(self) -> Literal_:
        kind, value = self.kind, self.value
        if kind == "text":
            literal = Literal_(value[1:-1].replace("''", "'"), True)
        elif kind == "guid" or (kind == "time" and _is_time(value)):
            literal = Literal_(value)
        elif kind == "number":
            literal = Literal_(float(value) if "." in value else int(value))
        elif self.word in _WORDS:
            literal = Literal_(_WORDS[self.word])
        else:
            self.fail()
        self.advance()
        return literal


def _width(node: Node) -> int:
    """How many branches an `or` has, those of its branches in parentheses among them."""
    number, rest = 0, [node]
    while rest:
        node = rest.pop()
        if isinstance(node, Either):
            rest += (node.left, node.right)
        else:
            number += 1
    return number


def _is_time(text: str) -> bool:
    try:
        ticks(text)
    except ValueError:
        return False
    return True
