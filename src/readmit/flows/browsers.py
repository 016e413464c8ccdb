"""A browser: its session, and the sign-ins it gains by proofs (security section 6)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from readmit.domain.guest import User
from readmit.domain.redemption import Proof
from readmit.domain.session import SignIn
from readmit.domain.user_agent import told_by
from readmit.flows.world import World
from readmit.storage import sessions
from readmit.storage.sessions import Session
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser brings along: the secrets of its cookies, and where it asks from."""

    session_token: str | None
    ip: str
    flow_secret: str = ""
    user_agent: str = ""

    @property
    def flow_hash(self) -> str:
        return digest(self.flow_secret)


def digest(secret: str) -> str:
    """What the database keeps of a cookie's secret: SHA-256 (security N8)."""
    return hashlib.sha256(secret.encode()).hexdigest()


def session_of(tx: Transaction, token: str | None, now: datetime) -> Session | None:
    """The live session behind a cookie."""
    return sessions.get(tx, digest(token), now) if token else None


def add_sign_in(tx: Transaction, world: World, browser: Browser, user: User, proof: Proof) -> tuple[str, SignIn]:
    """Add a proved sign-in to the browser's session; returns the cookie's new token, the old one is dead (N2)."""
    now = world.now()
    session = session_of(tx, browser.session_token, now)
    fresh = world.new_secret()
    if session is None:
        session_id = world.new_id()
        sessions.insert(tx, session_id, token_hash=digest(fresh), csrf=world.new_secret(), now=now)
    else:
        session_id = session.id
        sessions.renew(tx, session_id, token_hash=digest(fresh), csrf=world.new_secret())
    name, platform = told_by(browser.user_agent)
    guest_at_home = proof.home_user_id is not None and proof.home_user_id != user.id
    entry = SignIn(
        session_id=session_id,
        tenant_id=user.tenant_id,
        user_id=user.id,
        epoch=user.epoch,
        at=proof.since,
        authenticated=proof.auth_time if proof.auth_time != proof.since else None,
        seen=now,
        amr=proof.amr,
        home_user_id=proof.home_user_id if guest_at_home else None,
        home_epoch=proof.home_epoch if guest_at_home else None,
        ip=browser.ip,
        browser=name,
        platform=platform,
    )
    sessions.sign_in(tx, entry)
    return fresh, entry


def note_use(tx: Transaction, world: World, entry: SignIn) -> None:
    """The sign-in is used: it is not idle (security N1, V5)."""
    sessions.seen(tx, entry, world.now())
