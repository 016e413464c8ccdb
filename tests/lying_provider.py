"""A small real OpenID provider on loopback that tells the truth unless a test asks it to lie."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "readmit at wingtip", "a secret of wingtip: with + and %"


@cache
def rsa_key(name: str) -> RSAKey:
    """A key for each name, made once in a run."""
    return RSAKey.generate_key(2048, {"kid": name})


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@dataclass
class LyingProvider:
    """`claims` go into each ID token over the honest ones; None takes one out. `lies` change whole steps."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    keys: list[str] = field(default_factory=lambda: ["first"])
    signs: Callable[[LyingProvider, dict[str, Any]], str] | None = None
    answers: Callable[[str], tuple[int, bytes] | None] = lambda path: None
    knows: Callable[[str | None, dict[str, str]], bool] = lambda basic, form: True
    """Whether it knows the client by the pair of its Basic header (encoded as it came), or by its form."""
    issuer: str = ""
    asked: list[str] = field(default_factory=list)
    """Paths in the order in which they were asked for."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    # ------------------------------------------------------------- the browser

    def approve(self, url: str, **changed: str) -> dict[str, str]:
        """What the provider sends the browser back with, once somebody has signed in there."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query, strict_parsing=True).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = f"code {len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.issuer, **changed}

    def callback(self, url: str, **changed: str) -> str:
        """The path and query that the browser is sent to."""
        target = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        return f"{urlsplit(target).path}?{urlencode(self.approve(url, **changed))}"

    # -------------------------------------------------------------- the server

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        self.asked.append(path)
        planned = self.answers(path)
        if planned is not None:
            return planned
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps(self._discovery()).encode()
        if path == "/keys":
            return 200, json.dumps({"keys": [rsa_key(name).as_dict(private=False) for name in self.keys]}).encode()
        if path == "/token" and method == "POST":
            return self._token(headers, {name: values[0] for name, values in parse_qs(body.decode()).items()})
        if path == "/userinfo":
            return 200, json.dumps({"sub": "alice-at-wingtip", **self.userinfo}).encode()
        return 404, b"{}"

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "authorization_response_iss_parameter_supported": True,
            **self.metadata,
        }

    def _token(self, headers: Any, form: dict[str, str]) -> tuple[int, bytes]:
        scheme, _, pair = headers.get("authorization", "").partition(" ")
        if not self.knows(base64.b64decode(pair).decode() if scheme == "Basic" else None, form):
            return 401, b'{"error": "invalid_client"}'
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, b'{"error": "invalid_grant"}'
        moment = int(self.now().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": "alice-at-wingtip",
            "aud": CLIENT,
            "iat": moment,
            "exp": moment + 300,
            "nonce": asked["nonce"],
            "email": "alice@wingtip.example",
            "email_verified": True,
            "name": "Alice Wingtip",
            **self.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        token = self.signs(self, claims) if self.signs else sign(claims)
        answer = {"token_type": "Bearer", "access_token": "opaque", "id_token": token, "expires_in": 300}
        return 200, json.dumps(answer).encode()


def sign(claims: dict[str, Any], key: str = "first", **header: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": key, **header}, claims, rsa_key(key))


def unsigned(_provider: LyingProvider, claims: dict[str, Any]) -> str:
    return f"{part({'alg': 'none', 'kid': 'first'})}.{part(claims)}."


def signed_with_the_public_key(_provider: LyingProvider, claims: dict[str, Any]) -> str:
    secret = OctKey.import_key(rsa_key("first").as_pem(private=False))
    return jwt.encode({"alg": "HS256", "kid": "first"}, claims, secret)


@contextmanager
def provider(**given: Any) -> Iterator[LyingProvider]:
    """The provider, listening."""
    made = LyingProvider(**given)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            status, body = made.answer(self.command, self.path, self.headers, self.rfile.read(length))
            self.send_response(status)
            self.send_header("content-type", "application/json")
            if status in (301, 302):
                self.send_header("location", body.decode())
                body = b""
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.issuer = f"http://localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
