"""Throttling as Graph does it (graph G62 to G64): windows of counters, by the World's clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from readmit.domain.errors import Throttled
from readmit.domain.throttling import Cost, Limit, Use, Windows, cost, own, published
from readmit.flows.world import World
from readmit.storage import queries
from readmit.web.call import Call
from readmit.web.graph.operations import Operation, caller_of

_KEPT: Final = 5.0
"""Seconds for which a tenant's setting and size are believed without looking."""
_NEAR: Final = 0.8
_FAR: Final = 1.8
Header = tuple[str, str]


class TooManyRequests(Throttled):
    """M23 with the headers of G64: `scope` as `x-ms-throttle-scope` writes it, `writes` which kind ran out."""

    def __init__(self, retry_after: int, scope: str, *, writes: bool, percentage: float) -> None:
        super().__init__(retry_after)
        self.headers: tuple[Header, ...] = (
            ("x-ms-throttle-scope", scope),
            ("x-ms-throttle-information", "WriteLimitExceeded" if writes else "ResourceUnitLimitExceeded"),
            ("x-ms-throttle-limit-percentage", f"{percentage:.1f}"),
        )


@dataclass(slots=True)
class _Known:
    """A tenant's limits, and until when they are believed."""

    limits: tuple[Limit, ...]
    until: float


class Throttle:
    """Counts what callers ask of Graph. Without limits, the default, a request costs one look into a dictionary."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows
        self._tenants: dict[str, _Known] = {}

    def check(self, world: World, call: Call, operation: Operation) -> tuple[Header, ...]:
        """Count the request; the headers that tell of it. Raises TooManyRequests, with nothing counted."""
        caller = caller_of(call)
        now = world.now()
        spent = cost_of(call, operation)
        told: tuple[Header, ...] = (("x-ms-resource-unit", str(spent.units)),)
        limits = self._limits(world, caller.tenant_id, now)
        if not limits:
            return told
        low = call.headers.get("x-ms-throttle-priority", "").strip().lower() == "low"
        near = self._count(limits, spent, (caller.tenant_id, caller.app_id), now, low=low)
        return told if near < _NEAR else (*told, ("x-ms-throttle-limit-percentage", f"{min(near, _FAR):.1f}"))

    def _count(self, limits: Sequence[Limit], spent: Cost, who: tuple[str, str], now: datetime, *, low: bool) -> float:
        """Count against every limit that fits; how near the tightest is. All or nothing."""
        moment = now.timestamp()
        fitting = [limit for limit in limits if limit.only in ("", spent.area)]
        part = _NEAR if low else 1
        uses = [
            Use(_key(limit, who), int(moment // limit.seconds), _amount(limit, spent), limit.amount * part)
            for limit in fitting
        ]
        tightest = 0.0
        for limit, use, after in zip(fitting, uses, self._windows.take(uses), strict=True):
            if not use.fits(after):
                wait = max(1, math.ceil((use.window + 1) * limit.seconds - moment))
                raise TooManyRequests(
                    wait, _scope(limit, who), writes=limit.kind == "Write", percentage=min(after / limit.amount, _FAR)
                )
            tightest = max(tightest, after / limit.amount)
        return tightest

    def _limits(self, world: World, tenant_id: str, now: datetime) -> tuple[Limit, ...]:
        known = self._tenants.get(tenant_id)
        if known is None or known.until <= now.timestamp():
            limits = world.database.read(_limits_of, world, tenant_id)
            known = self._tenants[tenant_id] = _Known(limits, now.timestamp() + _KEPT)
        return known.limits


def _limits_of(tx: Any, world: World, tenant_id: str) -> tuple[Limit, ...]:
    """The tenant's own word, else `graph` under `--emulate entra`, else none (G62)."""
    tenant = queries.tenant(tx, tenant_id)
    chosen = tenant.settings.throttle if tenant is not None else None
    if chosen is None:
        chosen = "graph" if world.settings.emulate == "entra" else "off"
    if chosen == "off":
        return ()
    if isinstance(chosen, str):
        return published(queries.count(tx, tenant_id, queries.Search("user")))
    return own(chosen)


def cost_of(call: Call, operation: Operation) -> Cost:
    """What this request costs; options are read loosely here, the door reads them strictly."""
    if not call.query:
        return _plain_cost(call.method, operation.pattern)
    values = {name.strip().lower().lstrip("$"): value for name, value in call.query_values().items()}
    top = values.get("top", "")
    return cost(
        call.method,
        operation.pattern,
        selects="select" in values,
        expands="expand" in values,
        top=int(top[:6]) if top.isascii() and top.isdigit() else None,
    )


@lru_cache(maxsize=1024)
def _plain_cost(method: str, pattern: str) -> Cost:
    return cost(method, pattern, selects=False, expands=False, top=None)


def _amount(limit: Limit, spent: Cost) -> int:
    if limit.requests:
        return 1
    return spent.writes if limit.kind == "Write" else spent.units


def _key(limit: Limit, who: tuple[str, str]) -> tuple[str, ...]:
    tenant_id, app_id = who
    parts = {"Tenant_Application": (tenant_id, app_id), "Application": (app_id,), "Tenant": (tenant_id,)}
    return (limit.scope, limit.kind, limit.only, *parts[limit.scope])


def _scope(limit: Limit, who: tuple[str, str]) -> str:
    kind = "ReadWrite" if limit.requests else limit.kind
    return f"{limit.scope}/{kind}/{who[1]}/{who[0]}"
