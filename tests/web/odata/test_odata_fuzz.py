"""Generated and hostile filters: read back the same, refused by name, never part of the statement (graph G52)."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readmit.domain.errors import UnsupportedQuery
from readmit.web.graph.odata import parse, to_sql
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

_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name.lower() not in ("not", "and", "or", "true", "false", "null", "any", "all")
)
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map(lambda names: Path(tuple(names)))
_TEXTS = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs",)), max_size=12)
_LITERALS = st.one_of(
    _TEXTS.map(lambda text: Literal_(text, True)),
    st.integers(-(10**12), 10**12).map(Literal_),
    st.booleans().map(Literal_),
    st.none().map(Literal_),
    st.uuids().map(lambda value: Literal_(str(value))),
    st.dates().map(lambda day: Literal_(day.isoformat())),
    st.datetimes().map(lambda when: Literal_(when.isoformat() + "Z")),
)
_LEAVES: st.SearchStrategy[Node] = st.one_of(
    st.builds(Comparison, _PATHS, st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]), _LITERALS),
    st.builds(Membership, _PATHS, st.lists(_LITERALS, min_size=1, max_size=4).map(tuple)),
    st.builds(Call, st.sampled_from(["startswith", "endswith", "contains"]), _PATHS, _TEXTS),
)
_TREES: st.SearchStrategy[Node] = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Both, inner, inner),
        st.builds(Either, inner, inner),
        st.builds(
            Any_,
            st.lists(_NAMES, min_size=1, max_size=2).map(lambda names: Path(tuple(names))),
            _NAMES,
            inner,
            st.sampled_from(["any", "all"]),
        ),
    ),
    max_leaves=8,
)


def rendered(node: Node) -> str:
    match node:
        case Comparison(path, operator, literal):
            return f"{path.text} {operator} {shown(literal)}"
        case Membership(path, literals):
            return f"{path.text} in ({','.join(map(shown, literals))})"
        case Call(function, path, text):
            return f"{function}({path.text},{shown(Literal_(text, True))})"
        case Any_(path, variable, condition, quantifier):
            return f"{path.text}/{quantifier}({variable}:{rendered(condition)})"
        case Not(condition):
            return f"not {within(condition, Both, Either)}"
        case Both(left, right):
            return f"{within(left, Either)} and {within(right, Either, Both)}"
        case Either(left, right):
            return f"{rendered(left)} or {within(right, Either)}"


def within(node: Node, *kinds: type) -> str:
    return f"({rendered(node)})" if isinstance(node, kinds) else rendered(node)


def shown(literal: Literal_) -> str:
    if literal.quoted:
        return f"'{str(literal.value).replace(chr(39), chr(39) * 2)}'"
    return {"None": "null", "True": "true", "False": "false"}.get(str(literal.value), str(literal.value))


@given(_TREES)
@settings(max_examples=100, deadline=None)
def test_a_tree_written_as_text_is_read_back_the_same(node: Node) -> None:
    node_text = rendered(node)
    assert repr(parse.filter(node_text)) == repr(node)


_MARKS = ("(", ")", ",", ":", "'x'", "'''", "1", "2024-01-01", "null", "'é'", "\x00", "%", '"', ";", "--", "/$count")
_KNOWN = ("userType", "mail", "otherMails", "identities", "memberOf", "m", "signInActivity/lastSignInDateTime")
_OPERATORS = ("eq", "ne", "gt", "in", "and", "or", "not", "startswith(", "endswith(", "contains(", "otherMails/any(m:")
_WORDS = st.sampled_from(_MARKS + _KNOWN + _OPERATORS)


@given(st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=14).map(" ".join)))
@settings(max_examples=200, deadline=None)
def test_whatever_is_asked_is_answered_or_refused_by_name(text: str) -> None:
    for mode in ("default", "advanced"):
        try:
            to_sql.condition(parse.filter(text), "user", mode, {})  # type: ignore[arg-type]
        except UnsupportedQuery as refused:
            assert refused.code in ("BadRequest", "Request_UnsupportedQuery")  # noqa: PT017


INJECTIONS = [
    "' OR 1=1 --",
    "'; DROP TABLE users; --",
    "x' UNION SELECT 1 --",
    "%",
    "_",
    "*",
    "\\",
    '"',
    ":p0",
    "?1",
    "{t}",
    "$.x",
    "Robert'; DROP TABLE users;--",
]


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize(
    "template",
    [
        "displayName eq {}",
        "startswith(displayName,{})",
        "startswith(mail,{})",
        "endswith(mail,{})",
        "mail in ({0},{0})",
        "id eq {}",
        "userType eq {}",
        "city ge {}",
        "otherMails/any(m:startswith(m,{}))",
        "identities/any(i:i/issuer eq {0} and i/issuerAssignedId eq {0})",
    ],
)
def test_text_of_a_literal_never_reaches_the_statement(directory: sqlite3.Connection, template: str, text: str) -> None:
    def statement(literal: str) -> tuple[str, dict[str, Any]]:
        parameters: dict[str, Any] = {}
        quoted = "'" + literal.replace("'", "''") + "'"
        return to_sql.condition(parse.filter(template.format(quoted)), "user", "advanced", parameters), parameters

    sql, parameters = statement(text)
    assert sql == statement("x" * len(text))[0]
    before = directory.execute("SELECT count(*) FROM users").fetchone()
    found = directory.execute(f"SELECT display_name FROM users WHERE {sql}", parameters).fetchall()
    if "displayName eq" in template:
        assert {row[0] for row in found} <= {text}
    assert directory.execute("SELECT count(*) FROM users").fetchone() == before
