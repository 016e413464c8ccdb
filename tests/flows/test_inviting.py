"""POST /invitations as a flow: all or nothing, repeats, caps, cancelling (lifecycle S1 to S6, reliability 1)."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_redeeming import configure

from readmit.domain.errors import (
    GenericAuthorization,
    InsufficientPrivileges,
    KeyReused,
    Malformed,
    NobodyCanProve,
    NotFound,
    Throttled,
    Unavailable,
)
from readmit.domain.mail import Recipient
from readmit.domain.permission import GLOBAL_ADMINISTRATOR, Wanted
from readmit.flows import invite
from readmit.flows.invite import Asked
from readmit.storage import invitations, roles, tenants, users
from world import House, copy_house


def test_a_reset_is_one_transaction_with_its_audit_and_its_mail(house: House) -> None:
    before = house.guest(house.people["alice"])
    done = house.reset(before.id, "alice@post.example", send=True)
    after = house.guest(before.id)
    assert (after.generation, after.epoch) == (before.generation + 1, before.epoch + 1)
    assert (after.upn, after.created, after.user_type) == (before.upn, before.created, before.user_type)
    assert [row[0] for row in house.rows("SELECT kind FROM outbox")] == ["reset"]
    details = house.rows("SELECT details FROM audit_events WHERE target_id = :id ORDER BY at, rowid", id=before.id)
    assert '"redemptions":1' in details[-1][0]
    assert done.ticket not in str(house.rows("SELECT * FROM audit_events")), "no ticket is logged (L49)"
    assert done.ticket not in str(house.rows("SELECT * FROM tickets")), "links are hashed at rest (security L1)"


@pytest.mark.parametrize("asked", [Asked(Malformed(), Wanted()), Asked(Malformed(), Wanted(reset=True))])
def test_G48_rights_are_judged_before_a_body_that_cannot_be_read(house: House, asked: Asked) -> None:
    with pytest.raises(Malformed):
        house.write(invite.invite, house.world, house.automation(), asked)
    with pytest.raises(InsufficientPrivileges):
        house.write(invite.invite, house.world, house.automation("User.Read.All"), asked)


def test_a_refused_invitation_writes_nothing_but_its_event(house: House) -> None:
    before = house.contents()
    with pytest.raises(NotFound):
        house.reset("00000000-0000-4000-8000-000000000000", "x@post.example")
    assert house.contents() == before
    caller = house.automation()
    house.write(invite.refused, house.world, caller, reset=True, target_id=None, reason="NotFound", correlation_id="c")
    house.write(invite.refused, house.world, caller, reset=False, target_id=None, reason="NotFound", correlation_id="c")
    rows = house.rows("SELECT activity, reason FROM audit_events WHERE result = 'failure' ORDER BY activity")
    assert rows == [
        ("Invite external user", "NotFound"),
        ("Invite external user with reset invitation status", "NotFound"),
    ]


def test_a_repeat_with_its_key_gets_a_fresh_link_of_the_same_invitation(house: House) -> None:
    guest = house.people["max"]
    first = house.reset(guest, "max@post.example", send=True, idempotency_key="k")
    again = house.reset(guest, "max@post.example", send=True, idempotency_key="k")
    assert again.invitation.id == first.invitation.id
    assert again.ticket != first.ticket
    assert house.guest(guest).generation == first.invitation.generation
    assert len(house.rows("SELECT 1 FROM outbox")) == 1
    with pytest.raises(KeyReused):
        house.reset(guest, "other@post.example", idempotency_key="k")
    house.clock.pass_(hours=25)
    assert house.reset(guest, "max@post.example", idempotency_key="k").invitation.id != first.invitation.id


def test_a_repeat_is_judged_by_the_rights_of_now(house: House) -> None:
    guest = house.people["max"]
    house.reset(guest, "max@post.example", idempotency_key="k")
    house.write(roles.add, house.contoso, guest, GLOBAL_ADMINISTRATOR, id="r")
    with pytest.raises(GenericAuthorization):
        house.reset(guest, "max@post.example", idempotency_key="k")


def test_a_repeat_of_a_plain_re_invite_says_completed(house: House) -> None:
    for _ in range(2):
        assert house.invite("max@post.example", idempotency_key="k").status == "Completed"
    for _ in range(2):
        assert house.invite("new@post.example", idempotency_key="n").status == "PendingAcceptance"
    gone = house.invite("gone@post.example", idempotency_key="g")
    house.write(lambda tx: tx.run("PRAGMA defer_foreign_keys = ON"))
    house.write(lambda tx: users.delete(tx, house.guest(gone.user.id)))
    assert house.invite("gone@post.example", idempotency_key="g").user.id != gone.user.id


def test_E22_nobody_could_prove_the_address(house: House) -> None:
    configure(house, emailOneTimePasscode=False)
    with pytest.raises(NobodyCanProve):
        house.invite("new@post.example")
    assert house.invite("bob@fabrikam.com").status == "PendingAcceptance"


def test_M7_a_persons_mails_are_capped_by_address_and_by_tenant(seeded: Path, tmp_path: Path) -> None:
    """For an SMTP server only; a reset, an application and a holder of a role are never refused."""
    house = copy_house(seeded, tmp_path, smtp="smtp://127.0.0.1:1", mail_from="readmit@contoso.com")
    mia, ada = house.person("mia"), house.person("ada")
    for _ in range(10):
        house.invite("new@post.example", mia, send=True)
    with pytest.raises(Throttled):
        house.invite("new@post.example", mia, send=True)
    with pytest.raises(Throttled):
        house.invite("else@post.example", mia, send=True, cc=(Recipient("new@post.example"),))
    house.invite("new@post.example", mia)
    house.invite("new@post.example", ada, send=True)
    house.invite("new@post.example", house.automation(), send=True)
    house.reset(house.people["max"], "max@post.example", ada, send=True)
    for number in range(87):
        house.invite(f"guest{number}@post.example", house.automation(), send=True)
    with pytest.raises(Throttled):
        house.invite("late@post.example", mia, send=True)
    house.world.database.close()


def test_S15_a_pending_invitation_is_cancelled_for_good(house: House) -> None:
    invited = house.invite("new@post.example", send=True)
    caller = house.automation()
    house.write(invite.cancel, house.world, caller, invited.invitation.id)
    found = house.read(invitations.get, house.contoso, invited.invitation.id)
    assert found.cancelled == house.world.now()
    assert house.rows("SELECT state FROM outbox") == [("superseded",)]
    for missing in (invited.invitation.id, "unknown"):
        with pytest.raises(NotFound):
            house.write(invite.cancel, house.world, caller, missing)
    accepted = house.invite("max@post.example")
    with pytest.raises(NotFound):
        house.write(invite.cancel, house.world, caller, accepted.invitation.id)


def test_a_tenant_that_is_gone_is_unavailable(house: House) -> None:
    caller = house.automation()
    house.write(lambda tx: tx.run("DELETE FROM tenants WHERE id = :id", {"id": house.contoso}))
    assert house.read(tenants.get, house.contoso) is None
    with pytest.raises(Unavailable):
        house.invite("new@post.example", caller)
    with pytest.raises(Unavailable):
        house.write(invite.cancel, house.world, caller, "x")


def test_L18a_the_setting_wins_over_emulate(seeded: Path, tmp_path: Path) -> None:
    house = copy_house(seeded, tmp_path, emulate="entra")
    tenant = house.read(tenants.get, house.contoso)
    assert invite.new_address_on_reset(house.world, tenant) == "refuse"
    configure(house, newAddressOnReset="adopt")
    assert invite.new_address_on_reset(house.world, house.read(tenants.get, house.contoso)) == "adopt"
    house.world.database.close()
