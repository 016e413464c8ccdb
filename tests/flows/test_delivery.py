"""Delivery of owed mail: kept, sent, tried again, parked, superseded (reliability section 3, security section 7)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from applications import account, change_tenant, change_user
from post_office import PostOffice, post_office
from ways import Way, begin, follow

from readmit.domain.address import EmailAddress
from readmit.domain.errors import Unavailable
from readmit.domain.mail import OwedMail, Recipient
from readmit.domain.redemption import Step
from readmit.flows import codes, deliver, invite, leases, links
from readmit.flows.arrive import Arrived
from readmit.mail import mailbox
from readmit.storage import outbox, writer
from world import START, House, a_browser, copy_house

NEW = "new@post.example"


def states(house: House) -> list[str]:
    return [row[0] for row in house.rows("SELECT state FROM outbox ORDER BY created_at, id")]


def sent(house: House) -> int:
    """Deliver what is due; how many mails were taken."""
    return deliver.deliver_due(house.world, "worker")


def kept(house: House) -> list[dict[str, Any]]:
    folder = house.world.settings.mail_folder
    return [mailbox.read(folder, entry["id"]) for entry in mailbox.listing(folder)]


def the_mail(house: House) -> dict[str, Any]:
    (only,) = kept(house)
    return only


def link_in(mail: dict[str, Any]) -> str:
    """The ticket of the mail's own link."""
    (line,) = [line for line in mail["text"].splitlines() if line.startswith("https://localhost:8443/redeem?rd=")]
    return line.partition("ticket%3D")[2].partition("%26")[0]


# -------------------------------------------------------------------------- kept


def test_OB1_without_a_server_mail_is_kept_as_a_file(house: House) -> None:
    house.invite(NEW, house.person("ada"), send=True, display_name="Nia", cc=(Recipient("cy@post.example", "Cy"),))
    assert sent(house) == 1
    assert states(house) == ["sent"]
    mail = the_mail(house)
    assert (mail["to"], mail["cc"], mail["kind"], mail["state"]) == ([NEW], ["cy@post.example"], "invitation", "sent")
    assert "Ada Admin" in mail["text"]
    headers = {header["name"]: header["value"] for header in mail["headers"]}
    assert headers["Reply-To"] == "ada@contoso.com"
    assert headers["From"] == "Contoso <readmit@localhost>"
    assert headers["Message-ID"] == f"<{mail['id']}@localhost>"
    assert sent(house) == 0


def test_L4_the_mail_carries_a_link_of_its_own_that_redeems(house: House) -> None:
    """Lifecycle L17: the link is in the answer of POST and in the mail; each is a ticket of its own."""
    invited = house.invite(NEW, send=True)
    sent(house)
    ticket = link_in(the_mail(house))
    assert ticket != invited.ticket
    way = _follow(house, ticket)
    assert way.step is Step.REQUEST_CODE
    assert isinstance(way.redeem_by_code(), Arrived)
    assert ticket not in house.rows("SELECT group_concat(hash) FROM tickets")[0][0]


def _follow(house: House, ticket: str) -> Way:
    browser, flow_id = a_browser(), house.world.new_id()
    house.write(links.start, house.world, browser, flow_id=flow_id, ticket=ticket)
    return Way(house, browser, flow_id)


def test_L39_an_application_invites_in_its_own_name_and_takes_no_replies(house: House) -> None:
    house.invite(NEW, send=True, url="https://myapp.example/start")
    sent(house)
    mail = the_mail(house)
    assert "Automation" in mail["text"]
    assert "myapp.example" in mail["text"]
    assert "Reply-To" not in {header["name"] for header in mail["headers"]}


@pytest.mark.parametrize("change", [{"mail": None}, {"deleted": START}])
def test_an_inviter_without_mail_or_gone_takes_no_replies(house: House, change: dict[str, Any]) -> None:
    house.invite(NEW, house.person("ada"), send=True)
    change_user(house, account(house, "ada@contoso.com"), **change)
    sent(house)
    assert "Reply-To" not in {header["name"] for header in the_mail(house)["headers"]}


@pytest.mark.parametrize(
    ("message", "guest", "tenant", "language"),
    [("de", "ja", "ja", "de"), (None, "ja", "de", "ja"), (None, None, "de", "de"), (None, None, None, "en")],
)
def test_L40_the_language_of_a_mail(
    house: House, message: str | None, guest: str | None, tenant: str | None, language: str
) -> None:
    pat = house.people["pat"]
    change_user(house, house.guest(pat), preferred_language=guest)
    change_tenant(house, preferred_language=tenant)
    house.invite("pat@post.example", send=True, language=message)
    sent(house)
    assert the_mail(house)["language"] == language


# ------------------------------------------------------------------------- codes


def test_C6_the_mail_of_a_code_names_time_and_requester(house: House) -> None:
    way = begin(house, "max@post.example", a_browser(ip="192.0.2.77"))
    code = way.ask_code()
    assert sent(house) == 1
    mail = the_mail(house)
    assert mail["kind"] == "passcode"
    assert code in mail["text"]
    assert "192.0.2.77" in mail["text"]
    assert "redeem" not in mail["text"], "no sign-in link"


def test_C1_the_mail_of_a_code_that_a_reset_ended_is_not_sent(house: House) -> None:
    """The code of a sign-in under way opens nothing any more (security G2): its mail would only confuse."""
    begin(house, "max@post.example").ask_code()
    house.reset(house.people["max"], "max@post.example")
    sent(house)
    assert house.rows("SELECT state FROM outbox WHERE kind = 'passcode'") == [("superseded",)]


def test_C1_a_repeated_mail_after_a_crash_carries_the_same_code(house: House) -> None:
    way = begin(house, "max@post.example")
    code = way.ask_code()
    house.write(outbox.lease, "dead", now=house.world.now(), until=house.world.now() + timedelta(seconds=60))
    assert sent(house) == 0, "another worker holds it"
    house.clock.pass_(seconds=60)
    assert sent(house) == 1
    assert code in the_mail(house)["text"]


def test_C1_mail_of_a_code_that_is_used_or_over_is_superseded(house: House) -> None:
    used = begin(house, "max@post.example")
    used.code()
    late = begin(house, "max@post.example", a_browser("t" * 43))
    late.do(codes.request_code)
    house.clock.pass_(minutes=10)
    assert sent(house) == 2
    assert states(house) == ["superseded", "superseded"]


# ----------------------------------------------------------------- not worth it


def test_OB4_what_became_void_meanwhile_is_not_sent(house: House) -> None:
    """Security L7, M3: read again before sending."""
    addresses = [f"{name}@post.example" for name in ("cancelled", "moved", "disabled", "deleted", "redeemed")]
    made = {address.partition("@")[0]: house.invite(address, send=True) for address in addresses}
    house.write(lambda tx: tx.run("UPDATE invitations SET cancelled_at = 1 WHERE address LIKE 'cancelled@%'"))
    guest = {name: house.guest(invited.user.id) for name, invited in made.items()}
    change_user(house, guest["moved"], mail=EmailAddress.parse("elsewhere@post.example"), other_mails=())
    change_user(house, guest["disabled"], enabled=False)
    change_user(house, guest["deleted"], deleted=house.world.now())
    assert sent(house) == 5
    by_state = dict(
        house.rows(
            "SELECT u.display_name, o.state FROM outbox o JOIN users u ON u.id = o.user_id",
        )
    )
    assert by_state == {
        "cancelled": "superseded",
        "moved": "superseded",
        "disabled": "superseded",
        "deleted": "superseded",
        "redeemed": "sent",
    }


def test_OB4_a_newer_invitation_that_mails_itself_supersedes_the_older_mail(house: House) -> None:
    house.invite(NEW, send=True)
    house.invite(NEW, send=True)
    assert states(house).count("superseded") == 1
    assert sent(house) == 1


def test_a_mail_whose_renewed_invitation_was_cancelled_is_not_sent(house: House) -> None:
    house.invite(NEW, send=True)
    again = house.invite(NEW)
    house.write(
        lambda tx: tx.run("UPDATE invitations SET cancelled_at = 1 WHERE id = :id", {"id": again.invitation.id})
    )
    sent(house)
    assert states(house) == ["superseded"]


def test_a_mail_for_an_old_address_is_not_sent_after_the_guest_moved(house: House) -> None:
    """A re-invite without mail to another address of the guest: only the invited address redeems (L25)."""
    both = (EmailAddress.parse("pat@post.example"), EmailAddress.parse("pat2@post.example"))
    change_user(house, house.guest(house.people["pat"]), other_mails=both)
    house.invite("pat@post.example", send=True)
    house.invite("pat2@post.example", user_id=house.people["pat"])
    sent(house)
    assert states(house) == ["superseded"]


# ------------------------------------------------------------------------ poison


def test_OB5_a_mail_that_cannot_be_made_is_parked_after_five_tries(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.invite("poison@post.example", send=True)
    good = house.invite("good@post.example", send=True)

    def make(world: Any, entry: Any, letter: Any) -> bytes:
        if letter.to.startswith("poison"):
            raise RuntimeError("a broken template " + "x" * 400)
        return whole(world, entry, letter)

    whole = deliver._message
    monkeypatch.setattr(deliver, "_message", make)
    assert sent(house) == 2
    waits = []
    for _ in range(4):
        due = deliver.next_due(house.world)
        assert due is not None
        waits.append(due - house.world.now())
        house.clock.time = due
        assert sent(house) == 1
    assert waits == [timedelta(minutes=number) for number in (1, 2, 3, 4)]
    assert deliver.next_due(house.world) is None
    rows = dict(house.rows("SELECT address_key, state FROM outbox"))
    assert rows == {"poison@post.example": "parked", "good@post.example": "sent"}
    (error,) = house.rows("SELECT last_error FROM outbox WHERE state = 'parked'")[0]
    assert error.startswith("RuntimeError: a broken template")
    assert len(error) == 300
    assert [mail["to"] for mail in kept(house)] == [[good.invitation.address.given]]


def test_R19_a_bad_stored_redirect_is_parked_and_nothing_is_written(house: House) -> None:
    house.invite(NEW, send=True)
    house.write(lambda tx: tx.run("UPDATE invitations SET redirect_url = 'javascript:1'"))
    tickets = house.rows("SELECT COUNT(*) FROM tickets")
    sent(house)
    assert states(house) == ["retrying"]
    assert house.rows("SELECT COUNT(*) FROM tickets") == tickets, "no ticket of a mail that was never made"


def test_a_mail_of_nobody_is_superseded(house: House) -> None:
    mail = OwedMail(id="m", tenant_id=house.contoso, kind="passcode", address_key=NEW)
    house.write(outbox.owe, mail, house.world.now())
    sent(house)
    assert states(house) == ["superseded"]


# -------------------------------------------------------------------------- smtp


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


@pytest.fixture
def mailing(seeded: Path, tmp_path: Path, office: PostOffice) -> Iterator[House]:
    """The house with an SMTP server."""
    made = copy_house(seeded, tmp_path, smtp=office.url, mail_from="readmit@contoso.com")
    yield made
    made.world.database.close()


def test_a_mail_is_sent_to_its_recipients(mailing: House, office: PostOffice) -> None:
    mailing.invite(NEW, send=True, cc=(Recipient("cy@post.example"),))
    assert sent(mailing) == 1
    assert [(mail.mail_from, mail.rcpt_tos) for mail in office.taken] == [
        ("readmit@contoso.com", [NEW, "cy@post.example"])
    ]
    assert states(mailing) == ["sent"]
    assert not mailing.world.settings.mail_folder.exists()


def test_OB3_who_has_the_mail_is_not_mailed_again(mailing: House, office: PostOffice) -> None:
    office.answers["cy"] = "451 later"
    mailing.invite(NEW, send=True, cc=(Recipient("cy@post.example"),))
    sent(mailing)
    assert states(mailing) == ["retrying"]
    due = deliver.next_due(mailing.world)
    assert due is not None
    wait = due - mailing.world.now()
    assert timedelta(seconds=48) <= wait <= timedelta(seconds=72), "one minute with 20 % of jitter"
    office.answers.clear()
    mailing.clock.time = due
    sent(mailing)
    assert [mail.rcpt_tos for mail in office.taken] == [[NEW], ["cy@post.example"]]
    assert states(mailing) == ["sent"]
    ids = {line for mail in range(2) for line in office.text(mail).splitlines() if line.startswith("Message-ID")}
    assert len(ids) == 1, "every copy carries the same Message-ID"


def test_OB2_what_a_mail_server_took_while_the_database_was_busy_is_not_sent_again(
    mailing: House, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Duplicates only after a crash or a lost acknowledgement (reliability section 1)."""
    monkeypatch.setattr(writer, "_BUSY_MILLISECONDS", 1)
    monkeypatch.setattr(leases, "AGAIN", 0.0)
    mailing.invite(NEW, send=True)
    asked: list[bool] = []
    with closing(sqlite3.connect(mailing.world.settings.database_path, check_same_thread=False)) as other:
        office.taking = lambda: other.execute("BEGIN IMMEDIATE")

        def go_on() -> bool:
            """Asked before each mail and after each write that failed."""
            asked.append(other.in_transaction)
            if len(asked) > 3:
                other.rollback()
            return True

        deliver.deliver_due(mailing.world, "w", go_on=go_on)
    assert asked == [False, True, True, True, False]
    assert (states(mailing), len(office.taken)) == (["sent"], 1)


def test_SD1_a_server_that_ends_waits_for_no_database(
    mailing: House, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_BUSY_MILLISECONDS", 1)
    mailing.invite(NEW, send=True)
    with closing(sqlite3.connect(mailing.world.settings.database_path, check_same_thread=False)) as other:
        office.taking = lambda: other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            deliver.deliver_due(mailing.world, "w", go_on=lambda: not other.in_transaction)
    assert states(mailing) == ["sending"]


def test_OB3_a_refused_copy_does_not_fail_the_mail(mailing: House, office: PostOffice) -> None:
    office.answers["cy"] = "550 nobody here"
    mailing.invite(NEW, send=True, cc=(Recipient("cy@post.example"),))
    sent(mailing)
    assert states(mailing) == ["sent"]


def test_OB4_a_reset_meanwhile_supersedes_what_is_tried_again(mailing: House, office: PostOffice) -> None:
    office.answers["data"] = "451 later"
    invited = mailing.invite(NEW, send=True)
    sent(mailing)
    office.answers.clear()
    mailing.reset(invited.user.id, NEW, send=True)
    mailing.clock.pass_(hours=1)
    sent(mailing)
    assert sorted(states(mailing)) == ["sent", "superseded"]
    assert len(office.taken) == 1


def test_two_links_and_two_browsers_end_in_one_mail_for_each_code(house: House) -> None:
    invited = house.invite(NEW)
    first, second = follow(house, invited), follow(house, invited, a_browser("z" * 43))
    assert first.ask_code() != second.ask_code(), "two tabs, two codes"
    assert sent(house) == 2
    assert {mail["to"][0] for mail in kept(house)} == {NEW}


def test_the_public_url_is_in_the_mail_whatever_host_was_asked(house: House) -> None:
    """Security T16: link prefix and Message-ID come from the public URL."""
    house.invite(NEW, send=True)
    sent(house)
    assert invite.redeem_url(house.world, "t", "i", "k").startswith("https://localhost:8443/redeem?rd=")
    assert "https://localhost:8443/redeem?rd=" in the_mail(house)["text"]
