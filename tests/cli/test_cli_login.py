"""`readmit login`: tried first, kept in a file of its owner alone, never silently exposed (security D5)."""

from __future__ import annotations

import json
import ssl
from datetime import UTC, datetime

import pytest
from scripted_graph import TENANT, TOKEN, Answer, ScriptedGraph

from readmit import certificates, data_folder


@pytest.fixture
def kept(home):
    return home / "config" / "readmit" / "login.json"


def _arguments(graph):
    return ["login", "--server", graph.url, "--tenant", TENANT, "--client-id", "app"]


def test_a_login_is_tried_and_kept_for_its_owner_alone(readmit, graph, kept):
    done = readmit(*_arguments(graph), input="hush\n")
    assert (done.code, done.out) == (0, "")
    assert json.loads(kept.read_text()) == {
        "server": graph.url,
        "cloud": None,
        "tenant": TENANT,
        "clientId": "app",
        "clientSecret": "hush",
        "ca": None,
    }
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "a plain file that only your account can read" in done.err
    assert readmit("guest", "list").code == 0


def test_refused_credentials_are_not_kept(readmit, graph, kept):
    refused = {
        "error": "invalid_client",
        "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID",
    }
    graph.on(TOKEN, Answer(401, refused))
    done = readmit(*_arguments(graph), input="wrong\n")
    assert done.code == 1
    assert "the client secret is wrong" in done.err
    assert not kept.exists()


def test_a_secret_as_argument_is_taken_with_a_warning(readmit, graph):
    done = readmit("--quiet", *_arguments(graph), "--client-secret", "hush")
    assert done.code == 0
    assert "can be read by others" in done.err
    assert "hush" not in done.err


def test_a_secret_by_variable_or_file_needs_no_warning(readmit, graph, home, monkeypatch):
    monkeypatch.setenv("READMIT_CLIENT_SECRET", "of-variable")
    assert "can be read by others" not in readmit(*_arguments(graph)).err
    assert graph.last(TOKEN).body["client_secret"] == "of-variable"
    (home / "secret").write_text("of-file\n")
    monkeypatch.setenv("READMIT_CLIENT_SECRET_FILE", str(home / "secret"))
    assert readmit(*_arguments(graph)).code == 0
    assert graph.last(TOKEN).body["client_secret"] == "of-file"


def test_everything_may_come_from_the_environment(readmit, graph, kept, monkeypatch):
    given = {"SERVER": graph.url, "TENANT": TENANT, "CLIENT_ID": "app", "CLIENT_SECRET": "hush"}
    for name, value in given.items():
        monkeypatch.setenv(f"READMIT_{name}", value)
    assert readmit("login").code == 0
    assert kept.exists()


def test_json_tells_what_was_kept_without_the_secret(readmit, graph, kept):
    done = readmit(*_arguments(graph), "--json", input="hush\n")
    assert done.json == {
        "server": graph.url,
        "cloud": None,
        "tenant": TENANT,
        "clientId": "app",
        "ca": None,
        "file": str(kept),
    }


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--server", "https://a.example", "--cloud", "public"],
        ["--server", "https://a.example", "--client-id", "app"],
        ["--server", "https://a.example", "--tenant", "t"],
        ["--server", "a.example", "--tenant", "t", "--client-id", "app"],
        ["--cloud", "moon"],
        ["--server", "https://a.example", "--tenant", "t", "--client-id", "app", "--ca", "/nowhere.pem"],
        ["--server", "https://a.example", "--tenant", "t", "--client-id", "app"],
    ],
)
def test_what_is_missing_or_contradicts_itself_is_wrong_usage(readmit, kept, arguments):
    done = readmit("login", *arguments)
    assert done.code == 2
    assert not kept.exists()


def test_the_command_line_counts_before_the_environment(readmit, graph, monkeypatch):
    monkeypatch.setenv("READMIT_CLOUD", "public")
    assert readmit(*_arguments(graph), input="hush\n").code == 0


def test_device_sign_in_is_told_to_be_missing(readmit):
    done = readmit("login", "--device")
    assert done.code == 1
    assert "not there yet" in done.err


def test_a_login_can_be_forgotten(readmit, graph, kept):
    readmit(*_arguments(graph), input="hush\n")
    assert readmit("login", "--forget").code == 0
    assert not kept.exists()
    assert readmit("login", "--forget").err == "Nobody was signed in.\n"


def test_a_certificate_is_trusted_by_its_ca_alone(readmit, home, kept):
    made = certificates.ensure(home, ["localhost"], datetime.now(UTC), data_folder.write_secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server)
    server = ScriptedGraph(context)
    try:
        done = readmit(*_arguments(server), input="hush\n")
        assert done.code == 1
        assert "is not trusted here; `readmit trust`" in done.err
        assert readmit(*_arguments(server), "--ca", made.ca, input="hush\n").code == 0
        assert json.loads(kept.read_text())["ca"] == str(made.ca)
        server.on("GET /v1.0/users", {"value": []})
        assert readmit("guest", "list", "--json").json == []
    finally:
        server.close()
