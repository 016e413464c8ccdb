"""An administrator's scripts at once: bulk invitations and resets beside a listing, two synchronisations, removals."""

from __future__ import annotations

import foreign
from house_of_guests import House


def test_bulk_resets_lose_no_access_and_every_change_is_told(house: House, environ: dict[str, str]) -> None:
    """Resets one by one and by `$batch`; both copies kept by delta links alone end as the directory itself."""
    names = [house.someone() for _ in range(10)]
    guests = [house.guest(f"{name}@fabrikam.com") for name in names]
    before = [house.facts(guest["id"], None) for guest in guests]
    program = [foreign.BIN / "python", foreign.HERE / "python" / "sdk_day.py"]
    facts = foreign.run(program, environ | {"GUESTS": ",".join(guest["id"] for guest in guests)})
    assert facts == {
        "invited": 40,
        "statuses": [200, 201],
        "refused": [404],
        "listed_wrongly": [],
        "copies": [True, True],
        "moved": 28,
        "kept": True,
    }
    for guest, was in zip(guests, before, strict=True):
        now = house.facts(guest["id"], None)
        for name in ("id", "userPrincipalName", "groups", "appRoles"):
            assert now[name] == was[name]
        audited = [row[0] for row in house.rows("SELECT activity FROM audit_events WHERE target_id = ?", guest["id"])]
        reset = "Invite external user with reset invitation status"
        assert audited.count(reset) == 1, audited
        assert {"Delete user", "Restore user"} & set(audited) == (
            {"Delete user", "Restore user"} if guest in guests[8:] else set()
        )
