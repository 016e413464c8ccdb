"""What members and guests of each level may read: the whole table of routes over HTTP (graph G67, lifecycle L46, T35)."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from front import Site, site

sys.path.insert(0, str(Path(__file__).parent.parent / "flows"))

from applications import tokens_for

from readmit.domain.graph_permissions import SCOPE_NAMES
from readmit.domain.permission import DIRECTORY_ROLES
from readmit.web.graph import own
from readmit.web.graph.invitations import unreadable
from readmit.web.graph.operations import ANY_TOKEN, Operation
from readmit.web.graph.routes import TABLE

__all__ = ["site"]

ALICE, MIA = "alice@fabrikam.com", "mia@contoso.com"
LEVELS = {
    "member": "a0b1b346-4d3e-4e8b-98f8-753987be4970",
    "limited": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
    "restricted": "2af84b1e-32c8-42b7-82bc-daa82404023b",
}
READS = tuple(
    (root, one)
    for root, table in (("/v1.0", TABLE), ("/beta", TABLE), ("/readmit/v1", own.OPERATIONS))
    for one in table
    if one.method == "GET"
    and not one.public
    and one.access is not ANY_TOKEN
    and one.answer is not unreadable
    and (root == "/beta" or not one.beta_only)
)
ASKS = tuple(
    ("/v1.0", one)
    for one in TABLE
    if one.method == "POST" and re.search(r"Member(Groups|Objects)$|getByIds$", one.pattern)
)
"""POST that only reads."""
ANYBODYS = ("/organization", "/organization/{id}", "/subscribedSkus")
MEMBERS = re.compile(r"/groups/\{id\}/(members|owners)(/microsoft\.graph\.\w+|/\$ref)?")


def may(level: str, operation: Operation, *, oneself: bool) -> bool:
    """Graph G67, said once more and by patterns, so that a new route is denied until somebody decides."""
    pattern = operation.pattern
    if level == "restricted":
        return oneself and pattern == "/users/{id}"
    if pattern in ANYBODYS or pattern in ("/users/{id}", "/groups/{id}") or MEMBERS.fullmatch(pattern):
        return True
    return oneself and pattern.startswith("/users/{id}") and not pattern.endswith("/signInExplanation")


def path_of(root: str, operation: Operation, ids: dict[str, str]) -> str:
    parts = operation.pattern.split("/")
    for number, part in enumerate(parts):
        if part.startswith("{"):
            parts[number] = ids.get(parts[number - 1], ids["users"])
    return root + "/".join(parts)


def ids_of(site: Site) -> dict[str, str]:
    """Something that is there, by the segment before its id; the user is Max."""
    house = site.house
    (group,), (principal,), (application,) = (
        house.rows(
            f"SELECT id FROM {table} WHERE tenant_id = :tenant ORDER BY display_name LIMIT 1", tenant=house.contoso
        )[0]
        for table in ("groups", "service_principals", "applications")
    )
    return {
        "users": house.people["max"],
        "groups": group,
        "servicePrincipals": principal,
        "applications": application,
        "organization": house.contoso,
        "domains": "contoso.com",
        **dict.fromkeys(("directoryRoles", "directoryRoleTemplates", "roleDefinitions"), next(iter(DIRECTORY_ROLES))),
    }


def reader(site: Site, address: str) -> Any:
    """Asks with a delegated token of this person that holds every scope; the status."""
    consented = site.house.world.database.write
    scopes = " ".join(sorted(SCOPE_NAMES))
    consented(lambda tx: tx.run("UPDATE permission_grants SET scope = :scopes", {"scopes": scopes}))
    token = tokens_for(site.house, address, scopes=tuple(sorted(SCOPE_NAMES)))["access_token"]

    def ask(path: str, method: str = "GET", **more: Any) -> int:
        headers = {"authorization": f"Bearer {token}", "consistencylevel": "eventual"}
        return site.ask(method, path, headers=headers, **more).status_code

    return ask


def set_level(site: Site, level: str) -> None:
    """By PATCH, as an administrator does it: it acts at once."""
    ask = reader(site, "ada@contoso.com")
    body = {"guestUserRoleId": LEVELS[level]}
    assert ask("/v1.0/policies/authorizationPolicy", "PATCH", json=body) == 204


@pytest.mark.parametrize("level", ["limited", "restricted"])
def test_T35_L46_a_guest_reads_what_his_level_lets_him_and_nothing_else(site: Site, level: str) -> None:
    ids, alice = ids_of(site), reader(site, ALICE)
    set_level(site, level)
    mine = ids | {"users": site.house.people["alice"]}
    wrong = []
    for root, operation in READS:
        for known, oneself in ((ids, False), (mine, True)):
            status = alice(path_of(root, operation, known))
            if (status != 403) != may(level, operation, oneself=oneself):
                wrong.append((status, path_of(root, operation, known)))
    for root, operation in ASKS:
        for known, oneself in ((ids, False), (mine, True)):
            body = {"ids": [known["users"]], "groupIds": [known["groups"]], "securityEnabledOnly": False}
            status = alice(path_of(root, operation, known), "POST", json=body)
            if (status != 403) != may(level, operation, oneself=oneself):
                wrong.append((status, path_of(root, operation, known)))
    assert wrong == [], "\n".join(map(str, wrong))


def test_T35_L46_at_the_level_of_members_a_guest_reads_as_a_member_does(site: Site) -> None:
    set_level(site, "member")
    ids, alice, mia = ids_of(site), reader(site, ALICE), reader(site, MIA)
    for root, operation in READS:
        path = path_of(root, operation, ids)
        assert alice(path) == mia(path), path
        if operation.access.roles is not None:
            assert mia(path) == 403, path


def test_L46_a_change_of_level_acts_at_once_on_a_token_that_is_out(site: Site) -> None:
    ids, alice = ids_of(site), reader(site, ALICE)
    group, other = f"/v1.0/groups/{ids['groups']}/members", f"/v1.0/users/{ids['users']}"
    told = []
    for level in ("limited", "restricted", "member", "limited"):
        set_level(site, level)
        told.append((alice("/v1.0/users"), alice(other), alice(group), alice("/v1.0/me/memberOf"), alice("/v1.0/me")))
    assert told == [
        (403, 200, 200, 200, 200),
        (403, 403, 403, 403, 200),
        (200, 200, 200, 200, 200),
        (403, 200, 200, 200, 200),
    ]


def test_G67_search_and_count_of_members_are_no_matter_of_a_limited_guest(site: Site) -> None:
    ids, alice = ids_of(site), reader(site, ALICE)
    members = f"/v1.0/groups/{ids['groups']}/members/microsoft.graph.user"
    assert alice(members) == 200
    for more in ("?$count=true", '?$search="displayName:max"', "/$count"):
        assert alice(f"{members}{more}") == 403, more
    assert (
        alice("/v1.0/me/transitiveMemberOf/microsoft.graph.group?$count=true&$filter=startswith(displayName,'f')")
        == 200
    )


def test_G67_members_of_a_hidden_group_do_not_come_out_by_a_group_above_it(site: Site) -> None:
    ids, alice = ids_of(site), reader(site, ALICE)
    above, tenant = ids["groups"], site.house.contoso
    hidden = "00000000-0000-4000-8000-00000000abcd"

    def nest(tx: Any) -> None:
        columns = "id, tenant_id, display_name, visibility, created_at"
        tx.run(
            f"INSERT INTO groups ({columns}) VALUES (:id, :tenant, 'H', 'HiddenMembership', 1)",
            {"id": hidden, "tenant": tenant},
        )
        tx.run("INSERT INTO group_members VALUES (:above, :id, 'group')", {"above": above, "id": hidden})

    site.house.write(nest)
    assert alice(f"/v1.0/groups/{hidden}/members") == 403
    assert alice(f"/v1.0/groups/{above}/transitiveMembers") == 403
