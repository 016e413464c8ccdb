"""Dead ends of a browser's way: the page, and what the person can do from there (lifecycle section 16)."""

from __future__ import annotations

from typing import Any

from readmit.domain.errors import DeadEnd, Page, Throttled
from readmit.flows import redeem
from readmit.flows.world import World
from readmit.web import flow_pages, pages
from readmit.web.call import Call, Reply
from readmit.web.cookies import browser, flow_cookie, seed_csrf
from readmit.web.languages import language_of

_AT_PROVIDER = (Page.PROVIDER_REFUSED, Page.PROVIDER_DOWN, Page.PROVIDER_UNTRUSTED)


class Forged(DeadEnd):
    """A form that is not ours: 403, and nothing happens."""

    def __init__(self) -> None:
        super().__init__(Page.CLOSED)


def failure(world: World, call: Call, error: DeadEnd) -> Reply:
    """The page of a dead end, with what the person can do from here."""
    language = language_of(call)
    details: dict[str, Any] = dict(error.details)
    if isinstance(error, Forged):
        return pages.page(call, "failure", language, status=403, code=403, request_id=call.request_id)
    return pages.dead_end(world, call, error.page, language, actions=_actions(world, call, error), **details)


def _actions(world: World, call: Call, error: DeadEnd) -> list[dict[str, str]]:
    """Buttons on a dead end: a new mail (P2), another account or a code (P6), another account (P8)."""
    flow_id = call.parameters.get("flow", "")
    cookie = flow_cookie(world, call, flow_id) if flow_id else None
    if cookie is None:
        return []
    secret, seed = cookie
    csrf = _csrf(world, call, secret, flow_id)
    if error.page is Page.RENEWED and seed.startswith("t:"):
        return [_action("mail", call, seed_csrf(world, secret), "mail")] if csrf is None else []
    if csrf is None:
        return []
    if error.page is Page.OTHER_ADDRESS:
        return [_action("other", call, csrf, "other"), _action("code", call, csrf, "code")]
    if error.page in _AT_PROVIDER:
        return [_action("again", call, csrf, "provider"), _action("other", call, csrf, "other")]
    if error.page in (Page.UNKNOWN_ACCOUNT, Page.ALREADY_A_GUEST):
        return [_action("other", call, csrf, "other")]
    return []


def _csrf(world: World, call: Call, secret: str, flow_id: str) -> str | None:
    return world.database.read(redeem.csrf_of, browser(world, call, secret), flow_id)


def _action(kind: str, call: Call, csrf: str, use: str) -> dict[str, str]:
    return {"kind": kind, "action": call.path, "csrf": csrf, "use": use}


def throttled(world: World, call: Call, error: Throttled) -> Reply:
    """Too many tries: until when nothing is accepted."""
    language = language_of(call)
    until = flow_pages.time_text(world, error.retry_after, language)
    reply = pages.dead_end(world, call, Page.WRONG_CODE, language, until=until)
    return reply.with_headers(("retry-after", str(error.retry_after)))
