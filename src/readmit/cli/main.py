"""The `readmit` command: where it starts, and how every failure ends (experience CL5, CL6)."""

from __future__ import annotations

import errno
import os
import sys
from io import TextIOWrapper

from readmit import __version__
from readmit.cli.commands import help_text


def main() -> None:
    """Run a command; whatever happens ends in an exit code and at most one sentence on stderr."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code: 0 done, 1 refused or failed, 2 wrong usage, 3 partly done, 130 interrupted."""
    _open_streams()
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _discard_output()
        return 1
    except OSError as error:
        # Only writing to the output itself raises here: commands end in `_failed`.
        _discard_output()
        sys.stderr.write(f"The output cannot be written ({error.strerror}).\n")
        return 1


def _open_streams() -> None:
    """Letters that a terminal or pipe does not know are escaped; a stream that was closed swallows what it is told."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - until the process ends
        elif isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Whoever read the output has what he wanted; the interpreter's own flush at exit must not complain either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: list[str]) -> int:
    at_once = _at_once(arguments)
    if at_once is not None:
        sys.stdout.write(f"{at_once}\n")
        return 0
    import click

    from readmit.cli.group import cli

    try:
        result: object = cli.main(args=arguments, prog_name="readmit", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:
            raise  # the output's disk is full, see `run`
        return _failed(error)
    return result if isinstance(result, int) else 0


def _at_once(arguments: list[str]) -> str | None:
    """What is asked most often is answered without click, whose import costs more than the interpreter's own start."""
    if arguments in (["--help"], ["-h"]):
        return help_text()
    return f"readmit {__version__}" if arguments == ["--version"] else None


def _failed(error: Exception) -> int:
    import click

    from readmit.cli.failures import sentence_of

    if os.environ.get("READMIT_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    text, code = sentence_of(error)
    click.echo(text, err=True)
    return code
