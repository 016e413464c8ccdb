"""The async code of the request path, with `bodies` and `threads`: request → Call → door → answer, with limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

import structlog
from msgspec.structs import replace

from readmit.domain.errors import Denied, ReadmitError, Unavailable
from readmit.flows.world import World
from readmit.web import compression, cors, wire
from readmit.web.bodies import Bodies, Receive
from readmit.web.call import Call, Calls, Reply, Step, Work, Write
from readmit.web.origins import Origins
from readmit.web.threads import Threads

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Door = Callable[[World, Call], Step]

_HEADER_LIMIT = 32 * 1024
_URL_LIMIT = 8 * 1024
_IN_WORK = 64
_REQUEST_SECONDS = 30
_FURTHER = {408: (("connection", "close"),), 503: (("retry-after", "1"),)}
_EVERY_ANSWER = ((b"x-content-type-options", b"nosniff"),)
_log = structlog.get_logger("readmit.http")


class Handler(Protocol):
    """One surface (Graph, token service, pages): finds the door and puts failures into its own form."""

    def find(self, world: World, call: Call) -> tuple[Door, Call]:
        """The door for a call, with its path parameters and verified caller; may raise ReadmitError."""
        ...

    def failure(self, world: World, call: Call, error: Exception) -> Reply:
        """The answer to an error, in this surface's form."""
        ...

    def shares(self, path: str) -> bool:
        """Whether scripts of registered single-page applications may read what this path answers (graph G11)."""
        ...

    def aftermath(self, world: World, call: Call, error: ReadmitError) -> Write | None:
        """What is written about a refusal, in a transaction of its own (lifecycle L49)."""
        ...


class Front:
    """The ASGI application: limits (reliability section 7), hosts (security H1), then the surface that has the path."""

    def __init__(self, world: World, surfaces: Callable[[str], Handler], origins: Origins) -> None:
        self._world = world
        self._surfaces = surfaces
        self._origins = origins
        self._in_work = 0
        self._bodies = Bodies()
        self._threads = Threads(world.database.read)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await _send(send, scope, await self._answer(scope, receive))

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        headers, size, twice = wire.headers_of(scope)
        if size > _HEADER_LIMIT:
            return self._refuse(scope, 431)
        if len(scope["raw_path"]) + len(scope["query_string"]) > _URL_LIMIT:
            return self._refuse(scope, 414)
        origin = None if twice else self._origins.addressed(scope, headers)
        if origin is None:
            return self._refuse(scope, 400 if twice else 421)
        client_ip = self._origins.client(scope, headers)
        if client_ip is None or not wire.readable(scope["raw_path"]) or not wire.readable(scope["query_string"]):
            return self._refuse(scope, 400)
        body = await self._bodies.of(receive, scope["path"], headers)
        if not isinstance(body, bytes):
            return self._refuse(scope, body, _FURTHER.get(body, ()))
        if self._in_work >= _IN_WORK:
            return self._refuse(scope, 503, _FURTHER[503])
        call = Call(
            method=scope["method"],
            path=scope["raw_path"].decode("ascii").split("?", 1)[0],
            query=scope["query_string"].decode("ascii"),
            headers=headers,
            body=body,
            origin=origin,
            client_ip=client_ip,
            request_id=self._world.new_id(),
        )
        self._in_work += 1
        try:
            reply = await self._packed(call, await self._across(self._surfaces(call.path), call))
        finally:
            self._in_work -= 1
        if reply.status >= 400:
            _log.info("refused", request_id=call.request_id, method=call.method, status=reply.status)
        security = self._origins.transport_security(origin)
        return reply.with_headers(*security) if security else reply

    async def _across(self, handler: Handler, call: Call) -> Reply:
        """The answer, and for the script of a registered application also the leave to read it."""
        if "origin" not in call.headers or not handler.shares(call.path):
            return await self._through(handler, call)
        try:
            origin = cors.allowed(self._world, call)
        except Unavailable:
            origin = None
        if origin is None:
            return await self._through(handler, call)
        return cors.preflight(call, origin) or cors.readable(await self._through(handler, call), origin)

    async def _packed(self, call: Call, reply: Reply) -> Reply:
        if not compression.wanted(call, reply):
            return reply
        if len(reply.body) <= compression.INLINE:
            return compression.packed(reply)
        packed: Reply = await self._threads.call(lambda: compression.packed(reply))
        return packed

    async def _through(self, handler: Handler, call: Call) -> Reply:
        try:
            with self._world.database.snapshot():
                door, call = handler.find(self._world, call)
                step = door(self._world, call)
            if isinstance(step, Reply):
                return step
            async with asyncio.timeout(_REQUEST_SECONDS):
                while not isinstance(step, Reply):
                    step = await self._perform(step)
                return step
        except TimeoutError:
            return handler.failure(self._world, call, Unavailable())
        except ReadmitError as error:
            _tell(call, error)
            await self._record(handler, call, error)
            return handler.failure(self._world, call, error)
        except Exception as error:
            _log.exception("defect", request_id=call.request_id, method=call.method)
            return handler.failure(self._world, call, error)

    async def _alone(self, call: Call, error: ReadmitError | None) -> Reply:
        """One of several calls in a request: its own id, its own surface, its own failure."""
        call = replace(call, request_id=self._world.new_id())
        handler = self._surfaces(call.path)
        return handler.failure(self._world, call, error) if error is not None else await self._through(handler, call)

    async def _record(self, handler: Handler, call: Call, error: ReadmitError) -> None:
        """The refusal stands whether or not it can be written down."""
        step = handler.aftermath(self._world, call, error)
        if step is None:
            return
        try:
            await self._perform(step)
        except ReadmitError:
            _log.warning("a refusal was not recorded", request_id=call.request_id)

    async def _perform(self, step: Any) -> Step:
        loop = asyncio.get_running_loop()
        if isinstance(step, Work):
            done: Step = await self._threads.run(step)
            return done
        result: Any
        if isinstance(step, Calls):
            result = await asyncio.gather(*(self._alone(call, error) for call, error in step.calls))
        else:
            result = await self._world.database.write_soon(loop, step.flow, *step.arguments, **step.named)
        answer: Step = step.render(result)
        return answer

    def _refuse(self, scope: Scope, status: int, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        """An answer before the request became a Call: still in the form of the surface that has the path."""
        handler = self._surfaces(scope["path"])
        call = Call(
            method=scope["method"],
            path=scope["path"],
            query="",
            headers={},
            body=b"",
            origin=self._origins.public,
            client_ip="",
            request_id=self._world.new_id(),
        )
        reply = handler.failure(self._world, call, Refusal(status))
        return replace(reply, status=status).with_headers(*headers)

    def close(self) -> None:
        """Let running work end."""
        self._threads.close()


class Refusal(ReadmitError):
    """What the door-keeper refuses by a status of HTTP alone: 400, 408, 413, 414, 421, 431, 503."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


def _tell(call: Call, error: ReadmitError) -> None:
    """What the caller is not told and the operator has to know: the missing right, what ails the database."""
    if isinstance(error, Denied) and error.needs:
        _log.info("denied", request_id=call.request_id, needs=error.needs)
    elif isinstance(error, Unavailable) and error.__cause__ is not None:
        _log.error("unavailable", request_id=call.request_id, reason=str(error.__cause__))


async def _send(send: Send, scope: Scope, reply: Reply) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    headers.extend(_EVERY_ANSWER)
    if reply.status != 204:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})
