"""The composition root: Settings → World → surfaces. Only here are clock and randomness read. Start reading here."""

from __future__ import annotations

import base64
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from readmit import data_folder
from readmit.domain.throttling import OwnWindows, Windows
from readmit.flows import deliver, housekeeping, keys, leases, notify
from readmit.flows.webhooks import Webhooks
from readmit.flows.world import World
from readmit.proofs.fetch import Fetcher
from readmit.proofs.oidc import RelyingParty
from readmit.proofs.passwords import Passwords, Secrets
from readmit.settings import Settings
from readmit.storage import keys as sealed_keys
from readmit.storage import schema
from readmit.storage.database import Database
from readmit.storage.windows import SharedWindows
from readmit.tokens import Keyring
from readmit.web.graph.surface import Graph
from readmit.web.http import Front, Handler
from readmit.web.oidc.surface import TokenService
from readmit.web.origins import origins_of
from readmit.web.site import Site

_log = structlog.get_logger("readmit")


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class _Random(threading.local):
    """Bytes of the system's generator, fetched by the page: each fetch hands the interpreter to another thread."""

    def __init__(self) -> None:
        self._page = b""

    def take(self, count: int) -> bytes:
        """Bytes that nobody else gets."""
        if len(self._page) < count:
            self._page = secrets.token_bytes(4096)
        taken, self._page = self._page[:count], self._page[count:]
        return taken

    def forget(self) -> None:
        """After a fork parent and child must not share a page."""
        self._page = b""


_random = _Random()
os.register_at_fork(after_in_child=_random.forget)


def new_id() -> str:
    """A random version 4 UUID (RFC 9562); every request has one, and the class of `uuid` takes ten times as long."""
    digits = _random.take(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def new_secret() -> str:
    """256 random bits as 43 characters of base64url."""
    return base64.urlsafe_b64encode(_random.take(32)).rstrip(b"=").decode("ascii")


def open_world(settings: Settings, *, wake_mailer: Callable[[], None] = lambda: None) -> World:
    """Open the data folder and everything a flow may use; raises OperatorError in one sentence.

    Other processes may have the same folder open; only `serve` also locks it.
    """
    data_folder.open_folder(settings.data)
    data_folder.refuse_network(settings.data)
    data_folder.refuse_emptied(settings.data, settings.database_path)
    schema.upgrade(settings.database_path)
    settings.database_path.chmod(0o600)
    database = Database(settings.database_path)
    try:
        sealed = database.read(sealed_keys.any_sealed)
        keyring = Keyring(data_folder.master_key(settings.data, lambda: secrets.token_bytes(32), sealed=sealed))
    except BaseException:
        database.close()
        raise
    passwords = Passwords()
    world = World(
        settings=settings,
        database=database,
        keyring=keyring,
        passwords=passwords,
        secrets=Secrets(passwords),
        relying_party=RelyingParty(Fetcher(extra_ca=settings.extra_ca_certs)),
        webhooks=Webhooks(Fetcher(extra_ca=settings.extra_ca_certs)),
        now=now,
        new_id=new_id,
        new_secret=new_secret,
        wake_mailer=wake_mailer,
    )
    keyring.reload = lambda: keys.load(world)
    return world


@contextmanager
def opened(settings: Settings) -> Iterator[World]:
    """A World for a command beside a server."""
    world = open_world(settings)
    try:
        yield world
    finally:
        world.database.close()


def application(world: World) -> Front:
    """The ASGI application: which surface has which path."""
    graph, tokens, site = Graph(_windows(world.settings)), TokenService(), Site()

    def surface(path: str) -> Handler:
        first = path.split("/", 2)[1].lower() if path.startswith("/") else ""
        if first in ("v1.0", "beta", "readmit"):
            return graph
        if path.startswith("//") and path.lstrip("/").split("/", 1)[0].lower() in ("v1.0", "beta"):
            return graph
        return tokens if tokens.has(path) else site

    return Front(world, surface, origins_of(world.settings))


def _windows(settings: Settings) -> Windows:
    """The counters of throttling: this process's own, or those that it shares with the other workers (graph G62)."""
    return OwnWindows() if settings.workers == 1 else SharedWindows(settings.throttle_path)


class Mailer:
    """The thread that delivers owed mail, and sweeps what is over: woken when something is owed, or due."""

    _LONGEST_SLEEP = 30.0

    def __init__(self) -> None:
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Something is owed."""
        self._wake.set()

    def start(self, world: World) -> None:
        """Begin to deliver."""
        self._thread = threading.Thread(target=self._work, args=(world,), name="readmit-mailer", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Take no further mail than the one in hand."""
        self._stopped.set()
        self._wake.set()

    def stop(self) -> None:
        """End after the mail in hand."""
        self.finish()
        if self._thread is not None:
            self._thread.join(timeout=8)

    def _work(self, world: World) -> None:
        holder, watch = world.new_id(), leases.Watch(time.monotonic, leases.PATIENCE)
        while not self._stopped.is_set():
            self._wake.clear()
            taken = 0
            try:
                taken = deliver.deliver_due(world, holder, watch, go_on=lambda: not self._stopped.is_set())
                if self._stopped.is_set():
                    return
                housekeeping.sweep(world)
                due = deliver.next_due(world)
            except Exception:
                _log.exception("delivery failed")
                due = None
            pause = self._LONGEST_SLEEP
            if due is not None:
                # What is due and was not taken is somebody else's, who may be silent: it is looked at again.
                pause = min(max((due - world.now()).total_seconds(), 0.05 if taken else 1.0), pause)
            self._wake.wait(pause)


class Notifier:
    """The threads that tell webhooks of changes: several, so that one dead receiver does not hold up the others."""

    _THREADS = 3
    _BETWEEN_LOOKS = 0.5
    """Seconds between two looks into the log while somebody is subscribed."""
    _IDLE = 3.0

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, world: World) -> None:
        """Begin to tell."""
        for number in range(self._THREADS):
            name = f"readmit-notifier-{number}"
            self._threads.append(threading.Thread(target=self._work, args=(world,), name=name, daemon=True))
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Begin no further request."""
        self._stopped.set()

    def stop(self) -> None:
        """End after the requests in hand; what they told may be told again."""
        self.finish()
        for thread in self._threads:
            thread.join(timeout=8)

    def _work(self, world: World) -> None:
        holder = world.new_id()
        pause = 0.0
        while not self._stopped.wait(pause):
            try:
                if notify.tell_next(world, holder):
                    pause = 0.0
                    continue
                pause = self._BETWEEN_LOOKS if notify.anybody(world) else self._IDLE
            except Exception:
                _log.exception("telling of changes failed")
                pause = self._IDLE
