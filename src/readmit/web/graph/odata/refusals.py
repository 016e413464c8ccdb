"""The exact texts of what a query is refused with (graph G56); quoted input is cut to 120 characters (G22)."""

from __future__ import annotations

from typing import Final

from readmit.domain.errors import UnsupportedQuery

_QUOTED: Final = 120
_MALFORMED: Final = "BadRequest"


def unknown_in_filter(name: str, resource: str) -> UnsupportedQuery:
    """Q1 in filters; `resource` is the type's name without namespace."""
    return UnsupportedQuery(f"Invalid filter clause: {_no_property(name, resource)}", _MALFORMED)


def unknown_in_select(name: str, resource: str) -> UnsupportedQuery:
    """Q1 in `$select` and `$expand`."""
    return UnsupportedQuery(f"Parsing OData Select and Expand failed: {_no_property(name, resource)}", _MALFORMED)


def _no_property(name: str, resource: str) -> str:
    return f"Could not find a property named '{name[:_QUOTED]}' on type 'microsoft.graph.{resource}'."


def syntax(position: int, text: str) -> UnsupportedQuery:
    """Q1: `position` counts characters of the decoded text from 0."""
    message = f"Invalid filter clause: Syntax error at position {position} in '{text[:_QUOTED]}'."
    return UnsupportedQuery(message, _MALFORMED)


def not_equals() -> UnsupportedQuery:
    """Q2."""
    return UnsupportedQuery("Filter operator 'NotEqualsMatch' is not supported.")


def needs_advanced(operator: str) -> UnsupportedQuery:
    """Q3: `operator` is `endsWith` or `Not`."""
    return UnsupportedQuery(
        f"Operator '{operator}' is not supported because the required parameters might be missing. Try adding"
        " $count=true query parameter and ConsistencyLevel:eventual header. Refer to"
        " https://aka.ms/graph-docs/advanced-queries for more information"
    )


def search_without_header() -> UnsupportedQuery:
    """Q4."""
    return UnsupportedQuery(
        "Request with $search query parameter only works through MSGraph with a special request header:"
        " 'ConsistencyLevel: eventual'"
    )


def page_size(text: str, most: int) -> UnsupportedQuery:
    """Q5."""
    message = f"Invalid page size specified: '{text[:_QUOTED]}'. Must be between 1 and {most} inclusive."
    return UnsupportedQuery(message)


def unavailable(name: str, resource: str) -> UnsupportedQuery:
    """Q6 of a property; `resource` as in `User`, `Group`."""
    shown = f"property '{name[:_QUOTED]}' of resource '{resource}'"
    return UnsupportedQuery(f"Unsupported or invalid query filter clause specified for {shown}.")


def option(name: str) -> UnsupportedQuery:
    """Q6 of an option; `name` with its `$`."""
    return UnsupportedQuery(f"Query option '{name[:_QUOTED]}' is not supported.")


def too_many_branches(number: int, most: int) -> UnsupportedQuery:
    """Q7."""
    return UnsupportedQuery(
        "Too many child clauses specified in search filter expression containing 'OR' operators:"
        f" {number}. Max allowed: {most}."
    )


def count_without_header() -> UnsupportedQuery:
    """Q8."""
    return UnsupportedQuery("$count is not currently supported.", "Request_BadRequest")


def expand_in_advanced() -> UnsupportedQuery:
    """Q9."""
    return UnsupportedQuery("$expand is not supported with advanced query parameters.")


def sorting() -> UnsupportedQuery:
    """Q10."""
    return UnsupportedQuery("Sorting not supported for current query.")


def page_token() -> UnsupportedQuery:
    """Q11."""
    return UnsupportedQuery(
        "The specified page token value has expired and can no longer be included in your request.",
        "Directory_ExpiredPageToken",
    )
