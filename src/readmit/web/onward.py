"""What follows a proof or a decision in a browser's way: the next page, a dead end, or the arrival."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from readmit.domain.errors import DeadEnd, Page, TokenRefused
from readmit.domain.redemption import Step as Waiting
from readmit.domain.redemption import ToApplication
from readmit.flows import redeem
from readmit.flows.arrive import Arrived, consent_to_application
from readmit.flows.browsers import Browser
from readmit.flows.look import View
from readmit.flows.proceed import proceed
from readmit.flows.refuse import decline, refuse
from readmit.flows.world import World
from readmit.web import pages
from readmit.web.arrive import arrived, see_other
from readmit.web.call import Call, Reply, Step, Work, Write
from readmit.web.cookies import clear_flow, set_session
from readmit.web.dead_ends import failure
from readmit.web.flow_pages import language_of_flow
from readmit.web.oidc.responses import authorization_response, error_fields

Form = dict[str, str]
Header = tuple[str, str]


def after_proof(
    world: World, call: Call, who: Browser, view: View, token: str | None = None, *, kept: Header | None = None
) -> Step:
    """After a proof; a dead end takes the proof back and is told (lifecycle S8). `kept`: a further cookie."""
    further = (kept,) if kept else ()
    return Work(
        lambda result: _onward(world, call, view, result, token, further),
        _or_refuse,
        world,
        who,
        view.flow.id,
        proceed,
    )


def _or_refuse(world: World, who: Browser, flow_id: str, flow: Callable[..., Any]) -> Any:
    try:
        return world.database.write(flow, world, who, flow_id)
    except DeadEnd as end:
        world.database.write(refuse, world, who, flow_id, end.page)
        return end


def _onward(
    world: World, call: Call, view: View, result: Any, token: str | None = None, kept: tuple[Header, ...] = ()
) -> Step:
    cookies = ((set_session(world, token),) if token else ()) + kept
    if isinstance(result, DeadEnd):
        result.details.setdefault("org", view.tenant.display_name)
        return failure(world, call, result).with_headers(*cookies)
    if isinstance(result, Arrived):
        return arrived(world, call, result, view.flow.id).with_headers(*kept)
    return see_other(call.path).with_headers(*cookies)


def decision(world: World, call: Call, who: Browser, view: View, form: Form) -> Step:
    """Accept or Cancel of a consent page."""
    said = form.get("decision")
    if said == "cancel":
        return Write(lambda _: declined(world, call, view), decline, world, who, view.flow.id)
    if said != "accept":
        return see_other(call.path)
    flow = redeem.accept if view.step is Waiting.CONSENT else consent_to_application
    if view.step is Waiting.FINISH:
        flow = proceed
    return Work(lambda result: _onward(world, call, view, result), _or_refuse, world, who, view.flow.id, flow)


def declined(world: World, call: Call, view: View) -> Reply:
    """Cancel: an application hears `access_denied`, a link's page says that nothing was shared (L6, P12)."""
    language = language_of_flow(call, view.flow, view.tenant.preferred_language)
    if isinstance(view.flow.target, ToApplication) and view.flow.target.request.device is not None:
        shown = pages.page(call, "device_done", language, accepted=False)
        return shown.with_headers(clear_flow(world, view.flow.id))
    if isinstance(view.flow.target, ToApplication):
        error = TokenRefused("access_denied", 65004, "User declined to consent to access the app.")
        fields = error_fields(world, call, error)
        reply = authorization_response(view.flow.target.request, fields, language)
        return reply.with_headers(clear_flow(world, view.flow.id))
    return pages.dead_end(world, call, Page.DECLINED, language, org=view.tenant.display_name)
