"""Dead ends of a browser's way: the page, and what the person can do from there (lifecycle section 16)."""

from __future__ import annotations

from typing import Any

from readmit.domain.errors import DeadEnd, Page, Throttled, Unavailable
from readmit.domain.redemption import Flow
from readmit.domain.tenant import Tenant
from readmit.flows.look import way
from readmit.flows.world import World
from readmit.web import flow_pages, pages
from readmit.web.call import Call, Reply
from readmit.web.cookies import browser, flow_cookie, seed_csrf
from readmit.web.http import Refusal
from readmit.web.languages import language_of

_AT_PROVIDER = (Page.PROVIDER_REFUSED, Page.PROVIDER_DOWN, Page.PROVIDER_UNTRUSTED)


class Forged(DeadEnd):
    """A form that is not ours: 403, and nothing happens."""

    def __init__(self) -> None:
        super().__init__(Page.CLOSED)


def failure(world: World, call: Call, error: DeadEnd) -> Reply:
    """The page of a dead end in the language of the way, with what the person can do from here."""
    way = _way(world, call)
    details: dict[str, Any] = dict(error.details)
    language = _language(call, details.pop("language", None), way)
    if isinstance(error, Forged):
        return pages.page(call, "failure", language, status=403, code=403, request_id=call.request_id)
    if way[1] is not None:
        details.setdefault("org", way[1].display_name)
    return pages.dead_end(world, call, error.page, language, actions=_actions(world, call, error, way), **details)


_Way = tuple[Flow | None, Tenant | None]


def _way(world: World, call: Call) -> _Way:
    """The flow that the path names, if this browser has it and it has begun."""
    flow_id = call.parameters.get("flow", "")
    cookie = flow_cookie(world, call, flow_id) if flow_id else None
    found = world.database.read(way, browser(world, call, cookie[0]), flow_id) if cookie else None
    return found or (None, None)


def _language(call: Call, stated: str | None, way: _Way) -> str:
    flow, tenant = way
    of_tenant = tenant.preferred_language if tenant else None
    return language_of(call, stated or (flow.language if flow else None), tenant=of_tenant)


def _actions(world: World, call: Call, error: DeadEnd, way: _Way) -> list[dict[str, str]]:
    """Buttons on a dead end: a new mail (P2), another account (P8), or a code to the invited mailbox as well (P6)."""
    flow, tenant = way
    flow_id = call.parameters.get("flow", "")
    cookie = flow_cookie(world, call, flow_id) if flow_id else None
    if cookie is None:
        return []
    secret, seed = cookie
    if error.page is Page.RENEWED and seed.startswith("t:"):
        return [_action("mail", call, seed_csrf(world, secret))] if flow is None else []
    if flow is None or tenant is None:
        return []
    again, other, code = (_action(kind, call, flow.csrf) for kind in ("again", "other", "code"))
    if error.page is Page.OTHER_ADDRESS:
        return [other, code]
    if error.page in _AT_PROVIDER:
        return [again, other, code] if flow.kind == "redemption" and tenant.codes_allowed else [again, other]
    return [other] if error.page in (Page.UNKNOWN_ACCOUNT, Page.ALREADY_A_GUEST) else []


def _action(use: str, call: Call, csrf: str) -> dict[str, str]:
    return {"use": use, "action": call.path, "csrf": csrf}


def throttled(world: World, call: Call, error: Throttled) -> Reply:
    """Too many tries: until when nothing is accepted."""
    language = _language(call, None, _way(world, call))
    until = flow_pages.time_text(world, error.retry_after, language)
    reply = pages.dead_end(world, call, Page.WRONG_CODE, language, until=until)
    return reply.with_headers(("retry-after", str(error.retry_after)))


def failed(world: World, call: Call, error: Exception) -> Reply:
    """The page of any error that a browser meets (experience W3)."""
    match error:
        case DeadEnd():
            return failure(world, call, error)
        case Throttled():
            return throttled(world, call, error)
        case Unavailable():
            status = 503
        case Refusal():
            status = error.status
        case _:
            status = 500
    reply = pages.page(call, "failure", language_of(call), status=status, code=status, request_id=call.request_id)
    return reply.with_headers(("retry-after", "1")) if status == 503 else reply
