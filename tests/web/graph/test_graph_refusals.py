"""What is refused writes nothing, and the rarer ways that go well (graph G27, G33 to G38, M5 to M18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from small_directory import ALICE, MIA, Graph

from readmit.web.graph.times import graph_time, parsed, parsed_stamp

ROOT = "https://localhost:8443/v1.0"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
UNKNOWN = "99999999-9999-4999-8999-999999999999"
INVITER = "95e79109-95c0-4d8e-aee3-d01accf2d47b"
SCOPE = {
    "id": UNKNOWN,
    "isEnabled": True,
    "value": "read",
    "type": "User",
    "adminConsentDisplayName": "Read",
    "adminConsentDescription": "Reads",
}
GROUP = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}


def made(graph: Graph, path: str, **body: Any) -> dict[str, Any]:
    answer = graph.ask("POST", f"/v1.0/{path}", body)
    assert answer.status == 201, answer.body
    return dict(answer.body)


def refused(graph: Graph, method: str, path: str, body: Any = None, **options: Any) -> int:
    before = graph.digest()
    answer = graph.ask(method, f"/v1.0/{path}", body, **options)
    assert answer.status >= 400, answer.body
    assert graph.digest() == before
    return answer.status


def ref(id: str) -> dict[str, str]:
    return {"@odata.id": f"{ROOT}/directoryObjects/{id}"}


# -------------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2024-01-31T10:30:00Z", "2024-01-31T10:30:00Z"),
        ("2024-01-31t10:30:00.1234567890z", "2024-01-31T10:30:00.1234560Z"),
        ("2024-01-31T10:30:00+05:30", "2024-01-31T05:00:00Z"),
        ("2024-01-31", "2024-01-31T00:00:00Z"),
    ],
)
def test_g18_any_rfc_3339_time_comes_back_in_graphs_form(text: str, written: str) -> None:
    assert parsed_stamp(text) == written


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2024-01-31T10:30", "2024-13-01", "2024-01-31T10:30:00", "٢٠٢٤-01-31"]
)
def test_g18_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(text)


def test_g18_sub_seconds_have_seven_digits() -> None:
    assert graph_time(datetime(2024, 1, 31, 10, 30, 0, 120000, UTC)) == "2024-01-31T10:30:00.1200000Z"
    assert parsed("2024-01-31T00:00:00-01:00") == datetime(2024, 1, 31, 1, tzinfo=timezone(timedelta(0)))


# -------------------------------------------------------------------- users


def test_g27_every_kind_of_property_is_written_and_read_back(graph: Graph) -> None:
    written: dict[str, Any] = {
        "preferredLanguage": "de-CH",
        "usageLocation": "CH",
        "ageGroup": "Adult",
        "showInAddressList": False,
        "employeeHireDate": "2024-01-31T01:00:00+01:00",
        "employeeOrgData": {"costCenter": "7", "division": None},
        "onPremisesExtensionAttributes": {"extensionAttribute15": "x"},
        "businessPhones": ["+41"],
        "userType": "Guest",
        "otherMails": ["mia@post.example"],
    }
    assert graph.ask("PATCH", f"/v1.0/users/{MIA}", written).status == 204
    shown = graph.get(f"/v1.0/users/{MIA}?$select={','.join(written)}").body
    expected = {
        **written,
        "employeeHireDate": "2024-01-31T00:00:00Z",
        "onPremisesExtensionAttributes": {
            **{f"extensionAttribute{number}": None for number in range(1, 15)},
            "extensionAttribute15": "x",
        },
    }
    assert {name: shown[name] for name in written} == expected
    cleared = {name: [] if isinstance(value, list) else None for name, value in written.items() if name != "userType"}
    assert graph.ask("PATCH", f"/v1.0/users/{MIA}", cleared).status == 204
    assert graph.load(MIA).profile == {}


@pytest.mark.parametrize(
    "body",
    [
        {"preferredLanguage": "german please"},
        {"usageLocation": "1x"},
        {"ageGroup": "Old"},
        {"userType": None},
        {"displayName": None},
        {"accountEnabled": None},
        {"employeeHireDate": "soon"},
        {"employeeOrgData": {"boss": "x"}},
        {"otherMails": ["a@b.example", "A@B.example"]},
        {"otherMails": [f"a{number}@b.example" for number in range(251)]},
        {"identities": None},
        {"passwordProfile": {}},
        {"userPrincipalName": "ada@contoso.com"},
        {"userPrincipalName": "mia@elsewhere.example"},
    ],
)
def test_values_of_a_member_that_cannot_be(graph: Graph, body: dict[str, Any]) -> None:
    assert refused(graph, "PATCH", f"users/{MIA}", body) == 400


def test_a_member_gets_a_new_upn_and_a_password_that_ends_his_sessions(graph: Graph) -> None:
    assert graph.ask("PATCH", f"/v1.0/users/{MIA}", {"userPrincipalName": "mi@contoso.com"}).status == 204
    epoch = graph.load(MIA).epoch
    body = {"passwordProfile": {"password": "correct horse"}}
    assert graph.ask("PATCH", "/v1.0/users/mi@contoso.com", body).status == 204
    assert graph.load(MIA).epoch == epoch + 1
    assert graph.ask("GET", f"/v1.0/users/{MIA}?$select=passwordProfile,lastPasswordChangeDateTime").status == 200
    assert refused(graph, "PATCH", f"users/{ALICE}", body) == 400


def test_rarer_paths_of_a_user(graph: Graph) -> None:
    assert graph.get(f"/v1.0/users/{MIA}/manager").message.startswith("Resource 'manager' does not exist")
    photo = graph.get(f"/v1.0/users/{MIA}/photo/$value", headers={"client-request-id": "<script>"})
    assert (photo.status, photo.code, photo.message) == (404, "ImageNotFound", "The photo wasn't found.")
    inner = photo.body["error"]["innerError"]
    assert inner["client-request-id"] == inner["request-id"]
    assert graph.get(f"/v1.0/users/{MIA}/directReports").body["value"] == []
    assert refused(graph, "POST", f"users/{MIA}/checkMemberGroups", {"groupIds": []}) == 400
    assert refused(graph, "POST", f"users/{MIA}/sponsors/$ref", ref(UNKNOWN)) == 404
    assert graph.get(f"/v1.0/users/{MIA}/$ref").status == 400


# ------------------------------------------------------------------- groups


def test_groups_by_unique_name(graph: Graph) -> None:
    group = made(graph, "groups", **GROUP, uniqueName="falcon")["id"]
    assert graph.get("/v1.0/groups(uniqueName='falcon')").body["id"] == group
    assert graph.ask("PATCH", "/v1.0/groups(uniqueName='falcon')", {"theme": "Teal"}).status == 204
    assert refused(graph, "PATCH", "groups(uniqueName='eagle')", {"theme": "Teal"}) == 404
    assert refused(graph, "POST", "groups", {**GROUP, "uniqueName": "falcon"}) == 400
    graph.ask("DELETE", f"/v1.0/groups/{group}")
    made(graph, "groups", **GROUP, uniqueName="falcon")
    assert refused(graph, "POST", f"directory/deletedItems/{group}/restore") == 400


def test_what_a_group_refuses(graph: Graph) -> None:
    group = made(graph, "groups", **GROUP)["id"]
    assert refused(graph, "GET", "groups/nonsense") == 400
    assert refused(graph, "GET", f"groups/{UNKNOWN}") == 404
    assert refused(graph, "PATCH", f"groups/{group}", {"displayName": None}) == 400
    assert refused(graph, "POST", f"groups/{group}/owners/$ref", ref(made(graph, "groups", **GROUP)["id"])) == 400
    assert refused(graph, "POST", f"groups/{group}/members/$ref", {}) == 400
    assert refused(graph, "POST", f"groups/{group}/members/$ref", ref(UNKNOWN)) == 404
    graph.ask("POST", f"/v1.0/groups/{group}/owners/$ref", ref(MIA))
    assert graph.ask("DELETE", f"/v1.0/groups/{group}/owners/{MIA}/$ref").status == 204
