"""T7: what was issued before a reset opens nothing after it, kind by kind; and what the other endings end, and leave.

The kinds are security G2's; the endings are lifecycle L1, L6, S2, S9 to S12 and security V2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from artefacts import ACCEPTED, AT_HOME, PENDING, Alive, Guest, proof_of_a_provider, upstream_state
from test_upstream import ALICE, redeem_at, register
from ways import begin, follow

from lying_provider import LyingProvider, provider
from readmit.domain import directory as rules
from readmit.domain.guest import NeverInvited
from readmit.flows import directory, removal
from readmit.flows.directory import UserChanges
from readmit.storage import tenants
from world import House

MAX, HOME = "max@post.example", "alice@fabrikam.com"
DEAD, ALIVE = False, True
Ending = Callable[[House, str], None]


@pytest.fixture
def wingtip(house: House) -> Iterator[LyingProvider]:
    with provider(now=house.clock) as made:
        register(house, made.issuer)
        yield made


# ---------------------------------------------------------------------- the endings


def reset_with_the_same_address(house: House, user_id: str) -> None:
    redemption = house.guest(user_id).redemption
    assert not isinstance(redemption, NeverInvited)
    house.reset(user_id, redemption.invited.given)


def reset_with_a_new_address(house: House, user_id: str) -> None:
    house.reset(user_id, f"new-{user_id[-4:]}@post.example")


def patch_of_identities(house: House, user_id: str) -> None:
    user, tenant = house.guest(user_id), house.read(tenants.get, house.contoso)
    entry = rules.host_entry(user, tenant)
    _patch(house, user_id, UserChanges({}, identities=(entry,)))


def _patch(house: House, user_id: str, changes: UserChanges) -> None:
    caller = house.automation("User.ReadWrite.All", "Directory.ReadWrite.All")
    house.write(directory.update_user, house.world, caller, user_id, changes)


def revoke(house: House, user_id: str) -> None:
    house.write(directory.revoke_sessions, house.world, house.automation(), user_id)


def disable_and_enable(house: House, user_id: str) -> None:
    """What was dead while the guest was disabled stays dead."""
    _patch(house, user_id, UserChanges({"accountEnabled": False}))
    _patch(house, user_id, UserChanges({"accountEnabled": True}))


def delete_and_restore(house: House, user_id: str) -> None:
    house.write(removal.delete_user, house.world, house.automation(), user_id)
    house.write(removal.restore_user, house.world, house.automation(), user_id)


def delete(house: House, user_id: str) -> None:
    house.write(removal.delete_user, house.world, house.automation(), user_id)


def reinvite(house: House, user_id: str) -> None:
    mail = house.guest(user_id).mail
    assert mail is not None
    house.invite(mail.given, user_id=user_id)


RESETS: tuple[Ending, ...] = (reset_with_the_same_address, reset_with_a_new_address, patch_of_identities)


def named(ending: Ending) -> str:
    return ending.__name__


def gathered(house: House) -> dict[str, dict[str, Alive]]:
    """One thing of every kind, by guest; each kind of a Pending guest has a guest of its own."""
    made: dict[str, dict[str, Alive]] = {}
    for name, make in PENDING.items():
        address = f"{name.replace(' ', '-')}@post.example"
        user_id = house.invite(address).user.id
        made[user_id] = {f"Pending: {name}": make(house, address)}
    house.clock.pass_(seconds=1)
    for kinds, label, guest in (
        (ACCEPTED, "mailbox", Guest(house.people["max"], MAX)),
        (AT_HOME, "home account", Guest(house.people["alice"], HOME)),
    ):
        made[guest.id] = {f"{label}: {name}": make(house, guest) for name, make in kinds.items()}
    return made


def survivors(house: House, ending: Ending) -> set[str]:
    """What still opens something after the ending."""
    made = gathered(house)
    for user_id in made:
        ending(house, user_id)
    return {name for kinds in made.values() for name, alive in kinds.items() if alive()}


def test_every_kind_opens_something_while_nothing_has_ended(house: House) -> None:
    """Else the tests below could not fail."""
    every = {name for kinds in gathered(house).values() for name in kinds}
    assert survivors(house, lambda *_: None) == every
    assert len(every) == len(PENDING) + len(ACCEPTED) + len(AT_HOME)


@pytest.mark.parametrize("ending", RESETS, ids=named)
def test_T7_nothing_from_before_a_reset_opens_anything(house: House, ending: Ending) -> None:
    assert survivors(house, ending) == set()


@pytest.mark.parametrize("ending", [delete, delete_and_restore], ids=named)
def test_V2_a_deletion_ends_all_but_the_consents_and_passkeys(house: House, ending: Ending) -> None:
    consents = {"mailbox: remembered consent", "home account: remembered consent"}
    passkeys = {"mailbox: passkey"} if ending is delete_and_restore else set()
    assert survivors(house, ending) == consents | passkeys


def test_S11_revoking_ends_access_and_codes_and_leaves_links_redemptions_consents_and_passkeys(house: House) -> None:
    assert survivors(house, revoke) == {
        "Pending: redeem ticket",
        "Pending: open flow",
        "mailbox: passkey",
        "mailbox: remembered consent",
        "home account: remembered consent",
    }


def test_S11_disabling_ends_flows_as_well(house: House) -> None:
    assert survivors(house, disable_and_enable) == {
        "Pending: redeem ticket",
        "mailbox: passkey",
        "mailbox: remembered consent",
        "home account: remembered consent",
    }


def test_L1_a_plain_reinvite_ends_redemptions_and_signs_nobody_out(house: House) -> None:
    alive = survivors(house, reinvite)
    assert {name for name in alive if name.startswith("Pending")} == set()
    assert len(alive) == len(ACCEPTED) + len(AT_HOME)


# ------------------------------------------------------------ a provider elsewhere


@pytest.mark.parametrize("ending", [*RESETS, delete, delete_and_restore, revoke, disable_and_enable], ids=named)
def test_T7_what_was_asked_or_proved_at_a_provider_ends_with_its_guest(
    house: House, wingtip: LyingProvider, ending: Ending
) -> None:
    user_id, _ = redeem_at(house, wingtip)
    made = {
        "state": upstream_state(house, wingtip, begin(house, ALICE)),
        "proof": proof_of_a_provider(house, wingtip, begin(house, ALICE)),
    }
    ending(house, user_id)
    assert {name: alive() for name, alive in made.items()} == {"state": DEAD, "proof": DEAD}


@pytest.mark.parametrize("ending", [*RESETS, reinvite], ids=named)
@pytest.mark.parametrize("direct", [False, True])
def test_T7_what_a_pending_guest_asked_or_proved_at_a_provider_ends_with_its_generation(
    house: House, wingtip: LyingProvider, ending: Ending, direct: bool
) -> None:
    user_id = house.invite(ALICE).user.id
    way = begin(house, ALICE) if direct else follow(house, house.invite(ALICE))
    alive = upstream_state(house, wingtip, way)
    ending(house, user_id)
    assert alive() is DEAD


def test_a_plain_reinvite_leaves_what_an_accepted_guest_has_asked(house: House, wingtip: LyingProvider) -> None:
    user_id, _ = redeem_at(house, wingtip)
    alive = upstream_state(house, wingtip, begin(house, ALICE))
    reinvite(house, user_id)
    assert alive() is ALIVE


# --------------------------------------------------------------------- a conversion


def test_V2_the_redemption_after_a_conversion_ends_what_the_member_had(house: House) -> None:
    """Lifecycle L1, L33: access and consents; until then all of it works."""
    mia = _with_another_address(house)
    invited = house.invite("mia@post.example", user_id=mia.id)
    assert {name for name, alive in _of_mia(house, mia).items() if not alive()} == set()
    made = _of_mia(house, mia)
    follow(house, invited).redeem_by_code()
    assert {name for name, alive in made.items() if alive()} == set()


@pytest.mark.parametrize("ending", RESETS, ids=named)
def test_V2_a_reset_of_a_converted_user_ends_his_password_too(house: House, ending: Ending) -> None:
    mia = _with_another_address(house)
    house.invite("mia@post.example", user_id=mia.id)
    made = _of_mia(house, mia)
    ending(house, mia.id)
    assert {name for name, alive in made.items() if alive()} == set()


def _with_another_address(house: House) -> Guest:
    from test_redeeming import patch

    from readmit.storage import users

    mia = house.read(users.by_upn, house.contoso, "mia@contoso.com")
    patch(house, mia.id, otherMails=["mia@post.example"])
    return Guest(mia.id, "mia@contoso.com")


def _of_mia(house: House, mia: Guest) -> dict[str, Alive]:
    kinds = {name: make(house, mia) for name, make in AT_HOME.items()}
    return {**kinds, "password": lambda: begin(house, mia.address).password().answer.name == "PROVED"}
