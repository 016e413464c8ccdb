"""What stands beside Graph as OpenAPI: readmit's own paths, the token service, operation."""

from __future__ import annotations

import re
from typing import Any, Final

from readmit.web.describe.graph_paths import answer, problem
from readmit.web.graph import history
from readmit.web.oidc import surface
from readmit.web.table import Entry

OWN: Final = "readmit"
TOKENS: Final = "Token service"
OPERATION: Final = "Operation"
_TIME: Final = {"type": "string", "format": "date-time"}
_TIME_OR_NULL: Final = {"type": ["string", "null"], "format": "date-time"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
SCHEMAS: Final[dict[str, Any]] = {
    "readmit.invitation": {
        "type": "object",
        "description": "An invitation as administrators see it; never its link.",
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "invitedUser": {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}},
            "invitedUserEmailAddress": {"type": "string"},
            "createdDateTime": _TIME,
            "expiresDateTime": _TIME_OR_NULL,
            "generation": {"type": "integer"},
            "reset": {"type": "boolean"},
            "inviter": {"type": "object", "properties": {"type": {"type": "string"}, "id": _TEXT_OR_NULL}},
            "state": {"enum": ["pending", "redeemed", "superseded", "expired", "cancelled"]},
            "mailState": {"type": "string"},
        },
        "additionalProperties": False,
    },
    "readmit.redemption": {
        "type": "object",
        "description": "One committed redemption of a guest.",
        "properties": {
            "id": {"type": "string"},
            "generation": {"type": "integer"},
            "address": _TEXT_OR_NULL,
            "kind": {"type": "string"},
            "issuer": _TEXT_OR_NULL,
            "redeemedDateTime": _TIME,
            "endedDateTime": _TIME_OR_NULL,
            "endedBy": _TEXT_OR_NULL,
        },
        "additionalProperties": False,
    },
    "tokenError": {
        "type": "object",
        "required": ["error", "error_description", "error_codes"],
        "properties": {
            "error": {"type": "string"},
            "error_description": {"type": "string"},
            "error_codes": {"type": "array", "items": {"type": "integer"}},
        },
    },
}
_OF_OWN: Final = {
    ("GET", "/users/{id}/redemptions"): ("The redemptions of a guest", "readmit.redemption", True),
    ("GET", "/invitations"): ("Invitations, newest first", "readmit.invitation", True),
    ("GET", "/invitations/{id}"): ("One invitation", "readmit.invitation", False),
    ("DELETE", "/invitations/{id}"): ("Cancel a pending invitation", None, False),
}
_SUMMARIES: Final = {
    "token": "Exchange a grant for tokens",
    "authorize": "Sign a person in (pages)",
    "logout": "Sign a person out (pages)",
    "introspect": "What a token is (RFC 7662)",
    "revoke": "End a token (RFC 7009)",
    "devicecode": "Begin the device grant (RFC 8628)",
    "openid-configuration": "Discovery",
    "keys": "The keys that sign tokens (JWKS)",
    "userinfo": "Claims of the signed-in user",
}
_PAGES: Final = ("authorize", "logout", "deviceauth", "adminconsent", "error", "nativeclient")
_CONVERTER: Final = re.compile(r"\{(\w+)(?::\w+)?\}")
_JSON: Final = {"type": "object"}


def own_paths() -> dict[str, Any]:
    """`/readmit/v1`."""
    paths: dict[str, Any] = {}
    for operation in history.OPERATIONS:
        summary, schema, many = _OF_OWN[operation.method, operation.pattern]
        one = {"$ref": f"#/components/schemas/{schema}"}
        listed = {
            "type": "object",
            "required": ["value"],
            "properties": {"value": {"type": "array", "items": one}},
            "additionalProperties": False,
        }
        done = {"204": {"description": "Done."}} if schema is None else {"200": answer(listed if many else one)}
        paths.setdefault(f"/readmit/v1{operation.pattern}", {})[operation.method.lower()] = {
            "operationId": _id(operation.method, f"readmit{operation.pattern}"),
            "summary": summary,
            "tags": [OWN],
            "parameters": _parameters(operation.pattern),
            "responses": {**done, "default": problem()},
        }
    return paths


def token_paths() -> dict[str, Any]:
    """The token service, from its own table."""
    paths: dict[str, Any] = {}
    for entry in surface.TABLE:
        item = paths.setdefault(_CONVERTER.sub(r"{\1}", entry.template), {})
        for method in entry.methods.split():
            item[method.lower()] = _token_operation(entry, method)
    return paths


def _token_operation(entry: Entry, method: str) -> dict[str, Any]:
    last = entry.template.rpartition("/")[2]
    pages = last in _PAGES or "{" in last
    error = {"description": "Refused.", "content": {"application/json": {"schema": _ref("tokenError")}}}
    done: dict[str, Any] = {"200": answer(_JSON)}
    told: dict[str, Any] = {
        "operationId": _id(method, entry.template),
        "summary": _SUMMARIES.get(last, last),
        "tags": [TOKENS],
        "parameters": _parameters(entry.template),
        "security": [{"bearer": []}] if last == "userinfo" else [],
        "responses": {"default": {"description": "A page, or a way on."}} if pages else {**done, "default": error},
    }
    if method == "POST" and last != "userinfo":
        fields = {"type": "object", "additionalProperties": {"type": "string"}}
        told["requestBody"] = {"content": {"application/x-www-form-urlencoded": {"schema": fields}}}
    return told


def operation_paths() -> dict[str, Any]:
    """Health, and this description."""
    up = {"type": "object", "required": ["status"], "properties": {"status": {"enum": ["UP", "DOWN"]}}}
    text = {"description": "Prometheus text; on loopback only.", "content": {"text/plain": {}}}
    told = {
        "/health/live": ("The process answers", {"200": answer(up)}),
        "/health/ready": ("The database answers, the seed is applied", {"200": answer(up), "503": answer(up)}),
        "/metrics": ("Figures", {"200": text, "404": {"description": "Not on loopback."}}),
        "/openapi.json": ("This description", {"200": answer(_JSON)}),
    }
    return {
        path: {
            "get": {
                "operationId": _id("GET", path),
                "summary": summary,
                "tags": [OPERATION],
                "security": [],
                "responses": responses,
            }
        }
        for path, (summary, responses) in told.items()
    }


def _parameters(template: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _CONVERTER.findall(template)
    ]


def _id(method: str, path: str) -> str:
    return "_".join([method.lower(), *(word for word in re.split(r"[^A-Za-z0-9]+", path) if word)])


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
