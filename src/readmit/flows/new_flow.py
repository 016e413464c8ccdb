"""A browser's way at its beginning, before anything is known of who goes it."""

from __future__ import annotations

from typing import Final

from readmit.domain.client_address import counted
from readmit.domain.redemption import FLOW_LIFETIME, Flow, Target
from readmit.flows.browsers import Browser
from readmit.flows.world import World
from readmit.storage import attempts, browser_flows
from readmit.storage.transaction import Transaction

MOST_OF_A_NETWORK: Final = 1_000
MOST: Final = 20_000
"""Ways that wait for a proof at one time: some 160 megabytes, were each as long as a URL may be."""
LOOKED_AT_EVERY: Final = 64
"""New ways between two looks at all of them, which take a millisecond where there are many."""


def new_flow(world: World, browser: Browser, *, flow_id: str, tenant_id: str, target: Target) -> Flow:
    """A sign-in of this browser that lives an hour; the caller says what else is known, and inserts it."""
    now = world.now()
    return Flow(
        id=flow_id,
        browser_hash=browser.flow_hash,
        csrf=world.new_secret(),
        kind="sign_in",
        tenant_id=tenant_id,
        target=target,
        created=now,
        expires=now + FLOW_LIFETIME,
    )


def open_way(tx: Transaction, world: World, browser: Browser, flow: Flow) -> None:
    """Write the row of a new way; beyond the bounds the oldest in which nobody has proved anything give way to it.

    Nobody is refused: a stranger who begins ways without end would shut out whoever shares his address, or everybody.
    What he pushes out is what was left lying longest, his own as a rule; a way with a proof in it stays.
    """
    network = counted(browser.ip)
    browser_flows.insert(tx, flow, network)
    browser_flows.keep_newest(tx, MOST_OF_A_NETWORK, network)
    if attempts.count(tx, "flows", "", now=world.now(), length=attempts.HOUR) % LOOKED_AT_EVERY == 0:
        browser_flows.keep_newest(tx, MOST)
