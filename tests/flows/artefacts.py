"""The kinds of things that let somebody in (security G2): how each is got, and whether it still opens anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from applications import CALLBACK, arrive, asking, bring, caller_of, client, renew, sign_in_of, to_application
from passkeys import add, adding, use
from ways import Way, begin, follow

from authenticator import Authenticator
from lying_provider import LyingProvider
from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import DeadEnd, TokenRefused
from readmit.domain.graph_permissions import READMIT_APP_ID
from readmit.domain.redemption import Step
from readmit.domain.session import SignIn
from readmit.flows import authorize, consent, device, introspection, links, passkey_use, tokens, upstream
from readmit.flows.arrive import Arrived, consent_to_application
from readmit.flows.browsers import Browser, session_of
from readmit.flows.issue import Exchange
from readmit.flows.passkey_add import Added
from readmit.flows.passkey_use import Answer
from readmit.flows.tokens import Asked
from readmit.flows.upstream import Answer as Heard
from readmit.flows.upstream import NotHere
from world import House, a_browser

Alive = Callable[[], bool]
GRAPH = Asked("https://graph.microsoft.com", graph=True)


@dataclass(frozen=True)
class Guest:
    """One whose things are gathered: who he is, and the address that he types."""

    id: str
    address: str


def lets_in(*errors: type[Exception]) -> Callable[[Callable[[], Any]], Alive]:
    """What is refused with one of these errors opens nothing; what returns False neither."""

    def tried(work: Callable[[], Any]) -> Alive:
        def alive() -> bool:
            try:
                return work() is not False
            except errors:
                return False

        return alive

    return tried


opens = lets_in(DeadEnd, NotHere, TokenRefused, Unauthenticated)


def goes_on(way: Way) -> Alive:
    """Whether a proof that stands in the flow leads anywhere: to consent, or into the tenant."""
    return opens(lambda: isinstance(way.proceed(), Arrived) or way.step in (Step.CONSENT, Step.APP_CONSENT))


# ----------------------------------------------------------------- of a Pending guest


def ticket(house: House, address: str) -> Alive:
    """A link; it redeems."""
    invited = house.invite(address)
    return opens(lambda: not house.read(links.open_link, house.world, invited.ticket).redeemed)


def open_flow(house: House, address: str) -> Alive:
    """A redemption that was begun."""
    way = follow(house, house.invite(address))
    return opens(way.look)


def code_of_a_redemption(house: House, address: str) -> Alive:
    way = follow(house, house.invite(address))
    code = way.ask_code()
    return opens(lambda: way.code(code).right)


def code_of_a_direct_sign_in(house: House, address: str) -> Alive:
    """Lifecycle L28: its flow names nobody before the proof."""
    way = begin(house, address)
    code = way.ask_code()
    return opens(lambda: way.code(code).right)


def proof_of_a_redemption(house: House, address: str) -> Alive:
    way = follow(house, house.invite(address))
    assert way.code().right
    return goes_on(way)


def proof_of_a_direct_sign_in(house: House, address: str) -> Alive:
    way = begin(house, address)
    assert way.code().right
    return goes_on(way)


def consent_page(house: House, address: str) -> Alive:
    """Everything but the last button."""
    way = follow(house, house.invite(address))
    assert way.code().right
    way.proceed()
    assert way.step is Step.CONSENT
    return opens(lambda: isinstance(way.accept(), Arrived))


PENDING: dict[str, Callable[[House, str], Alive]] = {
    "redeem ticket": ticket,
    "open flow": open_flow,
    "code of a redemption": code_of_a_redemption,
    "code of a direct sign-in": code_of_a_direct_sign_in,
    "proof of a redemption": proof_of_a_redemption,
    "proof of a direct sign-in": proof_of_a_direct_sign_in,
    "proof at the last button": consent_page,
}


# --------------------------------------------------------------- of an Accepted guest


def code(house: House, guest: Guest) -> Alive:
    way = begin(house, guest.address)
    mailed = way.ask_code()
    return opens(lambda: way.code(mailed).right)


def proof(house: House, guest: Guest) -> Alive:
    way = begin(house, guest.address)
    assert way.code().right
    return goes_on(way)


def proof_of_a_home_account(house: House, guest: Guest) -> Alive:
    way = begin(house, guest.address)
    way.password()
    return goes_on(way)


def application_consent(house: House, guest: Guest) -> Alive:
    """A sign-in that only waits for what the application may have."""
    target = to_application(house, prompt=("consent",))
    way = begin(house, guest.address, target=target)
    _prove(way)
    way.proceed()
    assert way.step is Step.APP_CONSENT
    return opens(lambda: isinstance(way.do(consent_to_application), Arrived))


def _prove(way: Way) -> None:
    if way.step is Step.PASSWORD:
        way.password()
    else:
        assert way.code().right


def session(house: House, guest: Guest) -> Alive:
    """A browser's session: a code's, or a home account's."""
    browser = arrive(house, guest.address)

    def alive() -> bool:
        found = house.read(session_of, browser.session_token, house.world.now())
        entry = found.at(house.contoso) if found else None
        return entry is not None and entry.user_id == guest.id

    return alive


def authorization_code(house: House, guest: Guest) -> Alive:
    made = _code(house, guest)
    return opens(lambda: isinstance(bring(house, made), dict))


def refresh_token(house: House, guest: Guest) -> Alive:
    body = bring(house, _code(house, guest))
    return opens(lambda: isinstance(renew(house, body["refresh_token"]), dict))


def refresh_token_introspected(house: House, guest: Guest) -> Alive:
    body = bring(house, _code(house, guest))
    return lambda: bool(introspection.introspect(house.world, client(house), body["refresh_token"])["active"])


def access_token(house: House, guest: Guest) -> Alive:
    body = bring(house, _code(house, guest))
    return opens(lambda: caller_of(house, body["access_token"]).user.id == guest.id)


def access_token_introspected(house: House, guest: Guest) -> Alive:
    body = bring(house, _code(house, guest))
    return lambda: bool(introspection.introspect(house.world, client(house), body["access_token"])["active"])


def _code(house: House, guest: Guest) -> str:
    entry: SignIn = sign_in_of(house, arrive(house, guest.address))
    return str(house.write(authorize.issue_code, house.world, asking(house), entry))


def device_code(house: House, guest: Guest) -> Alive:
    """The person has accepted; the device has not asked since."""
    app = client(house, READMIT_APP_ID)
    started = _device(house, app)
    way = _at_the_devices_consent(house, guest, started)
    assert isinstance(way.do(consent_to_application), Arrived)
    brought = Exchange(started.device_code)
    return opens(lambda: isinstance(house.write(device.poll, house.world, app, brought), dict))


def user_code(house: House, guest: Guest) -> Alive:
    """Typed, and the person has proved who he is; only his yes is missing."""
    started = _device(house, client(house, READMIT_APP_ID))
    way = _at_the_devices_consent(house, guest, started)
    return opens(lambda: isinstance(way.do(consent_to_application), Arrived))


def _device(house: House, app: Any) -> device.Started:
    started = house.write(
        device.start, house.world, app, GRAPH, ("openid", "User.Read"), origin="https://localhost:8443", ip="192.0.2.9"
    )
    assert isinstance(started, device.Started)
    return started


def _at_the_devices_consent(house: House, guest: Guest, started: device.Started) -> Way:
    from readmit.domain.redemption import ToApplication

    request = house.write(device.enter, house.world, started.user_code, session=house.world.new_id(), ip="192.0.2.1")
    way = begin(house, guest.address, target=ToApplication(request))
    _prove(way)
    way.proceed()
    assert way.step is Step.APP_CONSENT
    return way


def remembered_consent(house: House, guest: Guest) -> Alive:
    """What the guest agreed to himself need not be asked again."""
    request = asking(house, scopes=("openid", "Mail.Read"))
    house.write(consent.record_consent, house.world, request, guest.id)
    return lambda: "Mail.Read" not in house.read(consent.missing_consent, request, guest.id)


def passkey(house: House, guest: Guest) -> Alive:
    """It hangs on the binding: revoking, disabling and deleting leave it (security V2)."""
    device = Authenticator()
    assert add(adding(house, arrive(house, guest.address)), device) is Added.ADDED

    def used() -> bool:
        way = begin(house, guest.address, a_browser("k" * 43))
        way.do(passkey_use.begin_use)
        return use(way, device) is Answer.PROVED and isinstance(way.proceed(), Arrived)

    return opens(used)


ACCEPTED: dict[str, Callable[[House, Guest], Alive]] = {
    "code": code,
    "proof": proof,
    "open flow": application_consent,
    "code session": session,
    "authorization code": authorization_code,
    "refresh token": refresh_token,
    "refresh token, introspected": refresh_token_introspected,
    "access token": access_token,
    "access token, introspected": access_token_introspected,
    "device code": device_code,
    "user code": user_code,
    "remembered consent": remembered_consent,
    "passkey": passkey,
}
AT_HOME: dict[str, Callable[[House, Guest], Alive]] = {
    "proof of a home account": proof_of_a_home_account,
    "open flow": application_consent,
    "browser session": session,
    "authorization code": authorization_code,
    "refresh token": refresh_token,
    "access token": access_token,
    "device code": device_code,
    "user code": user_code,
    "remembered consent": remembered_consent,
}


# ------------------------------------------------------------ at a provider elsewhere


def upstream_state(house: House, wingtip: LyingProvider, way: Way) -> Alive:
    """The browser is at the provider and comes back later."""
    provider_id = way.look().flow.provider_id
    assert provider_id is not None
    answer = Heard(provider_id, wingtip.approve(upstream.ask(house.world, way.browser, way.flow_id)))

    def heard() -> bool:
        upstream.hear(house.world, way.browser, way.flow_id, answer)
        return way.look().flow.proof is not None

    return opens(heard)


def proof_of_a_provider(house: House, wingtip: LyingProvider, way: Way) -> Alive:
    assert upstream_state(house, wingtip, way)()
    return goes_on(way)


__all__ = ["ACCEPTED", "AT_HOME", "CALLBACK", "PENDING", "Alive", "Browser", "Guest", "a_browser", "tokens"]
