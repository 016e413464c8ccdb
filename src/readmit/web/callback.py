"""Where home identity providers send a browser back to (security I2): a one-use state, and the browser that has it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from readmit.domain.errors import DeadEnd, Page
from readmit.flows import sign_in_log, upstream
from readmit.flows.browsers import Browser
from readmit.flows.look import look
from readmit.flows.upstream import CALLBACK, Answer, NotHere
from readmit.flows.world import World
from readmit.web import dead_ends, flow_posts
from readmit.web.call import Call, Step, Work
from readmit.web.cookies import browser, flow_cookie
from readmit.web.http import Refusal

TEMPLATE = f"{CALLBACK}/{{provider}}"
_LONGEST = 4096


def answer(world: World, call: Call) -> Step:
    """GET of a provider's callback. Whoever has not asked learns nothing and uses nothing up (T6, T25)."""
    if call.method != "GET":
        raise Refusal(405)
    given = Answer(call.parameters["provider"], _once(call.query))
    try:
        flow_id = world.database.read(upstream.waiting_flow, given)
    except NotHere as error:
        raise DeadEnd(Page.CLOSED) from error
    cookie = flow_cookie(world, call, flow_id)
    if cookie is None:
        raise DeadEnd(Page.CLOSED)
    who = browser(world, call, cookie[0])
    view = world.database.read(look, world, who, flow_id)
    path = f"/{'redeem' if view.flow.kind == 'redemption' else 'signin'}/{flow_id}"
    here = replace(call, path=path, query="", parameters={"flow": flow_id})

    def render(end: Any) -> Step:
        if end is not None:
            end.details.setdefault("org", view.tenant.display_name)
            return dead_ends.failure(world, here, end)
        return flow_posts.after_proof(world, here, who, view, None)

    return Work(render, _hear, world, who, flow_id, given)


def _hear(world: World, who: Browser, flow_id: str, given: Answer) -> DeadEnd | None:
    try:
        upstream.hear(world, who, flow_id, given)
    except NotHere:
        return DeadEnd(Page.CLOSED)
    except DeadEnd as end:
        world.database.write(sign_in_log.not_proved, world, who, flow_id, end.page)
        return end
    return None


def _once(query: str) -> dict[str, str]:
    """Each parameter once: repeated or oversized ones belong to no honest answer (RFC 6749 3.1)."""
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=32) if query.count("&") < 32 else []
    values = dict(pairs)
    if len(values) != len(pairs) or any(len(value) > _LONGEST for value in values.values()):
        raise DeadEnd(Page.CLOSED)
    return values
