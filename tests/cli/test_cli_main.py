"""How every command ends: exit codes, one sentence on stderr, no traceback (experience CL2, CL5, CL6)."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from typing import Any

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


NAMES = "from readmit.cli.main import run; import sys; sys.exit(run(['names', *sys.argv[1:]]))"
SHOW = f"""
import click, sys
from readmit.cli import commands, output
def names(as_json):
    output.result("\\u01d8 \\U0001f600") if as_json else output.table(["name"], [["\\u01d8 \\U0001f600"]])
sys.modules["names_command"] = type(sys)("names_command")
sys.modules["names_command"].names = click.command("names")(click.option("--json", "as_json", is_flag=True)(names))
commands.COMMANDS["names"] = ("names_command:names", "")
{NAMES}
"""


def _names(*arguments: str, encoding: str = "utf-8", **streams: Any) -> subprocess.CompletedProcess[bytes]:
    environ = {**os.environ, "PYTHONIOENCODING": encoding}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run([sys.executable, "-c", SHOW, *arguments], env=environ, check=False, **streams)


def test_letters_that_the_terminal_does_not_know_are_escaped():
    assert _names(encoding="latin-1").stdout == b"name\n\\u01d8 \\U0001f600\n"
    for encoding in ("latin-1", "ascii", "cp932"):
        assert json.loads(_names("--json", encoding=encoding).stdout) == "\u01d8 \U0001f600"
    assert _names().stdout.decode() == "name\n\u01d8 \U0001f600\n"


def test_a_full_disk_behind_the_output_is_told():
    with open("/dev/full", "wb") as full:
        done = _names(stdout=full)
        assert (done.returncode, done.stderr) == (1, b"The output cannot be written (No space left on device).\n")
        shown = subprocess.run([*PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert (shown.returncode, shown.stderr) == (done.returncode, done.stderr)


@pytest.mark.parametrize(("closed", "seen"), [(">&-", b""), ("2>&-", b"name\n\\u01d8 \\U0001f600\n")])
def test_a_stream_that_is_closed_swallows_what_it_is_told(closed, seen):
    environ = {**os.environ, "PYTHONIOENCODING": "latin-1", "CODE": SHOW}
    command = ["sh", "-c", f'"{sys.executable}" -c "$CODE" {closed}']
    done = subprocess.run(command, env=environ, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, seen, b"")
