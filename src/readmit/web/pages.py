"""Pages: templates rendered in the reader's language, with the headers of every HTML answer (security H4)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from readmit.domain.errors import Page
from readmit.flows.world import World
from readmit.locale.catalogue import catalogue
from readmit.web.call import Call, Reply
from readmit.web.languages import chosen_header, language_links

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

STATUS: Final = {
    Page.UNKNOWN_LINK: 404,
    Page.RENEWED: 410,
    Page.EXPIRED: 410,
    Page.NO_INVITATION: 410,
    Page.NOT_ACCEPTED_HERE: 403,
    Page.OTHER_ADDRESS: 403,
    Page.ALREADY_A_GUEST: 409,
    Page.UNKNOWN_ACCOUNT: 403,
    Page.CODES_OFF: 403,
    Page.BLOCKED: 403,
    Page.NOT_ASSIGNED: 403,
    Page.DECLINED: 200,
    Page.WRONG_CODE: 400,
    Page.CLOSED: 410,
    Page.PROVIDER_REFUSED: 403,
    Page.PROVIDER_DOWN: 502,
    Page.PROVIDER_UNTRUSTED: 502,
}
"""The status of each dead end (lifecycle section 16)."""
_TURNING: Final = frozenset(("R", "AL", "AN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))
"""Bidirectional classes that change the order of what stands around them in a left-to-right sentence (UAX 9)."""


@cache
def _environment(language: str) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    texts = catalogue(language, "pages")
    environment = Environment(
        loader=PackageLoader("readmit.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(texts.gettext, texts.ngettext, newstyle=True)  # type: ignore[attr-defined]
    direction = _direction(language)
    environment.globals["language"] = language
    environment.globals["direction"] = direction
    environment.filters["isolate"] = partial(_isolate, always=direction == "rtl")
    return environment


def _direction(language: str) -> str:
    """`ltr` or `rtl`, by the catalogue's language (experience LA8)."""
    from babel.core import Locale

    return Locale.parse(language, sep="-").text_direction


def _isolate(text: str, *, always: bool) -> Markup:
    """User text inside a sentence of ours (experience LA5): `<bdi>` where its letters or controls could reorder it."""
    from markupsafe import Markup, escape

    turns = any(unicodedata.bidirectional(letter) in _TURNING for letter in text)
    return Markup("<bdi>{}</bdi>").format(text) if always or turns else escape(text)


def render(name: str, language: str, /, **context: Any) -> str:
    """The HTML of a page; user data is escaped and never a template itself (security M6)."""
    context.setdefault("language_links", [])
    context.setdefault("request_id", None)
    context.setdefault("script", False)
    return _environment(language).get_template(f"{name}.html").render(**context)


def page_reply(
    html: str,
    *,
    status: int = 200,
    form_action: str | None = None,
    frames: Iterable[str] = (),
    script: bool = False,
) -> Reply:
    """An HTML answer with its headers (security H4, H5).

    `form_action` are further origins that the page's form may lead to, `frames` are the origins that it may show,
    `script` lets our own files run.
    """
    action = f"form-action 'self' {form_action}" if form_action else "form-action 'self'"
    more = "script-src 'self'; " if script else ""
    shown = " ".join(sorted(set(frames)))
    more += f"frame-src {shown}; " if shown else ""
    policy = (
        f"default-src 'none'; style-src 'self'; {more}img-src 'self'; {action}; frame-ancestors 'none'; base-uri 'none'"
    )
    return Reply(
        status,
        html.encode(),
        (
            ("content-type", "text/html; charset=utf-8"),
            ("content-security-policy", policy),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-store"),
        ),
    )


def page(
    call: Call,
    name: str,
    language: str,
    /,
    *,
    status: int = 200,
    form_action: str | None = None,
    script: bool = False,
    **context: Any,
) -> Reply:
    """A page of a browser's way: with its language switch, which a GET of the same address answers."""
    links = language_links(call, language) if call.method in ("GET", "HEAD") else []
    html = render(name, language, language_links=links, script=script, **context)
    reply = page_reply(html, status=status, form_action=form_action, script=script)
    return reply.with_headers(*chosen_header(call))


def dead_end(
    world: World, call: Call, end: Page, language: str, *, actions: list[dict[str, str]] | None = None, **details: str
) -> Reply:
    """A page that says what happened, what to do and whom to ask (experience W3)."""
    shown = {"org": "", "x": "", "masked": "", "app": "", "until": "", **details}
    status = 429 if end is Page.WRONG_CODE and details.get("until") else STATUS[end]
    return page(
        call,
        "dead_end",
        language,
        status=status,
        script=False,
        page=end.value,
        actions=actions or [],
        request_id=call.request_id,
        **shown,
    )
