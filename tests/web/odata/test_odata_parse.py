"""The filter's grammar, its limits, and that hostile text gets an error and nothing else (graph G52, Q1, Q7)."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

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
    Not,
    Path,
    chain,
    paths,
)

GUID = "33ad69f9-da99-4bed-acd0-3f24235cb296"


def eq(name: str, value: Any, *, quoted: bool = True) -> Comparison:
    return Comparison(Path(tuple(name.split("/"))), "eq", Literal_(value, quoted))


def test_and_binds_closer_than_or_and_not_closer_than_and() -> None:
    a, b, c = (eq(name, "1") for name in "abc")
    assert parse.filter("a eq '1' or b eq '1' and c eq '1'") == Either(a, Both(b, c))
    assert parse.filter("(a eq '1' or b eq '1') and c eq '1'") == Both(Either(a, b), c)
    assert parse.filter("not a eq '1' and b eq '1'") == Both(Not(a), b)
    assert parse.filter("not (a eq '1' and b eq '1')") == Not(Both(a, b))
    assert parse.filter("a eq '1' and b eq '1' and c eq '1'") == Both(Both(a, b), c)


def test_operators_and_functions_are_read_in_any_case() -> None:
    assert parse.filter("a EQ '1' AND NOT(b In ('2'))") == Both(
        eq("a", "1"), Not(Membership(Path(("b",)), (Literal_("2", True),)))
    )
    assert parse.filter("StartsWith (mail , 'x')") == Call("startswith", Path(("mail",)), "x")
    assert parse.filter("c/ANY (x:x eq 'y')") == Any_(Path(("c",)), "x", eq("x", "y"))


@pytest.mark.parametrize(
    ("text", "value", "quoted"),
    [
        ("'it''s'", "it's", True),
        ("''", "", True),
        ("''''", "'", True),
        ("12", 12, False),
        ("-1.5", -1.5, False),
        ("TRUE", True, False),
        ("false", False, False),
        ("null", None, False),
        (GUID, GUID, False),
        (f"'{GUID}'", GUID, True),
        ("2024-01-31", "2024-01-31", False),
        ("2024-01-31T10:30:00Z", "2024-01-31T10:30:00Z", False),
        ("2024-01-31T10:30:00.1234567+05:30", "2024-01-31T10:30:00.1234567+05:30", False),
        ("'2024-01-31'", "2024-01-31", True),
    ],
)
def test_literals(text: str, value: Any, quoted: bool) -> None:
    literal = parse.filter(f"a eq {text}").literal  # type: ignore[union-attr]
    assert (literal.value, type(literal.value), literal.quoted) == (value, type(value), quoted)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("  ", 2),
        ("a", 1),
        ("a eq", 4),
        ("a eq 'x", 5),
        ("a eq 'x' and", 12),
        ("a eq 'x' b", 9),
        ("(a eq 'x'", 9),
        ("a eq 'x')", 8),
        ("a has 'x'", 2),
        ("a in ()", 6),
        ("a in ('x',)", 10),
        ("a eq b", 5),
        ("a eq 12abc", 5),
        ("a eq 2024-13-01", 5),
        ("a eq 2024-01-31T10:30:00", 5),
        ("a eq 2024-01-31T25:00:00Z", 5),
        ("startswith(a,12)", 13),
        ("startswith(a 'x')", 13),
        ("length(a) eq 1", 0),
        ("any(x:x eq 'y')", 0),
        ("a/any(x eq 'y')", 8),
        ("a/any()", 6),
        ("a/b/c/d eq 'x'", 0),
        ("'a' eq a", 0),
        ("null eq a", 5),
        ("a eq 'x\x00y'", 5),
        ("a eq 'x\ud800'", 5),
        ("a\u00a0eq 'x'", 1),
        ("a eq 'x' ; drop table users", 9),
        ("a eq 'x' -- b", 9),
    ],
)
def test_a_syntax_error_tells_its_position(text: str, position: int) -> None:
    with pytest.raises(UnsupportedQuery) as caught:
        parse.filter(text)
    assert caught.value.code == "BadRequest"
    assert caught.value.message == f"Invalid filter clause: Syntax error at position {position} in '{text}'."


def test_a_filter_has_at_most_4000_characters() -> None:
    text = "a eq ''"
    assert parse.filter(text + " " * (4000 - len(text))) == eq("a", "")
    with pytest.raises(UnsupportedQuery, match=r"position 4000 in 'a eq ''  +'\.$"):
        parse.filter(text + " " * (4001 - len(text)))


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("not ", ""), ("c/any(x:", ")")])
def test_a_filter_is_at_most_20_deep(opening: str, closing: str) -> None:
    assert parse.filter(opening * 20 + "a eq ''" + closing * 20)
    with pytest.raises(UnsupportedQuery, match="Syntax error at position"):
        parse.filter(opening * 21 + "a eq ''" + closing * 21)


def test_an_or_and_an_in_have_at_most_15_branches() -> None:
    branches = [f"a eq '{number}'" for number in range(16)]
    assert parse.filter(" or ".join(branches[:15]))
    assert parse.filter(f"a in ({','.join(['1'] * 15)})")
    assert parse.filter(" or ".join(branches), branches=50)
    expected = (
        "Too many child clauses specified in search filter expression containing 'OR' operators: 16. Max allowed: 15."
    )
    wide = (" or ".join(branches), f"({' or '.join(branches[:15])}) or {branches[15]}", f"a in ({','.join('1' * 16)})")
    for text in wide:
        with pytest.raises(UnsupportedQuery) as caught:
            parse.filter(text)
        assert (caught.value.code, caught.value.message) == ("Request_UnsupportedQuery", expected)


@pytest.mark.parametrize(
    "text", ["(" * 100_000, "not " * 25_000, "'" * 3999, "a" * 100_000, "a/" * 2000, "1" * 4000, "a eq " + "9" * 3990]
)
def test_hostile_text_is_refused_or_read_at_once(text: str) -> None:
    try:
        parse.filter(text)
    except UnsupportedQuery as refused:
        assert len(refused.message) < 250  # noqa: PT017 - some of these are read


def test_the_longest_and_deepest_filters_run_on_sqlite(directory: sqlite3.Connection) -> None:
    longest = " and ".join(["id eq ''"] * 300)
    deepest = "not(id eq '' and " * 10 + "id eq ''" + ")" * 10
    nested = "(id eq '' and (id eq '' or " * 9 + "not otherMails/any(m:m eq 'x')" + "))" * 9
    for text in (longest, deepest, nested):
        parameters: dict[str, Any] = {}
        where = to_sql.condition(parse.filter(text), "user", "advanced", parameters)
        directory.execute(f"SELECT count(*) FROM users WHERE {where}", parameters).fetchone()


def test_paths_are_those_outside_lambdas() -> None:
    node = parse.filter("a eq '1' and not(startswith(b/c,'x') or d/any(x:x/e eq '1')) and f in ('1')")
    assert [path.text for path in paths(node)] == ["a", "b/c", "d", "f"]
    assert len(chain(node, Both)) == 3
