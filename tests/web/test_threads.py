"""Whoever waits for a provider that does not answer holds up nobody who wants a list (reliability OV1)."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest
from front import Person, Site, site

from readmit.domain.errors import Unavailable
from readmit.web.call import Apart, Reply, Work
from readmit.web.threads import Threads

__all__ = ["site"]


def nothing() -> None:
    """What lists would be read by."""


def answered(result: object) -> Reply:
    return Reply(200, str(result).encode())


def test_work_goes_on_while_everything_apart_waits_and_more_of_that_is_refused() -> None:
    threads, over = Threads(nothing, apart=3), threading.Event()

    async def run() -> None:
        waiting = [asyncio.create_task(threads.run(Apart(answered, over.wait))) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await threads.run(Apart(answered, lambda: 1))
        assert await threads.run(Work(answered, lambda: "a token")) == Reply(200, b"a token")
        assert await threads.run(Work(answered, nothing)) == Reply(200, b"None")
        over.set()
        assert await asyncio.gather(*waiting) == [Reply(200, b"True")] * 3
        assert await threads.run(Apart(answered, lambda: "another")) == Reply(200, b"another")

    asyncio.run(run())
    threads.close()


def test_a_thread_stays_taken_until_its_work_ends_whoever_has_given_up() -> None:
    threads, over = Threads(nothing, apart=1), threading.Event()

    async def run() -> None:
        task = asyncio.create_task(threads.run(Apart(answered, over.wait)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with pytest.raises(Unavailable):
            await threads.run(Apart(answered, lambda: 1))
        over.set()

    asyncio.run(run())
    threads.close()


def test_what_fails_apart_gives_its_thread_back() -> None:
    threads = Threads(nothing, apart=1)

    async def run() -> None:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await threads.run(Apart(answered, lambda: 1 // 0))

    asyncio.run(run())
    threads.close()


def test_a_graph_request_that_waits_for_others_waits_apart_too(site: Site) -> None:
    """Its answer's headers are put on without changing where it waits."""
    over = threading.Event()
    site._front._threads = Threads(nothing, apart=1)

    async def occupied() -> None:
        task = asyncio.create_task(site._front._threads.run(Apart(answered, over.wait)))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(occupied())
    asked = {
        "changeType": "updated",
        "notificationUrl": "https://127.0.0.1:1/told",
        "resource": "users",
        "expirationDateTime": (site.house.world.now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
    }
    try:
        assert site.graph("POST", "/v1.0/subscriptions", json=asked).status_code == 503
    finally:
        over.set()


def test_a_sign_in_that_finds_no_thread_is_asked_to_come_again(site: Site) -> None:
    """By a page; nothing of the way is lost."""
    person, over = Person(site), threading.Event()
    person.open("/myapps?tenantId=contoso.com")
    person.submit(address="alice@fabrikam.com")
    site._front._threads = Threads(nothing, apart=1)

    async def occupied() -> None:
        task = asyncio.create_task(site._front._threads.run(Apart(answered, over.wait)))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(occupied())
    person.submit(password="x")
    assert (person.status, "try again in a moment" in person.html) == (503, True)
    over.set()
