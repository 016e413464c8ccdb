"""Graph's errors: the one table of status, code and message for everything a door may raise (graph section 5)."""

from __future__ import annotations

import base64
from typing import Any, Final

import msgspec

from readmit.domain import errors as e
from readmit.domain.address import InvalidAddress
from readmit.domain.authentication import Unauthenticated
from readmit.domain.redirect import InvalidRedirect
from readmit.flows.world import World
from readmit.web.call import Call, Reply
from readmit.web.graph.invitations import Unreadable
from readmit.web.graph.routes import MethodNotAllowed, NoSuchSegment
from readmit.web.graph.user_links import NoPhoto
from readmit.web.http import Refusal

_CUT: Final = 120
_BAD, _DIRECTORY = "BadRequest", "Request_BadRequest"
_SERVES_NOT_EXIST: Final = (
    "Resource '{x}' does not exist or one of its queried reference-property objects are not present."
)
_EXISTS: Final = (
    "The invited user already exists in the directory as object ID: {x}. "
    "They can use that account to sign in to shared apps and resources."
)
_EXISTS_BLOCKED: Final = (
    "The invited user already exists in the directory as object ID: {x}, but the account is blocked from signing in. "
    "If the account is unblocked, they can use that account to sign in to shared apps and resources."
)
_OTHER_ADDRESS: Final = (
    "The email you’re using to invite this user doesn’t match any emails on the user object. "
    "Please add this email to the user object and try again."
)
_VERIFIED: Final = (
    "This user cannot be invited because the domain of the user's email address is a verified domain of this directory."
)
_NO_GUESTS: Final = (
    "Guest invitations not allowed for your company. Contact your company administrator for more details."
)
_UNREADABLE: Final = (
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
)
_SAME_PROXY: Final = "Another object with the same value for property proxyAddresses already exists."
_SAME_UPN: Final = "Another object with the same value for property userPrincipalName already exists."
_SAME: Final = "A conflicting object with one or more of the specified property values is present in the directory."
_REFERENCES: Final = "One or more added object references already exist for the following modified properties: '{x}'."
_NO_REFERENCES: Final = (
    "One or more removed object references do not exist for the following modified properties: '{x}'."
)
_LAST_ADMINISTRATOR: Final = (
    "The last Global Administrator of a directory cannot be removed, deleted or disabled. Assign the role to another"
    " user first."
)
_KEY_REUSED: Final = "The idempotency key was used for another request."

_TABLE: Final[dict[type[Exception], tuple[int, str, str]]] = {
    e.Malformed: (400, _BAD, _UNREADABLE),
    e.WrongMediaType: (400, _BAD, "Entity only allows writes with a JSON Content-Type header."),
    e.WrongType: (400, _BAD, "Property {x} in payload has a value that does not match schema."),
    e.UnknownProperty: (400, "RB", "Invalid property '{x}'."),
    e.ReadOnly: (400, _DIRECTORY, "Property '{x}' is read-only and cannot be set."),
    e.InvalidValue: (400, "RB", "Invalid value specified for property '{x}' of resource '{resource}'."),
    e.MissingValue: (400, "RB", "A value is required for property '{x}' of resource '{resource}'."),
    Unreadable: (404, "UnknownError", "Invitations cannot be read or changed."),
    NoPhoto: (404, "ImageNotFound", "The photo wasn't found."),
    e.InvalidIdentifier: (400, _DIRECTORY, "Invalid object identifier '{x}'."),
    e.NotFound: (404, "Request_ResourceNotFound", _SERVES_NOT_EXIST),
    e.NotProvided: (501, "NotImplemented", "This operation target is not yet supported."),
    e.GuestInvitationsNotAllowed: (403, "Forbidden", _NO_GUESTS),
    e.GenericAuthorization: (403, "Forbidden", "Generic authorization exception."),
    e.InsufficientPrivileges: (
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    ),
    e.UpnTaken: (400, _DIRECTORY, _SAME_UPN),
    e.AddressTaken: (400, _DIRECTORY, _SAME_PROXY),
    e.Duplicate: (400, _DIRECTORY, _SAME),
    e.ReferenceAbsent: (400, _DIRECTORY, _NO_REFERENCES),
    e.ReferenceExists: (400, _DIRECTORY, _REFERENCES),
    e.RoleAlreadyGranted: (400, _DIRECTORY, "Permission being assigned already exists on the object"),
    e.LastAdministrator: (400, _DIRECTORY, _LAST_ADMINISTRATOR),
    e.OwnAdministration: (
        400,
        _DIRECTORY,
        "Removing self from Global Administrator built-in role is not allowed",
    ),
    e.NotAReference: (400, _DIRECTORY, "Not a valid reference update."),
    e.ResetWithoutId: (
        400,
        _BAD,
        "A value is required for property 'invitedUser.id' when 'resetRedemption' is true.",
    ),
    e.NotExternal: (400, _BAD, "The redemption status can be reset for external users only."),
    e.AddressNotOnUser: (400, _BAD, _OTHER_ADDRESS),
    e.VerifiedDomain: (400, _BAD, _VERIFIED),
    e.DisabledUser: (400, _BAD, _EXISTS_BLOCKED),
    e.InternalUser: (400, _BAD, _EXISTS),
    e.GroupAddress: (
        400,
        _BAD,
        "Group email address is not supported. Please provide an email address of a real user.",
    ),
    e.NewUserOnly: (400, _BAD, "Property '{x}' can be set for a new user only."),
    e.DomainNotAllowed: (
        400,
        _BAD,
        "The domain of the invited user's email address is not allowed by the policies of this directory.",
    ),
    e.CrossTenantBlocked: (
        400,
        _BAD,
        "This invitation is blocked by cross-tenant access settings. Admins in both your organization and the invited"
        " user's organization must configure cross-tenant access settings to allow the invitation.",
    ),
    e.NobodyCanProve: (400, _BAD, "No identity provider is available for the invited user's email address."),
    e.TooLong: (400, _BAD, "Property {x} exceeds the maximum length of {limit} characters."),
    e.TooManyCopies: (400, _BAD, "Number of ccRecipients exceeds the maximum value of {limit}."),
    e.FailedDependency: (424, "FailedDependency", "One or more dependencies failed."),
    e.KeyReused: (400, _BAD, _KEY_REUSED),
    e.TokenExpired: (410, "resyncRequired", "The delta token is no longer valid."),
    e.ValidationFailed: (400, "ValidationError", "Subscription validation request failed."),
    e.TooManySubscriptions: (403, "Forbidden", "An application has at most {limit} subscriptions in a directory."),
    e.Throttled: (429, "TooManyRequests", "Too many requests."),
    e.Unavailable: (503, "Service_ServiceUnavailable", "The service is temporarily unavailable."),
    NoSuchSegment: (400, _BAD, "Resource not found for the segment '{x}'."),
    MethodNotAllowed: (405, _DIRECTORY, "Specified HTTP method is not allowed for the request target."),
}
"""`RB`: `Request_BadRequest`, but `BadRequest` under /invitations (graph G23)."""

_REFUSALS: Final = {
    400: (_BAD, "The request cannot be read."),
    408: (_BAD, "The request body did not arrive in time."),
    413: (_BAD, "The request body is too large; at most 1 MiB is accepted."),
    414: (_BAD, "The URL is too long; at most 8 KiB is accepted."),
    421: (_BAD, "The host is not served here."),
    431: (_BAD, "The request headers are too large; at most 32 KiB is accepted."),
    503: ("Service_ServiceUnavailable", "The service is temporarily unavailable."),
}


def failure(world: World, call: Call, error: Exception) -> Reply:
    """The whole answer to an error: body of graph G22, challenge of G24, Retry-After where repeating helps."""
    if isinstance(error, Unauthenticated):
        reply = _reply(world, call, 401, "InvalidAuthenticationToken", error.message)
        return reply.with_headers(("WWW-Authenticate", _challenge(world, call, error)))
    if isinstance(error, e.UnsupportedQuery):
        return _reply(world, call, 400, error.code, error.message)
    if isinstance(error, e.ProviderRefused):
        return _reply(world, call, 400, _DIRECTORY, error.message)
    if isinstance(error, Refusal):
        code, message = _REFUSALS.get(error.status, _REFUSALS[400])
        return _reply(world, call, error.status, code, message)
    for kind in type(error).__mro__:
        if kind in _TABLE:
            return _from_table(world, call, error, *_TABLE[kind])
    return _reply(world, call, 500, "InternalServerError", "An internal error occurred.")


def _from_table(world: World, call: Call, error: Any, status: int, code: str, text: str) -> Reply:
    if code == "RB":
        code = _BAD if "/invitations" in call.path.lower() else _DIRECTORY
    x = str(getattr(error, "name", None) or getattr(error, "id", None) or getattr(error, "segment", ""))[:_CUT]
    message = text.format(x=x, resource=getattr(error, "resource", ""), limit=getattr(error, "limit", ""))
    reply = _reply(world, call, status, code, message, _details(error))
    if isinstance(error, e.Throttled | e.Unavailable):
        return reply.with_headers(("Retry-After", str(error.retry_after)), *getattr(error, "headers", ()))
    if isinstance(error, e.TokenExpired):
        return reply.with_headers(("Location", error.location))
    return reply


def _details(error: Any) -> list[dict[str, str]]:
    if isinstance(error, e.AddressTaken):
        message = f"The address is held by the object {error.owner}."
        return [{"code": "ObjectConflict", "message": message, "target": error.target}]
    if isinstance(error, e.UpnTaken):
        return [{"code": "ObjectConflict", "message": _SAME_UPN, "target": "userPrincipalName"}]
    if type(error) is e.InvalidValue:
        return [{"code": "InvalidValue", "message": _why(error), "target": error.name[:_CUT]}]
    return []


def _why(error: e.InvalidValue) -> str:
    """A sentence for whoever wrote the value."""
    cause = error.__cause__ if isinstance(error.__cause__, InvalidAddress | InvalidRedirect) else ""
    reason = error.why or str(cause) or "the value is not allowed"
    return f"{reason[0].upper()}{reason[1:_CUT]}."


def _reply(
    world: World, call: Call, status: int, code: str, message: str, details: list[dict[str, str]] | None = None
) -> Reply:
    inner = {
        "date": world.now().strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": call.request_id,
        "client-request-id": client_request_id(call),
    }
    error: dict[str, Any] = {"code": code, "message": message}
    if details:
        error["details"] = details
    body = msgspec.json.encode({"error": {**error, "innerError": inner}})
    media_type = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
    return Reply(status, body, (("Content-Type", media_type), ("OData-Version", "4.0")))


def client_request_id(call: Call) -> str:
    """What the client calls its request, else our own id (graph G16)."""
    given = call.headers.get("client-request-id", "")
    plain = given.isascii() and given.replace("-", "").isalnum() and len(given) <= 64
    return given if plain else call.request_id


def _challenge(world: World, call: Call, error: Unauthenticated) -> str:
    uri = f"{call.origin}/common/oauth2/authorize"
    challenge = f'Bearer realm="", authorization_uri="{uri}", client_id="00000003-0000-0000-c000-000000000000"'
    if error.challenge == "none":
        return challenge
    if error.challenge == "revoked" and error.claims_capable:
        now = int(world.now().timestamp())
        claims = f'{{"access_token":{{"nbf":{{"essential":true, "value":"{now}"}}}}}}'
        encoded = base64.b64encode(claims.encode()).decode()
        told = f'error_description="{error.message}", error="insufficient_claims", claims="{encoded}"'
        return f"{challenge}, {told}"
    return f'{challenge}, error="invalid_token"'
