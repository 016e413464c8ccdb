"""Liveness, readiness and metrics (reliability HS1, HS2)."""

from __future__ import annotations

from ipaddress import ip_address
from shutil import disk_usage
from typing import Any

import msgspec

from readmit.domain.errors import ReadmitError
from readmit.flows.world import World
from readmit.storage import queries_health
from readmit.web.call import Call, Reply, Step, Work
from readmit.web.http import Refusal

NEEDED_BYTES = 100_000_000
"""Free disk below which the server is not ready (reliability HS2)."""
_JSON = (("content-type", "application/json"), ("cache-control", "no-store"))


def live(world: World, call: Call) -> Step:
    """The process answers; the database is not asked."""
    return Reply(200, b'{"status":"UP"}', _JSON)


def ready(world: World, call: Call) -> Step:
    """The database answers, a signing key is at hand, there is space to write (reliability HS2)."""
    return Work(_reply, _checks, world)


def _checks(world: World) -> list[dict[str, Any]]:
    try:
        world.database.read(queries_health.answers)
        database = "UP"
    except ReadmitError:
        database = "DOWN"
    key = "UP" if world.keyring.published() else "DOWN"
    space = "UP" if disk_usage(world.settings.data).free >= NEEDED_BYTES else "DOWN"
    named = {"database": database, "signingKey": key, "diskSpace": space}
    return [{"name": name, "status": status} for name, status in named.items()]


def _reply(checks: list[dict[str, Any]]) -> Reply:
    up = all(check["status"] == "UP" for check in checks)
    body = msgspec.json.encode({"status": "UP" if up else "DOWN", "checks": checks})
    return Reply(200 if up else 503, body, _JSON)


def metrics(world: World, call: Call) -> Step:
    """Prometheus text for loopback (security D6)."""
    try:
        local = ip_address(call.client_ip).is_loopback
    except ValueError:
        local = False
    if not local:
        raise Refusal(404)
    return Work(_metrics_reply, world.database.read, queries_health.figures)


def _metrics_reply(figures: list[tuple[str, str, str, int]]) -> Reply:
    lines: list[str] = []
    known: set[str] = set()
    for name, text, labels, value in figures:
        if name not in known:
            lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
            known.add(name)
        lines.append(f"{name}{{{labels}}} {value}")
    body = "\n".join([*lines, ""]).encode()
    return Reply(200, body, (("content-type", "text/plain; version=0.0.4; charset=utf-8"),))
