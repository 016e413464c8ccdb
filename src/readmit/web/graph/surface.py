"""Microsoft Graph as one surface: route, token, door; and the headers of every answer (graph G14, G16)."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from readmit.domain.authentication import EMPTY, Unauthenticated
from readmit.domain.errors import ReadmitError
from readmit.domain.throttling import Windows
from readmit.flows import bearer
from readmit.flows.world import World
from readmit.web.call import Call, Calls, Reply, Step, Write
from readmit.web.graph import errors, invitations, own
from readmit.web.graph.routes import resolve
from readmit.web.graph.throttle import Throttle, TooManyRequests
from readmit.web.http import Door
from readmit.web.origins import origins_of

_DIAGNOSTIC = (
    '{"ServerInfo":{"DataCenter":"readmit","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"readmit"}}'
)
_UNIT = (("x-ms-resource-unit", "1"),)


class Graph:
    """`/v1.0`, `/beta` and readmit's own `/readmit/v1`: same tokens, same errors, same rights (graph G47)."""

    def __init__(self, windows: Windows) -> None:
        self._throttle = Throttle(windows)

    def find(self, world: World, call: Call) -> tuple[Door, Call]:
        ours = call.path.lower().startswith("/readmit/")
        operation, parameters = own.resolve(call) if ours else resolve(call.method, call.path)
        if operation.public:
            call = replace(call, parameters=parameters)
            return lambda world, call: self._with_headers(call, operation.door(world, call), _UNIT), call
        own_audience = origins_of(world.settings).is_graph
        caller = bearer.authenticate(world, token_of(call), own_audience, source=call.client_ip)
        call = replace(call, parameters=parameters, caller=caller)

        def door(world: World, call: Call) -> Step:
            told: list[tuple[str, str]] = []
            step = operation.door(world, call, lambda: told.extend(self._throttle.check(world, call, operation)))
            return self._with_headers(call, step, tuple(told))

        return door, call

    def failure(self, world: World, call: Call, error: Exception) -> Reply:
        return _headers(call, errors.failure(world, call, error), _UNIT)

    def shares(self, path: str) -> bool:
        return True

    def aftermath(self, world: World, call: Call, error: ReadmitError) -> Write | None:
        """A refused invitation of an authenticated caller is audited; what cannot be read is not (lifecycle L49)."""
        if isinstance(error, TooManyRequests):
            # What throttling refuses has no effect at all (graph G64): writing it down would be one.
            return None
        if call.caller is None or call.method != "POST" or not call.path.lower().rstrip("/").endswith("/invitations"):
            return None
        return invitations.refusal(world, call, error)

    def _with_headers(self, call: Call, step: Step, told: tuple[tuple[str, str], ...]) -> Step:
        """Headers go onto whatever the step ends in."""
        if isinstance(step, Reply):
            return _headers(call, step, told)
        render = step.render

        def rendered(result: Any) -> Step:
            return self._with_headers(call, render(result), told)

        if isinstance(step, Calls):
            return Calls(rendered, step.calls)
        if isinstance(step, Write):
            return Write(rendered, step.flow, *step.arguments, **step.named)
        return type(step)(rendered, step.function, *step.arguments, **step.named)


def token_of(call: Call) -> str:
    """The access token; scheme and name in any case (graph G11). A cookie opens nothing (security N5)."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated(EMPTY, "none")
    return token.strip()


def _headers(call: Call, reply: Reply, told: tuple[tuple[str, str], ...]) -> Reply:
    return reply.with_headers(
        ("request-id", call.request_id),
        ("client-request-id", errors.client_request_id(call)),
        ("x-ms-ags-diagnostic", _DIAGNOSTIC),
        *told,
        ("Cache-Control", "no-cache"),
        ("Vary", "Accept-Encoding"),
    )
