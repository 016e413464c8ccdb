"""Costs and limits, number by number (graph G62, G63)."""

from __future__ import annotations

import pytest

from readmit.domain.throttling import Limit, cost, own, published


@pytest.mark.parametrize(
    ("method", "pattern", "units", "writes"),
    [
        ("GET", "/users/{id}", 1, 0),
        ("GET", "/users", 2, 0),
        ("GET", "/users/$count", 2, 0),
        ("GET", "/groups", 1, 0),
        ("GET", "/applications", 2, 0),
        ("GET", "/applications/{id}", 1, 0),
        ("GET", "/users/{id}/memberOf", 2, 0),
        ("GET", "/users/{id}/memberOf/microsoft.graph.group", 2, 0),
        ("GET", "/users/{id}/transitiveMemberOf", 2, 0),
        ("GET", "/users/{id}/ownedObjects", 2, 0),
        ("GET", "/users/{id}/appRoleAssignments/{assignment}", 2, 0),
        ("GET", "/oauth2PermissionGrants", 2, 0),
        ("POST", "/users/{id}/getMemberGroups", 2, 0),
        ("GET", "/groups/{id}/members", 3, 0),
        ("POST", "/directoryObjects/getByIds", 3, 0),
        ("POST", "/users/{id}/checkMemberObjects", 4, 0),
        ("GET", "/groups/{id}/transitiveMembers", 5, 0),
        ("POST", "/invitations", 1, 1),
        ("PATCH", "/users/{id}", 1, 1),
        ("DELETE", "/groups/{id}/members/{other}/$ref", 1, 1),
    ],
)
def test_G63_what_a_request_costs(method: str, pattern: str, units: int, writes: int) -> None:
    found = cost(method, pattern, selects=False, expands=False, top=None)
    assert (found.units, found.writes) == (units, writes)


@pytest.mark.parametrize(
    ("selects", "expands", "top", "units"),
    [
        (True, False, None, 2),
        (False, True, None, 4),
        (False, False, 19, 2),
        (False, False, 20, 3),
        (True, True, 5, 2),
        (True, False, 5, 1),
    ],
)
def test_G63_options_change_the_cost(selects: bool, expands: bool, top: int | None, units: int) -> None:
    assert cost("GET", "/groups/{id}/members", selects=selects, expands=expands, top=top).units == units


def test_G63_nothing_costs_less_than_one() -> None:
    assert cost("GET", "/users/{id}", selects=True, expands=False, top=1).units == 1


@pytest.mark.parametrize(("users", "units"), [(0, 3500), (49, 3500), (50, 5000), (500, 5000), (501, 8000)])
def test_G62_units_follow_the_size_of_the_tenant(users: int, units: int) -> None:
    assert Limit("Tenant_Application", "Read", units, 10) in published(users)


def test_G62_the_other_published_limits() -> None:
    assert set(published(1)[1:]) == {
        Limit("Tenant_Application", "Write", 3_000, 150),
        Limit("Tenant", "Write", 150, 5, only="invitations"),
        Limit("Application", "Read", 150_000, 20),
        Limit("Application", "Write", 70_000, 300),
        Limit("Tenant", "Write", 18_000, 300),
        Limit("Tenant_Application", "Read", 5, 10, only="auditlogs", requests=True),
    }


def test_own_numbers_take_the_place_of_graphs() -> None:
    limits = own({"resourceUnits": 7, "invitations": 2})
    assert Limit("Tenant_Application", "Read", 7, 10) in limits
    assert Limit("Tenant", "Write", 2, 5, only="invitations") in limits
    assert Limit("Tenant_Application", "Write", 3_000, 150) in limits
