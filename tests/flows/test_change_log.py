"""The log of changes: written with each change, read without a gap, told to receivers at least once (graph G58, G59)."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ways import follow

from readmit.domain.errors import NotFound, ReadmitError
from readmit.domain.subscription import Asked, Resource
from readmit.flows import directory, notify, removal, subscriptions
from readmit.flows.webhooks import Webhooks
from readmit.storage import changes
from readmit.storage import subscriptions as table
from world import House, copy_house


def logged(house: House, seq: int) -> list[tuple[str, str]]:
    """(object, columns) behind a number."""
    return [
        (change.object_id, " ".join(change.columns))
        for change in house.read(changes.since, house.contoso, "user", seq, limit=10_000)
    ]


def test_a_redemption_is_logged_with_what_it_changed(house: House) -> None:
    invited = house.invite("new@post.example")
    seq = house.read(changes.head)
    follow(house, invited).redeem_by_code()
    assert [id for id, _ in logged(house, seq)] == [invited.user.id]
    assert {"external_state", "binding"} <= set(logged(house, seq)[0][1].split())


def test_a_flow_that_is_refused_leaves_no_row(house: House) -> None:
    seq = house.read(changes.head)

    def half(tx: Any) -> None:
        tx.run("UPDATE users SET given_name = 'x' WHERE id = :id", {"id": house.people["max"]})
        raise NotFound("x")

    with pytest.raises(NotFound):
        house.write(half)
    assert house.read(changes.head) == seq
    assert logged(house, seq) == []


def test_a_reader_beside_many_writers_sees_every_row_once_and_in_order(house: House) -> None:
    """A number is never visible before a lower one: whoever remembers the last one has missed nothing."""
    seen: list[int] = []
    done = threading.Event()
    start = house.read(changes.head)

    def read() -> None:
        at = start
        while True:
            last_look = done.is_set()
            found = house.read(changes.since, house.contoso, "user", at, limit=7)
            seen.extend(change.seq for change in found)
            at = found[-1].seq if found else at
            if last_look and not found:
                return

    def write(number: int) -> None:
        for guest in range(12):
            house.invite(f"w{number}g{guest}@post.example")

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    rows = house.rows("SELECT seq FROM changes WHERE seq > :seq AND kind = 'user' ORDER BY seq", seq=start)
    assert seen == [row[0] for row in rows]
    assert len(seen) >= 72


# ------------------------------------------------------------- told at least once


@dataclass
class Fragile(Webhooks):
    """A receiver in this process that refuses as often as it is told to; writes down what it hears, in order."""

    refusals: int = 0
    heard: list[str] = field(default_factory=list)

    def proves(self, url: str, token: str, *, private: bool) -> bool:
        return True

    def tell(self, url: str, notices: list[dict[str, Any]], *, private: bool) -> str | None:
        if self.refusals:
            self.refusals -= 1
            return "answered 500"
        self.heard += [one.get("lifecycleEvent") or one["resource"].removeprefix("Users/") for one in notices]
        return None


@dataclass
class Story:
    """A house, its receiver, and for each changed user how much had been heard at his last change."""

    house: House
    receiver: Fragile
    changed: dict[str, int] = field(default_factory=dict)

    def do(self, what: str, number: int) -> None:
        if what in ("invite", "patch", "delete", "purge"):
            self._change(what, number)
        elif what == "refuse":
            self.receiver.refusals += number * 5
        elif what == "pass":
            self.house.clock.pass_(minutes=number * 120)
        elif what == "die":
            now = self.house.clock()
            self.house.write(table.lease, "dead", now=now, until=now + timedelta(seconds=60))
        else:
            self.house.clock.pass_(seconds=1)
            notify.tell_next(self.house.world, "worker")

    def _change(self, what: str, number: int) -> None:
        house, caller = self.house, self.house.automation("User.ReadWrite.All", "User.Invite.All")
        address = f"g{number}@post.example"
        found = house.rows("SELECT id FROM users WHERE mail = :mail ORDER BY deleted_at IS NOT NULL", mail=address)
        id = found[0][0] if found else ""
        seq = house.read(changes.head)
        try:
            if what == "invite":
                house.invite(address)
            elif what == "patch":
                values = directory.UserChanges({"jobTitle": str(seq)}, None)
                house.write(directory.update_user, house.world, caller, id, values)
            elif what == "delete":
                house.write(removal.delete_user, house.world, caller, id)
            else:
                house.write(removal.purge_user, house.world, caller, id)
        except ReadmitError:
            return
        for changed, _ in logged(house, seq):
            self.changed[changed] = len(self.receiver.heard)

    def settle(self) -> None:
        """The receiver is well again and the worker works."""
        self.receiver.refusals = 0
        for _ in range(3):
            self.house.clock.pass_(minutes=11)
            while notify.tell_next(self.house.world, "worker"):
                pass


STEPS = ("invite", "patch", "delete", "purge", "refuse", "pass", "die", "work", "work")


@settings(max_examples=80, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 3)), min_size=6, max_size=30))
def test_every_change_is_told_or_missed_is(
    seeded: Path, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """Whatever changes, refuses, dies and passes in whatever order."""
    house = copy_house(seeded, tmp_path_factory.mktemp("told"))
    receiver = Fragile()
    Webhooks.__init__(receiver)
    house.world = replace(house.world, webhooks=receiver)
    story = Story(house, receiver)
    end = house.clock() + timedelta(days=20)
    asked = Asked(Resource("user"), "users", ("updated", "deleted"), "https://r.example/n", end, "https://r.example/l")
    subscriptions.subscribe(house.world, house.automation(), asked)
    try:
        for what, number in steps:
            story.do(what, number)
        story.settle()
        for id, before in story.changed.items():
            assert {id, "missed"} & set(receiver.heard[before:]), (id, receiver.heard, before)
    finally:
        house.world.database.close()
