"""The life of keys: a token's signing key is published a day ahead, signs for 90 days, stays for its last token (O6).

The key that signs requests to SAML providers stays as it is: every provider has its certificate by heart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from readmit.domain.errors import OperatorError
from readmit.flows.world import World
from readmit.proofs.saml import service
from readmit.storage import keys, saml
from readmit.storage.keys import StoredKey
from readmit.storage.transaction import Transaction
from readmit.tokens import PUBLISH_AHEAD, ROTATE_EVERY, SigningKey, WrongMasterKey, from_base64url, new_signing_key

_LAST_TOKEN = timedelta(hours=2)


def load(world: World) -> None:
    """Fill the keyring with what the database holds; raises OperatorError where another master key sealed it."""
    try:
        world.keyring.use([SigningKey(*row) for row in world.database.read(keys.every)])
    except WrongMasterKey as error:
        sentence = "master.key is not the one that this database is sealed under; restore both from the same backup."
        raise OperatorError(sentence) from error


def ensure(world: World) -> None:
    """Have a key that signs, and its successor published in time; making one happens outside the transaction."""
    now = world.now()
    have = world.database.read(keys.every)
    newest = _newest(have)
    if newest is None or newest + ROTATE_EVERY - PUBLISH_AHEAD <= now:
        load(world)  # a key under a wrong master key would be made in vain
        # Late after a downtime, a successor is still published a day before it signs.
        active = now if newest is None else max(now + PUBLISH_AHEAD, newest + ROTATE_EVERY)
        nonce = from_base64url(world.new_secret())[:12]
        made = new_signing_key(world.keyring, nonce=nonce, created=now, active=active)
        world.database.write(_save, world, made, newest)
    load(world)
    ensure_request_key(world)


def ensure_request_key(world: World) -> bytes:
    """The key that signs requests to SAML providers (PKCS 8); made once, outside of any transaction."""
    found = world.database.read(saml.key)
    if found is None:
        key, certificate = service.new_key(world.now())
        sealed = world.keyring.seal(key, from_base64url(world.new_secret())[:12])
        world.database.write(saml.keep_key, sealed, certificate, world.now())
        found = world.database.read(saml.key)
    assert found is not None
    return world.keyring.unseal(found[0])


def _newest(have: Sequence[StoredKey]) -> datetime | None:
    return max((row[4] for row in have), default=None)


def _save(tx: Transaction, world: World, made: SigningKey, newest: datetime | None) -> None:
    """Another process may have been faster: then its key is the one."""
    have = keys.every(tx)
    if _newest(have) != newest:
        return
    jwk = dict(made.public_jwk)
    keys.insert(tx, kid=made.kid, sealed=made.sealed, jwk=jwk, created=made.created, active=made.active)
    # What is older than the key that signed then has no living token; that key itself may sign for another day.
    then = world.now() - _LAST_TOKEN
    keys.delete_before(tx, max((row[4] for row in have if row[4] <= then), default=then))
