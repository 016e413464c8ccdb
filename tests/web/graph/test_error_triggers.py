"""The matrix of errors, M1 to M24: trigger, status, code, exact message; and nothing changed (graph G22 to G24)."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from front import Site, site
from small_directory import ADA, ALICE, MIA, PAUL, Graph

from readmit.domain.permission import DIRECTORY_ROLES
from readmit.domain.tenant import TenantSettings
from readmit.storage import tenants

__all__ = ["site"]

UNKNOWN = "99999999-9999-4999-8999-999999999999"
ROLE = next(iter(DIRECTORY_ROLES))
USER = f"users/{MIA}"
B, R = "BadRequest", "Request_BadRequest"
UNREADABLE = (
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
)
END = "An unexpected 'EndOfInput' node was found when reading from the JSON reader. A 'StartObject' node was expected."
ABSENT = "Resource '{}' does not exist or one of its queried reference-property objects are not present."
ADDED = "One or more added object references already exist for the following modified properties: '{}'."
REMOVED = "One or more removed object references do not exist for the following modified properties: '{}'."
VALUE = "Invalid value specified for property '{}' of resource '{}'."
NEEDED = "A value is required for property '{}' of resource '{}'."
INVITATION = {"invitedUserEmailAddress": "new@post.example", "inviteRedirectUrl": "https://app.example/"}
GROUP = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
NEW_USER = {
    "accountEnabled": True,
    "displayName": "M",
    "mailNickname": "m",
    "userPrincipalName": "mia@contoso.com",
    "passwordProfile": {"password": "correct horse"},
}


class Row(NamedTuple):
    """A request, and the error it meets. `{group}`, `{principal}` in paths and bodies stand for made ones."""

    number: str
    method: str
    path: str
    body: Any
    status: int
    code: str
    message: str
    headers: dict[str, str] | None = None


def ref(id: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{id}"}


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


PLAIN = {"content-type": "text/plain"}
BINDS = {"members@odata.bind": [ref(UNKNOWN)["@odata.id"]]}
ROWS = (
    *(
        Row("M1", "PATCH", USER, body, 400, B, UNREADABLE)
        for body in (b"", b"{", b"[]", b"null", b'"x"', b"a=b", b'{"a":1}}', b"\x00", b"\xff\xfe{}", nested(33))
    ),
    *(
        Row("M1", "PATCH", USER, body, 400, B, UNREADABLE)
        for body in (
            b'{"jobTitle":"a","jobTitle":"b"}',
            b'{"jobTitle":"a","JOBTITLE":"b"}',
            b'{"jobTitle":"\xc3"}',
            b'{"jobTitle":"\\ud800"}',
            b'{"jobTitle":NaN}',
            b'{"jobTitle":"\x00"}',
        )
    ),
    Row("M1", "POST", "invitations", b"{", 400, B, UNREADABLE),
    Row("M1", "POST", "groups/{group}/members/$ref", b"", 400, R, END),
    Row("M1", "POST", "groups/{group}/members/$ref", b"[]", 400, B, UNREADABLE),
    Row("M2", "PATCH", USER, b'{"jobTitle":"x"}', 400, B, "Entity only allows writes with a JSON Content-Type header.", PLAIN),
    Row("M2", "POST", "invitations", b"{}", 400, B, "Entity only allows writes with a JSON Content-Type header.", PLAIN),
    Row("M3", "PATCH", USER, {"jobTitle": 1}, 400, B, "Property jobTitle in payload has a value that does not match schema."),
    Row("M3", "PATCH", USER, {"accountEnabled": "yes"}, 400, B, "Property accountEnabled in payload has a value that does not match schema."),
    Row("M3", "PATCH", USER, {"otherMails": "a@b.example"}, 400, B, "Property otherMails in payload has a value that does not match schema."),
    Row("M3", "POST", "invitations", {**INVITATION, "sendInvitationMessage": 1}, 400, B, "Property sendInvitationMessage in payload has a value that does not match schema."),
    Row("M4", "PATCH", USER, {"favouriteColour": "blue"}, 400, R, "Invalid property 'favouriteColour'."),
    Row("M4", "PATCH", USER, {"x" * 200: 1}, 400, R, f"Invalid property '{'x' * 120}'."),
    Row("M4", "POST", "invitations", {**INVITATION, "colour": 1}, 400, B, "Invalid property 'colour'."),
    Row("M4", "PATCH", "groups/{group}", {"extension_abc": 1}, 400, R, "Invalid property 'extension_abc'."),
    Row("M5", "PATCH", USER, {"createdDateTime": None}, 400, R, "Property 'createdDateTime' is read-only and cannot be set."),
    Row("M5", "PATCH", "groups/{group}", {"mail": "a@b.example"}, 400, R, "Property 'mail' is read-only and cannot be set."),
    Row("M6", "PATCH", USER, {"usageLocation": "1x"}, 400, R, VALUE.format("usageLocation", "User")),
    Row("M6", "PATCH", USER, {"jobTitle": "a\u0007b"}, 400, R, VALUE.format("jobTitle", "User")),
    Row("M6", "PATCH", USER, {"jobTitle": "a\u0000b"}, 400, R, VALUE.format("jobTitle", "User")),
    Row("M6", "PATCH", USER, {"jobTitle": "a\nb"}, 400, R, VALUE.format("jobTitle", "User")),
    Row("M6", "PATCH", USER, {"jobTitle": "x" * 129}, 400, R, VALUE.format("jobTitle", "User")),
    Row("M6", "PATCH", "groups/{group}", {"displayName": "a\u0001"}, 400, R, VALUE.format("displayName", "Group")),
    Row("M6", "POST", "invitations", {**INVITATION, "invitedUserType": "Owner"}, 400, B, VALUE.format("invitedUserType", "Invitation")),
    Row("M7", "POST", "groups", {**GROUP, "displayName": None}, 400, R, NEEDED.format("displayName", "Group")),
    Row("M7", "POST", "users", {**NEW_USER, "mailNickname": ""}, 400, R, NEEDED.format("mailNickname", "User")),
    Row("M7", "POST", "invitations", {"inviteRedirectUrl": "https://app.example/"}, 400, B, NEEDED.format("invitedUserEmailAddress", "Invitation")),
    Row("M8", "GET", "nonsense", None, 400, B, "Resource not found for the segment 'nonsense'."),
    Row("M8", "GET", f"{USER}/nonsense", None, 400, B, "Resource not found for the segment 'nonsense'."),
    Row("M8", "GET", "x" * 300, None, 400, B, f"Resource not found for the segment '{'x' * 120}'."),
    *(
        Row("M9", method, path, {}, 405, R, "Specified HTTP method is not allowed for the request target.")
        for method, path in (("PUT", USER), ("DELETE", "users"), ("DELETE", "groups/{group}/members/" + MIA), ("TRACE", "users"))
    ),
    Row("M10", "GET", f"users/{UNKNOWN}", None, 404, "Request_ResourceNotFound", ABSENT.format(UNKNOWN)),
    Row("M10", "GET", "users/nobody@contoso.com", None, 404, "Request_ResourceNotFound", ABSENT.format("nobody@contoso.com")),
    Row("M10", "DELETE", f"groups/{UNKNOWN}", None, 404, "Request_ResourceNotFound", ABSENT.format(UNKNOWN)),
    Row("M10", "GET", f"{UNKNOWN}/users", None, 404, "Request_ResourceNotFound", ABSENT.format(UNKNOWN)),
    Row("M10", "GET", f"{USER}/manager", None, 404, "Request_ResourceNotFound", ABSENT.format("manager")),
    Row("M10", "DELETE", f"{USER}/manager/$ref", None, 404, "Request_ResourceNotFound", ABSENT.format("manager")),
    Row("M10", "PUT", f"{USER}/manager/$ref", ref(UNKNOWN), 404, "Request_ResourceNotFound", ABSENT.format(UNKNOWN)),
    Row("M10", "GET", f"policies/crossTenantAccessPolicy/partners/{UNKNOWN}", None, 404, "Request_ResourceNotFound", ABSENT.format(UNKNOWN)),
    Row("M11", "GET", "policies/crossTenantAccessPolicy/partners/nonsense", None, 400, R, "Invalid object identifier 'nonsense'."),
    Row("M7", "POST", "policies/crossTenantAccessPolicy/partners", {}, 400, R, NEEDED.format("tenantId", "CrossTenantAccessPolicyConfigurationPartner")),
    Row("M6", "POST", "groups", GROUP | {"mailNickname": "a b"}, 400, R, VALUE.format("mailNickname", "Group")),
    Row("M9", "POST", f"{USER}/manager/$ref", {}, 405, R, "Specified HTTP method is not allowed for the request target."),
    Row("M1", "PUT", f"{USER}/manager/$ref", b"", 400, R, END),
    Row("M11", "GET", "groups/nonsense", None, 400, R, "Invalid object identifier 'nonsense'."),
    Row("M11", "GET", f"groups/{'x' * 300}", None, 400, R, f"Invalid object identifier '{'x' * 120}'."),
    *(
        Row("M12", "GET", path, None, 501, "NotImplemented", "This operation target is not yet supported.")
        for path in ("reports/x", "devices", f"{USER}/messages", "identityGovernance/accessReviews/definitions", f"{USER}/photos", "applications/delta", "security/alerts", "domains/contoso.com/verify", "policies/conditionalAccessPolicies", f"{USER}?$select=customSecurityAttributes", "identityProviders", f"{USER}/todo/lists", f"{USER}/changePassword", f"{USER}/managedDevices", f"{USER}/displayName", f"{USER}/mail/$value", "groups/x/description", "roleManagement/directory/roleEligibilitySchedules", "policies/authenticationStrengthPolicies", "directory/deletedItems/getUserOwnedObjects", "servicePrincipals/x/endpoints")
    ),
    *(
        Row("M12", "POST", "groups", GROUP | more, 501, "NotImplemented", "This operation target is not yet supported.")
        for more in ({"groupTypes": ["DynamicMembership"], "membershipRule": "x", "membershipRuleProcessingState": "On"}, {"membershipRule": "x"})
    ),
    Row("M12", "PATCH", USER, {"customSecurityAttributes": {}}, 501, "NotImplemented", "This operation target is not yet supported."),
    *(
        Row("M12", "PATCH", "policies/crossTenantAccessPolicy/default", body, 501, "NotImplemented", "This operation target is not yet supported.")
        for body in ({"b2bCollaborationOutbound": {}}, {"tenantRestrictions": {}})
    ),
    Row("M13", "POST", "users", NEW_USER, 400, R, "Another object with the same value for property userPrincipalName already exists."),
    Row("M14", "PATCH", f"users/{PAUL}", {"mail": "alice@fabrikam.com"}, 400, R, "Another object with the same value for property proxyAddresses already exists."),
    Row("M14", "PATCH", f"users/{PAUL}", {"otherMails": ["alice@fabrikam.com"]}, 400, R, "Another object with the same value for property proxyAddresses already exists."),
    Row("M15", "POST", "directoryRoles", {"roleTemplateId": ROLE}, 400, R, "A conflicting object with one or more of the specified property values is present in the directory."),
    Row("M15", "POST", "groups/{group}/members/$ref", ref("{group}"), 400, R, "A conflicting object with one or more of the specified property values is present in the directory."),
    Row("M16", "POST", "groups/{group}/members/$ref", ref(MIA), 400, R, ADDED.format("members")),
    Row("M16", "POST", "groups/{group}/owners/$ref", ref(MIA), 400, R, ADDED.format("owners")),
    Row("M16", "POST", f"users/{ALICE}/sponsors/$ref", ref(MIA), 400, R, ADDED.format("sponsors")),
    Row("M17", "DELETE", f"groups/{{group}}/members/{ADA}/$ref", None, 404, "Request_ResourceNotFound", ABSENT.format(ADA)),
    Row("M17", "DELETE", f"users/{ALICE}/sponsors/{ADA}/$ref", None, 404, "Request_ResourceNotFound", ABSENT.format(ADA)),
    Row("M17", "PATCH", "groups/{group}", BINDS, 400, R, REMOVED.format("members")),
    Row("M18", "POST", f"users/{ALICE}/appRoleAssignments", {"principalId": ALICE, "resourceId": "{principal}", "appRoleId": UNKNOWN}, 400, R, "Permission being assigned already exists on the object"),
    Row("M18", "POST", f"users/{ALICE}/appRoleAssignments", {"principalId": MIA, "resourceId": "{principal}", "appRoleId": UNKNOWN}, 400, R, "Not a valid reference update."),
    Row("M22", "GET", "me", None, 400, B, "/me request is only valid with delegated authentication flow."),
    Row("M22", "PATCH", "me", {"jobTitle": "x"}, 400, B, "/me request is only valid with delegated authentication flow."),
)  # fmt: skip


@pytest.fixture
def made(graph: Graph) -> dict[str, str]:
    """A group with a member and an owner, an application with a role that Alice has; Mia is her sponsor."""
    group = graph.ask("POST", "/v1.0/groups", GROUP).body["id"]
    for kind in ("members", "owners"):
        assert graph.ask("POST", f"/v1.0/groups/{group}/{kind}/$ref", ref(MIA)).status == 204
    assert graph.ask("POST", f"/v1.0/users/{ALICE}/sponsors/$ref", ref(MIA)).status == 204
    role = {"id": UNKNOWN, "value": "A", "displayName": "A", "allowedMemberTypes": ["User"], "isEnabled": True}
    application = graph.ask("POST", "/v1.0/applications", {"displayName": "E", "appRoles": [role]}).body
    principal = graph.ask("POST", "/v1.0/servicePrincipals", {"appId": application["appId"]}).body["id"]
    body = {"principalId": ALICE, "resourceId": principal, "appRoleId": UNKNOWN}
    assert graph.ask("POST", f"/v1.0/users/{ALICE}/appRoleAssignments", body).status == 201
    more = ("User.Invite.All", "Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess")
    graph.caller = graph.app(*graph.caller.permissions, *more)
    return {"group": group, "principal": principal}


def filled(body: Any, made: dict[str, str]) -> Any:
    """The body with the ids of what was made."""
    if not isinstance(body, dict):
        return body
    text = json.dumps(body)
    for name, id in made.items():
        text = text.replace(f"{{{name}}}", id)
    return json.loads(text)


@pytest.mark.parametrize("version", ["v1.0", "beta"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number} {row.method} {row.path[:40]}")
def test_each_trigger_meets_its_error_and_changes_nothing(
    graph: Graph, made: dict[str, str], row: Row, version: str
) -> None:
    before = graph.digest()
    path = f"/{version}/{row.path.format(**made)}"
    answer = graph.ask(row.method, path, filled(row.body, made), headers=row.headers or {})
    assert (answer.status, answer.code, answer.message) == (row.status, row.code, row.message)
    assert graph.digest() == before


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "users", None), ("PATCH", USER, {"jobTitle": "x"}), ("DELETE", USER, None), ("POST", "groups", GROUP)],
)
def test_M19_without_permission_nothing_is_read_or_written(graph: Graph, method: str, path: str, body: Any) -> None:
    before = graph.digest()
    answer = graph.ask(method, f"/v1.0/{path}", body, caller=graph.app("Application.Read.All"))
    assert (answer.status, answer.code) == (403, "Authorization_RequestDenied")
    assert answer.message == "Insufficient privileges to complete the operation."
    assert graph.digest() == before


@pytest.mark.parametrize(
    ("method", "path", "body", "details"),
    [
        (
            "PATCH",
            USER,
            {"usageLocation": "1x"},
            {"code": "InvalidValue", "message": "The value is not allowed.", "target": "usageLocation"},
        ),
        (
            "POST",
            "users",
            NEW_USER,
            {
                "code": "ObjectConflict",
                "message": "Another object with the same value for property userPrincipalName already exists.",
                "target": "userPrincipalName",
            },
        ),
        (
            "PATCH",
            f"users/{PAUL}",
            {"mail": "alice@fabrikam.com"},
            {
                "code": "ObjectConflict",
                "message": f"The address is held by the object {ALICE}.",
                "target": "mail",
            },
        ),
        (
            "PATCH",
            f"users/{PAUL}",
            {"otherMails": ["alice@fabrikam.com"]},
            {
                "code": "ObjectConflict",
                "message": f"The address is held by the object {ALICE}.",
                "target": "otherMails",
            },
        ),
    ],
)
def test_M6_M13_M14_tell_details(graph: Graph, method: str, path: str, body: Any, details: Any) -> None:
    assert graph.ask(method, f"/v1.0/{path}", body).body["error"]["details"] == [details]


# --------------------------------------------------------------- what tokens and the server itself meet


def error(answer: Any) -> tuple[int, str, str]:
    told = answer.json()["error"]
    assert set(told["innerError"]) == {"date", "request-id", "client-request-id"}
    assert answer.headers["request-id"] == told["innerError"]["request-id"]
    return answer.status_code, told["code"], told["message"]


def other_signature(token: str) -> str:
    head, _, signature = token.rpartition(".")
    return f"{head}.{signature[:-4]}{'AAAA' if signature[-4:] != 'AAAA' else 'BBBB'}"


UNAUTHENTICATED = (401, "InvalidAuthenticationToken")
FAILED = "Access token validation failure."


@pytest.mark.parametrize(
    ("header", "message", "told"),
    [
        (None, "Access token is empty.", False),
        ("", "Access token is empty.", False),
        ("Bearer", "Access token is empty.", False),
        ("Basic dXNlcjpwYXNz", "Access token is empty.", False),
        ("Bearer nonsense", "IDX14100: JWT is not well formed, there are no dots (.).", True),
        ("Bearer a.b.c", FAILED, True),
        ("bearer {changed}", FAILED, True),
    ],
)
def test_M20_a_token_that_does_not_verify(site: Site, header: str | None, message: str, told: bool) -> None:
    changed = other_signature(site.token)
    headers = {} if header is None else {"authorization": header.format(changed=changed)}
    before = site.house.contents()
    answer = site.ask("PATCH", f"/v1.0/users/{site.house.people['alice']}", json={"jobTitle": "x"}, headers=headers)
    assert error(answer) == (*UNAUTHENTICATED, message)
    challenge = answer.headers["www-authenticate"]
    uri = "https://localhost:8443/common/oauth2/authorize"
    assert challenge.startswith(
        f'Bearer realm="", authorization_uri="{uri}", client_id="00000003-0000-0000-c000-000000000000"'
    )
    assert ('error="invalid_token"' in challenge) == told
    assert site.house.contents() == before


def test_M20_an_expired_token(site: Site) -> None:
    site.token  # noqa: B018 - issued before time passes
    site.house.clock.pass_(hours=30)
    answer = site.graph("GET", "/v1.0/users")
    assert error(answer) == (*UNAUTHENTICATED, "Lifetime validation failed, the token is expired.")


def test_M20_a_token_for_somebody_else(site: Site) -> None:
    form = {"grant_type": "client_credentials", "client_id": "00000000-0000-4000-8000-0000000000a1"}
    form |= {"client_secret": "automation-secret", "scope": "00000000-0000-4000-8000-0000000000a2/.default"}
    foreign = site.ask("POST", "/contoso.onmicrosoft.com/oauth2/v2.0/token", data=form).json()["access_token"]
    answer = site.ask("GET", "/v1.0/users", headers={"authorization": f"Bearer {foreign}"})
    assert error(answer) == (*UNAUTHENTICATED, "Access token validation failure. Invalid audience.")


def test_M21_a_token_of_a_principal_whose_tokens_were_revoked(site: Site) -> None:
    site.token  # noqa: B018 - issued before
    site.house.write(lambda tx: tx.run("UPDATE service_principals SET epoch = epoch + 1", {}))
    answer = site.graph("GET", "/v1.0/users")
    assert error(answer) == (
        *UNAUTHENTICATED,
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
        "TokenIssuedBeforeRevocationTimestamp",
    )
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_M8_an_unknown_path_is_told_before_the_token_is_asked_for(site: Site) -> None:
    assert error(site.ask("GET", "/v1.0/nonsense"))[:2] == (400, "BadRequest")
    assert error(site.ask("PUT", "/v1.0/users"))[:2] == (405, "Request_BadRequest")
    assert error(site.ask("GET", "/v1.0/reports/x"))[0] == 401


def test_M23_what_is_throttled_says_when_to_come_back(site: Site) -> None:
    house = site.house
    settings = TenantSettings.parse({"throttle": {"resourceUnits": 2}})
    house.write(tenants.update, replace(house.read(tenants.get, house.contoso), settings=settings))
    assert site.graph("GET", "/v1.0/users").status_code == 200
    before = house.contents()
    answer = site.graph("GET", "/v1.0/users")
    assert error(answer) == (429, "TooManyRequests", "Too many requests.")
    assert int(answer.headers["retry-after"]) > 0
    assert house.contents() == before


def test_M24_a_store_that_is_down_is_503_and_to_be_tried_again(site: Site) -> None:
    site.token  # noqa: B018 - issued before
    site.house.world.database.write(lambda tx: tx.run("ALTER TABLE groups RENAME TO lost", {}))
    answer = site.graph("GET", f"/v1.0/users/{site.house.people['alice']}/memberOf")
    assert error(answer) == (503, "Service_ServiceUnavailable", "The service is temporarily unavailable.")
    assert int(answer.headers["retry-after"]) > 0


def test_M24_a_defect_is_500_tells_nothing_of_itself_and_the_server_goes_on(site: Site) -> None:
    alice = site.house.people["alice"]
    sql = "UPDATE users SET other_mails = '{' WHERE id = :id"
    site.house.write(lambda tx: tx.run(sql, {"id": alice}))
    answer = site.graph("GET", f"/v1.0/users/{alice}")
    assert error(answer) == (500, "InternalServerError", "An internal error occurred.")
    assert site.graph("GET", f"/v1.0/users/{site.house.people['max']}").status_code == 200


def test_G24_a_client_that_takes_claims_challenges_gets_one(graph: Graph) -> None:
    from readmit.domain.authentication import REVOKED, Unauthenticated
    from readmit.web.call import Call
    from readmit.web.graph.errors import failure

    call = Call("GET", "/v1.0/users", "", {}, b"", "https://localhost:8443", "127.0.0.1", "r")
    reply = failure(graph.world, call, Unauthenticated(REVOKED, "revoked", claims_capable=True))
    challenge = dict(reply.headers)["WWW-Authenticate"]
    assert f'error_description="{REVOKED}", error="insufficient_claims"' in challenge
    claims = json.loads(base64.b64decode(challenge.partition('claims="')[2].rstrip('"')))
    assert claims["access_token"]["nbf"]["essential"] is True
    assert claims["access_token"]["nbf"]["value"].isdigit()
