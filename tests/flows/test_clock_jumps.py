"""R10: a clock that jumps an hour lengthens no life and takes no mail from who is sending it (reliability section 4)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from applications import arrive, bring, caller_of, client, code_for, renew, tokens_for
from ways import Way, begin, follow

from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import TokenRefused, Unavailable
from readmit.domain.graph_permissions import READMIT_APP_ID
from readmit.domain.redemption import Step
from readmit.flows import device, keys, leases
from readmit.flows.browsers import session_of
from readmit.flows.issue import Exchange
from readmit.flows.tokens import Asked
from readmit.storage import outbox
from readmit.storage.outbox import Entry
from world import House

MAX = "max@post.example"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def back(house: House) -> None:
    """The clock is found to be an hour ahead and is set right."""
    house.clock.time -= HOUR


def code(house: House) -> Callable[[], bool]:
    way = begin(house, MAX)
    mailed = way.ask_code()
    return lambda: way.code(mailed).right


def proof(house: House) -> Callable[[], bool]:
    way: Way = follow(house, house.invite("new@post.example"))
    assert way.code().right
    way.proceed()
    return lambda: way.step is Step.CONSENT


def session(house: House) -> Callable[[], bool]:
    token = arrive(house, MAX).session_token

    def lives() -> bool:
        found = house.read(session_of, token, house.world.now())
        return found is not None and found.at(house.contoso) is not None

    return lives


def access_token(house: House) -> Callable[[], bool]:
    token = tokens_for(house, MAX)["access_token"]

    def lives() -> bool:
        try:
            return caller_of(house, token) is not None
        except Unauthenticated:
            return False

    return lives


def authorization_code(house: House) -> Callable[[], bool]:
    made = code_for(house, MAX)
    return _granted(lambda: bring(house, made))


def refresh_token(house: House) -> Callable[[], bool]:
    token = tokens_for(house, MAX)["refresh_token"]
    return _granted(lambda: renew(house, token))


def device_code(house: House) -> Callable[[], bool]:
    app, graph = client(house, READMIT_APP_ID), Asked("https://graph.microsoft.com", graph=True)
    started = house.write(
        device.start, house.world, app, graph, ("openid",), origin="https://localhost:8443", ip="192.0.2.9"
    )

    def pending() -> bool:
        answer = house.write(device.poll, house.world, app, Exchange(started.device_code))
        return isinstance(answer, TokenRefused) and answer.error == "authorization_pending"

    return _granted(pending)


def _granted(work: Callable[[], object]) -> Callable[[], bool]:
    def lives() -> bool:
        try:
            return work() is not False
        except TokenRefused:
            return False

    return lives


LIVES = {
    code: timedelta(minutes=10),
    proof: timedelta(minutes=10),
    session: timedelta(hours=8),
    access_token: timedelta(minutes=60),
    authorization_code: timedelta(seconds=60),
    refresh_token: timedelta(hours=24),
    device_code: timedelta(minutes=10),
}


@pytest.mark.parametrize("kind", LIVES)
def test_R10_nothing_made_by_a_clock_that_was_ahead_outlives_its_time(
    house: House, kind: Callable[[House], Callable[[], bool]]
) -> None:
    """Set back by an hour, it is refused."""
    lives = kind(house)
    back(house)
    assert not lives()


@pytest.mark.parametrize("kind", [name for name in LIVES if name not in (code, authorization_code)])
def test_R10_the_clocks_of_two_machines_may_lie_a_minute_apart(
    house: House, kind: Callable[[House], Callable[[], bool]]
) -> None:
    lives = kind(house)
    house.clock.time -= MINUTE
    assert lives()


@pytest.mark.parametrize(("kind", "life"), LIVES.items())
def test_R10_a_clock_that_jumps_ahead_ends_what_is_over_by_it(
    house: House, kind: Callable[[House], Callable[[], bool]], life: timedelta
) -> None:
    lives = kind(house)
    house.clock.time += life + MINUTE + timedelta(seconds=1)
    assert not lives()


# ------------------------------------------------------------------------- leases


def test_R10_a_clock_that_is_set_back_behind_every_key_leaves_one_that_signs(house: House) -> None:
    """It was ahead when the first key was made. To sign by none is a defect, and to make another one no remedy."""
    keys.ensure(house.world)
    back(house)
    keys.ensure(house.world)
    keyring, now = house.world.keyring, house.world.now()
    token = keyring.sign({"exp": int((now + HOUR).timestamp())}, typ="at+jwt", now=now)
    assert keyring.verify(token, now)["typ"] == "at+jwt"
    assert len(keyring.published()) == 1


@pytest.fixture
def sending(house: House) -> Entry:
    """A mail that a worker has in hand."""
    house.invite("new@post.example", send=True)
    entry = leases.take(house.world, "first", leases.Watch())
    assert entry is not None
    return entry


def test_R10_a_lease_that_a_jump_made_over_is_left_to_who_renews_it(house: House, sending: Entry) -> None:
    seconds = [0.0]
    watch = leases.Watch(lambda: seconds[0], leases.PATIENCE)
    house.clock.pass_(hours=1)
    assert leases.take(house.world, "second", watch) is None
    seconds[0] += leases.RENEWED_EVERY
    assert house.write(outbox.renew, sending.mail.id, "first", house.world.now() + leases.LEASE)
    seconds[0] += leases.PATIENCE
    assert leases.take(house.world, "second", watch) is None
    assert house.write(outbox.finish, sending, "sent", now=house.world.now())


def test_OB2_the_mail_of_a_worker_who_is_silent_is_taken_once(house: House, sending: Entry) -> None:
    seconds = [0.0]
    watches = [leases.Watch(lambda: seconds[0], leases.PATIENCE) for _ in range(2)]
    assert [leases.take(house.world, "before its end", watch) for watch in watches] == [None, None]
    house.clock.pass_(seconds=61)
    assert [leases.take(house.world, "at once", watch) for watch in watches] == [None, None]
    seconds[0] += leases.PATIENCE
    taken = [leases.take(house.world, f"worker {number}", watch) for number, watch in enumerate(watches)]
    assert [entry is not None for entry in taken] == [True, False]
    assert not house.write(outbox.finish, sending, "sent", now=house.world.now())


def test_OB2_a_lease_is_renewed_while_a_slow_server_takes_the_mail(
    house: House, sending: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R6: a server that hangs in each step takes longer than a lease lasts."""
    monkeypatch.setattr(leases, "RENEWED_EVERY", 0.001)
    renewed, renew = threading.Event(), outbox.renew

    def noted(*arguments: object) -> bool:
        renewed.set()
        return renew(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox, "renew", noted)
    with leases.kept(house.world, sending):
        house.clock.pass_(seconds=61)
        for _ in range(
            3
        ):  # the first may have begun before the clock moved; the third begins after the second's COMMIT
            renewed.clear()
            assert renewed.wait(10)
        assert house.read(outbox.lapsed, house.world.now()) == []
    assert house.write(outbox.finish, sending, "sent", now=house.world.now())


def test_OB2_a_lease_that_cannot_be_renewed_now_is_tried_again(
    house: House, sending: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEWED_EVERY", 0.001)
    tries, thrice = [0], threading.Event()

    def unavailable(*_: object) -> bool:
        tries[0] += 1
        if tries[0] == 3:
            thrice.set()
        raise Unavailable

    monkeypatch.setattr(outbox, "renew", unavailable)
    with leases.kept(house.world, sending):
        assert thrice.wait(10)
