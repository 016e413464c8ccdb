"""What commands print: results on stdout, everything else on stderr, colours on a terminal only (experience CL2)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from readmit.cli.options import is_quiet
from readmit.domain.errors import OperatorError

if TYPE_CHECKING:
    from rich.table import Table

_NARROWEST: Final = 8
"""Columns in which a folded cell can still be read."""


def result(value: Any) -> None:
    """A result for machines: JSON on one line, also where somebody's name would break it or drive a terminal."""
    click.echo(_one_line(value))


def _one_line(value: Any) -> str:
    """JSON whose letters are readable where that can be written, controls and marks of writing direction escaped."""
    readable = "utf" in (sys.stdout.encoding or "").lower()
    text = json.dumps(value, ensure_ascii=not readable)
    return "".join(character if _harmless(character) else json.dumps(character)[1:-1] for character in text)


def note(text: str) -> None:
    """What is good to know, on stderr; silent with --quiet."""
    if not is_quiet():
        click.echo(printable(text), err=True)


def warn(text: str) -> None:
    """What somebody should act on, on stderr, also with --quiet."""
    click.echo(printable(text), err=True)


def confirm(question: str) -> None:
    """Ask on stderr; "no" ends the command with 1, and so does an input that ends without an answer (CL3)."""
    try:
        agreed = click.confirm(question, err=True)
    except click.exceptions.Abort as abort:
        if isinstance(abort.__context__, EOFError):
            raise OperatorError(
                "Nobody answered; nothing was changed. Give --yes to go on without a question."
            ) from abort
        raise
    if not agreed:
        raise OperatorError("Nothing was changed.")


def facts(values: Mapping[str, Any]) -> None:
    """`name  value` lines; lists with commas."""
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        click.echo(f"{name:<{width}}  {plain(value)}")


def plain(value: Any) -> str:
    """A value as people read it, without what would drive a terminal."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(plain(entry) for entry in value) or "-"
    return printable(str(value)) or "-"


def printable(text: str) -> str:
    """Control characters and marks of writing direction as `\\x..`: names come from strangers."""
    return "".join(character if _harmless(character) else _escaped(character) for character in text)


def _harmless(character: str) -> bool:
    return character.isprintable() or character == "\u3000"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on stdout; tabs between cells where the output is no terminal."""
    if not sys.stdout.isatty():
        for row in (heads, *rows):
            click.echo("\t".join(plain(cell) for cell in row))
        return
    from rich.console import Console

    console = Console()
    if console.width < _least_width(heads, rows):
        for row in rows:
            facts(dict(zip(heads, row, strict=True)))
            click.echo("")
        return
    console.print(_table(heads, rows))


def _least_width(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """Columns of a terminal below which a table would have to break ids, or every word."""
    ids = [len(plain(row[at])) for row in rows for at, head in enumerate(heads) if head == "id"]
    others = sum(head != "id" for head in heads)
    return max(ids, default=0) + others * _NARROWEST + 2 * len(heads)


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head in heads:
        # An id is copied: it stays in one piece.
        shown.add_column(head, no_wrap=head == "id", overflow="fold")
    for row in rows:
        # Text, not str: a name in square brackets is a name, no mark-up.
        shown.add_row(*(Text(plain(cell), overflow="fold") for cell in row))
    return shown


def comparison(rows: Sequence[tuple[str, str, str]]) -> None:
    """What was and what is, by property: side by side where both fit, else one below the other; never cut off."""
    if not sys.stdout.isatty():
        table(("property", "before", "after", "result"), [(*row, _result(row)) for row in rows])
        return
    from rich.console import Console

    console = Console()
    console.print(compared(rows, console.width))


def compared(rows: Sequence[tuple[str, str, str]], width: int) -> Table:
    """The table of `comparison` for a terminal of so many columns."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    widest = [max(cell_len(text) for text in column) for column in zip(*rows, strict=True)]
    beside = sum(widest) + len("changed") + 2 * 4 <= width
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for head in ("", "before", "after", "") if beside else ("", "", ""):
        shown.add_column(head, overflow="fold")
    shown.show_header = beside
    for name, old, new in rows:
        result = Text("kept", "green") if old == new else Text("changed", "yellow")
        values = [old, new] if beside else [old if old == new else f"{old}\n→ {new}"]
        shown.add_row(name, *(Text(value, overflow="fold") for value in values), result)
    return shown


def _result(row: tuple[str, str, str]) -> str:
    return "kept" if row[1] == row[2] else "changed"
