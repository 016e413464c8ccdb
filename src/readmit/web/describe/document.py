"""The whole description: `/openapi.json`, and `/docs`, which is read without scripts and without a network."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec

from readmit import __version__
from readmit.flows.world import World
from readmit.web import pages
from readmit.web.call import Call, Reply, Step
from readmit.web.describe import graph_paths, other_paths, own_paths, schemas
from readmit.web.graph.routes import TABLE
from readmit.web.graph.service import reached_by

_TEXT: Final = (
    "Microsoft Graph's wire format for guests, the token service, and readmit's own paths. "
    "Every path below /v1.0 is also below /beta; paths below /beta alone are listed there."
)
_TAGS: Final = {
    graph_paths.GRAPH: "As Microsoft Graph speaks it.",
    own_paths.TAG: "Beside Graph, with Graph's tokens and errors.",
    other_paths.TOKENS: "OAuth 2.0 and OpenID Connect.",
    other_paths.OPERATION: "For those who run the server.",
}


@cache
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document as plain values."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "readmit", "version": __version__, "description": _TEXT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": {
            **_graph(),
            **own_paths.own_paths(),
            **other_paths.token_paths(),
            **other_paths.operation_paths(),
        },
        "components": {
            "schemas": {
                **schemas.components(reached_by(TABLE, "beta"), "v1.0"),
                **own_paths.SCHEMAS,
                **other_paths.SCHEMAS,
            },
            "parameters": graph_paths.PARAMETERS,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _graph() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for operation in TABLE:
        version = "beta" if operation.beta_only else "v1.0"
        path = f"/{version}{operation.pattern}".rstrip("/")
        paths.setdefault(path, {})[operation.method.lower()] = graph_paths.described(operation)
    return paths


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(document())


def openapi(_world: World, _call: Call) -> Step:
    """GET /openapi.json."""
    headers = (("content-type", "application/json"), ("cache-control", "no-cache"), ("Vary", "Accept-Encoding"))
    return Reply(200, _encoded(), headers)


def docs(_world: World, _call: Call) -> Step:
    """GET /docs."""
    return pages.page_reply(_page())


@cache
def _page() -> str:
    told = document()
    return pages.render(
        "api",
        "en",
        info=told["info"],
        tags=[(tag, list(_of_tag(told, tag["name"]))) for tag in told["tags"]],
        types=_types(told),
    )


def _of_tag(told: dict[str, Any], tag: str) -> Any:
    for path, item in told["paths"].items():
        for method, operation in item.items():
            if tag in operation["tags"]:
                yield {"method": method.upper(), "path": path, **_shown(operation)}


def _shown(operation: dict[str, Any]) -> dict[str, Any]:
    parameters = [one.get("$ref", "").rpartition("/")[2] or one["name"] for one in operation.get("parameters", [])]
    options = [graph_paths.PARAMETERS[name]["name"] if name in graph_paths.PARAMETERS else name for name in parameters]
    body = operation.get("requestBody", {}).get("content", {})
    return {
        "id": operation["operationId"],
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "parameters": options,
        "body": [_named(media["schema"]) for media in body.values()],
        "answers": [
            (status, [_named(media.get("schema", {})) for media in response.get("content", {}).values()])
            for status, response in operation["responses"].items()
        ],
    }


def _types(told: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (name, [(member, _named(schema)) for member, schema in described.get("properties", {}).items()])
        for name, described in sorted(told["components"]["schemas"].items())
    ]


def _named(schema: dict[str, Any]) -> str:
    """A schema in a few words: `user`, `list of user`, `string or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for several in ("anyOf", "allOf"):
        if several in schema:
            return " or ".join(filter(None, (_named(one) for one in schema[several])))
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {_named(schema['items'])}"
    if kind == "object":
        inner = schema.get("properties", {}).get("value")
        return _named(inner) if inner else ", ".join(schema.get("properties", ())) or "object"
    text = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{text} ({schema['format']})" if "format" in schema else text
