"""One process that answers: its World, its mailer, its HTTP server."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from readmit import app, certificates, data_folder
from readmit.cli import logs
from readmit.cli.credentials import write_credentials
from readmit.domain.errors import OperatorError
from readmit.flows import first_tenant, keys
from readmit.flows.world import World
from readmit.settings import Settings

_GRACE = 8
"""Seconds that running requests get (reliability SD1)."""
_TURN = 0.001
"""Seconds that a thread keeps the interpreter from another."""


def prepare(world: World) -> certificates.Certificates:
    """All that is there before anything answers: keys, the seed or a first tenant, certificate."""
    from urllib.parse import urlsplit

    from readmit.cli.seed import apply_file

    settings = world.settings
    keys.ensure(world)
    if settings.seed is not None:
        apply_file(world, settings.seed, force=False)
    world.database.write(first_tenant.ensure, world)
    public = urlsplit(settings.public_url).hostname or "localhost"
    listens = [] if settings.host in ("0.0.0.0", "::") else [settings.host]  # noqa: S104 - compared, not bound
    return certificates.ensure(settings.data, [public, *listens], world.now(), data_folder.write_secret)


def publish(world: World, made: certificates.Certificates) -> None:
    """Tell the commands beside it how to reach a server that listens."""
    settings = world.settings
    write_credentials(world, made.ca if settings.tls else None)
    record = {
        "url": settings.public_url,
        "port": settings.port,
        "host": settings.host,
        "tls": settings.tls,
        "pid": os.getpid(),
    }
    data_folder.write_record(settings.data, record)


def bind(settings: Settings) -> Any:
    """The server's address, taken before anything is written: a start that fails leaves no word of a server here.

    Nobody is answered, or kept waiting, before `listen`. Raises OperatorError where the address is taken.
    """
    import socket

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted connections inherit it: an answer of two packets else waits 40 ms for the peer's delayed acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise _unusable(settings, error) from error
    return listening


def listen(listening: Any, settings: Settings) -> None:
    """Let clients in."""
    try:
        listening.listen(2048)
    except OSError as error:  # somebody else was bound as well, and faster
        raise _unusable(settings, error) from error
    listening.setblocking(False)


def _unusable(settings: Settings, error: OSError) -> OperatorError:
    where = f"{settings.host}:{settings.port}"
    return OperatorError(
        f"The address {where} cannot be used ({error.strerror}); choose another one with --port or --host."
    )


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[World, app.Mailer]]:
    """A World and its mailer, not started yet."""
    mailer = app.Mailer()
    world = app.open_world(settings, wake_mailer=mailer.wake)
    try:
        yield world, mailer
    finally:
        world.database.close()


def answer(
    world: World,
    mailer: app.Mailer,
    listening: Any,
    certificate: Path | None,
    *,
    started: Callable[[], None],
    watch: Callable[[asyncio.AbstractEventLoop, Callable[[], None]], None] = lambda loop, stop: None,
) -> int:
    """Answer on `listening` until a signal, or until `watch` says stop; `started` is called once it does."""
    from readmit.cli.ending import Server

    logs.configure()
    front, notifier = app.application(world), app.Notifier()
    server = Server(_config(front, world.settings, certificate), mailer.finish, notifier.finish)
    with ExitStack() as ending:
        ending.callback(server.ended)
        ending.callback(front.close)
        mailer.start(world)
        ending.callback(mailer.stop)
        notifier.start(world)
        ending.callback(notifier.stop)
        # uvicorn ends by raising the signal anew: it has done its work by then, and the exit code is 0 (SD1).
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, server.handle_late)
        with_the_terminal(lambda *_: signal.raise_signal(signal.SIGTERM))
        _short_pauses()
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(server, world, listening, started, watch))
    return 0


def _config(front: Any, settings: Settings, certificate: Path | None) -> Any:
    import uvicorn

    from readmit.cli.timely import TimelyHttp

    return uvicorn.Config(
        front,
        http=TimelyHttp,
        host=settings.host,
        port=settings.port,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE,
        ssl_certfile=str(certificate) if certificate else None,
    )


def _short_pauses() -> None:
    # The loop asks for the interpreter back at every statement: a page of a thousand users on a worker's thread
    # would keep it for the default of 5 ms each time.
    sys.setswitchinterval(_TURN)
    # What is loaded by now stays: looking through it for garbage would stop every answer for some 40 ms.
    gc.collect()
    gc.freeze()


def with_the_terminal(end: Callable[..., object]) -> None:
    """A terminal that closes ends a server as SIGTERM does, and not in the middle of a mail; `nohup` keeps it."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, end)


def _loop_factory() -> Any:
    """uvloop where the platform has it."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(server: Any, world: World, listening: Any, started: Any, watch: Any) -> None:
    loop = asyncio.get_running_loop()
    watch(loop, lambda: setattr(server, "should_exit", True))
    announced = loop.create_task(_announce(server, started))
    world.database.attach(loop)
    try:
        await server.serve(sockets=[listening])
    finally:
        world.database.detach()
    announced.cancel()


async def _announce(server: Any, started: Callable[[], None]) -> None:
    while not server.started:
        await asyncio.sleep(0.01)
    started()
