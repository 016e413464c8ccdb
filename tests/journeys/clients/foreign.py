"""Foreign clients as processes of their own: the program, its environment, and the talk with it in lines of JSON.

A program prints one JSON object per line. An object with `ask` is a question (open this link, sign in at this address); the
test answers it with one line. Every other object is a fact, and all facts together are what the run returns. What is no
JSON is a client's own chatter and only shown when a run fails.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
BIN = ROOT / ".venv-journeys" / "bin"
MODULES = HERE / "node" / "node_modules"
_LIMIT = 180

Answer = Callable[[dict[str, Any]], object]


def trusting(ca: Path) -> dict[str, str]:
    """The environment of a foreign client: the lines of `readmit trust`, the clients' own programs first, nothing of ours."""
    kept = {name: value for name, value in os.environ.items() if name in ("HOME", "LANG", "TMPDIR", "TZ")}
    path = str(ca)
    trust = dict.fromkeys(("CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"), path)
    # NODE_PATH is not read by ES modules; the programs of node/ find their modules beside them.
    return {**kept, **trust, "PATH": f"{BIN}:/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}


def start(command: Sequence[str | Path], environ: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """A foreign server as a group of processes: `node` of this environment is a program that starts the real one."""
    with log.open("ab") as told:
        return subprocess.Popen(
            [str(part) for part in command], env=dict(environ), stdout=told, stderr=told, start_new_session=True
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """The whole group, at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def run(
    command: Sequence[str | Path],
    environ: Mapping[str, str],
    answers: Mapping[str, Answer] | None = None,
    *,
    folder: Path | None = None,
) -> dict[str, Any]:
    """Run a foreign program to its end and return its facts; a failure of it is the test's, with all it said."""
    with tempfile.TemporaryFile("w+") as errors:
        said: list[str] = []
        with subprocess.Popen(
            [str(part) for part in command],
            env=dict(environ),
            cwd=folder or HERE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process:
            watch = threading.Timer(_LIMIT, process.kill)
            watch.start()
            try:
                facts = _talk(process, answers or {}, said)
                code = process.wait()
            finally:
                watch.cancel()
        errors.seek(0)
        if code != 0:
            raise AssertionError(f"{command} ended with {code}\n{''.join(said)}\n{errors.read()[-6000:]}")
        return facts


def _talk(process: subprocess.Popen[str], answers: Mapping[str, Answer], said: list[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    assert process.stdin is not None
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        told = _object(line)
        if "ask" in told:
            _tell(process.stdin, answers[told["ask"]](told))
        else:
            facts.update(told)
    return facts


def _tell(stdin: IO[str], answer: object) -> None:
    stdin.write(json.dumps(answer) + "\n")
    stdin.flush()


def _object(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
