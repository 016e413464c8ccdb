"""readmit's own paths, `/readmit/v1`, as OpenAPI: from their own table, with what each is asked and answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from readmit.domain.provider import KINDS, PRESETS
from readmit.web.describe.graph_paths import answer, problem
from readmit.web.describe.named import operation_id, path_parameters
from readmit.web.graph import own

TAG: Final = "readmit"
_TEXT: Final = {"type": "string"}
_FLAG: Final = {"type": "boolean"}
_ID: Final = {"type": "string", "format": "uuid"}
_TIME: Final = {"type": "string", "format": "date-time"}
_TIME_OR_NULL: Final = {"type": ["string", "null"], "format": "date-time"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_TEXTS: Final = {"type": "array", "items": _TEXT}


def _object(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": description, "properties": properties, "additionalProperties": False}


_CHANGEABLE: Final = {
    "displayName": _TEXT,
    "domains": _TEXTS,
    "clientId": _TEXT,
    "enabled": _FLAG,
    "privateNetwork": {**_FLAG, "description": "It may stand at an address that is not public."},
}
_PROVIDER: Final = {
    "id": _ID,
    **_CHANGEABLE,
    "kind": {"enum": list(KINDS)},
    "preset": {"enum": [*PRESETS, None]},
    "issuer": _TEXT,
    "hasClientSecret": _FLAG,
    "scopes": _TEXTS,
    "createdDateTime": _TIME,
    "boundGuests": {"type": "integer", "description": "Guests who sign in by it."},
    "subjectAttribute": _TEXT_OR_NULL,
    "redirectUri": {**_TEXT, "description": "What is registered at the provider; for SAML the consumer (ACS)."},
    "entityId": {
        **_TEXT_OR_NULL,
        "description": "SAML: what this server is called there; its metadata is at this URL.",
    },
}
_METADATA: Final = {
    "metadata": {**_TEXT, "writeOnly": True, "description": "SAML: the provider's metadata as XML."},
    "metadataUrl": {**_TEXT, "writeOnly": True, "description": "SAML: where this server fetches it, once."},
}
_SECRET: Final = {**_TEXT_OR_NULL, "writeOnly": True, "description": "Never readable; null makes a public client."}
SCHEMAS: Final[dict[str, Any]] = {
    "readmit.invitation": _object(
        "An invitation as administrators see it; never its link.",
        {
            "id": _ID,
            "invitedUser": {"type": "object", "properties": {"id": _ID}},
            "invitedUserEmailAddress": _TEXT,
            "createdDateTime": _TIME,
            "expiresDateTime": _TIME_OR_NULL,
            "generation": {"type": "integer"},
            "reset": _FLAG,
            "inviter": {"type": "object", "properties": {"type": _TEXT, "id": _TEXT_OR_NULL}},
            "state": {"enum": ["pending", "redeemed", "superseded", "expired", "cancelled"]},
            "mailState": _TEXT,
        },
    ),
    "readmit.redemption": _object(
        "One committed redemption of a guest.",
        {
            "id": _TEXT,
            "generation": {"type": "integer"},
            "address": _TEXT_OR_NULL,
            "kind": _TEXT,
            "issuer": _TEXT_OR_NULL,
            "redeemedDateTime": _TIME,
            "endedDateTime": _TIME_OR_NULL,
            "endedBy": _TEXT_OR_NULL,
        },
    ),
    "readmit.identityProvider": _object("A home identity provider outside the server.", _PROVIDER),
    "readmit.addedIdentityProvider": _object(
        "A new provider, with what its administrator should read.", {**_PROVIDER, "warnings": _TEXTS}
    ),
    "readmit.newIdentityProvider": _object(
        "What is said of a provider when it is added; a preset fills in what is always the same.",
        {
            **_CHANGEABLE,
            "clientSecret": _SECRET,
            "kind": {"enum": list(KINDS)},
            "preset": {"enum": list(PRESETS)},
            "entraTenantId": {**_TEXT, "description": "With the preset entra: stands for the issuer."},
            "issuer": _TEXT,
            **_METADATA,
            "subjectAttribute": {
                **_TEXT,
                "description": "SAML: an immutable attribute instead of a persistent NameID.",
            },
            "id": {**_ID, "description": "Chosen, so that redirectUri is known beforehand; made where absent."},
        },
    ),
    "readmit.identityProviderChange": _object(
        "What is to be different; the rest stays.", {**_CHANGEABLE, "clientSecret": _SECRET, **_METADATA}
    ),
    "readmit.signInExplanation": _object(
        "Why somebody cannot sign in, the decisive finding first; `command` mends it.",
        {
            "asked": _TEXT,
            "user": {"type": ["object", "null"]},
            "blocked": _FLAG,
            "findings": {
                "type": "array",
                "items": _object(
                    "`blocks`: this is why.",
                    {"code": _TEXT, "blocks": _FLAG, "sentence": _TEXT, "command": _TEXT_OR_NULL},
                ),
            },
            "lastSuccess": {"type": ["object", "null"]},
            "lastRefusal": {"type": ["object", "null"]},
        },
    ),
    "readmit.inspection": _object("With problems nobody can sign in by it.", {"problems": _TEXTS, "warnings": _TEXTS}),
}


@dataclass(frozen=True, slots=True)
class _Told:
    """What an operation is for; `schema` of its answer (None: 204), `asked` of its body, `many`: a list of answers."""

    summary: str
    schema: str | None = None
    many: bool = False
    asked: str | None = None
    status: str = "200"


_PROVIDERS: Final = "/identityProviders"
_TOLD: Final = {
    ("GET", "/users/{id}/redemptions"): _Told("The redemptions of a guest", "readmit.redemption", many=True),
    ("GET", "/users/{id}/signInExplanation"): _Told(
        "Why this guest cannot sign in; by id, UPN or address", "readmit.signInExplanation"
    ),
    ("GET", "/invitations"): _Told("Invitations, newest first", "readmit.invitation", many=True),
    ("GET", "/invitations/{id}"): _Told("One invitation", "readmit.invitation"),
    ("DELETE", "/invitations/{id}"): _Told("Cancel a pending invitation"),
    ("GET", _PROVIDERS): _Told("Home identity providers", "readmit.identityProvider", many=True),
    ("POST", _PROVIDERS): _Told(
        "Add a home identity provider",
        "readmit.addedIdentityProvider",
        asked="readmit.newIdentityProvider",
        status="201",
    ),
    ("GET", f"{_PROVIDERS}/{{id}}"): _Told("One home identity provider", "readmit.identityProvider"),
    ("PATCH", f"{_PROVIDERS}/{{id}}"): _Told(
        "Change a home identity provider, or switch it", asked="readmit.identityProviderChange"
    ),
    ("DELETE", f"{_PROVIDERS}/{{id}}"): _Told("Remove a home identity provider"),
    ("POST", f"{_PROVIDERS}/{{id}}/check"): _Told("Ask a home identity provider now", "readmit.inspection"),
}


def own_paths() -> dict[str, Any]:
    """`/readmit/v1`."""
    paths: dict[str, Any] = {}
    for operation in own.OPERATIONS:
        told = _TOLD[operation.method, operation.pattern]
        described: dict[str, Any] = {
            "operationId": operation_id(operation.method, f"readmit{operation.pattern}"),
            "summary": told.summary,
            "tags": [TAG],
            "parameters": path_parameters(operation.pattern),
            "responses": {**_done(told), "default": problem()},
        }
        if told.asked is not None:
            described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(told.asked)}}}
        paths.setdefault(f"/readmit/v1{operation.pattern}", {})[operation.method.lower()] = described
    return paths


def _done(told: _Told) -> dict[str, Any]:
    if told.schema is None:
        return {"204": {"description": "Done."}}
    one = _ref(told.schema)
    listed = {
        "type": "object",
        "required": ["value"],
        "properties": {"value": {"type": "array", "items": one}},
        "additionalProperties": False,
    }
    return {told.status: answer(listed if told.many else one)}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
