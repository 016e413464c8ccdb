"""Results for a person on stdout: facts and tables, without colours unless it is a terminal (experience CL2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click


def facts(values: Mapping[str, Any]) -> None:
    """`name  value` lines; lists with commas."""
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        click.echo(f"{name:<{width}}  {plain(value)}")


def plain(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return "-"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return str(value)


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on stdout; tabs between cells where the output is no terminal."""
    if not rows:
        click.echo("Nothing.", err=True)
        return
    import sys

    if not sys.stdout.isatty():
        click.echo("\t".join(heads))
        for row in rows:
            click.echo("\t".join(plain(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table

    shown = Table(*heads, box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*(plain(cell) for cell in row))
    Console().print(shown)
