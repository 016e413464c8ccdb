"""A reset hands a guest on: who has it now is told nothing of who had it before (lifecycle L9, scenario D, DP1)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from front import Site, site
from test_account_data import file_of
from test_account_sessions import sign_in

sys.path.insert(0, str(Path(__file__).parent.parent / "flows"))

from applications import tokens_for
from ways import follow

from readmit.domain.address import EmailAddress
from readmit.domain.errors import DeadEnd, Page
from readmit.flows import methods, refuse
from world import House

__all__ = ["site"]

OLD, NEW = "alice@fabrikam.com", "bob@fabrikam.com"


def redeemed(house: House, invited: Any) -> None:
    way = follow(house, invited)
    way.password()
    way.proceed()
    way.accept()


@pytest.fixture
def bobs(site: Site) -> Site:
    """Alice's guest, used, changed and refused, is Bob's now."""
    house = site.house
    guest = house.people["alice"]
    sign_in(site, OLD)
    for title in ("Pilot", "Nurse"):
        site.graph("PATCH", f"/v1.0/users/{guest}", json={"jobTitle": title})
    house.invite(OLD, send=True, custom_message="For Alice alone")
    house.clock.pass_(minutes=5)
    invited = house.reset(guest, NEW, send=True)
    house.clock.pass_(minutes=5)
    redeemed(house, invited)
    house.clock.pass_(minutes=1)
    return site


def test_D_the_file_of_who_took_over_names_nobody_who_was_before(bobs: Site) -> None:
    person = sign_in(bobs, NEW)
    found, text = file_of(person), person.html
    for hers in (OLD, "Alice", "Pilot", "For Alice alone"):
        assert hers not in text, hers
    assert (found["user"]["displayName"], found["user"]["jobTitle"]) == ("Bob", "Nurse"), "the object as it is"
    assert found["recordsSince"] == "2026-01-31T10:40:00Z"
    assert [one["invitedUserEmailAddress"] for one in found["invitations"]] == [NEW]
    assert [one["kind"] for one in found["mails"]] == ["reset"]
    assert [one["address"] for one in found["redemptions"]] == [NEW]
    assert [one["kind"] for one in found["signIns"]] == ["redemption", "sign_in"]


def test_D_his_own_history_begins_with_his_redemption(bobs: Site) -> None:
    """An administrator reads all of it (L9)."""
    house, guest = bobs.house, bobs.house.people["alice"]
    token = tokens_for(house, NEW)["access_token"]
    path = f"/readmit/v1/users/{guest}/redemptions"
    own = bobs.ask("GET", path, headers={"authorization": f"Bearer {token}"})
    assert [one["address"] for one in own.json()["value"]] == [NEW]
    assert [one["address"] for one in bobs.graph("GET", path).json()["value"]] == [OLD, NEW]


def test_B_who_redeems_again_with_the_same_identity_keeps_his_records(site: Site) -> None:
    house, guest = site.house, site.house.people["alice"]
    sign_in(site, OLD)
    house.clock.pass_(minutes=5)
    redeemed(house, house.reset(guest, OLD))
    found = file_of(sign_in(site, OLD))
    assert found["recordsSince"] is None
    assert len(found["redemptions"]) == 2
    assert [one["kind"] for one in found["signIns"]] == ["sign_in", "redemption", "sign_in"]


def test_DP1_whose_account_was_refused_is_not_in_the_file(site: Site) -> None:
    """Carol opened a link that was Alice's: administrators read whose account came, Alice that somebody's did."""
    house = site.house
    way = follow(house, house.reset(house.people["alice"], OLD))
    way.do(methods.use_other_account)
    way.do(methods.type_address, EmailAddress.parse("carol@fabrikam.com"))
    way.password()
    with pytest.raises(DeadEnd):
        way.proceed()
    way.do(refuse.refuse, Page.OTHER_ADDRESS)
    assert "carol@fabrikam.com" in house.rows("SELECT body FROM audit_names ORDER BY rowid DESC LIMIT 1")[0][0]
    redeemed(house, house.reset(house.people["alice"], OLD))
    person = sign_in(site, OLD)
    refused = [event for event in file_of(person)["auditEvents"] if event["result"] == "failure"]
    assert [event["activityDisplayName"] for event in refused] == ["Redeem external user invite"]
    assert "carol" not in person.html
