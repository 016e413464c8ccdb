"""`readmit serve`: the server, its keys, its certificate and its mailer."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from readmit import app, certificates, data_folder
from readmit.cli import logs
from readmit.cli.credentials import write_credentials
from readmit.cli.options import server_environment
from readmit.domain.errors import OperatorError
from readmit.flows import first_tenant, keys
from readmit.flows.world import World
from readmit.settings import Settings, is_loopback, load

_GRACE = 8


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="The data folder (default ./readmit-data).")
@click.option("--host", help="The address to listen on (default 127.0.0.1).")
@click.option("--port", type=int, help="The port (default 8443; 0 takes a free one).")
@click.option("--seed", "seed_path", type=click.Path(path_type=Path), help="Apply this seed file first.")
@click.option("--no-tls", is_flag=True, help="Plain HTTP: on loopback or behind trusted proxies only.")
@click.option("--public-url", help="What links and mail start with (default https://localhost:PORT).")
@click.option("--smtp", help="smtp://user:password@host:587; without it mail is kept in the data folder.")
@click.option("--mail-from", help="The sender of mail.")
@click.option("--trusted-proxies", help="Networks whose forwarded headers count, with commas.")
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
        return _run(settings)


def _run(settings: Settings) -> int:
    import uvicorn

    logs.configure()
    mailer, notifier = app.Mailer(), app.Notifier()
    world = app.open_world(settings, wake_mailer=mailer.wake)
    try:
        keys.ensure(world)
        _prepare(world)
        made = certificates.ensure(settings.data, _hosts(settings), world.now(), data_folder.write_secret)
        write_credentials(world, made.ca if settings.tls else None)
        record = {
            "url": settings.public_url,
            "port": settings.port,
            "host": settings.host,
            "tls": settings.tls,
            "pid": os.getpid(),
        }
        data_folder.write_record(settings.data, record)
        front = app.application(world)
        config = uvicorn.Config(
            front,
            host=settings.host,
            port=settings.port,
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE,
            ssl_certfile=str(made.server) if settings.tls else None,
        )
        mailer.start(world)
        notifier.start(world)
        try:
            # uvicorn ends by raising the signal anew: it has done its work by then, and the exit code is 0 (SD1).
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: None)
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                return runner.run(_serve(uvicorn.Server(config), world, made))
        finally:
            notifier.stop()
            mailer.stop()
            front.close()
    finally:
        world.database.close()


def _hosts(settings: Settings) -> list[str]:
    from urllib.parse import urlsplit

    public = urlsplit(settings.public_url).hostname or "localhost"
    listens = [] if settings.host in ("0.0.0.0", "::") else [settings.host]  # noqa: S104 - compared, not bound
    return [public, *listens]


def _prepare(world: World) -> None:
    """The seed before anything is ready; without one, a first tenant."""
    from readmit.cli.seed import apply_file

    if world.settings.seed is not None:
        apply_file(world, world.settings.seed, force=False)
    world.database.write(first_tenant.ensure, world)


def _loop_factory() -> Any:
    """uvloop where the platform has it."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def _serve(server: Any, world: World, made: certificates.Certificates) -> int:
    listening = _listen(world.settings)
    loop = asyncio.get_running_loop()
    announced = loop.create_task(_announce(server, world.settings, made))
    world.database.attach(loop)
    try:
        await server.serve(sockets=[listening])
    finally:
        world.database.detach()
    announced.cancel()
    return 0


def _listen(settings: Settings) -> Any:
    import socket

    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted connections inherit it: an answer of two packets else waits 40 ms for the peer's delayed acknowledgement.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        where = f"{settings.host}:{settings.port}"
        sentence = f"The address {where} cannot be used ({error.strerror}); choose another one with --port or --host."
        raise OperatorError(sentence) from error
    listening.listen(2048)
    listening.setblocking(False)
    return listening


async def _announce(server: Any, settings: Settings, made: certificates.Certificates) -> None:
    while not server.started:
        await asyncio.sleep(0.01)
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
    click.echo("\n".join(lines), err=True)


def _warn_python() -> None:
    """Security K5: header handling of older patch releases."""
    if sys.version_info < (3, 11, 15):
        found = ".".join(map(str, sys.version_info[:3]))
        click.echo(f"Python {found} lacks security fixes; 3.11.15 or newer is advised.", err=True)
