"""What a form of a browser's way does, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, assert_never

from readmit.domain.address import EmailAddress, InvalidAddress
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.redemption import Step as Waiting
from readmit.domain.redemption import Target, ToLeave
from readmit.domain.tenant import Tenant
from readmit.flows import codes, methods, prove, sign_in, sign_in_log, upstream
from readmit.flows.browsers import Browser
from readmit.flows.look import View
from readmit.flows.prove import Answer, Proved
from readmit.flows.world import World
from readmit.locale.catalogue import catalogue, format_time
from readmit.proofs.passwords import MAXIMUM, MINIMUM
from readmit.storage import queries_tenants
from readmit.web import flow_pages, passkey_posts
from readmit.web.account import leave
from readmit.web.arrive import see_other
from readmit.web.call import Apart, Call, Reply, Step, Write
from readmit.web.dead_ends import failure
from readmit.web.flow_pages import language_of_flow
from readmit.web.languages import language_of
from readmit.web.onward import Form, after_proof, decision

_PROVING: Final = (
    Waiting.PASSWORD,
    Waiting.PROVIDER,
    Waiting.REQUEST_CODE,
    Waiting.ENTER_CODE,
    Waiting.PASSKEY,
)


def act(world: World, call: Call, who: Browser, view: View, form: Form) -> Step:
    """Take the step that the flow waits for; the form's other fields mean nothing."""
    flow_id, use = view.flow.id, form.get("use", "")
    if view.one_time:
        return _new_password(world, call, who, view, form)
    if use == "again":
        # The page of the step, whose policy lets its form end at the provider (security H5).
        return see_other(call.path)
    if use == "other" and view.step in _PROVING and not view.proved:
        return Write(lambda _: see_other(call.path), methods.use_other_account, world, who, flow_id)
    if use == "code" and view.step in (Waiting.PASSWORD, Waiting.PROVIDER):
        return Write(lambda _: see_other(call.path), methods.use_code, world, who, flow_id)
    if use == "passkey" and view.step in (Waiting.REQUEST_CODE, Waiting.ENTER_CODE):
        return passkey_posts.begin(world, call, who, view)
    match view.step:
        case Waiting.ADDRESS:
            return _address(world, call, who, view, form)
        case Waiting.PASSWORD:
            return _password(world, call, who, view, form)
        case Waiting.PROVIDER:
            return _provider(world, call, who, view)
        case Waiting.REQUEST_CODE:
            return _send_code(world, call, who, view)
        case Waiting.ENTER_CODE:
            return _send_code(world, call, who, view) if use == "resend" else _code(world, call, who, view, form)
        case Waiting.PASSKEY:
            return passkey_posts.use(world, call, who, view, form)
        case Waiting.ADD_PASSKEY:
            return passkey_posts.add(world, call, who, view, form)
        case Waiting.FINISH if isinstance(view.flow.target, ToLeave):
            return leave.decide(world, call, who, view, form.get("decision"))
        case Waiting.CONSENT | Waiting.APP_CONSENT | Waiting.FINISH:
            return decision(world, call, who, view, form)
        case _:
            assert_never(view.step)


def _text(world: World, call: Call, view: View) -> Callable[[str], str]:
    language = language_of_flow(call, view.flow, view.tenant.preferred_language)
    return catalogue(language, "pages").gettext


def _again(world: World, call: Call, view: View, message: str, status: int = 400) -> Reply:
    """The same page with what was wrong; what was typed elsewhere is kept by the flow."""
    return flow_pages.show(world, call, view, error=_text(world, call, view)(message), status=status)


# ----------------------------------------------------------------------- address


def _address(world: World, call: Call, who: Browser, view: View, form: Form) -> Step:
    try:
        typed = EmailAddress.parse(form.get("address", "").strip())
    except InvalidAddress:
        return _again(world, call, view, "Enter an address such as name@example.com.")
    return Write(lambda _: see_other(call.path), methods.type_address, world, who, view.flow.id, typed)


def begin_own(
    world: World, call: Call, who: Browser, flow_id: str, *, target: Target, tenant_id: str, form: Form
) -> Step:
    """To a page of one's own: the address decides the organisation where the link does not name one."""
    text = catalogue(language_of(call), "pages").gettext
    csrf = form.get("csrf", "")
    try:
        typed = EmailAddress.parse(form.get("address", "").strip())
    except InvalidAddress:
        message = text("Enter an address such as name@example.com.")
        return flow_pages.own_address(world, call, target, tenant_id, csrf=csrf, error=message)
    tenant = _tenant(world, tenant_id, typed)
    if tenant is None:
        message = text("Several organisations are here. Open My Apps with the link that your organisation gave you.")
        return flow_pages.own_address(world, call, target, tenant_id, csrf=csrf, error=message)
    return Write(
        lambda _: see_other(call.path),
        sign_in.start,
        world,
        who,
        flow_id=flow_id,
        tenant=tenant,
        target=target,
        typed=typed,
    )


def _tenant(world: World, tenant_id: str, typed: EmailAddress) -> Tenant | None:
    read = world.database.read
    if tenant_id:
        return read(queries_tenants.named, tenant_id)
    return read(queries_tenants.named, typed.domain) or read(queries_tenants.only)


# ------------------------------------------------------------------------ proofs


def _password(world: World, call: Call, who: Browser, view: View, form: Form) -> Step:
    if view.account is not None and form.get("use") == "this":
        return Write(_proved(world, call, who, view), prove.prove_by_session, world, who, view.flow.id)
    given = form.get("password", "")
    if not given:
        return _again(world, call, view, "Enter your password.")
    return Apart(_proved(world, call, who, view), prove.prove_by_password, world, who, view.flow.id, given)


def _provider(world: World, call: Call, who: Browser, view: View) -> Step:
    """Off to the provider; a dead end keeps its buttons."""

    def render(result: str | DeadEnd) -> Step:
        if isinstance(result, DeadEnd):
            result.details.setdefault("org", view.tenant.display_name)
            return failure(world, call, result)
        return see_other(result)

    return Apart(render, _asked, world, who, view.flow.id)


def _asked(world: World, who: Browser, flow_id: str) -> str | DeadEnd:
    try:
        return upstream.ask(world, who, flow_id)
    except DeadEnd as end:
        if end.page is Page.PROVIDER_DOWN:
            world.database.write(sign_in_log.not_proved, world, who, flow_id, end.page)
        return end


def _proved(world: World, call: Call, who: Browser, view: View) -> Callable[[Proved], Step]:
    def render(proved: Proved) -> Step:
        if proved.answer is Answer.WRONG:
            return _again(world, call, view, "Address or password are not right.")
        return after_proof(world, call, _with_session(who, proved.session_token), view, proved.session_token)

    return render


def _with_session(who: Browser, token: str | None) -> Browser:
    return who if token is None else Browser(token, who.ip, who.flow_secret, who.user_agent)


def _new_password(world: World, call: Call, who: Browser, view: View, form: Form) -> Step:
    first, second = form.get("new_password", ""), form.get("repeat_password", "")
    if not MINIMUM <= len(first) <= MAXIMUM:
        return _again(world, call, view, "A password has 8 to 128 characters.")
    if first != second:
        return _again(world, call, view, "The two passwords differ.")
    if view.flow.address is not None and first.lower() == view.flow.address.given.lower():
        return _again(world, call, view, "The password must not be your address.")
    return Apart(_proved(world, call, who, view), prove.replace_one_time_password, world, who, view.flow.id, first)


def _send_code(world: World, call: Call, who: Browser, view: View) -> Step:
    def render(asked: codes.Asked) -> Step:
        world.wake_mailer()
        if asked.wait is None:
            return see_other(call.path)
        language = language_of_flow(call, view.flow, view.tenant.preferred_language)
        message = catalogue(language, "pages").gettext("A code was mailed already. A new one can be sent at %(time)s.")
        text = message % {"time": format_time(asked.wait, language)}
        return flow_pages.show(world, call, view, error=text, status=429)

    return Write(render, codes.request_code, world, who, view.flow.id)


def _code(world: World, call: Call, who: Browser, view: View, form: Form) -> Step:
    def render(entered: codes.Entered) -> Step:
        if entered.right:
            return passkey_posts.after_code(world, call, who, view, form)
        if entered.locked is None:
            return _again(
                world,
                call,
                view,
                "The code is wrong or too old. After five wrong tries a code no longer works: have a new one sent.",
            )
        world.wake_mailer()  # the lock has a notice (security C5)
        language = language_of_flow(call, view.flow, view.tenant.preferred_language)
        message = catalogue(language, "pages").gettext("Too many wrong codes. Try again at %(time)s.")
        text = message % {"time": format_time(entered.locked, language)}
        return flow_pages.show(world, call, view, error=text, status=429)

    return Write(render, codes.enter_code, world, who, view.flow.id, form.get("code", ""))
