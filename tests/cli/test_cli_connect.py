"""Which server a command talks to: environment, then login, then the data folder (interfaces, experience CL1)."""

from __future__ import annotations

import json

import pytest
from command_line import credentials
from scripted_graph import TENANT, TOKEN, error

from readmit.cli.connect import server_url
from readmit.domain.errors import OperatorError

LOGIN = {"cloud": None, "tenant": TENANT, "clientId": "of-login", "clientSecret": "of-login", "ca": None}


def _log_in(home, graph, **changes):
    folder = home / "config" / "readmit"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "login.json"
    file.write_text(json.dumps({"server": graph.url, **LOGIN, **changes}))
    file.chmod(0o600)
    return file


def _environment(monkeypatch, graph, **changes):
    given = {"SERVER": graph.url, "CLIENT_ID": "of-env", "CLIENT_SECRET": "of-env", "TENANT": TENANT, **changes}
    for name, value in given.items():
        if value is not None:
            monkeypatch.setenv(f"READMIT_{name}", value)


def test_the_data_folders_own_credentials_are_used_when_nobody_signed_in(readmit, graph, data):
    assert readmit("guest", "list").code == 0
    assert graph.asked[0].body["client_id"] == "app"


def test_a_data_folder_may_be_named_by_option_and_by_variable(readmit, graph, data, home, monkeypatch):
    data.rename(home / "elsewhere")
    assert readmit("guest", "list").code == 1
    assert readmit("guest", "list", "--data", home / "elsewhere").code == 0
    monkeypatch.setenv("READMIT_DATA", str(home / "elsewhere"))
    assert readmit("guest", "list").code == 0


def test_a_login_counts_before_the_data_folder(readmit, graph, data, home):
    _log_in(home, graph)
    assert readmit("guest", "list").err == ""
    assert graph.asked[0].body["client_id"] == "of-login"


def test_a_data_folder_that_is_typed_and_not_used_is_warned_of(readmit, graph, data, home):
    _log_in(home, graph)
    done = readmit("guest", "list", "--data", data)
    assert done.code == 0
    assert "--data is not looked at" in done.err


def test_the_environment_counts_before_the_login(readmit, graph, home, monkeypatch):
    _log_in(home, graph)
    _environment(monkeypatch, graph)
    assert readmit("guest", "list").code == 0
    assert graph.last(TOKEN).body["client_id"] == "of-env"


def test_a_secret_may_come_from_a_file(readmit, graph, home, monkeypatch):
    (home / "secret").write_text("of-file\n")
    _environment(monkeypatch, graph, CLIENT_SECRET=None, CLIENT_SECRET_FILE=str(home / "secret"))
    assert readmit("guest", "list").code == 0
    assert graph.last(TOKEN).body["client_secret"] == "of-file"


def test_a_secret_file_that_is_missing_is_named(readmit, graph, monkeypatch):
    _environment(monkeypatch, graph, CLIENT_SECRET=None, CLIENT_SECRET_FILE="/nowhere/secret")
    done = readmit("guest", "list")
    assert done.code == 2
    assert "/nowhere/secret" in done.err


@pytest.mark.parametrize("name", ["CLIENT_ID", "CLIENT_SECRET", "TENANT"])
def test_half_an_environment_is_refused_instead_of_taking_another_server(readmit, graph, data, home, monkeypatch, name):
    _log_in(home, graph)
    _environment(monkeypatch, graph, **{name: None})
    done = readmit("guest", "list")
    assert done.code == 2
    assert f"READMIT_{name}" in done.err
    assert graph.asked == []


def test_a_server_and_a_cloud_together_are_refused(readmit, graph, monkeypatch):
    _environment(monkeypatch, graph, CLOUD="public")
    assert readmit("guest", "list").code == 2
    assert graph.asked == []


def test_an_unknown_cloud_is_refused(readmit, graph, monkeypatch):
    _environment(monkeypatch, graph, SERVER=None, CLOUD="moon")
    done = readmit("guest", "list")
    assert done.code == 2
    assert "public, usgov, china" in done.err


def test_without_any_server_the_sentence_says_how_to_name_one(readmit):
    done = readmit("guest", "list")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "No server is known here; run `readmit login`, or name the --data folder of a running `readmit serve`.\n"
    )


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"server": "https://a"}', '{"server": "x", "tenants": [1]}'])
def test_damaged_credentials_are_told(readmit, data, content):
    (data / "client-credentials.json").write_text(content)
    done = readmit("guest", "list")
    assert done.code == 1
    assert "is damaged; start `readmit serve` again" in done.err


@pytest.mark.parametrize("wanted", [f"id-of-{TENANT}", "CONTOSO.com", TENANT, "contoso"])
def test_one_of_several_tenants_is_chosen_by_id_domain_or_name(readmit, graph, data, wanted):
    both = credentials(graph.url, "fabrikam.onmicrosoft.com", TENANT)
    (data / "client-credentials.json").write_text(json.dumps(both))
    assert readmit("guest", "list", "--tenant", wanted).code == 0
    assert graph.asked[0].path == f"/id-of-{TENANT}/oauth2/v2.0/token"


@pytest.mark.parametrize("arguments", [[], ["--tenant", "northwind"]])
def test_several_tenants_without_a_choice_are_listed(readmit, graph, data, arguments):
    both = credentials(graph.url, "fabrikam.onmicrosoft.com", TENANT)
    (data / "client-credentials.json").write_text(json.dumps(both))
    done = readmit("guest", "list", *arguments)
    assert done.code == 2
    assert "Fabrikam (fabrikam.onmicrosoft.com), Contoso (contoso.onmicrosoft.com)" in done.err
    assert ("counts from the server's next start" in done.err) == bool(arguments), "a tenant seeded since then"
    assert graph.asked == []


def test_a_login_that_others_can_read_is_refused(readmit, graph, home):
    _log_in(home, graph).chmod(0o640)
    done = readmit("guest", "list")
    assert done.code == 1
    assert "chmod 600" in done.err


@pytest.mark.parametrize("changes", [{"server": None}, {"cloud": "public"}])
def test_a_damaged_login_is_told(readmit, graph, home, changes):
    _log_in(home, graph, **changes)
    done = readmit("guest", "list")
    assert done.code == 1
    assert "is damaged; run `readmit login` again" in done.err


def test_credentials_that_cannot_be_read_are_told(readmit, data):
    (data / "client-credentials.json").unlink()
    (data / "client-credentials.json").mkdir()
    assert "run as the user who runs the server" in readmit("guest", "list").err


def test_a_wait_is_told_unless_quiet(readmit, graph, data, monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr("readmit.cli.connect.time.sleep", slept.append)
    busy = error("M23", Retry_After="12")
    graph.on("GET /v1.0/users", busy, {"value": []}, busy, {"value": []})
    assert readmit("guest", "list", "--json").err == "Waiting 12 s for the server …\n"
    assert readmit("guest", "list", "--json", "-q").err == ""
    assert slept == [12.0, 12.0]


def test_a_server_that_is_not_there_is_told(readmit, graph, data):
    graph.close()
    (data / "client-credentials.json").write_text(json.dumps(credentials("http://127.0.0.1:1", TENANT)))
    done = readmit("guest", "list")
    assert done.code == 1
    assert "is `readmit serve` running there" in done.err


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://guests.example.com/", "https://guests.example.com"),
        ("https://localhost:8443", "https://localhost:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_server_is_an_origin(text, origin):
    assert server_url(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "guests.example.com",
        "https://",
        "https://a.example/v1.0",
        "https://a.example?x",
        "ftp://a",
        "https://u:p@a.example",
        "https://a.example:99999",
        "https://a.example#x",
        "https://[::1",
    ],
)
def test_a_server_that_is_no_origin_is_refused(text):
    with pytest.raises(OperatorError, match=r"looks like https://guests\.example\.com"):
        server_url(text)


def test_a_secret_does_not_leave_this_machine_unencrypted():
    with pytest.raises(OperatorError, match="use https"):
        server_url("http://guests.example.com")
