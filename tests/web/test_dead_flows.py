"""Forms of pages whose flow ended meanwhile: the page that says why, never the one for forgeries (lifecycle L5)."""

from __future__ import annotations

from typing import Any

import pytest
from front import Person, Site, site

from readmit.proofs import passcode
from readmit.storage import passcodes
from world import PASSWORD

__all__ = ["site"]


def invite(site: Site, address: str, language: str | None = None) -> tuple[str, str]:
    """(link as a path, id of the guest)."""
    told: dict[str, Any] = {"invitedUserMessageInfo": {"messageLanguage": language}} if language else {}
    body = {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com", **told}
    made = site.graph("POST", "/v1.0/invitations", json=body).json()
    return made["inviteRedeemUrl"].replace("https://localhost:8443", ""), made["invitedUser"]["id"]


def at_consent(site: Site) -> tuple[Person, str]:
    """A person of Fabrikam who has proved who she is and has the consent page open; the guest's id."""
    link, guest = invite(site, "bob@fabrikam.com")
    person = Person(site)
    person.open(link)
    person.submit()
    person.submit(password=PASSWORD)
    assert 'value="accept"' in person.html
    return person, guest


def reset(site: Site, guest: str) -> None:
    site.house.reset(guest, "bob@fabrikam.com")


def test_L5_accept_after_a_reset_is_told_that_the_invitation_was_renewed(site: Site) -> None:
    person, guest = at_consent(site)
    reset(site, guest)
    html = person.submit(decision="accept")
    assert (person.status, "This invitation was renewed" in html) == (410, True)
    assert site.house.guest(guest).redemption_state == "PendingAcceptance"


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("delete", "no longer valid"),
        ("disable", "is blocked"),
        ("cancel", "no longer valid"),
        ("hour", "no longer open"),
    ],
)
def test_L27_accept_after_something_else_ended_the_way_is_told_what(site: Site, what: str, says: str) -> None:
    person, guest = at_consent(site)
    if what == "delete":
        site.graph("DELETE", f"/v1.0/users/{guest}")
    elif what == "disable":
        site.graph("PATCH", f"/v1.0/users/{guest}", json={"accountEnabled": False})
    elif what == "cancel":
        id = site.house.rows("SELECT id FROM invitations WHERE user_id = :u", u=guest)[0][0]
        assert site.graph("DELETE", f"/readmit/v1/invitations/{id}").status_code == 204
    else:
        site.house.clock.pass_(hours=1)
        site.house.write(lambda tx: tx.run("DELETE FROM flows"))
    html = person.submit(decision="accept")
    assert person.status in (403, 410)
    assert says in html


def test_a_code_typed_after_a_reset_is_told_too(site: Site) -> None:
    link, guest = invite(site, "new@post.example")
    person = Person(site)
    person.open(link)
    person.submit()
    person.submit()
    made: Any = site.house.read(passcodes.of_flow, person.path.rpartition("/")[2])
    code = passcode.code(site.house.world.keyring.key("passcode"), made.nonce)
    site.house.reset(guest, "new@post.example")
    html = person.submit(code=code)
    assert (person.status, "This invitation was renewed" in html) == (410, True)


def test_LA1_a_dead_end_is_in_the_language_of_its_invitation(site: Site) -> None:
    """On the way, after a wrong way in, and at a link that is an old one by then."""
    link, guest = invite(site, "bob@fabrikam.com", "ja")
    person = Person(site)
    person.open(link)
    person.submit()
    person.submit(use="other")
    assert 'lang="ja"' in person.submit(address="somebody@post.example")
    assert person.status == 403
    site.house.reset(guest, "bob@fabrikam.com")
    assert 'lang="en"' in Person(site).open(link), "the current invitation says no language"
    invite(site, "bob@fabrikam.com", "de")
    fresh = Person(site)
    assert 'lang="de"' in fresh.open(link)
    assert fresh.status == 410
    assert 'lang="ja"' in fresh.open(f"{fresh.path}?lang=ja"), "what is chosen on the page wins"


def test_LA1_too_many_wrong_passwords_are_told_in_the_language_of_the_way(site: Site) -> None:
    link, _ = invite(site, "bob@fabrikam.com", "de")
    person = Person(site)
    person.open(link)
    person.submit()
    while person.status != 429:
        html = person.submit(password="wrong")
    assert 'lang="de"' in html


def test_T24_a_form_from_elsewhere_stays_refused_whatever_became_of_the_flow(site: Site) -> None:
    person, guest = at_consent(site)
    reset(site, guest)
    cookies = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    for headers, form in (
        ({"origin": "https://evil.example"}, {"csrf": "x" * 43, "decision": "accept"}),
        ({"origin": "https://localhost:8443"}, {"decision": "accept"}),
    ):
        answer = site.ask("POST", person.path, headers={"cookie": cookies, **headers}, data=form)
        assert answer.status_code == 403
