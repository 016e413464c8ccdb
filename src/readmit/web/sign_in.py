"""Where a sign-in begins: an application's request, or My Apps."""

from __future__ import annotations

from typing import Final

from readmit.domain.errors import DeadEnd, Page, TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.redemption import Flow, Target, ToAccount, ToMyApps
from readmit.domain.tenant import Tenant
from readmit.flows import sign_in
from readmit.flows.authorize import Response
from readmit.flows.world import World
from readmit.storage import queries_tenants
from readmit.web.arrive import see_other
from readmit.web.call import Call, Reply, Step, Write
from readmit.web.cookies import browser, set_flow
from readmit.web.languages import language_of
from readmit.web.oidc.responses import authorization_response, error_fields


def begin(world: World, call: Call, tenant: Tenant, request: AuthorizeRequest) -> Step:
    """A code at once where the browser is signed in and consent is given, else the pages that get there."""
    flow_id, secret = world.new_id(), world.new_secret()
    language = language_of(call, request.ui_locales)

    def render(result: Response | Flow | TokenRefused | DeadEnd) -> Reply:
        if isinstance(result, DeadEnd):
            raise result
        if isinstance(result, TokenRefused) and request.device is not None:
            raise DeadEnd(Page.CLOSED, org=tenant.display_name)
        if isinstance(result, TokenRefused):
            return authorization_response(request, error_fields(world, call, result), language)
        if isinstance(result, Response):
            return authorization_response(request, result.fields(), language)
        return see_other(f"/signin/{flow_id}").with_headers(*set_flow(world, call, flow_id, secret, ""))

    who = browser(world, call, secret)
    return Write(render, _begin, world, who, flow_id=flow_id, tenant=tenant, request=request)


def _begin(tx: object, *arguments: object, **named: object) -> Response | Flow | TokenRefused | DeadEnd:
    """A refusal for the application is an answer to it, not a page of ours; what is noted of it is committed."""
    try:
        return sign_in.begin_authorize(tx, *arguments, **named)  # type: ignore[arg-type]
    except (TokenRefused, DeadEnd) as error:
        return error


def hinted_tenant(world: World, values: dict[str, str]) -> Tenant | None:
    """`common` and `organizations`: the tenant that verified the domain of a hint, or the only one there is."""
    hint = values.get("domain_hint") or values.get("login_hint", "").rpartition("@")[2]
    found = world.database.read(queries_tenants.named, hint) if hint else None
    return found or world.database.read(queries_tenants.only)


def tenant_of_hint(world: World, values: dict[str, str], word: str) -> Tenant:
    """The same where nobody can be asked; raises TE1 with the word that was given for a tenant."""
    found = hinted_tenant(world, values)
    if found is None:
        raise TokenRefused("invalid_request", 90002, f"Tenant '{word}' not found.")
    return found


OWN_PAGES: Final[dict[str, Target]] = {"m": ToMyApps(), "a": ToAccount(), "l": ToAccount("leave")}
"""Pages of a person's own, by the kind of seed that a flow to them starts from."""


def begin_own(world: World, call: Call, kind: str, tenant_id: str) -> Reply:
    """My Apps or the account without a session: a flow that is a cookie only until its first button."""
    flow_id, secret = world.new_id(), world.new_secret()
    reply = see_other(f"/signin/{flow_id}")
    return reply.with_headers(*set_flow(world, call, flow_id, secret, f"{kind}:{tenant_id}"))
