"""A real SMTP server on loopback that answers as it is told, and the mail it took."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Queue
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope


@dataclass
class PostOffice:
    """`answers` by recipient's local part, or `data`; whatever is not named is taken."""

    url: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    taken: list[Envelope] = field(default_factory=list)
    taking: Callable[[], object] = lambda: None
    """Called before a mail is taken."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        answer = self.answers.get(address.partition("@")[0], "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        answer = self.answers.get("data", "250 taken")
        if answer.startswith("250"):
            self.taking()
            self.taken.append(envelope)
        return answer

    def text(self, number: int = -1) -> str:
        """A mail it took, as text."""
        content = self.taken[number].content
        assert isinstance(content, bytes)
        return content.decode()


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """An open one; a loop of its own in a thread."""
    office, started = PostOffice(), Queue[Any]()

    async def serve() -> None:
        loop, stopped, protocols = asyncio.get_running_loop(), asyncio.Event(), []

        def connected() -> Any:
            protocols.append(SMTP(office, loop=loop, hostname="test.example", enable_SMTPUTF8=True))
            return protocols[-1]

        server = await loop.create_server(connected, "127.0.0.1", 0)
        started.put((server.sockets[0].getsockname()[1], lambda: loop.call_soon_threadsafe(stopped.set)))
        await stopped.wait()
        server.close()
        for protocol in protocols:
            if protocol.transport is not None:
                protocol.transport.abort()
        for _ in range(5):  # turns of the loop in which the connections end
            await asyncio.sleep(0)

    thread = Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    port, stop = started.get(timeout=5)
    office.url = f"smtp://127.0.0.1:{port}"
    try:
        yield office
    finally:
        stop()
        thread.join(5)
