"""Which server a command talks to, as whom: environment, stored login, or the data folder beside it (interfaces.md)."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from readmit.client.graph import CLOUDS, Endpoint, GraphClient, Outside
from readmit.domain.errors import OperatorError

F = TypeVar("F", bound=Callable[..., Any])
_FILE = "client-credentials.json"


def connection_options(command: F) -> F:
    """`--tenant` and `--data`."""
    command = click.option("--tenant", help="The tenant by id, domain or name, where there are several.")(command)
    return click.option("--data", type=click.Path(path_type=Path), envvar="READMIT_DATA", help="The data folder.")(
        command
    )


def connect(data: Path | None, tenant: str | None) -> GraphClient:
    """A client for the server that is meant; raises OperatorError that says how to name one."""
    endpoint = _from_environment(os.environ, tenant) or _from_login(tenant) or _from_data(data, tenant)
    return GraphClient(endpoint, outside())


def outside() -> Outside:
    """Waiting and ids of the real world."""
    return Outside(time.sleep, lambda: str(uuid.uuid4()))  # noqa: TID251 - the client stands beside the server's World


def secret_of(environ: Mapping[str, str], name: str) -> str | None:
    """A secret from the environment, or from the file that the environment names."""
    path = environ.get(f"{name}_FILE")
    if path is None:
        return environ.get(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise OperatorError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.", 2) from error


def _from_environment(environ: Mapping[str, str], tenant: str | None) -> Endpoint | None:
    server, client_id = environ.get("READMIT_SERVER"), environ.get("READMIT_CLIENT_ID")
    secret = secret_of(environ, "READMIT_CLIENT_SECRET")
    named = tenant or environ.get("READMIT_TENANT")
    if not (server and client_id and secret):
        return None
    if not named:
        raise OperatorError("Which tenant? Give --tenant or READMIT_TENANT.", 2)
    return Endpoint(server.rstrip("/"), server.rstrip("/"), named, client_id, secret, environ.get("READMIT_CA_FILE"))


def login_file() -> Path:
    """Where `readmit login` keeps what it was told."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "readmit" / "login.json"


def _from_login(tenant: str | None) -> Endpoint | None:
    try:
        found: dict[str, Any] = json.loads(login_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    cloud = found.get("cloud")
    login, graph = CLOUDS[cloud] if cloud else (found["server"], found["server"])
    return Endpoint(
        login,
        graph,
        tenant or found["tenant"],
        found["clientId"],
        found["clientSecret"],
        found.get("ca"),
        cloud=bool(cloud),
    )


def _from_data(data: Path | None, tenant: str | None) -> Endpoint:
    folder = data or Path("readmit-data")
    try:
        found: dict[str, Any] = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sentence = (
            "No server is known here; run `readmit login`, or name the --data folder of a running `readmit serve`."
        )
        raise OperatorError(sentence) from error
    entry = _chosen(found["tenants"], tenant)
    server = found["server"]
    return Endpoint(server, server, entry["id"], entry["clientId"], entry["clientSecret"], found.get("ca"))


def _chosen(tenants: list[dict[str, Any]], wanted: str | None) -> dict[str, Any]:
    if wanted is not None:
        for entry in tenants:
            names = (entry["id"], entry["displayName"], entry["initialDomain"], *entry.get("domains", ()))
            if wanted.lower() in {name.lower() for name in names}:
                return entry
    elif len(tenants) == 1:
        return tenants[0]
    listed = ", ".join(f"{entry['displayName']} ({entry['initialDomain']})" for entry in tenants)
    raise OperatorError(f"Which tenant? Give --tenant; here are: {listed}.", 2)
