"""`readmit proxy` beside a server: Microsoft's hosts lead there, nothing else goes anywhere (security D6)."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest
from house_of_guests import SECRET, House

from readmit.cli.demo_stage import AUTOMATION

PROGRAM = [sys.executable, "-m", "readmit"]


def environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("READMIT_")}


@contextmanager
def proxy_of(folder: Path) -> Iterator[int]:
    """A proxy in a process of its own; its port."""
    command = [*PROGRAM, "proxy", "--port", "0", "--data", str(folder)]
    process = subprocess.Popen(command, env=environ(), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+) ", process.stderr.readline())
        assert found is not None
        usage = process.stderr.readline()
        assert usage.startswith(f"  export HTTPS_PROXY=http://127.0.0.1:{found[1]} NODE_EXTRA_CA_CERTS={folder}"), usage
        yield int(found[1])
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert process.stderr is not None
        process.stderr.close()


@pytest.fixture(scope="module")
def port(house: House) -> Iterator[int]:
    with proxy_of(house.data) as found:
        yield found


def send(port: int, *parts: bytes) -> bytes:
    """What the proxy answers to these bytes."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_a_client_with_compiled_in_hosts_works_unmodified(house: House, port: int) -> None:
    trust = ssl.create_default_context(cafile=str(house.data / "ca.pem"))
    with httpx2.Client(proxy=f"http://127.0.0.1:{port}", verify=trust, trust_env=False) as client:
        form = {"grant_type": "client_credentials", "client_id": AUTOMATION, "client_secret": SECRET}
        form["scope"] = "https://graph.microsoft.com/.default"
        url = "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token"
        token = client.post(url, data=form).json()["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        answer = client.get("https://graph.microsoft.com/v1.0/users?$top=1", headers=headers).json()
    assert answer["@odata.context"].startswith("https://graph.microsoft.com/v1.0/$metadata#users")
    assert answer["@odata.nextLink"].startswith("https://graph.microsoft.com/v1.0/users?")


def test_a_request_in_absolute_form_goes_on_over_TLS_without_the_hops_own_headers(port: int) -> None:
    request = b"GET https://graph.microsoft.com/health/live HTTP/1.1\r\nHost: graph.microsoft.com\r\n"
    answer = send(port, request, b"Proxy-Connection: keep-alive\r\nProxy-Authorization: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert b'"UP"' in answer


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT graph.microsoft.com:22 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT localhost:443 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT graph.microsoft.com.evil.example:443 HTTP/1.1\r\n\r\n", 403),
        (b"CONNECT 169.254.169.254:443 HTTP/1.1\r\n\r\n", 403),
        (b"GET http://169.254.169.254/latest HTTP/1.1\r\n\r\n", 403),
        (b"GET ftp://graph.microsoft.com/ HTTP/1.1\r\n\r\n", 403),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"CONNECT graph", 400),
        (b"GET / HTTP/1.1\r\nx: " + b"x" * 70_000 + b"\r\n\r\n", 431),
    ],
)
def test_D6_everything_else_is_refused_in_one_sentence(port: int, request_head: bytes, status: int) -> None:
    answer = send(port, request_head)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer.rpartition(b"\r\n\r\n")[2].strip().endswith(b".")


def test_a_server_that_is_down_is_a_502_that_says_what_to_do(house: House, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes((house.data / "ca.pem").read_bytes())
    with closing(socket.create_server(("127.0.0.1", 0))) as nobody:
        free = nobody.getsockname()[1]
    (tmp_path / "server.json").write_text(f'{{"host": "127.0.0.1", "port": {free}, "tls": true}}')
    with proxy_of(tmp_path) as found:
        answer = send(found, b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert b"start readmit serve" in answer


def refused(*arguments: str) -> str:
    done = subprocess.run([*PROGRAM, "proxy", *arguments], env=environ(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_what_keeps_the_proxy_from_starting_is_one_sentence(house: House, port: int, tmp_path: Path) -> None:
    assert "choose another one with --port" in refused("--port", str(port), "--data", str(house.data))
    assert "start `readmit serve` there" in refused("--data", str(tmp_path))
    (tmp_path / "server.json").write_text('{"host": "127.0.0.1", "port": 1, "tls": false}')
    assert "without --no-tls" in refused("--data", str(tmp_path))


def test_it_ends_quietly_while_connections_are_open(house: House) -> None:
    command = [*PROGRAM, "proxy", "--port", "0", "--data", str(house.data)]
    process = subprocess.Popen(command, env=environ(), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    found = re.search(r"http://127\.0\.0\.1:(\d+) ", process.stderr.readline())
    assert found is not None
    address = ("127.0.0.1", int(found[1]))
    with closing(socket.create_connection(address)) as idle, closing(socket.create_connection(address)) as open_:
        idle.sendall(b"CONNECT")
        open_.sendall(b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n\r\n")
        assert open_.recv(100).startswith(b"HTTP/1.1 200 ")
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in told
