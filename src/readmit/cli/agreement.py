"""Agreeing to what ends access: one question, and beyond ten guests their number (experience CL3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from readmit.cli.output import confirm
from readmit.domain.errors import OperatorError

F = TypeVar("F", bound=Callable[..., Any])

_WITHOUT_COUNTING: Final = 10


def agreement_options(command: F) -> F:
    """`--yes` and `--expect`."""
    command = click.option("--expect", type=int, metavar="N", help="How many guests this is about, beyond ten.")(
        command
    )
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


def agree(question: str, guests: int, *, yes: bool, expect: int | None) -> None:
    """Go on, or raise OperatorError with nothing changed. `--yes` skips the question, never the number."""
    if expect is not None and expect != guests:
        raise OperatorError(f"--expect says {expect}, but it is about {guests} guests; nothing was changed.")
    if guests > _WITHOUT_COUNTING and expect is None:
        _count(guests)
    elif not yes and expect is None:
        confirm(question)


def _count(guests: int) -> None:
    try:
        typed = click.prompt(f"Type the number of guests to go on ({guests})", err=True, default="", show_default=False)
    except click.exceptions.Abort as abort:
        if not isinstance(abort.__context__, EOFError):
            raise
        typed = ""
    if typed.strip() != str(guests):
        raise OperatorError(f"Nothing was changed. Give --expect {guests} to go on without a question.")
