"""A scripted server, a clock that only sleeping moves, and a client between them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from scripted_graph import TENANT, ScriptedGraph

from readmit.client.graph import Endpoint, GraphClient, Outside


@dataclass
class Clock:
    """Seconds; sleeping is instant and remembered."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def graph() -> Iterator[ScriptedGraph]:
    server = ScriptedGraph()
    yield server
    server.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_client(graph: ScriptedGraph, clock: Clock) -> Iterator[Callable[..., GraphClient]]:
    """A client of the scripted server; keywords change its endpoint."""
    made: list[GraphClient] = []
    numbers = itertools.count(1)

    def make(**changes: object) -> GraphClient:
        endpoint = Endpoint(graph.url, graph.url, TENANT, "app", "hush")
        outside = Outside(clock.sleep, lambda: f"id-{next(numbers)}", lambda: clock.now)
        made.append(GraphClient(replace(endpoint, **changes), outside))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client: Callable[..., GraphClient]) -> GraphClient:
    return make_client()
