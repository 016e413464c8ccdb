"""A one-time password is one's own once: who has typed it holds nothing once it was replaced (security D1, L6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from ways import Way, begin

from readmit.domain.errors import DeadEnd, Page
from readmit.domain.guest import User
from readmit.flows import directory, prove
from readmit.flows.directory import UserChanges
from readmit.storage import users
from world import House, a_browser

MIA = "mia@contoso.com"


def mia(house: House) -> User:
    found: User | None = house.read(users.by_upn, house.contoso, MIA)
    assert found is not None
    return found


def typed(house: House, secret: str) -> Way:
    """A browser at the page that wants a password of her own."""
    hashed, now = house.read(users.password, mia(house).id)[0], house.clock()
    house.write(users.set_password, mia(house).id, hashed, now=now, expires=now + timedelta(hours=24))
    way = begin(house, MIA, a_browser(secret * 43))
    way.password()
    assert way.look().one_time
    return way


def replaced(way: Way, password: str) -> prove.Proved:
    return prove.replace_one_time_password(way.house.world, way.browser, way.flow_id, password)


def by_herself(house: House) -> None:
    replaced(typed(house, "m"), "a password of her own")


def by_an_administrator(house: House) -> None:
    hashed = house.world.passwords.hash("a password by Ada")
    caller = house.person("ada", "User.ReadWrite.All")
    house.write(directory.update_user, house.world, caller, MIA, UserChanges({}, password=hashed))


def revoked(house: House) -> None:
    house.write(directory.revoke_sessions, house.world, house.automation(), MIA)


def too_late(house: House) -> None:
    house.clock.pass_(minutes=11)


@pytest.mark.parametrize("end", [by_herself, by_an_administrator, revoked, too_late])
def test_D1_who_typed_it_elsewhere_sets_no_password_afterwards(house: House, end: Callable[[House], None]) -> None:
    thief = typed(house, "t")
    end(house)
    before = house.read(users.password, mia(house).id)[0]
    with pytest.raises(DeadEnd) as error:
        replaced(thief, "a password of the thief")
    assert error.value.page is Page.CLOSED
    assert house.read(users.password, mia(house).id)[0] == before


def test_D1_the_first_one_replaces_it(house: House) -> None:
    assert replaced(typed(house, "m"), "a password of her own").answer is prove.Answer.PROVED
    assert house.read(users.password, mia(house).id)[1] is None
