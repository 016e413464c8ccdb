"""What Microsoft's cloud tells of a guest, explained in the same form (lifecycle L50, experience CL1)."""

from __future__ import annotations

from typing import Any

import pytest

from readmit.domain.explanation.from_graph import explanation

AT = "2026-01-31T10:30:00Z"
ALICE: dict[str, Any] = {
    "id": "a",
    "userPrincipalName": "alice#EXT#@contoso.onmicrosoft.com",
    "displayName": "Alice",
    "mail": "alice@fabrikam.com",
    "otherMails": [],
    "userType": "Guest",
    "accountEnabled": True,
    "externalUserState": "Accepted",
    "externalUserStateChangeDateTime": AT,
}


def attempt(number: int, **more: Any) -> dict[str, Any]:
    status = {"errorCode": number, "failureReason": "Microsoft's words."}
    return {"createdDateTime": AT, "appDisplayName": "Expenses", "status": status, **more}


def told(user: dict[str, Any] | None, *attempts: dict[str, Any]) -> list[tuple[str, bool, str | None]]:
    found = explanation("alice@fabrikam.com", user, attempts)
    return [(one["code"], one["blocks"], one["command"]) for one in found["findings"]]


@pytest.mark.parametrize("number", [50020, 90072, 16003, 500211, 50034, 50177, 50178, 51004])
def test_L50_these_numbers_ask_for_a_reset(number: int) -> None:
    assert told(ALICE, attempt(number)) == [("wrongIdentity", True, "readmit reset a")]


def test_other_numbers_have_their_own_cure() -> None:
    assert told(ALICE, attempt(50105)) == [("notAssigned", True, "readmit guest assign a Expenses")]
    assert told(ALICE, attempt(50105, appDisplayName=None))[0][2] == "readmit guest assign a APPLICATION"
    assert told(ALICE, attempt(500213)) == [("domainNotAccepted", True, None)]
    for number in (50057, 50126, 50173, 65001, 65004, 12345):
        assert told(ALICE, attempt(number)) == [("fine", False, None), ("lastRefusal", False, None)], number
    words = explanation("a", ALICE, [attempt(12345, appDisplayName=None)])["findings"]
    assert words[1]["sentence"] == f"The last refusal was AADSTS12345 on {AT}: Microsoft's words."
    bare = explanation("a", ALICE, [{"status": {"errorCode": 12345}}])["findings"]
    assert bare[1]["sentence"].endswith("on None: the attempt was refused.")


def test_the_state_comes_before_the_log() -> None:
    assert told(None) == [("unknown", True, "readmit guest invite alice@fabrikam.com")]
    assert explanation("nobody", None, ())["findings"][0]["command"] is None
    assert told({**ALICE, "accountEnabled": False}) == [("disabled", True, "readmit guest enable a")]
    pending = {**ALICE, "externalUserState": "PendingAcceptance"}
    assert told(pending) == [("neverRedeemed", True, "readmit guest invite alice@fabrikam.com")]
    nowhere = {**pending, "mail": None, "externalUserStateChangeDateTime": None}
    assert told(nowhere)[0][2] == "readmit guest invite NEW-ADDRESS"
    assert told({**nowhere, "otherMails": ["a@post.example"]})[0][2] == "readmit guest invite a@post.example"
    assert told(pending, attempt(50020)) == [
        ("neverRedeemed", True, "readmit guest invite alice@fabrikam.com"),
        ("lastRefusal", False, None),
    ]
    member = {**ALICE, "userType": "Member", "externalUserState": None}
    assert told(member, attempt(50126)) == [("member", True, None)]


def test_all_is_well() -> None:
    def sentence(*given: Any) -> str:
        return str(explanation("a", ALICE, *given)["findings"][0]["sentence"])

    assert sentence([attempt(0)]) == f"Nothing stands in the way; the last sign-in to Expenses went well on {AT}."
    assert (
        sentence([attempt(0, appDisplayName=None)]) == f"Nothing stands in the way; the last sign-in went well on {AT}."
    )
    assert sentence([]).endswith("the sign-in log has no attempt of this guest.")
    assert sentence(None).endswith("what the sign-in log says cannot be read.")


def test_the_last_attempts_stand_beside_it() -> None:
    found = explanation("a", ALICE, [attempt(50126), attempt(0)])
    assert (found["lastSuccess"]["errorCode"], found["lastRefusal"]["errorCode"]) == (0, 50126)
    assert explanation("a", ALICE, [attempt(0), attempt(50126)])["lastRefusal"] is None
    assert explanation("a", ALICE, [{"status": None}])["lastSuccess"]["appDisplayName"] is None
    assert found["user"] == {name: ALICE.get(name) for name in found["user"]}
    assert found["blocked"] is False
