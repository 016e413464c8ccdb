"""A browser's way at its beginning, before anything is known of who goes it."""

from __future__ import annotations

from readmit.domain.redemption import FLOW_LIFETIME, Flow, Target
from readmit.flows.browsers import Browser
from readmit.flows.world import World


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
