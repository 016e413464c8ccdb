"""`readmit demo`: a fresh server plays the article's story over HTTPS; `--check` prints JSON and ends."""

from __future__ import annotations

import os
import secrets  # noqa: TID251 - the demo stands outside the server's World
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readmit.cli import output
from readmit.domain.errors import OperatorError

if TYPE_CHECKING:
    from readmit.cli.demo_stage import Stage
    from readmit.cli.demo_story import Scenario

_PORT = 8443


@click.command()
@click.option("--check", is_flag=True, help="Play, print one JSON object, stop; exit code 0 or 1.")
@click.option("--port", type=int, default=_PORT, show_default=True, help="The port; a free one if it is taken.")
def demo(check: bool, port: int) -> int:
    """Play the four situations of the article, and the old way, on a fresh server."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # A closed terminal must not leave a server behind, nor its folder.
        signal.signal(number, _end)
    with tempfile.TemporaryDirectory(prefix="readmit-demo-") as folder:
        password, secret = secrets.token_urlsafe(12), secrets.token_urlsafe(24)
        with _server(Path(folder), port, password, secret) as base:
            from readmit.cli.demo_stage import Stage

            stage = Stage(base, Path(folder), password=password, secret=secret, new_id=lambda: str(uuid.uuid4()))  # noqa: TID251
            try:
                return _check(stage) if check else _show(stage, Path(folder))
            finally:
                stage.close()


def _end(number: int, _frame: object) -> None:
    sys.exit(128 + number)


@contextmanager
def _server(folder: Path, port: int, password: str, secret: str) -> Iterator[str]:
    """A server of its own process on a fresh folder, gone when the block ends."""
    from readmit.cli.serve import free_port

    chosen = port if port and _is_free(port) else free_port()
    seed = folder / "demo.yaml"
    seed.write_text((files("readmit.cli") / "demo_seed.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("READMIT_")}
    environ |= {"DEMO_PASSWORD": password, "DEMO_SECRET": secret}
    log = (folder / "server.log").open("wb")
    command = [
        sys.executable,
        "-m",
        "readmit",
        "serve",
        "--data",
        str(folder),
        "--port",
        str(chosen),
        "--seed",
        str(seed),
    ]
    server = subprocess.Popen(command, env=environ, stdout=log, stderr=log)  # noqa: S603 - our own program
    try:
        base = f"https://localhost:{chosen}"
        _await_ready(server, base, folder)
        yield base
    finally:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


def _is_free(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _await_ready(server: subprocess.Popen[bytes], base: str, folder: Path) -> None:
    import ssl

    import httpx2

    for _ in range(600):
        if server.poll() is not None:
            log = (folder / "server.log").read_text(encoding="utf-8", errors="replace").strip()
            raise OperatorError(f"The demo's server did not start: {log}")
        if (folder / "ca.pem").is_file():
            try:
                context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
                with httpx2.Client(verify=context) as client:
                    if client.get(f"{base}/health/ready").status_code == 200:
                        return
            except (httpx2.HTTPError, ssl.SSLError):
                pass
        time.sleep(0.05)
    raise OperatorError("The demo's server was not ready within 30 seconds.")


def _check(stage: Stage) -> int:
    from readmit.cli.demo_story import play

    played: list[Scenario] = []
    failure: str | None = None
    try:
        play(stage, played.append)
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    passed = failure is None and all(scenario.passed for scenario in played)
    answer: dict[str, Any] = {"scenarios": [scenario.as_json() for scenario in played], "passed": passed}
    if failure is not None:
        answer["failure"] = failure
    output.result(answer)
    return 0 if passed else 1


def _show(stage: Stage, folder: Path) -> int:
    from readmit.cli.demo_story import play

    click.echo(f"A fresh readmit plays the story over {stage.base} …\n")
    played = play(stage, _tell)
    kept = sum(scenario.passed for scenario in played)
    click.echo(f"{kept} of {len(played)} scenes as they should be.\n")
    click.echo("The server stays up; Ctrl+C ends it and removes its folder.")
    click.echo(f"  My Apps   {stage.base}/myapps?tenantId=contoso.com   (zoe@post.example by mailed code)")
    click.echo(f"  Graph     {stage.base}/v1.0")
    click.echo(f"  Password  {stage.password}   (ada@contoso.com and every home account)")
    click.echo(f"  CA        {folder}/ca.pem")
    click.echo(f"  Mail      {program()} mail list --data {folder}")
    click.echo(f"  Guests    {program()} guest list --tenant contoso.com --data {folder}")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("")
    return 0 if kept == len(played) else 1


def program() -> str:
    """How this command was called, so that a line that names it can be copied."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{sys.executable} -m readmit"
    return called.name if shutil.which(called.name) == str(called) else str(called)


def _tell(scenario: Scenario) -> None:
    from rich.console import Console
    from rich.padding import Padding

    console = Console()
    mark = "[bold green]✓[/]" if scenario.passed else "[bold red]✗[/]"
    console.print(f"{mark} [bold]{scenario.name}[/]")
    rows = [(name, _cell(before), _cell(scenario.after.get(name))) for name, before in scenario.before.items()]
    console.print(Padding(output.compared(rows, console.width - 2), (0, 0, 0, 2)))
    for name, held in scenario.proofs.items():
        console.print(f"  {'[green]✓[/]' if held else '[red]✗[/]'} {name}")
    console.print("")


def _cell(value: Any) -> str:
    return ", ".join(value) or "–" if isinstance(value, list) else str(value)
