"""Whatever is thrown at the described API: no 5xx, and every answer is one that `/openapi.json` describes."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import schemathesis
from house_of_guests import House, serving
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from readmit.domain.graph_permissions import ROLE_IDS
from readmit.web.describe.document import document

TENANT = "contoso.onmicrosoft.com"
CLIENT, SECRET = "0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f00e1", "a-secret-of-the-fuzzer-0123456789"
SEED = f"""
tenants:
  - displayName: Contoso
    initialDomain: {TENANT}
    domains: [contoso.com]
    users:
      - {{userPrincipalName: mia@contoso.com, displayName: Mia}}
    applications:
      - displayName: Fuzzer
        appId: {CLIENT}
        clientSecret: {SECRET}
        permissions: [{", ".join(sorted(ROLE_IDS))}]
      - {{displayName: Expenses, appRoles: [{{value: Approver}}]}}
    guests:
      - {{email: pat@post.example, displayName: Pat}}
    groups:
      - {{displayName: Falcon, members: [pat@post.example, mia@contoso.com]}}
"""
EXAMPLES = 8


def no_failure(_context: Any, response: Any, _case: Any) -> None:
    """No 5xx; 501 is what Graph knows and readmit does not provide (graph M12)."""
    assert response.status_code < 500 or response.status_code == 501, response.text


CHECKS = (
    no_failure,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


class Server:
    """A server with a little of everything, and who may do everything there."""

    def __init__(self, house: House) -> None:
        self.base = house.base
        self.ca = str(house.data / "ca.pem")
        self.http = httpx2.Client(verify=ssl.create_default_context(cafile=self.ca), base_url=self.base)
        form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
        form["scope"] = "https://graph.microsoft.com/.default"
        token = self.http.post(f"/{TENANT}/oauth2/v2.0/token", data=form).json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}
        self.ids = {name: self._first(name) for name in ("users", "groups", "applications")}
        self.ids["servicePrincipals"] = self._first("servicePrincipals?$filter=displayName eq 'Expenses'")

    def _first(self, path: str) -> str:
        return str(self.http.get(f"/v1.0/{path}", headers=self.headers).json()["value"][0]["id"])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("described"), SEED) as house:
        made = Server(house)
        yield made
        made.http.close()


PARTS = 4
"""The operations are dealt to so many tests, which run beside each other."""


@pytest.fixture(scope="session")
def api() -> Any:
    return schemathesis.openapi.from_dict(document())


def strike(case: Any, server: Server) -> None:
    """Send one case; every answer has to be described."""
    parts = case.path.split("/")
    # Random ids find nothing: every second case asks about something that is there. What is there stays there.
    if case.method != "DELETE" and "{id}" in parts and len(str(case.path_parameters.get("id", ""))) % 2 == 0:
        case.path_parameters["id"] = server.ids.get(parts[parts.index("{id}") - 1], case.path_parameters["id"])
    public = case.operation.definition.raw.get("security") == []
    headers = {} if public else server.headers
    case.call_and_validate(base_url=server.base, headers=headers, verify=server.ca, checks=CHECKS)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_answer_to_whatever_comes_is_described_and_none_is_a_5xx(part: int, api: Any, server: Server) -> None:
    found = [result.ok() for result in api.get_all_operations()]
    failures: list[Exception] = []
    for operation in found[part::PARTS]:

        @given(case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
        @settings(
            max_examples=EXAMPLES,
            phases=[Phase.explicit, Phase.generate],
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def holds(case: Any) -> None:
            strike(case, server)

        try:
            holds()
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"{len(failures)} operations", failures)
