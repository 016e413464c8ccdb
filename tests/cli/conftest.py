"""The command in this process, with an environment, a home and a server of its own."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "client"))

from command_line import ALICE, USER, Done, credentials
from scripted_graph import ANSWERS, TENANT, Answer, ScriptedGraph

from readmit.cli.main import run

Readmit = Callable[..., Done]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in; nothing of the real environment reaches the commands."""
    for name in os.environ:
        if name.startswith("READMIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def readmit(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Readmit:
    """`readmit("guest", "list", input="y\\n")`."""

    def call(*arguments: str, input: str = "") -> Done:
        monkeypatch.setattr("sys.stdin", io.StringIO(input))
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Done(code, *capsys.readouterr())

    return call


@pytest.fixture
def graph() -> Iterator[ScriptedGraph]:
    """A server with one guest, Alice, that takes every invitation."""
    server = ScriptedGraph()
    server.on("GET /v1.0/users", {"value": [ALICE]})
    server.on(f"GET {USER}", ALICE)
    server.on(f"GET {USER}/memberOf", ANSWERS["memberOf"])
    server.on(f"GET {USER}/appRoleAssignments", ANSWERS["appRoleAssignments"])
    server.on("GET /v1.0/servicePrincipals/0b1c5c5e-3c0e-4a53-8f0a-6d3a5a1f00c1", ANSWERS["servicePrincipal"])
    server.on(f"GET /readmit{USER.replace('v1.0', 'v1')}/redemptions", ANSWERS["redemptions"])
    server.on("POST /v1.0/invitations", Answer(201, ANSWERS["invitation"]))
    yield server
    server.close()


@pytest.fixture
def data(home: Path, graph: ScriptedGraph) -> Path:
    """A data folder beside the server, with one tenant; commands find it without being told."""
    folder = home / "readmit-data"
    folder.mkdir()
    (folder / "client-credentials.json").write_text(json.dumps(credentials(graph.url, TENANT)))
    graph.script[f"POST /id-of-{TENANT}/oauth2/v2.0/token"] = graph.script[f"POST /{TENANT}/oauth2/v2.0/token"]
    return folder
