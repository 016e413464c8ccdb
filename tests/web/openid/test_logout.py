"""The modules of the OpenID Foundation's logout plans, by their names, and forced logouts (T38, security O8)."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from front import ORIGIN, Person, Site
from relying_party import FRONT_CHANNEL, GUEST, RelyingParty, register

from world import CALLBACK

REGISTERED = {"web": {"logoutUrl": FRONT_CHANNEL}}


def signed_in(rp: RelyingParty, person: Person, *address: str) -> str:
    """An ID token of this browser's sign-in."""
    return str(rp.tokens(rp.sign_in(person, *address))["id_token"])


def leave(rp: RelyingParty, person: Person, **fields: str | None) -> str:
    """Send the browser to the end of its session; the page, or nothing where it went back."""
    given = {"post_logout_redirect_uri": CALLBACK, "state": "logout & state", **fields}
    query = urlencode({name: value for name, value in given.items() if value is not None})
    return person.open(f"{rp.path('end_session_endpoint')}?{query}")


def is_signed_in(rp: RelyingParty, person: Person) -> bool:
    """What `prompt=none` says: the suite's own way to see it."""
    rp.begin(person, prompt="none")
    answer = rp.answer(person)
    assert set(answer) in ({"code"}, {"error", "error_description"})
    return "code" in answer


def went_back(person: Person) -> dict[str, list[str]]:
    assert person.path.startswith(CALLBACK), person.html
    return parse_qs(urlsplit(person.path).query)


# --------------------------------------------------------- RP-initiated logout


def test_oidcc_rp_initiated_logout_discovery_endpoint_verification(rp: RelyingParty) -> None:
    assert rp.metadata["end_session_endpoint"].startswith(f"{ORIGIN}/")


def test_oidcc_rp_initiated_logout(rp: RelyingParty, person: Person) -> None:
    hint = signed_in(rp, person)
    leave(rp, person, id_token_hint=hint)
    assert went_back(person) == {"state": ["logout & state"]}
    assert not is_signed_in(rp, person)


def test_oidcc_rp_initiated_logout_bad_post_logout_redirect_uri(rp: RelyingParty, person: Person) -> None:
    hint = signed_in(rp, person)
    page = leave(rp, person, id_token_hint=hint, post_logout_redirect_uri="https://evil.example/")
    assert "not registered for it" in page
    assert person.path.startswith("/")
    assert not is_signed_in(rp, person), "who asks is signed out, and told that he was not sent on"


def test_oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri(rp: RelyingParty, person: Person) -> None:
    hint = signed_in(rp, person)
    page = leave(rp, person, id_token_hint=hint, post_logout_redirect_uri=f"{CALLBACK}?foo=bar")
    assert "not registered for it" in page


@pytest.mark.parametrize("kind", ["modified", "bad"])
def test_oidcc_rp_initiated_logout_modified_id_token_hint_and_bad_id_token_hint(
    rp: RelyingParty, person: Person, kind: str
) -> None:
    hint = signed_in(rp, person)
    broken = hint[:-6] + "AAAAAA" if kind == "modified" else "nonsense"
    assert "Sign out?" in leave(rp, person, id_token_hint=broken)
    assert is_signed_in(rp, person)


def test_oidcc_rp_initiated_logout_no_id_token_hint(rp: RelyingParty, person: Person) -> None:
    """The person is asked; nobody is named, so nobody is sent anywhere."""
    signed_in(rp, person)
    assert "Sign out?" in leave(rp, person)
    assert "You are signed out" in person.submit()
    assert not is_signed_in(rp, person)


def test_a_client_id_names_who_is_gone_back_to_after_the_question(rp: RelyingParty, person: Person) -> None:
    signed_in(rp, person)
    leave(rp, person, client_id=rp.client_id)
    person.submit(client_id=rp.client_id, post_logout_redirect_uri=CALLBACK, state="s")
    assert went_back(person) == {"state": ["s"]}


def test_H5_the_question_may_end_at_the_application_that_asked(rp: RelyingParty, person: Person) -> None:
    signed_in(rp, person)
    cookies = {"cookie": "; ".join(f"{name}={value}" for name, value in person.cookies.items())}
    for client_id, action in ((rp.client_id, "'self' http://localhost:9000"), ("x", "'self'")):
        query = urlencode({"client_id": client_id, "post_logout_redirect_uri": CALLBACK})
        answer = rp.site.ask("GET", f"{rp.path('end_session_endpoint')}?{query}", headers=cookies)
        assert f"form-action {action};" in answer.headers["content-security-policy"]


def test_oidcc_rp_initiated_logout_no_params(rp: RelyingParty, person: Person) -> None:
    signed_in(rp, person)
    assert "Sign out?" in leave(rp, person, post_logout_redirect_uri=None, state=None)
    assert "You are signed out" in person.submit()
    assert not is_signed_in(rp, person)


def test_oidcc_rp_initiated_logout_no_post_logout_redirect_uri(rp: RelyingParty, person: Person) -> None:
    hint = signed_in(rp, person)
    assert "You are signed out" in leave(rp, person, id_token_hint=hint, post_logout_redirect_uri=None)
    assert not is_signed_in(rp, person)


def test_oidcc_rp_initiated_logout_no_state(rp: RelyingParty, person: Person) -> None:
    hint = signed_in(rp, person)
    leave(rp, person, id_token_hint=hint, state=None)
    assert went_back(person) == {}


def test_oidcc_rp_initiated_logout_only_state(rp: RelyingParty, person: Person) -> None:
    signed_in(rp, person)
    assert "Sign out?" in leave(rp, person, post_logout_redirect_uri=None)


def test_an_expired_hint_is_one_still(rp: RelyingParty, person: Person) -> None:
    hint = signed_in(rp, person)
    rp.site.house.clock.pass_(hours=7)
    leave(rp, person, id_token_hint=hint)
    went_back(person)


def test_a_post_from_the_application_is_read_as_its_get(rp: RelyingParty, person: Person) -> None:
    """It carries no Lax cookie: without a second request nobody would be signed out (security V5)."""
    hint = signed_in(rp, person)
    form = {"id_token_hint": hint, "post_logout_redirect_uri": CALLBACK}
    answer = rp.site.ask("POST", rp.path("end_session_endpoint"), data=form)
    assert answer.status_code == 303
    assert is_signed_in(rp, person)
    person.open(answer.headers["location"])
    went_back(person)
    assert not is_signed_in(rp, person)


# -------------------------------------------------------------- forced logouts


def test_T38_somebody_elses_token_signs_nobody_out(rp: RelyingParty, person: Person, site: Site) -> None:
    mallory = signed_in(rp, Person(site), GUEST)
    signed_in(rp, person)
    assert "Sign out?" in leave(rp, person, id_token_hint=mallory)
    assert is_signed_in(rp, person)


def test_T38_tokens_that_are_no_id_tokens_sign_nobody_out(rp: RelyingParty, person: Person) -> None:
    body = rp.tokens(rp.sign_in(person, scope="openid offline_access"))
    for kind in ("access_token", "refresh_token"):
        assert "Sign out?" in leave(rp, person, id_token_hint=body[kind])
    assert is_signed_in(rp, person)


def test_T38_another_tenants_endpoint_or_another_clients_name_makes_the_hint_none(
    rp: RelyingParty, person: Person
) -> None:
    hint = signed_in(rp, person)
    other = "00000000-0000-4000-8000-0000000000a1"
    assert "Sign out?" in leave(rp, person, id_token_hint=hint, client_id=other)
    query = urlencode({"id_token_hint": hint, "post_logout_redirect_uri": CALLBACK})
    assert "Sign out?" in person.open(f"/fabrikam.com/oauth2/v2.0/logout?{query}")
    assert is_signed_in(rp, person)
    person.open(f"/common/oauth2/v2.0/logout?{query}")
    went_back(person)


def test_T38_a_confirming_form_of_somebody_else_is_a_question_again(rp: RelyingParty, person: Person) -> None:
    signed_in(rp, person)
    leave(rp, person, client_id=rp.client_id)
    person.html = person.html.replace('name="csrf" value="', 'name="csrf" value="x')
    assert "Sign out?" in person.submit(client_id=rp.client_id)
    assert is_signed_in(rp, person)


@pytest.mark.parametrize(
    "target",
    [
        *("//evil.example", "https://localhost:9000/callback", "http://localhost:9000/callback/../x", "javascript:1"),
        *(
            "http://localhost:9000/call\r\nback",
            "http://localhost:9000/call\tback",
            "\x01http://localhost:9000/callback",
        ),
    ],
)
def test_T38_no_open_redirect(rp: RelyingParty, person: Person, target: str) -> None:
    hint = signed_in(rp, person)
    assert "You are signed out" in leave(rp, person, id_token_hint=hint, post_logout_redirect_uri=target)
    assert "You are signed out" in leave(rp, Person(rp.site), client_id=rp.client_id), "nobody is there to be asked"


def test_parameters_given_twice_sign_nobody_out(rp: RelyingParty, person: Person) -> None:
    hint = signed_in(rp, person)
    query = urlencode([("id_token_hint", hint), ("state", "a"), ("state", "b")])
    page = person.open(f"{rp.path('end_session_endpoint')}?{query}")
    assert (person.status, "AADSTS9002313" in page) == (400, True)
    assert is_signed_in(rp, person)


# -------------------------------------------------------- front-channel logout


def frames(person: Person) -> list[str]:
    return [html.unescape(url) for url in re.findall(r'<iframe [^>]*src="([^"]*)"', person.html)]


def test_oidcc_frontchannel_logout_discovery_endpoint_verification(rp: RelyingParty) -> None:
    assert rp.metadata["frontchannel_logout_supported"] is True
    assert rp.metadata["http_logout_supported"] is True
    # Graph G70 lists the members; `frontchannel_logout_session_supported` is not one, `iss` and `sid` are sent anyway.
    assert "frontchannel_logout_session_supported" not in rp.metadata


def test_oidcc_frontchannel_rp_initiated_logout(rp: RelyingParty, person: Person) -> None:
    register(rp.site.house, **REGISTERED)
    hint = signed_in(rp, person)
    leave(rp, person, id_token_hint=hint)
    (frame,) = frames(person)
    assert frame.startswith("https://expenses.contoso.com/signed-out?from=readmit&")
    told = parse_qs(urlsplit(frame).query)
    assert told == {"from": ["readmit"], "iss": [rp.metadata["issuer"]], "sid": [rp.verified(hint)["sid"]]}
    (onward,) = re.findall(r'<a id="onward" href="([^"]*)"', person.html)
    assert html.unescape(onward) == f"{CALLBACK}?state=logout+%26+state"
    assert '<script src="/static/signed-out.js" defer></script>' in person.html
    assert not is_signed_in(rp, person)


def test_H5_the_logout_page_shows_frames_of_the_applications_origins_alone(rp: RelyingParty, person: Person) -> None:
    register(rp.site.house, **REGISTERED)
    hint = signed_in(rp, person)
    cookies = {"cookie": "; ".join(f"{name}={value}" for name, value in person.cookies.items())}
    answer = rp.site.ask("GET", f"{rp.path('end_session_endpoint')}?id_token_hint={hint}", headers=cookies)
    policy = answer.headers["content-security-policy"]
    assert "frame-src https://expenses.contoso.com;" in policy
    assert "script-src" not in policy, "without a way on nothing runs"
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("url", [None, "", "nonsense", "javascript:alert(1)", "https://a;script-src *", "https://u@x/"])
def test_an_application_that_cannot_be_told_is_left_out(rp: RelyingParty, person: Person, url: str | None) -> None:
    register(rp.site.house, web={"logoutUrl": url})
    leave(rp, person, id_token_hint=signed_in(rp, person))
    went_back(person)


def test_every_application_of_the_session_is_told_and_no_other(rp: RelyingParty, person: Person, site: Site) -> None:
    register(site.house, **REGISTERED)
    other = RelyingParty(site, "00000000-0000-4000-8000-0000000000a1", "automation-secret")
    register(site.house, other.client_id, logoutUrl="https://automation.contoso.com/out")
    _with_redirect(site, other.client_id)
    signed_in(other, Person(site), GUEST)
    hint = signed_in(rp, person)
    leave(rp, person, id_token_hint=hint, post_logout_redirect_uri=None)
    assert [urlsplit(frame).netloc for frame in frames(person)] == ["expenses.contoso.com"]
    person = Person(site)
    hint = signed_in(rp, person)
    other.begin(person, prompt="none")
    other.answer(person)
    leave(rp, person, id_token_hint=hint, post_logout_redirect_uri=None)
    assert {urlsplit(frame).netloc for frame in frames(person)} == {"expenses.contoso.com", "automation.contoso.com"}


def test_my_apps_tells_the_applications_too(rp: RelyingParty, person: Person) -> None:
    register(rp.site.house, **REGISTERED)
    signed_in(rp, person, GUEST)
    person.open("/myapps")
    token = re.search(r'name="csrf" value="([^"]*)"', person.html)
    assert token is not None
    assert "You are signed out" in person._go("POST", "/signout", {"csrf": token[1]})
    assert len(frames(person)) == 1


def _with_redirect(site: Site, app_id: str) -> None:
    from dataclasses import replace

    from readmit.storage import apps, assignments, queries_assigned

    def save(tx: Any) -> None:
        before = apps.application_by_app_id(tx, site.house.contoso, app_id)
        assert apps.update_application(tx, replace(before, web_redirect_uris=(CALLBACK,)))
        client = apps.principal_by_app_id(tx, site.house.contoso, app_id)
        (grant,) = queries_assigned.page(tx, queries_assigned.grants(site.house.contoso))
        assignments.add_grant(tx, replace(grant, id="x", client_id=client.id))

    site.house.write(save)


def test_an_application_hears_too_when_a_person_signs_out_everywhere_on_the_account(
    rp: RelyingParty, person: Person
) -> None:
    signed_in(rp, person)
    register(rp.site.house, **REGISTERED)
    person.open("/account?tenantId=contoso.com")
    person.press(f"/account/sessions?tenantId={rp.site.house.contoso}", end="everywhere")
    assert [urlsplit(frame).netloc for frame in frames(person)] == ["expenses.contoso.com"]
    assert not is_signed_in(rp, person)
