"""The language that a person sets for himself (experience LA1)."""

from __future__ import annotations

import json

import pytest
from applications import arrive, change_user, sign_in_of

from readmit.domain.errors import DeadEnd, Unavailable
from readmit.flows import preferences, sign_out
from readmit.storage import users
from world import House

HOME = "alice@fabrikam.com"


def test_LA1_a_person_sets_and_clears_his_language_and_it_is_audited(house: House) -> None:
    browser, guest = arrive(house, HOME), house.people["alice"]
    entry = sign_in_of(house, browser)
    for language in ("de", "de", None):
        house.write(preferences.set_language, house.world, browser, entry, language)
        assert house.guest(guest).preferred_language == language
    rows = house.rows(
        "SELECT e.actor_id, e.target_id, e.details, n.body FROM audit_events e JOIN audit_names n"
        " ON n.event_id = e.id AND n.subject_id = e.target_id WHERE e.activity = 'Update user' ORDER BY e.rowid"
    )
    assert [row[:2] for row in rows] == [(guest, guest)] * 2, "the second time nothing changed"
    assert json.loads(rows[0][2])["changed"] == ["preferredLanguage"]
    assert [json.loads(row[3])["changed"]["preferredLanguage"] for row in rows] == [[None, "de"], ["de", None]]
    assert sign_in_of(house, browser), "nothing ended"


def test_V2_a_sign_in_that_ended_writes_nothing(house: House) -> None:
    browser = arrive(house, HOME)
    entry = sign_in_of(house, browser)
    change_user(house, house.guest(house.people["alice"]), epoch=2)
    before = house.contents()
    with pytest.raises(DeadEnd):
        house.write(preferences.set_language, house.world, browser, entry, "de")
    assert house.contents() == before


def test_a_user_who_changed_meanwhile_is_looked_at_again_and_else_nothing_is_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = arrive(house, HOME)
    entry = sign_in_of(house, browser)
    before = house.contents()
    monkeypatch.setattr(users, "update", lambda *_: False)
    for flow, more in ((preferences.set_language, ("de",)), (sign_out.everywhere, ())):
        with pytest.raises(Unavailable):
            house.write(flow, house.world, browser, entry, *more)
    assert house.contents() == before
