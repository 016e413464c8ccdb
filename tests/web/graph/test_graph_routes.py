"""Which operation a path means, and who may open which door (graph G10, G12, G65 to G67, M8, M9)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from small_directory import ADA, ALICE, CONTOSO, MIA, Graph

from readmit.domain.errors import InsufficientPrivileges
from readmit.web.call import Call
from readmit.web.graph.operations import ANY_TOKEN, Operation
from readmit.web.graph.routes import TABLE, MethodNotAllowed, NoSuchSegment, resolve

CHECKED = [operation for operation in TABLE if operation.access is not ANY_TOKEN and not operation.checked_by_flow]


@pytest.mark.parametrize(
    ("path", "pattern", "parameters"),
    [
        ("/v1.0/users", "/users", {}),
        ("/v1.0//users/", "/users", {}),
        ("/V1.0/USERS/$COUNT", "/users/$count", {}),
        ("/beta/users/a%23EXT%23@b+c", "/users/{id}", {"id": "a#EXT#@b+c"}),
        ("/v1.0/users('o''neil@x')", "/users/{id}", {"id": "o'neil@x"}),
        ("/v1.0/users(%27a%2Fb%27)", "/users/{id}", {"id": "a/b"}),
        ("/v1.0/servicePrincipals(appId='1')", "/servicePrincipals/{id}", {"id": "1", "key": "appid"}),
        ("/v1.0/groups(uniqueName='x')/members", "/groups/{id}/members", {"id": "x", "key": "uniquename"}),
        ("/v1.0/users/1/memberOf/graph.group", "/users/{id}/memberOf/microsoft.graph.group", {"id": "1"}),
        ("/v1.0/users/1/microsoft.graph.getMemberGroups", "/users/{id}/getMemberGroups", {"id": "1"}),
        ("/v1.0/me/memberOf", "/users/{id}/memberOf", {"id": "me", "me": "me"}),
        ("/v1.0/myorganization/users/1", "/users/{id}", {"id": "1"}),
        (f"/v1.0/{CONTOSO}/users/1", "/users/{id}", {"id": "1", "tenant": CONTOSO}),
        ("/v1.0/contoso.com/me", "/users/{id}", {"id": "me", "me": "me", "tenant": "contoso.com"}),
        ("/v1.0/domains/contoso.com", "/domains/{id}", {"id": "contoso.com"}),
        ("/v1.0/reports/anything/at/all", "/reports", {}),
    ],
)
def test_g12_every_accepted_form_of_a_path(path: str, pattern: str, parameters: dict[str, str]) -> None:
    method = "POST" if pattern.endswith("getMemberGroups") else "GET"
    operation, found = resolve(method, path)
    assert operation.pattern == pattern
    version = found.pop("version")
    assert version in ("v1.0", "beta")
    assert found == parameters


@pytest.mark.parametrize(
    ("path", "segment"),
    [
        ("/v1.0/nonsense", "nonsense"),
        ("/v2.0/users", "v2.0"),
        ("/v1.0/users/1/nonsense", "nonsense"),
        ("/v1.0/users/$nonsense", "$nonsense"),
        ("/v1.0/users(appId='1')", "users(appId='1')"),
        ("/v1.0/directory", "directory"),
        ("/v1.0/contoso.com", "contoso.com"),
    ],
)
def test_m8_an_unknown_segment_is_named(path: str, segment: str) -> None:
    with pytest.raises(NoSuchSegment) as refused:
        resolve("POST" if path == "/v1.0/users(appId='1')" else "GET", path)
    assert refused.value.segment == segment


@pytest.mark.parametrize(("method", "path"), [("PUT", "/v1.0/users/1"), ("GET", "/v1.0/groups/1/members/2")])
def test_m9_a_known_path_with_another_method(method: str, path: str) -> None:
    with pytest.raises(MethodNotAllowed):
        resolve(method, path)


def test_head_goes_where_get_goes() -> None:
    assert resolve("HEAD", "/v1.0/users")[0].method == "GET"


def test_g82_what_graph_knows_and_readmit_has_not_is_501_for_any_token(graph: Graph) -> None:
    answer = graph.ask("POST", "/v1.0/identityGovernance/x", {}, caller=graph.app())
    assert (answer.status, answer.code) == (501, "NotImplemented")


def _call(graph: Graph, operation: Operation, caller: Any, key: str = ADA) -> Call:
    parameters = {"version": "v1.0", "id": key, "other": MIA, "assignment": "x"}
    return Call("GET", "/v1.0/x", "", {}, b"", "https://localhost:8443", "127.0.0.1", "r", parameters, caller)


def _denied(graph: Graph, operation: Operation, caller: Any, key: str = ADA) -> bool:
    try:
        operation.admitted(graph.world, _call(graph, operation, caller, key))
    except InsufficientPrivileges:
        return True
    return False


def test_t35_no_door_opens_without_a_permission_of_its_row(graph: Graph) -> None:
    others = frozenset().union(*(operation.permissions for operation in CHECKED))
    for operation in CHECKED:
        assert operation.permissions, operation.pattern
        wrong = graph.app(*(others - operation.permissions))
        assert _denied(graph, operation, wrong), (operation.method, operation.pattern)
        for permission in operation.permissions:
            assert not _denied(graph, operation, graph.app(permission)), (operation.method, operation.pattern)


def test_t35_members_without_a_role_write_only_where_owners_may(graph: Graph) -> None:
    for operation in CHECKED:
        if operation.access.roles is not None and not operation.access.owner:
            member = graph.user(MIA, *operation.permissions)
            assert _denied(graph, operation, member), (operation.method, operation.pattern)
        administrator = graph.user(ADA, *operation.permissions)
        assert not _denied(graph, operation, administrator), (operation.method, operation.pattern)


def test_t35_writes_name_their_roles_and_reads_do_not() -> None:
    for operation in CHECKED:
        last = operation.pattern.rpartition("/")[2]
        reads = operation.method == "GET" or "Member" in last or last == "getByIds"
        reads = reads and not operation.pattern.startswith("/auditLogs")
        reads = reads or operation.pattern.startswith("/subscriptions")
        if operation.pattern.startswith("/directory/deletedItems/{id}"):
            continue
        assert (operation.access.roles is None) == reads, (operation.method, operation.pattern)


def test_l46_a_limited_guest_opens_single_objects_only(graph: Graph) -> None:
    opened = set()
    for operation in CHECKED:
        if operation.method == "GET" and not _denied(graph, operation, graph.user(ALICE, *operation.permissions)):
            opened.add(operation.pattern.split("/microsoft.graph")[0].removesuffix("/$count").removesuffix("/$ref"))
    assert opened == {
        "/users/{id}",
        "/groups/{id}",
        "/groups/{id}/members",
        "/groups/{id}/owners",
        "/organization",
        "/organization/{id}",
        "/subscribedSkus",
    }


def test_l46_a_restricted_guest_opens_himself_only(graph: Graph) -> None:
    graph.run('UPDATE tenants SET settings = \'{"guestRole":"restricted"}\'')
    for operation in CHECKED:
        if operation.method == "GET" and operation.pattern.startswith(("/users", "/groups")):
            alice = graph.user(ALICE, *operation.permissions, *operation.access.own)
            assert _denied(graph, operation, alice), operation.pattern
            own = not _denied(graph, operation, alice, ALICE)
            assert own == (operation.pattern == "/users/{id}"), operation.pattern


def test_l46_same_as_member_reads_like_a_member(graph: Graph) -> None:
    graph.run('UPDATE tenants SET settings = \'{"guestRole":"member"}\'')
    for operation in CHECKED:
        if operation.method == "GET" and operation.access.roles is None:
            assert not _denied(graph, operation, graph.user(ALICE, *operation.permissions)), operation.pattern


def test_g66_the_policy_may_close_reading_to_members(graph: Graph) -> None:
    graph.run("UPDATE tenants SET settings = '{\"allowedToReadOtherUsers\":false}'")
    caller = graph.user(MIA, "User.Read.All")
    assert graph.get("/v1.0/users", caller=caller).status == 403
    assert graph.get(f"/v1.0/users/{MIA}", caller=caller).status == 200


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_t24_no_GET_changes_anything(graph: Graph, version: str) -> None:
    """Security V5, with every right there is."""
    everything = frozenset().union(*(operation.permissions for operation in TABLE))
    before, answered = graph.digest(), 0
    for operation in TABLE:
        if operation.method == "GET":
            path = re.sub(r"\{\w+\}", ADA if operation.pattern.startswith("/users") else CONTOSO, operation.pattern)
            answer = graph.get(f"/{version}{path}", caller=graph.user(ADA, *everything))
            answered += answer.status == 200
            assert graph.digest() == before, path
    assert answered > 30
