"""CLI for Microsoft 365, whose hosts are compiled in, through `readmit proxy` (graph G84)."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import foreign
import pytest
import street
from house_of_guests import House

M365 = foreign.MODULES / ".bin" / "m365"
REDIRECT = "https://myapps.microsoft.com"

Cli = Callable[..., Any]


@pytest.fixture(scope="module")
def proxy(house: House) -> Iterator[str]:
    """`readmit proxy` in a process of its own; the value is for HTTPS_PROXY."""
    command = [sys.executable, "-m", "readmit", "proxy", "--data", str(house.data), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())
        assert found is not None
        yield found.group()
        process.send_signal(signal.SIGTERM)


@pytest.fixture
def environ365(environ: dict[str, str], proxy: str, tmp_path: Path) -> dict[str, str]:
    """A home folder of its own, since the CLI keeps its login there; no telemetry."""
    told = environ | {"HOME": str(tmp_path), "HTTPS_PROXY": proxy}
    _m365(told, "cli", "config", "set", "--key", "disableTelemetry", "--value", "true")
    return told


@pytest.fixture
def m365(environ365: dict[str, str]) -> Cli:
    """The CLI, signed in as the application of Contoso; its answer is parsed."""
    _login(environ365, street.AUTOMATION, "contoso.com")
    return lambda *arguments: _m365(environ365, *arguments)


def _login(environ: dict[str, str], app: str, tenant: str) -> None:
    secret = ("--authType", "secret", "--secret", street.SECRET)
    answer = _m365(environ, "login", "--appId", app, "--tenant", tenant, *secret)
    assert answer["appTenant"] == tenant


def _m365(environ: dict[str, str], *arguments: str, refused: bool = False) -> Any:
    command = [foreign.BIN / "node", M365, *arguments, "--output", "json"]
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode != 0) is refused, done.stdout + done.stderr
    if refused:
        return done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_G84_the_cli_invites_resets_and_removes_a_guest(house: House, m365: Cli, environ365: dict[str, str]) -> None:
    number = next(house.strangers)
    old, new = f"cli-{number}@post.example", f"cli-{number}@moved.example"
    made = m365("entra", "user", "guest", "add", "--emailAddress", old, "--inviteRedirectUrl", REDIRECT)
    assert made["status"] == "PendingAcceptance"
    assert made["inviteRedeemUrl"].startswith(f"{house.base}/redeem?rd="), "links lead to the public URL (G8)"
    guest = made["invitedUser"]["id"]
    house.redeem(house.browser(), made["inviteRedeemUrl"], old)
    assert m365("entra", "user", "get", "--email", old)["id"] == guest

    body = {"invitedUserEmailAddress": new, "inviteRedirectUrl": REDIRECT, "resetRedemption": True}
    reset = {
        "url": "https://graph.microsoft.com/beta/invitations",
        "body": json.dumps(body | {"invitedUser": {"id": guest}}),
    }
    typed = ("--method", "post", "--content-type", "application/json", "--body", reset["body"])
    again = m365("request", "--url", reset["url"], *typed)
    assert again["invitedUser"] == made["invitedUser"]
    names = "id,userPrincipalName,mail,externalUserState"
    user = m365("request", "--url", f"https://graph.microsoft.com/v1.0/users/{guest}?$select={names}")
    assert (user["id"], user["userPrincipalName"]) == (guest, made["invitedUser"]["userPrincipalName"])
    assert (user["mail"], user["externalUserState"]) == (new, "PendingAcceptance")
    listed = m365("entra", "user", "list", "--type", "Guest", "--properties", names)
    assert user | {"@odata.context": None} in [entry | {"@odata.context": None} for entry in listed]

    m365("entra", "user", "remove", "--id", guest, "--force")
    assert f"Resource '{guest}' does not exist" in _m365(
        environ365, "entra", "user", "get", "--id", guest, refused=True
    )


def test_G84_the_cli_pages_through_2500_guests(environ365: dict[str, str]) -> None:
    _login(environ365, street.CROWD_AUTOMATION, "crowd.onmicrosoft.com")
    listed = _m365(environ365, "entra", "user", "list", "--type", "Guest", "--properties", "id")
    assert len({user["id"] for user in listed}) == len(listed) == street.CROWD


def test_G84_the_cli_says_why_a_login_failed(environ365: dict[str, str]) -> None:
    wrong = ("--authType", "secret", "--secret", "wrong", "--appId", street.AUTOMATION, "--tenant", "contoso.com")
    assert "AADSTS7000215" in _m365(environ365, "login", *wrong, refused=True)
