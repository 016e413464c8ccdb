"""The guest's pages: every page in every language, its one form, its escaping, its errors, its catalogues."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import UndefinedError
from jinja2.ext import babel_extract

import readmit.web
from readmit.domain.errors import Page
from readmit.locale.negotiate import LANGUAGES
from readmit.web import pages
from readmit.web.account.page import DONE, SECTIONS
from readmit.web.call import Call

WEB = Path(readmit.web.__file__).parent
EVIL = "<script>alert(1)</script>\"'{{7*7}}%(org)s"
_FORM = {"action": "/redeem/8d1f", "csrf": "token"}
_LINKS = [("de", "Deutsch", "/redeem/8d1f?lang=de"), ("ja", "日本語", "/redeem/8d1f?lang=ja")]
_STEP = {**_FORM, "organisation": "Contoso", "error": None, "language_links": _LINKS}
_CONSENT = {
    **_STEP,
    "organisation_domain": "contoso.com",
    "inviter": "Ada Admin",
    "name": "Alice Example",
    "address": "alice@fabrikam.com",
    "privacy_url": "https://contoso.com/privacy",
    "application": None,
    "may_leave": True,
}
_INVITATION = {
    **_FORM,
    "organisation": "Contoso",
    "organisation_domain": "contoso.com",
    "inviter": "Ada Admin",
    "application": None,
    "masked_address": "a•••e@fabrikam.com",
    "target_host": None,
    "after_reset": False,
    "redeemed": False,
    "language_links": _LINKS,
}
_MY_APPS = {
    **_FORM,
    "organisation": "Contoso",
    "name": "Alice Example",
    "address": "alice@fabrikam.com",
    "applications": [("Expenses", "https://expenses.contoso.com/"), ("Travel and accommodation", None)],
    "organisations": [("Contoso", "/myapps?tenantId=1", True), ("Tailspin", "/myapps?tenantId=2", False)],
    "account": "/account?tenantId=1",
    "leave": "/account/leave?tenantId=1",
}
_SESSION = {
    "id": "8d1f",
    "here": True,
    "browser": "Firefox",
    "platform": "Windows",
    "organisations": ["Contoso", "Fabrikam"],
    "signed_in": "21 November 2026, 00:04 UTC",
    "seen": "21 November 2026, 08:04 UTC",
    "address": "192.0.2.1",
    "proof": "password",
}
_SESSIONS = {
    "action": "/account/sessions?tenantId=1",
    "sessions": [
        _SESSION,
        {**_SESSION, "here": False, "platform": "", "proof": "code"},
        {**_SESSION, "here": False, "browser": "", "proof": "passkey"},
        {**_SESSION, "here": False, "browser": "", "platform": "", "proof": "provider", "address": ""},
    ],
}
_APPLICATION = {"id": "0d", "name": "Expenses", "scopes": ["User.Read"], "given": True, "used": "21 November 2026"}
_APPLICATIONS = {
    "action": "/account/applications?tenantId=1",
    "applications": [_APPLICATION, {**_APPLICATION, "scopes": [], "given": False, "used": None}],
}
_ORGANISATION = {"name": "Contoso", "domain": "contoso.com", "url": "/account?tenantId=1", "here": True}
_ORGANISATIONS = {
    "organisations": [
        {**_ORGANISATION, "leave": "/account/leave?tenantId=1"},
        {**_ORGANISATION, "name": "Fabrikam", "here": False, "leave": None},
    ]
}
_LANGUAGE = {
    "action": "/account/language?tenantId=1",
    "languages": [("en", "English"), ("de", "Deutsch"), ("ja", "日本語")],
    "chosen": "de",
}
_PASSKEY = {
    "id": "0e",
    "name": "Laptop",
    "added": "21 November 2026, 00:04 UTC",
    "used": "21 November 2026, 08:04 UTC",
    "synced": True,
    "beside": False,
}
_PASSKEYS = {
    "action": "/account/passkeys?tenantId=1",
    "passkeys": [_PASSKEY, {**_PASSKEY, "name": "", "used": None, "synced": False, "beside": True}],
    "host": None,
    "more": True,
    "longest": 64,
    "instead": True,
    "days": 30,
    "required": False,
}
_CEREMONY = {**_STEP, "address": "max@post.example", "options": '{"challenge":"AA"}', "host": None, "nowhere": False}
_WANTED = ("asked", "offer", "required")
_DATA = {
    "url": "/account/data?tenantId=1",
    "privacy_url": "https://contoso.com/privacy",
    "contact": "privacy@contoso.com",
}
_ACCOUNT = {
    **_FORM,
    "organisation": "Contoso",
    "name": "Alice Example",
    "address": "alice@fabrikam.com",
    "my_apps": "/myapps?tenantId=1",
    "done": None,
    "sections": {
        "sessions": _SESSIONS,
        "passkeys": _PASSKEYS,
        "applications": _APPLICATIONS,
        "organisations": _ORGANISATIONS,
        "language": _LANGUAGE,
        "data": _DATA,
    },
    "language_links": _LINKS,
}
_LEAVE = {
    **_FORM,
    "organisation": "Contoso",
    "name": "Alice Example",
    "address": "alice@fabrikam.com",
    "privacy_url": "https://contoso.com/privacy",
    "contact": "privacy@contoso.com",
    "days": 30,
    "obstacle": None,
    "groups": 1,
    "applications": 2,
    "account": "/account?tenantId=1",
    "language_links": _LINKS,
}
_SIGNED_OUT: dict[str, Any] = {"frames": [], "target": None, "unregistered": False}
_ORGANISATION = {"action": "/common/oauth2/v2.0/authorize", "fields": [("client_id", "0b1c")], "language_links": _LINKS}
_LEAVING = {"host_unicode": "bücher.example", "host_ascii": "xn--bcher-kva.example", "url": "https://bücher.example/"}


def _end(page: Page, *uses: str, **details: str) -> tuple[str, dict[str, Any]]:
    actions = [{"action": "/redeem/8d1f", "csrf": "token", "use": use} for use in uses]
    shown = {"org": "Contoso", "x": "", "masked": "", "app": "", "until": "", **details}
    return "dead_end", {"page": page.value, "actions": actions, "request_id": "4f0c1d5e-8a2b", **shown}


PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "invitation": ("invitation", _INVITATION),
    "invitation_by_application": ("invitation", {**_INVITATION, "inviter": None, "application": "Automation"}),
    "invitation_by_nobody": ("invitation", {**_INVITATION, "inviter": None, "target_host": "wiki.contoso.com"}),
    "invitation_after_reset": ("invitation", {**_INVITATION, "after_reset": True}),
    "invitation_redeemed": ("invitation", {**_INVITATION, "redeemed": True}),
    "address": ("address", {**_STEP, "application": "Expenses", "account": False, "value": ""}),
    "address_error": (
        "address",
        {**_STEP, "organisation": None, "application": None, "account": True, "value": "x", "error": "No address."},
    ),
    "password": ("password", {**_STEP, "organisation": "Fabrikam", "address": "alice@fabrikam.com", "code": True}),
    "provider": ("provider", {**_STEP, "provider": "Wingtip", "address": "alice@wingtip.example", "code": True}),
    "provider_only": ("provider", {**_STEP, "provider": "Wingtip", "address": "a@wingtip.example", "code": False}),
    "password_error": ("password", {**_STEP, "address": "alice@fabrikam.com", "code": False, "error": "Not right."}),
    "confirm_account": ("confirm_account", {**_STEP, "name": "Alice Example", "address": "alice@fabrikam.com"}),
    "code_request": ("code_request", {**_STEP, "masked_address": "a•••e@fabrikam.com", "other": True, "passkey": True}),
    "code_request_error": (
        "code_request",
        {**_STEP, "masked_address": "a@b.example", "other": False, "passkey": False, "error": "Wait."},
    ),
    "code_entry": ("code_entry", {**_STEP, "masked_address": "a•••e@fabrikam.com", "minutes": 10, "passkey": True}),
    "code_entry_error": (
        "code_entry",
        {**_STEP, "masked_address": "a@b.example", "minutes": 1, "passkey": False, "error": "Wrong."},
    ),
    "passkey_use": ("passkey_use", {**_CEREMONY, "beside": False}),
    "passkey_use_beside": ("passkey_use", {**_CEREMONY, "beside": True, "error": "Does not fit."}),
    "passkey_use_nowhere": (
        "passkey_use",
        {**_CEREMONY, "beside": True, "options": "", "host": "::1", "nowhere": True},
    ),
    "passkey_add_nowhere": ("passkey_add", {**_CEREMONY, "wanted": "required", "host": "::1", "nowhere": True}),
    "passkey_use_elsewhere": ("passkey_use", {**_CEREMONY, "beside": False, "options": "", "host": "id.contoso.com"}),
    **{f"passkey_add_{wanted}": ("passkey_add", {**_CEREMONY, "wanted": wanted}) for wanted in _WANTED},
    **{
        f"passkey_add_{wanted}_elsewhere": (
            "passkey_add",
            {**_CEREMONY, "wanted": wanted, "options": "", "host": "id.contoso.com"},
        )
        for wanted in _WANTED
    },
    "consent": ("consent", _CONSENT),
    "consent_bare": (
        "consent",
        {**_CONSENT, "name": None, "inviter": None, "privacy_url": None, "may_leave": False, "error": "Again."},
    ),
    "app_consent": (
        "app_consent",
        {
            **_STEP,
            "application": "Expenses",
            "scopes": ["openid", "User.Read"],
            "account": "alice@fabrikam.com",
            "device": None,
            "for_all": False,
        },
    ),
    "app_consent_device": (
        "app_consent",
        {
            **_STEP,
            "application": "CLI",
            "scopes": ["openid"],
            "account": "a@b.c",
            "device": "203.0.113.7",
            "for_all": False,
        },
    ),
    "mail_address": ("mail_address", _STEP),
    "mail_address_error": ("mail_address", {**_STEP, "error": "No address."}),
    "mail_choice": ("mail_choice", {**_STEP, "address": "ana@post.example", "blocked": False, "done": False}),
    "mail_choice_blocked": ("mail_choice", {**_STEP, "address": "ana@post.example", "blocked": True, "done": False}),
    "mail_choice_done": ("mail_choice", {**_STEP, "address": "ana@post.example", "blocked": True, "done": True}),
    "mail_choice_lifted": ("mail_choice", {**_STEP, "address": "ana@post.example", "blocked": False, "done": True}),
    "app_consent_for_all": (
        "app_consent",
        {
            **_STEP,
            "application": "Expenses",
            "scopes": ["User.Read"],
            "account": "ada@contoso.com",
            "device": None,
            "for_all": True,
        },
    ),
    "device": ("device", _STEP),
    "device_error": ("device", {**_STEP, "error": "This code is not known."}),
    "device_done": ("device_done", {"accepted": True}),
    "device_declined": ("device_done", {"accepted": False}),
    "app_consent_no_scopes": (
        "app_consent",
        {**_STEP, "application": "Expenses", "scopes": [], "account": "a@b.c", "device": None, "for_all": False},
    ),
    "set_password": ("set_password", _STEP),
    "set_password_error": ("set_password", {**_STEP, "error": "The two passwords differ."}),
    "leaving": ("leaving", _LEAVING),
    "myapps": ("myapps", _MY_APPS),
    "myapps_empty": (
        "myapps",
        {**_MY_APPS, "applications": [], "organisations": [("Contoso", "/myapps", True)], "leave": None},
    ),
    "account": ("account", _ACCOUNT),
    "account_alone": (
        "account",
        {
            **_ACCOUNT,
            "sections": {
                "sessions": {**_SESSIONS, "sessions": [_SESSION]},
                "passkeys": {**_PASSKEYS, "passkeys": [], "required": True},
                "applications": {**_APPLICATIONS, "applications": []},
                "language": {**_LANGUAGE, "chosen": "browser"},
                "data": {**_DATA, "privacy_url": None, "contact": None},
            },
        },
    ),
    **{f"account_done_{what}": ("account", {**_ACCOUNT, "done": what}) for what in sorted(DONE)},
    "leave": ("leave", _LEAVE),
    "leave_bare": ("leave", {**_LEAVE, "privacy_url": None, "contact": None, "groups": 0, "applications": 0}),
    "leave_member": ("leave", {**_LEAVE, "obstacle": "member"}),
    "leave_forbidden": ("leave", {**_LEAVE, "obstacle": "forbidden"}),
    "leave_confirm": ("leave_confirm", {**_STEP, "name": "Alice Example", "address": "alice@fabrikam.com", "days": 30}),
    "left": ("left", {"organisation": "Contoso", "days": 30}),
    "mailed": ("mailed", {}),
    "signed_out": ("signed_out", _SIGNED_OUT),
    "signed_out_telling": (
        "signed_out",
        {
            **_SIGNED_OUT,
            "frames": [("Expenses", "https://expenses.contoso.com/out?iss=i&sid=s")],
            "target": "https://a.b/",
        },
    ),
    "signed_out_unregistered": ("signed_out", {**_SIGNED_OUT, "unregistered": True}),
    "organisation": ("organisation", {**_ORGANISATION, "value": "", "error": None}),
    "organisation_error": ("organisation", {**_ORGANISATION, "value": "a@b.example", "error": "Nobody has it."}),
    "native": ("native", {}),
    "error_number": ("error_number", {"number": 50011, "text": "The redirect URI does not match."}),
    "logout_confirm": ("logout_confirm", {**_FORM, "fields": [("client_id", "0b1c")]}),
    "form_post": ("form_post", {"action": "https://app.example/callback", "fields": [("code", "c"), ("state", "s")]}),
    "oauth_error": ("oauth_error", {"redirect": True, "description": "AADSTS50011: no match", "request_id": "4f"}),
    "oauth_error_other": ("oauth_error", {"redirect": False, "description": "AADSTS90002: none", "request_id": "4f"}),
    **{f"failure_{code}": ("failure", {"code": code, "request_id": "4f"}) for code in (400, 403, 404, 405, 500, 503)},
    "index": ("index", {}),
    **{f"dead_end_{page.value}": _end(page) for page in Page},
    "dead_end_P2": _end(Page.RENEWED, "mail"),
    "dead_end_P6": _end(Page.OTHER_ADDRESS, "other", "code", x="eve@fabrikam.com", masked="a•••e@fabrikam.com"),
    "dead_end_P8": _end(Page.UNKNOWN_ACCOUNT, "other"),
    "dead_end_PU1": _end(Page.PROVIDER_REFUSED, "again", "other", "code", x="Wingtip"),
    "dead_end_PU2": _end(Page.PROVIDER_DOWN, "again", "other", "code", x="Wingtip"),
    "dead_end_PU3": _end(Page.PROVIDER_UNTRUSTED, "again", "other", "code", x="Wingtip"),
    "dead_end_P11": _end(Page.NOT_ASSIGNED, app="Expenses"),
    "dead_end_P13_until": _end(Page.WRONG_CODE, until="21 November 2026, 00:04 UTC"),
    "dead_end_nameless": _end(Page.EXPIRED, org=""),
}
"""An example context of every page and of its states: template and what the door gives it."""


class _Reader(HTMLParser):
    """What a page is made of; `open` are the ids of forms around the cursor."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.in_form: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.path: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append((tag, values))
        if "form" in self.path:
            self.in_form.append((tag, values))
        if tag not in ("meta", "link", "input", "br"):
            self.path.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.path.pop() == tag, f"<{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [values for name, values in self.tags if name == tag]

    @property
    def controls(self) -> list[dict[str, str]]:
        return [values for values in self.all("input") if values["type"] != "hidden"]


@cache
def read(key: str, language: str = "en") -> _Reader:
    name, context = PAGES[key]
    return _Reader(pages.render(name, language, **context))


SCRIPTS = {"form_post": "continue.js", "signed_out_telling": "signed-out.js"}
"""Pages that go on by themselves where scripts run (security H5)."""
EVERY = [(key, language) for key in PAGES for language in LANGUAGES]
STEPS = (
    "address",
    "app_consent",
    "code_entry",
    "code_request",
    "confirm_account",
    "consent",
    "invitation",
    "leave",
    "leave_confirm",
    "myapps",
)
WITH_FORM = (
    *STEPS,
    "mail_address",
    "mail_choice",
    "organisation",
    "passkey_add",
    "passkey_use",
    "password",
    "provider",
    "device",
    "set_password",
    "logout_confirm",
    "form_post",
)


def test_every_template_has_an_example() -> None:
    # `api` is a reference for developers, in English, with tests of its own.
    shown = {name for name, _ in PAGES.values()} | {"base", "form", "passkey", "api"}
    assert shown == {path.stem for path in (WEB / "templates").iterdir() if path.is_file()}
    assert {path.stem for path in (WEB / "templates" / "account").iterdir()} == set(SECTIONS)


@pytest.mark.parametrize(("key", "language"), EVERY)
def test_page_says_its_language_has_a_title_one_heading_one_landmark_and_the_help_link(key: str, language: str) -> None:
    page = read(key, language)
    assert page.path == []
    assert page.all("html") == [{"lang": language, "dir": "ltr"}]
    assert [len(page.all(tag)) for tag in ("title", "h1", "main", "header", "footer")] == [1, 1, 1, 1, 1]
    assert [link["href"] for link in page.all("a")].count("/#help") == 1
    ids = [values["id"] for _, values in page.tags if "id" in values]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("key", "language"), EVERY)
def test_security_H4_page_has_no_script_no_inline_style_and_nothing_remote(key: str, language: str) -> None:
    scripts = read(key, language).all("script")
    assert scripts == ([{"src": f"/static/{SCRIPTS[key]}", "defer": ""}] if key in SCRIPTS else [])
    frames = [values["src"] for values in read(key, language).all("iframe")]
    assert frames == [url for _, url in PAGES[key][1].get("frames", ())], "only what an application is told by"
    for tag, values in read(key, language).tags:
        assert tag not in ("style", "img", "object", "base")
        assert "style" not in values
        assert not [name for name in values if name.startswith("on")]
        if tag == "link":
            assert values == {"rel": "stylesheet", "href": "/static/readmit.css"}


def _forms(name: str, context: dict[str, Any]) -> int:
    if name == "dead_end":
        return len(context["actions"])
    if name == "account":
        sections = context["sections"]
        elsewhere = sum(not session["here"] for session in sections["sessions"]["sessions"])
        language_everywhere_and_sign_out = 3
        rename_and_remove, add = 2 * len(sections["passkeys"]["passkeys"]), 1
        passkeys, applications = rename_and_remove + add, len(sections["applications"]["applications"])
        return elsewhere + language_everywhere_and_sign_out + passkeys + applications
    return int(_has_main(name, context))


def _has_main(name: str, context: dict[str, Any]) -> bool:
    return name in WITH_FORM and not context.get("obstacle") and not (name == "mail_choice" and context["done"])


@pytest.mark.parametrize("key", PAGES)
def test_page_has_exactly_one_main_form_or_none(key: str) -> None:
    page, (name, context) = read(key), PAGES[key]
    forms = page.all("form")
    assert len([form for form in forms if form.get("class") == "main"]) == (1 if _has_main(name, context) else 0)
    assert len(forms) == _forms(name, context)
    assert all(form["method"] == ("get" if name == "organisation" else "post") for form in forms)
    tokens = [values["value"] for values in page.all("input") if values.get("name") == "csrf"]
    assert tokens == ([] if name in ("form_post", "organisation") else ["token"] * len(forms))
    switches = [values for _, values in page.in_form if "hreflang" in values]
    assert switches == []


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("address", {"name": "address", "type": "email", "autocomplete": "email", "inputmode": "email"}),
        ("password", {"name": "password", "type": "password", "autocomplete": "current-password"}),
        ("code_entry", {"name": "code", "type": "text", "autocomplete": "one-time-code", "inputmode": "numeric"}),
        ("set_password", {"name": "new_password", "type": "password", "autocomplete": "new-password"}),
    ],
)
def test_fields_say_what_they_are(key: str, field: dict[str, str]) -> None:
    found = read(key).controls[0]
    assert {name: found.get(name) for name in field} == field
    assert "pattern" not in found, "spaces, hyphens and full-width digits are accepted (WCAG 3.3.8)"


@pytest.mark.parametrize("key", [key for key in PAGES if read(key).controls])
def test_every_field_has_a_label_and_every_description_exists(key: str) -> None:
    page = read(key)
    ids = {values["id"] for _, values in page.tags if "id" in values}
    assert sorted(label["for"] for label in page.all("label")) == sorted(field["id"] for field in page.controls)
    for field in page.controls:
        assert set(field.get("aria-describedby", "").split()) <= ids


@pytest.mark.parametrize("key", [key for key, (_, context) in PAGES.items() if context.get("error")])
def test_error_summary_takes_the_focus_and_leads_to_the_field(key: str) -> None:
    page = read(key)
    (summary,) = [values for values in page.all("div") if values.get("role") == "alert"]
    assert (summary["id"], summary["tabindex"], "autofocus" in summary) == ("problem", "-1", True)
    assert [values for _, values in page.tags if "autofocus" in values] == [summary]
    assert page.text.strip().startswith("There is a problem"), "the title says it first"
    for field in page.controls[:1]:
        assert (field["aria-invalid"], "problem" in field["aria-describedby"].split()) == ("true", True)
        assert {"href": f"#{field['id']}"} in page.all("a")


def test_first_button_of_a_form_is_the_way_on_and_others_skip_the_fields() -> None:
    for key, value in (("password", None), ("code_entry", None), ("confirm_account", "this"), ("consent", "accept")):
        first, *others = read(key).all("button")
        assert (first.get("value"), "class" in first) == (value, False)
        assert all(other["class"] == "second" for other in others)
    assert all(
        "formnovalidate" in button for key in ("password", "code_entry") for button in read(key).all("button")[1:]
    )


def test_consent_refuses_by_a_button_that_says_cancel() -> None:
    for name in ("consent", "app_consent"):
        html = pages.render(name, "en", **PAGES[name][1])
        assert '<button type="submit" class="second" name="decision" value="cancel">Cancel</button>' in html


def _evil(value: Any) -> Any:
    if isinstance(value, str):
        return value and EVIL
    if isinstance(value, list | tuple):
        return type(value)(_evil(entry) for entry in value)
    return {name: _evil(entry) for name, entry in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize(("key", "language"), EVERY)
def test_security_M6_user_data_comes_out_literally(key: str, language: str) -> None:
    name, context = PAGES[key]
    evil = {
        what: value if what in ("page", "language_links", "obstacle", "wanted") else _evil(value)
        for what, value in context.items()
    }
    html = pages.render(name, language, **evil)
    assert html.count("<script") == int(key in SCRIPTS)
    assert "49" not in html
    assert {tag for tag, _ in _Reader(html).tags} <= {tag for tag, _ in read(key, language).tags}
    if name in STEPS:
        assert EVIL in _Reader(html).text


def test_forgotten_value_is_an_error_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        pages.render(
            "password", "en", **{name: value for name, value in PAGES["password"][1].items() if name != "code"}
        )


def test_LA5_names_that_could_reorder_a_sentence_are_isolated_and_others_stay_plain() -> None:
    for org, shown in (
        ("Contoso", "Contoso does not know"),
        ("חברה", "<bdi>חברה</bdi> does not know"),
        ("Con\u202etoso", "<bdi>Con\u202etoso</bdi> does not know"),
        ("<b>", "&lt;b&gt; does not know"),
    ):
        name, context = _end(Page.UNKNOWN_ACCOUNT, org=org)
        assert shown in pages.render(name, "en", **context)


# ---------------------------------------------------------------------- dead ends

SECTION_16 = {
    "P1": "This invitation link is not valid.",
    "P2": "This invitation was renewed. We can mail the current one to the invited address.",
    "P3": "This invitation is no longer valid. Ask Contoso for a new one.",
    "P4": "This invitation is no longer valid. Ask Contoso for a new one.",
    "P5": "Contoso does not accept guests with this account.",
    "P6": "You signed in as eve@fabrikam.com; this invitation is for a•••e@fabrikam.com.",
    "P7": "This account is a guest at Contoso already. Ask Contoso to add this address to it.",
    "P8": "Contoso does not know this account. Use the one that accepted the invitation. If it was set up again, "
    "or your address or employer changed, ask Contoso to reset your redemption status.",
    "P9": "Contoso no longer sends codes. Ask Contoso to reset your redemption status.",
    "P10": "This account is blocked at Contoso.",
    "P11": "Ask Contoso to assign Expenses to you.",
    "P12": "Nothing was shared. You can still accept by the same link.",
    "P13": "The code is wrong or too old.",
    "P13_until": "Try again at 21 November 2026, 00:04 UTC.",
    "P14": "This page is no longer open. Open the link in your mail again.",
}
"""Lifecycle section 16, word for word."""


def test_lifecycle_16_dead_ends_say_their_text_and_a_request_id() -> None:
    for key, text in SECTION_16.items():
        page = read(f"dead_end_{key}")
        assert text in page.text
        assert "4f0c1d5e-8a2b" in page.text, "experience W3"


def test_lifecycle_16_only_P6_P8_and_P9_speak_of_a_reset() -> None:
    spoken = {page.value for page in Page if "redemption status" in read(f"dead_end_{page.value}").text}
    assert spoken == {"P6", "P8", "P9"}


def test_dead_end_without_a_name_still_makes_sentences() -> None:
    for page, language, text in (
        (Page.UNKNOWN_ACCOUNT, "en", "The organisation does not know this account. Use"),
        (Page.BLOCKED, "de", "Die Organisation hat dieses Konto gesperrt."),
        (Page.ALREADY_A_GUEST, "de", "Die Organisation führt dieses Konto bereits als Gastkonto. Bitten Sie die Org"),
    ):
        name, context = _end(page, org="")
        assert text in pages.render(name, language, **context)


def test_P6_without_an_invited_address_leaves_no_gap() -> None:
    name, context = _end(Page.OTHER_ADDRESS, x="eve@fabrikam.com")
    assert "The account eve@fabrikam.com can no longer be used here." in pages.render(name, "en", **context)


@pytest.mark.parametrize(
    ("end", "details", "status"),
    [
        (Page.UNKNOWN_LINK, {}, 404),
        (Page.RENEWED, {}, 410),
        (Page.EXPIRED, {}, 410),
        (Page.NO_INVITATION, {}, 410),
        (Page.NOT_ACCEPTED_HERE, {}, 403),
        (Page.OTHER_ADDRESS, {}, 403),
        (Page.ALREADY_A_GUEST, {}, 409),
        (Page.UNKNOWN_ACCOUNT, {}, 403),
        (Page.CODES_OFF, {}, 403),
        (Page.BLOCKED, {}, 403),
        (Page.NOT_ASSIGNED, {}, 403),
        (Page.DECLINED, {}, 200),
        (Page.WRONG_CODE, {}, 400),
        (Page.WRONG_CODE, {"until": "00:04"}, 429),
        (Page.CLOSED, {}, 410),
    ],
)
def test_lifecycle_16_dead_end_answers_its_status(end: Page, details: dict[str, str], status: int) -> None:
    call = Call("GET", "/redeem/8d1f", "", {}, b"", "https://localhost:8443", "127.0.0.1", "4f0c")
    reply = pages.dead_end(None, call, end, "en", **details)  # type: ignore[arg-type]
    assert reply.status == status
    assert b"4f0c" in reply.body
    assert b"/redeem/8d1f?lang=de" in reply.body


def test_security_H4_every_page_carries_its_policy_and_H5_names_the_one_origin_its_form_ends_at() -> None:
    plain, further = (dict(pages.page_reply("", form_action=to).headers) for to in (None, "https://app.example"))
    start, end = "default-src 'none'; style-src 'self'; img-src 'self'; ", "; frame-ancestors 'none'; base-uri 'none'"
    policy = f"{start}form-action 'self'{{}}{end}"
    assert plain["content-security-policy"] == policy.format("")
    assert further["content-security-policy"] == policy.format(" https://app.example")
    assert (plain["referrer-policy"], plain["cache-control"]) == ("same-origin", "no-store")
    assert plain["cross-origin-opener-policy"] == "same-origin"


# --------------------------------------------------------------------- stylesheet

CSS = (WEB / "static" / "readmit.css").read_text()


def test_stylesheet_is_alone_logical_and_has_its_modes() -> None:
    assert not re.search(r"@import|url\(|https?:", CSS)
    assert not re.search(
        r"[\s;{](margin|padding|border|inset)-(left|right)|text-align: (left|right)|[\s;{](left|right):", CSS
    )
    assert "min-block-size: 2.75rem" in CSS, "targets of 44 px"
    for mode in ("prefers-color-scheme: dark", "forced-colors: active", "prefers-reduced-motion", ":focus-visible"):
        assert mode in CSS


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1])
def test_wcag_1_4_3_colours_have_contrast_in_light_and_dark(scheme: int) -> None:
    block = re.findall(r":root \{([^}]*)\}", CSS)[scheme]
    colour = dict(re.findall(r"--([\w-]+): (#\w{6});", block))
    for front, back in (
        ("ink", "paper"),
        ("ink", "ground"),
        ("quiet", "paper"),
        ("quiet", "ground"),
        ("accent", "paper"),
        ("accent-ink", "accent"),
        ("alarm", "alarm-ground"),
        ("ink", "alarm-ground"),
    ):
        dark, light = sorted((_luminance(colour[front]), _luminance(colour[back])))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (front, back)


# --------------------------------------------------------------------- catalogues

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")


@cache
def wanted() -> frozenset[tuple[str, ...]]:
    """The messages of the templates; plural ones with two forms."""
    found = set()
    for path in (WEB / "templates").rglob("*.html"):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ["_", "ngettext"], [], {}):
                found.add((message,) if isinstance(message, str) else tuple(part for part in message if part))
    return frozenset(found)


@cache
def po(language: str) -> Catalog:
    with (WEB.parent / "locale" / language / "pages.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def _texts(language: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    both = [(entry.id, entry.string) for entry in po(language) if entry.id]
    return {
        (id,) if isinstance(id, str) else tuple(id): (text,) if isinstance(text, str) else text for id, text in both
    }


@pytest.mark.parametrize("language", ["de", "ja"])
def test_LA4_every_message_is_translated_and_none_is_left_over(language: str) -> None:
    there = set(_texts(language))
    doors = "".join(path.read_text() for path in WEB.rglob("*.py"))
    assert wanted() - there == set()
    assert [message for message in there - wanted() if f'"{message[0]}"' not in doors] == []


@pytest.mark.parametrize("language", ["de", "ja"])
def test_LA4_messages_of_the_doors_are_translated(language: str) -> None:
    there = {message[0] for message in _texts(language)}
    doors = (WEB / "flow_posts.py").read_text() + (WEB / "passkey_posts.py").read_text()
    said = re.findall(r'(?:_again\(world, call,(?: who,)? view,|\btext\(|gettext\()\s*"([^"]+)"', doors)
    assert len(said) > 5
    assert set(said) <= there


@pytest.mark.parametrize("language", ["de", "ja"])
def test_LA4_translations_have_all_forms_the_same_placeholders_and_no_markup(language: str) -> None:
    for message, forms in _texts(language).items():
        assert len(forms) == (1 if len(message) == 1 else po(language).num_plurals)
        for form in forms:
            assert sorted(PLACEHOLDER.findall(form)) == sorted(PLACEHOLDER.findall(message[0])), message
            assert not re.search(r"[<>&]|%(?!\()", form)
    assert not any(entry.fuzzy for entry in po(language))


def test_LA6_german_addresses_with_Sie_and_LA7_japanese_uses_full_width_punctuation() -> None:
    for message, forms in _texts("de").items():
        assert not re.search(r"\b([Dd]u|[Dd]ein\w*|[Dd]ich|[Dd]ir)\b", " ".join(forms)), message
    for message, forms in _texts("ja").items():
        assert not re.search(r"[!?,;:]", PLACEHOLDER.sub("", " ".join(forms))), message


def test_LA1_page_in_each_language_is_in_that_language() -> None:
    assert "Weiter" in read("invitation", "de").text
    assert "続ける" in read("invitation", "ja").text
    assert "Der Code gilt 1 Minute." in read("code_entry_error", "de").text
