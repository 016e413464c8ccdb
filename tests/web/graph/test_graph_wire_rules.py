"""Rules of the wire that hold for every operation: ids, order of checks, statuses, families of errors (graph G5 to G29)."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from small_directory import ADA, ALICE, CONTOSO, HAL, MIA, PAUL, Graph
from test_openapi_answers import filled, permitted

from readmit import app
from readmit.web.graph.operations import not_provided
from readmit.web.graph.routes import TABLE

__all__ = ["filled"]
UNKNOWN = "99999999-9999-4999-8999-999999999999"
ROOT = "https://localhost:8443/v1.0"
GROUP = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
INVITATION = {"invitedUserEmailAddress": "new@post.example", "inviteRedirectUrl": "https://app.example/"}


def test_G5_an_id_is_found_in_any_case_and_answered_in_lower_case(graph: Graph, filled: dict[str, str]) -> None:
    for kind in ("users", "groups", "applications", "servicePrincipals", "directoryObjects", "organization"):
        answer = graph.get(f"/v1.0/{kind}/{filled[kind].upper()}")
        assert (answer.status, answer.body["id"]) == (200, filled[kind]), kind
    assert graph.get(f"/v1.0/users?$filter=id eq '{MIA.upper()}'").ids == [MIA]
    body = {"ids": [MIA.upper()], "types": ["user"]}
    assert graph.ask("POST", "/v1.0/directoryObjects/getByIds", body).ids == [MIA]


def test_G5_a_server_makes_random_ids_of_version_four() -> None:
    """CLI for Microsoft 365 takes no others."""
    made = [app.new_id() for _ in range(20)]
    assert len(set(made)) == 20
    for id in made:
        assert UUID.fullmatch(id)
        assert (uuid.UUID(id).version, uuid.UUID(id).variant) == (4, uuid.RFC_4122)


BAD = {"favouriteColour": "blue"}


@pytest.mark.parametrize(
    ("method", "path", "body", "permissions", "status", "told"),
    [
        ("POST", "nonsense", b"{", (), 400, "segment 'nonsense'"),
        ("PUT", f"users/{UNKNOWN}?$x=1", b"{", (), 405, "HTTP method"),
        ("PATCH", f"{UNKNOWN}/users/{MIA}?$x=1", b"{", (), 404, UNKNOWN),
        ("PATCH", f"users/{UNKNOWN}?$x=1", b"{", (), 403, "Insufficient privileges"),
        ("PATCH", f"users/{UNKNOWN}?$x=1", b"{", ("User.ReadWrite.All",), 400, "Query option '$x'"),
        ("PATCH", f"users/{UNKNOWN}", b"{", ("User.ReadWrite.All",), 400, "Unable to read JSON"),
        ("PATCH", f"users/{UNKNOWN}", BAD, ("User.ReadWrite.All",), 400, "'favouriteColour'"),
        ("PATCH", f"users/{UNKNOWN}", {"mail": "ada@post.example"}, ("User.ReadWrite.All",), 404, UNKNOWN),
        ("PATCH", f"users/{ADA}", {"mail": "a b"}, ("User.ReadWrite.All",), 400, "'mail'"),
        ("PATCH", f"users/{ADA}", {"mail": "paul@tailspin.example"}, ("User.ReadWrite.All",), 403, "Insufficient"),
        ("PATCH", f"users/{MIA}", {"mail": "paul@tailspin.example"}, ("User.ReadWrite.All",), 400, "proxyAddresses"),
    ],
)
def test_G14_the_first_failure_answers(
    graph: Graph, method: str, path: str, body: Any, permissions: tuple[str, ...], status: int, told: str
) -> None:
    """Route and method, tenant, permission, options, body syntax, body values, objects, rights over them, state."""
    before = graph.digest()
    answer = graph.ask(method, f"/v1.0/{path}", body, caller=graph.app(*permissions))
    assert (answer.status, told in answer.message) == (status, True), answer.message
    assert graph.digest() == before


def test_G17_what_is_made_is_201_and_says_where_it_stands(graph: Graph, filled: dict[str, str]) -> None:
    group = graph.ask("POST", "/v1.0/groups", {**GROUP, "mailNickname": "other"})
    assert (group.status, group.headers["Location"]) == (201, f"{ROOT}/groups/{group.body['id']}")
    application = graph.ask("POST", "/beta/applications", {"displayName": "A"})
    at = f"https://localhost:8443/beta/applications/{application.body['id']}"
    assert (application.status, application.headers["Location"]) == (201, at)
    invited = graph.ask("POST", "/v1.0/invitations", {**INVITATION, "invitedUserEmailAddress": "n@post.example"})
    assert (invited.status, "Location" in invited.headers) == (201, False)


def test_G17_a_change_without_an_answer_is_204_and_empty(graph: Graph, filled: dict[str, str]) -> None:
    group = filled["groups"]
    member = {"@odata.id": f"{ROOT}/directoryObjects/{HAL}"}
    for method, path, body in (
        ("PATCH", f"users/{MIA}", {"jobTitle": "Buyer"}),
        ("POST", f"groups/{group}/members/$ref", member),
        ("DELETE", f"groups/{group}/members/{HAL}/$ref", None),
        ("PUT", f"users/{MIA}/manager/$ref", member),
        ("DELETE", f"users/{MIA}/manager/$ref", None),
        ("DELETE", f"groups/{group}", None),
        ("DELETE", f"directory/deletedItems/{group}", None),
    ):
        answer = graph.ask(method, f"/v1.0/{path}", body)
        assert (answer.status, answer.body) == (204, None), path
        assert "Content-Type" not in answer.headers
    assert graph.ask("POST", f"/v1.0/users/{MIA}/revokeSignInSessions").status == 200


def test_G23_parsing_and_invitations_speak_by_gateway_codes_and_the_directory_by_its_own(graph: Graph) -> None:
    permitted(graph)
    codes = {
        path: graph.ask(method, f"/v1.0/{path}", body).code
        for method, path, body in (
            ("GET", "nonsense", None),
            ("PATCH", f"users/{MIA}", b"{"),
            ("POST", "invitations", BAD),
            ("POST", "groups", BAD),
            ("GET", f"groups/{UNKNOWN}", None),
            ("POST", "invitations?$x=1", INVITATION),
            ("GET", "users?$filter=userType ne 'Guest'", None),
        )
    }
    assert list(codes.values()) == [
        "BadRequest",
        "BadRequest",
        "BadRequest",
        "Request_BadRequest",
        "Request_ResourceNotFound",
        "Request_UnsupportedQuery",
        "Request_UnsupportedQuery",
    ]
    nobody = graph.app()
    assert graph.ask("POST", "/v1.0/groups", GROUP, caller=nobody).code == "Authorization_RequestDenied"
    nowhere = [operation for operation in TABLE if operation.answer is not_provided]
    assert {graph.ask(one.method, f"/v1.0{one.pattern}", {}).code for one in nowhere} == {"NotImplemented"}


def test_G29_addresses_come_back_as_they_were_given(graph: Graph) -> None:
    written = {"mail": "Mia.Muster@Post.Example", "otherMails": ["MIA@other.example", "m@Zwei.Example"]}
    assert graph.ask("PATCH", f"/v1.0/users/{MIA}", written).status == 204
    read = graph.get(f"/v1.0/users/{MIA}?$select=mail,otherMails,proxyAddresses").body
    assert {name: read[name] for name in written} == written
    assert read["proxyAddresses"] == ["SMTP:Mia.Muster@Post.Example"]
    taken = graph.ask("PATCH", f"/v1.0/users/{ALICE}", {"otherMails": ["mia.muster@POST.example"]})
    assert (taken.status, taken.body["error"]["details"][0]["target"]) == (400, "otherMails")


@pytest.mark.parametrize("path", ["users", f"users/{ALICE}/memberOf", "groups"])
def test_Q9_nothing_is_expanded_in_advanced_mode(graph: Graph, path: str) -> None:
    expanded = "members" if path == "groups" else "memberOf"
    headers = {"consistencylevel": "eventual"}
    answer = graph.get(f"/v1.0/{path}?$expand={expanded}&$count=true", headers=headers)
    told = "$expand is not supported with advanced query parameters."
    assert (answer.status, answer.code, answer.message) == (400, "Request_UnsupportedQuery", told)


def test_G49_the_answer_to_a_reset_whole(graph: Graph) -> None:
    asked = {
        **INVITATION,
        "invitedUserEmailAddress": "alice@post.example",
        "invitedUser": {"id": ALICE},
        "resetRedemption": True,
        "sendInvitationMessage": True,
    }
    answer = graph.ask("POST", "/v1.0/invitations", asked)
    link = answer.body.pop("inviteRedeemUrl")
    assert f"/redeem?rd=%2Fredeem%2F%3Ftenant%3D{CONTOSO}%26user%3D" in link
    assert UUID.fullmatch(answer.body.pop("id"))
    assert answer.status == 201
    assert answer.body == {
        "@odata.context": f"{ROOT}/$metadata#invitations/$entity",
        "invitedUserDisplayName": None,
        "invitedUserType": "Guest",
        "invitedUserEmailAddress": "alice@post.example",
        "sendInvitationMessage": True,
        "resetRedemption": True,
        "inviteRedirectUrl": "https://app.example/",
        "status": "PendingAcceptance",
        "invitedUserMessageInfo": {
            "messageLanguage": None,
            "customizedMessageBody": None,
            "ccRecipients": [{"emailAddress": {"name": None, "address": None}}],
        },
        "invitedUser": {"id": ALICE, "userPrincipalName": "alice_fabrikam.com#EXT#@contoso.onmicrosoft.com"},
    }
    again = graph.ask("POST", "/v1.0/invitations", {**INVITATION, "invitedUserEmailAddress": "paul@tailspin.example"})
    assert (again.status, again.body["status"], again.body["invitedUser"]["id"]) == (201, "PendingAcceptance", PAUL)


def test_G49_a_key_repeats_one_invitation_and_serves_no_other(graph: Graph) -> None:
    headers = {"idempotency-key": "one"}
    first = graph.ask("POST", "/v1.0/invitations", INVITATION, headers=headers).body
    second = graph.ask("POST", "/v1.0/invitations", INVITATION, headers=headers).body
    assert (second["id"], second["invitedUser"]) == (first["id"], first["invitedUser"])
    assert second["inviteRedeemUrl"] != first["inviteRedeemUrl"]
    other = graph.ask("POST", "/v1.0/invitations", {**INVITATION, "sendInvitationMessage": True}, headers=headers)
    told = "The idempotency key was used for another request."
    assert (other.status, other.code, other.message) == (400, "BadRequest", told)


def test_G43_the_organization_whole_and_what_of_it_is_written(graph: Graph) -> None:
    permitted(graph)
    (read,) = graph.get("/v1.0/organization").body["value"]
    names = "businessPhones displayName createdDateTime countryLetterCode tenantType assignedPlans verifiedDomains id"
    written = {
        "preferredLanguage": "de",
        "privacyProfile": {"contactEmail": "privacy@contoso.com", "statementUrl": "https://contoso.com/p"},
        "technicalNotificationMails": ["ops@contoso.com"],
    }
    assert set(read) - {"@odata.type"} == {*names.split(), *written, "deletedDateTime"}
    assert read["tenantType"] == "AAD"
    assert [set(one) for one in read["verifiedDomains"]] == [
        {"name", "type", "isDefault", "isInitial", "capabilities"}
    ] * 2
    assert graph.ask("PATCH", f"/v1.0/organization/{CONTOSO}", written).status == 204
    after = graph.get(f"/v1.0/organization/{CONTOSO}").body
    assert {name: after[name] for name in written} == written
    for name in names.split():
        refused = graph.ask("PATCH", f"/v1.0/organization/{CONTOSO}", {name: None})
        assert (refused.status, refused.message) == (400, f"Property '{name}' is read-only and cannot be set."), name


def test_G43_domains_are_named_by_their_id_and_are_not_written(graph: Graph) -> None:
    permitted(graph)
    names = "authenticationType isAdminManaged isDefault isInitial isRoot isVerified supportedServices"
    listed = graph.get("/v1.0/domains").body["value"]
    assert [one["id"] for one in listed] == ["contoso.com", "contoso.onmicrosoft.com"]
    for one in listed:
        assert set(one) == {*names.split(), "availabilityStatus", "state", "id"}
    assert graph.get("/v1.0/domains/CONTOSO.com").body["id"] == "contoso.com"
    for method, path in (("POST", "domains"), ("PATCH", "domains/contoso.com"), ("DELETE", "domains/contoso.com")):
        assert graph.ask(method, f"/v1.0/{path}", {}).status == 501
