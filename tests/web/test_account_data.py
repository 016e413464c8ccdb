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


def test_DP1_passkeys_and_blocked_mailboxes_are_in_it_without_their_keys(site: Site) -> None:
    alice, contoso = site.house.people["alice"], site.house.contoso

    def plant(tx: Any) -> None:
        tx.run(
            "INSERT INTO passkeys (id, tenant_id, user_id, credential_id, public_key, sign_count, aaguid, transports,"
            " backup_eligible, backed_up, name, created_at) VALUES"
            " ('p', :t, :u, 'the credential', 'the key', 0, 'a', '[]', 1, 1, 'Telephone', 0)",
            {"t": contoso, "u": alice},
        )
        tx.run("INSERT INTO mail_blocks VALUES (:t, 'alice@fabrikam.com', 0)", {"t": contoso})
        tx.run("INSERT INTO mail_blocks VALUES (:t, 'max@post.example', 0)", {"t": contoso})

    site.house.write(plant)
    person = sign_in(site)
    found = file_of(person)
    assert [(one["displayName"], one["synchronised"]) for one in found["passkeys"]] == [("Telephone", True)]
    assert [one["address"] for one in found["invitationMailBlocks"]] == ["alice@fabrikam.com"]
    assert "the credential" not in person.html
    assert "the key" not in person.html


ELSEWHERE = {
    "app_role_assignments": "appRoleAssignments",
    "audit_events": "auditEvents",
    "audit_names": "auditEvents",
    "grants": "applicationsWithAccess",
    "group_members": "groups",
    "invitations": "invitations",
    "outbox": "mails",
    "passkeys": "passkeys",
    "permission_grants": "consents",
    "redemptions": "redemptions",
    "role_assignments": "directoryRoles",
    "sign_in_events": "signIns",
    "sign_ins": "sessions",
    "sponsors": "sponsors",
    "user_addresses": "user",
}
"""Where each table that names a user stands in the file."""
NOWHERE = {
    "changes": "which objects changed, by id, for eight days",
    "device_codes": "hangs on a grant, for minutes",
    "flows": "a way that is open, for an hour",
    "managers": "the person's place in another organisation's chart is its own affair; his manager's id is a relation",
    "owners": "objects of the organisation",
    "passcodes": "a code, for minutes",
    "sign_in_activity": "times of attempts that are in the file themselves",
    "subscriptions": "what an application wants to be told",
    "tickets": "secrets of links",
    "upstream_states": "a question to a provider, for minutes",
}
"""What names a user and is not in the file, and why."""


def test_DP1_every_table_that_names_a_user_is_in_the_file_or_has_a_reason(site: Site) -> None:
    """A new table asks for a decision."""
    rows = site.house.rows(
        "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
    )
    naming = {"user_id", "principal_id", "member_id", "subject_id", "target_id", "manager_id", "owner_id"}
    tables = {table for table, column in rows if column in naming}
    assert tables - set(ELSEWHERE) - set(NOWHERE) == set()
    assert set(ELSEWHERE.values()) <= set(file_of(sign_in(site)))
