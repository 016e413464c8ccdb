"""Policies are views on the tenant's settings, and act at once (graph G44, G45, lifecycle L34, L37, L46)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from small_directory import MIA, Answer, Graph

PATH = "/v1.0/policies/authorizationPolicy"
LISTS = "/beta/policies/b2bManagementPolicies"
RIGHTS = ("Policy.Read.All", "Policy.ReadWrite.Authorization", "User.Invite.All")


@pytest.fixture(autouse=True)
def _rights(graph: Graph) -> None:
    graph.caller = graph.app(*RIGHTS)


def definition(**lists: list[str]) -> list[str]:
    return [json.dumps({"B2BManagementPolicy": {"InvitationsAllowedAndBlockedDomainsPolicy": lists}})]


def invite(graph: Graph, address: str, **options: Any) -> Answer:
    body = {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com"}
    return graph.ask("POST", "/v1.0/invitations", body, **options)


def test_G44_the_policy_shows_the_settings(graph: Graph) -> None:
    body = graph.get(PATH).body
    assert body["@odata.context"].endswith("/v1.0/$metadata#policies/authorizationPolicy/$entity")
    assert (body["id"], body["allowInvitesFrom"]) == ("authorizationPolicy", "everyone")
    assert body["guestUserRoleId"] == "10dae51f-b6af-4016-8d66-8c2a99b929b3"
    assert body["defaultUserRolePermissions"]["allowedToReadOtherUsers"] is True
    assert body["blockMsolPowerShell"] is True


def test_G6_on_beta_it_is_a_collection_and_an_entity_below(graph: Graph) -> None:
    assert graph.get("/beta/policies/authorizationPolicy").ids == ["authorizationPolicy"]
    assert graph.get("/beta/policies/authorizationPolicy/authorizationPolicy").body["id"] == "authorizationPolicy"
    assert graph.get(f"{PATH}/authorizationPolicy").status == 400


def test_L34_allowInvitesFrom_acts_at_once_and_is_audited_once(graph: Graph) -> None:
    assert graph.ask("PATCH", PATH, {"allowInvitesFrom": "none"}).status == 204
    assert graph.ask("PATCH", PATH, {"allowInvitesFrom": "none"}).status == 204
    assert invite(graph, "new@post.example").code == "Forbidden"
    assert graph.audit().count("Update authorization policy") == 1
    assert graph.ask("PATCH", PATH, {"allowInvitesFrom": "everyone"}).status == 204
    assert invite(graph, "new@post.example").status == 201


def test_guestUserRoleId_and_the_rights_of_members_are_written(graph: Graph) -> None:
    wanted = {
        "guestUserRoleId": "2AF84B1E-32C8-42B7-82BC-DAA82404023B",
        "defaultUserRolePermissions": {"allowedToReadOtherUsers": False},
    }
    assert graph.ask("PATCH", PATH, wanted).status == 204
    body = graph.get(PATH).body
    assert body["guestUserRoleId"] == "2af84b1e-32c8-42b7-82bc-daa82404023b"
    assert body["defaultUserRolePermissions"]["allowedToReadOtherUsers"] is False
    assert body["defaultUserRolePermissions"]["allowedToCreateSecurityGroups"] is True
    reader = graph.user(MIA, "User.Read.All")
    assert graph.get("/v1.0/users", caller=reader).status == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"allowInvitesFrom": "friends"}, 400),
        ({"allowInvitesFrom": None}, 400),
        ({"guestUserRoleId": "62e90394-69f5-4237-9190-012177145e10"}, 400),
        ({"guestUserRoleId": 7}, 400),
        ({"defaultUserRolePermissions": {"allowedToReadOtherUsers": "no"}}, 400),
        ({"defaultUserRolePermissions": {"nothing": True}}, 400),
        ({"nothing": True}, 400),
        ({"id": "authorizationPolicy"}, 400),
        ({"displayName": "Ours"}, 501),
        ({"allowedToUseSSPR": True}, 501),
        ({"blockMsolPowerShell": False}, 501),
        ({"defaultUserRolePermissions": {"allowedToCreateApps": True}}, 501),
    ],
)
def test_what_cannot_be_written_changes_nothing(graph: Graph, body: dict[str, Any], status: int) -> None:
    before = graph.digest()
    assert graph.ask("PATCH", PATH, body).status == status
    assert graph.digest() == before


def test_L37_the_domain_lists_are_made_changed_and_taken_away(graph: Graph) -> None:
    assert graph.get(LISTS).ids == []
    made = graph.ask("POST", LISTS, {"definition": definition(AllowedDomains=["post.example"])})
    assert made.status == 201, made.body
    url = f"{LISTS}/{made.body['id']}"
    assert json.loads(graph.get(url).body["definition"][0])["B2BManagementPolicy"] == {
        "InvitationsAllowedAndBlockedDomainsPolicy": {"AllowedDomains": ["post.example"]}
    }
    assert invite(graph, "new@other.example").status == 400
    assert graph.ask("POST", LISTS, {"definition": definition(BlockedDomains=["x.example"])}).status == 400
    assert graph.ask("PATCH", url, {"definition": definition(BlockedDomains=["post.example"])}).status == 204
    assert invite(graph, "new@other.example").status == 201
    assert invite(graph, "new@post.example").status == 400
    assert graph.ask("DELETE", url).status == 204
    assert (graph.get(LISTS).ids, graph.get(url).status) == ([], 404)
    assert invite(graph, "new@post.example").status == 201
    assert graph.audit().count("Update policy") == 3


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        ["nonsense"],
        ["[]"],
        ["{}"],
        ["1", "2"],
        definition(),
        definition(AllowedDomains=["a b"]),
        definition(AllowedDomains=["a.example"], BlockedDomains=["b.example"]),
        definition(AllowedDomains=["a.example"] * 3000),
        [json.dumps({"B2BManagementPolicy": {"InvitationsAllowedAndBlockedDomainsPolicy": {"AllowedDomains": [7]}}})],
        7,
        None,
    ],
)
def test_a_definition_that_cannot_be_is_refused(graph: Graph, wanted: Any) -> None:
    before = graph.digest()
    assert graph.ask("POST", LISTS, {"definition": wanted}).status == 400
    assert graph.digest() == before


def test_G65_policies_are_read_and_written_by_their_own_permissions(graph: Graph) -> None:
    for permission, statuses in (("Policy.Read.All", (200, 403)), ("Directory.Read.All", (403, 403))):
        caller = graph.app(permission)
        found = graph.get(PATH, caller=caller).status, graph.ask("PATCH", PATH, {}, caller=caller).status
        assert found == statuses
    assert graph.get("/v1.0/policies/b2bManagementPolicies").status == 400, "beta only"


def test_G3_a_domain_policy_that_is_not_the_organizations_default_is_not_provided(graph: Graph) -> None:
    """Its lists would have no effect at Graph; they must not act here unasked."""
    body = {"definition": definition(BlockedDomains=["blocked.example"]), "isOrganizationDefault": False}
    before = graph.digest()
    assert graph.ask("POST", LISTS, body).status == 501
    assert graph.digest() == before
    made = graph.ask("POST", LISTS, {**body, "isOrganizationDefault": True})
    assert made.status == 201
    assert graph.ask("PATCH", f"{LISTS}/{made.body['id']}", {"isOrganizationDefault": False}).status == 501


def test_G45_what_the_domain_policy_is_called_is_kept_with_the_lists(graph: Graph) -> None:
    """Nothing is dropped silently (G3): not at creation, not by PATCH; it goes with the policy."""
    names = {"displayName": "Partners", "description": "Who may come"}
    made = graph.ask("POST", LISTS, {**names, "definition": definition(AllowedDomains=["post.example"])})
    assert {name: made.body[name] for name in names} == names
    url = f"{LISTS}/{made.body['id']}"
    assert graph.ask("PATCH", url, {"displayName": "Suppliers"}).status == 204
    read = graph.get(url).body
    assert (read["displayName"], read["description"]) == ("Suppliers", "Who may come")
    assert json.loads(read["definition"][0]) == json.loads(definition(AllowedDomains=["post.example"])[0])
    for wrong in ("x" * 257, "a\u0001", 7):
        assert graph.ask("PATCH", url, {"displayName": wrong}).status == 400
    assert graph.ask("PATCH", url, {"description": None}).status == 204
    assert graph.get(url).body["description"] is None
    assert graph.ask("DELETE", url).status == 204
    again = graph.ask("POST", LISTS, {"definition": definition(BlockedDomains=["post.example"])})
    assert again.body["displayName"] == "B2BManagementPolicy"
