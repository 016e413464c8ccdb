"""World: everything a flow may use besides its transaction. Built once, in `app.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from readmit.flows.webhooks import Webhooks
from readmit.proofs.oidc import RelyingParty
from readmit.proofs.passwords import Passwords, Secrets
from readmit.settings import Settings
from readmit.storage.database import Database
from readmit.tokens import Keyring


@dataclass(frozen=True, slots=True)
class World:
    """Time, ids and secrets are arguments: tests give fixed ones and get stable answers."""

    settings: Settings
    database: Database
    keyring: Keyring
    passwords: Passwords
    secrets: Secrets
    relying_party: RelyingParty
    """Asks home identity providers outside this server."""
    now: Callable[[], datetime]
    """The time, in UTC."""
    new_id: Callable[[], str]
    """A random version 4 UUID in lower case (graph G5)."""
    new_secret: Callable[[], str]
    """256 random bits as 43 characters of base64url (security L1)."""
    wake_mailer: Callable[[], None]
    """Says that mail is owed; cheap, from any thread."""
    webhooks: Webhooks = field(default_factory=Webhooks)
    """Reaches the receivers of subscriptions."""
