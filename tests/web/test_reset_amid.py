"""A reset in each single state of a way, over HTTP: what who had the guest before gets next (lifecycle L5, L6, T7, T10).

The old holder goes on wherever he stands. He is told why in a page, gets no token and no sign-in, and whoever has the
guest now redeems undisturbed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from front import Person, Site, site
from test_device import ask as ask_device
from test_device import poll
from test_passkeys import options, with_passkey

from authenticator import Authenticator
from readmit.domain.graph_permissions import READMIT_APP_ID
from readmit.proofs import passcode
from readmit.storage import passcodes
from world import CALLBACK, EXPENSES, PASSWORD

__all__ = ["site"]
MAX, HOME = "max@post.example", "alice@fabrikam.com"
NEW = "successor@post.example"
Going = Callable[[], Any]


def to_application(person: Person, **more: str) -> None:
    query = {
        "client_id": EXPENSES,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid profile email offline_access User.Read",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        **more,
    }
    person.open(f"/contoso.com/oauth2/v2.0/authorize?{urlencode(query)}")


def code_of(person: Person) -> str:
    made: Any = person.site.house.read(passcodes.of_flow, person.path.rpartition("/")[2])
    return passcode.code(person.site.house.world.keyring.key("passcode"), made.nonce)


def token(site: Site, **form: str) -> Any:
    sent = {"client_id": EXPENSES, "client_secret": "expenses-secret", "redirect_uri": CALLBACK, **form}
    return site.ask("POST", "/contoso.com/oauth2/v2.0/token", data=sent)


def at_address(site: Site, **more: str) -> Person:
    person = Person(site)
    to_application(person, **more)
    return person


def typed(site: Site, address: str, **more: str) -> Person:
    person = at_address(site, **more)
    person.submit(address=address)
    return person


def asked(site: Site, address: str, **more: str) -> Person:
    """The code is mailed; or, at home, the password page is shown already."""
    person = typed(site, address, **more)
    if address != HOME:
        person.submit()
    return person


def prove(person: Person) -> str:
    if 'type="password"' in person.html:
        return person.submit(password=PASSWORD)
    if 'name="code"' not in person.html:
        person.submit()
    return person.submit(code=code_of(person)) if 'name="code"' in person.html else person.html


def at_consent(site: Site, address: str) -> Person:
    person = asked(site, address, prompt="consent")
    prove(person)
    assert 'value="accept"' in person.html
    return person


def arrived(site: Site, address: str) -> Person:
    person = asked(site, address)
    prove(person)
    assert person.path.startswith(CALLBACK), person.html
    return person


def code_at(person: Person) -> str:
    return parse_qs(urlsplit(person.path).query)["code"][0]


VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


# --------------------------------------------- the states, each with what the old holder does next


def _at_address(site: Site, address: str) -> Going:
    person = at_address(site)

    def next() -> Person:
        person.submit(address=address)
        prove(person)
        return person

    return next


def _typed(site: Site, address: str) -> Going:
    person = typed(site, address)
    return lambda: _proved(person)


def _proved(person: Person) -> Person:
    prove(person)
    return person


def _code_mailed(site: Site, address: str) -> Going:
    person = asked(site, address)
    code = code_of(person)

    def next() -> Person:
        person.submit(code=code)
        return person

    return next


def _resent(site: Site, address: str) -> Going:
    """The old code, and then a new one, which nobody mails to the old address any more."""
    person = asked(site, address)

    def next() -> Person:
        site.house.clock.pass_(minutes=2)
        person.submit(use="resend")
        person.submit(code="00000000")
        return person

    return next


def _consent(site: Site, address: str) -> Going:
    person = at_consent(site, address)

    def next() -> Person:
        person.submit(decision="accept")
        return person

    return next


def _with_passkey(site: Site, address: str) -> Going:
    device = Authenticator()
    with_passkey(site, device)
    person = typed(site, address)
    person.submit(use="passkey")

    def next() -> Person:
        person.submit(credential=device.get(options(person)))
        return person

    return next


def _adding_a_passkey(site: Site, address: str) -> Going:
    """The device has answered; the page's form comes after the reset."""
    person = Person(site)
    person.open("/account?tenantId=contoso.com")
    person.submit(address=address)
    prove(person)
    person.press(_action(person, "/account/passkeys"), add="passkey")
    credential = Authenticator().create(options(person))

    def next() -> Person:
        person.submit(credential=credential)
        return person

    return next


def _account(site: Site, address: str) -> Going:
    """Signed in, with the page of his account open: its forms do nothing any more, and he is asked who he is."""
    person = Person(site)
    person.open("/account?tenantId=contoso.com")
    person.submit(address=address)
    prove(person)
    action = _action(person, "/account/language")

    def next() -> Person:
        person.press(action, language="de")
        assert person.path.startswith("/signin/") or person.status in (401, 403), (person.status, person.html)
        person.status = 403
        return person

    return next


def _action(person: Person, beginning: str) -> str:
    found = re.search(rf'action="({beginning}[^"]*)"', person.html)
    assert found is not None, person.html
    return html.unescape(found[1])


def _code_at_the_application(site: Site, address: str) -> Going:
    code = code_at(arrived(site, address))
    return lambda: token(site, grant_type="authorization_code", code=code, code_verifier=VERIFIER)


def _tokens(site: Site, address: str) -> dict[str, Any]:
    code = code_at(arrived(site, address))
    body = token(site, grant_type="authorization_code", code=code, code_verifier=VERIFIER).json()
    return dict(body)


def _refresh(site: Site, address: str) -> Going:
    held = _tokens(site, address)["refresh_token"]
    return lambda: token(site, grant_type="refresh_token", refresh_token=held)


def _access(path: str) -> Callable[[Site, str], Going]:
    def make(site: Site, address: str) -> Going:
        held = _tokens(site, address)["access_token"]
        return lambda: site.ask("GET", path, headers={"authorization": f"Bearer {held}"})

    return make


def _device_shown(site: Site, address: str) -> Going:
    started = ask_device(site).json()

    def next() -> Any:
        person = _at_the_device_page(site, started, address)
        assert person.status in (400, 403)
        site.house.clock.pass_(seconds=10)
        return poll(site, started["device_code"])

    return next


def _at_the_device_page(site: Site, started: dict[str, str], address: str) -> Person:
    person = Person(site)
    person.open("/common/oauth2/deviceauth")
    person.submit(user_code=started["user_code"])
    person.submit(address=address)
    prove(person)
    return person


def _device_proved(site: Site, address: str) -> Going:
    started = ask_device(site).json()
    person = _at_the_device_page(site, started, address)

    def next() -> Any:
        if person.status == 200:
            person.submit(decision="accept")
        assert person.status == 410
        site.house.clock.pass_(seconds=10)
        return poll(site, started["device_code"])

    return next


def _device_approved(site: Site, address: str) -> Going:
    started = ask_device(site).json()
    person = _at_the_device_page(site, started, address)
    assert "Your device is signed in" in person.submit(decision="accept")
    return lambda: poll(site, started["device_code"])


def _device_polled(site: Site, address: str) -> Going:
    started = ask_device(site).json()
    _at_the_device_page(site, started, address).submit(decision="accept")
    held = poll(site, started["device_code"]).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": held, "client_id": READMIT_APP_ID}
    return lambda: site.ask("POST", "/contoso.com/oauth2/v2.0/token", data=form)


STATES: dict[str, tuple[Callable[[Site, str], Going], tuple[str, ...]]] = {
    "at the address page": (_at_address, (MAX, HOME)),
    "address typed": (_typed, (MAX, HOME)),
    "code mailed": (_code_mailed, (MAX,)),
    "code asked for again": (_resent, (MAX,)),
    "at consent": (_consent, (MAX, HOME)),
    "at the passkey": (_with_passkey, (MAX,)),
    "adding a passkey": (_adding_a_passkey, (MAX,)),
    "on the account page": (_account, (MAX, HOME)),
    "code at the application": (_code_at_the_application, (MAX, HOME)),
    "refresh": (_refresh, (MAX, HOME)),
    "access to Graph": (_access("/v1.0/me"), (MAX, HOME)),
    "access to userinfo": (_access("/oidc/userinfo"), (MAX, HOME)),
    "device code shown": (_device_shown, (MAX, HOME)),
    "device code proved": (_device_proved, (MAX, HOME)),
    "device code approved": (_device_approved, (MAX, HOME)),
    "device code polled": (_device_polled, (MAX, HOME)),
}


@pytest.mark.parametrize(
    ("state", "address"), [(state, address) for state, (_, addresses) in STATES.items() for address in addresses]
)
def test_T7_after_a_reset_the_old_holder_is_told_no_and_the_new_one_redeems(
    site: Site, state: str, address: str
) -> None:
    guest = site.house.people[address.partition("@")[0]]
    next = STATES[state][0](site, address)
    link = site.house.reset(guest, NEW)
    said = next()
    status = said.status if isinstance(said, Person) else said.status_code
    assert status in (400, 401, 403, 410), (status, said)
    assert open_ways_in(site, guest) == (0, 0)
    assert site.house.guest(guest).redemption_state == "PendingAcceptance"
    successor = Person(site)
    successor.open(f"/redeem/?ticket={link.ticket}")
    successor.submit()
    prove(successor)
    assert "/myapps" in successor.submit(decision="accept") or "/myapps" in successor.path
    assert site.house.guest(guest).redemption_state == "Accepted"
    if not isinstance(said, Person):
        assert next().status_code in (400, 401), "neither after the guest has been taken over"


def open_ways_in(site: Site, guest: str) -> tuple[int, int]:
    """(sign-ins of the guest, grants of the guest)."""
    count = site.house.rows
    sign_ins = count(
        "SELECT COUNT(*) FROM sign_ins s JOIN users u ON u.id = s.user_id AND u.epoch = s.epoch WHERE u.id = :g",
        g=guest,
    )
    grants = count(
        "SELECT COUNT(*) FROM grants g JOIN users u ON u.id = g.user_id AND u.epoch = g.epoch WHERE u.id = :g", g=guest
    )
    return sign_ins[0][0], grants[0][0]
