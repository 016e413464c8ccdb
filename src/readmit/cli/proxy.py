"""`readmit proxy`: clients with compiled-in hosts work unmodified; on loopback only (security D6)."""

from __future__ import annotations

import asyncio
import signal
import ssl
from contextlib import suppress
from pathlib import Path

import click

from readmit import data_folder
from readmit.cli.options import data_option, quiet_option, settings_of
from readmit.cli.output import note
from readmit.cli.tunnel import Tunnel
from readmit.domain.errors import OperatorError

_HOST = "127.0.0.1"
_HEAD_LIMIT = 64 * 1024


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=3128, help="The port (default 3128; 0 takes a free one)."
)
@data_option
@quiet_option
def proxy(port: int, data: Path | None) -> None:
    """Lead Microsoft's hosts to the server of the data folder, for clients whose hosts are compiled in.

    HTTPS_PROXY names it to a client; the local CA vouches for Microsoft's names (readmit trust).
    """
    from readmit.web.origins import MICROSOFT_HOSTS

    folder = settings_of(data).data
    ca = folder / "ca.pem"
    tunnel = Tunnel(MICROSOFT_HOSTS, _server(folder), _trust(ca))
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(tunnel, port, ca))


def _server(folder: Path) -> tuple[str, int]:
    record = data_folder.read_record(folder)
    if record is None:
        raise OperatorError(f"No server is known in {folder}; start `readmit serve` there, or name --data.")
    if not record.get("tls", True):
        raise OperatorError(f"The server of {folder} runs without TLS; start it without --no-tls for the proxy.")
    host = str(record["host"])
    return {"0.0.0.0": _HOST, "::": "::1"}.get(host, host), int(record["port"])  # noqa: S104 - compared, not bound


def _trust(ca: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(ca))
    except OSError as error:
        raise OperatorError(f"There is no readable {ca}; start `readmit serve` with this data folder first.") from error


async def _run(tunnel: Tunnel, port: int, ca: Path) -> None:
    try:
        server = await asyncio.start_server(tunnel.serve, _HOST, port, limit=_HEAD_LIMIT)
    except OSError as error:
        sentence = f"The address {_HOST}:{port} cannot be used ({error.strerror}); choose another one with --port."
        raise OperatorError(sentence) from error
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    _announce(server.sockets[0].getsockname()[1], tunnel, ca)
    await over.wait()
    server.close()


def _announce(port: int, tunnel: Tunnel, ca: Path) -> None:
    for line in (
        f"readmit proxy on http://{_HOST}:{port} leads Microsoft's hosts to {tunnel.server[0]}:{tunnel.server[1]}",
        f"  export HTTPS_PROXY=http://{_HOST}:{port} NODE_EXTRA_CA_CERTS={ca.resolve()}",
        f"  export SSL_CERT_FILE={ca.resolve()} REQUESTS_CA_BUNDLE={ca.resolve()} CURL_CA_BUNDLE={ca.resolve()}",
    ):
        note(line)
