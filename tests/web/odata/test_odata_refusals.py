"""What a filter is refused with: graph G56 byte for byte, and the order in which refusals come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from readmit.domain.errors import UnsupportedQuery

NEEDS = (
    "Operator '{}' is not supported because the required parameters might be missing. Try adding $count=true query"
    " parameter and ConsistencyLevel:eventual header. Refer to https://aka.ms/graph-docs/advanced-queries for more"
    " information"
)
Q6 = "Unsupported or invalid query filter clause specified for property '{}' of resource '{}'."
Q1 = "Invalid filter clause: Could not find a property named '{}' on type 'microsoft.graph.{}'."
NOT_EQUAL = "Filter operator 'NotEqualsMatch' is not supported."


def refused(ask: Callable[..., Any], text: str, resource: str, mode: str) -> tuple[str, str]:
    with pytest.raises(UnsupportedQuery) as caught:
        ask(text, resource, mode)
    return caught.value.message, caught.value.code


@pytest.mark.parametrize(
    ("text", "resource", "name"),
    [
        ("nothing eq 'x'", "user", "nothing"),
        ("nothing/more eq 'x'", "group", "nothing"),
        ("startswith(nothing,'x')", "user", "nothing"),
        ("nothing/any(x:x eq 'y')", "user", "nothing"),
        ("otherMails/any(m:n eq 'x')", "user", "n"),
        ("otherMails/any(m:mail eq 'x')", "user", "mail"),
        ("identities eq 'x' and nothing eq 'x'", "directoryAudit", "identities"),
        ("not(nothing eq 'x')", "user", "nothing"),
        ("a" * 200 + " eq 'x'", "user", "a" * 120),
    ],
)
def test_q1_a_property_that_is_not_there(ask: Callable[..., Any], text: str, resource: str, name: str) -> None:
    assert refused(ask, text, resource, "default") == (Q1.format(name, resource), "BadRequest")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("userType ne 'Member'", NOT_EQUAL),
        ("mail ne null", NOT_EQUAL),
        ("endswith(mail,'x')", NEEDS.format("endsWith")),
        ("otherMails/any(m:endsWith(m,'x'))", NEEDS.format("endsWith")),
        ("not(userType eq 'Member')", NEEDS.format("Not")),
        ("not(companyName eq 'x')", NEEDS.format("Not")),
        ("companyName eq 'x'", Q6.format("companyName", "User")),
        ("mail eq null", Q6.format("mail", "User")),
        ("businessPhones/any(p:p eq 'x')", Q6.format("businessPhones", "User")),
    ],
)
def test_q2_q3_q6_what_works_in_advanced_mode_only(ask: Callable[..., Any], text: str, message: str) -> None:
    assert refused(ask, text, "user", "default") == (message, "Request_UnsupportedQuery")
    ask(text, "user", "advanced")


@pytest.mark.parametrize("mode", ["default", "advanced"])
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("id gt 'x'", "id"),
        ("id ne null", "id"),
        ("startswith(id,'x')", "id"),
        ("startswith(userType,'G')", "userType"),
        ("accountEnabled eq 'true'", "accountEnabled"),
        ("accountEnabled gt true", "accountEnabled"),
        ("mail eq 1", "mail"),
        ("mail eq 2024-01-01", "mail"),
        ("createdDateTime gt '2024-01-01'", "createdDateTime"),
        ("createdDateTime gt 5", "createdDateTime"),
        ("id eq true", "id"),
        ("contains(displayName,'x')", "displayName"),
        ("endswith(displayName,'x')", "displayName"),
        ("otherMails eq 'x'", "otherMails"),
        ("otherMails/any(m:m ne 'x')", "otherMails"),
        ("otherMails/all(m:m eq 'x')", "otherMails"),
        ("otherMails/$count gt 2", "otherMails/$count"),
        ("otherMails/$count eq '1'", "otherMails/$count"),
        ("otherMails/$count eq true", "otherMails/$count"),
        ("imAddresses/$count eq 0", "imAddresses/$count"),
        ("mail/$count eq 0", "mail/$count"),
        ("mail/any(m:m eq 'x')", "mail"),
        ("mail/address eq 'x'", "mail/address"),
        ("signInSessionsValidFromDateTime gt 2024-01-01", "signInSessionsValidFromDateTime"),
        ("aboutMe eq 'x'", "aboutMe"),
        ("identities/any(i:i/issuer eq 'contoso.com')", "identities"),
        ("identities/any(i:i/issuerAssignedId eq 'x')", "identities"),
        ("identities/any(i:i/issuer eq 'mail' or i/issuerAssignedId eq 'x')", "identities"),
        ("identities/any(i:i/issuer eq 'mail' and i/issuer eq 'mail')", "identities"),
        ("identities/any(i:i/signInType eq 'federated' and i/issuer eq 'mail')", "identities"),
        ("identities eq 'x'", "identities"),
        ("mail eq 'x' or signInActivity/lastSignInDateTime lt 2024-01-01", "signInActivity/lastSignInDateTime"),
        ("not(signInActivity/lastSignInDateTime lt 2024-01-01)", "signInActivity/lastSignInDateTime"),
    ],
)
def test_q6_what_never_works(ask: Callable[..., Any], text: str, name: str, mode: str) -> None:
    assert refused(ask, text, "user", mode) == (Q6.format(name, "User"), "Request_UnsupportedQuery")


def test_q6_names_the_resource(ask: Callable[..., Any]) -> None:
    assert refused(ask, "visibility eq 'x'", "group", "default")[0] == Q6.format("visibility", "Group")
    assert refused(ask, "tags eq 'x'", "servicePrincipal", "default")[0] == Q6.format("tags", "ServicePrincipal")


def test_related_objects_are_filtered_by_id_alone() -> None:
    from readmit.web.graph.odata import parse, to_sql

    parameters: dict[str, Any] = {"tenant": "t"}
    sql = to_sql.condition(parse.filter("id eq 'AB'"), "directoryObject", "default", parameters, alias="o")
    assert (sql, parameters) == ("o.id = :p1", {"tenant": "t", "p1": "ab"})
    with pytest.raises(UnsupportedQuery, match="'displayName' of resource 'DirectoryObject'"):
        to_sql.condition(parse.filter("displayName eq 'x'"), "directoryObject", "default", parameters)
