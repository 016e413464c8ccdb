"""Related objects of several kinds are filtered in advanced mode without a cast (graph G39, G51, G65).

`GET /groups/{id}/members?$count=true&$filter=startswith(displayName, 'a')` is an example of Microsoft's own page "List
group members"; scripts do the same with memberOf.
"""

from __future__ import annotations

from typing import Any

import pytest
from small_directory import ADA, ALICE, HAL, MIA, PAUL, Graph

from readmit.domain.permission import GLOBAL_ADMINISTRATOR, GUEST_INVITER

EVENTUAL = {"consistencylevel": "eventual"}


def group(graph: Graph, name: str, *members: str, **values: Any) -> str:
    body = {"displayName": name, "mailEnabled": False, "mailNickname": name.lower(), "securityEnabled": True, **values}
    made = graph.ask(
        "POST", "/v1.0/groups", {**body, "members@odata.bind": [f"/directoryObjects/{id}" for id in members]}
    )
    assert made.status == 201, made.body
    return str(made.body["id"])


def filtered(graph: Graph, path: str, condition: str, **options: Any) -> Any:
    return graph.get(f"/v1.0/{path}?$count=true&$select=id&$filter={condition}", headers=EVENTUAL, **options)


def test_G39_members_of_several_kinds_are_found_by_a_shared_property(graph: Graph) -> None:
    inner, other = group(graph, "Apples"), group(graph, "Pears")
    outer = group(graph, "Outer", ADA, ALICE, HAL, inner, other)
    found = filtered(graph, f"groups/{outer}/members", "startswith(displayName, 'a')")
    assert sorted(found.ids) == sorted([ADA, ALICE, inner])
    assert found.body["@odata.count"] == 3
    assert {one["@odata.type"] for one in found.body["value"]} == {"#microsoft.graph.user", "#microsoft.graph.group"}
    assert graph.get(f"/v1.0/groups/{outer}/members/$count?$filter=displayName ne 'Ada'", headers=EVENTUAL).body == "4"
    assert filtered(graph, f"groups/{outer}/members", f"id eq '{HAL}'").ids == [HAL]
    assert filtered(graph, f"groups/{outer}/members", "mailNickname eq 'apples'").ids == [inner]
    assert filtered(graph, f"groups/{outer}/members", "userPrincipalName eq 'ada@contoso.com'").ids == [ADA]


def test_G39_pages_of_a_mixed_filter_deliver_everything_once(graph: Graph) -> None:
    outer = group(graph, "Outer", ADA, HAL, MIA, ALICE, PAUL, *(group(graph, f"A{number}") for number in range(4)))
    path, pages = f"/v1.0/groups/{outer}/members?$count=true&$top=2&$filter=not(displayName eq 'Hal')", []
    while path:
        answer = graph.get(path, headers=EVENTUAL)
        pages += answer.ids
        path = answer.body.get("@odata.nextLink", "").removeprefix("https://localhost:8443")
    assert pages == sorted(set(pages))
    assert len(pages) == 8


@pytest.mark.parametrize(
    ("condition", "roles"),
    [
        ("startswith(displayName,'guest')", [GUEST_INVITER]),
        ("not(displayName eq 'Guest Inviter')", [GLOBAL_ADMINISTRATOR]),
        ("displayName ne 'Guest Inviter' and displayName in ('Global Administrator','x')", [GLOBAL_ADMINISTRATOR]),
        ("mailNickname eq 'guest'", []),
    ],
)
def test_G39_directory_roles_among_memberships_are_filtered_too(graph: Graph, condition: str, roles: list[str]) -> None:
    for role in (GLOBAL_ADMINISTRATOR, GUEST_INVITER):
        graph.ask("POST", f"/v1.0/directoryRoles/{role}/members/$ref", {"@odata.id": f"/users/{PAUL}"})
    assert filtered(graph, f"users/{PAUL}/memberOf", condition).ids == roles


def test_G39_outside_advanced_mode_only_the_id_and_the_refusal_names_the_property(graph: Graph) -> None:
    outer = group(graph, "Outer", ADA)
    refused = graph.get(f"/v1.0/groups/{outer}/members?$filter=startswith(displayName,'a')")
    assert (refused.status, refused.code) == (400, "Request_UnsupportedQuery")
    assert "property 'displayName' of resource 'DirectoryObject'" in refused.message
    for condition in ("department eq 'x'", "signInActivity/lastSignInDateTime le 2030-01-01T00:00:00Z"):
        refused = filtered(graph, f"groups/{outer}/members", condition)
        assert (refused.status, refused.code) == (400, "Request_UnsupportedQuery")


def test_G65_who_sees_basic_properties_only_asks_by_them_only(graph: Graph) -> None:
    outer = group(graph, "Outer", ADA)
    caller = graph.app("GroupMember.Read.All", "User.ReadBasic.All")
    assert filtered(graph, f"groups/{outer}/members", "startswith(displayName,'a')", caller=caller).ids == [ADA]
    assert filtered(graph, f"groups/{outer}/members", "mailNickname eq 'ada'", caller=caller).status == 403
