"""F27, F28 and F31 to F35 of graph G57, other resources, ticks of time, and which indexes serve."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from odata_directory import EVENTS, GROUPS, USERS, oid

from readmit.domain.errors import UnsupportedQuery
from readmit.web.graph.odata import parse, to_sql

Is = Callable[[dict[str, Any]], bool]
G, P = "userType eq 'Guest'", "externalUserState eq 'PendingAcceptance'"


def low(text: str | None) -> str:
    return (text or "").lower()


def test_f27_f28_words_of_the_specification_work_literally(ask: Callable[..., set[str]]) -> None:
    assert ask("proxyAddresses/any(p:endsWith(p,'OnMicrosoft.com'))", "user", "advanced") == set()
    assert ask("assignedLicenses/$count eq 0", "user", "advanced") == {user["id"] for user in USERS}
    with pytest.raises(UnsupportedQuery, match="assignedLicenses"):
        ask("assignedLicenses/$count eq 0")


def test_f31_sign_in_activity_is_filtered_alone(ask: Callable[..., set[str]]) -> None:
    assert ask("signInActivity/lastSignInDateTime le 2024-01-01T00:00:00Z") == set()
    with pytest.raises(UnsupportedQuery, match="signInActivity/lastSignInDateTime"):
        ask(f"signInActivity/lastSignInDateTime le 2024-01-01T00:00:00Z and {G}")


def test_f32_f33_and_others_of_groups(ask: Callable[..., set[str]]) -> None:
    def found(is_found: Is) -> set[str]:
        ids = {group["id"] for group in GROUPS if is_found(group)}
        assert 0 < len(ids) < len(GROUPS)
        return ids

    unified = "groupTypes/any(c:c eq 'Unified')"
    assert ask(unified, "group") == found(lambda g: "Unified" in g["groupTypes"])
    assert ask(f"NOT {unified}", "group", "advanced") == found(lambda g: not g["groupTypes"])
    with pytest.raises(UnsupportedQuery, match="'Not'"):
        ask(f"NOT {unified}", "group")
    assert ask("startswith(displayName,'a')", "group", "advanced") == found(
        lambda g: g["displayName"].lower().startswith("a")
    )
    assert ask("displayName eq 'beta' and mailEnabled eq false and securityEnabled eq true", "group") == found(
        lambda g: g["displayName"] == "Beta" and not g["mailEnabled"]
    )
    assert ask("uniqueName eq 'unique-4'", "group") == found(lambda g: g["uniqueName"] == "unique-4")
    assert ask("owners/$count eq 1", "group", "advanced") == found(lambda g: g["owners"] == 1)
    assert ask("startswith(description,'sales')", "group", "advanced") == found(
        lambda g: low(g["description"]).startswith("sales")
    )


AUDITS: list[tuple[str, Is]] = [
    (f"initiatedBy/user/id eq '{oid(1)}'", lambda e: e["actor_type"] == "user" and e["actor"] == oid(1)),
    ("activityDisplayName eq 'Invite external user'", lambda e: e["activityDisplayName"] == "Invite external user"),
    (
        "loggedByService eq 'Invited Users' and activityDateTime ge 2024-01-01T12:00:00Z",
        lambda e: (
            e["loggedByService"] == "Invited Users" and e["activityDateTime"] >= datetime(2024, 1, 1, 12, tzinfo=UTC)
        ),
    ),
    (f"targetResources/any(t:t/id eq '{oid(2)}')", lambda e: e["target"] == oid(2)),
    ("targetResources/any(t:startswith(t/userPrincipalName,'TARGET3'))", lambda e: e["target"] == oid(3)),
    (
        "initiatedBy/app/displayName eq 'actor 0'",
        lambda e: e["actor_type"] == "app" and e["actor_name"] == "Actor 0",
    ),
    (f"id eq '{EVENTS[3]['id']}'", lambda e: e is EVENTS[3]),
]


@pytest.mark.parametrize(("text", "is_found"), AUDITS)
def test_f34_f35_and_others_of_audits(ask: Callable[..., set[str]], text: str, is_found: Is) -> None:
    expected = {event["id"] for event in EVENTS if is_found(event)}
    assert 0 < len(expected) < len(EVENTS)
    assert ask(text, "directoryAudit") == expected


@pytest.mark.parametrize(
    ("resource", "text", "mode", "numbers"),
    [
        ("application", "identifierUris/any(uri:uri eq 'API://app-1')", "default", {1}),
        ("application", "tags/any(t:startswith(t,'tag1'))", "default", {1, 3}),
        ("application", "uniqueName eq 'app-2' and publisherDomain eq 'Contoso.com'", "default", {2}),
        ("application", "signInAudience eq 'azureadmyorg' and createdDateTime gt 1970-01-01", "default", {1, 2, 3}),
        ("servicePrincipal", "servicePrincipalNames/any(n:n eq 'api://app-3')", "default", {3}),
        ("servicePrincipal", f"servicePrincipalNames/any(n:n eq '{oid(0, 5)}')", "default", {0}),
        ("servicePrincipal", "appRoleAssignmentRequired eq true", "advanced", {1, 3}),
        ("servicePrincipal", f"appId eq {oid(2, 5)}", "default", {2}),
    ],
)
def test_applications_and_service_principals(
    ask: Callable[..., set[str]], resource: str, text: str, mode: str, numbers: set[int]
) -> None:
    kind = 4 if resource == "application" else 6
    assert ask(text, resource, mode) == {oid(number, kind) for number in numbers}


def test_a_time_between_two_microseconds_moves_no_row(ask: Callable[..., set[str]]) -> None:
    at = USERS[1]["createdDateTime"]
    assert at.microsecond == 500_000
    day = f"{at:%Y-%m-%dT%H:%M:%S}"

    def has(text: str) -> bool:
        return USERS[1]["id"] in ask(f"createdDateTime {text}Z")

    assert has(f"eq {day}.5")
    assert not has(f"eq {day}.5000001")
    assert has(f"lt {day}.5000001")
    assert has(f"le {day}.5000001")
    assert not has(f"gt {day}.5000001")
    assert not has(f"ge {day}.5000001")
    assert has(f"gt {day}.4999999")
    assert not has(f"lt {day}.4999999")


def test_letters_beyond_ascii_keep_their_case_in_addresses(ask: Callable[..., set[str]]) -> None:
    assert ask("startswith(mail,'ABä')")
    assert not ask("startswith(mail,'ABÄ')")


def test_addresses_and_states_are_looked_up_by_index(directory: sqlite3.Connection) -> None:
    for text, index in ((f"{G} and {P}", "users_state"), ("mail eq 'a@b.c'", "users_mail"), (P, "users_")):
        parameters: dict[str, Any] = {"tenant": "x"}
        where = to_sql.condition(parse.filter(text), "user", "default", parameters, alias="t")
        scope = "t.tenant_id = :tenant AND t.deleted_at IS NULL"
        sql = f"EXPLAIN QUERY PLAN SELECT t.id FROM users t WHERE {scope} AND {where}"
        plan = " ".join(row[3] for row in directory.execute(sql, parameters))
        assert index in plan
