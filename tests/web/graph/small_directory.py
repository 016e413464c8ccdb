"""A small directory behind the Graph doors: fixed clock and ids, callers by permissions and roles, no HTTP."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from readmit.domain.address import EmailAddress
from readmit.domain.guest import Accepted, Pending, User, home_binding
from readmit.domain.invitation import Invitation
from readmit.domain.permission import Caller
from readmit.domain.tenant import Tenant, TenantSettings
from readmit.flows import tenants
from readmit.flows.world import World
from readmit.proofs.fetch import Fetcher
from readmit.proofs.oidc import RelyingParty
from readmit.proofs.passwords import Passwords, Secrets
from readmit.settings import Settings
from readmit.storage import invitations, roles, schema, users
from readmit.storage.database import Database
from readmit.tokens import Keyring
from readmit.web.call import Call, Reply, Write
from readmit.web.graph import own
from readmit.web.graph.errors import failure
from readmit.web.graph.routes import resolve

START = datetime(2026, 1, 31, 10, 30, tzinfo=UTC)
CONTOSO = "00000000-0000-4000-9000-000000000001"
APP = "00000000-0000-4000-9000-0000000000a0"
APP_PRINCIPAL = "00000000-0000-4000-9000-0000000000a1"


@dataclass
class Answer:
    """What a client sees."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.body["value"]]


@dataclass
class Graph:
    """Asks the doors as a client would, without sockets and tokens."""

    world: World
    clock: list[datetime]
    caller: Caller
    sent: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        """`caller` and `headers` may be given; `path` starts with the version and carries its query."""
        path, _, query = path.partition("?")
        headers = {"content-type": "application/json"} if body is not None else {}
        call = Call(
            method=method,
            path=path,
            query=query,
            headers=headers | options.get("headers", {}),
            body=body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode(),
            origin="https://localhost:8443",
            client_ip="127.0.0.1",
            request_id=f"00000000-0000-4000-a000-{next(self.sent):012d}",
        )
        try:
            operation, parameters = own.resolve(call) if path.startswith("/readmit/") else resolve(method, path)
            call = replace(call, parameters=parameters, caller=options.get("caller", self.caller))
            step = operation.door(self.world, call)
            while not isinstance(step, Reply):
                if isinstance(step, Write):
                    step = step.render(self.world.database.write(step.flow, *step.arguments, **step.named))
                else:
                    step = step.render(step.function(*step.arguments, **step.named))
        except Exception as error:
            step = failure(self.world, call, error)
            if step.status == 500:
                raise
        return Answer(step.status, dict(step.headers), _decoded(step))

    def get(self, path: str, **options: Any) -> Answer:
        return self.ask("GET", path, **options)

    def app(self, *permissions: str) -> Caller:
        """The automation application with these application permissions."""
        held = self.world.database.read(roles.roles_of, APP_PRINCIPAL)
        return Caller(CONTOSO, APP, APP_PRINCIPAL, "Automation", frozenset(permissions), held)

    def user(self, user_id: str, *permissions: str) -> Caller:
        """A signed-in user with these delegated permissions."""
        found = self.world.database.read(users.get, CONTOSO, user_id)
        assert found is not None
        held = self.world.database.read(roles.roles_of, user_id)
        return Caller(CONTOSO, APP, APP_PRINCIPAL, "Automation", frozenset(permissions), held, found)

    def run(self, sql: str, *parameters: Any) -> list[Any]:
        """Look into or change the database behind everybody's back."""
        with closing(sqlite3.connect(self.world.database.path)) as connection, connection:
            return connection.execute(sql, parameters).fetchall()

    def digest(self) -> str:
        """The whole database as one value: equal means that nothing was written."""
        with closing(sqlite3.connect(self.world.database.path)) as connection:
            return hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()

    def audit(self) -> list[str]:
        """Activities, oldest first."""
        return [row[0] for row in self.run("SELECT activity FROM audit_events ORDER BY at, rowid")]

    def load(self, user_id: str) -> User:
        found = self.world.database.read(users.get, CONTOSO, user_id)
        assert found is not None
        return found


def _decoded(reply: Reply) -> Any:
    media_type = dict(reply.headers).get("Content-Type", "")
    if not reply.body:
        return None
    return json.loads(reply.body) if "json" in media_type else reply.body.decode()


def user_id(number: int) -> str:
    return f"00000000-0000-4000-b000-{number:012d}"


ADA, HAL, MIA, ALICE, PAUL = (user_id(number) for number in range(1, 6))
EVERYTHING = (
    "User.ReadWrite.All",
    "User.DeleteRestore.All",
    "User.RevokeSessions.All",
    "Directory.ReadWrite.All",
    "Group.ReadWrite.All",
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
    "Organization.Read.All",
    "Domain.Read.All",
    "Directory.Read.All",
)


def member(number: int, name: str) -> User:
    return User(
        id=user_id(number),
        tenant_id=CONTOSO,
        upn=f"{name.lower()}@contoso.com",
        mail_nickname=name.lower(),
        display_name=name,
        user_type="Member",
        created=START,
        sessions_valid_from=START,
        mail=EmailAddress.parse(f"{name.lower()}@contoso.com"),
    )


def guest(number: int, address: str, *, accepted: bool = False) -> User:
    mail = EmailAddress.parse(address)
    nickname = f"{address.replace('@', '_')}#EXT#"
    pending = Pending(mail, START)
    return User(
        id=user_id(number),
        tenant_id=CONTOSO,
        upn=f"{nickname}@contoso.onmicrosoft.com",
        mail_nickname=nickname,
        display_name=mail.local.capitalize(),
        user_type="Guest",
        created=START,
        sessions_valid_from=START,
        mail=mail,
        other_mails=(mail,),
        redemption=Accepted(mail, START, home_binding("fabrikam", f"home-{number}"), mail) if accepted else pending,
        generation=1,
        invited_user=True,
    )


def _fill(tx: Any, world: World) -> None:
    tenant = Tenant(
        id=CONTOSO,
        display_name="Contoso",
        initial_domain="contoso.onmicrosoft.com",
        domains=frozenset({"contoso.onmicrosoft.com", "contoso.com"}),
        default_domain="contoso.com",
        preferred_language="en",
        privacy_url=None,
        salt="salt",
        settings=TenantSettings(),
    )
    tenants.create(tx, world, tenant)
    for made in (
        member(1, "Ada"),
        member(2, "Hal"),
        member(3, "Mia"),
        guest(4, "alice@fabrikam.com", accepted=True),
        guest(5, "paul@tailspin.example"),
    ):
        users.insert(tx, made)
    roles.add(tx, CONTOSO, ADA, "62e90394-69f5-4237-9190-012177145e10", id=user_id(901))
    roles.add(tx, CONTOSO, HAL, "729827e3-9c14-49f7-bb1b-9608f156bbb8", id=user_id(902))
    paul = EmailAddress.parse("paul@tailspin.example")
    invitations.insert(
        tx,
        Invitation(
            id=user_id(800),
            tenant_id=CONTOSO,
            user_id=PAUL,
            generation=1,
            kind="invite",
            address=paul,
            redirect_url="https://app.example/",
            send=True,
            inviter_type="user",
            inviter_id=ADA,
            created=START,
        ),
    )


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    path = tmp_path / "readmit.db"
    schema.upgrade(path)
    database = Database(path)
    clock = [START]
    ids = (f"00000000-0000-4000-8000-{number:012d}" for number in itertools.count(1))
    seeds = itertools.count(1)

    def now() -> datetime:
        clock[0] += timedelta(seconds=1)
        return clock[0]

    def new_secret() -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(str(next(seeds)).encode()).digest()).decode().rstrip("=")

    passwords = Passwords(time_cost=1, memory_cost=8)
    world = World(
        settings=Settings(data=tmp_path),
        database=database,
        keyring=Keyring(bytes(32)),
        passwords=passwords,
        secrets=Secrets(passwords),
        relying_party=RelyingParty(Fetcher()),
        now=now,
        new_id=lambda: next(ids),
        new_secret=new_secret,
        wake_mailer=lambda: None,
    )
    database.write(_fill, world)
    caller = Caller(CONTOSO, APP, APP_PRINCIPAL, "Automation", frozenset(EVERYTHING))
    yield Graph(world, clock, caller)
    database.close()
