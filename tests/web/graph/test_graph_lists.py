"""Lists: pages, counts, $select and $expand (graph G26, G50, G51, G55)."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from small_directory import ADA, ALICE, HAL, MIA, PAUL, Answer, Graph, guest

from readmit.storage import users

ROOT = "https://localhost:8443/v1.0"
EVENTUAL = {"ConsistencyLevel".lower(): "eventual"}
EVERYBODY = [ADA, HAL, MIA, ALICE, PAUL]


def follow(graph: Graph, answer: Answer, **options: object) -> Answer:
    parts = urlsplit(answer.body["@odata.nextLink"])
    return graph.get(f"{parts.path}?{parts.query}", **options)


def walk(graph: Graph, path: str, **options: object) -> list[list[str]]:
    answer = graph.get(path, **options)
    pages = [answer.ids]
    while "@odata.nextLink" in answer.body:
        answer = follow(graph, answer, **options)
        pages.append(answer.ids)
    return pages


def test_a_list_has_the_default_properties_and_no_link_at_its_end(graph: Graph) -> None:
    answer = graph.get("/v1.0/users")
    assert answer.ids == EVERYBODY
    assert list(answer.body) == ["@odata.context", "value"]
    assert answer.body["@odata.context"] == f"{ROOT}/$metadata#users"
    assert len(answer.body["value"][0]) == 11


def test_g55_pages_deliver_everything_once(graph: Graph) -> None:
    assert walk(graph, "/v1.0/users?$top=2") == [[ADA, HAL], [MIA, ALICE], [PAUL]]
    assert walk(graph, "/v1.0/users?$top=5") == [EVERYBODY]
    for number in range(10, 16):
        graph.world.database.write(users.insert, guest(number, f"g{number}@fabrikam.com"))
    pages = walk(graph, "/v1.0/users?%24top=4&$select=id")
    assert [id for page in pages for id in page] == sorted(graph.get("/v1.0/users").ids)


def test_g55_what_exists_throughout_comes_once_while_others_go(graph: Graph) -> None:
    first = graph.get("/v1.0/users?$top=2")
    graph.ask("DELETE", f"/v1.0/users/{MIA}")
    graph.world.database.write(users.insert, guest(0, "early@fabrikam.com"))
    assert follow(graph, first).ids == [ALICE, PAUL]


def test_g55_a_token_survives_reordering_and_re_encoding(graph: Graph) -> None:
    link = graph.get("/v1.0/users?$top=2&$select=id").body["@odata.nextLink"]
    assert link.startswith(f"{ROOT}/users?$top=2&$select=id&$skiptoken=")
    pairs = dict(parse_qsl(urlsplit(link).query))
    shuffled = "&".join(f"{quote(name, safe='')}={quote(pairs[name], safe='')}" for name in reversed(pairs))
    assert graph.get(f"/v1.0//USERS/?{shuffled}").ids == [MIA, ALICE]


@pytest.mark.parametrize("change", ["top", "path", "mode", "tenant", "token", "age", "junk"])
def test_q11_a_token_opens_nothing_else(graph: Graph, change: str) -> None:
    graph.world.database.write(users.insert, guest(9, "more@fabrikam.com"))
    query = urlsplit(graph.get("/v1.0/users?$top=2").body["@odata.nextLink"]).query
    path, options = "/v1.0/users", {}
    if change == "top":
        query = query.replace("$top=2", "$top=3")
    elif change == "path":
        path = "/beta/users"
    elif change == "mode":
        query = urlsplit(graph.get("/v1.0/users?$top=2&$count=true", headers=EVENTUAL).body["@odata.nextLink"]).query
    elif change == "tenant":
        path = "/v1.0/contoso.com/users"
    elif change == "token":
        query = query[:-6] + ("AAAAAA" if not query.endswith("AAAAAA") else "BBBBBB")
    elif change == "age":
        graph.clock[0] += timedelta(hours=1, seconds=5)
    else:
        query = "$top=2&$skiptoken=%C3%A4"
    answer = graph.get(f"{path}?{query}", **options)
    assert (answer.status, answer.code) == (400, "Directory_ExpiredPageToken")


def test_g51_count_needs_the_header_and_stands_on_page_one_only(graph: Graph) -> None:
    assert "@odata.count" not in graph.get("/v1.0/users?$count=true").body
    answer = graph.get("/v1.0/users?$count=true&$top=3", headers=EVENTUAL)
    assert answer.body["@odata.count"] == 5
    assert "@odata.count" not in follow(graph, answer, headers=EVENTUAL).body
    assert graph.get("/v1.0/users/$count", headers=EVENTUAL).body == "5"
    refused = graph.get("/v1.0/users/$count")
    assert (refused.code, refused.message) == ("Request_BadRequest", "$count is not currently supported.")


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        (
            "$select=id,nope",
            "BadRequest",
            "Parsing OData Select and Expand failed: Could not find a property named 'nope'",
        ),
        ("$select=refreshTokensValidFromDateTime", "BadRequest", "Parsing OData Select and Expand failed"),
        (
            "$expand=nope",
            "BadRequest",
            "Parsing OData Select and Expand failed: Could not find a property named 'nope'",
        ),
        ("$expand=manager,memberOf", "Request_UnsupportedQuery", "Query option '$expand' is not supported."),
        (
            "$expand=manager($select=id),memberOf($select=id)",
            "Request_UnsupportedQuery",
            "Query option '$expand' is not supported.",
        ),
        (
            "$expand=memberOf($filter=startswith(displayName,'a'))",
            "Request_UnsupportedQuery",
            "Query option '$filter' is not supported.",
        ),
        ("$select=aboutMe", "NotImplemented", "This operation target"),
        ("$select=signInActivity", "Authorization_RequestDenied", "Insufficient privileges"),
        (
            "$top=0",
            "Request_UnsupportedQuery",
            "Invalid page size specified: '0'. Must be between 1 and 999 inclusive.",
        ),
        ("$top=1000", "Request_UnsupportedQuery", "Invalid page size specified: '1000'."),
        ("$top=x", "Request_UnsupportedQuery", "Invalid page size specified: 'x'."),
        ("$skip=1", "Request_UnsupportedQuery", "Query option '$skip' is not supported."),
        ("$top=1&top=2", "Request_UnsupportedQuery", "Query option '$top' is not supported."),
    ],
)
def test_options_that_cannot_be_are_refused(graph: Graph, query: str, code: str, message: str) -> None:
    answer = graph.get(f"/v1.0/users?{query}")
    assert answer.code == code
    assert answer.message.startswith(message)


def test_g12_select_in_any_case_answers_canonically_and_once(graph: Graph) -> None:
    answer = graph.get(f"/v1.0/users/{ADA}?SELECT=MAIL,id,Mail&foo=bar")
    assert list(answer.body) == ["@odata.context", "mail", "id"]
    assert answer.body["@odata.context"].endswith("#users(mail,id)/$entity")


def test_g6_beta_returns_every_stored_property(graph: Graph) -> None:
    shown = graph.get(f"/beta/users/{ALICE}").body
    assert shown["externalUserState"] == "Accepted"
    assert {"signInActivity", "passwordProfile"}.isdisjoint(shown)
    assert {"refreshTokensValidFromDateTime", "usageLocation", "identities", "onPremisesSyncEnabled"} <= set(shown)


def test_g32_exchange_properties_of_groups_are_not_found(graph: Graph) -> None:
    new = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    id = graph.ask("POST", "/v1.0/groups", new).body["id"]
    assert graph.get(f"/v1.0/groups/{id}?$select=allowExternalSenders").status == 404


def test_g50_expand_tells_memberships_along(graph: Graph) -> None:
    new = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    group = graph.ask("POST", "/v1.0/groups", {**new, "members@odata.bind": [f"/users/{ALICE}"]}).body["id"]
    shown = {
        item["id"]: item for item in graph.get("/v1.0/users?$select=id&$expand=memberOf($select=id)").body["value"]
    }
    assert shown[ALICE]["memberOf"] == [{"@odata.type": "#microsoft.graph.group", "id": group}]
    assert shown[PAUL]["memberOf"] == []
    single = graph.get(f"/v1.0/groups/{group}?$select=id&$expand=members").body
    assert [item["id"] for item in single["members"]] == [ALICE]
    refused = graph.get("/v1.0/users?$expand=memberOf&$count=true", headers=EVENTUAL)
    assert refused.message == "$expand is not supported with advanced query parameters."


def test_related_objects_page_too(graph: Graph) -> None:
    new = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    binds = [f"/users/{id}" for id in EVERYBODY]
    group = graph.ask("POST", "/v1.0/groups", {**new, "members@odata.bind": binds}).body["id"]
    assert walk(graph, f"/v1.0/groups/{group}/members?$top=2") == [[ADA, HAL], [MIA, ALICE], [PAUL]]
    assert graph.get(f"/v1.0/groups/{group}/members/$count", headers=EVENTUAL).body == "5"
    guests = graph.get(f"/v1.0/groups/{group}/members/microsoft.graph.user/$count", headers=EVENTUAL)
    assert guests.body == "5"
    pages = walk(graph, "/v1.0/directoryRoles?$top=10&$select=displayName,id")
    assert [len(page) for page in pages] == [10, 7]


def test_g65_what_is_told_along_takes_its_own_rights(graph: Graph) -> None:
    path = f"/v1.0/users/{MIA}?$select=id&$expand=memberOf"
    assert graph.get(path, caller=graph.app("User.ReadBasic.All")).status == 403
    assert graph.get(path, caller=graph.app("User.Read.All")).status == 200
    assert graph.get(path, caller=graph.user(ALICE, "User.Read.All")).status == 403
    own = f"/v1.0/users/{ALICE}?$select=id&$expand=memberOf"
    assert graph.get(own, caller=graph.user(ALICE, "User.Read")).status == 200
    new = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    hidden = graph.ask("POST", "/v1.0/groups", {**new, "visibility": "HiddenMembership"}).body["id"]
    caller = graph.user(ALICE, "Group.Read.All")
    assert graph.get(f"/v1.0/groups/{hidden}?$expand=members", caller=caller).status == 403


def test_objects_of_any_kind_by_ids(graph: Graph) -> None:
    new = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    group = graph.ask("POST", "/v1.0/groups", new).body["id"]
    unknown = PAUL[:-1] + "9"
    answer = graph.ask("POST", "/v1.0/directoryObjects/getByIds", {"ids": [group, unknown, ADA]})
    assert [item["@odata.type"] for item in answer.body["value"]] == ["#microsoft.graph.group", "#microsoft.graph.user"]
    only = graph.ask("POST", "/v1.0/directoryObjects/getByIds", {"ids": [group, ADA], "types": ["user"]})
    assert only.ids == [ADA]
    assert graph.get(f"/v1.0/directoryObjects/{group}").body["@odata.type"] == "#microsoft.graph.group"
    assert graph.get(f"/v1.0/directoryObjects/{unknown}").status == 404
    assert graph.ask("POST", "/v1.0/directoryObjects/getByIds", {"ids": ["x"]}).status == 400
    for collection in ("users", "groups", "applications", "servicePrincipals"):
        assert graph.ask("POST", f"/v1.0/{collection}/getByIds", {"ids": [group, unknown, ADA]}).body == answer.body


def test_g39_related_objects_are_filtered_by_id_and_after_a_cast_as_the_type(graph: Graph) -> None:
    new = {"displayName": "Alpha", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    binds = [f"/users/{id}" for id in (ADA, HAL)]
    group = graph.ask("POST", "/v1.0/groups", {**new, "members@odata.bind": binds}).body["id"]
    assert graph.get(f"/v1.0/groups/{group}/members?$filter=id eq '{HAL}'").ids == [HAL]
    assert graph.get(f"/v1.0/groups/{group}/members?$filter=id eq '{MIA}'").ids == []
    role = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
    assert graph.get(f"/v1.0/users/{HAL}/memberOf?$filter=id eq '{role}'").ids == [role]
    assert graph.get(f"/v1.0/users/{HAL}/memberOf?$filter=displayName eq 'x'").code == "Request_UnsupportedQuery"
    cast = f"/v1.0/users/{HAL}/transitiveMemberOf/microsoft.graph.group?$count=true&$filter=startswith(displayName,'a')"
    answer = graph.get(cast, headers=EVENTUAL)
    assert (answer.ids, answer.body["@odata.count"]) == ([group], 1)


def test_f1_to_f3_filters_reach_the_list_and_its_count(graph: Graph) -> None:
    assert graph.get("/v1.0/users?$filter=userType eq 'Guest'").ids == [ALICE, PAUL]
    pending = "userType eq 'Guest' and externalUserState eq 'PendingAcceptance'"
    assert graph.get(f"/v1.0/users?$filter={pending}").ids == [PAUL]
    assert walk(graph, "/v1.0/users?$filter=userType eq 'Member'&$top=2") == [[ADA, HAL], [MIA]]
    counted = graph.get("/v1.0/users/$count?$filter=userType eq 'Guest'", headers=EVENTUAL)
    assert counted.body == "2"


def test_g65_who_sees_basics_only_filters_on_basics_only(graph: Graph) -> None:
    caller = graph.app("User.ReadBasic.All")
    assert graph.get("/v1.0/users?$filter=mail eq 'alice@fabrikam.com'", caller=caller).ids == [ALICE]
    for text in ("userType eq 'Guest'", "mail eq 'x' or not(userType in ('Guest'))", "otherMails/any(m:m eq 'x')"):
        answer = graph.get(f"/v1.0/users?$count=true&$filter={text}", caller=caller, headers=EVENTUAL)
        assert answer.code == "Authorization_RequestDenied", text
        counted = graph.get(f"/v1.0/users/$count?$filter={text}", caller=caller, headers=EVENTUAL)
        assert counted.code == "Authorization_RequestDenied", text


def test_G53_related_objects_are_sorted_after_a_cast(graph: Graph) -> None:
    new = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
    binds = [f"/users/{id}" for id in EVERYBODY]
    group = graph.ask("POST", "/v1.0/groups", {**new, "members@odata.bind": binds}).body["id"]
    path = f"/v1.0/groups/{group}/members/microsoft.graph.user"
    assert walk(graph, f"{path}?$top=2&$orderby=displayName desc") == [[PAUL, MIA], [HAL, ALICE], [ADA]]
    advanced = f'{path}?$count=true&$orderby=displayName&$select=id&$search="displayName:a"'
    answer = graph.get(advanced, headers=EVENTUAL)
    assert (answer.ids, answer.body["@odata.count"]) == ([ADA, ALICE], 2)
    filtered = f"{path}?$count=true&$orderby=displayName&$filter=userType eq 'Member'"
    assert graph.get(filtered, headers=EVENTUAL).ids == [ADA, HAL, MIA]
    assert graph.get(f"{path}?$orderby=displayName&$filter=userType eq 'Member'").code == "Request_UnsupportedQuery"
    for unsorted in (f"/v1.0/groups/{group}/members", f"/v1.0/users/{HAL}/memberOf/microsoft.graph.directoryRole"):
        assert graph.get(f"{unsorted}?$orderby=displayName").message == "Sorting not supported for current query."
    up = f"/v1.0/users/{HAL}/transitiveMemberOf/microsoft.graph.group?$orderby=displayName&$select=id"
    assert graph.get(up).body["value"] == [{"id": group}]
