"""The life of a signing key: made, published a day ahead, signing for 90 days, kept for its last token (O6)."""

from __future__ import annotations

from datetime import timedelta

from readmit.flows.world import World
from readmit.storage import keys
from readmit.storage.transaction import Transaction
from readmit.tokens import PUBLISH_AHEAD, ROTATE_EVERY, SigningKey, from_base64url, new_signing_key

_LAST_TOKEN = timedelta(hours=2)


def load(world: World) -> None:
    """Fill the keyring with what the database holds."""
    world.keyring.use([SigningKey(*row) for row in world.database.read(keys.every)])


def ensure(world: World) -> None:
    """Have a key that signs, and its successor published in time; making one happens outside the transaction."""
    now = world.now()
    have = world.database.read(keys.every)
    newest = max((row[4] for row in have), default=None)
    if newest is None or newest + ROTATE_EVERY - PUBLISH_AHEAD <= now:
        active = now if newest is None else max(now, newest + ROTATE_EVERY)
        nonce = from_base64url(world.new_secret())[:12]
        made = new_signing_key(world.keyring, nonce=nonce, created=now, active=active)
        world.database.write(_save, world, made, len(have))
    load(world)


def _save(tx: Transaction, world: World, made: SigningKey, had: int) -> None:
    """Another process may have been faster: then its key is the one."""
    if len(keys.every(tx)) != had:
        return
    jwk = dict(made.public_jwk)
    keys.insert(tx, kid=made.kid, sealed=made.sealed, jwk=jwk, created=made.created, active=made.active)
    keys.delete_before(tx, world.now() - 2 * ROTATE_EVERY - _LAST_TOKEN)
