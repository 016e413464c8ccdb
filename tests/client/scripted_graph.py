"""A small HTTP server that answers as a script says and remembers what it was asked; over real sockets."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

ANSWERS: dict[str, Any] = json.loads((Path(__file__).parent / "graph_answers.json").read_text(encoding="utf-8"))
"""Graph's documented answers and errors (graph sections 5, 6, 8)."""

TENANT = "contoso.onmicrosoft.com"
TOKEN = f"POST /{TENANT}/oauth2/v2.0/token"


@dataclass
class Answer:
    """What the server says; `dropped` breaks the connection without a word."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    dropped: bool = False


DROPPED = Answer(dropped=True)


def error(name: str, **headers: str) -> Answer:
    """One of Graph's errors by its number; headers with `_` for `-`."""
    status, code, message = ANSWERS["errors"][name]
    body: dict[str, Any] = {"code": code, "message": message, "innerError": {"request-id": "of-the-body"}}
    if name == "E20":
        body["details"] = [{"code": "ObjectConflict", "message": "The address is held by 0b1c.", "target": "mail"}]
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"error": body}, {"request-id": "of-the-header", **sent})


@dataclass
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class ScriptedGraph:
    """`script["GET /v1.0/users"]` is a list of answers: taken in order, the last one again and again."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.script: dict[str, list[Answer]] = {
            TOKEN: [Answer(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": "token-1"})]
        }
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.block_on_close = False
        self._server.daemon_threads = True
        scheme = "http"
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._server.handle_error = lambda request, address: None  # type: ignore[method-assign]
            scheme = "https"
        self.url = f"{scheme}://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def on(self, request: str, *answers: Answer | dict[str, Any]) -> None:
        """Answers to `METHOD /path`; a dict is a 200 with that body."""
        self.script[request] = [one if isinstance(one, Answer) else Answer(200, one) for one in answers]

    def requests(self, *, tokens: bool = False) -> list[str]:
        """`METHOD /path` of all that arrived, in order."""
        return [str(one) for one in self.asked if tokens or not one.path.endswith("/token")]

    def last(self, request: str) -> Asked:
        """The last request of that method and path."""
        return [one for one in self.asked if str(one) == request][-1]

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        answers = self.script.get(str(asked))
        if not answers:
            return Answer(501, {"error": {"code": "NotScripted", "message": f"no answer for {asked}"}})
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(graph: ScriptedGraph) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            answer = graph.answer(self._asked())
            if answer.dropped:
                self.close_connection = True
                return
            content = b"" if answer.body is None else _encoded(answer.body)
            head = {"Content-Type": "application/json", **answer.headers, "Content-Length": str(len(content))}
            self.send_response(answer.status)
            for name, value in head.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):
                self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def _asked(self) -> Asked:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_json = "json" in self.headers.get("Content-Type", "")
            body = json.loads(raw) if is_json and raw else {k: v[0] for k, v in parse_qs(raw.decode()).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            return Asked(self.command, unquote(parts.path), query, headers, body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def _encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()
