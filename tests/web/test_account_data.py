"""What an organisation keeps about a person, as a file for himself (experience DP1)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from front import ORIGIN, Person, Site, site
from test_account_sessions import sign_in

from readmit.domain.tenant import TenantSettings
from readmit.storage import tenants

__all__ = ["site"]
DATA = "/account/data?tenantId=contoso.com"


def file_of(person: Person) -> Any:
    return json.loads(person.open(DATA))


def test_DP1_the_file_holds_all_about_the_person_and_is_a_download(site: Site) -> None:
    person = sign_in(site)
    answer = site.ask("GET", DATA, headers={"cookie": f"__Host-readmit={person.cookies['__Host-readmit']}"})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="contoso.com.json"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    found = answer.json()
    assert found["organisation"]["displayName"] == "Contoso"
    assert found["exportedDateTime"] == "2026-01-31T10:30:00Z"
    assert found["user"]["id"] == site.house.people["alice"]
    assert (found["user"]["mail"], found["user"]["externalUserState"]) == ("alice@fabrikam.com", "Accepted")
    assert found["identity"]["address"] == "alice@fabrikam.com"
    assert [group["displayName"] for group in found["groups"]] == ["Falcon"]
    assert [role["resourceDisplayName"] for role in found["appRoleAssignments"]] == ["Expenses"]
    assert [one["ipAddress"] for one in found["sessions"]] == ["127.0.0.1"]
    assert [one["kind"] for one in found["signIns"]] == ["sign_in"]
    assert len(found["invitations"]) == len(found["redemptions"]) == 1
    for name in ("sponsors", "directoryRoles", "mails", "consents", "applicationsWithAccess", "auditEvents"):
        assert isinstance(found[name], list), name


def test_DP1_it_holds_no_secret_and_nobody_else(site: Site) -> None:
    site.house.reset(site.house.people["max"], "max@post.example")
    person = sign_in(site)
    text = person.open(DATA)
    for other in ("max@post.example", "Max", "ada@contoso.com", "hal@contoso.com", "Ada Admin"):
        assert other not in text
    hashes = site.house.rows("SELECT token_hash FROM sessions UNION SELECT csrf FROM sessions")
    hashes += site.house.rows("SELECT password_hash FROM users WHERE password_hash IS NOT NULL")
    assert hashes
    assert not [row for row in hashes if row[0] in text]


def test_DP1_mails_consents_and_the_log_of_what_was_done_are_in_it(site: Site) -> None:
    alice = site.house.people["alice"]
    site.graph("PATCH", f"/v1.0/users/{alice}", json={"jobTitle": "Pilot"})
    site.house.invite("alice@fabrikam.com", send=True)
    found = file_of(sign_in(site))
    assert found["user"]["jobTitle"] == "Pilot"
    assert [mail["kind"] for mail in found["mails"]] == ["invitation"]
    changed = [event for event in found["auditEvents"] if event["activityDisplayName"] == "Update user"]
    assert changed[-1]["initiatedBy"]["type"] == "app"
    assert changed[-1]["about"]["displayName"] == "Alice"


def test_L46_where_guests_read_no_groups_the_file_names_none(site: Site) -> None:
    person = sign_in(site)
    settings = TenantSettings(guestRole="restricted")
    site.house.write(lambda tx: tenants.update(tx, replace(tenants.get(tx, site.house.contoso), settings=settings)))
    (group,) = file_of(person)["groups"]
    assert set(group) == {"id"}


def test_DP1_a_member_who_never_was_invited_has_a_file_too(site: Site) -> None:
    found = file_of(sign_in(site, "ada@contoso.com"))
    assert found["identity"] is None
    assert found["user"]["externalUserStateChangeDateTime"] is None
    assert [role["displayName"] for role in found["directoryRoles"]] == ["Global Administrator"]


@pytest.mark.parametrize("hint", ["contoso.com", "", "%0d%0aset-cookie:%20x=1", "%3Cscript%3E"])
def test_without_a_session_the_file_leads_to_a_sign_in(site: Site, hint: str) -> None:
    answer = site.ask("GET", f"/account/data?tenantId={hint}", headers={"origin": ORIGIN})
    assert answer.status_code == 303
    assert answer.headers["location"] in ("/account", "/account?tenantId=contoso.com")
