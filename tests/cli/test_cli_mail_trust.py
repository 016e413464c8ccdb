"""`readmit mail` and `readmit trust` need the data folder alone (interfaces, security D6)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from readmit import certificates, data_folder
from readmit.mail import mailbox

ENTRY = ["id", "to", "cc", "subject", "kind", "language", "state", "createdDateTime"]


@pytest.fixture
def folder(home: Path) -> Path:
    made = home / "elsewhere"
    made.mkdir()
    return made


def _keep(folder: Path, id: str, subject: str, minute: int) -> None:
    message = EmailMessage()
    message["To"] = "alice@post.example"
    message["Subject"] = subject
    message.set_content("Open this:\nhttps://localhost/redeem?rd=x\n")
    message.add_alternative("<p>Open this</p>", subtype="html")
    created = datetime(2026, 1, 31, 10, minute, tzinfo=UTC)
    raw = message.as_bytes().replace(b"\n", b"\r\n")
    mailbox.keep(folder / "mail", id, raw, kind="invitation", language="en", created=created)


def test_kept_mail_is_listed_oldest_first(readmit, folder):
    _keep(folder, "second", "Two", 2)
    _keep(folder, "first", "One", 1)
    done = readmit("mail", "list", "--data", folder, "--json")
    assert [entry["id"] for entry in done.json] == ["first", "second"]
    assert list(done.json[0]) == ENTRY
    lines = readmit("mail", "list", "--data", folder).out.splitlines()
    assert lines[0] == "id\tcreatedDateTime\tkind\tlanguage\tto\tsubject"
    assert lines[1].endswith("invitation\ten\talice@post.example\tOne")


def test_the_data_folder_may_be_a_variable(readmit, folder, monkeypatch):
    _keep(folder, "first", "One", 1)
    monkeypatch.setenv("READMIT_DATA", str(folder))
    assert len(readmit("mail", "list", "--json").json) == 1


def test_one_mail_is_shown_with_headers_and_text(readmit, folder):
    _keep(folder, "first", "One", 1)
    shown = readmit("mail", "show", "first", "--data", folder).out.splitlines()
    assert "Subject: One" in shown
    assert "https://localhost/redeem?rd=x" in shown
    entry = readmit("mail", "show", "first", "--data", folder, "--json").json
    assert list(entry) == [*ENTRY, "text", "html", "headers"]
    assert {"name": "Subject", "value": "One"} in entry["headers"]


def test_an_unknown_mail_is_told(readmit, folder):
    done = readmit("mail", "show", "none", "--data", folder)
    assert done.code == 1
    assert "`readmit mail list` shows what there is" in done.err


def test_no_mail_is_an_empty_list(readmit, folder):
    assert readmit("mail", "list", "--data", folder, "--json").json == []
    assert readmit("mail", "list", "--data", folder).err == "No mail is kept.\n"


def test_a_data_folder_that_is_not_there_is_told(readmit):
    done = readmit("mail", "list", "--json")
    assert (done.code, done.out) == (1, "")
    assert "--data" in done.err


def test_variables_of_commands_are_no_unknown_settings(readmit, folder, monkeypatch):
    for name in (
        "QUIET",
        "JSON",
        "RESET_REDIRECT",
        "GUEST_LIST_STATE",
        "MAIL_LIST_JSON",
        "SERVE_PORT",
        "SERVER",
        "TENANT",
    ):
        monkeypatch.setenv(f"READMIT_{name}", "1")
    assert readmit("mail", "list", "--data", folder).code == 0
    monkeypatch.setenv("READMIT_PROT", "1")
    assert "READMIT_PROT" in readmit("mail", "list", "--data", folder).err


def test_trust_prints_lines_and_the_path_of_the_ca(readmit, folder):
    certificates.ensure(folder, [], datetime.now(UTC), data_folder.write_secret)
    done = readmit("trust", "--data", folder)
    assert f"export CURL_CA_BUNDLE={folder / 'ca.pem'}" in done.out.splitlines()
    assert readmit("trust", "--data", folder, "--json").json == {"ca": str(folder / "ca.pem")}


def test_trust_before_the_first_start_says_to_start(readmit, folder):
    done = readmit("trust", "--data", folder)
    assert (done.code, done.out) == (1, "")
    assert "start `readmit serve`" in done.err
