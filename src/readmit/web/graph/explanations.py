"""`GET /readmit/v1/users/{id}/signInExplanation`: why this guest cannot sign in, and what mends it (graph G47)."""

from __future__ import annotations

from typing import Any

from readmit.domain.directory import check_access
from readmit.domain.explanation.facts import Try
from readmit.flows import explain
from readmit.flows.explain import Explained
from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call, Reply, Step, Work
from readmit.web.graph import rights
from readmit.web.graph.operations import caller_of
from readmit.web.graph.render import graph_reply
from readmit.web.graph.times import stamp


def explanation(world: World, call: Call) -> Step:
    """`{id}` is an id, a UPN or an address. The logs speak in it, so that it takes the right to read them as well."""
    caller, who = caller_of(call), call.parameters["id"]
    tenant = world.database.read(queries.tenant, caller.tenant_id)
    check_access(caller, rights.READ_LOGS, tenant.settings if tenant is not None else None)

    def render(found: Explained) -> Reply:
        return graph_reply(call, 200, _body(who, found))

    return Work(render, world.database.read, explain.explain, world, caller.tenant_id, who)


def _body(who: str, found: Explained) -> dict[str, Any]:
    return {
        "asked": who,
        "user": _user(found),
        "blocked": any(finding.blocks for finding in found.findings),
        "findings": [
            {"code": one.code, "blocks": one.blocks, "sentence": one.sentence, "command": one.command}
            for one in found.findings
        ],
        "lastSuccess": _attempt(found.facts.success),
        "lastRefusal": _attempt(found.facts.refusal),
    }


def _user(found: Explained) -> dict[str, Any] | None:
    user = found.user
    if user is None:
        return None
    return {
        "id": user.id,
        "userPrincipalName": user.upn,
        "displayName": user.display_name,
        "mail": user.mail.given if user.mail is not None else None,
        "externalUserState": user.redemption_state,
        "accountEnabled": user.enabled,
        "deletedDateTime": stamp(user.deleted),
    }


def _attempt(one: Try | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "dateTime": stamp(one.at),
        "errorCode": one.number,
        "page": one.page,
        "appDisplayName": one.application,
        "identityProvider": one.issuer,
    }
