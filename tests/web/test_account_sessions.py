"""Sessions as their owner sees and ends them on /account, over HTTP (security N1 to N4, V5, T24, T27)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from front import ORIGIN, Person, Site, site

from world import PASSWORD

__all__ = ["site"]
FORMS = ("sessions", "applications", "language")
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(site: Site, address: str = "alice@fabrikam.com", path: str = "/account?tenantId=contoso.com") -> Person:
    """A browser that is signed in by password."""
    person = Person(site)
    person.open(path)
    person.submit(address=address)
    person.submit(password=PASSWORD)
    assert person.status == 200, person.html
    return person


def cards(person: Person) -> list[str]:
    """The text of each session that the page shows."""
    section = person.html.partition('id="sessions"')[2].partition("</section>")[0]
    found = re.findall(r"<li>(.*?)</li>", section, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", card).split()) for card in found]


def others(person: Person) -> list[str]:
    """Ids of the sessions that have a button."""
    return re.findall(r'name="end" value="([0-9a-f-]{36})"', person.html)


def end(person: Person, what: str) -> str:
    action = re.search(r'action="(/account/sessions[^"]*)"', person.html)
    assert action is not None
    return person.press(action[1], end=what)


def signed_in(person: Person, tenant: str = "contoso.com") -> bool:
    return "My account" in person.open(f"/account?tenantId={tenant}")


@pytest.fixture
def two(site: Site) -> tuple[Person, Person]:
    """Alice in two browsers, both opened."""
    here, there = sign_in(site), sign_in(site)
    here.open("/account?tenantId=contoso.com")
    return here, there


def test_N3_a_person_sees_every_browser_that_he_is_signed_in_with(site: Site) -> None:
    there = Person(site, FIREFOX)
    there.open("/account?tenantId=contoso.com")
    there.submit(address="alice@fabrikam.com")
    there.submit(password=PASSWORD)
    site.house.clock.pass_(minutes=10)
    here = sign_in(site)
    mine, other = cards(here)
    assert mine.startswith("Unknown browser this browser Organisations Contoso , Fabrikam")
    assert other.startswith("Firefox on Windows Organisations Contoso , Fabrikam Signed in 31 January 2026, 10:30 UTC")
    assert "Proved by password Last used 31 January 2026, 10:30 UTC From the address 127.0.0.1" in other
    assert len(others(here)) == 1


def test_N3_strangers_see_nothing_of_it_and_cannot_end_it(site: Site) -> None:
    alice, bob = sign_in(site), sign_in(site, "mia@contoso.com")
    assert len(cards(bob)) == 1
    session = site.house.rows("SELECT session_id FROM sign_ins WHERE user_id = :u", u=site.house.people["alice"])[0][0]
    end(bob, session)
    end(bob, "others")
    end(bob, "everywhere")
    assert signed_in(alice)


def test_N3_ending_another_session_takes_its_home_sign_in_along(two: tuple[Person, Person]) -> None:
    """Otherwise one click on "Continue as Alice" would open it again."""
    here, there = two
    html = end(here, others(here)[0])
    assert "The other browser is signed out." in html
    assert len(cards(here)) == 1
    assert not signed_in(there)
    assert not signed_in(there, "fabrikam.com")
    assert signed_in(here)


def test_N3_a_session_of_two_people_keeps_the_one_who_did_not_end_it(site: Site) -> None:
    """Of a shared browser only what is the person's own ends."""
    shared, here = sign_in(site), sign_in(site)
    shared.open("/account?tenantId=northwind.example")
    shared.submit(address="bob@northwind.example")
    shared.submit(password=PASSWORD)
    end(here, "others")
    assert not signed_in(shared)
    assert signed_in(shared, "northwind.example")


def test_N3_all_other_browsers_end_and_this_one_stays(site: Site) -> None:
    here, *rest = [sign_in(site) for _ in range(3)]
    here.open("/account?tenantId=contoso.com")
    assert "All other browsers are signed out." in end(here, "others")
    assert [signed_in(person) for person in (here, *rest)] == [True, False, False]


def test_N3_everywhere_ends_this_browser_too_and_raises_the_epoch(two: tuple[Person, Person]) -> None:
    here, there = two
    house = here.site.house
    before = house.guest(house.people["alice"])
    assert "You are signed out" in end(here, "everywhere")
    assert house.guest(before.id).epoch == before.epoch + 1
    assert [signed_in(person) for person in two] == [False, False]
    (event,) = house.rows(
        "SELECT actor_type, actor_id, target_id FROM audit_events"
        " WHERE activity = 'Update StsRefreshTokenValidFrom Timestamp'"
    )
    assert event == ("user", before.id, before.id)
    assert there.path.startswith("/signin/")


def test_N3_everywhere_ends_all_of_this_browser_whoever_is_in_it_too(site: Site) -> None:
    """Its cookie goes, so that nothing may be left behind it."""
    shared = sign_in(site)
    shared.open("/account?tenantId=northwind.example")
    shared.submit(address="bob@northwind.example")
    shared.submit(password=PASSWORD)
    shared.open("/account?tenantId=contoso.com")
    end(shared, "everywhere")
    assert site.house.rows("SELECT COUNT(*) FROM sessions") == [(0,)]


def test_N3_an_unknown_or_empty_choice_ends_nothing(two: tuple[Person, Person]) -> None:
    here, there = two
    for what in ("", "x" * 5000, "no such session"):
        end(here, what)
        here.open("/account?tenantId=contoso.com")
    assert signed_in(here)
    assert signed_in(there)


def test_N3_a_form_of_a_session_that_ended_leads_to_a_sign_in(two: tuple[Person, Person]) -> None:
    here, there = two
    there.open("/account?tenantId=contoso.com")
    end(here, "others")
    end(there, "everywhere")
    assert there.path.startswith("/signin/")
    assert signed_in(here), "nothing else happened"


# ------------------------------------------------------------------ cookie and form


def cookie(person: Person) -> str:
    return person.cookies["__Host-readmit"]


def test_N1_the_cookie_is_one_host_only_secure_lax_and_never_seen_by_scripts(site: Site) -> None:
    person = Person(site)
    person.open("/myapps?tenantId=contoso.com")
    person.submit(address="mia@contoso.com")
    answer = site.ask(
        "POST",
        person.path,
        headers={"cookie": "; ".join(f"{name}={value}" for name, value in person.cookies.items()), "origin": ORIGIN},
        data={"csrf": person.csrf, "password": PASSWORD},
    )
    made = [line for line in answer.headers.get_list("set-cookie") if line.startswith("__Host-readmit=")]
    assert len(made) == 1
    value, _, attributes = made[0].removeprefix("__Host-readmit=").partition("; ")
    assert len(value) == 43, "256 bits"
    assert attributes == "Path=/; Secure; HttpOnly; SameSite=Lax"
    stored = "".join(map(str, site.house.rows("SELECT * FROM sessions")))
    assert value not in stored, "hashed at rest"


def test_T27_password_and_code_each_give_a_new_cookie_and_kill_the_old_one(site: Site) -> None:
    person = sign_in(site, "mia@contoso.com")
    first = cookie(person)
    person.open("/account?tenantId=fabrikam.com")
    person.submit(address="bob@fabrikam.com")
    person.submit(password=PASSWORD)
    second = cookie(person)
    assert first != second
    stale = Person(site)
    stale.cookies = {"__Host-readmit": first}
    assert not signed_in(stale)


@pytest.mark.parametrize(("hours", "lives"), [(7.9, True), (8, False)])
def test_N1_a_sign_in_that_nobody_uses_is_over_after_eight_hours(site: Site, hours: float, lives: bool) -> None:
    person = sign_in(site)
    site.house.clock.pass_(hours=hours)
    assert signed_in(person) is lives


@pytest.mark.parametrize("page", ["/account?tenantId=contoso.com", "/myapps?tenantId=contoso.com"])
def test_N1_pages_keep_a_sign_in_alive_and_a_day_after_the_proof_it_is_over(site: Site, page: str) -> None:
    person = sign_in(site)
    for _ in range(3):
        site.house.clock.pass_(hours=7)
        assert "Alice" in person.open(page)
    site.house.clock.pass_(hours=3)
    assert "Alice" not in person.open(page)


def test_V5_a_page_writes_the_last_use_once_in_five_minutes_and_nothing_else(site: Site) -> None:
    person = sign_in(site)
    before = site.house.contents()
    for path in ("/account", "/myapps", "/signout", "/account?tenantId=contoso.com&done=session&lang=de"):
        person.open(path)
    assert site.house.contents() == before
    site.house.clock.pass_(minutes=5)
    person.open("/account")
    after = site.house.contents()
    assert after != before
    person.open("/account")
    assert site.house.contents() == after
    assert site.house.rows("SELECT COUNT(*) FROM sign_ins WHERE seen_at = signed_in_at")[0][0] == 1


@pytest.mark.parametrize("action", ["/signout", *(f"/account/{name}?tenantId=contoso.com" for name in FORMS)])
@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({"origin": ORIGIN}, False),
        ({"origin": "https://evil.example"}, True),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
    ],
)
def test_T24_a_form_without_the_sessions_token_or_from_elsewhere_is_403_and_ends_nothing(
    site: Site, action: str, headers: dict[str, str], token: bool
) -> None:
    person = sign_in(site)
    before = site.house.contents()
    sent = {"cookie": f"__Host-readmit={cookie(person)}", **headers}
    for wrong in ("", "x" * 43, "ü"):
        form = {"csrf": person.csrf if token else wrong, "end": "everywhere"}
        assert site.ask("POST", action, headers=sent, data=form).status_code == 403
    assert site.house.contents() == before


def test_H7_a_page_that_names_a_host_refuses_any_other_check(site: Site) -> None:
    for check in ("", "x", "ü"):
        answer = site.ask("GET", "/leaving", params={"url": "https://evil.example/", "check": check})
        assert answer.status_code == 400


def test_V5_opening_the_sign_out_page_asks_and_a_button_does_it(site: Site) -> None:
    person = sign_in(site)
    assert "Sign out?" in person.open("/signout")
    assert signed_in(person)
    person.open("/signout")
    assert "You are signed out" in person.submit()
    assert person.path == "/signout", "303 to a page that may be reloaded (security H6)"
    assert "__Host-readmit" not in person.cookies
    assert "You are signed out" in person.open("/signout")


def test_a_second_press_on_sign_out_says_that_it_is_done(site: Site) -> None:
    person = sign_in(site)
    token = person.csrf
    person.press("/signout")
    answer = site.ask("POST", "/signout", headers={"origin": ORIGIN}, data={"csrf": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/signout")


def test_N5_a_cookie_opens_nothing_of_the_api(site: Site) -> None:
    person = sign_in(site, "ada@contoso.com")
    answer = site.ask("GET", "/v1.0/me", headers={"cookie": f"__Host-readmit={cookie(person)}"})
    assert answer.status_code == 401


# ------------------------------------------------------------- what an administrator ends


@pytest.mark.parametrize("what", ["revoke", "reset", "disable", "delete", "password"])
def test_N3_an_administrator_ends_every_browser_of_a_user(site: Site, what: str) -> None:
    """Lifecycle S5, S11, S12: pages lead to a sign-in, the session is gone, others live on."""
    member = what == "password"
    address = "mia@contoso.com" if member else "alice@fabrikam.com"
    persons = [sign_in(site, address), sign_in(site, address)]
    bystander = sign_in(site, "hal@contoso.com")
    user: Any = site.graph("GET", "/v1.0/users/mia@contoso.com").json()["id"] if member else site.house.people["alice"]
    if what == "reset":
        site.house.reset(user, "alice@fabrikam.com")
    else:
        method, path, body = {
            "revoke": ("POST", "/revokeSignInSessions", None),
            "disable": ("PATCH", "", {"accountEnabled": False}),
            "delete": ("DELETE", "", None),
            "password": ("PATCH", "", {"passwordProfile": {"password": "another good one"}}),
        }[what]
        answer = site.graph(method, f"/v1.0/users/{user}{path}", json=body)
        assert answer.status_code in (200, 204), answer.text
    for person in persons:
        assert not signed_in(person)
        assert "Alice" not in person.open("/myapps?tenantId=contoso.com")
    assert site.house.rows("SELECT COUNT(*) FROM sign_ins WHERE user_id = :u", u=user) == [(0,)]
    assert signed_in(bystander)
