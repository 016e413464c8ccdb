"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from readmit.cli.commands import COMMANDS
from readmit.domain.errors import OperatorError

if TYPE_CHECKING:
    from readmit.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

_QUIET = "readmit.quiet"


def data_option(command: F) -> F:
    """`--data DIR`, also READMIT_DATA."""
    return click.option("--data", type=click.Path(path_type=Path), envvar="READMIT_DATA", help="The data folder.")(
        command
    )


def json_option(command: F) -> F:
    """`--json`: for machines; also READMIT_JSON."""
    return click.option("--json", "as_json", is_flag=True, envvar="READMIT_JSON", help="JSON for machines.")(command)


def quiet_option(command: F) -> F:
    """`--quiet`, before or after the command's name; `is_quiet` tells."""
    return click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        envvar="READMIT_QUIET",
        callback=_remember_quiet,
        help="Nothing on stderr but errors and warnings.",
    )(command)


def is_quiet() -> bool:
    """Whether the running command was asked for silence."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.find_root().meta.get(_QUIET))


def _remember_quiet(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.find_root().meta[_QUIET] = True


def settings_of(data: Path | None, **options: Any) -> Settings:
    """Settings of a command beside a server."""
    from readmit.settings import load

    config = options.pop("config", None)
    return load({"data": data, **options}, server_environment(os.environ), config)


def server_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without variables that are options of commands, such as READMIT_RESET_REDIRECT."""
    of_commands = (
        "READMIT_QUIET",
        "READMIT_JSON",
        *(f"READMIT_{name.upper()}_" for name in COMMANDS if name != "mail"),
    )
    kept = {name: value for name, value in environ.items() if not name.startswith(of_commands)}
    # `mail_from` is a setting of the server; everything else that begins so is an option of `readmit mail`.
    return {name: kept[name] for name in kept if not name.startswith(("READMIT_MAIL_LIST_", "READMIT_MAIL_SHOW_"))}


def existing(settings: Settings) -> Settings:
    """Refuse a folder in which no server was ever started."""
    if not settings.database_path.is_file():
        sentence = f"There is no readmit database in {settings.data}; start `readmit serve` there, or name --data."
        raise OperatorError(sentence)
    return settings
