"""How every command ends: exit codes, one sentence on stderr, no traceback (experience CL2, CL5, CL6)."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys

import click
import pytest

from readmit import __version__
from readmit.cli.commands import COMMANDS
from readmit.client.errors import PartlyDone, Stopped
from readmit.domain.errors import OperatorError, Unavailable

PROGRAM = [sys.executable, "-m", "readmit"]
ENDS: dict[str, Exception] = {
    "operator": OperatorError("Do this.", 2),
    "busy": Unavailable(),
    "partly": PartlyDone("The address is written.", Stopped("The rest was not.")),
    "defect": ZeroDivisionError("one\nby zero"),
    "interrupt": KeyboardInterrupt(),  # type: ignore[dict-item]
}


@click.command()
@click.argument("how")
def ends(how: str) -> int:
    """A command that ends as it is told."""
    if how in ENDS:
        raise ENDS[how]
    return int(how)


@pytest.fixture
def ending(monkeypatch, readmit):
    monkeypatch.setitem(COMMANDS, "ends", (f"{__name__}:ends", ""))
    return lambda how: readmit("ends", how)


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_commands_number_is_the_exit_code(ending, code):
    assert ending(str(code)).code == code


@pytest.mark.parametrize(
    ("how", "code", "told"),
    [
        ("operator", 2, "Do this.\n"),
        ("busy", 1, "The database is busy or full; check the disk and try again.\n"),
        ("partly", 3, "The address is written. The rest was not.\n"),
        ("interrupt", 130, "Interrupted.\n"),
    ],
)
def test_a_failure_is_one_sentence_on_stderr_and_an_exit_code(ending, how, code, told):
    done = ending(how)
    assert (done.code, done.out, done.err.lstrip("\n")) == (code, "", told)


def test_a_defect_names_the_way_to_its_traceback(ending, monkeypatch):
    done = ending("defect")
    assert done.code == 1
    assert "ZeroDivisionError: one by zero" in done.err
    assert "READMIT_DEBUG=1" in done.err
    assert "Traceback" not in done.err
    monkeypatch.setenv("READMIT_DEBUG", "1")
    assert "Traceback" in ending("defect").err


@pytest.mark.parametrize("arguments", [["gest"], ["reset"], ["guest", "list", "--state", "lost"], ["--nothing"], []])
def test_wrong_usage_is_2_on_stderr(readmit, arguments):
    done = readmit(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Usage: readmit" in done.err


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_of_the_table_is_there_with_its_name(name):
    module, _, attribute = COMMANDS[name][0].partition(":")
    command = getattr(importlib.import_module(module), attribute)
    assert isinstance(command, click.Command)
    assert command.name == name


def test_help_lists_every_command(readmit):
    done = readmit("--help")
    assert done.code == 0
    for name, (_, text) in COMMANDS.items():
        assert f"  {name:<6}  {text}\n" in done.out
    assert max(map(len, done.out.splitlines())) <= 110


def test_help_by_way_of_click_says_the_same(readmit):
    assert readmit("--help").out == readmit("--quiet", "--help").out


def test_help_and_version_import_neither_click_nor_anything_heavy():
    code = (
        "import sys; from readmit.cli.main import run; run(['--help']); run(['--version']);"
        "sys.exit(any(name in sys.modules for name in ('click', 'rich', 'httpx2', 'ssl', 'json', 'asyncio')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_a_commands_help_imports_neither_rich_nor_http():
    code = (
        "import sys; from readmit.cli.main import run; run(['reset', '--help']); run(['guest', 'list', '--help']);"
        "sys.exit(any(name in sys.modules for name in ('rich', 'httpx2', 'ssl', 'starlette')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_version_is_printed(readmit):
    assert readmit("--version").out == readmit("--quiet", "--version").out == f"readmit {__version__}\n"


def test_a_reader_that_leaves_is_no_error():
    readable, writable = os.pipe()
    os.close(readable)
    with os.fdopen(writable, "wb") as gone:
        done = subprocess.run([*PROGRAM, "--help"], stdout=gone, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
