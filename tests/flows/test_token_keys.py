"""The life of signing keys over rotations, downtimes and processes (security O6)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import OperatorError
from readmit.flows import keys
from readmit.flows.world import World
from readmit.storage import keys as stored
from readmit.storage.database import Database
from readmit.tokens import Keyring, SigningKey, base64url
from world import MASTER, House, make_world

FAR = {"exp": 2**40, "nbf": 0}


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[House]:
    """A server at its first start: no key yet."""
    world, clock = make_world(tmp_path)
    house = House(as_process(world), clock)
    yield house
    house.world.database.close()


def as_process(world: World, database: Database | None = None) -> World:
    """A process with a keyring of its own, which reloads as a server's does."""
    made = replace(world, keyring=Keyring(MASTER), database=database or world.database)
    made.keyring.reload = lambda: keys.load(made)
    return made


def kid(world: World) -> str:
    return world.keyring.sign(FAR, typ="JWT", now=world.now()).split(".")[0]


def rows(house: House) -> list[Any]:
    return house.read(stored.every)


def test_the_first_key_signs_at_once(bare: House) -> None:
    keys.ensure(bare.world)
    (row,) = rows(bare)
    assert row[3] == row[4] == bare.world.now()
    assert bare.world.keyring.verify(bare.world.keyring.sign(FAR, typ="JWT", now=bare.world.now()), bare.world.now())


def test_O6_keys_rotate_every_ninety_days_published_a_day_ahead(bare: House) -> None:
    keys.ensure(bare.world)
    first, begun = kid(bare.world), bare.world.now()
    bare.clock.pass_(days=89, microseconds=-1)
    keys.ensure(bare.world)
    assert len(rows(bare)) == 1
    bare.clock.pass_(microseconds=1)
    keys.ensure(bare.world)
    assert [(row[4] - begun).days for row in rows(bare)] == [0, 90]
    assert len(bare.world.keyring.published()) == 2
    bare.clock.pass_(days=1, microseconds=-1)
    assert kid(bare.world) == first
    bare.clock.pass_(microseconds=1)
    assert kid(bare.world) != first


def test_O6_after_a_downtime_the_successor_is_published_a_day_before_it_signs(bare: House) -> None:
    """Relying parties that keep our keys for a day never meet a token of a key that they cannot know."""
    keys.ensure(bare.world)
    first = kid(bare.world)
    bare.clock.pass_(days=400)
    token = bare.world.keyring.sign(FAR, typ="JWT", now=bare.world.now())
    keys.ensure(bare.world)
    keys.ensure(bare.world)
    assert len(rows(bare)) == 2
    assert kid(bare.world) == first
    bare.clock.pass_(hours=23, minutes=59)
    keys.ensure(bare.world)
    assert (len(rows(bare)), kid(bare.world)) == (2, first)
    bare.clock.pass_(minutes=1)
    assert kid(bare.world) != first
    assert bare.world.keyring.verify(token, bare.world.now()), "the last token of the first key is still verified"


def test_O6_a_key_is_kept_until_its_last_token_died(bare: House) -> None:
    keys.ensure(bare.world)
    seen = [rows(bare)[0][0]]
    for rotation in range(1, 5):
        bare.clock.pass_(days=89 if rotation == 1 else 90)
        last = bare.world.keyring.sign(FAR, typ="JWT", now=bare.world.now())
        keys.ensure(bare.world)
        have = [row[0] for row in rows(bare)]
        seen += [new for new in have if new not in seen]
        assert have == seen[-2:], "the one that signs and its successor; what signed before has no living token"
        assert bare.world.keyring.verify(last, bare.world.now())
    assert len(seen) == 5


def test_of_processes_that_start_together_one_makes_the_key(bare: House, tmp_path: Path) -> None:
    processes = [as_process(bare.world, Database(tmp_path / "readmit.db")) for _ in range(3)]
    barrier = threading.Barrier(3)

    def start(world: World) -> None:
        barrier.wait()
        keys.ensure(world)

    threads = [threading.Thread(target=start, args=(world,)) for world in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows(bare)) == 1
    assert len({kid(world) for world in processes}) == 1
    for world in processes:
        world.database.close()


def test_a_slow_process_adds_no_second_successor(bare: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it makes a key, another adds the successor and forgets an old key: as many as before, and not the same."""
    keys.ensure(bare.world)
    for days in (89, 90):
        bare.clock.pass_(days=days)
        keys.ensure(bare.world)
    bare.clock.pass_(days=90)
    other, make = as_process(bare.world), keys.new_signing_key

    def slowly(*arguments: Any, **named: Any) -> SigningKey:
        monkeypatch.setattr(keys, "new_signing_key", make)
        keys.ensure(other)
        return make(*arguments, **named)

    before = len(rows(bare))
    monkeypatch.setattr(keys, "new_signing_key", slowly)
    keys.ensure(bare.world)
    assert len(rows(bare)) == before
    bare.clock.pass_(days=1)
    assert kid(bare.world) == kid(other)
    active = [row[4] for row in rows(bare)]
    assert len(set(active)) == len(active)


def test_a_process_loads_a_key_that_another_made(bare: House) -> None:
    other = as_process(bare.world)
    keys.ensure(other)
    token = other.keyring.sign(FAR, typ="JWT", now=bare.world.now())
    assert bare.world.keyring.published() == []
    assert bare.world.keyring.verify(token, bare.world.now())["exp"] == FAR["exp"]
    assert len(bare.world.keyring.published()) == 1
    assert "d" not in bare.world.keyring.published()[0]


def test_keys_of_another_master_key_are_not_loaded(bare: House) -> None:
    """A wrong master key is told, not worked around with fresh keys."""
    keys.ensure(bare.world)
    stranger = replace(bare.world, keyring=Keyring(bytes(32)))
    with pytest.raises(OperatorError, match=r"master\.key is not the one .* restore both from the same backup"):
        keys.ensure(stranger)
    assert len(rows(bare)) == 1
    bare.clock.pass_(days=90)
    with pytest.raises(OperatorError):
        keys.ensure(stranger)
    assert len(rows(bare)) == 1


class _Counting(Keyring):
    """Tells how often a key was opened."""

    opened = 0

    def unseal(self, sealed: str) -> bytes:
        type(self).opened += 1
        return super().unseal(sealed)


def test_a_token_with_an_invented_key_id_opens_no_key_again(bare: House) -> None:
    """Opening one takes 50 ms of the loop: strangers must not make the server do it (security O6)."""
    keys.ensure(bare.world)
    world = replace(bare.world, keyring=_Counting(MASTER))
    world.keyring.reload = lambda: keys.load(world)
    good = bare.world.keyring.sign(FAR, typ="at+jwt", now=bare.world.now())
    assert world.keyring.verify(good, world.now()), "an unknown key is looked for"
    opened = _Counting.opened
    assert opened > 0
    head = base64url(b'{"kid":"invented","alg":"RS256"}')
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            world.keyring.verify(f"{head}.{head}.AAAA", world.now())
    assert _Counting.opened == opened
