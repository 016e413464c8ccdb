"""R3, T9, T10: parallel redemptions have one winner, and none commits under an old generation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from readmit.domain.counters import counters_of
from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import Accepted, Binding, Pending, home_binding, mail_binding
from readmit.domain.redemption import FLOW_LIFETIME, Flow, Proof, ToMyApps
from readmit.flows import redeem
from readmit.flows.arrive import Arrived
from readmit.flows.browsers import digest
from readmit.storage import browser_flows
from world import House, a_browser

THREADS = 16


def proved_flows(house: House, user_id: str, number: int, binding: Binding | None = None) -> list[str]:
    """Open redemptions of one guest in as many browsers, each with the invited address proved, by a code if need be."""
    user, now = house.guest(user_id), house.world.now()
    assert isinstance(user.redemption, Pending)
    invited = user.redemption.invited
    proof = Proof(
        binding or mail_binding(invited),
        (invited.key,),
        invited.given,
        now,
        now,
        ("otp",),
        counters=counters_of(user),
    )
    ids = [house.world.new_id() for _ in range(number)]

    def insert(tx: Any) -> None:
        for flow_id in ids:
            flow = Flow(
                id=flow_id,
                browser_hash=digest("s" * 43),
                csrf="c",
                kind="redemption",
                tenant_id=house.contoso,
                target=ToMyApps(),
                created=now,
                expires=now + FLOW_LIFETIME,
                user_id=user_id,
                generation=user.generation,
                epoch=user.epoch,
                address=invited,
                method="code",
                proof=proof,
            )
            browser_flows.insert(tx, flow)

    house.write(insert)
    return ids


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run all at one moment; what each returned, or the error it raised."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(number: int, work: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[number] = work()
        except DeadEnd as end:
            results[number] = end

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def accepting(house: House, flow_id: str) -> Callable[[], Any]:
    return lambda: house.write(redeem.accept, house.world, a_browser(), flow_id)


@pytest.mark.parametrize("part", range(3))
def test_R3_of_sixteen_redemptions_at_once_one_binds_and_all_are_let_in(house: House, part: int) -> None:
    """100 of 300 invitations: the losers proved the same identity, so they are signed in (lifecycle L5)."""
    guests = [house.invite(f"race{part}-{number}@post.example").user.id for number in range(100)]
    for user_id in guests:
        flows = proved_flows(house, user_id, THREADS)
        results = together(*(accepting(house, flow_id) for flow_id in flows))
        assert [type(result) for result in results] == [Arrived] * THREADS
    redeemed = house.rows("SELECT user_id, COUNT(*) FROM redemptions GROUP BY user_id HAVING COUNT(*) > 1")
    assert redeemed == []
    told = house.rows("SELECT COUNT(*) FROM audit_events WHERE activity = 'Redeem external user invite'")
    assert told[0][0] == len(guests)
    assert all(isinstance(house.guest(user_id).redemption, Accepted) for user_id in guests)


def test_T9_of_two_identities_in_eight_browsers_one_wins_and_the_other_is_told_so(house: House) -> None:
    """300 invitations, 8 threads: the same identity comes in (lifecycle L5), another one ends on P8."""
    for number in range(300):
        user_id = house.invite(f"two{number}@post.example").user.id
        account = home_binding(house.fabrikam, f"account {number}")
        flows = [*proved_flows(house, user_id, 4), *proved_flows(house, user_id, 4, account)]
        results = together(*(accepting(house, flow_id) for flow_id in flows))
        redemption = house.guest(user_id).redemption
        assert isinstance(redemption, Accepted)
        ends = [result.page if isinstance(result, DeadEnd) else type(result) for result in results]
        let_in, told = [Arrived] * 4, [Page.UNKNOWN_ACCOUNT] * 4
        assert ends == (told + let_in if redemption.binding == account else let_in + told)
    rows = house.rows("SELECT user_id FROM redemptions GROUP BY user_id HAVING COUNT(*) > 1")
    assert rows == []
    assert house.rows("SELECT COUNT(*) FROM sign_ins WHERE tenant_id = :id", id=house.contoso) == [(300 * 4,)]


def test_T10_no_redemption_commits_under_a_generation_that_a_reset_has_ended(house: House) -> None:
    """Whichever is first, the guest is Pending under the new generation, and nobody of the race stays signed in."""
    for number in range(100):
        address = f"reset{number}@post.example"
        user_id = house.invite(address).user.id
        flows = proved_flows(house, user_id, 7)
        results = together(
            lambda user_id=user_id, address=address: house.reset(user_id, address),
            *(accepting(house, flow_id) for flow_id in flows),
        )
        assert results[0].status == "PendingAcceptance", "a reset never loses (L5)"
        user = house.guest(user_id)
        assert isinstance(user.redemption, Pending)
        assert user.generation == 2
        assert house.rows("SELECT 1 FROM sign_ins WHERE user_id = :id", id=user_id) == []
        open_ones = house.rows("SELECT 1 FROM redemptions WHERE user_id = :id AND ended_at IS NULL", id=user_id)
        assert open_ones == []


def test_parallel_resets_all_answer_and_each_raises_the_generation_once(house: House) -> None:
    user_id = house.people["max"]
    results = together(*(lambda: house.reset(user_id, "max@post.example") for _ in range(THREADS)))
    assert {result.status for result in results} == {"PendingAcceptance"}
    assert house.guest(user_id).generation == 1 + THREADS
    assert sorted(result.invitation.generation for result in results) == list(range(2, 2 + THREADS))


def test_parallel_invitations_of_one_address_make_one_guest(house: House) -> None:
    """Lifecycle L15."""
    results = together(*(lambda: house.invite("same@post.example") for _ in range(THREADS)))
    assert len({result.user.id for result in results}) == 1


def test_parallel_repeats_of_one_idempotency_key_make_one_invitation(house: House) -> None:
    """Reliability section 1."""
    results = together(*(lambda: house.invite("key@post.example", idempotency_key="k1", send=True) for _ in range(8)))
    assert len({result.invitation.id for result in results}) == 1
    assert len({result.ticket for result in results}) == 8
    assert house.rows("SELECT COUNT(*) FROM outbox")[0][0] == 1
