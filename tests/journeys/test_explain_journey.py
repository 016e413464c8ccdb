"""`readmit guest explain` on a real server: each situation is made, explained, and mended by the printed command."""

from __future__ import annotations

import json
import re
import shlex
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from house_of_guests import PASSWORD, SECRET, House, serving

from lying_provider import CLIENT, LyingProvider, provider
from lying_provider import SECRET as PROVIDER_SECRET
from readmit.cli.demo_stage import AUTOMATION, CONTOSO, EXPENSES, FABRIKAM, FABRIKAM_AUTOMATION, Refused
from readmit.cli.main import run
from readmit.cli.walker import Page, Walker
from readmit.client.graph import GraphClient

_AT_HOME = ("rene", "dora", "dis", "back", "ass", "fine")


def _seed(wingtip: str) -> str:
    accounts = "\n".join(
        f"      - {{userPrincipalName: {name}@fabrikam.com, displayName: {name}, password: {PASSWORD}}}"
        for name in _AT_HOME
    )
    guests = "\n".join(
        f"      - {{email: {name}@fabrikam.com, state: Accepted, identity: {{tenant: {FABRIKAM}, user: {name}@fabrikam.com}}}}"
        for name in _AT_HOME
    )
    return f"""
tenants:
  - displayName: Contoso
    initialDomain: {CONTOSO}
    domains: [contoso.com]
    users:
      - {{userPrincipalName: ada@contoso.com, password: {PASSWORD}, roles: [Global Administrator]}}
    applications:
      - displayName: Automation
        appId: {AUTOMATION}
        clientSecret: {SECRET}
        permissions: [User.Invite.All, User.ReadWrite.All, Directory.Read.All, Application.ReadWrite.All,
          AppRoleAssignment.ReadWrite.All]
      - displayName: Expenses
        appId: {EXPENSES}
        clientSecret: {SECRET}
        redirectUris: ["http://localhost:9000/callback"]
        delegatedPermissions: [openid, profile, email, offline_access, User.Read]
    guests:
{guests}
      - {{email: max@post.example, state: Accepted, identity: {{kind: mail}}}}
      - {{email: off@post.example, state: Accepted, identity: {{kind: mail}}}}
    identityProviders:
      - {{domain: wingtip.example, name: Wingtip Toys, issuer: "{wingtip}", clientId: "{CLIENT}",
          clientSecret: "{PROVIDER_SECRET}", allowPrivateNetwork: true}}
  - displayName: Fabrikam
    initialDomain: {FABRIKAM}
    domains: [fabrikam.com]
    users:
{accounts}
    applications:
      - displayName: Fabrikam Automation
        appId: {FABRIKAM_AUTOMATION}
        clientSecret: {SECRET}
        permissions: [User.ReadWrite.All]
"""


@dataclass
class Desk:
    """An administrator at a terminal beside the server, and the people he is asked about."""

    house: House
    wingtip: LyingProvider
    call: Callable[..., Any]
    capsys: pytest.CaptureFixture[str]

    def explain(self, who: str) -> dict[str, Any]:
        """The decisive finding."""
        self.capsys.readouterr()
        assert self.call("guest", "explain", who, "--json") == 0
        findings = json.loads(self.capsys.readouterr().out)["findings"]
        assert "redeem?rd=" not in str(findings)
        found: dict[str, Any] = findings[0]
        return found

    def mend(self, who: str, code: str, **known: str) -> str:
        """Explain, check the code, run the command as printed; what it printed."""
        found = self.explain(who)
        assert found["code"] == code, found
        words = shlex.split(found["command"])
        assert words.pop(0) == "readmit"
        words = [known.get(word, word) for word in words]
        self.capsys.readouterr()
        assert self.call(*words, *(["--yes"] if words[0] == "reset" else [])) == 0, self.capsys.readouterr().err
        return self.capsys.readouterr().out

    # ------------------------------------------------------------------ people

    @property
    def graph(self) -> GraphClient:
        return self.house.graph

    def invited(self, address: str, **more: Any) -> dict[str, Any]:
        body = {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com", **more}
        return self.graph.invite(body)

    def redeems(self, printed: str, address: str) -> None:
        """The link that a command printed leads the guest in."""
        found = re.search(r"https://\S+/redeem\?rd=\S+", printed)
        assert found is not None, printed
        page = self.house.redeem(self.house.browser(), found[0], address)
        assert urlsplit(page.url).path == "/myapps", page.text

    def signs_in(self, address: str) -> None:
        assert self.house.sign_in(self.house.browser(), address).name.lower() == address

    def at_provider(self, walker: Walker, *, sub: str, email: str) -> Page:
        """The browser stands before the provider's button: off, signed in there as `sub`, and back."""
        self.wingtip.claims = {"sub": sub, "email": email}
        target = self.wingtip.callback(walker.submit({"use": "provider"}).url)
        return walker.open(target)

    def redeems_at_provider(self, link: str, *, sub: str, email: str) -> Page:
        walker = self.house.browser()
        walker.open(link)
        walker.submit()
        page = self.at_provider(walker, sub=sub, email=email)
        return walker.submit({"decision": "accept"}) if page.status == 200 else page

    def signs_in_at_provider(self, address: str, sub: str) -> Page:
        walker = self.house.browser()
        walker.open(f"/myapps?tenantId={CONTOSO}")
        walker.submit({"address": address})
        return self.at_provider(walker, sub=sub, email=address)

    def run_sql(self, sql: str, *parameters: Any) -> None:
        """What time, or a file of settings, would have done."""
        with closing(sqlite3.connect(self.house.data / "readmit.db", timeout=10)) as connection, connection:
            connection.execute(sql, parameters)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, LyingProvider]]:
    with ExitStack() as stack:
        wingtip = stack.enter_context(provider())
        house = stack.enter_context(serving(tmp_path_factory.mktemp("explained"), _seed(wingtip.issuer)))
        yield house, wingtip


@pytest.fixture
def desk(
    town: tuple[House, LyingProvider], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    house, wingtip = town
    monkeypatch.setenv("READMIT_DATA", str(house.data))
    monkeypatch.setenv("READMIT_TENANT", CONTOSO)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(house.data / "nobody"))
    yield Desk(house, wingtip, lambda *words: run(list(words)), capsys)
    wingtip.claims = {}


def test_an_address_of_nobody_is_invited(desk: Desk) -> None:
    desk.redeems(desk.mend("new@post.example", "unknown"), "new@post.example")
    desk.signs_in("new@post.example")
    assert desk.explain("new@post.example")["code"] == "fine"


def test_an_invitation_that_nobody_redeemed_is_mailed_again(desk: Desk) -> None:
    desk.invited("slow@post.example")
    desk.mend("slow@post.example", "neverRedeemed")
    page = desk.house.redeem(
        desk.house.browser(), desk.house.link("slow@post.example", "invitation"), "slow@post.example"
    )
    assert urlsplit(page.url).path == "/myapps"


@pytest.mark.parametrize(
    ("name", "column", "code"),
    [("over", "expires_at", "invitationExpired"), ("torn", "cancelled_at", "invitationCancelled")],
)
def test_an_invitation_that_is_over_is_renewed(desk: Desk, name: str, column: str, code: str) -> None:
    address = f"{name}@post.example"
    invited = desk.invited(address)
    desk.run_sql(f"UPDATE invitations SET {column} = created_at + 1 WHERE id = ?", invited["id"])
    desk.redeems(desk.mend(address, code), address)


def test_an_invited_address_that_is_off_the_guest_is_reset_to_the_present_one(desk: Desk) -> None:
    id = desk.invited("old@post.example")["invitedUser"]["id"]
    desk.graph.call("PATCH", f"/v1.0/users/{id}", {"mail": "moved@post.example", "otherMails": []})
    desk.redeems(desk.mend(id, "addressGone"), "moved@post.example")


def test_a_reset_that_nobody_redeemed_is_invited_again(desk: Desk) -> None:
    desk.redeems(str(desk.invited("again@post.example")["inviteRedeemUrl"]), "again@post.example")
    desk.house.reset(desk.house.guest("again@post.example")["id"], "again@post.example")
    desk.redeems(desk.mend("again@post.example", "resetNotRedeemed"), "again@post.example")
    desk.house.reset(desk.house.guest("again@post.example")["id"], "new-again@post.example")
    assert desk.mend("again@post.example", "addressMoved").startswith(
        "again <new-again@post.example>, PendingAcceptance"
    )


def test_B_a_home_account_that_was_set_up_again(desk: Desk) -> None:
    fabrikam = desk.house.client(FABRIKAM, FABRIKAM_AUTOMATION)
    old = fabrikam.user("rene@fabrikam.com")
    fabrikam.call("DELETE", f"/v1.0/users/{old['id']}")
    assert desk.explain("rene@fabrikam.com")["code"] == "homeAccountDeleted"
    body = {
        "accountEnabled": True,
        "displayName": "Rene",
        "mailNickname": "rene",
        "userPrincipalName": "rene@fabrikam.com",
        "passwordProfile": {"password": PASSWORD, "forceChangePasswordNextSignIn": False},
    }
    fabrikam.call("POST", "/v1.0/users", body)
    assert desk.house.refused("rene@fabrikam.com")
    desk.redeems(desk.mend("rene@fabrikam.com", "homeAccountRecreated"), "rene@fabrikam.com")
    desk.signs_in("rene@fabrikam.com")


def test_a_home_account_that_is_disabled_is_left_behind(desk: Desk) -> None:
    fabrikam = desk.house.client(FABRIKAM, FABRIKAM_AUTOMATION)
    account = fabrikam.user("dora@fabrikam.com")
    fabrikam.call("PATCH", f"/v1.0/users/{account['id']}", {"accountEnabled": False})
    printed = desk.mend("dora@fabrikam.com", "homeAccountDisabled", **{"NEW-ADDRESS": "dora@post.example"})
    desk.redeems(printed, "dora@post.example")


def test_a_disabled_guest_is_enabled(desk: Desk) -> None:
    id = desk.house.guest("dis@fabrikam.com")["id"]
    desk.graph.call("PATCH", f"/v1.0/users/{id}", {"accountEnabled": False})
    assert desk.house.refused("dis@fabrikam.com", "is blocked")
    desk.mend("dis@fabrikam.com", "disabled")
    desk.signs_in("dis@fabrikam.com")


def test_a_deleted_guest_is_restored(desk: Desk) -> None:
    id = desk.house.guest("back@fabrikam.com")["id"]
    desk.graph.call("DELETE", f"/v1.0/users/{id}")
    desk.mend("back@fabrikam.com", "deleted")
    desk.signs_in("back@fabrikam.com")


def test_a_domain_and_invitations_at_all_are_accepted_again(desk: Desk) -> None:
    link = desk.invited("kim@blocked.example")["inviteRedeemUrl"]
    policy = {
        "B2BManagementPolicy": {"InvitationsAllowedAndBlockedDomainsPolicy": {"BlockedDomains": ["blocked.example"]}}
    }
    assert desk.call("policy", "invites", "none") == 0
    with_lists = GraphClient(_local(desk), desk.graph.outside)
    with_lists.call("POST", "/beta/policies/b2bManagementPolicies", {"definition": [json.dumps(policy)]})
    with_lists.close()
    assert desk.house.browser().open(link).status == 403
    desk.mend("kim@blocked.example", "invitesOff")
    desk.mend("kim@blocked.example", "domainNotAccepted")
    desk.redeems(str(link), "kim@blocked.example")
    assert desk.call("policy", "invites", "everyone") == 0


def _local(desk: Desk) -> Any:
    from readmit.cli.connect import from_data

    return from_data(desk.house.data, CONTOSO)


def test_a_provider_that_is_off_is_switched_on_and_one_that_is_gone_is_left_by_a_reset(desk: Desk) -> None:
    address = "wendy@wingtip.example"
    link = str(desk.invited(address)["inviteRedeemUrl"])
    assert urlsplit(desk.redeems_at_provider(link, sub="wendy", email=address).url).path == "/myapps"
    assert desk.call("idp", "disable", "Wingtip Toys", "--yes") == 0
    desk.mend(address, "providerOff")
    assert urlsplit(desk.signs_in_at_provider(address, "wendy").url).path == "/myapps"
    # Another account with the same address, as after it was set up again there.
    assert "does not know this account" in desk.signs_in_at_provider(address, "wendy the second").text
    found = desk.explain(address)
    assert (
        "came: wendy@wingtip.example of Wingtip Toys, bound: wendy@wingtip.example of Wingtip Toys" in found["sentence"]
    )
    link = re.search(r"https://\S+/redeem\?rd=\S+", desk.mend(address, "wrongIdentity"))
    assert link is not None
    assert urlsplit(desk.redeems_at_provider(link[0], sub="wendy the second", email=address).url).path == "/myapps"
    desk.wingtip.answers = lambda path: (503, b"")
    assert desk.call("idp", "check", "Wingtip Toys") == 1
    walker = desk.house.browser()
    walker.open(f"/myapps?tenantId={CONTOSO}")
    walker.submit({"address": address})
    page = walker.submit({"use": "provider"})
    assert (page.status, "does not answer" in page.text) == (502, True)
    found = desk.explain(address)
    assert (found["code"], found["command"]) == ("providerDown", "readmit idp check 'Wingtip Toys'")
    desk.wingtip.answers = lambda path: None
    desk.mend(address, "providerDown")
    assert urlsplit(desk.signs_in_at_provider(address, "wendy the second").url).path == "/myapps"


def test_a_provider_added_in_one_line_lets_its_guests_in_and_a_removed_one_is_left(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(PROVIDER_SECRET)
    address = "tina@tailspin.example"
    with provider() as tailspin:
        line = (
            "idp",
            "add",
            "tailspin",
            "--issuer",
            tailspin.issuer,
            "--domain",
            "tailspin.example",
            "--client-id",
            CLIENT,
        )
        assert desk.call(*line, "--client-secret-file", str(tmp_path / "secret")) == 1, "it stands inside"
        assert desk.call(*line, "--client-secret-file", str(tmp_path / "secret"), "--private-network") == 0
        there = replace(desk, wingtip=tailspin)
        link = str(desk.invited(address)["inviteRedeemUrl"])
        assert urlsplit(there.redeems_at_provider(link, sub="tina", email=address).url).path == "/myapps"
        assert urlsplit(there.signs_in_at_provider(address, "tina").url).path == "/myapps"
        desk.capsys.readouterr()
        assert desk.call("idp", "remove", "tailspin", "--yes") == 0
        assert desk.capsys.readouterr().err.startswith("1 guest signs in by tailspin")
    desk.redeems(desk.mend(address, "providerGone"), address)


def test_P6_the_account_that_came_instead_is_invited(desk: Desk) -> None:
    link = str(desk.invited("walter@wingtip.example")["inviteRedeemUrl"])
    page = desk.redeems_at_provider(link, sub="walt", email="walt@wingtip.example")
    assert (page.status, "this invitation is for" in page.text) == (403, True)
    printed = desk.mend("walter@wingtip.example", "otherAddress")
    renewed = re.search(r"https://\S+/redeem\?rd=\S+", printed)
    assert renewed is not None
    page = desk.redeems_at_provider(renewed[0], sub="walt", email="walt@wingtip.example")
    assert urlsplit(page.url).path == "/myapps"


def test_codes_that_are_locked_are_heard_by_a_new_link(desk: Desk) -> None:
    for _ in range(4):
        walker = desk.house.browser()
        walker.open(f"/myapps?tenantId={CONTOSO}")
        walker.submit({"address": "max@post.example"})
        walker.submit()
        for _ in range(5):
            walker.submit({"code": "00000000"})
    printed = desk.mend("max@post.example", "codesLocked")
    found = re.search(r"https://\S+/redeem\?rd=\S+", printed)
    assert found is not None
    walker = desk.house.browser()
    walker.open(found[0])
    for _ in range(4):
        desk.house.mailed("max@post.example", "passcode")
    walker.submit()
    assert urlsplit(desk.house.prove(walker, "max@post.example").url).path == "/myapps"


def test_an_application_that_wants_an_assignment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    principal = next(desk.graph.pages(f"/v1.0/servicePrincipals?$filter=appId eq '{EXPENSES}'".replace(" ", "%20")))
    path = f"/v1.0/servicePrincipals/{principal['id']}"
    desk.graph.call("PATCH", path, {"appRoleAssignmentRequired": True})
    with pytest.raises(Refused, match="assign"):
        desk.house.sign_in(desk.house.browser(), "ass@fabrikam.com")
    found = desk.explain("ass@fabrikam.com")
    assert found["code"] == "notAssigned"
    assert desk.call(*shlex.split(found["command"])[1:]) == 1
    assert "AppRoleAssignment" in desk.capsys.readouterr().err
    for name, value in (
        ("SERVER", desk.house.base),
        ("CLIENT_ID", AUTOMATION),
        ("CLIENT_SECRET", SECRET),
        ("CA_FILE", str(desk.house.data / "ca.pem")),
    ):
        # The client of the data folder may not grant app roles (docs/decisions/0007); an application that may does it.
        monkeypatch.setenv(f"READMIT_{name}", value)
    assert desk.call(*shlex.split(found["command"])[1:]) == 0
    desk.signs_in("ass@fabrikam.com")
    desk.graph.call("PATCH", path, {"appRoleAssignmentRequired": False})


def test_codes_that_are_off_are_left_for_a_provider(desk: Desk) -> None:
    settings = json.loads(str(desk.house.rows("SELECT settings FROM tenants WHERE initial_domain = ?", CONTOSO)[0][0]))
    changed = json.dumps({**settings, "emailOneTimePasscode": False})
    desk.run_sql("UPDATE tenants SET settings = ? WHERE initial_domain = ?", changed, CONTOSO)
    try:
        assert desk.house.refused("off@post.example", "no longer sends codes")
        printed = desk.mend("off@post.example", "codesOff", **{"NEW-ADDRESS": "off@wingtip.example"})
        link = re.search(r"https://\S+/redeem\?rd=\S+", printed)
        assert link is not None
        page = desk.redeems_at_provider(link[0], sub="off", email="off@wingtip.example")
        assert urlsplit(page.url).path == "/myapps"
    finally:
        desk.run_sql("UPDATE tenants SET settings = ? WHERE initial_domain = ?", json.dumps(settings), CONTOSO)


def test_a_guest_who_can_sign_in_is_told_so(desk: Desk) -> None:
    desk.signs_in("fine@fabrikam.com")
    found = desk.explain("fine@fabrikam.com")
    assert (found["code"], found["command"]) == ("fine", None)
    assert "the last sign-in to Expenses went well" in found["sentence"]
    assert desk.call("guest", "explain", "fine@fabrikam.com") == 0
    assert "  note     Nothing stands in the way" in desk.capsys.readouterr().out
