"""The way to block an organisation's invitations ends where it should (lifecycle L39)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from readmit.domain.address import EmailAddress
from readmit.domain.errors import DeadEnd, Page
from readmit.flows import codes, deliver, mail_choice
from readmit.flows.browsers import Browser
from readmit.proofs import passcode
from readmit.storage import mail_blocks, passcodes
from world import House

BROWSER = Browser(None, "192.0.2.1", "s" * 43)
ANA = EmailAddress.parse("ana@post.example")


def _start(house: House, flow_id: str) -> str:
    named = {"flow_id": flow_id, "tenant_id": house.contoso, "typed": ANA}
    house.write(mail_choice.start, house.world, BROWSER, **named)
    return flow_id


def _prove(house: House, flow_id: str) -> None:
    house.write(codes.request_code, house.world, BROWSER, flow_id)
    made = house.read(passcodes.of_flow, flow_id)
    code = passcode.code(house.world.keyring.key(codes.KEY), made.nonce)
    assert house.write(codes.enter_code, house.world, BROWSER, flow_id, code).right


def _choose(house: House, flow_id: str, *, block: bool) -> None:
    house.write(mail_choice.choose, house.world, BROWSER, flow_id, block=block)


def test_a_way_begins_once(house: House) -> None:
    flow_id = _start(house, house.world.new_id())
    with pytest.raises(DeadEnd) as end:
        _start(house, flow_id)
    assert end.value.page is Page.CLOSED


def test_a_way_lasts_an_hour(house: House) -> None:
    flow_id = _start(house, house.world.new_id())
    house.clock.pass_(seconds=timedelta(hours=1).total_seconds())
    with pytest.raises(DeadEnd) as end:
        house.read(mail_choice.look, house.world, BROWSER, flow_id)
    assert end.value.page is Page.CLOSED


def test_nothing_is_chosen_before_the_proof(house: House) -> None:
    house.invite("ana@post.example")
    flow_id = _start(house, house.world.new_id())
    before = house.contents()
    with pytest.raises(DeadEnd):
        _choose(house, flow_id, block=True)
    assert house.contents() == before


def test_what_is_so_already_is_not_audited_twice(house: House) -> None:
    house.invite("ana@post.example")
    for _ in range(2):
        flow_id = _start(house, house.world.new_id())
        _prove(house, flow_id)
        _choose(house, flow_id, block=True)
    assert house.rows("SELECT COUNT(*) FROM audit_events WHERE activity = 'Email unsubscribed'") == [(1,)]


def test_who_is_gone_by_now_may_still_choose(house: House) -> None:
    """The proof is of the mailbox, whoever had it in the directory."""
    guest = house.invite("ana@post.example").user
    flow_id = _start(house, house.world.new_id())
    _prove(house, flow_id)
    house.write(lambda tx: tx.run("DELETE FROM users WHERE id = :id", {"id": guest.id}))
    _choose(house, flow_id, block=True)
    assert house.rows("SELECT COUNT(*) FROM mail_blocks") == [(1,)]


def test_a_block_that_comes_while_the_mail_is_on_its_way_out_is_heeded(house: House) -> None:
    """OB4: read again before sending, also where the row was in a worker's hands when the block superseded the others."""
    house.invite("ana@post.example", send=True)
    house.write(mail_blocks.block, house.contoso, "ana@post.example", house.clock())
    deliver.deliver_due(house.world, "worker")
    assert house.rows("SELECT state FROM outbox") == [("superseded",)]
