"""A small directory in memory, as rows of the real tables and as plain dictionaries that predicates look at."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import readmit.storage
from readmit.web.graph.odata.dialect import FUNCTIONS

TENANT = "0b8b8a2e-0000-4000-8000-00000000000a"
INITIAL = "contoso.onmicrosoft.com"
START = datetime(2024, 1, 1, tzinfo=UTC)
Entry = dict[str, Any]


def oid(number: int, kind: int = 1) -> str:
    """A stable version 4 UUID."""
    return str(UUID(int=(kind << 100) + number * 0x9E3779B97F4A7C15 % (1 << 64), version=4))


def micros(when: datetime | None) -> int | None:
    return None if when is None else (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


_MAILS = [
    "John.Doe@fabrikam.net",
    "john.doe@fabrikam.net.example",
    "henry@contoso.com",
    "HENRY@contoso.com.example",
    "mail1@domain.com",
    "Mail2@Domain.com",
    "mail3@domain.com",
    "someone@hotmail.com",
    "other@HOTMAIL.com",
    "maria@contoso.com",
    "anna@contoso.com",
    "bo@contoso.com",
    "mary.jane@example.org",
    "x@y.com",
    "user@bücher.example",
    "ABä@example.org",
    "100%_sure@example.org",
    None,
]
_NAMES = [
    "Alice Adams",
    "aaron Ärmel",
    "ANNA O'Neil",
    "Mary Smith",
    "Bob Mary",
    "Ärmel",
    "a%b_c*d\\e",
    "Zoë",
    "mary",
    "Robert'; DROP TABLE users;--",
]


def _user(number: int) -> Entry:
    state = (None, "PendingAcceptance", "Accepted")[number % 3]
    guest = number % 4 != 0 and state is not None
    mail = _MAILS[number % len(_MAILS)]
    created = START + timedelta(days=number, microseconds=number % 2 * 500_000)
    profile: Entry = {
        "companyName": ("Microsoft", None, "Contoso", "microsoft")[number % 4],
        "city": ("Berlin", "berlin", None)[number % 3],
        "showInAddressList": (True, False, None)[number % 3],
        "employeeHireDate": ("2024-01-05T10:00:00Z", "2024-01-05T10:00:00.5000000Z", None)[number % 3],
        "imAddresses": [f"sip:u{number % 5}@example.org"],
        "businessPhones": ["+49 30 1"] if number % 5 == 0 else [],
        "employeeOrgData": {"division": "West"} if number % 6 == 0 else None,
    }
    local = (mail or f"user{number}@none.example").replace("@", "_")
    domain = "contoso.com" if number % 5 == 0 else INITIAL
    return {
        "id": oid(number),
        "userPrincipalName": f"{local}_{number}#EXT#@{domain}" if guest else f"User{number}@{domain}",
        "mail": mail,
        "otherMails": [["x@y.com"], ["X@Y.COM", f"o{number}@example.org"], []][number % 3] if number % 2 else [],
        "displayName": _NAMES[number % len(_NAMES)],
        "givenName": (None, "Mary-Ann", "Max")[number % 3],
        "surname": ("Maryland", None, "Muster", "Ätz")[number % 4],
        "userType": "Guest" if guest else "Member",
        "creationType": "Invitation" if guest else None,
        "accountEnabled": number % 5 != 1,
        "preferredLanguage": ("de-DE", None)[number % 2],
        "mailNickname": f"nick{number}",
        "createdDateTime": created,
        "externalUserState": state,
        "externalUserStateChangeDateTime": None if state is None else created + timedelta(hours=1),
        "issuer": {"PendingAcceptance": None, None: None}.get(state, ("mail", "https://idp.example")[number % 2]),
        "issuerAssignedId": ("j.smith@yahoo.com" if number == 2 else f"sub-{number}") if state == "Accepted" else None,
        **profile,
    }


def _group(number: int) -> Entry:
    return {
        "id": oid(number, 2),
        "displayName": ("alpha team", "Beta", "ALPHABET", "gamma")[number % 4],
        "description": ("For projects", None, "sales people")[number % 3],
        "mail": f"group{number}@contoso.com" if number % 2 else None,
        "mailNickname": f"group{number}",
        "groupTypes": ["Unified"] if number % 3 == 0 else [],
        "mailEnabled": number % 3 == 0,
        "securityEnabled": number % 3 != 0,
        "createdDateTime": START + timedelta(days=number),
        "uniqueName": f"unique-{number}" if number % 4 == 0 else None,
        "owners": number % 3,
    }


def _event(number: int) -> Entry:
    return {
        "id": f"{('Directory', 'InvitedUsers')[number % 2]}_{oid(number, 3)}",
        "activityDisplayName": ("Update user", "Invite external user", "Redeem external user invite")[number % 3],
        "loggedByService": ("Core Directory", "Invited Users")[number % 2],
        "activityDateTime": START + timedelta(hours=number),
        "actor_type": ("user", "app")[number % 4 == 3],
        "actor": oid(number % 3),
        "actor_name": f"Actor {number % 3}",
        "target": oid(number % 5),
        "target_upn": f"target{number % 5}@contoso.com",
    }


USERS = [_user(number) for number in range(36)]
GROUPS = [_group(number) for number in range(30)]
EVENTS = [_event(number) for number in range(30)]


def match_key(text: str | None) -> str | None:
    """The match key as storage writes it, near enough for these addresses."""
    if text is None:
        return None
    local, _, domain = text.rpartition("@")
    return f"{local.lower() if local.isascii() else local}@{domain.encode('idna').decode().lower()}"


def _insert(connection: sqlite3.Connection, table: str, row: Entry) -> None:
    names = ", ".join(row)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))


def _put_user(connection: sqlite3.Connection, user: Entry) -> None:
    state = user["externalUserState"]
    upn = user["userPrincipalName"]
    keys = ("companyName", "city", "showInAddressList", "employeeHireDate", "imAddresses", "businessPhones")
    profile = {key: user[key] for key in (*keys, "employeeOrgData") if user[key] is not None}
    accepted = state == "Accepted"
    row = {
        "id": user["id"],
        "tenant_id": TENANT,
        "upn": upn,
        "upn_key": upn.lower() if upn.isascii() else upn,
        "mail": user["mail"],
        "mail_key": match_key(user["mail"]),
        "other_mails": json.dumps(user["otherMails"]),
        "mail_nickname": user["mailNickname"],
        "display_name": user["displayName"],
        "given_name": user["givenName"],
        "surname": user["surname"],
        "user_type": user["userType"],
        "creation_type": user["creationType"],
        "account_enabled": int(user["accountEnabled"]),
        "preferred_language": user["preferredLanguage"],
        "profile": json.dumps(profile),
        "created_at": micros(user["createdDateTime"]),
        "external_state": state,
        "external_state_changed_at": micros(user["externalUserStateChangeDateTime"]),
        "invited_address": None if state is None else "a@b.example",
        "invited_key": None if state is None else "a@b.example",
        "redeemed_address": "a@b.example" if accepted else None,
        "redeemed_key": "a@b.example" if accepted else None,
        "binding_kind": "oidc" if accepted else None,
        "binding_issuer": user["issuer"],
        "binding_subject": user["issuerAssignedId"],
        "binding_issuer_shown": user["issuer"],
        "binding_assigned_id": user["issuerAssignedId"],
        "generation": 0 if state is None else 1,
        "epoch": 1,
        "sessions_valid_from": 0,
    }
    _insert(connection, "users", row)


def _put_group(connection: sqlite3.Connection, group: Entry) -> None:
    row = {
        "id": group["id"],
        "tenant_id": TENANT,
        "display_name": group["displayName"],
        "description": group["description"],
        "mail": group["mail"],
        "mail_key": match_key(group["mail"]),
        "mail_nickname": group["mailNickname"],
        "group_types": json.dumps(group["groupTypes"]),
        "mail_enabled": int(group["mailEnabled"]),
        "security_enabled": int(group["securityEnabled"]),
        "unique_name": group["uniqueName"],
        "created_at": micros(group["createdDateTime"]),
    }
    _insert(connection, "groups", row)
    for number in range(group["owners"]):
        _insert(connection, "owners", {"object_id": group["id"], "owner_id": oid(number)})


def _put_event(connection: sqlite3.Connection, event: Entry) -> None:
    row = {
        "id": event["id"],
        "tenant_id": TENANT,
        "at": micros(event["activityDateTime"]),
        "service": event["loggedByService"],
        "category": "UserManagement",
        "activity": event["activityDisplayName"],
        "operation": "Update",
        "result": "success",
        "actor_type": event["actor_type"],
        "actor_id": event["actor"],
        "target_id": event["target"],
        "target_type": "User",
    }
    _insert(connection, "audit_events", row)
    names = {event["target"]: {"userPrincipalName": event["target_upn"]}}
    names.setdefault(event["actor"], {})["displayName"] = event["actor_name"]
    for subject, body in names.items():
        _insert(connection, "audit_names", {"event_id": event["id"], "subject_id": subject, "body": json.dumps(body)})


def opened() -> sqlite3.Connection:
    """The directory in the tables of the real migrations."""
    connection = sqlite3.connect(":memory:")
    for name, (arguments, function) in FUNCTIONS.items():
        connection.create_function(name, arguments, function, deterministic=True)
    for path in sorted((Path(readmit.storage.__file__).parent / "migrations").glob("*.sql")):
        connection.executescript(path.read_text())
    tenant: Entry = {"id": TENANT, "display_name": "Contoso", "initial_domain": INITIAL, "salt": "", "settings": "{}"}
    _insert(connection, "tenants", {**tenant, "created_at": 0})
    _insert(connection, "domains", {"name": "contoso.com", "tenant_id": TENANT, "is_default": 1})
    put: list[tuple[Callable[[sqlite3.Connection, Entry], None], list[Entry]]] = [
        (_put_user, USERS),
        (_put_group, GROUPS),
        (_put_event, EVENTS),
    ]
    for write, entries in put:
        for entry in entries:
            write(connection, entry)
    _put_apps(connection)
    return connection


def _put_apps(connection: sqlite3.Connection) -> None:
    for number in range(4):
        common = {"tenant_id": TENANT, "app_id": oid(number, 5), "display_name": f"App {number}", "created_at": number}
        properties = json.dumps({"tags": [f"tag{number % 2}"], "uniqueName": f"app-{number}"})
        uris = json.dumps([f"api://app-{number}"])
        application = {"id": oid(number, 4), **common, "properties": properties, "identifier_uris": uris}
        _insert(connection, "applications", application)
        principal = {"id": oid(number, 6), **common, "properties": properties, "assignment_required": number % 2}
        _insert(connection, "service_principals", principal)
