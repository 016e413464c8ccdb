"""How a client says who it is: by form, by HTTP Basic, by a signed assertion, and one of them (graph G72)."""

from __future__ import annotations

import base64
import binascii
import json
from urllib.parse import unquote_plus

from readmit.flows.tokens import Presented
from readmit.web.call import Call
from readmit.web.oidc.fields import malformed, required

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def client_of(call: Call, fields: dict[str, str], tenant_id: str) -> Presented:
    """The client by form or by HTTP Basic, whose `client_id` may be absent from the form (graph G72)."""
    header = call.headers.get("authorization", "")
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() == "basic":
        if "client_secret" in fields or "client_assertion" in fields:
            raise malformed()
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise malformed() from error
        client_id = unquote_plus(user)
        if fields.get("client_id", client_id).lower() != client_id.lower():
            raise malformed()
        return Presented(client_id, unquote_plus(password), call.client_ip)
    if fields.get("client_assertion_type") == _ASSERTION_TYPE:
        if "client_secret" in fields:
            raise malformed()
        given = required(fields, "client_assertion")
        client_id = fields.get("client_id") or _subject(given)
        return Presented(client_id, None, call.client_ip, given, _audiences(call, tenant_id))
    return Presented(required(fields, "client_id"), fields.get("client_secret"), call.client_ip)


def _subject(given: str) -> str:
    """Whom an assertion speaks of, unproved: only to find whose keys decide."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(f"{given.split('.')[1]}==="))
        return str(claims["sub"])
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise malformed() from error


def _audiences(call: Call, tenant_id: str) -> tuple[str, ...]:
    """The token endpoint as addressed, or the issuer (graph G72)."""
    named = {call.parameters["tenant"], tenant_id}
    endpoints = (f"{call.origin}/{name}/oauth2/v2.0/token" for name in named)
    return (f"{call.origin}{call.path}", *endpoints, f"{call.origin}/{tenant_id}/v2.0")
