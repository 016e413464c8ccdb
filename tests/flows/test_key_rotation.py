"""R16: keys rotate while tokens are made and checked, and no live token fails (reliability section 4, security O6)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from applications import GRAPH, ORIGIN, caller_of

from readmit.domain.authentication import Unauthenticated
from readmit.flows import keys, tokens
from readmit.flows.tokens import Asked, Presented
from world import AUTOMATION, House

ROTATIONS, THREADS = 12, 8
PRESENTED = Presented(AUTOMATION, "automation-secret", "192.0.2.7")


def test_R16_no_live_token_fails_while_keys_rotate(house: House) -> None:
    """A year of rotations beside eight threads that make tokens and bring them."""
    stop, checked, failures = threading.Event(), [0], []
    keys.ensure(house.world)  # a server answers nobody before it has its first key

    def work(_: int) -> None:
        while not stop.is_set():
            issued = house.clock()
            body = tokens.client_credentials(house.world, house.contoso, PRESENTED, Asked(GRAPH, graph=True), ORIGIN)
            try:
                caller_of(house, str(body["access_token"]))
            except Unauthenticated as error:
                if house.clock() == issued:  # else a month went by in between, and the token with it
                    failures.append(error)
            checked[0] += 1

    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(work, number) for number in range(THREADS)]
        seen = set()
        for _ in range(ROTATIONS):
            before = checked[0]
            while checked[0] < before + 2 * THREADS and not any(each.done() for each in running):
                stop.wait(0.001)
            keys.ensure(house.world)
            seen |= {key["kid"] for key in house.world.keyring.published()}
            house.clock.pass_(days=30)
        stop.set()
        for each in running:
            each.result()
    assert failures == []
    assert checked[0] > ROTATIONS * THREADS
    assert len(seen) >= 4
