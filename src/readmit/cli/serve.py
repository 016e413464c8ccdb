"""`readmit serve`: the server on its data folder, in one process or several."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readmit import certificates, data_folder
from readmit.cli.options import server_environment
from readmit.settings import Settings, is_loopback, load

if TYPE_CHECKING:
    from readmit.flows.world import World


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="The data folder (default ./readmit-data).")
@click.option("--host", help="The address to listen on (default 127.0.0.1).")
@click.option("--port", type=int, help="The port (default 8443; 0 takes a free one).")
@click.option("--seed", "seed_path", type=click.Path(path_type=Path), help="Apply this seed file first.")
@click.option("--workers", type=int, help="Processes that answer (default 1); about one for each core.")
@click.option("--no-tls", is_flag=True, help="Plain HTTP: on loopback or behind trusted proxies only.")
@click.option("--public-url", help="What links and mail start with (default https://localhost:PORT).")
@click.option("--smtp", help="smtp://user:password@host:587; without it mail is kept in the data folder.")
@click.option("--mail-from", help="The sender of mail.")
@click.option("--trusted-proxies", help="Networks whose forwarded headers count, with commas.")
@click.option(
    "--extra-ca-certs",
    type=click.Path(path_type=Path),
    help="A PEM file of authorities to trust beside the system's: for providers, webhooks and the SMTP server.",
)
@click.option("--security-contact", help="Whom to tell of a weakness, in /.well-known/security.txt: an address or URI.")
@click.option("--emulate", type=click.Choice(["entra"]), help="Behave as Microsoft's cloud where readmit is kinder.")
@click.option("--config", type=click.Path(path_type=Path), help="A TOML file with settings.")
def serve(seed_path: Path | None, no_tls: bool, config: Path | None, **options: Any) -> int:
    """Start the server; without a seed there is one tenant, readmit.onmicrosoft.com."""
    given = {**options, "seed": seed_path, "tls": False if no_tls else None}
    if given["port"] == 0:
        given["port"] = free_port()
    settings = load(given, server_environment(os.environ), config)
    if settings.port == 0:
        settings = load({**given, "port": free_port()}, server_environment(os.environ), config)
    return run(settings)


def free_port() -> int:
    """A port of loopback that nobody uses right now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(settings: Settings) -> int:
    """Serve until a signal; the data folder is this server's alone meanwhile."""
    _warn_python()
    data_folder.open_folder(settings.data)
    with data_folder.lock(settings.data):
        return _run_alone(settings) if settings.workers == 1 else _run_workers(settings)


def _run_alone(settings: Settings) -> int:
    from readmit.cli import server

    with server.bind(settings) as listening, server.opened(settings) as (world, mailer):
        made, warnings = server.prepare(world), _warnings(world)
        server.listen(listening, settings)
        server.publish(world, made)
        certificate = made.server if settings.tls else None
        started = partial(_announce, settings, made, warnings)
        return server.answer(world, mailer, listening, certificate, started=started)


def _run_workers(settings: Settings) -> int:
    from readmit.cli import server
    from readmit.cli.workers import Workers

    settings.throttle_path.unlink(missing_ok=True)
    with server.bind(settings) as listening:
        with server.opened(settings) as (world, _):
            made, warnings = server.prepare(world), _warnings(world)
            server.listen(listening, settings)
            server.publish(world, made)
        workers = Workers(settings, listening, made.server if settings.tls else None)
        return workers.run(settings.workers, started=partial(_announce, settings, made, warnings))


def _warnings(world: World) -> list[str]:
    """What is on that belongs on no server that people rely on (security O7)."""
    from readmit.storage import queries_tenants

    return [
        f"WARNING: {tenant.display_name} has the password grant on (allowPasswordGrant): applications may take "
        "passwords. It is for tests only."
        for tenant in world.database.read(queries_tenants.with_password_grant)
    ]


def _announce(settings: Settings, made: certificates.Certificates, warnings: list[str]) -> None:
    lines = [f"readmit listens on {settings.public_url}"]
    if not is_loopback(settings.host):
        lines.append(f"Reachable from other machines on {settings.host}:{settings.port}.")
    if settings.tls:
        lines.append(f"  CA        {made.ca.resolve()}   (readmit trust prints what trusts it)")
        if made.new_ca:
            lines.append("  The CA is new: clients have to trust it.")
    lines += [
        f"  Graph     {settings.public_url}/v1.0",
        f"  My Apps   {settings.public_url}/myapps",
        f"  Mail      {(settings.smtp and 'by SMTP') or 'kept; readmit mail list shows it'}",
    ]
    if settings.workers > 1:
        lines.append(f"  Workers   {settings.workers}")
    click.echo("\n".join([*lines, *warnings]), err=True)


def _warn_python() -> None:
    """Security K5: header handling of older patch releases."""
    if sys.version_info < (3, 11, 15):
        found = ".".join(map(str, sys.version_info[:3]))
        click.echo(f"Python {found} lacks security fixes; 3.11.15 or newer is advised.", err=True)
