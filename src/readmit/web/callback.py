"""Where home identity providers send a browser back to (security I2): a one-use state, and the browser that has it.

SAML providers let the browser post their answer. A post from elsewhere brings no cookie, so it only parks the message
under its state and leads on to the GET, which knows its browser (security N4).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

from msgspec.structs import replace

from readmit.domain.errors import DeadEnd, Page
from readmit.flows import links, sign_in_log, upstream
from readmit.flows.browsers import Browser
from readmit.flows.look import View, look
from readmit.flows.open_flow import begun
from readmit.flows.upstream import CALLBACK, Answer, NotHere
from readmit.flows.world import World
from readmit.proofs.saml.response import LONGEST_ENCODED
from readmit.web import dead_ends
from readmit.web.arrive import see_other
from readmit.web.call import Apart, Call, Reply, Step, Write
from readmit.web.cookies import browser, flow_cookie, flow_cookies
from readmit.web.http import Refusal
from readmit.web.onward import after_proof

TEMPLATE = f"{CALLBACK}/{{provider}}"
_LONGEST = 4096
_OURS = re.compile(r"[A-Za-z0-9_-]{43}")
"""What a state of ours looks like: 256 bits in base64url."""
_FORM = "application/x-www-form-urlencoded"


def answer(world: World, call: Call) -> Step:
    """GET of a provider's callback. Whoever has not asked learns nothing and uses nothing up (T6, T25)."""
    if call.method != "GET":
        raise Refusal(405)
    given = Answer(call.parameters["provider"], _once(call.query))
    try:
        flow_id = world.database.read(upstream.waiting_flow, given)
    except NotHere as error:
        if (renewed := _renewed(world, call)) is not None:
            return see_other(renewed)
        raise DeadEnd(Page.CLOSED) from error
    cookie = flow_cookie(world, call, flow_id)
    if cookie is None:
        raise DeadEnd(Page.CLOSED)
    who = browser(world, call, cookie[0])
    view = world.database.read(look, world, who, flow_id)
    path = f"/{'redeem' if view.flow.kind == 'redemption' else 'signin'}/{flow_id}"
    here = replace(call, path=path, query="", parameters={"flow": flow_id})

    return _heard(world, here, who, view, given)


def _renewed(world: World, call: Call) -> str | None:
    """Where this browser's way by a link that a reset has made an old one says so (P2, lifecycle L5).

    The way went with the reset, and with it what the state belonged to; the browser still has its cookie.
    """
    for flow_id, secret, seed in flow_cookies(world, call):
        kind, _, ticket = seed.partition(":")
        if kind != "t" or world.database.read(begun, browser(world, call, secret), flow_id):
            continue
        try:
            world.database.read(links.open_link, world, ticket)
        except DeadEnd as end:
            if end.page is Page.RENEWED:
                return f"/redeem/{flow_id}"
    return None


def _heard(world: World, here: Call, who: Browser, view: View, given: Answer) -> Apart:
    def render(end: Any) -> Step:
        if end is not None:
            end.details.setdefault("org", view.tenant.display_name)
            return dead_ends.failure(world, here, end)
        return after_proof(world, here, who, view)

    return Apart(render, _hear, world, who, view.flow.id, given)


def post(world: World, call: Call) -> Step:
    """A SAML provider's answer, carried by the browser. It is neither read nor believed here."""
    if call.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise DeadEnd(Page.CLOSED)
    form = _once(call.body.decode("utf-8", "replace"), longest=LONGEST_ENCODED)
    message, state = form.get("SAMLResponse", ""), form.get("RelayState", "")
    if not message or not state or len(state) > _LONGEST:
        raise DeadEnd(Page.CLOSED)
    given = Answer(call.parameters["provider"], {"state": state})
    return Write(lambda parked: _onward(call, state, parked=parked), upstream.park, world, given, message)


def _onward(call: Call, state: str, *, parked: bool) -> Reply:
    # A state that was ours once may tell its browser what became of its way: the cookie comes with the GET alone.
    if not parked and not _OURS.fullmatch(state):
        raise DeadEnd(Page.CLOSED)
    return see_other(f"{call.path}?{urlencode({'state': state})}")


def _hear(world: World, who: Browser, flow_id: str, given: Answer) -> DeadEnd | None:
    try:
        upstream.hear(world, who, flow_id, given)
    except NotHere:
        return DeadEnd(Page.CLOSED)
    except DeadEnd as end:
        world.database.write(sign_in_log.not_proved, world, who, flow_id, end.page)
        return end
    return None


def _once(query: str, *, longest: int = _LONGEST) -> dict[str, str]:
    """Each parameter once: repeated or oversized ones belong to no honest answer (RFC 6749 3.1)."""
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=32) if query.count("&") < 32 else []
    values = dict(pairs)
    if len(values) != len(pairs) or any(len(value) > longest for value in values.values()):
        raise DeadEnd(Page.CLOSED)
    return values
