"""F1 to F30 of graph G57, each against a predicate in plain Python; answers are neither empty nor all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from odata_directory import INITIAL, USERS, oid

from readmit.domain.errors import UnsupportedQuery

User = dict[str, Any]
Is = Callable[[User], bool]

G, P = "userType eq 'Guest'", "externalUserState eq 'PendingAcceptance'"
TS = datetime(2024, 1, 18, tzinfo=UTC)
UPN = USERS[5]["userPrincipalName"]


def guest(u: User) -> bool:
    return u["userType"] == "Guest"


def pending(u: User) -> bool:
    return u["externalUserState"] == "PendingAcceptance"


def guest_pending(u: User) -> bool:
    return guest(u) and pending(u)


def low(text: str | None) -> str:
    return (text or "").lower()


def mary(u: User) -> bool:
    return any(low(u[n]).startswith("mary") for n in ("displayName", "givenName", "surname", "mail")) or low(
        u["userPrincipalName"]
    ).startswith("mary")


def other(u: User) -> bool:
    return "x@y.com" in [mail.lower() for mail in u["otherMails"]]


DEFAULT: list[tuple[str, str, Is]] = [
    ("F1", G, guest),
    ("F2", P, pending),
    ("F3", f"{G} and {P}", guest_pending),
    ("F4", f"{G} and {P} and accountEnabled eq true", lambda u: guest_pending(u) and u["accountEnabled"]),
    (
        "F5",
        f"{G} AND {P} AND createdDateTime le 2024-01-18T00:00:00Z",
        lambda u: guest_pending(u) and u["createdDateTime"] <= TS,
    ),
    ("F6", f"{G} and {P}", guest_pending),
    (
        "F7",
        f"externalUserState eq 'Accepted' and {G} and createdDateTime le 2024-01-18",
        lambda u: u["externalUserState"] == "Accepted" and guest(u) and u["createdDateTime"] <= TS,
    ),
    (
        "F8",
        f"createdDateTime le 2024-01-18T01:00:00+01:00 and {G} and accountEnabled eq true",
        lambda u: guest(u) and u["accountEnabled"] and u["createdDateTime"] <= TS,
    ),
    (
        "F9 gt",
        f"{G} and createdDateTime gt 2024-01-19T00:00:00Z",
        lambda u: guest(u) and u["createdDateTime"] > datetime(2024, 1, 19, tzinfo=UTC),
    ),
    (
        "F9 ge",
        f"{G} and createdDateTime ge 2024-01-19T00:00:00Z",
        lambda u: guest(u) and u["createdDateTime"] >= datetime(2024, 1, 19, tzinfo=UTC),
    ),
    ("F10", f"{G} and accountEnabled eq true", lambda u: guest(u) and u["accountEnabled"]),
    ("F11", f"{G} and userPrincipalName eq '{UPN.upper()}'", lambda u: u["userPrincipalName"] == UPN),
    ("F12", P, pending),
    ("F13", "startsWith(mail, 'john.doe@fabrikam.net')", lambda u: low(u["mail"]).startswith("john.doe@fabrikam.net")),
    ("F14", "Mail eq 'henry@contoso.com'", lambda u: low(u["mail"]) == "henry@contoso.com"),
    (
        "F15",
        "mail in ('mail1@domain.com','mail2@domain.com')",
        lambda u: low(u["mail"]) in ("mail1@domain.com", "mail2@domain.com"),
    ),
    ("F16", f"id eq '{oid(7).upper()}'", lambda u: u["id"] == oid(7)),
    ("F16 unquoted", f"id eq {oid(7)}", lambda u: u["id"] == oid(7)),
    ("F23", "accountEnabled eq false", lambda u: not u["accountEnabled"]),
    (
        "F26",
        "identities/any(c:c/issuerAssignedId eq 'j.smith@yahoo.com' and c/issuer eq 'mail')",
        lambda u: u["issuerAssignedId"] == "j.smith@yahoo.com" and u["issuer"] == "mail",
    ),
    (
        "F26 host",
        f"identities/any(c:c/issuerAssignedId eq '{UPN}' and c/issuer eq '{INITIAL}')",
        lambda u: u["userPrincipalName"] == UPN,
    ),
    ("F26 issuer alone", "identities/any(i:i/issuer eq 'Mail')", lambda u: u["issuer"] == "mail"),
    (
        "F29",
        " or ".join(
            f"startswith({name},'mary')"
            for name in ("displayName", "givenName", "surname", "mail", "userPrincipalName")
        ),
        mary,
    ),
    ("F30", "otherMails/any(m:m eq 'x@y.com')", other),
    ("F30 or", "mail eq 'x@y.com' or otherMails/any(m:m eq 'x@y.com')", lambda u: u["mail"] == "x@y.com" or other(u)),
    ("CLI for Microsoft 365", f"startsWith(externalUserState, 'Pending') and {G}", guest_pending),
    ("Terraform nickname", "mailNickname eq 'NICK12'", lambda u: u["mailNickname"] == "nick12"),
    ("folded", "displayName eq 'A\u0308RMEL'", lambda u: u["displayName"] == "Ärmel"),
    ("imAddresses", "imAddresses/any(i:startswith(i,'SIP:u3'))", lambda u: u["imAddresses"] == ["sip:u3@example.org"]),
    ("city", "city ge 'berlin'", lambda u: low(u["city"]) >= "berlin"),
    ("non-ASCII domain", "startswith(mail,'user@b')", lambda u: low(u["mail"]).startswith("user@b")),
    ("non-ASCII mail", "mail eq 'USER@bücher.example'", lambda u: u["mail"] == "user@bücher.example"),
    ("mixed-case local part", "startswith(mail,'aB')", lambda u: low(u["mail"]).startswith("ab")),
    ("plain characters", "startswith(displayName,'a%b_c*d\\')", lambda u: u["displayName"].startswith("a%b_c*")),
    ("percent", "startswith(mail,'100%_')", lambda u: low(u["mail"]).startswith("100%_")),
    ("letters beyond ASCII keep their case", "startswith(mail,'abä')", lambda u: low(u["mail"]).startswith("abä")),
    ("every state", "startswith(externalUserState,'')", lambda u: u["externalUserState"] is not None),
    (
        "west of Greenwich",
        "createdDateTime le 2024-01-16T18:30:00-05:30",
        lambda u: u["createdDateTime"] <= datetime(2024, 1, 17, tzinfo=UTC),
    ),
    ("empty prefix", "startswith(mail,'')", lambda u: u["mail"] is not None),
    ("proxy", "proxyAddresses/any(p:p eq 'smtp:HENRY@contoso.com')", lambda u: u["mail"] == "henry@contoso.com"),
]
ADVANCED: list[tuple[str, str, Is, str]] = [
    (
        "F17",
        "endsWith(userPrincipalName,'#EXT#@contoso.com')",
        lambda u: low(u["userPrincipalName"]).endswith("#ext#@contoso.com"),
        "endsWith",
    ),
    ("F18", "endswith(mail,'@hotmail.com')", lambda u: low(u["mail"]).endswith("@hotmail.com"), "endsWith"),
    ("F19", "endswith(mail,'a@contoso.com')", lambda u: low(u["mail"]).endswith("a@contoso.com"), "endsWith"),
    ("empty suffix", "endswith(mail,'')", lambda u: u["mail"] is not None, "endsWith"),
    ("F21", "not(userType eq 'Member')", guest, "'Not'"),
    ("F22", "not(userType in ('Member'))", guest, "'Not'"),
    ("F23", "accountEnabled ne true", lambda u: not u["accountEnabled"], "NotEqualsMatch"),
    (
        "F24",
        "companyName ne null and NOT(companyName eq 'Microsoft')",
        lambda u: u["companyName"] is not None and u["companyName"].lower() != "microsoft",
        "NotEqualsMatch",
    ),
    (
        "F25",
        "companyName in (null,'Microsoft')",
        lambda u: u["companyName"] is None or u["companyName"].lower() == "microsoft",
        "companyName",
    ),
    (
        "F27",
        "proxyAddresses/any(p:endsWith(p,'Contoso.com'))",
        lambda u: low(u["mail"]).endswith("contoso.com"),
        "endsWith",
    ),
    ("not of null", "not(companyName eq 'Microsoft')", lambda u: low(u["companyName"]) != "microsoft", "'Not'"),
    ("ne of null", "city ne 'Berlin'", lambda u: u["city"] is None, "NotEqualsMatch"),
    ("not twice", "not(not(city eq 'Berlin'))", lambda u: u["city"] is not None, "'Not'"),
    ("eq null", "mail eq null", lambda u: u["mail"] is None, "mail"),
    (
        "count",
        "otherMails/$count eq 0",
        lambda u: not u["otherMails"],
        "otherMails/$count",
    ),
    ("proxy count", "proxyAddresses/$count ne 1", lambda u: u["mail"] is None, "proxyAddresses/$count"),
    ("flag in profile", "showInAddressList eq true", lambda u: u["showInAddressList"] is True, "showInAddressList"),
    (
        "hire date",
        "employeeHireDate gt 2024-01-05T10:00:00Z",
        lambda u: low(u["employeeHireDate"]).endswith(".5000000z"),
        "employeeHireDate",
    ),
    (
        "phones",
        "businessPhones/any(p:startswith(p,'+49'))",
        lambda u: bool(u["businessPhones"]),
        "businessPhones",
    ),
    (
        "inside",
        "employeeOrgData/division eq 'west'",
        lambda u: u["employeeOrgData"] is not None,
        "employeeOrgData/division",
    ),
]


@pytest.mark.parametrize(("text", "is_found"), [case[1:] for case in DEFAULT], ids=[case[0] for case in DEFAULT])
@pytest.mark.parametrize("mode", ["default", "advanced"])
def test_a_query_of_the_default_mode_finds_whom_the_predicate_finds(
    ask: Callable[..., set[str]], text: str, is_found: Is, mode: str
) -> None:
    expected = {user["id"] for user in USERS if is_found(user)}
    assert 0 < len(expected) < len(USERS)
    assert ask(text, "user", mode) == expected


@pytest.mark.parametrize(
    ("text", "is_found", "refused"), [case[1:] for case in ADVANCED], ids=[case[0] for case in ADVANCED]
)
def test_a_query_of_the_advanced_mode_works_there_and_is_refused_elsewhere(
    ask: Callable[..., set[str]], text: str, is_found: Is, refused: str
) -> None:
    expected = {user["id"] for user in USERS if is_found(user)}
    assert 0 < len(expected) < len(USERS)
    assert ask(text, "user", "advanced") == expected
    with pytest.raises(UnsupportedQuery, match=refused.replace("$", r"\$")) as caught:
        ask(text, "user", "default")
    assert caught.value.code == "Request_UnsupportedQuery"
