"""T11, T29: many at once get no further than one after the other (security C3, C6, M7)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from post_office import post_office
from ways import Way, begin, follow

from readmit.domain.errors import Throttled
from readmit.flows import codes, deliver, links
from world import House, a_browser, copy_house

ADDRESS = "new@post.example"


@pytest.mark.parametrize("known", [False, True])
def test_T11_two_hundred_guesses_at_once_are_compared_twenty_times(house: House, known: bool) -> None:
    """40 sessions of 5 tries, 16 threads: no more than 5 for a code, 20 for a mailbox and day."""
    link = house.invite(ADDRESS)
    ways: list[Way] = []
    for number in range(40):
        browser = a_browser(f"{number:043d}", ip=f"192.0.2.{number}")
        ways.append(follow(house, link, browser) if known else begin(house, ADDRESS, browser))
        ways[-1].do(codes.request_code)
    guesses = [way for way in ways for _ in range(5)]
    with ThreadPoolExecutor(16) as pool:
        entered = list(pool.map(lambda way: way.code(""), guesses))
    assert len(entered) == 200
    assert not any(one.right for one in entered)
    assert sum(one.locked is not None for one in entered) == 180
    tries = [row[0] for row in house.rows("SELECT tries FROM passcodes")]
    assert (sum(tries), max(tries) <= 5) == (20, True)
    with ThreadPoolExecutor(16) as pool:
        assert not any(pool.map(lambda way: way.code(way.mailed_code()).right, ways)), "the right ones come too late"


def test_T11_both_kinds_of_browsers_together_are_forty_comparisons_a_day(house: House) -> None:
    link = house.invite(ADDRESS)
    ways = [begin(house, ADDRESS, a_browser(f"{number:043d}", ip=f"192.0.2.{number}")) for number in range(10)]
    ways += [follow(house, link, a_browser(f"k{number:042d}", ip=f"198.51.100.{number}")) for number in range(10)]
    for way in ways:
        way.do(codes.request_code)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda way: way.code(""), [way for way in ways for _ in range(5)]))
    assert house.rows("SELECT SUM(tries) FROM passcodes") == [(40,)]


def test_T29_a_hundred_requests_of_each_kind_mail_no_more_than_the_caps(seeded: Path, tmp_path: Path) -> None:
    """Codes, new links of page P2, and invitations of a member: to one mailbox, in a day."""
    with post_office() as office:
        house = copy_house(seeded, tmp_path, smtp=office.url, mail_from="readmit@contoso.com")
        old = house.invite(ADDRESS)
        house.reset(old.user.id, ADDRESS)
        mia, refused = house.person("mia"), 0
        for number in range(100):
            begin(house, ADDRESS, a_browser(f"{number:043d}", ip=f"192.0.2.{number}")).do(codes.request_code)
            house.write(links.mail_current, house.world, old.ticket)
            try:
                house.invite(ADDRESS, mia, send=True)
            except Throttled:
                refused += 1
            house.clock.pass_(minutes=2)
            deliver.deliver_due(house.world, "worker")
        assert refused == 90
        kinds = dict(house.rows("SELECT kind, COUNT(*) FROM outbox WHERE state = 'sent' GROUP BY kind"))
        assert kinds["passcode"] == 5
        assert kinds["invitation"] <= 10, "of every kind together, by the server's own cap"
        assert len(office.taken) == sum(kinds.values())
        house.world.database.close()
