"""Tables, colours and foreign names on terminals and off them (experience CL2)."""

from __future__ import annotations

import io
import sys

import pytest

from readmit.cli.output import facts, plain, table

ROWS = [["1", "[red]Alice[/red]", ["a", "b"]], ["2", None, True]]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch, **environ: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", "COLUMNS": "100", **environ}.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    table(["id", "name", "groups"], ROWS)
    return terminal.getvalue()


def test_a_table_has_tabs_and_no_colours_off_a_terminal(capsys):
    table(["id", "name", "groups"], ROWS)
    assert capsys.readouterr().out == "id\tname\tgroups\n1\t[red]Alice[/red]\ta, b\n2\t-\tyes\n"


def test_a_table_is_aligned_and_coloured_on_a_terminal(monkeypatch):
    shown = _shown_on_a_terminal(monkeypatch)
    assert "\x1b[1m" in shown
    assert "\t" not in shown


def test_no_color_is_obeyed(monkeypatch):
    shown = _shown_on_a_terminal(monkeypatch, NO_COLOR="1")
    assert not any(f"\x1b[{colour}" in shown for colour in range(30, 48))


def test_a_name_in_brackets_is_no_mark_up(monkeypatch):
    assert "[red]Alice[/red]" in _shown_on_a_terminal(monkeypatch)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        ([], "-"),
        ("", "-"),
        (False, "no"),
        (["a", None], "a, -"),
        ("a\tb\nc", "a\\tb\\nc"),
        ("\x9b31m", "\\x9b31m"),
        ("山田　太郎", "山田　太郎"),
        ("Zoë ﷽", "Zoë ﷽"),
        ("abc\u202ecba", "abc\\u202ecba"),
    ],
)
def test_a_value_is_shown_without_what_drives_a_terminal(value, shown):
    assert plain(value) == shown


def test_facts_are_aligned(capsys):
    facts({"id": "1", "groups": ["a"]})
    assert capsys.readouterr().out == "id      1\ngroups  a\n"
