"""The order of what is wrong with an invitation's body, at the door (graph G48)."""

from __future__ import annotations

from typing import Any

import pytest
from front import Site, site

__all__ = ["site"]
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("M3", {"invitedUserDisplayName": 7}, "does not match schema"),
    ("M3", {"invitedUserMessageInfo": {"ccRecipients": [{"emailAddress": {"address": 7}}]}}, "does not match schema"),
    ("E1", {"invitedUserEmailAddress": None}, "A value is required for property 'invitedUserEmailAddress'"),
    ("E2", {"inviteRedirectUrl": ""}, "A value is required for property 'inviteRedirectUrl'"),
    ("E3", {"invitedUserEmailAddress": "a b@x.example"}, "for property 'invitedUserEmailAddress'"),
    ("E4 URL", {"inviteRedirectUrl": "javascript:x"}, "for property 'inviteRedirectUrl'"),
    ("E4 type", {"invitedUserType": "King"}, "for property 'invitedUserType'"),
    ("E4 sponsor", {"invitedUserSponsors@odata.bind": ["nonsense"]}, "invitedUserSponsors"),
    ("E4 language", {"invitedUserMessageInfo": {"messageLanguage": "no language"}}, "messageLanguage"),
    (
        "E4 copy",
        {"invitedUserMessageInfo": {"ccRecipients": [{"emailAddress": {"address": "a b"}}]}},
        "emailAddress.address",
    ),
    ("E18", {"invitedUserMessageInfo": {"customizedMessageBody": "x" * 5001}}, "maximum length of 5000"),
    (
        "E19",
        {
            "invitedUserMessageInfo": {
                "ccRecipients": [{"emailAddress": {"address": f"c{n}@x.example"}} for n in (1, 2)]
            }
        },
        "maximum value of 1",
    ),
    ("E10", {"resetRedemption": True}, "'invitedUser.id' when 'resetRedemption'"),
]


INFO = "invitedUserMessageInfo"


@pytest.mark.parametrize(
    ("wrong", "target", "why"),
    [
        (
            {"invitedUserEmailAddress": "a b@x.example"},
            "invitedUserEmailAddress",
            "The character ' ' is not accepted.",
        ),
        ({"invitedUserEmailAddress": "ana"}, "invitedUserEmailAddress", "An address has the form name@domain."),
        (
            {"invitedUserEmailAddress": "ａna@x.example"},
            "invitedUserEmailAddress",
            "The character 'ａ' looks like another one.",
        ),
        ({"inviteRedirectUrl": "javascript:x"}, "inviteRedirectUrl", "An absolute http or https URL is needed."),
        ({"inviteRedirectUrl": "https://a@x.example"}, "inviteRedirectUrl", "No user information before the host."),
        ({"invitedUserDisplayName": "a\r\nBcc: b"}, "invitedUserDisplayName", "Control characters and line breaks"),
        ({"invitedUserDisplayName": "a" * 257}, "invitedUserDisplayName", "At most 256 characters."),
        ({"invitedUserType": "King"}, "invitedUserType", "Guest or Member."),
        ({INFO: {"messageLanguage": "no language"}}, f"{INFO}.messageLanguage", "A language tag such as de or pt-BR"),
        (
            {INFO: {"ccRecipients": [{"emailAddress": {"address": "a@b"}}]}},
            f"{INFO}.ccRecipients.emailAddress.address",
            "'b' is not a domain name.",
        ),
    ],
)
def test_E3_E4_the_detail_says_what_is_wrong_with_the_value(
    site: Site, wrong: dict[str, Any], target: str, why: str
) -> None:
    body = {"invitedUserEmailAddress": "ana@x.example", "inviteRedirectUrl": "https://myapps.microsoft.com", **wrong}
    (detail,) = site.graph("POST", "/v1.0/invitations", json=body).json()["error"]["details"]
    assert (detail["code"], detail["target"]) == ("InvalidValue", target)
    assert detail["message"].startswith(why)


def merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Both faults in one body; inside of the message info too."""
    found = {**second, **first}
    info = "invitedUserMessageInfo"
    if info in first and info in second:
        found[info] = {**second[info], **first[info]}
    return found


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_G48_the_earlier_fault_answers_whatever_else_is_wrong(site: Site, number: int) -> None:
    _, first, says = WRONG[number]
    base = {"invitedUserEmailAddress": "new@post.example", "inviteRedirectUrl": "https://myapps.microsoft.com"}
    site.token  # noqa: B018 - its writes come before
    before = site.house.rows("SELECT COUNT(*) FROM users")
    for _, second, _ in [("nothing", {}, ""), *WRONG[number + 1 :]]:
        if set(first) & set(second) - {"invitedUserMessageInfo"}:
            continue
        answer = site.graph("POST", "/v1.0/invitations", json={**base, **merged(first, second)})
        assert answer.status_code == 400
        assert says in answer.json()["error"]["message"], (first, second)
    assert site.house.rows("SELECT COUNT(*) FROM users") == before
