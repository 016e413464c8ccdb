"""The four scenarios of lifecycle section 9, each by one call and by two, on /beta and on /v1.0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from house_of_guests import House

ONE, TWO = "one call", "two calls"


@dataclass
class Case:
    """A guest, where he goes, and by which way."""

    name: str
    new: str
    version: str
    way: str


def reset(house: House, guest: dict[str, Any], case: Case) -> dict[str, Any]:
    if case.way == TWO and case.new != guest["mail"]:
        others = [case.new, guest["mail"]] if case.name == "A" else [case.new]
        house.graph.call("PATCH", f"/v1.0/users/{guest['id']}", {"mail": case.new, "otherMails": others})
    body = {
        "invitedUserEmailAddress": case.new,
        "sendInvitationMessage": True,
        "invitedUserMessageInfo": {
            "messageLanguage": "en-US",
            "ccRecipients": [{"emailAddress": {"name": None, "address": "manager@contoso.com"}}],
            "customizedMessageBody": "As agreed.",
        },
        "inviteRedirectUrl": "https://myapps.microsoft.com?tenantId=",
        "invitedUser": {"id": guest["id"]},
        "resetRedemption": True,
    }
    answer: dict[str, Any] = house.graph.call("POST", f"/{case.version}/invitations", body)
    return answer


@pytest.mark.parametrize("version", ["v1.0", "beta"])
@pytest.mark.parametrize("way", [ONE, TWO])
@pytest.mark.parametrize("name", ["A", "B", "C", "D"])
def test_lifecycle_9_the_access_stays_and_the_old_identity_dies(
    house: House, name: str, way: str, version: str
) -> None:
    local = house.someone()
    old = f"{local}@fabrikam.com"
    new = {"A": f"{local}@post.example", "B": old, "C": f"{local}@northwind.example", "D": f"next-{local}@fabrikam.com"}
    case = Case(name, new[name], version, way)
    guest, browser = house.guest(old), house.browser()
    held = house.sign_in(browser, old)
    before = house.facts(guest["id"], held.name)
    assert before["state"] == "Accepted"
    if name == "B":
        recreate(house, old)
        assert house.refused(old, "reset your redemption status"), "B: the recreated account is refused, P8"
    earlier = house.graph.invite(
        {
            "invitedUserEmailAddress": old,
            "inviteRedirectUrl": "https://myapps.microsoft.com",
            "invitedUser": {"id": guest["id"]},
        }
    )
    assert earlier["status"] == "Completed", "a plain re-invite leaves the guest Accepted (S3)"

    answer = reset(house, guest, case)

    assert answer["status"] == "PendingAcceptance"
    assert answer["invitedUser"]["id"] == guest["id"]
    assert answer["inviteRedirectUrl"] == "https://myapps.microsoft.com/?tenantId="
    pending = house.graph.user(guest["id"])
    assert pending["externalUserState"] == "PendingAcceptance"
    assert [entry["signInType"] for entry in pending["identities"]] == ["userPrincipalName"]
    assert house.tokens_dead(held)
    assert house.signed_out(browser)
    assert house.browser().open(earlier["inviteRedeemUrl"]).status == 410, "the old link is P2 while Pending"
    if old != case.new and not (name == "A" and way == TWO):
        assert house.refused(old)

    own = house.browser()
    page = house.redeem(own, house.link(case.new), case.new)
    assert page.url == f"{house.base}/myapps"
    assert "Expenses" in page.text

    again = house.sign_in(house.browser(), case.new)
    after = house.facts(guest["id"], again.name)
    for kept in ("id", "userPrincipalName", "groups", "appRoles", "state"):
        assert before[kept] == after[kept]
    assert after["signInName"] == case.new
    if old != case.new and name != "A":
        assert house.refused(old), "the old identity is refused after the redemption too"
    history = house.graph.redemptions(guest["id"])
    assert [entry["address"] for entry in history] == [old, case.new]
    assert [entry["endedBy"] for entry in history] == ["reset", None]
    assert "accepted this invitation" in house.browser().open(earlier["inviteRedeemUrl"]).text, (
        "then it leads to sign-in"
    )
    audited = [row[0] for row in house.rows("SELECT activity FROM audit_events WHERE target_id = ?", guest["id"])]
    assert "Invite external user with reset invitation status" in audited
    assert "Redeem external user invite" in audited


def recreate(house: House, address: str) -> None:
    home = house.client("fabrikam.onmicrosoft.com", "0d000000-0000-4000-8000-0000000000f1")
    account = home.user(address)
    home.call("DELETE", f"/v1.0/users/{account['id']}")
    local = address.partition("@")[0]
    new = {"accountEnabled": True, "displayName": "Anew", "mailNickname": local, "userPrincipalName": address}
    home.call("POST", "/v1.0/users", {**new, "mail": address, "passwordProfile": {"password": house.password}})


def test_the_old_way_loses_every_grant(house: House) -> None:
    local = house.someone()
    guest = house.guest(f"{local}@fabrikam.com")
    house.graph.call("DELETE", f"/v1.0/users/{guest['id']}")
    answer = house.graph.invite(
        {"invitedUserEmailAddress": f"{local}@fabrikam.com", "inviteRedirectUrl": "https://myapps.microsoft.com"}
    )
    assert answer["invitedUser"]["id"] != guest["id"]
    assert house.graph.groups_of(answer["invitedUser"]["id"]) == []


def test_newAddressOnReset_adopts_and_puts_the_new_mail_in_the_old_ones_place(house: House) -> None:
    """Lifecycle L18a."""
    local = house.someone()
    guest = house.guest(f"{local}@fabrikam.com")
    others = [f"{local}@one.example", guest["mail"], f"{local}@two.example"]
    house.graph.call("PATCH", f"/v1.0/users/{guest['id']}", {"otherMails": others})
    house.reset(guest["id"], f"{local}@post.example")
    user = house.graph.user(guest["id"])
    assert user["mail"] == f"{local}@post.example"
    assert user["otherMails"] == [f"{local}@one.example", f"{local}@post.example", f"{local}@two.example"]
