"""`readmit login`: keep a server, a tenant and an application's credentials for the other commands."""

from __future__ import annotations

import json
import os

import click

from readmit.cli.connect import login_file, outside, secret_of
from readmit.client.graph import CLOUDS, Endpoint, GraphClient
from readmit.domain.errors import OperatorError


@click.command()
@click.option("--server", help="A readmit server, such as https://guests.example.com.")
@click.option("--cloud", type=click.Choice(list(CLOUDS)), help="Microsoft's cloud instead.")
@click.option("--tenant", help="The tenant by id or domain.")
@click.option("--client-id", help="The application.")
@click.option("--client-secret", help="Its secret; better by READMIT_CLIENT_SECRET, its _FILE, or the prompt.")
@click.option("--ca", type=click.Path(exists=True), help="The CA that signed the server's certificate.")
@click.option("--device", is_flag=True, help="Sign in as a person by a device code.")
def login(
    server: str | None,
    cloud: str | None,
    tenant: str | None,
    client_id: str | None,
    client_secret: str | None,
    ca: str | None,
    device: bool,
) -> None:
    """Try the credentials and keep them for the other commands."""
    if device:
        raise OperatorError("Sign-in by device code is not there yet; use --client-id with a client secret.")
    if bool(server) == bool(cloud):
        raise OperatorError("Give either --server or --cloud.", 2)
    if not tenant or not client_id:
        raise OperatorError("Give --tenant and --client-id.", 2)
    given_as_argument = click.get_current_context().get_parameter_source("client_secret")
    if given_as_argument is not None and given_as_argument.name == "COMMANDLINE":
        click.echo("A secret on the command line can be read by others of this machine.", err=True)
    secret = client_secret or secret_of(os.environ, "READMIT_CLIENT_SECRET") or click.prompt("Secret", hide_input=True)
    base = (server or "").rstrip("/")
    host, graph = CLOUDS[cloud] if cloud else (base, base)
    client = GraphClient(Endpoint(host, graph, tenant, client_id, secret, ca, cloud=bool(cloud)), outside())
    try:
        client.sign_in()
    finally:
        client.close()
    kept = {"server": base or None, "cloud": cloud, "tenant": tenant, "clientId": client_id, "clientSecret": secret}
    _keep({**kept, "ca": os.path.abspath(ca) if ca else None})
    click.echo(
        f"Signed in to {base or cloud}. The credentials are in {login_file()} (mode 0600, not encrypted).", err=True
    )


def _keep(record: dict[str, str | None]) -> None:
    path = login_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(record, file)
