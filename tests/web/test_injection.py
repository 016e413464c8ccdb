"""T39: line breaks and formulas in every field come out of no log, table, mail or answer as what they are not (J4, D7)."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from front import Person, Site, site

from readmit.cli import output
from readmit.flows import deliver
from readmit.mail import mailbox
from world import EXPENSES, MY_APPS

__all__ = ["site"]
BREAKS = "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
FORGED = (
    f"x{BREAKS}Bcc: forged@evil.example{BREAKS}\x1b[31m\u202e\u2066<b>y</b> =?utf-8?q?=0D=0ABcc:_z?= =cmd|' /C calc'!A0"
)
FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1")


def everything(site: Site, text: str) -> dict[str, Any]:
    """An invitation with the text in every field; what the door refuses stands in the row all the same."""
    plain = "".join(character if character.isprintable() else " " for character in text).strip()
    body = {
        "invitedUserEmailAddress": "new@post.example",
        "invitedUserDisplayName": plain[:200],
        "inviteRedirectUrl": MY_APPS,
        "sendInvitationMessage": True,
        "invitedUserMessageInfo": {
            "customizedMessageBody": plain,
            "ccRecipients": [{"emailAddress": {"name": plain[:60], "address": "copy@post.example"}}],
        },
    }
    answer = site.graph("POST", "/v1.0/invitations", json=body)
    assert answer.status_code == 201, answer.text
    invited: dict[str, Any] = answer.json()
    user_id = invited["invitedUser"]["id"]
    site.house.write(_put, {"text": text, "id": user_id})
    return invited


def _put(tx: Any, values: dict[str, str]) -> None:
    """As a seed, a provider or another program may have left it."""
    tx.run("UPDATE users SET display_name = :text, given_name = :text, surname = :text WHERE id = :id", values)
    tx.run("UPDATE invitations SET greeting = :text, custom_message = :text WHERE user_id = :id", values)
    tx.run(
        "UPDATE tenants SET display_name = 'Contoso ' || :text WHERE initial_domain = 'contoso.onmicrosoft.com'", values
    )


def rows(answer: Any) -> list[bytes]:
    return list(answer.content.splitlines())


@pytest.mark.parametrize("text", [FORGED, *FORMULAS[::4]])
def test_T39_answers_carry_the_text_as_a_value_and_on_one_line(site: Site, text: str) -> None:
    user_id = everything(site, text)["invitedUser"]["id"]
    for path in (f"/v1.0/users/{user_id}", "/v1.0/users", "/readmit/v1/invitations", "/v1.0/auditLogs/directoryAudits"):
        answer = site.graph("GET", path)
        if answer.status_code == 200:
            assert len(rows(answer)) == 1, path
            assert isinstance(answer.json(), dict)
        for value in answer.headers.values():
            assert value.isprintable(), path
    shown = site.graph("GET", f"/v1.0/users/{user_id}").json()
    assert shown["displayName"] == text


def test_T39_the_mail_has_its_own_headers_alone(site: Site) -> None:
    everything(site, FORGED)
    deliver.deliver_due(site.house.world, "worker")
    folder = site.house.world.settings.mail_folder
    (kept,) = mailbox.listing(folder)
    raw = next(Path(folder).glob("*.eml")).read_bytes()
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["Bcc"] is None
    assert sorted({name.lower() for name in mail}) == sorted(name.lower() for name in mail)
    assert [address.addr_spec for address in mail["Cc"].addresses] == ["copy@post.example"]
    assert [address.addr_spec for address in mail["To"].addresses] == ["new@post.example"]
    for value in (str(mail["Subject"]), str(mail["Cc"]), str(mail["From"]), kept["subject"]):
        assert value.isprintable()
    html = mail.get_body(("html",)).get_content()
    assert "<b>y</b>" not in html
    assert "<b>y</b>" in unescape(html)


@pytest.mark.parametrize("text", [FORGED, *FORMULAS[::4]])
def test_T39_pages_show_it_as_text(site: Site, text: str) -> None:
    link = everything(site, text)["inviteRedeemUrl"].removeprefix("https://localhost:8443")
    person = Person(site)
    person.open(link)
    assert person.status == 200
    assert "<b>y</b>" not in person.html
    for value in person.cookies.values():
        assert value.isprintable()
    for state in (text.strip(), "%0d%0aset-cookie:x=1"):
        answer = site.ask(
            "GET",
            "/contoso.com/oauth2/v2.0/authorize",
            params={"client_id": EXPENSES, "redirect_uri": "http://localhost:9000/callback", "state": state},
        )
        assert all(value.isprintable() for value in answer.headers.values())
        assert "x" not in answer.cookies


@pytest.mark.parametrize("text", [FORGED, *FORMULAS])
def test_T39_tables_of_the_command_keep_their_rows_and_drive_no_terminal(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output.table(("Name", "Address"), [(text, "new@post.example"), ("Max", text)])
    output.facts({"displayName": text, "names": [text, text]})
    output.warn(text)
    output.result({"displayName": text})
    printed, told = capsys.readouterr()
    table = printed.split("\n")
    assert len(table) == 3 + 2 + 1 + 1, "three rows, two facts, one result, and the end of the last line"
    assert all(row.count("\t") == 1 for row in table[:3])
    for line in (*table, *told.split("\n")):
        assert all(character.isprintable() or character == "\t" for character in line), line
    assert json.loads(table[-2])["displayName"] == text


@pytest.mark.parametrize("name", ["\r\nx", "x\x1b[31m", "x\x9b31m", "\u202ex", "x\u2028y"])
def test_T39_a_name_that_would_drive_a_terminal_or_break_a_line_is_refused_or_kept_harmless(
    site: Site, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"invitedUserEmailAddress": "new@post.example", "inviteRedirectUrl": MY_APPS, "invitedUserDisplayName": name}
    answer = site.graph("POST", "/v1.0/invitations", json=body)
    assert answer.status_code in (201, 400)
    if answer.status_code == 400:
        assert site.house.rows("SELECT 1 FROM users WHERE mail = 'new@post.example'") == []
    capsys.readouterr()
    output.result({"name": name})
    assert capsys.readouterr().out.rstrip("\n").isprintable()
