"""The device grant over the wire: a code here, a person there, and every way it may end (RFC 8628, security O9)."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest
from front import Person, Site, site

from readmit.domain.graph_permissions import READMIT_APP_ID
from readmit.flows import directory
from world import AUTOMATION, EXPENSES, PASSWORD

__all__ = ["site"]
TENANT = "/contoso.onmicrosoft.com/oauth2/v2.0"
DEVICE = '{"deviceCode": true, "isFallbackPublicClient": true}'
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def ask(site: Site, client_id: str = READMIT_APP_ID, **changed: str) -> httpx2.Response:
    form = {"client_id": client_id, "scope": "openid profile offline_access User.Read", **changed}
    return site.ask("POST", f"{TENANT}/devicecode", data=form)


def poll(site: Site, device_code: str, client_id: str = READMIT_APP_ID, **changed: str) -> httpx2.Response:
    form = {"grant_type": GRANT, "client_id": client_id, "device_code": device_code, **changed}
    return site.ask("POST", f"{TENANT}/token", data={name: value for name, value in form.items() if value})


def error_of(answer: httpx2.Response) -> tuple[str, int]:
    body = answer.json()
    return body["error"], body["error_codes"][0]


def to_consent(site: Site, user_code: str, address: str = "mia@contoso.com") -> Person:
    """A person who has typed the code and proved who she is."""
    person = Person(site)
    assert "Enter the code" in person.open("/common/oauth2/deviceauth")
    person.submit(user_code=user_code)
    person.submit(address=address)
    person.submit(password=PASSWORD)
    assert "Did you start this yourself?" in person.html
    return person


@pytest.fixture
def started(site: Site) -> dict[str, Any]:
    answer = ask(site)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_device_gets_tokens_once_its_person_has_accepted(site: Site, started: dict[str, Any]) -> None:
    assert re.fullmatch(r"[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}", started["user_code"])
    assert (started["expires_in"], started["interval"]) == (600, 5)
    assert started["user_code"] in started["message"]
    assert started["verification_uri"] in started["message"]
    assert error_of(poll(site, started["device_code"])) == ("authorization_pending", 70016)
    person = to_consent(site, started["user_code"].lower().replace("-", " "))
    assert "127.0.0.1" in person.html
    assert "readmit" in person.html
    assert "Your device is signed in" in person.submit(decision="accept")
    site.house.clock.pass_(seconds=5)
    answer = poll(site, started["device_code"])
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert {"access_token", "refresh_token", "id_token", "client_info"} <= set(body)
    me = site.ask("GET", "/v1.0/me", headers={"authorization": f"Bearer {body['access_token']}"}).json()
    assert me["userPrincipalName"] == "mia@contoso.com"
    site.house.clock.pass_(seconds=5)
    assert error_of(poll(site, started["device_code"])) == ("invalid_grant", 70000)


def test_G73_the_names_that_clients_use_are_all_taken(site: Site, started: dict[str, Any]) -> None:
    code = started["device_code"]
    assert error_of(poll(site, code, grant_type="device_code"))[0] == "authorization_pending"
    assert error_of(poll(site, "", code=code))[0] == "slow_down"


def test_who_asks_too_often_is_told_to_slow_down(site: Site, started: dict[str, Any]) -> None:
    told = []
    for seconds in (0, 1, 5, 3.9, 4):
        site.house.clock.pass_(seconds=seconds)
        told.append(error_of(poll(site, started["device_code"]))[0])
    pending, slower = "authorization_pending", "slow_down"
    assert told == [pending, slower, pending, slower, pending]


def test_cancel_tells_the_device_and_shares_nothing(site: Site, started: dict[str, Any]) -> None:
    person = to_consent(site, started["user_code"])
    assert "was not signed in" in person.submit(decision="cancel")
    assert error_of(poll(site, started["device_code"])) == ("authorization_declined", 65004)
    assert site.house.rows("SELECT * FROM grants") == []


def test_consent_is_asked_each_time_also_where_the_browser_is_signed_in(site: Site, started: dict[str, Any]) -> None:
    person = to_consent(site, started["user_code"])
    person.submit(decision="accept")
    second = ask(site).json()
    person.open("/common/oauth2/deviceauth")
    assert "Did you start this yourself?" in person.submit(user_code=second["user_code"])
    assert error_of(poll(site, second["device_code"])) == ("authorization_pending", 70016)


def test_a_code_lives_ten_minutes_on_both_sides(site: Site, started: dict[str, Any]) -> None:
    late = to_consent(site, started["user_code"])
    site.house.clock.pass_(seconds=600)
    assert error_of(poll(site, started["device_code"])) == ("expired_token", 70020)
    late.submit(decision="accept")
    assert late.status == 410
    assert site.house.rows("SELECT * FROM grants") == []
    person = Person(site)
    person.open("/common/oauth2/deviceauth")
    assert "This code is not known" in person.submit(user_code=started["user_code"])


def test_T34_guessing_of_user_codes_ends_after_five_in_a_page_and_twenty_in_an_hour(site: Site) -> None:
    started = ask(site).json()
    statuses = []
    for _ in range(5):
        person = Person(site)
        person.open("/common/oauth2/deviceauth")
        for _ in range(6):
            person.submit(user_code="BCDF-GHJK")
            statuses.append(person.status)
            if person.status == 429:
                break
    assert statuses[:6] == [400] * 5 + [429]
    assert statuses.count(400) == 20
    person = Person(site)
    person.open("/common/oauth2/deviceauth")
    person.submit(user_code=started["user_code"])
    assert person.status == 429, "the right code of a guesser too"
    site.house.clock.pass_(hours=1)
    fresh = ask(site).json()
    to_consent(site, fresh["user_code"])


def test_L6_a_reset_ends_a_device_that_a_guest_has_let_in(site: Site, started: dict[str, Any]) -> None:
    person = Person(site)
    person.open("/common/oauth2/deviceauth")
    person.submit(user_code=started["user_code"])
    person.submit(address="alice@fabrikam.com")
    person.submit(password=PASSWORD)
    person.submit(decision="accept")
    site.house.reset(site.house.people["alice"], "alice@new.example")
    assert error_of(poll(site, started["device_code"])) == ("invalid_grant", 70000)
    assert site.house.rows("SELECT * FROM device_codes") == []


def test_revoking_ends_a_device_that_was_let_in(site: Site, started: dict[str, Any]) -> None:
    to_consent(site, started["user_code"]).submit(decision="accept")
    house = site.house
    mia = house.person("mia").user
    assert mia is not None
    house.write(directory.revoke_sessions, house.world, house.automation(), mia.id)
    assert error_of(poll(site, started["device_code"])) == ("invalid_grant", 70000)


def test_another_client_or_tenant_gets_nothing_for_the_code(site: Site, started: dict[str, Any]) -> None:
    code = started["device_code"]
    answer = poll(site, code, AUTOMATION, client_secret="automation-secret")
    assert error_of(answer) == ("invalid_grant", 70000)
    form = {"grant_type": GRANT, "client_id": READMIT_APP_ID, "device_code": code}
    other = site.ask("POST", "/fabrikam.onmicrosoft.com/oauth2/v2.0/token", data=form)
    assert error_of(other) == ("invalid_grant", 70000)
    assert error_of(poll(site, "x" * 43)) == ("invalid_grant", 70000)


def test_O9_it_is_off_for_every_application_that_does_not_say_so(site: Site) -> None:
    assert error_of(ask(site, EXPENSES)) == ("unauthorized_client", 70003)
    assert error_of(ask(site, "00000000-0000-4000-8000-000000000099"))[1] == 700016
    assert error_of(ask(site, scope="")) == ("invalid_request", 900144)
    assert error_of(ask(site, scope="api://nothing/x"))[1] == 500011


def test_a_form_without_its_token_is_refused(site: Site, started: dict[str, Any]) -> None:
    person = Person(site)
    person.open("/common/oauth2/deviceauth")
    person.html = person.html.replace('name="csrf" value="', 'name="csrf" value="x')
    person.submit(user_code=started["user_code"])
    assert person.status == 403


def test_G69_organizations_is_the_one_tenant_that_knows_the_application(site: Site) -> None:
    """A device asks nobody: a hint says where, or the application does."""
    house = site.house
    house.write(
        lambda tx: tx.run("UPDATE applications SET properties = :p WHERE app_id = :a", {"p": DEVICE, "a": EXPENSES})
    )
    form = {"client_id": EXPENSES, "scope": "openid User.Read"}
    started = site.ask("POST", "/organizations/oauth2/v2.0/devicecode", data=form)
    assert started.status_code == 200, started.text
    poll = {"grant_type": GRANT, "client_id": EXPENSES, "device_code": started.json()["device_code"]}
    waiting = site.ask("POST", "/organizations/oauth2/v2.0/token", data=poll)
    assert error_of(waiting) == ("authorization_pending", 70016)
    everywhere = {**form, "client_id": READMIT_APP_ID}
    lost = site.ask("POST", "/organizations/oauth2/v2.0/devicecode", data=everywhere)
    assert (error_of(lost)[1], "Tenant 'organizations'" in lost.json()["error_description"]) == (90002, True)
    hinted = site.ask("POST", "/common/oauth2/v2.0/devicecode", data={**everywhere, "login_hint": "mia@contoso.com"})
    assert hinted.status_code == 200
