"""How the token service answers: JSON, errors of graph G79, and authorization responses to a redirect URI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from readmit.domain.authentication import EMPTY, Unauthenticated
from readmit.domain.errors import Throttled, TokenRefused, Unavailable
from readmit.domain.grant import AuthorizeRequest
from readmit.flows.claims import issuer
from readmit.flows.world import World
from readmit.web import pages
from readmit.web.call import Call, Reply
from readmit.web.http import Refusal

_NO_STORE = (("cache-control", "no-store"), ("pragma", "no-cache"))
_JSON = ("content-type", "application/json; charset=utf-8")


def json_reply(body: Any, *, status: int = 200, cached: bool = False, call: Call | None = None) -> Reply:
    """A JSON answer; tokens are never stored by anybody on the way."""
    headers: tuple[tuple[str, str], ...] = (
        _JSON,
        ("cache-control", "max-age=3600"),
        ("access-control-allow-origin", "*"),
    )
    if not cached:
        headers = (_JSON, *_NO_STORE, ("x-ms-request-id", call.request_id if call else ""))
    return Reply(status, msgspec.json.encode(body), headers)


def refusal(world: World, call: Call, error: Exception) -> Reply:
    """The body of graph G79 for every error of this surface."""
    known = _as_token_error(error)
    body: dict[str, Any] = {
        "error": known.error,
        "error_description": description(world, call, known),
        "error_codes": [known.number],
        "timestamp": _stamp(world),
        "trace_id": call.request_id,
        "correlation_id": correlation_of(call),
        "error_uri": f"{call.origin}/error?code={known.number}",
    }
    if known.suberror is not None:
        body["suberror"] = known.suberror
    reply = json_reply(body, status=known.status, call=call)
    if known.status == 401:
        reply = reply.with_headers(("www-authenticate", _challenge(call, error, known)))
    if isinstance(error, Throttled | Unavailable):
        reply = reply.with_headers(("retry-after", str(error.retry_after)))
    return reply


def _challenge(call: Call, error: Exception, known: TokenRefused) -> str:
    """Userinfo takes bearer tokens (RFC 6750 section 3), everything else client credentials."""
    if not call.path.lower().endswith("/userinfo"):
        return 'Basic realm="readmit"'
    if isinstance(error, Unauthenticated) and error.message == EMPTY:
        return 'Bearer realm="readmit"'
    return f'Bearer realm="readmit", error="{known.error}", error_description="{known.text}"'


def description(world: World, call: Call, error: TokenRefused) -> str:
    """Microsoft's number and first sentence, and what finds the request again (graph G79)."""
    return (
        f"AADSTS{error.number}: {error.text} Trace ID: {call.request_id} "
        f"Correlation ID: {correlation_of(call)} Timestamp: {_stamp(world)}"
    )


def _stamp(world: World) -> str:
    return world.now().strftime("%Y-%m-%d %H:%M:%SZ")


def _as_token_error(error: Exception) -> TokenRefused:
    match error:
        case TokenRefused():
            return error
        case Throttled():
            return TokenRefused("temporarily_unavailable", 50196, "Too many wrong attempts; wait.", status=429)
        case Unavailable():
            return TokenRefused(
                "temporarily_unavailable", 90033, "A transient error has occurred. Please try again.", status=503
            )
        case Unauthenticated():
            return TokenRefused("invalid_token", 50173, error.message, status=401)
        case Refusal(status=405):
            text = "The endpoint only accepts POST requests. Received a GET request."
            return TokenRefused("invalid_request", 900561, text, status=405)
        case Refusal():
            return TokenRefused(
                "invalid_request", 9002313, "Invalid request. Request is malformed or invalid.", status=error.status
            )
        case _:
            return TokenRefused("server_error", 90033, "A transient error has occurred. Please try again.", status=500)


def correlation_of(call: Call) -> str:
    """The client's own request id, else ours (graph G79)."""
    given = call.headers.get("client-request-id") or _given(call, "client-request-id")
    return given[:64] if given and all(c.isascii() and (c.isalnum() or c == "-") for c in given) else call.request_id


def _given(call: Call, name: str) -> str:
    """A parameter of the query or, at the token endpoint, of the form."""
    return call.query_values().get(name) or (call.form().get(name) if call.method == "POST" else None) or ""


def authorization_response(request: AuthorizeRequest, fields: Mapping[str, str], language: str) -> Reply:
    """Send the browser back to the application with `state` and `iss` (RFC 9207, security O4)."""
    values = {**fields, "iss": issuer(request.origin, request.tenant_id, 2)}
    if request.state is not None:
        values["state"] = request.state
    if "admin_consent" in values:
        values["tenant"] = request.tenant_id
    if request.response_mode == "form_post":
        return _form_post(request.redirect_uri, values, language)
    return Reply(303, b"", (("location", _with(request, values)), ("cache-control", "no-store")))


def _with(request: AuthorizeRequest, values: Mapping[str, str]) -> str:
    parts = urlsplit(request.redirect_uri)
    encoded = urlencode(values)
    if request.response_mode == "fragment":
        return urlunsplit(parts._replace(fragment=encoded))
    return urlunsplit(parts._replace(query=f"{parts.query}&{encoded}" if parts.query else encoded))


def _form_post(action: str, values: Mapping[str, str], language: str) -> Reply:
    """A page with a Continue button whose form may go to the application (security H5)."""
    parts = urlsplit(action)
    html = pages.render("form_post", language, action=action, fields=list(values.items()))
    return pages.page_reply(html, form_action=f"{parts.scheme}://{parts.netloc}", script=True)


def error_fields(world: World, call: Call, error: TokenRefused) -> dict[str, str]:
    """`error` and `error_description` of an authorization response."""
    return {"error": error.error, "error_description": description(world, call, error)}
