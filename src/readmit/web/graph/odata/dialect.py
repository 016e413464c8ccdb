"""Where SQLite and PostgreSQL differ in what a query needs; only SQLite stands here so far.

SQL functions that the database registers: FUNCTIONS (name to number of arguments and function).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from readmit.domain.search_tokens import has_tokens
from readmit.domain.text import fold

FUNCTIONS: Final[dict[str, tuple[int, Callable[..., Any]]]] = {"fold": (1, fold), "has_tokens": (2, has_tokens)}


def value(sql: str, json: str) -> str:
    """A member of a JSON text as text, true as 1; the column itself without a path. Paths are constants."""
    return f"json_extract({sql}, '$.{json}')" if json else sql


def rows(source: str, json: str) -> str:
    """The elements of a JSON array as rows with a column `value`; none of what is null."""
    if source.startswith("SELECT"):
        return f"({source})"
    return f"json_each({source}, '$.{json}')" if json else f"json_each({source})"


def ascii_lower(sql: str) -> str:
    """ASCII letters in lower case: SQLite's own `lower` leaves all others."""
    return f"lower({sql})"


def begins(sql: str, text: str, length: int) -> str:
    """`sql` begins with the parameter `text` of that length, no character of which is special."""
    return f"substr({sql}, 1, {length}) = {text}"


def ends(sql: str, text: str, length: int) -> str:
    """`sql` ends with the parameter `text` of that length, which is not 0."""
    return f"substr({sql}, -{length}) = {text}"


def counted(source: str, json: str) -> str:
    """How many elements there are."""
    return f"(SELECT count(*) FROM {rows(source, json)} AS item)"  # noqa: S608 - constants
