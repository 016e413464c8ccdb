"""A World for tests: a clock they move, counted ids and secrets, cheap hashes, and a small directory in it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import shutil
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from readmit.domain.address import EmailAddress
from readmit.domain.guest import User
from readmit.domain.invitation import Request
from readmit.domain.permission import Caller, Wanted
from readmit.domain.redirect import parse as redirect
from readmit.flows import invite, seed
from readmit.flows.browsers import Browser
from readmit.flows.invite import Asked, Invited
from readmit.flows.world import World
from readmit.proofs.fetch import Fetcher
from readmit.proofs.oidc import RelyingParty
from readmit.proofs.passwords import Passwords, Secrets
from readmit.settings import Settings
from readmit.storage import apps, roles, schema, tenants, users
from readmit.storage.database import Database
from readmit.tokens import Keyring, SigningKey, new_signing_key

START = datetime(2026, 1, 31, 10, 30, tzinfo=UTC)
PASSWORD = "the password of everybody"
AUTOMATION = "00000000-0000-4000-8000-0000000000a1"
EXPENSES = "00000000-0000-4000-8000-0000000000a2"
CALLBACK = "http://localhost:9000/callback"
MASTER = bytes(range(32))
MY_APPS = "https://myapps.microsoft.com/"


@dataclass
class Clock:
    """Stands still until a test moves it."""

    time: datetime = START

    def __call__(self) -> datetime:
        return self.time

    def pass_(self, **amount: float) -> None:
        self.time += timedelta(**amount)


@cache
def _signing_key() -> SigningKey:
    return new_signing_key(Keyring(MASTER), nonce=bytes(12), created=START, active=START - timedelta(days=1))


class Counted:
    """Ids and secrets that are different each time and the same in each run; safe for threads."""

    def __init__(self, first: int = 1) -> None:
        self._numbers = itertools.count(first)
        self._lock = threading.Lock()

    def _next(self) -> int:
        with self._lock:
            return next(self._numbers)

    def id(self) -> str:
        return f"00000000-0000-4000-b000-{self._next():012x}"

    def secret(self) -> str:
        digest = hashlib.sha256(str(self._next()).encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass
class House:
    """A world with Contoso (which invites), Fabrikam and Northwind (homes of guests), and what tests do there."""

    world: World
    clock: Clock
    contoso: str = ""
    fabrikam: str = ""
    northwind: str = ""
    people: dict[str, str] = field(default_factory=dict)

    def read(self, query: Any, *arguments: Any, **named: Any) -> Any:
        return self.world.database.read(query, *arguments, **named)

    def write(self, flow: Any, *arguments: Any, **named: Any) -> Any:
        return self.world.database.write(flow, *arguments, **named)

    def rows(self, sql: str, **parameters: Any) -> list[Any]:
        return self.read(lambda tx: tx.all(sql, parameters))

    def contents(self) -> str:
        """The whole database as one value: equal means that nothing was written."""
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(self.world.database.path)) as connection:
            return hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()

    # ------------------------------------------------------------------ people

    def automation(self, *permissions: str) -> Caller:
        """The application of Contoso's administrators."""
        principal = self.read(apps.principal_by_app_id, self.contoso, AUTOMATION)
        held = frozenset(permissions or ("User.Invite.All", "User.ReadWrite.All"))
        return Caller(self.contoso, AUTOMATION, principal.id, "Automation", held)

    def person(self, name: str, *permissions: str) -> Caller:
        """A signed-in user of Contoso with delegated permissions."""
        user = self.read(users.by_upn, self.contoso, f"{name}@contoso.com")
        held = frozenset(permissions or ("User.Invite.All", "User.ReadWrite.All"))
        principal = self.read(apps.principal_by_app_id, self.contoso, AUTOMATION)
        return Caller(
            self.contoso, AUTOMATION, principal.id, "Automation", held, self.read(roles.roles_of, user.id), user
        )

    def guest(self, user_id: str) -> User:
        found = self.read(users.get, self.contoso, user_id)
        assert found is not None
        return found

    # -------------------------------------------------------------- invitations

    def invite(self, address: str, caller: Caller | None = None, **more: Any) -> Invited:
        """POST /invitations as the flow sees it; `user_id` and `reset` among `more`."""
        key = more.pop("idempotency_key", None)
        request = Request(EmailAddress.parse(address), redirect(more.pop("url", MY_APPS)).url, **more)
        wanted = Wanted(reset=request.reset, member=request.user_type == "Member")
        asked = Asked(request, wanted, key, str(request))
        return self.write(invite.invite, self.world, caller or self.automation(), asked)

    def reset(self, user_id: str, address: str, caller: Caller | None = None, **more: Any) -> Invited:
        return self.invite(address, caller, user_id=user_id, reset=True, **more)


def make_world(folder: Path, first: int = 1, **settings: Any) -> tuple[World, Clock]:
    """An open World on the SQLite file of a folder; `first` is where its ids begin."""
    clock, counted = Clock(), Counted(first)
    chosen = Settings(data=folder, public_url="https://localhost:8443", **settings)
    schema.upgrade(chosen.database_path)
    passwords = Passwords(time_cost=1, memory_cost=8)
    keyring = Keyring(MASTER)
    keyring.use([_signing_key()])
    world = World(
        settings=chosen,
        database=Database(chosen.database_path),
        keyring=keyring,
        passwords=passwords,
        secrets=Secrets(passwords),
        relying_party=RelyingParty(Fetcher()),
        now=clock,
        new_id=counted.id,
        new_secret=counted.secret,
        wake_mailer=lambda: None,
    )
    return world, clock


def make_house(folder: Path, **settings: Any) -> House:
    """The directory of most flow tests, as a seed makes it."""
    world, clock = make_world(folder, **settings)
    user, guest = seed.SeedUser, seed.SeedGuest
    at_home = [("alice", "Alice"), ("bob", "Bob"), ("carol", "Carol")]
    contoso = seed.SeedTenant(
        "Contoso",
        "contoso.onmicrosoft.com",
        ("contoso.com",),
        users=(
            user("ada@contoso.com", "Ada Admin", PASSWORD, roles=("Global Administrator",)),
            user("hal@contoso.com", "Hal Helpdesk", PASSWORD, roles=("Helpdesk Administrator",)),
            user("uma@contoso.com", "Uma Useradmin", PASSWORD, roles=("User Administrator",)),
            user("gus@contoso.com", "Gus Inviter", PASSWORD, roles=("Guest Inviter",)),
            user("mia@contoso.com", "Mia Member", PASSWORD),
        ),
        applications=(
            seed.SeedApplication(
                "Automation", AUTOMATION, "automation-secret", ("User.Invite.All", "User.ReadWrite.All")
            ),
            seed.SeedApplication(
                "Expenses",
                EXPENSES,
                "expenses-secret",
                delegated=("openid", "profile", "email", "offline_access", "User.Read"),
                web_redirect_uris=(CALLBACK,),
                app_roles=({"value": "Approver"},),
            ),
        ),
        guests=(
            guest(
                EmailAddress.parse("alice@fabrikam.com"),
                "Alice",
                "Accepted",
                {"tenant": "fabrikam.onmicrosoft.com", "user": "alice@fabrikam.com"},
            ),
            guest(EmailAddress.parse("max@post.example"), "Max", "Accepted", {"kind": "mail"}),
            guest(EmailAddress.parse("pat@post.example"), "Pat"),
        ),
        groups=(seed.SeedGroup("Falcon", ("alice@fabrikam.com", "max@post.example", "pat@post.example")),),
        assignments=tuple(
            seed.SeedAssignment("Expenses", "Approver", address)
            for address in ("alice@fabrikam.com", "max@post.example", "pat@post.example")
        ),
    )
    homes = tuple(
        seed.SeedTenant(
            name,
            f"{name.lower()}.onmicrosoft.com",
            (domain,),
            users=tuple(user(f"{local}@{domain}", shown, PASSWORD) for local, shown in at_home),
        )
        for name, domain in (("Fabrikam", "fabrikam.com"), ("Northwind", "northwind.example"))
    )
    seed.apply(world, (contoso, *homes))
    return found_again(House(world, clock))


def copy_house(template: Path, folder: Path, **settings: Any) -> House:
    """The house of `make_house` on a copy of its file: a hundredth of the time."""
    shutil.copy(template / "readmit.db", folder / "readmit.db")
    return found_again(House(*make_world(folder, first=1_000_000, **settings)))


def found_again(made: House) -> House:
    """Ids of tenants and guests by name."""
    for name in ("contoso", "fabrikam", "northwind"):
        tenant = made.read(tenants.by_domain, f"{name}.onmicrosoft.com")
        setattr(made, name, tenant.id)
    for address in ("alice@fabrikam.com", "max@post.example", "pat@post.example"):
        found = made.read(users.by_address, made.contoso, address)
        made.people[address.partition("@")[0]] = found.id
    return made


def a_browser(secret: str = "s" * 43, token: str | None = None, ip: str = "192.0.2.1") -> Browser:
    """A browser with the secret of its flow's cookie."""
    return Browser(token, ip, secret)
