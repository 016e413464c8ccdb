"""The four scenarios of lifecycle section 9 in a real browser, with guests of real providers outside the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from town import Code, Held, TokenRefused, Town
from visitor import Visiting, Visitor

from readmit.cli.demo_stage import CONTOSO

pytestmark = pytest.mark.browser
P2, P8 = "This invitation was renewed.", "does not know this account."


@dataclass
class Guest:
    """Somebody of Wingtip who has redeemed there, and what the old identity holds."""

    local: str
    old: str
    id: str
    link: str
    browser: Visitor
    held: Held
    unspent: Code

    @classmethod
    def of(cls, town: Town, visiting: Visiting) -> Guest:
        local = town.somebody()
        old = town.wingtip.employs(local, name="Alice Wingtip")
        invited = town.invite(old)
        browser = visiting()
        browser.redeem(invited["inviteRedeemUrl"], old)
        held = browser.sign_in(old)
        unspent = browser.ask_for_code(old)
        assert unspent is not None
        return cls(local, old, invited["invitedUser"]["id"], invited["inviteRedeemUrl"], browser, held, unspent)


BETA, V1 = ("beta", 1), ("v1.0", 2)
"""One call on beta, two on v1.0."""


@pytest.mark.parametrize(
    ("name", "version", "calls"),
    [
        pytest.param(name, *way, id=f"{name.replace(' ', '-')}-{way[0]}")
        for name, ways in {
            "A": (BETA, V1),
            "B": (BETA, V1),
            "C": (BETA, V1),
            "C to OpenID": (BETA,),
            "D": (BETA, V1),
        }.items()
        for way in ways
    ],
)
def test_lifecycle_9_the_guest_stays_and_the_identity_at_the_provider_dies(
    town: Town, visiting: Visiting, name: str, version: str, calls: int
) -> None:
    guest = Guest.of(town, visiting)
    before = _facts(town, guest.id, guest.held)
    assert before["state"] == "Accepted"
    assert before["groups"] == ["Project Falcon", "Suppliers"]
    assert before["appRoles"] == ["Approver"]
    assert town.binding(guest.id) == (town.wingtip.issuer, f"{guest.local}-1")
    new = _moves(town, guest, name)
    if name == "B":
        assert _refused(visiting(), guest.old, P8), "the account that was made anew is another one"
        assert town.binding(guest.id) == (town.wingtip.issuer, f"{guest.local}-1"), "and binds nothing"

    _reset(town, guest, name, new, version=version, calls=calls)

    _nothing_of_before_opens_anything(town, guest)
    if new != guest.old:
        assert _refused(visiting(), guest.old, P8)
    fresh = visiting()
    fresh.redeem(town.house.link(new), new)
    assert "Expenses" in fresh.text
    held = visiting().sign_in(new)
    after = _facts(town, guest.id, held)
    assert after == before | {"signInName": new}
    assert town.binding(guest.id) == _now(town, guest, name)
    assert held.claims["idp"] == _now(town, guest, name)[0]
    assert held.claims["name"] == {"C": "Alice Litware", "D": "Bob Wingtip"}.get(name, "Alice Wingtip")
    if new != guest.old and not (name == "A" and calls == 2):
        assert _refused(visiting(), guest.old, P8), "for good"
    history = town.house.graph.redemptions(guest.id)
    assert [(entry["address"], entry["endedBy"]) for entry in history] == [(guest.old, "reset"), (new, None)]


def _facts(town: Town, user_id: str, held: Held) -> dict[str, Any]:
    assert held.claims["oid"] == user_id
    facts = town.house.facts(user_id, held.claims["preferred_username"])
    return facts | {"groups": sorted(facts["groups"])}


def _moves(town: Town, guest: Guest, name: str) -> str:
    """What happened in the world outside; the address that the guest has now."""
    if name == "A":
        return f"{guest.local}@post.example"
    if name == "B":
        return town.wingtip.employs(guest.local, sub=f"{guest.local}-2", name="Alice Wingtip")
    if name == "C":
        return f"{guest.local}@{town.litware.domain}"
    if name == "C to OpenID":
        return f"{guest.local}@{town.tailspin.domain}"
    return town.wingtip.employs(f"next-{guest.local}", name="Bob Wingtip")


def _now(town: Town, guest: Guest, name: str) -> tuple[str, str]:
    """Issuer and subject after the redemption."""
    return {
        "A": ("mail", f"{guest.local}@post.example"),
        "B": (town.wingtip.issuer, f"{guest.local}-2"),
        "C": (town.litware.entity_id, town.litware.number(guest.local)),
        "C to OpenID": (town.tailspin.issuer, guest.local),
        "D": (town.wingtip.issuer, f"next-{guest.local}-1"),
    }[name]


def _reset(town: Town, guest: Guest, name: str, new: str, *, version: str, calls: int) -> None:
    graph = town.house.graph
    if calls == 2 and name != "B":
        others = [new, guest.old] if name == "A" else [new]
        graph.call("PATCH", f"/{version}/users/{guest.id}", {"mail": new, "otherMails": others})
    body = {
        "invitedUserEmailAddress": new,
        "sendInvitationMessage": True,
        "invitedUserMessageInfo": {"customizedMessageBody": "Your address changed; your access did not."},
        "inviteRedirectUrl": "https://myapps.microsoft.com?tenantId=",
        "invitedUser": {"id": guest.id},
        "resetRedemption": True,
    }
    answer = graph.call("POST", f"/{version}/invitations", body)
    assert (answer["status"], answer["invitedUser"]["id"]) == ("PendingAcceptance", guest.id)
    pending = graph.user(guest.id)
    assert pending["externalUserState"] == "PendingAcceptance"
    assert pending["mail"] == new
    assert [entry["signInType"] for entry in pending["identities"]] == ["userPrincipalName"]
    assert town.binding(guest.id) == (None, None)


def _nothing_of_before_opens_anything(town: Town, guest: Guest) -> None:
    """Access token, refresh token, a code that waits, the browser's session, the old link (security T7)."""
    assert town.me(guest.held) == 401
    with pytest.raises(TokenRefused) as refused:
        town.refresh(guest.held)
    assert (refused.value.error, refused.value.number) == ("invalid_grant", 50173)
    with pytest.raises(TokenRefused) as refused:
        town.exchange(guest.unspent)
    assert refused.value.error == "invalid_grant"
    guest.browser.page.goto(f"{town.house.base}/myapps?tenantId={CONTOSO}")
    assert guest.browser.page.url.startswith(f"{town.house.base}/signin/"), "asked to sign in anew"
    guest.browser.page.goto(guest.link)
    assert P2 in guest.browser.text


def _refused(visitor: Visitor, address: str, text: str) -> bool:
    return visitor.ask_for_code(address) is None and text in visitor.text
