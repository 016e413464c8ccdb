"""`$search`: grammar, tokens, and who is found (graph G54)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from odata_directory import GROUPS, USERS

from readmit.domain.errors import UnsupportedQuery
from readmit.domain.search_tokens import has_tokens, tokens
from readmit.web.graph.odata import search
from readmit.web.graph.odata.properties import resource as resource_of
from readmit.web.graph.odata.search import Clause, Every, Some

A, B, C = Clause("displayName", "a"), Clause("mail", "b"), Clause("surname", "c")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('"displayName:a"', A),
        ('"a"', A),
        ('"displayName:a" AND "mail:b"', Every((A, B))),
        ('"displayName:a" "mail:b"', Every((A, B))),
        ('"a" OR "mail:b" and "surname:c"', Some((A, Every((B, C))))),
        ('("a" or "mail:b") AND "surname:c"', Every((Some((A, B)), C))),
        (r'"displayName:a\"b\\c:d"', Clause("displayName", r'a"b\c:d')),
    ],
)
def test_grammar(text: str, tree: search.Search) -> None:
    assert search.parse(text) == tree


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ("displayName:a", 0),
        ('"a', 0),
        ('"a" AND', 7),
        ('("a"', 4),
        ('"a")', 3),
        ('"a" NOT "b"', 4),
        (r'"a\b"', 0),
        ("(" * 21 + '"a"', 20),
    ],
)
def test_a_syntax_error_tells_its_position(text: str, position: int) -> None:
    with pytest.raises(UnsupportedQuery) as caught:
        search.parse(text)
    assert caught.value.message == f"Invalid filter clause: Syntax error at position {position} in '{text}'."


def test_q7_at_most_15_branches() -> None:
    assert search.parse(" OR ".join(['"a"'] * 15))
    with pytest.raises(UnsupportedQuery, match="'OR' operators: 16"):
        search.parse(" OR ".join(['"a"'] * 16))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("helloWORLD", {"hello", "world"}),
        ("HELLOworld", {"helloworld"}),
        ("hello.world", {"hello", "world", "helloworld"}),
        ("Room42b", {"room", "42", "b"}),
        ("Zoë O'Neil", {"zoë", "o", "neil", "oneil"}),
        ("  -- ", set()),
    ],
)
def test_tokens(text: str, expected: set[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("helloWORLD", "wor", 1),
        ("helloWORLD", "WORLD hel", 1),
        ("HELLOworld", "world", 0),
        ("hello.world", "helloworl", 1),
        ("hello world", "hello.world", 1),
        ("hello", "hello world", 0),
        ("hello", "ello", 0),
        ("hello", "--", 0),
        ("hello", "", 0),
        (None, "hello", 0),
    ],
)
def test_each_word_begins_some_token(text: str | None, query: str, found: int) -> None:
    assert has_tokens(text, query) == found


def low(value: Any) -> str:
    return (value or "").lower()


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ('"displayName:mary"', lambda u: u["displayName"] in ("Mary Smith", "Bob Mary", "mary")),
        ('"displayName:ad" OR "displayName:one"', lambda u: u["displayName"] in ("Alice Adams", "ANNA O'Neil")),
        ('"mail:JOHN.doe@"', lambda u: low(u["mail"]).startswith("john.doe@")),
        (
            '"surname:mary" AND ("givenName:max" OR "mailNickname:nick1")',
            lambda u: (
                low(u["surname"]).startswith("mary")
                and (low(u["givenName"]).startswith("max") or u["mailNickname"].startswith("nick1"))
            ),
        ),
        ('"otherMails:X@y"', lambda u: any(mail.lower().startswith("x@y") for mail in u["otherMails"])),
        ('"proxyAddresses:smtp:henry"', lambda u: low(u["mail"]).startswith("henry")),
        ('"userPrincipalName:user"', lambda u: u["userPrincipalName"].lower().startswith("user")),
    ],
)
def test_a_search_finds_whom_the_predicate_finds(
    directory: sqlite3.Connection, text: str, is_found: Callable[[Any], bool]
) -> None:
    expected = {user["id"] for user in USERS if is_found(user)}
    assert 0 < len(expected) < len(USERS)
    assert _found(directory, text, "user") == expected


def test_groups_are_searched_by_description(directory: sqlite3.Connection) -> None:
    expected = {group["id"] for group in GROUPS if group["description"] == "sales people"}
    assert _found(directory, '"description:people"', "group") == expected


@pytest.mark.parametrize("name", ["city", "nothing", "id", "externalUserState"])
def test_q6_other_properties_are_not_searched(directory: sqlite3.Connection, name: str) -> None:
    with pytest.raises(UnsupportedQuery, match=f"specified for property '{name}' of resource 'User'"):
        _found(directory, f'"{name}:x"', "user")


def _found(directory: sqlite3.Connection, text: str, resource: str) -> set[str]:
    parameters: dict[str, Any] = {}
    where = search.condition(search.parse(text), resource, parameters, alias="t")
    rows = directory.execute(f"SELECT t.id FROM {resource_of(resource).table} t WHERE {where}", parameters)
    return {row[0] for row in rows}
