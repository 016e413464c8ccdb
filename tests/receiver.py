"""A real HTTPS receiver of webhooks on loopback: proves itself and keeps what it is told, unless a test plans else."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from readmit import certificates
from readmit.flows.webhooks import Webhooks
from readmit.proofs.fetch import Fetcher


@dataclass
class Receiver:
    """`statuses` are answered to notices in turn, then 202. `token` goes into the proof in place of the right one."""

    url: str = ""
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    statuses: list[int] = field(default_factory=list)
    token: str | None = None
    media_type: str = "text/plain"
    headers: dict[str, str] = field(default_factory=dict)
    proved: list[str] = field(default_factory=list)
    """Paths with the queries of the proofs asked for."""
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """(path, notice) of everything acknowledged."""
    tried: int = 0

    def webhooks(self) -> Webhooks:
        return Webhooks(Fetcher(self.trust))

    def answer(self, path: str, body: bytes) -> tuple[int, str, bytes]:
        asked = parse_qs(urlsplit(path).query)
        if "validationToken" in asked:
            self.proved.append(path)
            token = asked["validationToken"][0] if self.token is None else self.token
            return (self.statuses.pop(0) if self.statuses else 200), self.media_type, token.encode()
        self.tried += 1
        status = self.statuses.pop(0) if self.statuses else 202
        if 200 <= status < 300:
            self.told += [(path, notice) for notice in json.loads(body)["value"]]
        return status, "text/plain", b""

    def heard(self, path: str = "/notices") -> list[tuple[str, str]]:
        """(change type, resource) in the order told."""
        return [
            (one.get("changeType") or one["lifecycleEvent"], one["resource"]) for at, one in self.told if at == path
        ]


@contextmanager
def receiving(folder: Path) -> Iterator[Receiver]:
    """A receiver that runs meanwhile, with a certificate of a CA of its own that it trusts."""
    folder.mkdir()

    def keep(path: Path, content: bytes) -> None:
        path.write_bytes(content)

    made = certificates.ensure(folder, ["localhost"], datetime.now(UTC), keep)
    receiver = Receiver(trust=ssl.create_default_context(cafile=made.ca))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, media_type, content = receiver.answer(self.path, body)
            self.send_response(status)
            self.send_header("content-type", media_type)
            self.send_header("content-length", str(len(content)))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.url = f"https://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
