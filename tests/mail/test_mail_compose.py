"""What stands in the headers on the wire, whatever was put in (security M1, M2, A6, T17)."""

from __future__ import annotations

from email import message_from_string, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mail_messages import message

from readmit.mail.compose import HeaderMismatch, wire_address
from readmit.mail.guard import one_line

ALWAYS = [
    "Auto-Submitted",
    "Content-Language",
    "Content-Type",
    "Date",
    "From",
    "MIME-Version",
    "Message-ID",
    "Subject",
    "To",
    "X-Entity-Ref-ID",
]
CORPUS = [
    "a\r\nBcc: eve@evil.example",
    "a\nBcc: eve@evil.example\n\nbody",
    "a\rBcc: eve@evil.example",
    "a\u2028Bcc: eve@evil.example",
    "a\x85Bcc: eve@evil.example\x0b\x0c",
    "=?utf-8?q?a=0D=0ABcc:_eve@evil.example?=",
    "=?utf-8?b?YQ0KQmNjOiBldmVAZXZpbC5leGFtcGxl?=",
    "eve@evil.example, Ada",
    '"Ada" <eve@evil.example>',
    "Ada\u202egro.live@eve",
    "{{7*7}} ${7*7} %(x)s",
    "Doe, Jane; (Sales) <x> " * 3,
    "Ünïcode, " * 8,
    "\ud800 alone",
    "日本語の長い名前" * 12,
]
any_text = st.one_of(st.sampled_from(CORPUS), st.text(max_size=90), st.text('=?"\\<>(),;:@ ab\té日', max_size=90))


def parsed(raw: bytes) -> EmailMessage:
    found = message_from_string(raw.decode(), policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def names(raw: bytes) -> list[str]:
    return sorted(BytesHeaderParser(policy=policy.compat32).parsebytes(raw).keys())


def test_the_headers_are_the_expected_ones() -> None:
    raw = message(cc=[("Bo Boss", "bo@contoso.com"), (None, "cy@contoso.com")], reply_to="ada@contoso.com")
    assert names(raw) == sorted([*ALWAYS, "Cc", "Reply-To"])
    found = parsed(raw)
    assert {name: str(found[name]) for name in found if name != "Content-Type"} == {
        "Date": "Sat, 21 Nov 2026 00:04:00 +0000",
        "From": "Contoso <readmit@contoso.com>",
        "To": "ana@new.example",
        "Cc": "Bo Boss <bo@contoso.com>, cy@contoso.com",
        "Reply-To": "ada@contoso.com",
        "Subject": "You are invited",
        "Message-ID": "<8c3d@contoso.com>",
        "X-Entity-Ref-ID": "8c3d",
        "Auto-Submitted": "auto-generated",
        "Content-Language": "en",
        "MIME-Version": "1.0",
    }


def test_ML1_the_text_comes_before_the_html_and_nothing_is_attached() -> None:
    found = parsed(message(text="Wörter\n", html="<p>Wörter</p>"))
    assert [part.get_content_type() for part in found.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert [part.get_content().strip() for part in found.iter_parts()] == ["Wörter", "<p>Wörter</p>"]


@settings(max_examples=150, deadline=None)
@given(any_text, any_text, any_text, any_text, any_text)
@example(*CORPUS[:5])
@example(*CORPUS[5:10])
@example(*CORPUS[10:15])
def test_T17_no_text_makes_another_header(subject: str, sender: str, copied: str, body: str, reference: str) -> None:
    raw = message(
        subject=subject,
        from_name=sender,
        cc=[(copied, "bo@contoso.com")],
        text=body.encode("utf-8", "replace").decode(),
        reference=reference,
    )
    assert names(raw) == sorted([*ALWAYS, "Cc"])
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert set(b"\r\n").isdisjoint(head.replace(b"\r\n", b""))
    found = parsed(raw)
    for name, address in (("From", "readmit@contoso.com"), ("To", "ana@new.example"), ("Cc", "bo@contoso.com")):
        assert [mailbox.addr_spec for mailbox in found[name].addresses] == [address]


@given(any_text)
def test_M1_one_line_holds_no_controls_and_no_encoded_word(text: str) -> None:
    safe = one_line(text, 64)
    assert len(safe) <= 64
    assert "=?" not in safe
    assert safe == "".join(c for c in safe if c.isprintable() or c.isspace() or ord(c) > 159)
    assert len(safe.splitlines()) <= 1


def test_M1_a_subject_is_capped_at_200_and_a_name_at_64() -> None:
    found = parsed(message(subject="s" * 300, from_name="n" * 100))
    assert found["Subject"] == "s" * 200
    assert found["From"].addresses[0].display_name == "n" * 64


@settings(max_examples=150, deadline=None)
@given(any_text)
@example("Doe, Jane; (Sales) " * 3)
@example("Müller, Jürgen " * 4)
@example('O\'Neil "Bo" \\')
@example("日本語の長い名前" * 8)
def test_names_and_subjects_read_back_as_they_were(text: str) -> None:
    raw = message(subject=text, from_name=text, cc=[(text, "bo@contoso.com"), (text, "cy@contoso.com")])
    head = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
    assert all(len(line) <= 200 for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n"))
    assert str(make_header(decode_header(head["Subject"].replace("\r\n", "")))) == one_line(text, 200)
    for name, count in (("From", 1), ("Cc", 2)):
        spoken = [spoken for spoken, _ in getaddresses([head[name]])]
        decoded = [str(make_header(decode_header(word))) for word in spoken]
        assert [word.split() for word in decoded] == [one_line(text, 64).split()] * count


def test_A6_domains_are_a_labels_in_every_header() -> None:
    raw = message(to="ana@bücher.example", cc=[(None, "bo@例え.example")], reply_to="ada@Bücher.example")
    assert b"To: ana@xn--bcher-kva.example\r\n" in raw
    assert b"Cc: bo@xn--r8jz45g.example\r\n" in raw
    assert b"Reply-To: ada@xn--bcher-kva.example\r\n" in raw
    raw.decode("ascii")


def test_A6_a_local_part_that_is_not_ascii_stands_as_it_is() -> None:
    raw = message(to="anaïs@new.example")
    assert "To: anaïs@new.example\r\n".encode() in raw


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "ana"},
        {"to": "@new.example"},
        {"to": "ana@new.example\r\nBcc: eve@evil.example"},
        {"to": "ana@new.example, eve@evil.example"},
        {"to": "ana@exa mple.com"},
        {"cc": [(None, "bo@contoso.com>")]},
        {"reply_to": "a\u202eb@contoso.com"},
        {"from_address": "x@xn--\u2028"},
        {"text": "\ud800"},
    ],
)
def test_M2_what_does_not_read_back_as_meant_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(HeaderMismatch):
        message(**changes)


@pytest.mark.parametrize("subject", ["a\r\nBcc: eve@evil.example", "a\r\nSubject: again", "a\r\n\r\nbody"])
def test_M2_a_header_that_slips_past_the_guard_is_found(monkeypatch: pytest.MonkeyPatch, subject: str) -> None:
    monkeypatch.setattr("readmit.mail.compose.one_line", lambda text, longest: text)
    with pytest.raises(HeaderMismatch):
        message(subject=subject)


def test_a_wire_address_keeps_the_local_part() -> None:
    assert wire_address("Ana.B@New.Example") == "Ana.B@new.example"
