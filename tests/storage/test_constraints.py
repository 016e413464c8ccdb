"""The tables refuse what the domain cannot say: each CHECK mirrors a union (reliability DB rules, architecture)."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import pytest
from rooms import NOW, TENANT, user

from readmit.domain.address import EmailAddress
from readmit.domain.errors import AddressTaken, UpnTaken
from readmit.domain.guest import Accepted, NeverInvited, Pending, home_binding, mail_binding
from readmit.storage import users
from readmit.storage.database import Database

ADDRESS = EmailAddress.parse("g@post.example")


def guest(redemption: Any, generation: int) -> Any:
    """A guest in one state."""
    return replace(
        user("g"), user_type="Guest", mail=ADDRESS, redemption=redemption, generation=generation, invited_user=True
    )


STATES = {
    "never invited": guest(NeverInvited(), 0),
    "pending": guest(Pending(ADDRESS, NOW), 3),
    "accepted by a code": guest(Accepted(ADDRESS, NOW, mail_binding(ADDRESS), ADDRESS), 3),
    "accepted at home": guest(Accepted(ADDRESS, NOW, home_binding("h", "u"), ADDRESS), 1),
}


@pytest.mark.parametrize("state", STATES)
def test_every_state_of_a_guest_comes_back_as_it_was_written(database: Database, state: str) -> None:
    made = STATES[state]
    database.write(users.insert, made)
    assert database.read(users.get, TENANT, "g") == made


LIES = {
    "a binding while pending": ("pending", "binding_kind = 'mail', binding_issuer = 'mail', binding_subject = 'x'"),
    "a redeemed address while pending": ("pending", "redeemed_address = 'x', redeemed_key = 'x'"),
    "no generation while pending": ("pending", "generation = 0"),
    "no time of its state": ("pending", "external_state_changed_at = NULL"),
    "no invited address": ("pending", "invited_address = NULL, invited_key = NULL"),
    "a generation without invitation": ("never invited", "generation = 1"),
    "an invited address without invitation": ("never invited", "invited_address = 'x', invited_key = 'x'"),
    "accepted without a binding": (
        "accepted by a code",
        "binding_kind = NULL, binding_issuer = NULL, binding_subject = NULL",
    ),
    "accepted without a redeemed address": ("accepted by a code", "redeemed_address = NULL, redeemed_key = NULL"),
    "half a binding": ("accepted by a code", "binding_subject = NULL"),
    "another state": ("pending", "external_state = 'Waiting'"),
    "another type": ("pending", "user_type = 'King'"),
    "another creation": ("pending", "creation_type = 'Miracle'"),
    "mail without its key": ("pending", "mail_key = NULL"),
    "a key without mail": ("pending", "mail = NULL"),
    "half enabled": ("pending", "account_enabled = 2"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_row_that_the_union_cannot_say_is_refused(database: Database, lie: str) -> None:
    state, assignment = LIES[lie]
    database.write(users.insert, STATES[state])
    with pytest.raises(sqlite3.IntegrityError):
        database.write(lambda tx: tx.run(f"UPDATE users SET {assignment} WHERE id = 'g'"))
    assert database.read(users.get, TENANT, "g") == STATES[state]


def test_L3_an_address_belongs_to_one_live_user_of_a_tenant(database: Database) -> None:
    database.write(users.insert, STATES["pending"])
    with pytest.raises(AddressTaken):
        database.write(users.insert, replace(user("h"), other_mails=(EmailAddress.parse("G@POST.example"),)))
    with pytest.raises((AddressTaken, UpnTaken)):
        database.write(users.insert, replace(user("i"), upn="A@contoso.com"))
    assert database.read(users.get, TENANT, "h") is None


def test_an_identity_is_bound_once_in_a_tenant(database: Database) -> None:
    database.write(users.insert, STATES["accepted at home"])
    other = EmailAddress.parse("other@post.example")
    twin = replace(STATES["accepted at home"], id="h", upn="h@contoso.com", mail=other)
    with pytest.raises((sqlite3.IntegrityError, UpnTaken)):
        database.write(users.insert, twin)


STATEMENTS = {
    "a flow of no kind": "INSERT INTO flows (id, browser_hash, csrf, kind, tenant_id, target, created_at, expires_at)"
    " VALUES ('f', 'b', 'c', 'walk', 't', '{}', 0, 0)",
    "a redemption of nobody": "INSERT INTO flows (id, browser_hash, csrf, kind, tenant_id, target, created_at,"
    " expires_at) VALUES ('f', 'b', 'c', 'redemption', 't', '{}', 0, 0)",
    "a flow at no provider": "INSERT INTO flows (id, browser_hash, csrf, kind, tenant_id, target, method, created_at,"
    " expires_at) VALUES ('f', 'b', 'c', 'sign_in', 't', '{}', 'provider', 0, 0)",
    "an invitation of no kind": "INSERT INTO invitations (id, tenant_id, user_id, generation, kind, address,"
    " address_key, redirect_url, send_message, inviter_type, inviter_id, created_at)"
    " VALUES ('i', 't', 'a', 1, 'gift', 'x', 'x', 'x', 1, 'app', 'x', 0)",
    "an invitation of nobody": "INSERT INTO invitations (id, tenant_id, user_id, generation, kind, address,"
    " address_key, redirect_url, send_message, inviter_type, inviter_id, created_at)"
    " VALUES ('i', 't', 'nobody', 1, 'invite', 'x', 'x', 'x', 1, 'app', 'x', 0)",
    "mail of no kind": "INSERT INTO outbox (id, tenant_id, kind, address_key, state, due_at, created_at)"
    " VALUES ('m', 't', 'advert', 'x', 'queued', 0, 0)",
    "mail in no state": "INSERT INTO outbox (id, tenant_id, kind, address_key, state, due_at, created_at)"
    " VALUES ('m', 't', 'invitation', 'x', 'lost', 0, 0)",
    "a personal consent for everybody": "INSERT INTO permission_grants (id, tenant_id, client_id, resource_id,"
    " consent_type, principal_id, scope) VALUES ('p', 't', 'c', 'r', 'AllPrincipals', 'a', 's')",
    "a secret of no kind": "INSERT INTO client_secrets (id, application_id, kind, hash, starts_at, ends_at)"
    " VALUES ('s', 'a', 'md5', 'x', 0, 0)",
    "an approved device without a grant": "INSERT INTO device_codes (hash, user_code, tenant_id, client_id, resource,"
    " graph, scopes, origin, requester, state, created_at, expires_at)"
    " VALUES ('h', 'u', 't', 'c', 'r', 1, '[]', 'o', 'ip', 'approved', 0, 0)",
    "a provider of no kind": "INSERT INTO identity_providers (id, tenant_id, name, kind, issuer, client_id, scopes,"
    " created_at) VALUES ('p', 't', 'n', 'ldap', 'i', 'c', '[]', 0)",
    "a SAML provider without metadata": "INSERT INTO identity_providers (id, tenant_id, name, kind, issuer, client_id,"
    " scopes, created_at) VALUES ('p', 't', 'n', 'saml', 'i', 'c', '[]', 0)",
}


@pytest.mark.parametrize("what", STATEMENTS)
def test_other_rows_that_cannot_be_are_refused_too(database: Database, what: str) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        database.write(lambda tx: tx.run(STATEMENTS[what]))


def test_J2_an_audit_event_is_neither_changed_nor_deleted_before_its_time(database: Database) -> None:
    event = (
        "INSERT INTO audit_events (id, tenant_id, at, service, category, activity, operation, result, actor_type,"
        " details) VALUES ('e', 't', 4102444800000000, 's', 'c', 'a', 'o', 'success', 'system', '{}')"
    )
    database.write(lambda tx: tx.run(event))
    for statement in ("UPDATE audit_events SET activity = 'b'", "DELETE FROM audit_events"):
        with pytest.raises(sqlite3.IntegrityError):
            database.write(lambda tx, statement=statement: tx.run(statement))
