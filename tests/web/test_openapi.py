"""`/openapi.json` and `/docs` are true: made from the tables, and real answers fit what they say (experience F6)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
from front import Site, site

from readmit.web.describe.document import document
from readmit.web.graph import own
from readmit.web.graph.routes import TABLE
from readmit.web.oidc import surface

__all__ = ["site"]


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def told(prefix: str) -> set[tuple[str, str]]:
    return {(method.upper(), path.removeprefix(prefix)) for method, path, _ in operations() if path.startswith(prefix)}


def test_every_operation_of_the_table_is_described_and_nothing_else() -> None:
    stable = {(one.method, one.pattern.rstrip("/")) for one in TABLE if not one.beta_only}
    assert told("/v1.0") == stable
    assert told("/beta") == {(one.method, one.pattern) for one in TABLE if one.beta_only}
    assert told("/readmit/v1") == {(one.method, one.pattern) for one in own.OPERATIONS}
    tokens = {
        (method, re.sub(r":\w+}", "}", one.template)) for one in surface.DESCRIBED for method in one.methods.split()
    }
    assert tokens <= told("")


def test_what_always_refuses_says_so() -> None:
    refused = document()["paths"]["/v1.0/invitations"]["get"]
    assert (refused["summary"], list(refused["responses"])) == ("Always refused", ["default"])


def test_names_are_unique_and_what_is_referred_to_is_there() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document())):
        found: Any = document()
        for part in reference.split("/"):
            found = found[part]
        assert found


def test_every_schema_is_a_schema() -> None:
    for schema in document()["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_placeholders_are_parameters() -> None:
    for _, path, operation in operations():
        described = {one.get("name") for one in operation.get("parameters", []) if one.get("in") == "path"}
        assert described == set(re.findall(r"\{(\w+)\}", path)), path


def test_both_are_served_offline_and_to_anybody(site: Site) -> None:
    answer = site.ask("GET", "/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == json.loads(json.dumps(document()))
    page = site.ask("GET", "/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)
    assert "<script" not in page.text
    for _, path, operation in operations():
        assert f'id="{operation["operationId"]}"' in page.text, path
