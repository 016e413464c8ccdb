"""The language of a page: choice on the page > invitation or guest > browser > tenant > English (experience LA1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

from readmit.locale.negotiate import LANGUAGES, NAMES, accept_language, choose
from readmit.web.call import Call

COOKIE = "readmit-language"
_MOST_STATED = 16


def language_of(call: Call, *stated: str | None, tenant: str | None = None) -> str:
    """`stated` are what invitation, guest or application say, in that order; each may be a list (`ui_locales`)."""
    chosen = call.query_values().get("lang") or call.cookies.get(COOKIE)
    browser: Iterable[str] = accept_language(call.headers.get("accept-language", ""))
    said = [tag for text in stated if text for tag in text.split()[:_MOST_STATED]]
    return choose([chosen, *said, *browser, tenant])


def language_links(call: Call, current: str) -> list[tuple[str, str, str]]:
    """(code, name, URL) of the other languages of this page."""
    kept = [(name, value) for name, value in parse_qsl(call.query) if name != "lang"]
    return [
        (code, NAMES[code], f"{call.path}?{urlencode([*kept, ('lang', code)])}")
        for code in LANGUAGES
        if code != current
    ]


def chosen_header(call: Call) -> tuple[tuple[str, str], ...]:
    """Remember a choice made on the page in this browser; a preference, no state of the server."""
    chosen = call.query_values().get("lang", "")
    return (remembered(call, chosen),) if chosen in LANGUAGES else ()


def remembered(call: Call, chosen: str | None) -> tuple[str, str]:
    """The header that keeps a language in the browser for a year; None forgets it."""
    kept = f"{chosen}; Path=/; Max-Age=31536000" if chosen else "; Path=/; Max-Age=0"
    secure = "; Secure" if call.origin.startswith("https://") else ""
    return ("set-cookie", f"{COOKIE}={kept}{secure}; SameSite=Lax; HttpOnly")


_TAG = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*")


def is_language_tag(text: str) -> bool:
    """Whether a text has the form of a language tag (RFC 5646), with `_` for `-`; at most 35 characters."""
    return len(text) <= 35 and _TAG.fullmatch(text) is not None
