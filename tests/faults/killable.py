"""A server of its own process that can be killed, and clients that note what it acknowledged."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

TENANT = "contoso.onmicrosoft.com"
CLIENT = "0f000000-0000-4000-8000-0000000000a1"
SECRET = "faults-secret-of-some-length"
SEED = f"""
tenants:
  - displayName: Contoso
    initialDomain: {TENANT}
    domains: [contoso.com]
    applications:
      - displayName: Automation
        appId: {CLIENT}
        clientSecret: {SECRET}
        permissions: [User.Invite.All, User.ReadWrite.All]
"""


class Server:
    """`readmit serve` on a folder: started, killed, started again."""

    def __init__(self, folder: Path, *options: str, seed: str = SEED, tls: bool = False) -> None:
        self.folder = folder
        self.options = options
        self.port = _free_port()
        self.tls = tls
        self.base = f"{'https' if tls else 'http'}://localhost:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "seed.yaml").write_text(seed, encoding="utf-8")

    def start(self) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("READMIT_")}
        command = [
            sys.executable,
            "-m",
            "readmit",
            "serve",
            *([] if self.tls else ["--no-tls"]),
            "--port",
            str(self.port),
        ]
        command += ["--data", str(self.folder / "data"), "--seed", str(self.folder / "seed.yaml"), *self.options]
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        log.close()
        for _ in range(400):
            if self.process.poll() is not None:
                raise AssertionError((self.folder / "server.log").read_text())
            try:
                if httpx2.get(f"{self.base}/health/ready", verify=self.trust()).status_code == 200:
                    return
            except (httpx2.HTTPError, OSError):
                pass
            time.sleep(0.02)
        raise AssertionError("not ready within 8 seconds")

    def trust(self) -> ssl.SSLContext | bool:
        """What believes the server's certificate."""
        return ssl.create_default_context(cafile=str(self.folder / "data" / "ca.pem")) if self.tls else True

    def log(self) -> str:
        """What the server has said."""
        return (self.folder / "server.log").read_text()

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=12)

    def token(self) -> str:
        form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
        form["scope"] = "https://graph.microsoft.com/.default"
        answer = httpx2.post(f"{self.base}/{TENANT}/oauth2/v2.0/token", data=form)
        return str(answer.json()["access_token"])

    def rows(self, sql: str, *parameters: Any) -> list[Any]:
        with closing(sqlite3.connect(self.folder / "data" / "readmit.db")) as connection:
            return connection.execute(sql, parameters).fetchall()

    def invite(self, client: httpx2.Client, token: str, body: dict[str, Any]) -> httpx2.Response:
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        return client.post(f"{self.base}/v1.0/invitations", content=json.dumps(body), headers=headers)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    made.start()
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()
