"""`$batch`: every item through its own door, the whole refused only for its form (graph G60, G61)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from front import ORIGIN, Site, site

__all__ = ["site"]


def item(id: str, method: str, url: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "method": method, "url": url, **more}


def batch(site: Site, *items: Any, version: str = "v1.0", **more: Any) -> httpx2.Response:
    return site.graph("POST", f"/{version}/$batch", json={"requests": list(items)}, **more)


def answers(response: httpx2.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return {answer["id"]: answer for answer in response.json()["responses"]}


def body_of(address: str) -> dict[str, Any]:
    return {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com"}


def test_reads_and_writes_of_one_batch_answer_one_by_one(site: Site) -> None:
    found = answers(
        batch(
            site,
            item("list", "GET", "/users?$filter=userType eq 'Guest'&$select=id,mail&$top=1"),
            item(
                "invite",
                "POST",
                "/invitations",
                body=body_of("new@post.example"),
                headers={"Content-Type": "application/json"},
            ),
            item("nobody", "GET", "/users/nobody@contoso.com"),
            item("count", "GET", "/users/$count", headers={"ConsistencyLevel": "eventual"}),
            item("patch", "PATCH", f"/users/{site.house.people['alice']}", body={"jobTitle": "Buyer"}),
        )
    )
    assert {id: answer["status"] for id, answer in found.items()} == {
        "list": 200,
        "invite": 201,
        "nobody": 404,
        "count": 200,
        "patch": 204,
    }
    assert found["invite"]["body"]["invitedUserEmailAddress"] == "new@post.example"
    assert found["nobody"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert found["count"]["body"].isdigit()
    assert "body" not in found["patch"]
    assert found["list"]["headers"]["OData-Version"] == "4.0"
    assert len({answer["headers"]["request-id"] for answer in found.values()}) == 5


def test_a_next_link_out_of_a_batch_is_a_url_that_works(site: Site) -> None:
    found = answers(batch(site, item("1", "GET", "users?$filter=userType eq 'Guest'&$top=2&$select=id")))
    first = [user["id"] for user in found["1"]["body"]["value"]]
    link = found["1"]["body"]["@odata.nextLink"]
    assert " " not in link
    parts = urlsplit(link)
    second = site.graph("GET", f"{parts.path}?{parts.query}").json()["value"]
    assert sorted([*first, *(user["id"] for user in second)]) == sorted(site.house.people.values())


@pytest.mark.parametrize(
    "url",
    [
        "/users/{id}",
        "users/{id}",
        "/v1.0/users/{id}",
        "v1.0//users/{id}/",
        ORIGIN + "/v1.0/users/{id}",
        "https://graph.microsoft.com/v1.0/users/{id}",
        "/users/{upn}",
    ],
)
def test_G60_urls_may_be_relative_or_absolute_on_an_own_origin(site: Site, url: str) -> None:
    guest = site.house.guest(site.house.people["alice"])
    found = answers(batch(site, item("1", "get", url.format(id=guest.id, upn=guest.upn))))
    assert (found["1"]["status"], found["1"]["body"]["id"]) == (200, guest.id)


def test_beta_stays_beta(site: Site) -> None:
    found = answers(batch(site, item("1", "GET", f"/users/{site.house.people['alice']}"), version="beta"))
    assert found["1"]["body"]["externalUserState"] == "Accepted"


def test_what_depends_on_another_runs_after_it_whatever_the_order_and_the_case(site: Site) -> None:
    alice = site.house.people["alice"]
    found = answers(
        batch(
            site,
            item("C", "GET", f"/users/{alice}?$select=jobTitle", dependsOn=["b"]),
            item("B", "PATCH", f"/users/{alice}", body={"jobTitle": "Second"}, depends_on=["A"]),
            item("A", "PATCH", f"/users/{alice}", body={"jobTitle": "First"}),
        )
    )
    assert found["C"]["body"]["jobTitle"] == "Second"


def test_what_depends_on_a_failure_is_not_run(site: Site) -> None:
    alice = site.house.people["alice"]
    found = answers(
        batch(
            site,
            item("1", "GET", "/users/nobody@contoso.com"),
            item("2", "PATCH", f"/users/{alice}", body={"jobTitle": "Changed"}, dependsOn=["1"]),
            item("3", "GET", f"/users/{alice}", dependsOn=["2"]),
        )
    )
    assert [found[id]["status"] for id in "123"] == [404, 424, 424]
    assert found["2"]["body"]["error"]["code"] == "FailedDependency"
    assert found["2"]["body"]["error"]["message"] == "One or more dependencies failed."
    assert site.house.guest(alice).profile.get("jobTitle") is None


def test_G60_an_id_may_be_a_whole_number_and_is_told_as_text(site: Site) -> None:
    """PowerShell scripts count their items: `id = [int]$number`; the answer's `id` is a String, as at Graph."""
    asked = [{"id": n, "method": "GET", "url": "/users/nobody" if n == 2 else "/users"} for n in (1, 2)]
    asked += [{**asked[0], "id": 3, "dependsOn": [1]}, {**asked[0], "id": "4", "dependsOn": [2]}]
    found = answers(batch(site, *asked))
    assert {id: answer["status"] for id, answer in found.items()} == {"1": 200, "2": 404, "3": 200, "4": 424}


ITEM = item("1", "GET", "/users")
REFUSED: dict[str, Any] = {
    "no id": [{"method": "GET", "url": "/users"}],
    "no method": [{"id": "1", "url": "/users"}],
    "no url": [{"id": "1", "method": "GET"}],
    "an empty id": [item("", "GET", "/users")],
    "true for an id": [{**ITEM, "id": True}],
    "a broken number for an id": [{**ITEM, "id": 1.5}],
    "the same id as number and text": [ITEM, {**ITEM, "id": 1}],
    "a prerequisite that is no name": [{**ITEM, "dependsOn": [None]}],
    "no object": ["GET /users"],
    "the same id twice": [ITEM, ITEM],
    "the same id in another case": [item("a", "GET", "/users"), item("A", "GET", "/users")],
    "an unknown prerequisite": [{**ITEM, "dependsOn": ["2"]}],
    "itself as prerequisite": [{**ITEM, "dependsOn": ["1"]}],
    "a circle": [item("1", "GET", "/users", dependsOn=["2"]), item("2", "GET", "/users", dependsOn=["1"])],
    "prerequisites that are no list": [{**ITEM, "dependsOn": "2"}],
    "a batch in the batch": [item("1", "POST", "/$batch", body={"requests": [ITEM]})],
    "a foreign origin": [item("1", "GET", "https://evil.example/v1.0/users")],
    "a foreign scheme": [item("1", "GET", "ftp://localhost/v1.0/users")],
    "a user in the origin": [item("1", "GET", "https://evil@localhost/v1.0/users")],
    "a broken origin": [item("1", "GET", "https://[/v1.0/users")],
    "another version": [item("1", "GET", "/beta/users")],
    "headers that are no object": [{**ITEM, "headers": ["x"]}],
    "a header that is no text": [{**ITEM, "headers": {"x": 1}}],
    "nothing": [],
}


@pytest.mark.parametrize("lie", REFUSED)
def test_G61_a_batch_of_a_wrong_form_is_refused_as_a_whole_and_runs_nothing(site: Site, lie: str) -> None:
    site.token  # noqa: B018 - the token's own writes come before
    before = site.house.contents()
    write = item("write", "PATCH", f"/users/{site.house.people['alice']}", body={"jobTitle": "Changed"})
    requests = [*REFUSED[lie], write] if REFUSED[lie] else []
    response = batch(site, *requests)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "BadRequest")
    assert error["message"] == "Invalid batch payload format."
    assert site.house.contents() == before


def test_G61_at_most_twenty(site: Site) -> None:
    twenty = [item(str(number), "GET", "/users?$top=1&$select=id") for number in range(20)]
    assert len(answers(batch(site, *twenty))) == 20
    error = batch(site, *twenty, ITEM | {"id": "x"}).json()["error"]
    assert error["code"] == "MaximumValueExceeded"
    assert error["message"] == "Number of batch request steps exceeds the maximum value of 20."


def test_a_batch_may_have_four_mebibytes_and_each_item_one(site: Site) -> None:
    big = item("1", "POST", "/invitations", body={**body_of("a@post.example"), "x": "x" * 1_048_576})
    found = answers(batch(site, big, item("2", "GET", "/users?$top=1")))
    assert (found["1"]["status"], found["2"]["status"]) == (413, 200)
    response = site.graph("POST", "/v1.0/$batch", content=b" " * (4 * 1_048_576 + 1))
    assert response.status_code == 413


def test_an_item_is_authenticated_by_the_outer_request_alone(site: Site) -> None:
    found = answers(batch(site, {**ITEM, "headers": {"Authorization": "Bearer nonsense", "Host": "evil.example"}}))
    assert found["1"]["status"] == 200
    response = site.ask(
        "POST", "/v1.0/$batch", json={"requests": [{**ITEM, "headers": {"Authorization": f"Bearer {site.token}"}}]}
    )
    assert response.status_code == 401


def test_an_item_without_the_right_is_refused_alone_and_audited(site: Site) -> None:
    found = answers(
        batch(
            site,
            item("1", "GET", "/auditLogs/directoryAudits"),
            item("2", "POST", "/invitations", body=body_of("contoso@contoso.com")),
            item("3", "PUT", "/users"),
            item("4", "GET", "/nonsense"),
        )
    )
    assert [found[id]["status"] for id in "234"] == [400, 405, 400]
    assert site.house.rows("SELECT result FROM audit_events WHERE result = 'failure'") == [("failure",)]


def test_writes_of_a_batch_commit_one_by_one(site: Site) -> None:
    """One address twice: the second item sees the first."""
    found = answers(
        batch(site, *(item(str(n), "POST", "/invitations", body=body_of("one@post.example")) for n in range(5)))
    )
    assert {answer["body"]["invitedUser"]["id"] for answer in found.values()} == {
        found["0"]["body"]["invitedUser"]["id"]
    }
    assert [answer["status"] for answer in found.values()] == [201] * 5
