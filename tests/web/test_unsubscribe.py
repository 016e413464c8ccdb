"""A mailbox that wants no invitations: set and lifted by code, without a sign-in (lifecycle L39)."""

from __future__ import annotations

from typing import Any

import pytest
from front import Person, Site, site

from readmit.domain import audit
from readmit.flows import deliver
from readmit.proofs import passcode
from readmit.storage import passcodes

__all__ = ["site"]

OPEN = "/unsubscribe?tenantId=contoso.com"
NEVER = "ana@post.example"


def _invite(site: Site, address: str = NEVER, **more: Any) -> Any:
    body = {
        "invitedUserEmailAddress": address,
        "inviteRedirectUrl": "https://myapps.microsoft.com",
        "sendInvitationMessage": True,
        **more,
    }
    return site.graph("POST", "/v1.0/invitations", json=body)


def _code(site: Site, person: Person) -> str:
    made: Any = site.house.read(passcodes.of_flow, person.path.rpartition("/")[2])
    return passcode.code(site.house.world.keyring.key("passcode"), made.nonce)


def _proved(site: Site, address: str = NEVER) -> Person:
    """A person at the page of the choice."""
    person = Person(site)
    person.open(OPEN)
    person.submit(address=address)
    person.submit()
    person.submit(code=_code(site, person))
    return person


def _mails(site: Site) -> list[tuple[str, str]]:
    return [tuple(row) for row in site.house.rows("SELECT kind, state FROM outbox ORDER BY created_at, id")]


def _activities(site: Site) -> list[str]:
    return [row[0] for row in site.house.rows("SELECT activity FROM audit_events ORDER BY at, id")]


def _block(site: Site, address: str = NEVER) -> None:
    person = _proved(site, address)
    assert 'value="block"' in person.html
    person.submit(choice="block")
    assert (person.status, 'role="status"' in person.html) == (200, True)


def test_L39_a_blocked_mailbox_gets_no_invitation_and_the_caller_no_other_answer(site: Site) -> None:
    first = _invite(site)
    deliver.deliver_due(site.house.world, "worker")
    _block(site)
    again = _invite(site)
    assert (again.status_code, again.json()["status"]) == (201, "PendingAcceptance")
    assert again.json()["invitedUser"] == first.json()["invitedUser"]
    assert again.json()["inviteRedeemUrl"]
    assert [mail for mail in _mails(site) if mail[0] == "invitation"] == [("invitation", "sent")]
    assert audit.MAIL_NOT_WANTED in _activities(site)


def test_L39_a_reset_of_a_blocked_mailbox_resets_and_mails_nothing(site: Site) -> None:
    guest = _invite(site).json()["invitedUser"]["id"]
    _block(site)
    answer = _invite(site, invitedUser={"id": guest}, resetRedemption=True)
    assert answer.status_code == 201
    assert [mail for mail in _mails(site) if mail[0] == "reset"] == []
    assert _activities(site)[-2:] == [audit.RESET, audit.MAIL_NOT_WANTED]


def test_L39_mail_that_is_owed_already_is_superseded_by_the_block(site: Site) -> None:
    _invite(site)
    _block(site)
    assert [mail for mail in _mails(site) if mail[0] == "invitation"] == [("invitation", "superseded")]


def test_L39_a_lifted_block_lets_mail_through_again_and_both_are_audited(site: Site) -> None:
    _invite(site)
    _block(site)
    person = _proved(site)
    assert 'value="allow"' in person.html
    person.submit(choice="allow")
    _invite(site)
    assert _mails(site)[-1] == ("invitation", "queued")
    noted = [name for name in _activities(site) if name in (audit.MAIL_BLOCKED, audit.MAIL_ALLOWED)]
    assert noted == ["Email unsubscribed", "Email subscribed"]


def test_L39_the_block_is_one_tenants_and_one_addresss(site: Site) -> None:
    _invite(site)
    _invite(site, "bea@post.example")
    _block(site)
    _invite(site, "bea@post.example")
    assert ("invitation", "queued") in _mails(site)
    rows = site.house.rows("SELECT tenant_id, address_key FROM mail_blocks")
    assert [tuple(row) for row in rows] == [(site.house.contoso, NEVER)]


def test_L39_a_blocked_mailbox_gets_no_copy_either(site: Site) -> None:
    _invite(site)
    _block(site)
    copies = {"ccRecipients": [{"emailAddress": {"address": NEVER}}]}
    _invite(site, "bea@post.example", invitedUserMessageInfo=copies)
    deliver.deliver_due(site.house.world, "worker")
    folder = site.house.world.settings.mail_folder
    told = [path.read_text() for path in folder.rglob("*") if path.is_file()]
    assert any("bea@post.example" in text for text in told)
    assert not any("Cc: " in text for text in told)


def test_L39_the_mail_of_a_renewed_invitation_does_not_go_to_a_blocked_mailbox(site: Site) -> None:
    """S10: page P2 answers as always (security L5)."""
    old = _invite(site).json()["inviteRedeemUrl"].removeprefix("https://localhost:8443")
    _block(site)
    _invite(site)
    before = len(_mails(site))
    person = Person(site)
    person.open(old)
    assert person.status == 410
    site.house.clock.pass_(hours=2)
    person.submit(use="mail")
    assert person.status == 200
    assert len(_mails(site)) == before


def test_V7_an_address_of_nobody_sees_the_same_pages_and_no_mail_is_sent(site: Site) -> None:
    _invite(site)
    pages = []
    for address in (NEVER, "xyz@post.example"):
        person = Person(site)
        person.open(OPEN)
        person.submit(address=address)
        asked = person.html
        person.submit()
        shown = [page.replace(address, "@") for page in (asked, person.html)]
        token = person.html.partition('name="csrf" value="')[2][:43]
        pages.append([page.replace(token, "").replace(person.path, "") for page in shown])
    assert pages[0] == pages[1]
    assert [mail[0] for mail in _mails(site)].count("passcode") == 1


def test_L39_the_way_signs_nobody_in_and_opens_nothing_else(site: Site) -> None:
    """A code that proves the mailbox for this choice is no sign-in, wherever the browser takes the way."""
    _invite(site)
    person = _proved(site)
    assert [name for name in person.cookies if name == "__Host-readmit"] == []
    flow = person.path.rpartition("/")[2]
    for path in (f"/signin/{flow}", f"/redeem/{flow}"):
        person.open(path)
        assert person.status == 410
    assert site.house.rows("SELECT COUNT(*) FROM sign_ins") == [(0,)]


def test_L39_nobody_chooses_without_the_code(site: Site) -> None:
    _invite(site)
    person = Person(site)
    person.open(OPEN)
    person.submit(address=NEVER)
    person.submit(choice="block")
    person.submit(choice="block", code="00000000")
    assert (person.status, "wrong or too old" in person.html) == (400, True)
    assert site.house.rows("SELECT COUNT(*) FROM mail_blocks") == [(0,)]


def test_T25_a_way_of_one_browser_does_not_exist_in_another(site: Site) -> None:
    _invite(site)
    person = _proved(site)
    other = Person(site)
    other.open(person.path)
    assert other.status == 410


def test_L6_a_proof_of_eleven_minutes_ago_has_to_be_given_again(site: Site) -> None:
    _invite(site)
    person = _proved(site)
    site.house.clock.pass_(minutes=11)
    person.submit(choice="block")
    assert site.house.rows("SELECT COUNT(*) FROM mail_blocks") == [(0,)]
    assert "Enter the code" in person.html


def test_a_choice_that_was_made_is_over_also_by_the_back_button(site: Site) -> None:
    _invite(site)
    person = _proved(site)
    path, html = person.path, person.html
    person.submit(choice="block")
    person.path, person.html = path, html
    person.submit(choice="allow")
    assert person.status == 410
    assert site.house.rows("SELECT COUNT(*) FROM mail_blocks") == [(1,)]


def test_a_form_without_a_choice_shows_the_page_again(site: Site) -> None:
    _invite(site)
    person = _proved(site)
    assert 'value="block"' in person.submit(choice="both")


@pytest.mark.parametrize(("path", "status"), [("/unsubscribe?tenantId=nobody.example", 404), ("/unsubscribe", 404)])
def test_an_unknown_organisation_is_said_to_be_unknown(site: Site, path: str, status: int) -> None:
    assert site.ask("GET", path).status_code == status


def test_what_is_no_address_is_asked_for_again(site: Site) -> None:
    person = Person(site)
    person.open(OPEN)
    person.submit(address="nobody")
    assert (person.status, "Enter an address such as" in person.html) == (400, True)


def test_T24_a_form_from_elsewhere_is_refused(site: Site) -> None:
    person = _proved_of(site)
    cookies = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    headers = {"cookie": cookies, "origin": "https://evil.example"}
    token = person.html.partition('name="csrf" value="')[2][:43]
    answer = site.ask("POST", person.path, headers=headers, data={"csrf": token, "choice": "block"})
    assert answer.status_code == 403


def _proved_of(site: Site) -> Person:
    _invite(site)
    return _proved(site)


def test_a_locked_mailbox_is_told_until_when(site: Site) -> None:
    _invite(site)
    person = Person(site)
    person.open(OPEN)
    person.submit(address=NEVER)
    for _ in range(21):
        person.submit(use="resend")
        person.submit(code="00000000")
    assert person.status == 429
    assert "Too many wrong codes. Try again at" in person.html
