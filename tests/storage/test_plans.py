"""Hot statements use the index made for them, also before anybody ran ANALYZE (architecture: let the planner see)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from readmit.storage import queries, schema, users
from readmit.storage.database import connect
from readmit.storage.transaction import Transaction
from readmit.web.graph.odata import order, to_sql
from readmit.web.graph.odata.parse import parse


class Planner(Transaction):
    """Tells how each statement would be run."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.plans: list[str] = []

    def _explain(self, sql: str, parameters: Any) -> None:
        rows = self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters or {})
        self.plans.append(" | ".join(row[3] for row in rows))

    def one(self, sql: str, parameters: Any = None) -> Any:
        self._explain(sql, parameters)
        return super().one(sql, parameters or {})

    def table(self, columns: Any, rest: str, parameters: Any = None) -> Any:
        self._explain(f"SELECT {', '.join(columns)} {rest}", parameters)
        return super().table(columns, rest, parameters or {})


@pytest.fixture(params=["as it is shipped", "after ANALYZE"])
def planner(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Planner]:
    schema.upgrade(tmp_path / "readmit.db")
    with closing(connect(tmp_path / "readmit.db")) as connection:
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO tenants (id, display_name, initial_domain, salt, settings, created_at)"
            " VALUES ('t', 'T', 't.example', '', '{}', 1)"
        )
        many = ((f"{n:08}", f"g{n}@t.example", f"g{n}@post.example") for n in range(3000))
        connection.executemany(
            "INSERT INTO users (id, tenant_id, upn, upn_key, mail, mail_key, display_name, user_type, created_at,"
            " external_state, external_state_changed_at, invited_address, invited_key, generation, epoch,"
            " sessions_valid_from) SELECT ?1, 't', ?2, ?2, ?3, ?3, 'G', 'Guest', 1, 'PendingAcceptance', 1, ?3, ?3, 1, 1, 1",
            many,
        )
        connection.execute("COMMIT")
        if request.param == "after ANALYZE":
            connection.execute("ANALYZE")
        yield Planner(connection)


def search(text: str, kind: str = "user", behind: tuple[str, ...] | None = None) -> queries.Search:
    parameters: dict[str, Any] = {}
    where = to_sql.condition(parse(text), kind, "default", parameters) if text else ""
    if behind is not None:
        beyond = order.after((), kind, behind, parameters)
        where = f"({where}) AND {beyond}" if where else beyond
    return queries.Search(kind, where, parameters, order.order_by((), kind), order.keys((), kind))


LISTS = {
    "a list": ("", None, "users_listed (tenant_id=? AND id>?)", "users_listed (tenant_id=?)"),
    "a page behind a row": ("", ("00001000",), "users_listed (tenant_id=? AND id>?)", ""),
    "by mail": ("mail eq 'g7@post.example'", None, "users_mail (mail_key=? AND tenant_id=?)", ""),
    "guests that are pending": (
        "userType eq 'Guest' and externalUserState eq 'PendingAcceptance'",
        None,
        "users_state (tenant_id=? AND user_type=? AND external_state=?)",
        "users_listed (tenant_id=?)",
    ),
    "by UPN": ("userPrincipalName eq 'g7@t.example'", None, "users_upn (upn_key=? AND tenant_id=?)", ""),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_walks_an_index_and_sorts_nothing(planner: Planner, name: str) -> None:
    text, behind, wanted, also = LISTS[name]
    page = queries.page(planner, "t", search(text, behind=behind), 10)
    assert page.found
    plan = planner.plans[0]
    assert wanted in plan or (also and also in plan), plan
    selective = name.startswith("by ")
    assert selective or "TEMP B-TREE" not in plan, "what is many comes in the index's order"
    assert "SCAN users" not in plan


def test_a_point_read_is_one_look_up(planner: Planner) -> None:
    assert queries.user(planner, "t", "00000007") is not None
    assert "sqlite_autoindex_users_1 (id=?)" in planner.plans[0]
    assert queries.user(planner, "t", "g7@t.example") is not None
    assert "users_upn (upn_key=? AND tenant_id=?)" in planner.plans[-1]


def test_an_address_is_found_by_its_key(planner: Planner) -> None:
    users.by_address(planner, "t", "g7@post.example")
    assert (
        "user_addresses USING INDEX sqlite_autoindex_user_addresses_1 (address_key=? AND tenant_id=?)"
        in planner.plans[0]
    )
