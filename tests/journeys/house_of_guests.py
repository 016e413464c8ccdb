"""A server of its own process behind HTTPS, seeded with guests of three companies; tests stand outside of it."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest

from readmit.cli.demo_stage import AUTOMATION, EXPENSES, FABRIKAM_AUTOMATION, Stage

PASSWORD, SECRET = "a-password-of-the-tests", "a-secret-of-the-tests-0123456789"
GUESTS = 24


def _seed() -> str:
    names = [f"guest{number}" for number in range(GUESTS)]
    accounts = "\n".join(
        f'      - {{userPrincipalName: {name}@fabrikam.com, displayName: "{name} of Fabrikam", password: "{PASSWORD}"}}'
        for name in names
    )
    successors = "\n".join(
        f"      - {{userPrincipalName: next-{name}@fabrikam.com, displayName: Successor, password: {PASSWORD}}}"
        for name in names
    )
    moved = "\n".join(
        f"      - {{userPrincipalName: {name}@northwind.example, displayName: Moved, password: {PASSWORD}}}"
        for name in names
    )
    guests = "\n".join(
        f"      - {{email: {name}@fabrikam.com, displayName: {name}, state: Accepted,"
        f" identity: {{tenant: fabrikam.onmicrosoft.com, user: {name}@fabrikam.com}}}}"
        for name in names
    )
    members = ", ".join(f"{name}@fabrikam.com" for name in names)
    assigned = "\n".join(
        f"      - {{application: Expenses, role: Approver, principal: {name}@fabrikam.com}}" for name in names
    )
    return f"""
tenants:
  - displayName: Contoso
    initialDomain: contoso.onmicrosoft.com
    domains: [contoso.com]
    privacyStatementUrl: https://contoso.com/privacy
    users:
      - {{userPrincipalName: ada@contoso.com, password: {PASSWORD}, roles: [Global Administrator]}}
    applications:
      - displayName: Automation
        appId: {AUTOMATION}
        clientSecret: {SECRET}
        permissions: [User.Invite.All, User.ReadWrite.All, Directory.Read.All]
      - displayName: Expenses
        appId: {EXPENSES}
        clientSecret: {SECRET}
        redirectUris: ["http://localhost:9000/callback"]
        appRoles: [{{value: Approver}}]
        delegatedPermissions: [openid, profile, email, offline_access, User.Read]
    guests:
{guests}
    groups:
      - {{displayName: Project Falcon, members: [{members}]}}
      - {{displayName: Suppliers, members: [{members}]}}
    appRoleAssignments:
{assigned}
  - displayName: Fabrikam
    initialDomain: fabrikam.onmicrosoft.com
    domains: [fabrikam.com]
    users:
{accounts}
{successors}
    applications:
      - displayName: Fabrikam Automation
        appId: {FABRIKAM_AUTOMATION}
        clientSecret: {SECRET}
        permissions: [User.ReadWrite.All]
  - displayName: Northwind
    initialDomain: northwind.onmicrosoft.com
    domains: [northwind.example]
    users:
{moved}
"""


class House(Stage):
    """The stage, with guests nobody has used yet and a look into the database from outside."""

    def __init__(self, base: str, data: Path) -> None:
        super().__init__(base, data, password=PASSWORD, secret=SECRET, new_id=lambda: str(uuid.uuid4()))
        self.data = data
        self._unused = itertools.count()
        self.strangers = itertools.count()

    def someone(self) -> str:
        """The local part of a guest that no other test has."""
        return f"guest{next(self._unused)}"

    def rows(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(f"file:{self.data / 'readmit.db'}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def contents(self) -> list[str]:
        """The whole database but for mail on its way: equal means that nothing was written."""
        with closing(sqlite3.connect(f"file:{self.data / 'readmit.db'}?mode=ro", uri=True)) as connection:
            return [line for line in connection.iterdump() if '"outbox"' not in line]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with serving(tmp_path_factory.mktemp("house"), _seed()) as made:
        yield made


@contextmanager
def serving(folder: Path, seed: str, *options: str, environ: Mapping[str, str] | None = None) -> Iterator[House]:
    """A server of its own process with this seed, until the block ends; `options` go to `readmit serve`.

    `environ` goes into its environment, over what is there.
    """
    (folder / "seed.yaml").write_text(seed, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("READMIT_")}
    command = [sys.executable, "-m", "readmit", "serve", "--data", str(folder), "--port", str(port), *options]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--seed", str(folder / "seed.yaml")], env=kept | dict(environ or {}), stdout=log, stderr=log
        )
    try:
        made = House(_ready(server, folder, port), folder)
        yield made
        made.close()
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=15)


def _ready(server: subprocess.Popen[bytes], folder: Path, port: int) -> str:
    base = f"https://localhost:{port}"
    for _ in range(1200):
        if server.poll() is not None:
            raise AssertionError((folder / "server.log").read_text())
        if (folder / "server.json").is_file():
            try:
                context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
                if httpx2.get(f"{base}/health/ready", verify=context).status_code == 200:
                    return base
            except httpx2.HTTPError:
                pass
        time.sleep(0.05)
    raise AssertionError("the server was not ready within a minute")
