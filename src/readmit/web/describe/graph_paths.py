"""The operations of Graph's table as OpenAPI: parameters, bodies and answers follow from where a path leads."""

from __future__ import annotations

import re
from typing import Any, Final

from readmit.web.describe import schemas
from readmit.web.graph import invitations, roles, user_links
from readmit.web.graph.edm.model import CONTAINER, Place, place
from readmit.web.graph.edm.types import Type
from readmit.web.graph.operations import Operation, not_provided

GRAPH: Final = "Microsoft Graph"
_REFUSING: Final = frozenset({invitations.unreadable, not_provided, user_links.photo, roles.activate})
"""Doors that only ever refuse."""
_PLACEHOLDERS: Final = re.compile(r"\{(\w+)\}")
_KEYS: Final = {
    "users": "The id or the user principal name.",
    "domains": "The name of the domain.",
}
_NEEDED: Final = {
    "users": ["accountEnabled", "displayName", "mailNickname", "userPrincipalName"],
    "groups": ["displayName", "mailEnabled", "mailNickname", "securityEnabled"],
    "applications": ["displayName"],
    "servicePrincipals": ["appId"],
    "invitations": ["invitedUserEmailAddress", "inviteRedirectUrl"],
    "subscriptions": ["changeType", "expirationDateTime", "notificationUrl", "resource"],
    "oauth2PermissionGrants": ["clientId", "consentType", "resourceId"],
    "roleAssignments": ["principalId", "roleDefinitionId"],
    "appRoleAssignments": ["appRoleId", "principalId", "resourceId"],
    "appRoleAssignedTo": ["appRoleId", "principalId", "resourceId"],
}
"""What a new object has to say of itself (M7), by the last segment of the path that makes it."""
_LIST: Final = ("select", "filter", "orderby", "search", "top", "count", "expand", "skiptoken")
_OPTIONS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "select": ({"type": "string"}, "Which properties, with commas."),
    "filter": ({"type": "string"}, "Which objects."),
    "orderby": ({"type": "string"}, "In which order."),
    "search": ({"type": "string"}, 'Clauses like "displayName:text"; with ConsistencyLevel: eventual.'),
    "top": ({"type": "integer", "minimum": 1, "maximum": 999}, "The size of a page."),
    "count": ({"type": "boolean"}, "Tell the count too; with ConsistencyLevel: eventual."),
    "expand": ({"type": "string"}, "Related objects along with each."),
    "skiptoken": ({"type": "string"}, "The place in a list, from a nextLink."),
}
EVENTUAL: Final = {
    "name": "ConsistencyLevel",
    "in": "header",
    "schema": {"type": "string", "enum": ["eventual"]},
    "description": "Allows advanced queries.",
}
PARAMETERS: Final[dict[str, Any]] = {
    **{
        name: {"name": f"${name}", "in": "query", "schema": schema, "description": text}
        for name, (schema, text) in _OPTIONS.items()
    },
    "eventual": EVENTUAL,
}
_TYPES: Final = ("application/json",)


def described(operation: Operation) -> dict[str, Any]:
    """One operation, without its path."""
    found = place(operation.pattern)
    told: dict[str, Any] = {
        "operationId": _id(operation),
        "summary": _summary(operation, found),
        "description": _rights(operation),
        "tags": [GRAPH],
        "parameters": [*_placeholders(operation.pattern), *_options(operation, found)],
        "responses": {**_answers(operation, found), "default": problem()},
    }
    body = _body(operation, found)
    if body is not None:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if operation.public:
        told["security"] = []
    if operation.answer in _REFUSING:
        told |= {"summary": "Always refused", "description": "Known to Graph; the answer here is always an error."}
    return told


def problem() -> dict[str, Any]:
    """The answer to whatever is refused."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}}
    return {"description": "Refused, or failed.", "content": content}


def answer(schema: dict[str, Any], text: str = "Done.") -> dict[str, Any]:
    """A JSON answer."""
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _answers(operation: Operation, found: Place) -> dict[str, Any]:
    if operation.answer in _REFUSING:
        return {}
    if operation.method == "POST" and found.shape == "collection":
        return {"201": answer(schemas.of_type(Type(found.type)), "Made.")}
    if found.shape == "operation" and found.operation is not None:
        return _of_operation(found.operation.returns)
    if operation.method != "GET" and found.shape != "batch":
        return {"204": {"description": "Done."}}
    return {"200": _read(found)}


def _read(found: Place) -> dict[str, Any]:
    one = schemas.of_type(Type(found.type)) if found.type else {}
    match found.shape:
        case "collection":
            return answer(schemas.collection(one))
        case "reference":
            return answer(_REFERENCE)
        case "references":
            return answer(schemas.collection(_REFERENCE))
        case "count":
            return {"description": "The number.", "content": {"text/plain": {"schema": {"type": "string"}}}}
        case "metadata":
            return {"description": "CSDL 4.0.", "content": {"application/xml": {"schema": {"type": "string"}}}}
        case "service":
            entry = {"type": "object", "required": ["name", "kind", "url"]}
            return answer(schemas.collection(entry))
        case "batch":
            return answer({"type": "object", "required": ["responses"]})
        case _:
            return answer(one)


def _of_operation(returns: Type | None) -> dict[str, Any]:
    if returns is None:
        return {"204": {"description": "Done."}}
    if returns.primitive:
        return {"200": answer(schemas.value(returns))}
    one = schemas.of_type(Type(returns.name))
    return {"200": answer(schemas.collection(one) if returns.many else one)}


def _body(operation: Operation, found: Place) -> dict[str, Any] | None:
    if operation.method not in ("POST", "PATCH", "PUT") or operation.answer in _REFUSING:
        return None
    match found.shape:
        case "reference" | "references":
            return {
                "type": "object",
                "required": ["@odata.id"],
                "properties": {"@odata.id": {"type": "string"}},
                "additionalProperties": False,
            }
        case "operation":
            assert found.operation is not None
            return schemas.members(found.operation.parameters) if found.operation.parameters else None
        case "batch":
            return _BATCH
        case _:
            schema = schemas.of_type(Type(found.type))
            needed = _NEEDED.get(operation.pattern.rpartition("/")[2]) if operation.method == "POST" else None
            return {"allOf": [schema, {"required": needed}]} if needed else schema


_REFERENCE: Final = {"type": "object", "required": ["@odata.id"], "patternProperties": {"@": {"type": "string"}}}
_BATCH: Final = {
    "type": "object",
    "required": ["requests"],
    "properties": {
        "requests": {
            "type": "array",
            "minItems": 1,
            "maxItems": 20,
            "items": {
                "type": "object",
                "required": ["id", "method", "url"],
                "properties": {
                    "id": {"type": "string", "minLength": 1},
                    "method": {"type": "string", "enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
                    "url": {"type": "string"},
                    "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                    "body": {},
                    "dependsOn": {"type": "array", "items": {"type": "string"}},
                },
            },
        }
    },
}


def _placeholders(pattern: str) -> list[dict[str, Any]]:
    parts = pattern.split("/")
    told = []
    for name in _PLACEHOLDERS.findall(pattern):
        owner = parts[parts.index(f"{{{name}}}") - 1]
        text = _KEYS.get(owner, "The id.")
        told.append({"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": text})
    return told


def _options(operation: Operation, found: Place) -> list[dict[str, Any]]:
    """The query options of a read; a few lists take fewer and say so."""
    names: tuple[str, ...] = ()
    if operation.method == "GET" and operation.answer not in _REFUSING:
        delta = found.shape == "operation" and found.operation is not None
        names = {
            "collection": (*_LIST, "eventual"),
            "entity": ("select", "expand"),
            "count": ("filter", "eventual"),
        }.get(found.shape, ("select", "filter", "skiptoken") if delta else ())
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _id(operation: Operation) -> str:
    words = [word for word in re.split(r"[^A-Za-z0-9]+", operation.pattern) if word]
    return "_".join([operation.method.lower(), *words])


def _rights(operation: Operation) -> str:
    if operation.public:
        return "Needs no token."
    names = ", ".join(f"`{name}`" for name in sorted(operation.permissions))
    return f"Needs one of the permissions {names}." if names else "Needs a token."


def _summary(operation: Operation, found: Place) -> str:
    last = [part for part in operation.pattern.split("/") if part and not part.startswith(("{", "$"))]
    name = last[-1].removeprefix("microsoft.graph.") if last else ""
    match found.shape, operation.method:
        case "service", _:
            return "The entity sets and singletons"
        case "metadata", _:
            return "The types, as CSDL"
        case "batch", _:
            return "Up to twenty requests in one"
        case "operation", _:
            return f"{found.name} of {found.type}"
        case "count", _:
            return f"Count {name}"
        case "reference" | "references", method:
            read = "List references of" if found.shape == "references" else "Read the reference of"
            known = {"GET": read, "PUT": "Set", "DELETE": "Take away a reference from"}
            return f"{known.get(method, 'Refer to in')} {name}"
        case "collection", method:
            return {"GET": "List", "POST": "Add to"}.get(method, method) + f" {name}"
        case _, method:
            verb = {"GET": "Read", "PATCH": "Change", "DELETE": "Remove", "PUT": "Set"}.get(method, method)
            return (
                f"{verb} one of {name}"
                if name in CONTAINER or "{" in operation.pattern.rpartition("/")[2]
                else f"{verb} {name}"
            )
