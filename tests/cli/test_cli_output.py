"""Tables, colours and foreign names on terminals and off them (experience CL2)."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable

import pytest

from readmit.cli.output import comparison, facts, plain, table

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


ID = "235edc7f-222f-49e9-9e6d-cf69d6393e86"
UPN = "alice_fabrikam.com#EXT#@contoso.onmicrosoft.com"


def _on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int, show: Callable[..., None], *what: object
) -> list[str]:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    show(*what)
    return [re.sub("\x1b\\[[0-9;]*m", "", line).rstrip() for line in terminal.getvalue().splitlines()]


def test_an_id_is_never_broken_over_lines(monkeypatch):
    """Ids are copied from the terminal; what stands beside them folds instead."""
    row = [ID, "Alice of a long name", "alice@a-long-name.example", "PendingAcceptance"]
    lines = _on_a_terminal(monkeypatch, 80, table, ["id", "displayName", "mail", "externalUserState"], [row])
    assert any(line.startswith(f"{ID}  ") for line in lines)
    assert max(map(len, lines)) <= 80


def test_a_terminal_too_narrow_for_a_table_gets_lines(monkeypatch):
    lines = _on_a_terminal(monkeypatch, 50, table, ["id", "name", "groups"], [[ID, "Alice", ["a"]], ["2", None, []]])
    assert lines == [f"id      {ID}", "name    Alice", "groups  a", "", "id      2", "name    -", "groups  -", ""]


def test_before_and_after_stand_side_by_side_where_they_fit(monkeypatch):
    lines = _on_a_terminal(monkeypatch, 100, comparison, [("id", ID, ID), ("mail", "old@a.example", "new@b.example")])
    assert [line.split() for line in lines] == [
        ["before", "after"],
        ["id", ID, ID, "kept"],
        ["mail", "old@a.example", "new@b.example", "changed"],
    ]


def test_before_and_after_stand_below_each_other_and_whole_on_eighty_columns(monkeypatch):
    rows = [("id", ID, ID), ("userPrincipalName", UPN, UPN.replace("alice", "zoe"))]
    assert [line.split() for line in _on_a_terminal(monkeypatch, 78, comparison, rows)] == [
        ["id", ID, "kept"],
        ["userPrincipalName", UPN, "changed"],
        ["→", UPN.replace("alice", "zoe")],
    ]


def test_before_and_after_are_tabs_off_a_terminal(capsys):
    comparison([("id", "1", "1"), ("mail", "a", "b")])
    assert capsys.readouterr().out == "property\tbefore\tafter\tresult\nid\t1\t1\tkept\nmail\ta\tb\tchanged\n"


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
