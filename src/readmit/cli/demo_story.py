"""The article's four situations and the old way, each with what was before, what is after, and the proofs between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from readmit.cli.demo_stage import FABRIKAM, FABRIKAM_AUTOMATION, Stage

_KEPT: Final = ("id", "userPrincipalName", "groups", "appRoles")


@dataclass(slots=True)
class Scenario:
    """One situation as it was played. `proofs` are facts by name; all must hold."""

    name: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    proofs: dict[str, bool] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return bool(self.proofs) and all(self.proofs.values())

    def as_json(self) -> dict[str, Any]:
        """`name`, `passed`, `before`, `after`, `proofs`."""
        return {
            "name": self.name,
            "passed": self.passed,
            "before": self.before,
            "after": self.after,
            "proofs": self.proofs,
        }


def play(stage: Stage, told: Callable[[Scenario], None]) -> list[Scenario]:
    """Play all five; `told` hears each as it ends."""
    played = []
    for scene in (_another_provider, _recreated, _moved, _handed_over, _old_way):
        scenario = scene(stage)
        told(scenario)
        played.append(scenario)
    return played


def _another_provider(stage: Stage) -> Scenario:
    scenario = Scenario("A: another address and identity provider (Fabrikam account to mailed passcode)")
    _reset_and_redeem(stage, scenario, old="alice@fabrikam.com", new="alice@post.example")
    return scenario


def _recreated(stage: Stage) -> Scenario:
    """The home account is deleted and made anew under the same address."""
    scenario = Scenario("B: home account deleted and made anew under the same address")
    address = "bea@fabrikam.com"

    def recreate() -> None:
        home = stage.client(FABRIKAM, FABRIKAM_AUTOMATION)
        account = home.user(address)
        home.call("DELETE", f"/v1.0/users/{account['id']}")
        profile = {"password": stage.password, "forceChangePasswordNextSignIn": False}
        new = {"accountEnabled": True, "displayName": "Bea", "mailNickname": "bea", "userPrincipalName": address}
        home.call("POST", "/v1.0/users", {**new, "mail": address, "passwordProfile": profile})
        named = "reset your redemption status"
        scenario.proofs["until the reset the new account is refused, naming the remedy"] = stage.refused(address, named)

    _reset_and_redeem(stage, scenario, old=address, new=address, meanwhile=recreate)
    return scenario


def _moved(stage: Stage) -> Scenario:
    scenario = Scenario("C: moved to another company (Fabrikam to Northwind, a home tenant on the same server)")
    _reset_and_redeem(stage, scenario, old="carl@fabrikam.com", new="carl@northwind.example")
    return scenario


def _handed_over(stage: Stage) -> Scenario:
    scenario = Scenario("D: responsibilities passed to another person (Dora to Emil)")
    _reset_and_redeem(stage, scenario, old="dora@fabrikam.com", new="emil@fabrikam.com")
    guest = stage.guest("emil@fabrikam.com")
    scenario.proofs["the guest now bears the new person's name"] = guest["displayName"] == "Emil"
    return scenario


def _reset_and_redeem(
    stage: Stage, scenario: Scenario, *, old: str, new: str, meanwhile: Callable[[], None] | None = None
) -> None:
    guest, browser = stage.guest(old), stage.browser()
    held = stage.sign_in(browser, old)
    scenario.before = stage.facts(guest["id"], held.name)
    if meanwhile is not None:
        meanwhile()
    answer = stage.reset(guest["id"], new)
    proofs = scenario.proofs
    proofs["the reset answers PendingAcceptance for the same id"] = (
        answer["status"] == "PendingAcceptance" and answer["invitedUser"]["id"] == guest["id"]
    )
    proofs["old access and refresh tokens are dead"] = stage.tokens_dead(held)
    proofs["the old browser session is dead"] = stage.signed_out(browser)
    if old != new:
        proofs["the old identity is refused"] = stage.refused(old)
    own = stage.browser()
    page = stage.redeem(own, stage.link(new), new)
    proofs["after redemption My Apps shows Expenses"] = page.url.endswith("/myapps") and "Expenses" in page.text
    again = stage.sign_in(stage.browser(), new)
    scenario.after = stage.facts(guest["id"], again.name)
    for name in _KEPT:
        proofs[f"{name} stayed"] = scenario.before[name] == scenario.after[name] and bool(scenario.after[name])
    proofs["the guest is Accepted again"] = scenario.after["state"] == "Accepted"
    proofs["the sign-in name is the address proved"] = again.name == new
    if old != new:
        proofs["the old identity is still refused"] = stage.refused(old)


def _old_way(stage: Stage) -> Scenario:
    """Delete and invite again: what the reset spares everybody."""
    scenario = Scenario("0: the old way, delete the guest and invite again")
    old, new = "zoe@fabrikam.com", "zoe@post.example"
    guest = stage.guest(old)
    held = stage.sign_in(stage.browser(), old)
    scenario.before = stage.facts(guest["id"], held.name)
    stage.graph.call("DELETE", f"/v1.0/users/{guest['id']}")
    answer = stage.graph.invite(
        {
            "invitedUserEmailAddress": new,
            "inviteRedirectUrl": "https://myapps.microsoft.com",
            "sendInvitationMessage": True,
        }
    )
    stage.redeem(stage.browser(), stage.link(new, "invitation"), new)
    again = stage.sign_in(stage.browser(), new)
    scenario.after = stage.facts(answer["invitedUser"]["id"], again.name)
    scenario.proofs["the object id is another one"] = scenario.before["id"] != scenario.after["id"]
    scenario.proofs["groups are lost"] = bool(scenario.before["groups"]) and not scenario.after["groups"]
    scenario.proofs["app roles are lost"] = bool(scenario.before["appRoles"]) and not scenario.after["appRoles"]
    scenario.proofs["the new guest redeemed"] = scenario.after["state"] == "Accepted"
    return scenario
