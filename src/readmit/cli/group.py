"""The click group behind `readmit`: imports a command only when it is called."""

from __future__ import annotations

import importlib

import click

from readmit import __version__
from readmit.cli.commands import COMMANDS, help_text
from readmit.cli.options import quiet_option


class Lazy(click.Group):
    """Takes its commands from the table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry[0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def get_help(self, ctx: click.Context) -> str:
        return help_text()


@click.command(cls=Lazy, context_settings={"auto_envvar_prefix": "READMIT", "help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="readmit %(version)s")
@quiet_option
def cli() -> None:
    """A guest directory whose guests keep their access when their identity changes."""
