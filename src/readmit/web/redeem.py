"""The pages of a browser's way: every step returns to the dispatcher, which shows what the flow waits for.

`GET /redeem?rd=…` puts the link's ticket into a cookie of this browser and goes to a clean URL; nothing is burnt and
nothing written until a button is pressed (lifecycle L23, security L3).
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs

from readmit.domain.errors import DeadEnd, Page
from readmit.domain.redemption import Step as Waiting
from readmit.flows import links, upstream
from readmit.flows.browsers import Browser
from readmit.flows.look import View, look
from readmit.flows.open_flow import begun
from readmit.flows.world import World
from readmit.web import flow_pages, flow_posts, pages
from readmit.web.arrive import see_other
from readmit.web.call import Apart, Call, Reply, Step, Write
from readmit.web.cookies import browser, flow_cookie, same_origin, seed_csrf, set_flow
from readmit.web.dead_ends import Forged
from readmit.web.languages import language_of
from readmit.web.oidc import device
from readmit.web.sign_in import OWN_PAGES

_LONGEST_TICKET = 64
_TOKEN = 43
"""Characters of a flow's form token: 256 bits in base64url."""


def open_link(world: World, call: Call) -> Step:
    """`/redeem?rd=` or the URL inside it: a new flow of this browser on a clean URL."""
    ticket = _ticket(call)
    flow_id, secret = world.new_id(), world.new_secret()
    reply = see_other(f"/redeem/{flow_id}")
    return reply.with_headers(*set_flow(world, call, flow_id, secret, f"t:{ticket}"))


def _ticket(call: Call) -> str:
    values = call.query_values()
    inner = values.get("rd")
    if inner is not None:
        # The link may come back from a mail program in any shape; of it only what stands behind `ticket=` counts.
        values = {name: found[0] for name, found in parse_qs(inner.partition("?")[2].partition("#")[0]).items()}
    ticket = values.get("ticket", "")
    plain = ticket.isascii() and ticket.replace("-", "").replace("_", "").isalnum()
    return ticket if plain and len(ticket) <= _LONGEST_TICKET else "none"


def show(world: World, call: Call) -> Step:
    """GET of a flow's URL: the page it is at."""
    flow_id = call.parameters["flow"]
    cookie = flow_cookie(world, call, flow_id)
    if cookie is None:
        raise DeadEnd(Page.CLOSED)
    secret, seed = cookie
    view = _view(world, call, secret, flow_id)
    if view is None:
        return _unstarted(world, call, secret, seed)
    if view.step is Waiting.PROVIDER and view.provider is not None:
        return Apart(
            lambda origin: flow_pages.show(world, call, view, provider_origin=origin),
            upstream.origin,
            world,
            view.provider,
        )
    return flow_pages.show(world, call, view)


def _view(world: World, call: Call, secret: str, flow_id: str) -> View | None:
    """The flow in its row, or None while it is a cookie only."""
    who = browser(world, call, secret)
    if not world.database.read(begun, who, flow_id):
        return None
    return world.database.read(look, world, who, flow_id)


def _unstarted(world: World, call: Call, secret: str, seed: str) -> Reply:
    kind, _, value = seed.partition(":")
    if kind == "t":
        opened = world.database.read(links.open_link, world, value)
        return flow_pages.invitation(world, call, opened, csrf=seed_csrf(world, secret))
    if kind == device.SEED:
        return device.show(call, secret, world)
    if kind in OWN_PAGES:
        return flow_pages.own_address(world, call, OWN_PAGES[kind], value, csrf=seed_csrf(world, secret))
    raise DeadEnd(Page.CLOSED)


def post(world: World, call: Call) -> Step:
    """POST to a flow's URL: what it means follows from the step in the database, never from the form (T42)."""
    flow_id = call.parameters["flow"]
    cookie = flow_cookie(world, call, flow_id)
    if cookie is None:
        raise DeadEnd(Page.CLOSED)
    secret, seed = cookie
    form = call.form()
    who = browser(world, call, secret)
    if not world.database.read(begun, who, flow_id):
        if same_origin(call) and _was_a_flows(form, seed_csrf(world, secret)):
            raise _ended(world, seed)
        _check_form(call, seed_csrf(world, secret), form)
        return _begin(world, call, who, flow_id, seed, form)
    view = world.database.read(look, world, who, flow_id)
    _check_form(call, view.flow.csrf, form)
    return flow_posts.act(world, call, who, view, form)


def _was_a_flows(form: dict[str, str], seeded: str) -> bool:
    """A form of a page whose flow is over: its token went with the flow, and is none of the cookie's own."""
    given = form.get("csrf", "")
    return len(given) == _TOKEN and not hmac.compare_digest(given.encode(), seeded.encode())


def _ended(world: World, seed: str) -> DeadEnd:
    """What became of the way: a reset or re-invite made its link an old one (P2), else its time is over (P14)."""
    kind, _, value = seed.partition(":")
    if kind == "t":
        try:
            world.database.read(links.open_link, world, value)
        except DeadEnd as end:
            return end
    return DeadEnd(Page.CLOSED)


def _check_form(call: Call, expected: str, form: dict[str, str]) -> None:
    """Our own form, from our own page, in this browser (security N4, N6)."""
    if not same_origin(call) or not hmac.compare_digest(expected.encode(), form.get("csrf", "").encode()):
        raise Forged


def _begin(world: World, call: Call, who: Browser, flow_id: str, seed: str, form: dict[str, str]) -> Step:
    kind, _, value = seed.partition(":")
    if kind == "t" and form.get("use") == "mail":
        return Write(lambda _: _mailed(world, call), links.mail_current, world, value)
    if kind == "t":
        return Write(lambda _: see_other(call.path), links.start, world, who, flow_id=flow_id, ticket=value)
    if kind == device.SEED:
        return device.enter(world, call, who, flow_id, form)
    if kind in OWN_PAGES:
        target = OWN_PAGES[kind]
        return flow_posts.begin_own(world, call, who, flow_id, target=target, tenant_id=value, form=form)
    raise DeadEnd(Page.CLOSED)


def _mailed(world: World, call: Call) -> Reply:
    """The same answer whatever happened (security L5)."""
    world.wake_mailer()
    return pages.page(call, "mailed", language_of(call))
