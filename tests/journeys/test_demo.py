"""`readmit demo`: the story as a first user sees it, and nothing that it leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from readmit.cli import demo

PROGRAM = [sys.executable, "-m", "readmit", "demo", "--port", "0"]


def test_the_five_situations_are_played_and_told_as_json(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "--check"],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    told = json.loads(done.stdout)
    assert (done.returncode, told["passed"]) == (0, True), done.stdout + done.stderr
    assert [scenario["name"][0] for scenario in told["scenarios"]] == ["A", "B", "C", "D", "0"]
    for scenario in told["scenarios"]:
        before, after = scenario["before"], scenario["after"]
        assert list(before) == ["id", "userPrincipalName", "groups", "appRoles", "signInName", "state"]
        kept = [name for name in ("id", "userPrincipalName", "groups", "appRoles") if before[name] == after[name]]
        assert kept == ([] if scenario["name"][0] == "0" else ["id", "userPrincipalName", "groups", "appRoles"])
        assert (before["signInName"] == after["signInName"]) == (scenario["name"][0] == "B")
        assert before["state"] == after["state"] == "Accepted"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_closed_terminal_leaves_no_server_and_no_folder_behind(tmp_path: Path, number: int) -> None:
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(PROGRAM, stdout=subprocess.PIPE, text=True, env=environ) as playing:
        assert playing.stdout is not None
        shown = ""
        for line in playing.stdout:
            shown += line
            if line.startswith("  Guests"):
                break
        (folder,) = tmp_path.iterdir()
        server = int(json.loads((folder / "server.json").read_text())["pid"])
        playing.send_signal(number)
        playing.wait(timeout=30)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
    ids = re.findall(r"^  id +([0-9a-f-]{36}) ", shown, re.MULTILINE)
    assert len(ids) == 5, "nothing is cut off at eighty columns"
    assert f"{sys.executable} -m readmit mail list --data {folder}" in shown


@pytest.mark.parametrize(
    ("called", "path", "shown"),
    [
        ("/opt/bin/readmit", "/opt/bin", "readmit"),
        (".venv/bin/readmit", "/opt/bin", ".venv/bin/readmit"),
        ("/x/readmit/__main__.py", "", f"{sys.executable} -m readmit"),
    ],
)
def test_a_line_to_copy_names_the_program_as_it_was_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, called: str, path: str, shown: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if path:
        installed = tmp_path / path.lstrip("/") / "readmit"
        installed.parent.mkdir(parents=True)
        installed.touch(mode=0o755)
        called = str(installed) if called.startswith("/") else called
        monkeypatch.setenv("PATH", str(installed.parent))
    monkeypatch.setattr(sys, "argv", [called])
    assert demo.program() == shown
