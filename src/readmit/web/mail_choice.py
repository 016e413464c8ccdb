"""`/unsubscribe`: whether a mailbox wants an organisation's invitations; asked for by code, without a sign-in (L39)."""

from __future__ import annotations

import hmac
from typing import Any, Final

from readmit.domain.address import EmailAddress, InvalidAddress
from readmit.domain.errors import DeadEnd, Page
from readmit.flows import codes, mail_choice
from readmit.flows.browsers import Browser
from readmit.flows.mail_choice import Stage, View
from readmit.flows.world import World
from readmit.locale.catalogue import catalogue, format_time
from readmit.storage import queries_tenants
from readmit.web import pages
from readmit.web.arrive import see_other
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.cookies import browser, clear_flow, flow_cookie, same_origin, seed_csrf, set_flow
from readmit.web.dead_ends import Forged
from readmit.web.http import Refusal
from readmit.web.languages import language_of

PATH: Final = "/unsubscribe"
_SEED: Final = "u"
Form = dict[str, str]


def open_choice(world: World, call: Call) -> Step:
    """GET /unsubscribe?tenantId=…: a new way of this browser on a URL of its own; nothing is written."""
    tenant = world.database.read(queries_tenants.named, call.query_values().get("tenantId", ""))
    if tenant is None:
        raise Refusal(404)
    flow_id, secret = world.new_id(), world.new_secret()
    reply = see_other(f"{PATH}/{flow_id}")
    return reply.with_headers(*set_flow(world, call, flow_id, secret, f"{_SEED}:{tenant.id}"))


def show(world: World, call: Call) -> Step:
    """GET of the way's URL: the page it is at."""
    flow_id, who, tenant_id = _mine(world, call)
    if _begun(world, who, flow_id):
        return _page(world, call, world.database.read(mail_choice.look, world, who, flow_id))
    return _address_page(world, call, who, tenant_id)


def post(world: World, call: Call) -> Step:
    """POST to it: what it means follows from the stage in the database (security N6)."""
    flow_id, who, tenant_id = _mine(world, call)
    form = call.form()
    if not _begun(world, who, flow_id):
        _check(call, seed_csrf(world, who.flow_secret), form)
        return _begin(world, call, who, tenant_id, form)
    view = world.database.read(mail_choice.look, world, who, flow_id)
    _check(call, view.flow.csrf, form)
    if view.stage is Stage.CHOICE:
        return _choose(world, call, who, view, form)
    if view.stage is Stage.REQUEST_CODE or form.get("use") == "resend":
        return _send_code(world, call, who, view)
    return _enter_code(world, call, who, view, form)


def _mine(world: World, call: Call) -> tuple[str, Browser, str]:
    """(flow id, browser, tenant id) of a way that this browser has, or P14."""
    flow_id = call.parameters["flow"]
    secret, seed = flow_cookie(world, call, flow_id) or ("", "")
    kind, _, tenant_id = seed.partition(":")
    if kind != _SEED:
        raise DeadEnd(Page.CLOSED)
    return flow_id, browser(world, call, secret), tenant_id


def _begun(world: World, who: Browser, flow_id: str) -> bool:
    return world.database.read(mail_choice.begun, who, flow_id)


def _check(call: Call, expected: str, form: Form) -> None:
    if not same_origin(call) or not hmac.compare_digest(expected.encode(), form.get("csrf", "").encode()):
        raise Forged


# ------------------------------------------------------------------------- forms


def _begin(world: World, call: Call, who: Browser, tenant_id: str, form: Form) -> Step:
    try:
        typed = EmailAddress.parse(form.get("address", "").strip())
    except InvalidAddress:
        text = catalogue(language_of(call), "pages").gettext("Enter an address such as name@example.com.")
        return _address_page(world, call, who, tenant_id, error=text)
    named: dict[str, Any] = {"flow_id": call.parameters["flow"], "tenant_id": tenant_id, "typed": typed}
    return Write(lambda _: see_other(call.path), mail_choice.start, world, who, **named)


def _send_code(world: World, call: Call, who: Browser, view: View) -> Step:
    def render(asked: codes.Asked) -> Step:
        world.wake_mailer()
        if asked.wait is None:
            return see_other(call.path)
        message = "A code was mailed already. A new one can be sent at %(time)s."
        return _again(world, call, view, message, status=429, time=asked.wait)

    return Write(render, codes.request_code, world, who, view.flow.id)


def _enter_code(world: World, call: Call, who: Browser, view: View, form: Form) -> Step:
    def render(entered: codes.Entered) -> Step:
        if entered.right:
            return see_other(call.path)
        if entered.locked is None:
            message = (
                "The code is wrong or too old. After five wrong tries a code no longer works: have a new one sent."
            )
            return _again(world, call, view, message)
        world.wake_mailer()  # the lock has a notice (security C5)
        return _again(
            world, call, view, "Too many wrong codes. Try again at %(time)s.", status=429, time=entered.locked
        )

    return Write(render, codes.enter_code, world, who, view.flow.id, form.get("code", ""))


def _choose(world: World, call: Call, who: Browser, view: View, form: Form) -> Step:
    """`block` or `allow`; a form with neither changes nothing."""
    choice = form.get("choice")
    if choice not in ("block", "allow"):
        return _page(world, call, view)

    def render(chosen: View) -> Reply:
        return _page(world, call, chosen, done=True).with_headers(clear_flow(world, view.flow.id))

    return Write(render, mail_choice.choose, world, who, view.flow.id, block=choice == "block")


# ------------------------------------------------------------------------- pages


def _address_page(world: World, call: Call, who: Browser, tenant_id: str, *, error: str | None = None) -> Reply:
    tenant = world.database.read(queries_tenants.named, tenant_id)
    if tenant is None:
        raise DeadEnd(Page.CLOSED)
    return pages.page(
        call,
        "mail_address",
        language_of(call, tenant=tenant.preferred_language),
        status=400 if error else 200,
        organisation=tenant.display_name,
        action=call.path,
        csrf=seed_csrf(world, who.flow_secret),
        error=error,
    )


def _again(world: World, call: Call, view: View, message: str, *, status: int = 400, time: Any = None) -> Reply:
    language = _language(call, view)
    text = catalogue(language, "pages").gettext(message)
    shown = text % {"time": format_time(time, language)} if time is not None else text
    return _page(world, call, view, error=shown, status=status)


def _language(call: Call, view: View) -> str:
    return language_of(call, view.flow.language, tenant=view.tenant.preferred_language)


def _page(
    world: World, call: Call, view: View, *, error: str | None = None, status: int = 200, done: bool = False
) -> Reply:
    address = view.address.given
    contents: dict[Stage, tuple[str, dict[str, Any]]] = {
        Stage.REQUEST_CODE: ("code_request", {"masked_address": address, "other": False, "passkey": False}),
        Stage.ENTER_CODE: (
            "code_entry",
            {"masked_address": address, "minutes": view.tenant.settings.passcodeMinutes, "passkey": False},
        ),
        Stage.CHOICE: ("mail_choice", {"address": address, "blocked": view.blocked, "done": done}),
    }
    name, context = contents[view.stage]
    return pages.page(
        call,
        name,
        _language(call, view),
        status=status,
        organisation=view.tenant.display_name,
        action=call.path,
        csrf=view.flow.csrf,
        error=error,
        **context,
    )
