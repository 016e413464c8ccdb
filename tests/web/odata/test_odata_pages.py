"""Order, keyset and page tokens: what exists throughout is delivered exactly once (graph G53, G55, Q11)."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odata_directory import USERS, match_key

from readmit.domain.errors import UnsupportedQuery
from readmit.domain.text import fold
from readmit.web.graph.odata import options, order, page_token, parse, to_sql
from readmit.web.graph.odata.order import Order
from readmit.web.graph.odata.page_token import Bound
from readmit.web.graph.odata.select import context_url

KEY = b"k" * 32
NOW = datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC)
BOUND = Bound("tenant", "/v1.0/users", (("filter", "mail eq 'x'"), ("top", "5")), "default")
EXPIRED = (
    "The specified page token value has expired and can no longer be included in your request.",
    "Directory_ExpiredPageToken",
)


def paged(directory: sqlite3.Connection, orders: tuple[Order, ...], size: int, filter: str = "") -> list[list[str]]:
    """Pages of ids, each read behind the position that the last row of the one before told."""
    pages: list[list[str]] = []
    position: tuple[Any, ...] | None = None
    while True:
        parameters: dict[str, Any] = {"limit": size}
        terms = []
        if filter:
            terms.append(to_sql.condition(parse.filter(filter), "user", "advanced", parameters, alias="u"))
        if position is not None:
            terms.append(order.after(orders, "user", position, parameters, alias="u"))
        columns = ", ".join(order.keys(orders, "user", alias="u"))
        sql = (
            f"SELECT {columns} FROM users u WHERE {' AND '.join(terms) or '1 = 1'}"
            f" ORDER BY {order.order_by(orders, 'user', alias='u')} LIMIT :limit"
        )
        rows = directory.execute(sql, parameters).fetchall()
        if not rows:
            return pages
        pages.append([row[-1] for row in rows])
        token = page_token.make(KEY, NOW, BOUND, rows[-1])
        position = page_token.read(KEY, NOW, BOUND, token)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", ["displayName", "userPrincipalName", "createdDateTime", "mail", "deletedDateTime"])
def test_every_object_comes_once_in_order(directory: sqlite3.Connection, name: str, descending: bool) -> None:
    found = [id for page in paged(directory, (Order(name, descending),), 7) for id in page]
    assert sorted(found) == sorted(user["id"] for user in USERS)
    by_id = {user["id"]: user for user in USERS}
    values = [_sorted_by(by_id[id], name) for id in found]
    assert values == sorted(values, reverse=descending)


def _sorted_by(user: dict[str, Any], name: str) -> Any:
    """What is unset comes first."""
    value = match_key(user["mail"]) if name == "mail" else user.get(name)
    return (value is not None, fold(value) if isinstance(value, str) else value or 0)


def test_f20_the_first_by_name_and_then_the_others(directory: sqlite3.Connection) -> None:
    pages = paged(directory, (Order("displayName"),), 1, "startswith(displayName,'a')")
    expected = [user for user in USERS if user["displayName"].lower().startswith("a")]
    expected.sort(key=lambda user: (user["displayName"].lower(), user["id"]))
    assert 0 < len(expected) < len(USERS)
    assert pages == [[user["id"]] for user in expected]


def test_two_keys_and_none(directory: sqlite3.Connection) -> None:
    orders = (Order("displayName", True), Order("createdDateTime"))
    expected = sorted(USERS, key=lambda user: user["createdDateTime"])
    expected.sort(key=lambda user: fold(user["displayName"]) or "", reverse=True)
    assert [id for page in paged(directory, orders, 5) for id in page] == [user["id"] for user in expected]
    assert [id for page in paged(directory, (), 5) for id in page] == sorted(user["id"] for user in USERS)


def test_a_position_of_another_order_is_refused() -> None:
    with pytest.raises(UnsupportedQuery, match="page token"):
        order.after((Order("displayName"),), "user", ("only",), {})


def refused(token: str, bound: Bound = BOUND, now: datetime = NOW, key: bytes = KEY) -> tuple[str, str]:
    with pytest.raises(UnsupportedQuery) as caught:
        page_token.read(key, now, bound, token)
    return caught.value.message, caught.value.code


def test_a_token_tells_its_position_for_an_hour() -> None:
    token = page_token.make(KEY, NOW, BOUND, ["Zoë \U0001f600", 5, "id"])
    assert token.replace("-", "a").replace("_", "a").isalnum()
    assert page_token.read(KEY, NOW + timedelta(hours=1), BOUND, token) == ("Zoë \U0001f600", 5, "id")
    assert refused(token, now=NOW + timedelta(hours=1, seconds=1)) == EXPIRED


@pytest.mark.parametrize(
    "bound",
    [
        Bound("other", BOUND.path, BOUND.options, BOUND.mode),
        Bound(BOUND.tenant, "/v1.0/groups", BOUND.options, BOUND.mode),
        Bound(BOUND.tenant, BOUND.path, BOUND.options[:1], BOUND.mode),
        Bound(BOUND.tenant, BOUND.path, BOUND.options, "advanced"),
    ],
)
def test_a_token_is_bound_to_tenant_path_options_and_mode(bound: Bound) -> None:
    assert refused(page_token.make(KEY, NOW, BOUND, ["x"]), bound) == EXPIRED


def test_a_token_survives_other_spellings_of_the_same_request() -> None:
    token = page_token.make(KEY, NOW, BOUND, ["x"])
    same = Bound("tenant", "//V1.0/%75sers/", tuple(reversed(BOUND.options)), "default")
    assert page_token.read(KEY, NOW, same, token) == ("x",)
    assert refused(token, key=b"other") == EXPIRED


@given(st.integers(0, 200), st.characters(), st.text(max_size=100))
def test_a_changed_token_is_refused(at: int, letter: str, junk: str) -> None:
    token = page_token.make(KEY, NOW, BOUND, ["x", 1])
    at %= len(token)
    if token[at] != letter:
        assert refused(token[:at] + letter + token[at + 1 :]) == EXPIRED
    for other in (junk, token + junk if junk else "", token[:at], "A" * 5000):
        assert refused(other) == EXPIRED


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_token_has_one_spelling(length: int) -> None:
    token = page_token.make(KEY, NOW, BOUND, ["x" * length])
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_":
        if letter != token[-1]:
            assert refused(token[:-1] + letter) == EXPIRED
    assert refused(f"{token}=") == EXPIRED


def test_q11_an_advanced_page_needs_the_header_again() -> None:
    query = "$filter=userType ne 'Guest'&$count=true"
    eventual = {"consistencylevel": "eventual"}
    first = options.parse(query, "user", eventual)
    token = page_token.make(KEY, NOW, first.bound("tenant", "/v1.0/users"), ["x"])
    second = options.parse(f"$skiptoken={token}&{query}", "user", eventual)
    assert (first.count, second.count) == (True, False)
    assert page_token.read(KEY, NOW, second.bound("tenant", "/v1.0/users"), token) == ("x",)
    with pytest.raises(UnsupportedQuery) as caught:
        options.parse(f"{query}&$skiptoken={token}", "user", {})
    assert (caught.value.message, caught.value.code) == EXPIRED


def test_a_page_of_the_default_mode_does_not_mind_the_header() -> None:
    first = options.parse("$top=1", "user", {"consistencylevel": "eventual"}).bound("tenant", "/v1.0/users")
    assert first == options.parse("top=1", "user", {}).bound("tenant", "/v1.0/users")


@pytest.mark.parametrize(
    ("arguments", "single", "expected"),
    [
        (("users", None), False, "users"),
        (("users", None), True, "users/$entity"),
        (("users", ("id", "displayName")), False, "users(id,displayName)"),
        (("users", ("id", "displayName")), True, "users(id,displayName)/$entity"),
        (("Edm.Boolean",), False, "Edm.Boolean"),
        (("servicePrincipals('1')/appRoleAssignedTo", None), True, "servicePrincipals('1')/appRoleAssignedTo/$entity"),
    ],
)
def test_context_urls(arguments: tuple[Any, ...], single: bool, expected: str) -> None:
    url = context_url("https://localhost:8443", "v1.0", *arguments, single=single)
    assert url == f"https://localhost:8443/v1.0/$metadata#{expected}"
