"""Options of a request: spelling, what is refused, modes (graph G12, G50, G51, G53, Q4 to Q11)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readmit.domain.errors import NotFound, NotProvided, Refused, UnsupportedQuery
from readmit.web.graph.odata import options
from readmit.web.graph.odata.options import Options
from readmit.web.graph.odata.order import Order
from readmit.web.graph.odata.select import Expand
from readmit.web.graph.odata.syntax import Comparison, Literal_, Path

EVENTUAL = {"consistencylevel": "eventual"}
UNSUPPORTED = "Request_UnsupportedQuery"


def parse(query: str, resource: str = "user", headers: dict[str, str] | None = None, **more: Any) -> Options:
    return options.parse(query, resource, headers or {}, **more)


def refused(query: str, resource: str = "user", headers: dict[str, str] | None = None, **more: Any) -> tuple[str, str]:
    with pytest.raises(UnsupportedQuery) as caught:
        parse(query, resource, headers, **more)
    return caught.value.message, caught.value.code


def test_a_request_without_options_has_the_defaults() -> None:
    assert parse("") == Options()


@pytest.mark.parametrize("name", ["$filter", "filter", "%24filter", "%24Filter", "$FILTER", "+$filter"])
def test_options_are_read_in_any_spelling_and_plus_is_a_space(name: str) -> None:
    found = parse(f"{name}=mail+eq%20'a%2Bb@c.d'&other=1&x")
    assert found.filter == Comparison(Path(("mail",)), "eq", Literal_("a+b@c.d", True))
    assert found.given == (("filter", "mail eq 'a+b@c.d'"),)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("$filter=id eq 'x'&filter=id eq 'x'", "$filter"),
        ("$top=1&%24TOP=1", "$top"),
        ("$skip=1", "$skip"),
        ("skip=1", "$skip"),
        ("$compute=x", "$compute"),
        ("$apply=x", "$apply"),
        ("$nothing=1", "$nothing"),
        ("$count=yes", "$count"),
        ("$format=xml", "$format"),
        ("$expand=memberOf,sponsors", "$expand"),
        ("$expand=memberOf($top=1)", "$top"),
        ("$expand=memberOf($select=id;$filter=id eq 'x')", "$filter"),
    ],
)
def test_q6_options_that_are_not_available(query: str, name: str) -> None:
    assert refused(query) == (f"Query option '{name}' is not supported.", UNSUPPORTED)


def test_entities_and_counts_know_fewer_options() -> None:
    assert parse("$select=id&$expand=manager&$format=json", shape="single").select == ("id",)
    assert refused("$filter=id eq 'x'", shape="single")[0] == "Query option '$filter' is not supported."
    assert refused("$top=1", headers=EVENTUAL, shape="count")[0] == "Query option '$top' is not supported."


def test_q8_a_count_needs_the_header_and_is_advanced() -> None:
    assert refused("", shape="count") == ("$count is not currently supported.", "Request_BadRequest")
    found = parse("$filter=userType ne 'Guest'", headers=EVENTUAL, shape="count")
    assert (found.mode, found.count) == ("advanced", False)


def test_advanced_mode_is_the_header_and_the_count() -> None:
    assert (parse("$count=true").mode, parse("$count=true").count) == ("default", False)
    assert parse("", headers=EVENTUAL).mode == "default"
    found = parse("$count=TRUE", headers={"consistencylevel": " Eventual "})
    assert (found.mode, found.count) == ("advanced", True)
    assert parse("$count=false", headers=EVENTUAL).mode == "default"


def test_q4_a_search_needs_the_header_only() -> None:
    message = (
        "Request with $search query parameter only works through MSGraph with a special request header:"
        " 'ConsistencyLevel: eventual'"
    )
    assert refused('$search="displayName:a"') == (message, UNSUPPORTED)
    assert parse('$search="displayName:a"', headers=EVENTUAL).mode == "default"


@pytest.mark.parametrize("text", ["0", "1000", "-1", "", "x", "1.5", "%D9%A1", "99999999999999", "0000001"])
def test_q5_a_page_has_1_to_999_objects(text: str) -> None:
    message, code = refused(f"$top={text}")
    assert message.startswith("Invalid page size specified: '")
    assert message.endswith("'. Must be between 1 and 999 inclusive.")
    assert code == UNSUPPORTED


def test_page_sizes() -> None:
    assert (parse("").top, parse("$top=1").top, parse("$top=999").top) == (100, 1, 999)
    assert parse("$select=signInActivity&$top=500").top == 120
    assert (parse("", "directoryAudit").top, parse("$top=1000", "directoryAudit").top) == (1000, 1000)
    assert "between 1 and 1000" in refused("$top=1001", "directoryAudit")[0]


def test_selected_properties_come_in_canonical_spelling_and_order() -> None:
    assert parse("$select=MAIL, id,displayname,Mail").select == ("mail", "id", "displayName")
    assert parse("$select=").select is None
    everything = parse("$select=*").select
    assert everything is not None
    assert {"id", "identities", "employeeOrgData", "externalUserState"} <= set(everything)
    assert not {"signInActivity", "passwordProfile", "aboutMe", "memberOf"} & set(everything)
    assert parse("$select=x,Y", "domain").select == ("x", "Y")


@pytest.mark.parametrize(
    ("query", "resource", "name"),
    [
        ("$select=nothing", "user", "nothing"),
        ("$select=id,", "user", ""),
        ("$select=owners", "user", "owners"),
        ("$select=refreshTokensValidFromDateTime", "user", "refreshTokensValidFromDateTime"),
        ("$expand=nothing", "user", "nothing"),
        ("$expand=owners", "user", "owners"),
        ("$expand=owners($select=nothing)", "group", "nothing"),
        ("$select=" + "a" * 300, "group", "a" * 120),
    ],
)
def test_q1_selected_properties_that_are_not_there(query: str, resource: str, name: str) -> None:
    kind = "directoryObject" if "(" in query else resource
    message = (
        "Parsing OData Select and Expand failed: Could not find a property named"
        f" '{name}' on type 'microsoft.graph.{kind}'."
    )
    assert refused(query, resource) == (message, "BadRequest")


def test_G31_a_selected_navigation_is_known_and_adds_nothing() -> None:
    """Scripts name what they expand in `$select` too: `Get-MgUser -Property Id,Manager -ExpandProperty Manager`."""
    both = parse("$select=id,Manager&$expand=manager($select=id)")
    assert (both.select, both.expand) == (("id",), Expand("manager", ("id",)))
    assert parse("$select=id,memberOf,sponsorOf").select == ("id",)
    assert parse("$select=manager&$expand=manager").select == ()
    assert parse("$select=transitiveMembers,id", "group").select == ("id",)


def test_some_properties_depend_on_version_and_shape() -> None:
    assert parse("$select=refreshTokensValidFromDateTime", version="beta").select is not None
    spelled = parse("$select=publishedPermissionScopes", "servicePrincipal", version="beta").select
    assert spelled == ("publishedPermissionScopes",)
    assert parse("$select=aboutMe", shape="single").select == ("aboutMe",)
    with pytest.raises(NotProvided):
        parse("$select=aboutMe")
    with pytest.raises(NotFound):
        parse("$select=hideFromOutlookClients", "group")


def test_expansion() -> None:
    assert parse("$expand=memberof").expand == Expand("memberOf")
    assert parse("$expand=Members($select=ID,displayName)", "group").expand == Expand("members", ("id", "displayName"))
    assert parse("$expand=appRoleAssignedTo(select=principalId)", "servicePrincipal").expand == Expand(
        "appRoleAssignedTo", ("principalId",)
    )
    assert parse("$expand=manager", headers=EVENTUAL).expand is not None
    for query in ("$expand=manager&$count=true", '$expand=manager&$search="a"'):
        message = "$expand is not supported with advanced query parameters."
        assert refused(query, headers=EVENTUAL) == (message, UNSUPPORTED)


def test_sorting() -> None:
    assert parse("$orderby=DisplayName desc").order == (Order("displayName", True),)
    assert parse("$orderby=userPrincipalName asc,displayName").order == (
        Order("userPrincipalName"),
        Order("displayName"),
    )
    advanced = parse("$orderby=createdDateTime desc&$count=true&$filter=mail eq 'x'", headers=EVENTUAL)
    assert advanced.order == (Order("createdDateTime", True),)
    assert parse("", "directoryAudit").order == (Order("activityDateTime", True),)


@pytest.mark.parametrize(
    "query",
    [
        "$orderby=mail",
        "$orderby=nothing",
        "$orderby=displayName up",
        "$orderby=displayName,displayName",
        "$orderby=displayName;x",
        "$orderby=displayName&$filter=mail eq 'x'",
        "$orderby=createdDateTime",
    ],
)
def test_q10_sorting_that_is_not_supported(query: str) -> None:
    assert refused(query) == ("Sorting not supported for current query.", UNSUPPORTED)
    assert refused("$orderby=x", "directoryObject")[0] == "Sorting not supported for current query."


def test_a_request_tells_which_properties_decide_it() -> None:
    query = "$filter=Mail eq 'x' or identities/any(i:i/issuer eq 'mail')&$search=\"surname:a\"&$orderby=displayName"
    found = parse(f"{query}&$count=true", headers=EVENTUAL)
    assert found.touched == {"mail", "identities", "surname", "displayname"}


@given(st.text(max_size=80), st.sampled_from(["user", "group", "directoryObject", "domain"]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_query_string_is_answered_or_refused_by_name(query: str, resource: str, eventual: bool) -> None:
    for text in (query, f"$filter={query}", f"$search={query}", f"$select={query}", f"$orderby={query}"):
        for more in (text, f"{text}&$expand={query}&$skiptoken={query}"):
            try:
                parse(more, resource, EVENTUAL if eventual else {})
            except Refused as error:
                assert not isinstance(error, NotProvided) or "select" in more  # noqa: PT017
