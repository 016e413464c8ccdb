"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from readmit.domain.errors import OperatorError
from readmit.settings import Settings, load

F = TypeVar("F", bound=Callable[..., Any])


def data_option(command: F) -> F:
    """`--data DIR`, also READMIT_DATA."""
    return click.option("--data", type=click.Path(path_type=Path), envvar="READMIT_DATA", help="The data folder.")(
        command
    )


def json_option(command: F) -> F:
    """`--json`: for machines."""
    return click.option("--json", "as_json", is_flag=True, help="JSON for machines.")(command)


def settings_of(data: Path | None, **options: Any) -> Settings:
    """Settings of a command beside a server."""
    config = options.pop("config", None)
    return load({"data": data, **options}, os.environ, config)


def existing(settings: Settings) -> Settings:
    """Refuse a folder in which no server was ever started."""
    if not settings.database_path.is_file():
        sentence = f"There is no readmit database in {settings.data}; start `readmit serve` there, or name --data."
        raise OperatorError(sentence)
    return settings
