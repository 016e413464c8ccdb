"""What stands beside Graph as OpenAPI: the token service, operation; readmit's own paths are in `own_paths.py`."""

from __future__ import annotations

from typing import Any, Final

from readmit.web.describe.graph_paths import answer
from readmit.web.describe.named import operation_id, path_parameters, plain_path
from readmit.web.oidc import surface
from readmit.web.table import Entry

TOKENS: Final = "Token service"
OPERATION: Final = "Operation"
SCHEMAS: Final[dict[str, Any]] = {
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
    "{upn}": "Whether a name's domain is one of ours (MSAL asks before a password grant)",
    "error": "What an error's number means (page)",
    "adminconsent": "Ask an administrator for everybody's consent (pages)",
    "nativeclient": "Where native clients end (page)",
}
_PAGES: Final = ("authorize", "logout", "deviceauth", "adminconsent", "error", "nativeclient")
_JSON: Final = {"type": "object"}


def token_paths() -> dict[str, Any]:
    """The token service, from its own table."""
    paths: dict[str, Any] = {}
    for entry in surface.DESCRIBED:
        item = paths.setdefault(plain_path(entry.template), {})
        for method in entry.methods.split():
            item[method.lower()] = _token_operation(entry, method)
    return paths


def _token_operation(entry: Entry, method: str) -> dict[str, Any]:
    last = entry.template.rpartition("/")[2]
    pages = last in _PAGES
    error = {"description": "Refused.", "content": {"application/json": {"schema": _ref("tokenError")}}}
    done: dict[str, Any] = {"200": answer(_JSON)}
    told: dict[str, Any] = {
        "operationId": operation_id(method, entry.template),
        "summary": _SUMMARIES.get(last, last),
        "tags": [TOKENS],
        "parameters": path_parameters(entry.template),
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
    contact = {"description": "Text; 404 where nobody is named.", "content": {"text/plain": {}}}
    told = {
        "/health/live": ("The process answers", {"200": answer(up)}),
        "/health/ready": ("The database answers, the seed is applied", {"200": answer(up), "503": answer(up)}),
        "/metrics": ("Figures", {"200": text, "404": {"description": "Not on loopback."}}),
        "/.well-known/security.txt": ("Whom to tell of a weakness (RFC 9116)", {"200": contact, "404": contact}),
        "/openapi.json": ("This description", {"200": answer(_JSON)}),
    }
    return {
        path: {
            "get": {
                "operationId": operation_id("GET", path),
                "summary": summary,
                "tags": [OPERATION],
                "security": [],
                "responses": responses,
            }
        }
        for path, (summary, responses) in told.items()
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
