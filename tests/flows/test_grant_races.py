"""Parallel use of one code or refresh token leaves one chain (security O3, O5, T23)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from applications import bring, code_for, renew, tokens_for

from readmit.domain.errors import TokenRefused
from world import House

THREADS = 16


def at_once(work: Callable[[], Any]) -> list[Any]:
    """The work in sixteen threads at one moment: what each returned, or its refusal."""
    barrier, results = threading.Barrier(THREADS), []

    def run() -> None:
        barrier.wait()
        try:
            results.append(work())
        except TokenRefused as refusal:
            results.append(refusal)

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_T23_sixteen_parallel_refreshes_leave_one_chain(house: House) -> None:
    token = tokens_for(house, "alice@fabrikam.com")["refresh_token"]
    for _ in range(5):
        results = at_once(lambda token=token: renew(house, token))
        successors = {body["refresh_token"] for body in results}
        assert len(successors) == 1
        (token,) = successors
    assert len(house.rows("SELECT 1 FROM refresh_tokens WHERE used_at IS NULL")) == 1
    assert len(house.rows("SELECT 1 FROM refresh_tokens")) == 6


def test_O3_of_sixteen_uses_of_one_code_one_gets_tokens_which_then_die(house: House) -> None:
    for _ in range(10):
        code = code_for(house, "alice@fabrikam.com")
        results = at_once(lambda code=code: bring(house, code))
        bodies = [result for result in results if isinstance(result, dict)]
        assert len(bodies) == 1
        again = renew_refused(house, bodies[0]["refresh_token"])
        assert again == 50173, "a second use revokes all that came from the code"
    assert house.rows("SELECT 1 FROM grants") == []


def renew_refused(house: House, token: str) -> int:
    try:
        renew(house, token)
    except TokenRefused as refusal:
        return refusal.number
    return 0
