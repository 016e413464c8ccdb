"""A code that was mistyped: what the guest reads, and what lets him go on (lifecycle L38, P13)."""

from __future__ import annotations

from typing import Any

import pytest
from front import Person, Site, site

from readmit.proofs import passcode
from readmit.storage import passcodes

__all__ = ["site"]


def _code(site: Site, person: Person) -> str:
    """What the mail of this way's newest code says."""
    made: Any = site.house.read(passcodes.of_flow, person.path.rpartition("/")[2])
    return passcode.code(site.house.world.keyring.key("passcode"), made.nonce)


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "After five wrong tries a code no longer works: have a new one sent."),
        ("de", "Nach fünf falschen Eingaben gilt ein Code nicht mehr: Lassen Sie sich einen neuen senden."),
        ("ja", "5回間違えるとそのコードは使えなくなりますので、新しいコードを送信してください。"),
    ],
)
def test_L38_who_mistypes_a_code_five_times_is_told_that_a_new_one_helps(site: Site, language: str, says: str) -> None:
    """The right code does not help any more then; nobody finds that out alone."""
    body = {
        "invitedUserEmailAddress": "new@post.example",
        "inviteRedirectUrl": "https://myapps.microsoft.com",
        "invitedUserMessageInfo": {"messageLanguage": language},
    }
    made = site.graph("POST", "/v1.0/invitations", json=body).json()
    person = Person(site)
    person.open(made["inviteRedeemUrl"].replace("https://localhost:8443", ""))
    person.submit()
    person.submit()
    right = _code(site, person)
    wrong = f"{(int(right) + 1) % 10**8:08}"
    for code in (*[wrong] * 5, right):
        assert says in person.submit(code=code)
        assert person.status == 400
    person.submit(use="resend")
    person.submit(code=_code(site, person))
    assert 'value="accept"' in person.html
