"""Whoever sends a body slowly, or never, keeps nobody else out (reliability OV1, section 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from front import Site, site

from readmit.web.bodies import Bodies

__all__ = ["site"]


def scope(method: str, path: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "https",
        "client": ("192.0.2.7", 40000),
        "headers": [(b"host", b"localhost:8443"), *headers],
    }


POST = scope("POST", "/redeem/x", (b"content-length", b"10"))
GRAPH = scope("POST", "/v1.0/invitations", (b"transfer-encoding", b"chunked"))
GET = scope("GET", "/")


async def never() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


async def at_once() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def asked(site: Site, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    """The start of the answer."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await site._front(scope, receive, send)
    return sent[0]


def test_OV1_a_hundred_bodies_that_never_come_shut_nobody_out(site: Site) -> None:
    async def work() -> int:
        slow = [asyncio.create_task(asked(site, POST, never)) for _ in range(100)]
        await asyncio.sleep(0)
        answer = await asked(site, GET, at_once)
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        return int(answer["status"])

    assert asyncio.run(work()) == 200
    assert (site._front._bodies._arriving, site._front._in_work) == (0, 0)


@pytest.mark.parametrize("late", [POST, GRAPH])
def test_a_body_that_does_not_arrive_is_408_and_its_connection_ends(site: Site, late: dict[str, Any]) -> None:
    site._front._bodies = Bodies(seconds=0.01)
    answer = asyncio.run(asked(site, late, never))
    assert answer["status"] == 408
    assert (b"connection", b"close") in answer["headers"]


@pytest.mark.parametrize("before", [[], [b""], [b"{}"], [b"a", b"b"]])
def test_a_request_that_is_cut_off_is_not_taken_for_a_whole_one(site: Site, before: list[bytes]) -> None:
    """Nor for one without a body: what needs none would be done, though nobody asked for it to the end."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in before]
    messages.append({"type": "http.disconnect"})

    async def cut_off() -> dict[str, Any]:
        return messages.pop(0)

    assert asyncio.run(asked(site, POST, cut_off))["status"] == 400
    assert messages == []


def test_of_very_many_bodies_on_their_way_the_next_is_asked_to_come_later(
    site: Site,
) -> None:
    """They hold memory: what has no body is served all the same."""
    site._front._bodies = Bodies(at_once=3)

    async def work() -> list[Any]:
        slow = [asyncio.create_task(asked(site, POST, never)) for _ in range(3)]
        await asyncio.sleep(0)
        answers = [await asked(site, POST, at_once), await asked(site, GET, at_once)]
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        return answers

    refused, served = asyncio.run(work())
    assert (refused["status"], served["status"]) == (503, 200)
    assert (b"retry-after", b"1") in refused["headers"]
