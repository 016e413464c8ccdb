"""What the mails say, in which order, and that nobody else's words become ours (lifecycle L39, M4 to M6, T18, T19)."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mail_messages import CODE_LOCK, FACTS, INVITATION, PASSCODE

from readmit.domain.mail import MailKind
from readmit.locale.negotiate import LANGUAGES
from readmit.mail.render import FactsRefused, Rendered, render

KINDS: tuple[MailKind, ...] = get_args(MailKind)
EVERY = [(kind, language) for kind in KINDS for language in LANGUAGES]
LURES = [
    "{{7*7}} ${7*7} %(x)s %s {% raw %} {#",
    "<b>bold</b><script>alert(1)</script><img src=//evil.example/x>",
    '"><a href="https://evil.example">x</a>',
    "[click](https://evil.example) https://evil.example",
    "a\n\nYour account is blocked: call +1 555 0100\n\nhttps://evil.example",
    "Ada\r\n> quoted\u2028line\u202eevil\x00\ud800",
    "</blockquote></bdi></td></table>",
    "&lt;b&gt; &amp; ' \"",
]
lures = st.one_of(st.sampled_from(LURES), st.text(max_size=80), st.text("<>&\"'{}%()s$#\n \\/=a:.", max_size=60))


class Page(HTMLParser):
    """The tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def text(self) -> str:
        return "".join(self.said)


def rendered(kind: MailKind, language: str = "en", **changes: Any) -> Rendered:
    return render(kind, language, FACTS[kind] | changes)


def in_order(text: str, *parts: str) -> bool:
    """Whether each part stands somewhere behind the one before it."""
    for part in parts:
        _, found, text = text.partition(part)
        if not found:
            return False
    return True


ORDER = (
    "You are invited to Contoso (contoso.com) as a guest.",
    "comes from Ada Admin.",
    "Be careful",
    "Message from Ada Admin:",
    "See you on Monday.",
    "ccept",
    "After that you are taken to myapp.example.",
    "This invitation is for Ana (ana@new.example).",
    "ignore this mail",
    "block them here:",
    "https://localhost:8443/unsubscribe?tenantId=t",
    "report it",
    "Privacy statement of Contoso:",
    "https://contoso.com/privacy",
)


def test_L39_the_invitation_says_its_parts_in_order_in_both_forms() -> None:
    mail = rendered("invitation")
    assert in_order(mail.text, *ORDER)
    assert in_order(Page(mail.html).text, *ORDER)


def test_L39_an_application_invites_where_nobody_else_does() -> None:
    mail = rendered("invitation", inviter_name=None, application_name="Automation")
    assert "The invitation comes from the application “Automation”." in mail.text
    assert "Message from Automation:" in mail.text
    assert "The invitation comes from the application “Automation”." in Page(mail.html).text


def test_L39_without_inviter_message_name_and_privacy_statement_the_mail_is_whole() -> None:
    changes = dict.fromkeys(["inviter_name", "application_name", "custom_message", "display_name", "privacy_url"])
    mail = rendered("invitation", **changes)
    for text in (mail.text, Page(mail.html).text):
        assert "Contoso has not given a privacy statement." in text
        assert "This invitation is for ana@new.example." in text
        assert "Message from" not in text
        assert "None" not in text


def test_ML5_a_reset_says_plainly_what_stays_and_what_ended() -> None:
    mail = rendered("reset")
    said = (
        "Your guest access to Contoso (contoso.com) has been reset.",
        "The reset comes from Ada Admin.",
        "Your account and your access stay the same.",
        "The address of your account is now ana@new.example.",
        "Your earlier sign-in has ended.",
    )
    assert in_order(mail.text, *said, *ORDER[2:8])
    assert in_order(Page(mail.html).text, *said)
    assert "Nothing happens" not in mail.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["invitation", "reset"])
def test_the_link_stands_on_a_line_of_its_own_and_once_as_the_button(kind: MailKind, language: str) -> None:
    mail = rendered(kind, language)
    assert mail.text.split("\n").count(INVITATION["link"]) == 1
    links = [found["href"] for tag, found in Page(mail.html).tags if tag == "a"]
    assert links == [INVITATION["link"], INVITATION["choice_url"], INVITATION["privacy_url"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_C6_a_passcode_mail_shows_8_digits_in_one_group_and_no_link(language: str) -> None:
    mail = rendered("passcode", language)
    assert "01234567" in mail.text.split("\n")
    body = Page(mail.html)
    assert body.text.count("01234567") == 1
    for text in (mail.text, body.text):
        for named in ("Contoso", "Expenses", "192.0.2.7", "21 November 2026, 00:04 UTC", "10"):
            assert named in text
        assert re.findall(r"\d{8}", text) == ["01234567"]
    assert "01234567" not in mail.subject
    assert "a" not in {tag for tag, _ in body.tags}
    assert "://" not in mail.text + mail.html


def test_a_passcode_mail_without_an_application_names_none() -> None:
    assert "application" not in rendered("passcode", application=None).text
    assert "1 minute," in rendered("passcode", minutes=1).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_C5_a_lock_is_told_with_its_end(language: str) -> None:
    mail = rendered("code_lock", language)
    for text in (mail.text, Page(mail.html).text):
        assert CODE_LOCK["until"] in text
        assert "Contoso" in text


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_ML1_ML3_the_html_is_one_column_and_asks_nothing_of_anybody(kind: MailKind, language: str) -> None:
    mail = rendered(kind, language)
    page = Page(mail.html)
    tags = [tag for tag, _ in page.tags]
    for tag, attributes in page.tags:
        assert tag != "table" or attributes["role"] == "presentation"
        assert not {"src", "background", "srcset"} & attributes.keys()
    assert not {"img", "script", "link", "iframe", "form", "input", "object", "video"} & set(tags)
    assert "url(" not in mail.html
    assert "@import" not in mail.html
    named = [found for tag, found in page.tags if "lang" in found]
    assert [(found["lang"], found["dir"]) for found in named] == [(language, "ltr")] * 2
    assert tags.count("h1") == 1
    assert "max-width:600px" in mail.html
    assert "prefers-color-scheme: dark" in mail.html
    assert "letter-spacing" not in mail.html
    assert "italic" not in mail.html


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_M5_subject_and_first_line_are_ours(kind: MailKind, language: str) -> None:
    mail = rendered(kind, language, organisation="ZZ")
    assert "ZZ" in mail.subject
    assert len(mail.subject.replace("ZZ", "")) > 8
    assert "ZZ" in mail.text.split("\n")[0]
    assert "Ana" not in mail.text.split("\n")[0]


@pytest.mark.parametrize(("kind", "language"), [pair for pair in EVERY if pair[1] != "en"])
def test_LA4_no_english_is_left_in_another_language(kind: MailKind, language: str) -> None:
    english = {line for line in rendered(kind).text.split("\n") if len(line) > 30 and "://" not in line}
    assert not english & set(rendered(kind, language).text.split("\n"))


USERS_WORDS = ("organisation", "inviter_name", "application_name", "custom_message", "display_name", "application")


@settings(max_examples=120, deadline=None)
@given(kind=st.sampled_from(KINDS), language=st.sampled_from(LANGUAGES), lure=lures)
@example(kind="invitation", language="en", lure=LURES[4])
@example(kind="reset", language="ja", lure=LURES[1])
def test_T18_nobodys_words_make_a_tag_or_a_link(kind: MailKind, language: str, lure: str) -> None:
    fields = [name for name in USERS_WORDS if name in FACTS[kind]]
    # A field that the guard empties is left out of the mail; a letter keeps it in.
    mail = rendered(kind, language, **dict.fromkeys(fields, f"x{lure}"))
    expected = rendered(kind, language, **dict.fromkeys(fields, "word"))
    assert Page(mail.html).tags == Page(expected.html).tags
    assert len(mail.subject.splitlines()) == 1


@pytest.mark.parametrize("lure", LURES[:4] + LURES[6:])
@pytest.mark.parametrize("name", USERS_WORDS[:5])
def test_T19_templates_in_a_field_come_out_literally(name: str, lure: str) -> None:
    changes: dict[str, Any] = {"inviter_name": None} if name == "application_name" else {}
    mail = rendered("invitation", **changes | {name: lure})
    literal = lure if name == "custom_message" else lure[:64].strip()
    assert literal in mail.text
    assert literal in Page(mail.html).text


def test_T19_templates_in_a_passcode_mail_come_out_literally() -> None:
    mail = rendered("passcode", application=LURES[0], organisation=LURES[0], requested_at=LURES[0])
    assert mail.text.count(LURES[0]) == 3
    assert mail.subject.endswith(LURES[0])


def test_M4_every_line_of_the_own_message_is_quoted_in_the_text() -> None:
    mail = rendered("invitation", custom_message="one\r\n\r\ntwo\rthree\u2028four\x0bfive")
    assert "\n\n> one\n>\n> two\n> three\n> four\n> five\n\n" in mail.text


def test_M4_the_own_message_keeps_its_lines_in_the_html() -> None:
    html = rendered("invitation", custom_message="one\n\n  two <b> https://evil.example").html
    found = re.search(r"<blockquote [^>]*white-space:pre-wrap[^>]*>(.*?)</blockquote>", html, re.DOTALL)
    assert found is not None
    assert found[1] == "one\n\n  two &lt;b&gt; https://evil.example"


def test_M1_a_name_stays_on_one_line_of_64_characters() -> None:
    mail = rendered("invitation", inviter_name="Ada\r\n\r\nhttps://evil.example\n" + "x" * 100)
    assert "https://evil.example" not in mail.text.split("\n")
    assert "x" * 65 not in mail.text


@pytest.mark.parametrize(
    "changes",
    [
        {"link": "javascript:alert(1)"},
        {"link": "https://a b"},
        {"link": "https://a\nb"},
        {"link": ""},
        {"link": None},
        {"surprise": 1},
    ],
)
def test_OB5_unfit_facts_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FactsRefused):
        rendered("invitation", **changes)


def test_OB5_a_missing_fact_is_named() -> None:
    facts = {name: value for name, value in PASSCODE.items() if name != "code"}
    with pytest.raises(FactsRefused, match="code"):
        render("passcode", "en", facts)


def test_a_privacy_statement_that_is_no_web_address_counts_as_none() -> None:
    mail = rendered("invitation", privacy_url="javascript:alert(1)")
    assert "javascript" not in mail.html + mail.text
    assert "has not given a privacy statement" in mail.text
