"""Kept mail: one private file each, listed and read as interfaces.md says (reliability OB1)."""

from __future__ import annotations

import os
import stat
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from mail_messages import CREATED, INVITATION, message

from readmit.domain.errors import OperatorError
from readmit.mail.mailbox import keep, listing, read
from readmit.mail.render import render


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "mail"


def test_a_kept_mail_is_listed_with_exactly_the_promised_names(folder: Path) -> None:
    raw = message(
        subject="Einladung für Jürgen Müller, mit einem langen Betreff, der gefaltet werden muss",
        cc=[("Müller, Jürgen", "bo@contoso.com"), (None, "cy@contoso.com")],
    )
    keep(folder, "a-1", raw, kind="invitation", language="de", created=CREATED)
    assert listing(folder) == [
        {
            "id": "a-1",
            "to": ["ana@new.example"],
            "cc": ["bo@contoso.com", "cy@contoso.com"],
            "subject": "Einladung für Jürgen Müller, mit einem langen Betreff, der gefaltet werden muss",
            "kind": "invitation",
            "language": "de",
            "state": "sent",
            "createdDateTime": "2026-11-21T00:04:00.000000Z",
        }
    ]


def test_a_mail_is_read_with_text_html_and_headers(folder: Path) -> None:
    text = "Wörter\n\nhttps://localhost:8443/redeem?rd=" + "x" * 100 + "\n"
    keep(folder, "a", message(text=text, from_name="Müller, Jürgen"), kind="reset", language="en", created=CREATED)
    found = read(folder, "a")
    assert found["text"] == text
    assert found["html"].strip() == "<p>Words</p>"
    assert {"name": "From", "value": "Müller, Jürgen <readmit@contoso.com>"} in found["headers"]
    assert {"name": "Auto-Submitted", "value": "auto-generated"} in found["headers"]
    assert not [header for header in found["headers"] if header["name"].startswith("X-Readmit")]
    assert {name: found[name] for name in listing(folder)[0]} == listing(folder)[0]


def test_an_invitation_that_was_kept_has_its_link_on_a_line_of_its_own(folder: Path) -> None:
    words = render("invitation", "ja", INVITATION)
    raw = message(subject=words.subject, text=words.text, html=words.html)
    keep(folder, "a", raw, kind="invitation", language="ja", created=CREATED)
    found = read(folder, "a")
    assert INVITATION["link"] in found["text"].split("\n")
    assert (found["subject"], found["text"], found["html"].strip()) == (words.subject, words.text, words.html.strip())


def test_an_address_that_is_not_ascii_is_listed_and_read(folder: Path) -> None:
    keep(folder, "a", message(to="anaïs@new.example"), kind="passcode", language="en", created=CREATED)
    assert listing(folder)[0]["to"] == ["anaïs@new.example"]
    assert {"name": "To", "value": "anaïs@new.example"} in read(folder, "a")["headers"]


def test_the_oldest_comes_first(folder: Path) -> None:
    east = timezone(timedelta(hours=9))
    for id, created in (("b", CREATED), ("a", CREATED + timedelta(seconds=1)), ("c", CREATED - timedelta(hours=1))):
        keep(folder, id, message(), kind="invitation", language="en", created=created.astimezone(east))
    assert [entry["id"] for entry in listing(folder)] == ["c", "b", "a"]


def test_OB1_folder_and_files_are_private_and_nothing_else_is_left(folder: Path) -> None:
    keep(folder, "a", message(), kind="invitation", language="en", created=CREATED)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {"a.eml": 0o600}


def test_a_mail_that_is_sent_again_replaces_its_file(folder: Path) -> None:
    for subject in ("first", "second"):
        keep(folder, "a", message(subject=subject), kind="invitation", language="en", created=CREATED)
    assert [entry["subject"] for entry in listing(folder)] == ["second"]


def test_a_mail_that_cannot_be_written_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        keep(folder, "a", message(), kind="invitation", language="en", created=CREATED)
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_not_there_holds_no_mail(folder: Path) -> None:
    assert listing(folder) == []


@pytest.mark.parametrize("id", ["unknown", "", "../a", "a\x00b", "a/../a"])
def test_an_unknown_id_is_one_sentence(folder: Path, id: str) -> None:
    keep(folder, "a", message(), kind="invitation", language="en", created=CREATED)
    with pytest.raises(OperatorError, match="readmit mail list"):
        read(folder, id)


def test_a_foreign_file_is_named(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "x.eml").write_bytes(b"Subject: of somebody else\r\n\r\n")
    with pytest.raises(OperatorError, match=r"x\.eml is not a mail that readmit kept"):
        listing(folder)


@pytest.mark.parametrize(("id", "created"), [("../x", CREATED), ("", CREATED), ("a", CREATED.replace(tzinfo=None))])
def test_an_unfit_id_or_time_is_refused(folder: Path, id: str, created: datetime) -> None:
    with pytest.raises(ValueError, match="are needed"):
        keep(folder, id, message(), kind="invitation", language="en", created=created)
    assert not folder.exists()
