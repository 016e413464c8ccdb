"""Order, search, filters and pages over the doors (graph G39, G50 to G57)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_directory import ALICE, MIA, Answer, Graph, guest

from readmit.domain.text import fold
from readmit.storage import groups, users

A = {"consistencylevel": "eventual"}
NAMES = ("Émile", "alex", "Alex", "Zoë", "zo", "Älter", "mary ann", "MaryJane", "ｆｕｌｌ", "x")


def options_of(**options: str) -> str:
    return "&".join(f"${name}={quote(value)}" for name, value in options.items())


def ask(graph: Graph, path: str, *, advanced: bool = False, **options: str) -> Answer:
    if advanced:
        options["count"] = "true"
    return graph.get(f"/v1.0/{path}?{options_of(**options)}", headers=A if advanced else {})


def walk(graph: Graph, path: str, *, advanced: bool = False, **options: str) -> list[dict[str, Any]]:
    """Every object of every page."""
    answer = ask(graph, path, advanced=advanced, **options)
    found = list(answer.body["value"])
    while "@odata.nextLink" in answer.body:
        parts = urlsplit(answer.body["@odata.nextLink"])
        answer = graph.get(f"{parts.path}?{parts.query}", headers=A if advanced else {})
        assert "@odata.count" not in answer.body
        found += answer.body["value"]
    return found


@pytest.fixture
def crowd(graph: Graph) -> Graph:
    """The small directory with names that are hard to sort."""
    for number, name in enumerate(NAMES * 3):
        made = guest(100 + number, f"g{number}@fabrikam.com")
        graph.world.database.write(users.insert, _named(made, name))
    return graph


def _named(made: Any, name: str) -> Any:
    return replace(made, display_name=name)


@pytest.mark.parametrize("top", ["1", "3", "7", "999"])
@pytest.mark.parametrize("direction", ["", " asc", " desc"])
def test_G53_pages_in_order_deliver_everything_once(crowd: Graph, top: str, direction: str) -> None:
    found = walk(crowd, "users", orderby=f"displayName{direction}", top=top, select="id,displayName")
    assert {user["id"] for user in found} == set(ask(crowd, "users", top="999").ids)
    names = [fold(user["displayName"]) for user in found]
    assert names == sorted(names, reverse=direction == " desc")  # type: ignore[type-var]
    for name in set(names):
        ids = [user["id"] for user in found if fold(user["displayName"]) == name]
        assert ids == sorted(ids), "ties are broken by id"


def test_G53_nulls_come_first_and_pages_pass_over_them(graph: Graph) -> None:
    graph.world.database.write(users.insert, replace(guest(9, "x@fabrikam.com"), mail=None, other_mails=()))
    found = walk(graph, "users", advanced=True, orderby="mail", top="2", select="id,mail")
    mails = [user["mail"] for user in found]
    assert None in mails
    assert mails == sorted(mails, key=lambda mail: (mail or "").lower())
    assert len(found) == len(ask(graph, "users").ids)


@pytest.mark.parametrize(
    ("path", "advanced", "options"),
    [
        ("users", False, {"orderby": "mail"}),
        ("users", False, {"orderby": "displayName", "filter": "userType eq 'Guest'"}),
        ("users", True, {"orderby": "jobTitle"}),
        ("users", False, {"orderby": "displayName sideways"}),
        (f"users/{ALICE}/memberOf", False, {"orderby": "displayName"}),
        ("directoryRoles", False, {"orderby": "displayName"}),
    ],
)
def test_Q10_what_cannot_be_sorted_by_is_refused(
    graph: Graph, path: str, advanced: bool, options: dict[str, str]
) -> None:
    answer = ask(graph, path, advanced=advanced, **options)
    assert (answer.status, answer.message) == (400, "Sorting not supported for current query.")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.sampled_from(["displayName", "displayName desc", "userPrincipalName"]),
    steps=st.lists(st.tuples(st.integers(200, 220), st.sampled_from(NAMES)), min_size=10, max_size=30),
)
def test_G55_what_exists_throughout_comes_once_while_others_come_and_go(graph: Graph, order: str, steps: Any) -> None:
    steady = {user["id"] for user in walk(graph, "users", top="999")}
    coming = iter(steps)
    answer = ask(graph, "users", orderby=order, top="2")
    seen = list(answer.ids)
    while "@odata.nextLink" in answer.body:
        number, name = next(coming, (200, "x"))
        made = _named(guest(number, f"n{number}@fabrikam.com"), name)
        if graph.run("SELECT 1 FROM users WHERE id = ?", made.id):
            graph.world.database.write(lambda tx, id=made.id: tx.run("DELETE FROM users WHERE id = :id", {"id": id}))
            steady.discard(made.id)
        else:
            graph.world.database.write(users.insert, made)
        parts = urlsplit(answer.body["@odata.nextLink"])
        answer = graph.get(f"{parts.path}?{parts.query}")
        seen += answer.ids
    assert steady <= set(seen)
    assert all(seen.count(id) == 1 for id in steady)


def test_G54_search_finds_words_by_their_beginnings(crowd: Graph) -> None:
    def found(text: str) -> set[str]:
        answer = crowd.get(f"/v1.0/users?$select=displayName&$top=999&$search={quote(text)}", headers=A)
        assert answer.status == 200, answer.body
        return {user["displayName"] for user in answer.body["value"]}

    assert found('"displayName:jane"') == {"MaryJane"}
    assert found('"mary"') == {"mary ann", "MaryJane"}
    assert found('"displayName:mary" AND "displayName:ann"') == {"mary ann"}
    assert found('"displayName:ann" OR "mail:g3@"') == {"mary ann", "Zoë"}


def test_Q4_search_wants_the_header_and_is_no_way_around_the_veil(graph: Graph) -> None:
    answer = ask(graph, "users", search='"displayName:a"')
    assert answer.message.startswith("Request with $search query parameter only works through MSGraph")
    basic = graph.app("User.ReadBasic.All")
    allowed = graph.get(
        f"/v1.0/users?{options_of(search=chr(34) + 'displayName:a' + chr(34))}", headers=A, caller=basic
    )
    refused = graph.get(f"/v1.0/users?{options_of(search=chr(34) + 'otherMails:a' + chr(34))}", headers=A, caller=basic)
    assert (allowed.status, refused.status) == (200, 403)


def test_F20_order_filter_and_count_together(crowd: Graph) -> None:
    answer = ask(crowd, "users", advanced=True, filter="startswith(displayName,'a')", orderby="displayName", top="1")
    assert answer.body["@odata.count"] == len(walk(crowd, "users", filter="startswith(displayName,'a')"))
    assert "@odata.nextLink" in answer.body


def test_Q11_an_advanced_page_needs_the_header_again(crowd: Graph) -> None:
    link = urlsplit(ask(crowd, "users", advanced=True, top="1").body["@odata.nextLink"])
    answer = crowd.get(f"{link.path}?{link.query}")
    assert (answer.status, answer.code) == (400, "Directory_ExpiredPageToken")


def test_G39_records_are_filtered_by_what_names_them(graph: Graph) -> None:
    roles = graph.get("/v1.0/directoryRoles").body["value"]
    wanted = next(role for role in roles if role["displayName"] == "Guest Inviter")
    for text in (f"roleTemplateId eq '{wanted['id']}'", "displayName eq 'guest inviter'", f"id eq '{wanted['id']}'"):
        assert ask(graph, "directoryRoles", filter=text).ids == [wanted["id"]]
    for text in ("description eq 'x' and", "nothing eq 'x'", "startswith(displayName,'G')"):
        assert ask(graph, "directoryRoles", filter=text).status == 400
    every = graph.get("/v1.0/roleManagement/directory/roleAssignments").body["value"]
    one = every[0]
    found = ask(graph, "roleManagement/directory/roleAssignments", filter=f"principalId eq '{one['principalId']}'")
    assert found.ids == [row["id"] for row in every if row["principalId"] == one["principalId"]]
    assert 0 < len(found.ids) < len(every)


def test_G39_members_are_filtered_by_id_and_after_a_cast_as_their_type(graph: Graph) -> None:
    body = {"displayName": "Falcon", "mailEnabled": False, "mailNickname": "falcon", "securityEnabled": True}
    group = graph.ask("POST", "/v1.0/groups", body).body["id"]
    for member in (ALICE, MIA):
        graph.world.database.write(groups.add_member, group, member, "user")
    members = graph.get(f"/v1.0/groups/{group}/members").ids
    assert len(members) > 1
    assert ask(graph, f"groups/{group}/members", filter=f"id eq '{ALICE}'").ids == [ALICE]
    cast = ask(graph, f"groups/{group}/members/microsoft.graph.user", filter="userType eq 'Guest'").ids
    assert ALICE in cast
    assert MIA not in cast
    assert ask(graph, f"groups/{group}/members", filter="displayName eq 'x'").status == 400


@pytest.mark.parametrize("option", ["skip", "compute", "apply"])
def test_Q6_options_that_are_not_there(graph: Graph, option: str) -> None:
    answer = ask(graph, "users", **{option: "1"})
    assert (answer.status, answer.message) == (400, f"Query option '${option}' is not supported.")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 30 + "id eq 'x'" + ")" * 30,
        " or ".join(["id eq 'x'"] * 16),
        "startswith(displayName,'" + "x" * 4100 + "')",
        "not " * 40 + "(id eq 'x')",
        "id eq 'x'\x00",
        "id eq",
        "'",
    ],
)
def test_deep_huge_or_broken_filters_are_refused_at_once(graph: Graph, text: str) -> None:
    answer = ask(graph, "users", filter=text)
    assert answer.status == 400
    assert len(answer.message) < 500
