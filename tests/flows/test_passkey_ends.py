"""A passkey hangs on the binding and ends with it (security V2, G2, lifecycle L1, L6, L8, L26)."""

from __future__ import annotations

import json
from dataclasses import replace

from passkeys import MAX, of, with_passkey
from test_redeeming import patch
from ways import follow

from authenticator import Authenticator
from readmit.domain.passkey import Passkey
from readmit.flows import removal
from readmit.storage import passkeys, users
from world import House


def planted(house: House, user_id: str) -> Passkey:
    """A passkey that no way of ours leaves on somebody who has not redeemed."""
    made = replace(with_passkey(house, Authenticator()), id="planted", credential_id="planted", user_id=user_id)
    assert house.write(passkeys.insert, made)
    return made


def left(house: House, user_id: str) -> tuple[Passkey, ...]:
    found: tuple[Passkey, ...] = house.read(passkeys.of_user, user_id)
    return found


def test_G2_a_reset_ends_it_and_the_audit_event_counts_it(house: House) -> None:
    with_passkey(house, Authenticator())
    house.reset(house.people["max"], MAX)
    assert of(house) == ()
    (body,) = house.rows("SELECT details FROM audit_events WHERE activity LIKE '%reset invitation status'")
    assert json.loads(body[0])["ended"]["passkeys"] == 1


def test_security_L7_a_redemption_clears_leftovers(house: House) -> None:
    pat = house.people["pat"]
    planted(house, pat)
    follow(house, house.invite("pat@post.example")).redeem_by_code()
    assert left(house, pat) == ()


def test_V2_the_redemption_after_a_conversion_ends_the_members(house: House) -> None:
    mia = house.read(users.by_upn, house.contoso, "mia@contoso.com")
    patch(house, mia.id, otherMails=["mia@post.example"])
    planted(house, mia.id)
    invited = house.invite("mia@post.example", user_id=mia.id)
    assert len(left(house, mia.id)) == 1
    follow(house, invited).redeem_by_code()
    assert left(house, mia.id) == ()


def test_L8_a_restore_that_loses_the_identity_ends_it(house: House) -> None:
    with_passkey(house, Authenticator())
    max_id = house.people["max"]
    patch(house, max_id, mail="max@new.example", otherMails=["max@new.example"])
    house.write(removal.delete_user, house.world, house.automation(), max_id)
    assert len(of(house)) == 1, "deleting leaves it"
    house.write(removal.restore_user, house.world, house.automation(), max_id)
    assert of(house) == ()


def test_L26_a_mailbox_that_another_guest_redeems_takes_it_along(house: House) -> None:
    with_passkey(house, Authenticator())
    patch(house, house.people["max"], mail="max@new.example", otherMails=["max@new.example"])
    follow(house, house.invite(MAX)).redeem_by_code()
    assert of(house) == ()


def test_S14_a_purge_ends_it(house: House) -> None:
    with_passkey(house, Authenticator())
    house.write(removal.delete_user, house.world, house.automation(), house.people["max"])
    house.write(removal.purge_user, house.world, house.automation(), house.people["max"])
    assert house.rows("SELECT 1 FROM passkeys") == []
