"""The `readmit` command: a table of lazily loaded commands, and how every failure ends (experience CL5, CL6)."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

_COMMANDS = {
    "serve": ("readmit.cli.serve:serve", "Start the server."),
    "demo": ("readmit.cli.demo:demo", "Play the article's story over HTTPS."),
    "seed": ("readmit.cli.seed:seed", "Apply a seed file; idempotent; prints what changed."),
    "trust": ("readmit.cli.trust:trust", "Print what makes clients trust the local CA."),
    "mail": ("readmit.cli.mail:mail", "The kept mail, when no SMTP server is set."),
    "db": ("readmit.cli.db:db", "The database: upgrade, check."),
    "admin": ("readmit.cli.admin:admin", "The first administrator."),
    "config": ("readmit.cli.config:config", "The effective settings, without secrets."),
    "login": ("readmit.cli.login:login", "Sign in to a server or to Microsoft's cloud."),
    "guest": ("readmit.cli.guest:guest", "List, show and invite guests."),
    "reset": ("readmit.cli.reset:reset", "Reset a guest's redemption status; the access stays."),
}


class Lazy(click.Group):
    """Imports a command only when it is called, so that `--help` costs next to nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = _COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, name = entry[0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.command(cls=Lazy, context_settings={"auto_envvar_prefix": "READMIT", "help_option_names": ["-h", "--help"]})
@click.version_option(package_name="readmit", message="readmit %(version)s")
def cli() -> None:
    """A guest directory whose guests keep their access when their identity changes."""


def main() -> None:
    """Run a command; whatever happens ends in an exit code and at most one sentence on stderr."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code: 0 done, 1 refused or failed, 2 wrong usage, 3 partly done, 130 interrupted."""
    try:
        result: Any = cli.main(args=arguments, prog_name="readmit", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Interrupted.", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _failed(error)
    return result if isinstance(result, int) else 0


def _failed(error: Exception) -> int:
    from readmit.cli.failures import sentence_of

    if os.environ.get("READMIT_DEBUG") == "1":
        raise error
    text, code = sentence_of(error)
    click.echo(text, err=True)
    return code
