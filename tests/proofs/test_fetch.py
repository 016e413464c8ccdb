"""A guarded fetch reaches public https addresses and nothing else, within its bounds (security I1, T32)."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lying_provider import provider
from readmit import certificates
from readmit.proofs import guarded_network
from readmit.proofs.fetch import Fetcher, FetchRefused


@pytest.mark.parametrize(
    "url",
    [
        "http://wingtip.example/",
        "ftp://wingtip.example/",
        "file:///etc/passwd",
        "https://user@wingtip.example/",
        "https:///nowhere",
    ],
)
def test_T32_only_https_urls_are_fetched(url: str) -> None:
    with pytest.raises(FetchRefused, match="only https"):
        Fetcher().get(url)


PRIVATE = [
    "127.0.0.1",
    "10.0.0.8",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
]
PRIVATE += [
    "::1",
    "fe80::1%lo",
    "fc00::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b:1::1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "::",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_T32_no_private_address_is_connected_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is public for all anybody knows; what it resolves to decides."""

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", port)), (0, 0, 0, "", (address, port))]

    monkeypatch.setattr(guarded_network.socket, "getaddrinfo", resolve)
    with pytest.raises(FetchRefused, match="not public"):
        Fetcher().get("https://wingtip.example/")


def test_T32_the_name_is_resolved_once_so_that_it_cannot_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.113.1" if len(asked) == 1 else "127.0.0.1", port))]

    monkeypatch.setattr(guarded_network.socket, "getaddrinfo", resolve)
    with pytest.raises(FetchRefused):
        Fetcher(seconds=0.05).get("https://wingtip.example/")
    assert asked == ["wingtip.example"]


def test_T32_a_redirect_is_not_followed() -> None:
    with provider(answers=lambda path: (302, b"http://169.254.169.254/")) as made:
        assert Fetcher().get(f"{made.issuer}/x", private=True).status == 302
        assert made.asked == ["/x"]


def test_T32_a_flood_ends_at_64_kilobytes() -> None:
    with provider(answers=lambda path: (200, b"x" * 65_537)) as made, pytest.raises(FetchRefused, match="64 KB"):
        Fetcher().get(f"{made.issuer}/x", private=True)
    with provider(answers=lambda path: (200, b"x" * 65_536)) as made:
        assert len(Fetcher().get(f"{made.issuer}/x", private=True).body) == 65_536


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends its headers byte by byte and never ends."""
    over = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with closing(connection):
                connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
                while not over.wait(0.02):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://localhost:{server.getsockname()[1]}/"
        over.set()
        thread.join()


def test_T32_a_slow_answer_ends_by_the_clock_however_its_bytes_are_spread() -> None:
    with dripping() as url, pytest.raises(FetchRefused, match="did not answer"):
        Fetcher(seconds=0.3).get(url, private=True)


def test_nobody_there_is_told_without_a_traceback() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    with pytest.raises(FetchRefused, match="did not answer"):
        Fetcher().get(f"http://localhost:{port}/", private=True)
    with pytest.raises(FetchRefused, match="cannot be resolved"):
        Fetcher().get("https://nowhere.invalid/")


@contextmanager
def with_a_ca_of_its_own(folder: Path) -> Iterator[tuple[str, Path]]:
    """An https server whose CA nobody knows; its URL and that CA."""
    made = certificates.ensure(folder, (), datetime.now(UTC), lambda path, body: path.write_bytes(body) and None)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server)

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_address[1]}/", made.ca
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_certificate_that_is_not_trusted_is_told_and_an_authority_is_trusted_beside_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with with_a_ca_of_its_own(tmp_path) as (url, ca):
        with pytest.raises(FetchRefused, match="not trusted here; --extra-ca-certs names further authorities"):
            Fetcher().get(url, private=True)
        further = Fetcher(extra_ca=ca)
        assert further.get(url, private=True).status == 204
        assert further._trust().cert_store_stats()["x509_ca"] > 1, "the system's are trusted as before"
        monkeypatch.setenv("SSL_CERT_FILE", str(ca))
        assert Fetcher().get(url, private=True).status == 204


def test_each_address_of_a_name_is_tried_until_one_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """`localhost` leads to ::1 first, where nobody may listen."""

    real = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: object, **more: object) -> object:
        if host != "localhost":
            return real(host, port, *rest, **more)  # type: ignore[arg-type]
        return [(0, 0, 0, "", (address, port)) for address in ("::1", "127.0.0.9", "127.0.0.1")]

    with provider(answers=lambda path: (204, b"")) as made:
        monkeypatch.setattr(guarded_network.socket, "getaddrinfo", resolve)
        assert Fetcher().get(f"{made.issuer}/x", private=True).status == 204


def test_T32_one_private_address_among_public_ones_refuses_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(0, 0, 0, "", (f"93.184.215.{number}", port)) for number in range(9)] + [(0, 0, 0, "", ("::1", port))]

    monkeypatch.setattr(guarded_network.socket, "getaddrinfo", resolve)
    with pytest.raises(FetchRefused, match="not public"):
        Fetcher().get("https://wingtip.example/")


def test_T32_a_name_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(guarded_network.socket, "getaddrinfo", lambda *_, **__: over.wait())
    with pytest.raises(FetchRefused, match="not resolved in time"):
        Fetcher(seconds=0.05).get("https://wingtip.example/")
    over.set()
