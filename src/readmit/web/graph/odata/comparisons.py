"""One property against one literal as SQL, by kind (graph G52). What does not fit raises Unfit.

A condition may be null where a column is: the writer makes `not` two-valued.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from readmit.domain.text import fold
from readmit.web.graph.odata import dialect
from readmit.web.graph.odata.literals import TICKS, ascii_lower, ticks
from readmit.web.graph.odata.property import Property
from readmit.web.graph.odata.syntax import Literal_

NEVER: Final = "1 = 0"
_SYMBOLS: Final = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

Bind = Callable[[Any], str]
"""Takes a value, gives the placeholder that stands for it."""


class Unfit(ValueError):
    """The literal's type or the operator does not fit the property (Q6)."""


def equal(found: Property, sql: str, literal: Literal_, bind: Bind) -> str:
    """`property eq literal`, for literals other than null."""
    match found.kind:
        case "text":
            return f"fold({sql}) = {bind(fold(_text(literal)))}"
        case "address":
            return _same_address(found, sql, ascii_lower(_text(literal)), bind)
        case "choice":
            return _one_of(sql, [one for one in found.choices if one.lower() == _text(literal).lower()], bind)
        case "flag":
            return f"{sql} = {bind(int(_flag(literal)))}"
        case "number":
            return f"{sql} = {bind(_number(literal))}"
        case "time":
            return _exactly(sql, _ticks(literal), bind)
        case "stamp":
            return f"rtrim({sql}, 'Z') = {bind(_stamp(literal))}"
        case "guid":
            return f"{sql} = {bind(_guid(literal))}"
        case "exact":
            return f"{sql} = {bind(_text(literal))}"
        case _:
            assert_never(found.kind)


def ordered(found: Property, sql: str, operator: str, literal: Literal_, bind: Bind) -> str:
    """`property gt literal` and the like: ordinally, as both compare."""
    symbol = _SYMBOLS[operator]
    match found.kind:
        case "text":
            return f"fold({sql}) {symbol} {bind(fold(_text(literal)))}"
        case "address":
            return f"{dialect.ascii_lower(sql)} {symbol} {bind(ascii_lower(_text(literal)))}"
        case "number":
            return f"{sql} {symbol} {bind(_number(literal))}"
        case "stamp":
            return f"rtrim({sql}, 'Z') {symbol} {bind(_stamp(literal))}"
        case "time":
            tick = _ticks(literal)
            # What lies between two microseconds is rounded to the side on which no row changes its place.
            return f"{sql} {symbol} {bind(-(-tick // TICKS) if operator in ('ge', 'lt') else tick // TICKS)}"
        case _:
            raise Unfit(found.name)


def begins(found: Property, sql: str, text: str, bind: Bind) -> str:
    """`startswith(property, text)`."""
    match found.kind:
        case "text":
            return _begins(f"fold({sql})", fold(text) or "", bind)
        case "address":
            return _address_begins(found, sql, ascii_lower(text), bind)
        case "choice":
            return _one_of(sql, [one for one in found.choices if one.lower().startswith(text.lower())], bind)
        case _:
            raise Unfit(found.name)


def ends(found: Property, sql: str, text: str, bind: Bind) -> str:
    """`endswith(property, text)`."""
    if found.kind != "address":
        raise Unfit(found.name)
    if not text:
        return f"{sql} IS NOT NULL"
    return dialect.ends(dialect.ascii_lower(sql), bind(ascii_lower(text)), len(text))


# -------------------------------------------------------------- addresses


def _same_address(found: Property, sql: str, text: str, bind: Bind) -> str:
    """By the indexed match key, which is the lower-cased address wherever that is ASCII."""
    if found.key and text.isascii():
        return f"{found.key} = {bind(text)}"
    return f"{dialect.ascii_lower(sql)} = {bind(text)}"


def _address_begins(found: Property, sql: str, text: str, bind: Bind) -> str:
    """A range of match keys; addresses whose key is another text (not ASCII) are looked at themselves."""
    shown = dialect.ascii_lower(sql)
    if not found.key or not text or not text.isascii():
        return _begins(shown, text, bind)
    beyond = text[:-1] + chr(ord(text[-1]) + 1)
    key, first = found.key, bind(text)
    others = f"{key} <> {shown} AND {dialect.begins(shown, first, len(text))}"
    return f"({key} >= {first} AND {key} < {bind(beyond)} OR {others})"


def _begins(sql: str, text: str, bind: Bind) -> str:
    return dialect.begins(sql, bind(text), len(text)) if text else f"{sql} IS NOT NULL"


# --------------------------------------------------------------- literals


def _one_of(sql: str, values: list[str], bind: Bind) -> str:
    """A closed set: the literal is brought to its spelling, so that an index on the column serves."""
    if not values:
        return NEVER
    return f"{sql} IN ({', '.join(bind(value) for value in values)})" if values[1:] else f"{sql} = {bind(values[0])}"


def _exactly(sql: str, tick: int, bind: Bind) -> str:
    return NEVER if tick % TICKS else f"{sql} = {bind(tick // TICKS)}"


def _text(literal: Literal_) -> str:
    if not literal.quoted or not isinstance(literal.value, str):
        raise Unfit(literal.value)
    return literal.value


def _flag(literal: Literal_) -> bool:
    if not isinstance(literal.value, bool):
        raise Unfit(literal.value)
    return literal.value


def _number(literal: Literal_) -> int:
    """A whole number that a column can hold."""
    if type(literal.value) is not int or not -(2**63) <= literal.value < 2**63:
        raise Unfit(literal.value)
    return literal.value


def _guid(literal: Literal_) -> str:
    value = literal.value
    if not isinstance(value, str) or not (literal.quoted or _GUID.fullmatch(value)):
        raise Unfit(value)
    return ascii_lower(value)


def _ticks(literal: Literal_) -> int:
    if literal.quoted or not isinstance(literal.value, str):
        raise Unfit(literal.value)
    try:
        return ticks(literal.value)
    except ValueError as error:
        raise Unfit(literal.value) from error


def _stamp(literal: Literal_) -> str:
    """Graph's form without its Z: then a time without fraction sorts before all of its second."""
    tick = _ticks(literal)
    second, fraction = divmod(tick, TICKS * 1_000_000)
    try:
        whole = datetime(1970, 1, 1) + timedelta(seconds=second)  # noqa: DTZ001 - UTC by definition
    except OverflowError as error:
        raise Unfit(literal.value) from error
    return f"{whole.isoformat()}{f'.{fraction:07d}' if fraction else ''}"
