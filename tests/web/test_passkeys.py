"""Passkeys over HTTP: what pages ask a browser, the forms, and the headers (security N7, H4, V7, T24, T37)."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from front import ORIGIN, Person, Site, site

from authenticator import Authenticator
from readmit import app
from readmit.flows import deliver
from readmit.mail import mailbox
from readmit.proofs import passcode
from readmit.storage import tenants
from world import PASSWORD, make_house

__all__ = ["site"]
MAX = "max@post.example"
ACCOUNT = "/account?tenantId=contoso.com"


def mailed_code(site: Site) -> str:
    world = site.house.world
    ((nonce,),) = site.house.rows("SELECT nonce FROM passcodes ORDER BY created_at DESC LIMIT 1")
    return passcode.code(world.keyring.key("passcode"), nonce)


def at_code(site: Site, address: str = MAX, person: Person | None = None, path: str = ACCOUNT) -> Person:
    """A browser at the page that would mail a code."""
    person = person or Person(site)
    person.open(path)
    person.submit(address=address)
    return person


def by_code(site: Site, person: Person | None = None, **fields: str) -> Person:
    """A browser that enters the mailed code."""
    person = at_code(site, person=person)
    person.submit()
    person.submit(code=mailed_code(site), **fields)
    return person


def options(person: Person) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]*)"', person.html)
    assert found is not None, person.html
    asked: dict[str, Any] = json.loads(html.unescape(found[1]))
    return asked


def add(site: Site, person: Person, device: Authenticator, **changes: Any) -> None:
    """The button of the account page, and the device's answer."""
    action = re.search(r'action="(/account/passkeys[^"]*)"', person.html)
    assert action is not None, person.html
    person.press(html.unescape(action[1]), add="passkey")
    person.submit(credential=device.create(options(person), **changes))


def configure(site: Site, **settings: Any) -> None:
    tenant = site.house.read(tenants.get, site.house.contoso)
    site.house.write(tenants.update, replace(tenant, settings=replace(tenant.settings, **settings)))


def with_passkey(site: Site, device: Authenticator) -> Person:
    person = by_code(site)
    add(site, person, device)
    assert "My account" in person.html
    return person


def policy(site: Site, person: Person) -> str:
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in person.cookies.items())}
    return str(site.ask("GET", person.path, headers=headers).headers["content-security-policy"])


def test_a_guest_adds_a_passkey_signs_out_and_signs_in_with_it(site: Site) -> None:
    device = Authenticator()
    person = with_passkey(site, device)
    assert "Passkey of 31 January 2026" in person.html
    person.press("/signout")
    person = at_code(site)
    assert "Use a passkey" in person.html
    person.submit(use="passkey")
    assert options(person)["allowCredentials"] == []
    before = dict(person.cookies)
    person.submit(credential=device.get(options(person)))
    assert "My account" in person.html
    assert "Last used" in person.html
    assert person.cookies["__Host-readmit"] != before.get("__Host-readmit"), "T27"


def test_H4_only_the_pages_of_passkeys_and_codes_of_a_sign_in_run_a_script(site: Site) -> None:
    device = Authenticator()
    with_passkey(site, device)
    person = Person(site)
    person.open(ACCOUNT)
    assert "script-src" not in policy(site, person)
    person.submit(address=MAX)
    assert "script-src" not in policy(site, person)
    person.submit()
    assert "script-src 'self';" in policy(site, person)
    assert '<script src="/static/passkeys.js" defer></script>' in person.html
    person.submit(use="passkey")
    assert "script-src 'self';" in policy(site, person)
    script = site.ask("GET", "/static/passkeys.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "fetch" not in script.text


def test_H4_a_redemption_and_its_consent_run_none(site: Site) -> None:
    invited = site.house.invite("new@post.example")
    person = Person(site)
    person.open(f"/redeem/?ticket={invited.ticket}")
    for fields in ({}, {}, {"code": ""}):
        person.submit(**fields)
        assert "<script" not in person.html
        assert "Use a passkey" not in person.html
    person.submit(code=mailed_code(site))
    assert "Share your details" in person.html
    assert "script-src" not in policy(site, person)


def test_V7_known_and_unknown_addresses_get_the_same_pages_of_passkeys(site: Site) -> None:
    with_passkey(site, Authenticator())
    seen = []
    for address in (MAX, "nobody@post.example"):
        person = at_code(site, address)
        person.submit(use="passkey")
        asked = options(person)
        assert len(asked.pop("challenge")) == 43
        page = re.sub(r'data-options="[^"]*"|value="[^"]*"|/signin/[^"?]*', "", person.html)
        seen.append((page.replace(address, "X"), asked))
        person.submit(credential="{}")
        assert person.status == 400
        assert "This passkey does not fit" in person.html
    assert seen[0] == seen[1]


def test_a_wrong_answer_keeps_the_page_with_a_new_challenge_and_the_code_stays_a_way(site: Site) -> None:
    device = Authenticator()
    with_passkey(site, device)
    person = at_code(site)
    person.submit(use="passkey")
    asked = options(person)
    person.submit(credential=device.get(asked, origin="https://evil.example"))
    assert person.status == 400
    assert options(person)["challenge"] != asked["challenge"]
    person.submit(use="code")
    assert "Send the code" in person.html
    person.submit(use="passkey")
    person.submit(use="other")
    assert 'type="email"' in person.html


def test_T37_after_21_minutes_the_proof_comes_first_and_the_notice_goes_out(site: Site) -> None:
    person = by_code(site)
    site.house.clock.pass_(minutes=21)
    person.open(ACCOUNT)
    action = re.search(r'action="(/account/passkeys[^"]*)"', person.html)
    assert action is not None
    person.press(html.unescape(action[1]), add="passkey")
    assert "Prove your address" in person.html
    person.submit()
    person.submit(code=mailed_code(site))
    assert "Add a passkey" in person.html
    person.submit(credential=Authenticator().create(options(person)))
    assert "My account" in person.html
    deliver.deliver_due(site.house.world, "worker")
    kinds = [mail["kind"] for mail in mailbox.listing(site.house.world.settings.mail_folder)]
    assert "passkey_added" in kinds


def test_the_person_may_turn_back_from_adding(site: Site) -> None:
    person = by_code(site)
    action = re.search(r'action="(/account/passkeys[^"]*)"', person.html)
    assert action is not None
    person.press(html.unescape(action[1]), add="passkey")
    person.submit(use="skip")
    assert "My account" in person.html
    assert "You have no passkey here yet." in person.html


def test_what_cannot_be_added_is_said(site: Site) -> None:
    device = Authenticator()
    person = by_code(site)
    add(site, person, device, challenge="AAAA")
    assert person.status == 400
    assert "could not be added" in person.html
    person.submit(credential=device.create(options(person)))
    assert "My account" in person.html
    site.house.write(lambda tx: tx.run("UPDATE passkeys SET user_id = :id", {"id": site.house.people["pat"]}))
    second = Authenticator()
    second.create = lambda asked, **_: json.dumps({})  # type: ignore[method-assign]
    add(site, person, second)
    assert person.status == 400


def test_a_passkey_that_somebody_has_already_is_said_to_be_in_use(site: Site) -> None:
    device = Authenticator()
    with_passkey(site, device)
    person = by_code(site)
    action = re.search(r'action="(/account/passkeys[^"]*)"', person.html)
    assert action is not None
    person.press(html.unescape(action[1]), add="passkey")
    answer = json.loads(device.create({**options(person), "excludeCredentials": []}))
    credential = device.credentials[-1]
    site.house.write(lambda tx: tx.run("UPDATE passkeys SET credential_id = :id", {"id": answer["id"]}))
    assert credential
    person.submit(credential=json.dumps(answer))
    assert "This passkey is in use already" in person.html


def test_the_account_renames_and_removes(site: Site) -> None:
    person = with_passkey(site, Authenticator())
    action = html.unescape(re.search(r'action="(/account/passkeys[^"]*)"', person.html)[1])  # type: ignore[index]
    id = re.search(r'name="remove" value="([^"]+)"', person.html)[1]  # type: ignore[index]
    person.press(action, rename=id, name="<b>Laptop</b>")
    assert "The passkey has its new name." in person.html
    assert "&lt;b&gt;Laptop&lt;/b&gt;" in person.html
    person.press(action, rename=id, name=" ")
    assert "new name" not in person.html.partition("<h1>")[0]
    person.press(action, nothing="x")
    assert "&lt;b&gt;Laptop&lt;/b&gt;" in person.html
    person.press(action, remove=id)
    assert "The passkey is removed." in person.html
    assert "You have no passkey here yet." in person.html


def test_a_guest_whose_home_alone_signs_him_in_is_offered_none(site: Site) -> None:
    """L30: a passkey never stands for the home sign-in; only where a second factor is wanted it is asked for."""
    person = Person(site)
    person.open(ACCOUNT)
    person.submit(address="alice@fabrikam.com")
    person.submit(password=PASSWORD)
    assert "My account" in person.html
    assert "/account/passkeys" not in person.html
    configure(site, passkeyDays=0)
    assert "/account/passkeys" not in by_code(site).html
    configure(site, guestStrength="multi")
    assert "/account/passkeys" in person.open(ACCOUNT)


def test_T24_the_forms_of_the_account_are_its_own(site: Site) -> None:
    person = with_passkey(site, Authenticator())
    cookie = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
    for form, origin in (({"add": "x"}, ORIGIN), ({"add": "x", "csrf": person.csrf}, "https://evil.example")):
        answer = site.ask(
            "POST", "/account/passkeys?tenantId=contoso.com", headers={"cookie": cookie, "origin": origin}, data=form
        )
        assert answer.status_code == 403
    stranger = site.ask("POST", "/account/passkeys?tenantId=contoso.com", headers={"origin": ORIGIN}, data={"add": "x"})
    assert stranger.status_code == 303


def test_C7_a_device_that_keeps_passkeys_is_offered_one_until_its_person_says_not_now(site: Site) -> None:
    person = by_code(site, device="passkeys")
    assert "Sign in with a passkey next time?" in person.html
    person.submit(use="skip")
    assert "My account" in person.html
    person.press("/signout")
    site.house.clock.pass_(minutes=2)
    assert "My account" in by_code(site, person, device="passkeys").html
    assert "My account" in by_code(site).html, "a browser that says nothing is asked nothing"


def test_C7_the_offer_is_taken(site: Site) -> None:
    person = by_code(site, device="passkeys")
    person.submit(credential=Authenticator().create(options(person)))
    assert "My account" in person.html
    assert "Passkey of" in person.html


def test_C7_multi_without_a_passkey_there_is_no_way_in(site: Site) -> None:
    configure(site, guestStrength="multi")
    person = by_code(site)
    assert "You have none here yet." in person.html
    person.submit(use="skip")
    assert person.status == 400, "that is no answer"
    assert "You have none here yet." in person.html
    person.submit(use="cancel")
    assert "You are signed out" in person.html
    assert "__Host-readmit" not in person.cookies


def test_C7_multi_asks_for_the_guests_own_passkeys_after_the_code(site: Site) -> None:
    device = Authenticator()
    with_passkey(site, device)
    configure(site, guestStrength="multi")
    site.house.clock.pass_(minutes=2)
    person = by_code(site)
    assert "asks its guests for a passkey as well" in person.html
    assert len(options(person)["allowCredentials"]) == 1
    person.submit(use="other")
    assert "asks its guests for a passkey as well" in person.html, "the proof stands; there is no way around"
    person.submit(credential=device.get(options(person)))
    assert "My account" in person.html
    site.house.clock.pass_(minutes=2)
    person = by_code(site)
    person.submit(use="cancel")
    assert "You are signed out" in person.html


def test_C7_multi_cancel_is_told_to_the_application(site: Site) -> None:
    configure(site, guestStrength="multi")
    path = (
        "/contoso.com/oauth2/v2.0/authorize?client_id=00000000-0000-4000-8000-0000000000a2&response_type=code"
        "&redirect_uri=http%3A%2F%2Flocalhost%3A9000%2Fcallback&scope=openid&state=s"
        "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    )
    person = at_code(site, path=path)
    person.submit()
    person.submit(code=mailed_code(site))
    person.submit(use="cancel")
    assert person.path.startswith("http://localhost:9000/callback?error=access_denied")


def test_C7_multi_a_sign_in_from_before_shows_the_second_factor_before_it_removes(site: Site) -> None:
    person = with_passkey(site, Authenticator())
    site.house.clock.pass_(minutes=2)
    plain = by_code(site)
    configure(site, guestStrength="multi")
    id = re.search(r'name="remove" value="([^"]+)"', plain.html)[1]  # type: ignore[index]
    plain.press("/account/passkeys?tenantId=contoso.com", remove=id)
    assert 'type="email"' in plain.html
    assert len(site.house.rows("SELECT 1 FROM passkeys")) == 1
    assert person


def test_a_browser_under_another_name_is_told_where_passkeys_work(site: Site) -> None:
    """The relying party is the public URL's host; the Microsoft hosts of the proxy are not."""
    configure(site, guestStrength="multi")
    origin = "https://myapps.microsoft.com"
    cookies: dict[str, str] = {}

    def go(method: str, path: str, **form: str) -> str:
        for _ in range(6):
            headers = {"host": "myapps.microsoft.com", "cookie": "; ".join(f"{n}={v}" for n, v in cookies.items())}
            headers |= {"origin": origin} if method == "POST" else {}
            answer = site.ask(method, path, headers=headers, data=form or None)
            for line in answer.headers.get_list("set-cookie"):
                name, _, rest = line.partition("=")
                cookies[name] = rest.partition(";")[0]
            if answer.status_code != 303:
                return str(answer.text)
            method, path, form = "GET", answer.headers["location"], {}
            go.path = path  # type: ignore[attr-defined]
        raise AssertionError

    def csrf(page: str) -> str:
        return re.search(r'name="csrf" value="([^"]*)"', page)[1]  # type: ignore[index]

    page = go("GET", "/myapps?tenantId=contoso.com")
    path = go.path  # type: ignore[attr-defined]
    page = go("POST", path, csrf=csrf(page), address=MAX)
    assert "Use a passkey" not in page
    refused = go("POST", path, csrf=csrf(page), use="passkey")
    assert "data-passkey=" not in refused
    page = go("POST", path, csrf=csrf(page), x="")
    page = go("POST", path, csrf=csrf(page), code=mailed_code(site))
    assert "Passkeys work at this address only:" in page
    assert "localhost:8443" in page
    assert "data-options" not in page


def test_C7_multi_a_server_at_an_ip_address_says_that_it_has_no_passkeys(tmp_path: Path) -> None:
    house = make_house(tmp_path)
    world = replace(house.world, settings=replace(house.world.settings, public_url="https://127.0.0.1:8443"))
    front = app.application(world)
    site = Site(replace(house, world=world), front)
    configure(site, guestStrength="multi")
    person = at_code(site)
    assert "Use a passkey" not in person.html
    person.submit()
    person.submit(code=mailed_code(site))
    assert "Passkeys do not work at the address of this server. Tell Contoso." in person.html
    assert "data-options" not in person.html
    front.close()
    world.database.close()
