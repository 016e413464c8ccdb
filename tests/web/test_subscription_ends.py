"""What a user subscribed to ends with his access, as his tokens do (lifecycle L1, L6, graph G59)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from front import Site
from test_delta import _rights
from test_subscriptions import consent, deliver, receiver, running, site

from readmit.domain.permission import Caller
from readmit.domain.subscription import Asked, Resource, Subscription
from readmit.flows import directory, housekeeping, removal, subscriptions
from receiver import Receiver
from world import House

__all__ = ["_rights", "receiver", "running", "site"]

OLD, NEW = "max@post.example", "new@post.example"


def max_by_an_application(house: House) -> Caller:
    return replace(house.automation(), user=house.guest(house.people["max"]))


def subscribed(site: Site, receiver: Receiver, caller: Caller) -> Subscription:
    """To what happens to himself, with an application that everybody lets read him."""
    consent(site, "User.Read")
    end = site.house.clock() + timedelta(days=2)
    watched = Resource("user", site.house.people["max"])
    asked = Asked(watched, "users", ("updated",), f"{receiver.url}/notices", end)
    return subscriptions.subscribe(site.house.world, caller, asked)


def reset(house: House, user_id: str) -> None:
    house.reset(user_id, OLD)


def reset_to_another(house: House, user_id: str) -> None:
    house.reset(user_id, NEW)


def revoke(house: House, user_id: str) -> None:
    house.write(directory.revoke_sessions, house.world, house.automation(), user_id)


def delete_and_restore(house: House, user_id: str) -> None:
    house.write(removal.delete_user, house.world, house.automation(), user_id)
    house.write(removal.restore_user, house.world, house.automation(), user_id)


ENDINGS: tuple[Callable[[House, str], None], ...] = (reset, reset_to_another, revoke, delete_and_restore)


@pytest.mark.parametrize("end", ENDINGS)
def test_L6_what_the_old_identity_subscribed_to_is_told_no_more(
    site: Site, receiver: Receiver, end: Callable[[House, str], None]
) -> None:
    """Nor does whoever comes after him, by the same application, find it or prolong it."""
    house, user_id = site.house, site.house.people["max"]
    made = subscribed(site, receiver, max_by_an_application(house))
    end(house, user_id)
    assert deliver(site) == 0
    assert receiver.tried == 0
    after = max_by_an_application(house)
    assert house.read(subscriptions.mine, house.world, after) == []
    assert house.read(subscriptions.mine, house.world, house.automation()) == []
    housekeeping.sweep(house.world)
    assert house.rows("SELECT id FROM subscriptions WHERE id = :id", id=made.id) == []


def test_L6_a_token_from_before_the_reset_subscribes_to_nothing(site: Site, receiver: Receiver) -> None:
    """The reset comes while the receiver proves itself: the caller was let in before."""
    before = max_by_an_application(site.house)
    reset(site.house, site.house.people["max"])
    subscribed(site, receiver, before)
    site.house.reset(site.house.people["max"], NEW)
    assert deliver(site) == 0
    assert receiver.tried == 0


def test_an_applications_own_subscription_outlives_the_reset_of_a_guest(site: Site, receiver: Receiver) -> None:
    house: Any = site.house
    asked = Asked(Resource("user"), "users", ("updated",), f"{receiver.url}/notices", house.clock() + timedelta(days=2))
    subscriptions.subscribe(house.world, house.automation(), asked)
    reset(house, house.people["max"])
    assert deliver(site) == 1
    assert len(receiver.heard()) == 1
