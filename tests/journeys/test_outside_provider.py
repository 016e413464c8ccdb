"""Guests with a provider outside the server, from outside: scenario C for real, and what its callback is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from house_of_guests import PASSWORD, SECRET, House, serving

from lying_provider import CLIENT, LyingProvider, provider
from lying_provider import SECRET as PROVIDER_SECRET
from readmit.cli.demo_stage import AUTOMATION, EXPENSES
from readmit.cli.walker import Page, Walker


def _seed(wingtip: str, tailspin: str) -> str:
    return f"""
tenants:
  - displayName: Contoso
    initialDomain: contoso.onmicrosoft.com
    domains: [contoso.com]
    users:
      - {{userPrincipalName: ada@contoso.com, password: {PASSWORD}, roles: [Global Administrator]}}
    applications:
      - displayName: Automation
        appId: {AUTOMATION}
        clientSecret: {SECRET}
        permissions: [User.Invite.All, User.ReadWrite.All, Directory.Read.All]
      - displayName: Expenses
        appId: {EXPENSES}
        clientSecret: {SECRET}
        redirectUris: ["http://localhost:9000/callback"]
        delegatedPermissions: [openid, profile, email, offline_access, User.Read]
    identityProviders:
      - {{domain: wingtip.example, name: Wingtip, issuer: "{wingtip}", clientId: "{CLIENT}",
          clientSecret: "{PROVIDER_SECRET}", allowPrivateNetwork: true}}
      - {{domain: tailspin.example, name: Tailspin, issuer: "{tailspin}", clientId: "{CLIENT}",
          clientSecret: "{PROVIDER_SECRET}", allowPrivateNetwork: true}}
      - {{domain: nowhere.example, name: Nowhere, issuer: "http://localhost:9", clientId: "{CLIENT}",
          clientSecret: "{PROVIDER_SECRET}", allowPrivateNetwork: true}}
"""


@dataclass
class Town:
    """The server and the two companies next door."""

    house: House
    wingtip: LyingProvider
    tailspin: LyingProvider

    def invited(self, address: str) -> dict[str, str]:
        body = {"invitedUserEmailAddress": address, "inviteRedirectUrl": "https://myapps.microsoft.com"}
        return self.house.graph.invite(body)

    def to_provider(self, walker: Walker, link: str) -> str:
        """Open a link and go on until the browser has left for the provider; where it was sent."""
        walker.open(link)
        page = walker.submit()
        assert "Sign in with" in page.text
        return walker.submit({"use": "provider"}).url

    def redeemed(self, walker: Walker, link: str, at: LyingProvider) -> Page:
        page = walker.open(at.callback(self.to_provider(walker, link)))
        assert "accept" in page.text.lower()
        return walker.submit({"decision": "accept"})


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with ExitStack() as stack:
        wingtip, tailspin = stack.enter_context(provider()), stack.enter_context(provider())
        folder = tmp_path_factory.mktemp("town")
        yield Town(stack.enter_context(serving(folder, _seed(wingtip.issuer, tailspin.issuer))), wingtip, tailspin)


def says(at: LyingProvider, name: str, domain: str) -> str:
    """The provider signs this person in; her address."""
    address = f"{name}@{domain}"
    at.claims = {"sub": f"{name}-at-{domain}", "email": address}
    return address


def test_scenario_C_a_guest_moves_from_one_outside_provider_to_another(town: Town) -> None:
    address = says(town.wingtip, "carla", "wingtip.example")
    invited = town.invited(address)
    guest_id = invited["invitedUser"]["id"]  # type: ignore[index]
    assert town.redeemed(town.house.browser(), invited["inviteRedeemUrl"], town.wingtip).url.endswith("/myapps")
    new = says(town.tailspin, "carla", "tailspin.example")
    reset = town.house.reset(guest_id, new)
    assert reset["invitedUser"]["id"] == guest_id
    old = town.house.browser()
    old.open("/myapps")
    old.submit({"address": address})
    page = old.open(town.wingtip.callback(old.submit({"use": "provider"}).url))
    assert (page.status, "does not know this account" in page.text) == (403, True)
    assert town.redeemed(town.house.browser(), reset["inviteRedeemUrl"], town.tailspin).url.endswith("/myapps")
    history = town.house.rows("SELECT issuer FROM redemptions WHERE user_id = ? ORDER BY redeemed_at", str(guest_id))
    assert history == [(town.wingtip.issuer,), (town.tailspin.issuer,)]


def test_the_browser_is_sent_away_with_pkce_state_nonce_and_nothing_of_the_invitation(town: Town) -> None:
    address = says(town.wingtip, "nora", "wingtip.example")
    url = town.to_provider(town.house.browser(), town.invited(address)["inviteRedeemUrl"])
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert (query["code_challenge_method"], query["login_hint"], query["scope"]) == (
        "S256",
        address,
        "openid email profile",
    )
    assert {len(query[name]) for name in ("state", "nonce", "code_challenge")} == {43}
    assert "ticket" not in url


CALLBACKS = {
    "nothing": "",
    "an unknown state": "state=unknown&code=x",
    "a state twice": "state={state}&state={state}&code=x",
    "an error twice": "state={state}&error=a&error=b",
    "a long code": "state={state}&code=" + "x" * 4097,
    "many parameters": "state={state}&" + "&".join(f"p{n}=1" for n in range(40)),
}


@pytest.mark.parametrize("lie", CALLBACKS)
def test_a_callback_that_nobody_waits_for_is_a_page_and_changes_nothing(town: Town, lie: str) -> None:
    walker = town.house.browser()
    link = town.invited(says(town.wingtip, f"x{abs(hash(lie))}", "wingtip.example"))["inviteRedeemUrl"]
    target = town.wingtip.callback(town.to_provider(walker, link))
    path, query = target.split("?")
    state = parse_qs(query)["state"][0]
    before = town.house.contents()
    page = walker.open(f"{path}?{CALLBACKS[lie].format(state=state)}")
    assert (page.status, "no longer open" in page.text) == (410, True)
    assert town.house.contents() == before
    assert walker.open(target).status == 200, "the honest answer still counts"


def test_T25_the_callback_of_another_browser_is_refused_and_the_honest_one_goes_on(town: Town) -> None:
    victim, attacker = town.house.browser(), town.house.browser()
    address = says(town.wingtip, "vera", "wingtip.example")
    target = town.wingtip.callback(town.to_provider(victim, town.invited(address)["inviteRedeemUrl"]))
    before = town.house.contents()
    assert attacker.open(target).status == 410
    assert town.house.contents() == before
    assert victim.open(target).status == 200


def test_who_turns_back_at_the_provider_reads_what_happened_and_may_take_a_code(town: Town) -> None:
    walker = town.house.browser()
    address = says(town.wingtip, "rita", "wingtip.example")
    url = town.to_provider(walker, town.invited(address)["inviteRedeemUrl"])
    state = parse_qs(urlsplit(url).query)["state"][0]
    page = walker.open(f"{urlsplit(town.wingtip.callback(url)).path}?state={state}&error=access_denied")
    assert (page.status, "did not confirm your account" in page.text) == (403, True)
    page = walker.submit({"use": "other"})
    assert page.status == 200


def test_a_provider_that_cannot_be_asked_is_told_to_the_guest_and_to_the_log(town: Town) -> None:
    walker = town.house.browser()
    invited = town.invited("nils@nowhere.example")
    walker.open(invited["inviteRedeemUrl"])
    walker.submit()
    page = walker.submit({"use": "provider"})
    assert (page.status, "Nowhere does not answer" in page.text) == (502, True)
    guest_id = invited["invitedUser"]["id"]  # type: ignore[index]
    rows = town.house.rows("SELECT error, page FROM sign_in_events WHERE user_id = ?", guest_id)
    assert rows == [(90033, "PU2")]


def test_H5_the_form_to_the_provider_may_end_at_the_application(town: Town) -> None:
    """A provider that knows the browser sends it back at once, and on to the application in the same chain."""
    walker = town.house.browser()
    address = says(town.wingtip, "hanna", "wingtip.example")
    query = {
        "client_id": EXPENSES,
        "response_type": "code",
        "redirect_uri": "http://localhost:9000/callback",
        "scope": "openid",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    walker.open(f"/contoso.com/oauth2/v2.0/authorize?{urlencode(query)}")
    url = walker.submit({"address": address}).url
    policy = walker._client.get(url).headers["content-security-policy"]
    assert f"form-action 'self' {town.wingtip.issuer} http://localhost:9000 https:;" in policy


def test_HEAD_of_a_callback_uses_nothing_up(town: Town) -> None:
    walker = town.house.browser()
    address = says(town.wingtip, "hedda", "wingtip.example")
    target = town.wingtip.callback(town.to_provider(walker, town.invited(address)["inviteRedeemUrl"]))
    assert town.house.http.head(town.house.base + target).status_code == 405
    assert walker.open(target).status == 200
