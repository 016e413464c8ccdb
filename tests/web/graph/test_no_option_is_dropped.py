"""No read drops an option silently: what it cannot do it refuses, wherever it stands in the table (graph G3, G50, Q6)."""

from __future__ import annotations

import pytest
from small_directory import HAL, MIA, Graph
from test_openapi_answers import addressed, filled

from readmit.web.graph.invitations import unreadable
from readmit.web.graph.operations import not_provided
from readmit.web.graph.own import OPERATIONS as OWN
from readmit.web.graph.routes import TABLE

__all__ = ["filled"]


def reads() -> list[tuple[str, str]]:
    found = []
    for operation in TABLE:
        if operation.method == "GET" and not operation.public and operation.answer is not not_provided:
            found += [
                (version, operation.pattern)
                for version in ("v1.0", "beta")
                if version == "beta" or not operation.beta_only
            ]
    return found


def silent(graph: Graph, filled: dict[str, str], option: str) -> set[str]:
    """Which reads do as if the option were not there."""
    found = set()
    for version, pattern in reads():
        answer = graph.get(f"/{version}{addressed(pattern, filled)}?{option}", headers={"consistencylevel": "eventual"})
        assert answer.status in (200, 400, 404, 501)
        if answer.status == 200:
            found.add(pattern)
    return found


@pytest.mark.parametrize("option", ["$skip=1", "$compute=x", "$nonsense=1", "$select=a&$select=b"])
def test_G3_an_option_that_no_read_has_is_refused_by_all(graph: Graph, filled: dict[str, str], option: str) -> None:
    assert silent(graph, filled, option) == set()


@pytest.mark.parametrize("option", ["$nonsense=1", "$select=id", "%24filter=x", "select=id", "$format=xml"])
def test_G3_G14_no_write_drops_an_option_and_the_option_is_looked_at_before_the_body(
    graph: Graph, filled: dict[str, str], option: str
) -> None:
    before = graph.digest()
    for operation in (*TABLE, *OWN):
        if operation.method == "GET" or operation.answer in (not_provided, unreadable):
            continue
        root = "/readmit/v1" if operation in OWN else "/beta"
        answer = graph.ask(operation.method, f"{root}{addressed(operation.pattern, filled)}?{option}", b"{")
        assert (answer.status, answer.message.startswith("Query option '$")) == (400, True), operation.pattern
    assert graph.digest() == before


def test_G14_who_lacks_the_permission_hears_so_before_any_option(graph: Graph) -> None:
    nobody = graph.app()
    for path in ("users", "invitations"):
        assert graph.ask("POST", f"/v1.0/{path}?$nonsense=1", b"{", caller=nobody).status == 403


def test_G12_a_write_takes_names_that_are_no_system_option_and_format_json(graph: Graph) -> None:
    for option in ("client-request-id=7", "$format=json", "format=application/json", "nonsense=$select"):
        assert graph.ask("PATCH", f"/v1.0/users/{MIA}?{option}", {"jobTitle": option}).status == 204


@pytest.mark.parametrize("option", ["$select=nonsense", "$expand=nonsense", "$filter=nonsense eq 1"])
def test_G3_a_name_that_nobody_knows_is_refused_wherever_names_are_taken(
    graph: Graph, filled: dict[str, str], option: str
) -> None:
    assert silent(graph, filled, option) <= {"/subscribedSkus", "/users/{id}/licenseDetails"}


def test_directory_roles_tell_their_members_along(graph: Graph, filled: dict[str, str]) -> None:
    role = filled["directoryRoles"]
    single = graph.get(f"/v1.0/directoryRoles/{role}?$select=id&$expand=members($select=id)").body
    assert {"@odata.type": "#microsoft.graph.user", "id": MIA} in single["members"]
    listed = graph.get("/v1.0/directoryRoles?$select=id&$expand=members($select=id)").body["value"]
    assert {one["id"]: one["members"] for one in listed}[role] == single["members"]
    refused = graph.get("/v1.0/directoryRoleTemplates?$expand=members")
    assert (refused.status, "'members'" in refused.message) == (400, True)


def test_a_role_assignment_is_read_and_removed_by_its_own_id(graph: Graph, filled: dict[str, str]) -> None:
    graph.run("UPDATE role_assignments SET id = 'zfY-zDB3rz' WHERE principal_id = ?", HAL)
    path = "/v1.0/roleManagement/directory/roleAssignments"
    assert graph.get(f"{path}/zfY-zDB3rz?$select=principalId").body["principalId"] == HAL
    assert graph.get(f"{path}/{filled['roleAssignments'].upper()}").status == 200
    assert graph.get(f"{path}/zfy-zdb3rz").status == 404
    assert graph.ask("DELETE", f"{path}/zfY-zDB3rz").status == 204
    assert graph.get(f"{path}/zfY-zDB3rz").status == 404


def test_G50_whatever_a_read_answers_can_be_selected(graph: Graph, filled: dict[str, str]) -> None:
    wrong = set()
    for version, pattern in reads():
        path = f"/{version}{addressed(pattern, filled)}"
        whole = graph.get(path, headers={"consistencylevel": "eventual"})
        if whole.status != 200 or not isinstance(whole.body, dict) or pattern.endswith(("/$ref", "/delta")):
            continue
        items = whole.body["value"] if isinstance(whole.body.get("value"), list) else [whole.body]
        names = sorted({name for item in items for name in item if "@" not in name})
        if not names:
            continue
        chosen = graph.get(f"{path}?$select={','.join(names)}", headers={"consistencylevel": "eventual"})
        if chosen.status != 200:
            wrong.add((version, pattern, chosen.message[:90]))
            continue
        shown = chosen.body["value"] if isinstance(chosen.body.get("value"), list) else [chosen.body]
        for before, after in zip(items, shown, strict=True):
            told = {name for name in after if "@" not in name}
            if (
                told != {name for name in before if "@" not in name}
                and "#directoryObjects" not in whole.body["@odata.context"]
            ):
                wrong.add((version, pattern, str(sorted(told))[:90]))
    assert wrong == set(), "\n".join(map(str, sorted(wrong)))
