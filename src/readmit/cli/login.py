"""`readmit login`: try an application's credentials and keep them for the other commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from readmit.cli import stored_login
from readmit.cli.connect import endpoint_of, outside, secret_of, server_url
from readmit.cli.options import json_option, quiet_option
from readmit.cli.output import note, result, warn
from readmit.cli.stored_login import StoredLogin
from readmit.client.graph import CLOUDS, GraphClient
from readmit.domain.errors import OperatorError


@click.command()
@click.option("--server", envvar="READMIT_SERVER", help="A readmit server, such as https://guests.example.com.")
@click.option("--cloud", type=click.Choice(list(CLOUDS)), envvar="READMIT_CLOUD", help="Microsoft's cloud instead.")
@click.option("--tenant", envvar="READMIT_TENANT", help="The tenant by id or domain.")
@click.option("--client-id", envvar="READMIT_CLIENT_ID", help="The application (its appId).")
@click.option(
    "--client-secret", help="Its secret; better READMIT_CLIENT_SECRET, READMIT_CLIENT_SECRET_FILE or the prompt."
)
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    envvar="READMIT_CA_FILE",
    help="The CA that signed the server's certificate (see readmit trust).",
)
@click.option("--device", is_flag=True, help="Sign in as a person by a device code.")
@click.option("--forget", is_flag=True, help="Remove what was kept instead.")
@json_option
@quiet_option
def login(
    server: str | None,
    cloud: str | None,
    tenant: str | None,
    client_id: str | None,
    client_secret: str | None,
    ca: str | None,
    device: bool,
    forget: bool,
    as_json: bool,
) -> None:
    """Get a token with the credentials, then keep them for the other commands.

    With --json: `server`, `cloud`, `tenant`, `clientId`, `ca`, `file`.
    """
    if forget:
        _forget()
        return
    if device:
        raise OperatorError("Sign-in by device code is not there yet; use --client-id with a client secret.")
    server, cloud = _one_of(server, cloud)
    if not tenant or not client_id:
        raise OperatorError("Give --tenant and --client-id.", 2)
    origin = server_url(server) if server else None
    made = StoredLogin(origin, cloud, tenant, client_id, _secret(client_secret), ca)
    _try(made)
    file = stored_login.path(os.environ)
    stored_login.write(file, made)
    note(f"Signed in to {made.where}.")
    warn(f"The secret is kept in {file}, a plain file that only your account can read (mode 0600).")
    if as_json:
        shown = {"server": origin, "cloud": cloud, "tenant": tenant, "clientId": client_id, "ca": ca}
        result({**shown, "file": str(file)})


def _one_of(server: str | None, cloud: str | None) -> tuple[str | None, str | None]:
    """What the command line names counts before what the environment names."""
    source = click.get_current_context().get_parameter_source
    typed = [name for name in ("server", "cloud") if (found := source(name)) and found.name == "COMMANDLINE"]
    if len(typed) == 1:
        server, cloud = (server, None) if typed == ["server"] else (None, cloud)
    if bool(server) == bool(cloud):
        raise OperatorError("Give either --server or --cloud.", 2)
    return server, cloud


def _secret(given: str | None) -> str:
    source = click.get_current_context().get_parameter_source("client_secret")
    if given and source is not None and source.name == "COMMANDLINE":
        warn("A secret on the command line can be read by others of this machine and stays in the shell's history.")
    secret = given or secret_of(os.environ, "READMIT_CLIENT_SECRET") or _asked()
    if not secret:
        raise OperatorError("Give the secret by READMIT_CLIENT_SECRET, READMIT_CLIENT_SECRET_FILE or stdin.", 2)
    return secret


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    secret: str = click.prompt("Client secret", hide_input=True, err=True)
    return secret


def _try(made: StoredLogin) -> None:
    endpoint = endpoint_of(
        made.server,
        made.cloud,
        tenant=made.tenant,
        client_id=made.client_id,
        secret=made.client_secret,
        ca=made.ca,
    )
    client = GraphClient(endpoint, outside())
    try:
        client.sign_in()
    finally:
        client.close()


def _forget() -> None:
    file: Path = stored_login.path(os.environ)
    note(f"Removed {file}." if file.exists() else "Nobody was signed in.")
    file.unlink(missing_ok=True)
