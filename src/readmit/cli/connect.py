"""Which server a command talks to, as whom: environment, stored login, or the data folder beside it (interfaces.md)."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import click

from readmit.cli import stored_login
from readmit.cli.output import note, warn
from readmit.client.graph import CLOUDS, Endpoint, GraphClient, Outside
from readmit.domain.errors import OperatorError

F = TypeVar("F", bound=Callable[..., Any])
_FILE: Final = "client-credentials.json"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_WORTH_TELLING: Final = 2.0
"""Seconds of waiting that a person is told about."""


def connection_options(command: F) -> F:
    """`--tenant` and `--data`; the rest comes from the environment or `readmit login`."""
    command = click.option(
        "--tenant", envvar="READMIT_TENANT", help="The tenant by id, domain or name, where there are several."
    )(command)
    return click.option("--data", type=click.Path(path_type=Path), envvar="READMIT_DATA", help="The data folder.")(
        command
    )


def connect(data: Path | None, tenant: str | None) -> GraphClient:
    """A client for the server that is meant, closed with the command; raises OperatorError."""
    endpoint = from_environment(os.environ, tenant) or _from_login(tenant) or from_data(data, tenant)
    client = GraphClient(endpoint, outside())
    click.get_current_context().call_on_close(client.close)
    return client


def outside() -> Outside:
    """Waiting and ids of the real world."""
    return Outside(_sleep, lambda: str(uuid.uuid4()))  # noqa: TID251 - the client stands beside the server's World


def _sleep(seconds: float) -> None:
    if seconds >= _WORTH_TELLING:
        note(f"Waiting {seconds:.0f} s for the server …")
    time.sleep(seconds)


def secret_of(environ: Mapping[str, str], name: str) -> str | None:
    """A secret from the environment, or from the file that the environment names."""
    path = environ.get(f"{name}_FILE")
    if not path:
        return environ.get(name) or None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{name}_FILE names {path}, which cannot be read: {error}.", 2) from error


def server_url(text: str) -> str:
    """The origin of a readmit server; raises OperatorError. Secrets go over plain HTTP to this machine alone."""
    wrong = OperatorError(f"A server looks like https://guests.example.com, not '{text}'.", 2)
    try:
        parts = urlsplit(text.rstrip("/"))
        more = parts.path or parts.query or parts.fragment or "@" in parts.netloc or parts.port == 0
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("http", "https") or not parts.hostname or more:
        raise wrong
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise OperatorError(f"{text} would carry the secret unencrypted; use https.", 2)
    return f"{parts.scheme}://{parts.netloc}"


def endpoint_of(
    server: str | None, cloud: str | None, *, tenant: str, client_id: str, secret: str, ca: str | None
) -> Endpoint:
    """The endpoint of a readmit server or of one of Microsoft's clouds."""
    login, graph = CLOUDS[cloud] if cloud else (server_url(server or ""),) * 2
    return Endpoint(login, graph, tenant, client_id, secret, ca, cloud=bool(cloud))


def from_environment(environ: Mapping[str, str], tenant: str | None) -> Endpoint | None:
    """READMIT_SERVER or READMIT_CLOUD with the rest; half a set is refused, lest another server be taken."""
    server, cloud = environ.get("READMIT_SERVER"), environ.get("READMIT_CLOUD")
    if not (server or cloud):
        return None
    given = {
        "READMIT_CLIENT_ID": environ.get("READMIT_CLIENT_ID"),
        "READMIT_CLIENT_SECRET": secret_of(environ, "READMIT_CLIENT_SECRET"),
        "READMIT_TENANT": tenant or environ.get("READMIT_TENANT"),
    }
    missing = [name for name, value in given.items() if not value]
    if missing or (server and cloud):
        chosen = "READMIT_SERVER" if server else "READMIT_CLOUD"
        wrong = (
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
            if missing
            else "so is READMIT_CLOUD"
        )
        raise OperatorError(f"{chosen} is set, but {wrong}; set all that belongs to one server, or none.", 2)
    if cloud and cloud not in CLOUDS:
        raise OperatorError(f"READMIT_CLOUD can be {', '.join(CLOUDS)}, not '{cloud}'.", 2)
    client_id, secret, named = (str(value) for value in given.values())
    ca = environ.get("READMIT_CA_FILE")
    return endpoint_of(server, cloud, tenant=named, client_id=client_id, secret=secret, ca=ca)


def _from_login(tenant: str | None) -> Endpoint | None:
    kept = stored_login.read(stored_login.path(os.environ))
    if kept is None:
        return None
    source = click.get_current_context().get_parameter_source("data")
    if source is not None and source.name == "COMMANDLINE":
        warn(f"You are signed in to {kept.where}, so --data is not looked at; `readmit login --forget` ends that.")
    return endpoint_of(
        kept.server,
        kept.cloud,
        tenant=tenant or kept.tenant,
        client_id=kept.client_id,
        secret=kept.client_secret,
        ca=kept.ca,
    )


def from_data(data: Path | None, tenant: str | None) -> Endpoint:
    """The credentials that `readmit serve` left in its data folder; raises OperatorError."""
    path = (data or Path("readmit-data")) / _FILE
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        entry = _chosen(found["tenants"], tenant)
        server = str(found["server"])
        return Endpoint(server, server, entry["id"], entry["clientId"], entry["clientSecret"], found.get("ca"))
    except (FileNotFoundError, NotADirectoryError) as error:
        sentence = (
            "No server is known here; run `readmit login`, or name the --data folder of a running `readmit serve`."
        )
        raise OperatorError(sentence) from error
    except OSError as error:
        raise OperatorError(
            f"{path} cannot be read ({error.strerror}); run as the user who runs the server."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OperatorError(f"{path} is damaged; start `readmit serve` again, which writes it anew.") from error


def _chosen(tenants: list[dict[str, Any]], wanted: str | None) -> dict[str, Any]:
    for entry in tenants:
        names = (entry["id"], entry["displayName"], entry["initialDomain"], *entry.get("domains", ()))
        if wanted is not None and wanted.casefold() in {str(name).casefold() for name in names}:
            return entry
    if wanted is None and len(tenants) == 1:
        return tenants[0]
    listed = ", ".join(f"{entry['displayName']} ({entry['initialDomain']})" for entry in tenants)
    if wanted is None:
        raise OperatorError(f"Which tenant? Give --tenant; here are: {listed or 'none'}.", 2)
    sentence = f"There is no tenant '{wanted}'; give another --tenant; here are: {listed or 'none'}."
    raise OperatorError(f"{sentence} (One seeded beside a running server counts from the server's next start.)", 2)
