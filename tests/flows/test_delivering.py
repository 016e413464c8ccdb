"""Delivery of owed mail: checked again, rendered, kept or sent, retried, parked (reliability section 3)."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from test_redeeming import patch
from ways import begin

from readmit.flows import codes, deliver, invite
from readmit.mail import mailbox
from readmit.storage import outbox, users
from world import House, copy_house


def states(house: House) -> list[str]:
    return [row[0] for row in house.rows("SELECT state FROM outbox ORDER BY created_at, id")]


def kept(house: House) -> list[dict[str, Any]]:
    folder = house.world.settings.mail_folder
    return [mailbox.read(folder, entry["id"]) for entry in mailbox.listing(folder)]


def test_a_reset_is_mailed_in_the_asked_language_with_its_own_link(house: House) -> None:
    done = house.reset(
        house.people["alice"],
        "alice@post.example",
        house.person("ada"),
        send=True,
        language="de-AT",
        custom_message="Hallo",
    )
    assert deliver.deliver_due(house.world, "w") == 1
    assert states(house) == ["sent"]
    (mail,) = kept(house)
    assert (mail["kind"], mail["language"], mail["to"]) == ("reset", "de", ["alice@post.example"])
    assert "> Hallo" in mail["text"]
    link = next(line for line in mail["text"].splitlines() if "/redeem?rd=" in line)
    assert done.ticket not in link, "the mail has a ticket of its own (security L4)"
    headers = {header["name"].lower(): header["value"] for header in mail["headers"]}
    assert "ada@contoso.com" in headers["reply-to"]
    assert deliver.next_due(house.world) is None
    assert deliver.deliver_due(house.world, "w") == 0


def test_a_passcode_is_mailed_while_it_lives(house: House) -> None:
    way = begin(house, "max@post.example")
    code = way.ask_code()
    way.do(codes.request_code)
    second = way.mailed_code()
    deliver.deliver_due(house.world, "w")
    assert states(house).count("sent") == 1
    assert second in kept(house)[0]["text"]
    assert code not in kept(house)[0]["text"]
    late = begin(house, "max@post.example")
    late.do(codes.request_code)
    house.clock.pass_(minutes=11)
    deliver.deliver_due(house.world, "w")
    assert states(house)[-1] == "superseded"


@pytest.mark.parametrize("what", ["disabled", "gone", "moved", "cancelled"])
def test_OB4_what_is_not_worth_sending_any_more_is_superseded(house: House, what: str) -> None:
    invited = house.invite("new@post.example", send=True)
    if what == "disabled":
        house.write(lambda tx: tx.run("UPDATE users SET account_enabled = 0 WHERE mail = 'new@post.example'"))
    elif what == "gone":
        house.write(lambda tx: tx.run("UPDATE users SET deleted_at = 1 WHERE mail = 'new@post.example'"))
    elif what == "moved":
        patch(house, invited.user.id, otherMails=["new@post.example", "x@post.example"])
        house.write(
            lambda tx: tx.run(
                "UPDATE users SET mail = NULL, mail_key = NULL, other_mails = '[]' WHERE id = :id",
                {"id": invited.user.id},
            )
        )
    else:
        house.write(lambda tx: tx.run("UPDATE invitations SET cancelled_at = 1"))
    deliver.deliver_due(house.world, "w")
    assert states(house) == ["superseded"]
    assert kept(house) == []


def test_a_mail_owed_before_a_link_renewed_the_invitation_carries_the_current_one(house: House) -> None:
    house.invite("new@post.example", send=True)
    current = house.invite("new@post.example")
    deliver.deliver_due(house.world, "w")
    assert current.invitation.id in kept(house)[0]["text"]
    again = house.invite("other@post.example", send=True)
    house.write(lambda tx: tx.run("UPDATE users SET generation = 7 WHERE id = :id", {"id": again.user.id}))
    deliver.deliver_due(house.world, "w")
    assert states(house) == ["sent", "superseded"]


def test_R7_a_mail_folder_that_cannot_be_written_is_tried_again(house: House) -> None:
    """One mail after the other: the second is not held up by the first, and neither is lost."""
    folder = house.world.settings.mail_folder
    folder.write_text("in the place of the folder")
    for name in ("alice", "max"):
        house.reset(house.people[name], f"{name}@new.example", send=True)
    assert deliver.deliver_due(house.world, "w") == 2
    assert states(house) == ["retrying", "retrying"]
    ((error,),) = set(house.rows("SELECT last_error FROM outbox"))
    assert error.startswith(f"{folder} cannot be written: ")
    folder.unlink()
    house.clock.pass_(minutes=2)
    assert deliver.deliver_due(house.world, "w") == 2
    assert states(house) == ["sent", "sent"]


def test_R7_a_mail_folder_that_stays_unwritable_fails_its_mail_after_three_days(house: House) -> None:
    house.world.settings.mail_folder.write_text("in the place of the folder")
    house.reset(house.people["alice"], "alice@new.example", send=True)
    for _ in range(100):
        deliver.deliver_due(house.world, "w")
        house.clock.pass_(hours=5)
    assert states(house) == ["failed"]


def test_SD1_a_server_that_ends_takes_no_further_mail(house: House) -> None:
    for name in ("alice", "max"):
        house.reset(house.people[name], f"{name}@new.example", send=True)
    assert deliver.deliver_due(house.world, "w", go_on=lambda: not kept(house)) == 1
    assert sorted(states(house)) == ["queued", "sent"]
    assert deliver.deliver_due(house.world, "the next server") == 1


def test_a_re_invite_of_an_accepted_guest_is_mailed(house: House) -> None:
    house.invite("max@post.example", send=True)
    deliver.deliver_due(house.world, "w")
    assert states(house) == ["sent"]


def test_R19_a_mail_that_cannot_be_made_is_parked_after_five_tries_and_others_go_on(house: House) -> None:
    bad = house.invite("bad@post.example", send=True)
    house.write(lambda tx: tx.run("UPDATE invitations SET address = 'a b' WHERE id = :id", {"id": bad.invitation.id}))
    house.write(lambda tx: tx.run("UPDATE users SET other_mails = '[\"a b\"]' WHERE id = :id", {"id": bad.user.id}))
    house.write(
        lambda tx: tx.run(
            "UPDATE users SET invited_key = 'a b', invited_address = 'a b' WHERE id = :id", {"id": bad.user.id}
        )
    )
    house.invite("good@post.example", send=True)
    for _ in range(6):
        deliver.deliver_due(house.world, "w")
        house.clock.pass_(minutes=10)
    assert sorted(states(house)) == ["parked", "sent"]
    error = house.rows("SELECT last_error FROM outbox WHERE state = 'parked'")[0][0]
    assert error


# ------------------------------------------------------------------------- SMTP


class Inbox:
    """An SMTP server that answers by recipient."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.got: list[tuple[list[str], str]] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.got.append((list(envelope.rcpt_tos), envelope.content.decode()))
        return "250 OK"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    handler = Inbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


def posted(seeded: Path, folder: Path, port: int) -> House:
    return copy_house(seeded, folder, smtp=f"smtp://127.0.0.1:{port}", mail_from="readmit@contoso.com")


def test_OB3_each_recipient_is_mailed_once_and_the_rest_is_tried_again(
    seeded: Path, tmp_path: Path, inbox: tuple[Inbox, int]
) -> None:
    from readmit.domain.mail import Recipient

    handler, port = inbox
    house = posted(seeded, tmp_path, port)
    handler.answers = {"boss@contoso.com": "451 later"}
    house.invite("new@post.example", send=True, cc=(Recipient("boss@contoso.com", "Boss"),))
    deliver.deliver_due(house.world, "w")
    assert states(house) == ["retrying"]
    assert [to for to, _ in handler.got] == [["new@post.example"]]
    due = deliver.next_due(house.world)
    assert due is not None
    assert timedelta(seconds=48) <= due - house.world.now() <= timedelta(seconds=72)
    handler.answers = {}
    house.clock.pass_(minutes=2)
    deliver.deliver_due(house.world, "w")
    assert states(house) == ["sent"]
    assert [to for to, _ in handler.got] == [["new@post.example"], ["boss@contoso.com"]]
    ids = {line for _, text in handler.got for line in text.splitlines() if line.lower().startswith("message-id")}
    assert len(ids) == 1, "every copy carries the same Message-ID"
    house.world.database.close()


def test_OB3_a_permanent_refusal_fails_at_once(seeded: Path, tmp_path: Path, inbox: tuple[Inbox, int]) -> None:
    handler, port = inbox
    house = posted(seeded, tmp_path, port)
    handler.answers = {"new@post.example": "550 no such mailbox"}
    house.invite("new@post.example", send=True)
    deliver.deliver_due(house.world, "w")
    assert states(house) == ["failed"]
    assert "550" in house.rows("SELECT last_error FROM outbox")[0][0]
    house.world.database.close()


def test_R5_with_the_mail_server_away_mail_is_tried_for_three_days(seeded: Path, tmp_path: Path) -> None:
    house = posted(seeded, tmp_path, 1)
    house.invite("new@post.example", send=True)
    for _ in range(40):
        deliver.deliver_due(house.world, "w")
        if states(house) != ["retrying"]:
            break
        due = deliver.next_due(house.world)
        assert due is not None
        assert due - house.world.now() <= timedelta(hours=4.8)
        house.clock.time = due
    assert states(house) == ["failed"]
    house.world.database.close()


def test_OB2_an_expired_lease_is_taken_over_and_its_old_holder_writes_nothing(house: House) -> None:
    house.invite("new@post.example", send=True)
    now = house.world.now()
    first = house.write(outbox.lease, "one", now=now, until=now + timedelta(seconds=60))
    assert first is not None
    assert house.write(outbox.renew, first.mail.id, "one", now + timedelta(seconds=90))
    assert house.write(outbox.lease, "two", now=now, until=now + timedelta(seconds=60)) is None
    house.clock.pass_(seconds=91)
    now = house.world.now()
    (left,) = house.read(outbox.lapsed, now)
    second = house.write(outbox.take_over, left, "two", until=now + timedelta(seconds=60))
    assert second is not None
    assert house.write(outbox.take_over, left, "three", until=now) is None
    assert (second.mail.id, second.tries) == (first.mail.id, 2)
    assert not house.write(outbox.finish, first, "sent", now=now)
    assert not house.write(outbox.renew, first.mail.id, "one", now)
    assert house.write(outbox.finish, second, "sent", now=now)


def test_a_mail_without_its_invitation_is_superseded(house: House) -> None:
    invited = house.invite("new@post.example", send=True)
    house.write(lambda tx: tx.run("DELETE FROM invitations WHERE id = :id", {"id": invited.invitation.id}))
    deliver.deliver_due(house.world, "w")
    assert states(house) == ["superseded"]
    assert json.loads(house.rows("SELECT accepted FROM outbox")[0][0]) == []
    assert invite.redeem_url(house.world, "t", "i", "k").startswith("https://localhost:8443/redeem?rd=https%3A%2F%2F")
    assert house.read(users.get, house.contoso, "none") is None
