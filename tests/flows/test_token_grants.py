"""Codes, refresh tokens, app-only tokens and what they are worth (security O2 to O5, graph G72 to G78)."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from ways import begin

from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import DeadEnd, Page, Throttled, TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import User
from readmit.domain.redemption import Flow, ToApplication
from readmit.domain.session import SignIn
from readmit.flows import authorize, bearer, consent, introspection, keys, refresh, sign_in, sign_out, tokens, userinfo
from readmit.flows.arrive import consent_to_application
from readmit.flows.browsers import Browser, digest, session_of
from readmit.flows.issue import Exchange
from readmit.flows.look import look
from readmit.flows.tokens import Asked, Presented
from readmit.storage import apps, client_secrets, clients, grants, queries_tenants, users
from readmit.tokens import Keyring, base64url
from world import AUTOMATION, CALLBACK, EXPENSES, START, House, a_browser

VERIFIER = "v" * 43
CHALLENGE = base64url(hashlib.sha256(VERIFIER.encode()).digest())
GRAPH = Asked("https://graph.microsoft.com", graph=True)
ORIGIN = "https://localhost:8443"


def request(house: House, **more: Any) -> AuthorizeRequest:
    asked = AuthorizeRequest(
        tenant_id=house.contoso,
        client_id=EXPENSES,
        redirect_uri=CALLBACK,
        origin=ORIGIN,
        response_mode="query",
        resource="https://graph.microsoft.com",
        scopes=("openid", "profile", "email", "offline_access", "User.Read"),
        challenge=CHALLENGE,
        nonce="n",
    )
    return replace(asked, **more)


def signed_in(house: House, name: str) -> tuple[SignIn, str]:
    """A live sign-in at Contoso and its cookie."""
    address = {"alice": "alice@fabrikam.com", "max": "max@post.example", "mia": "mia@contoso.com"}[name]
    way = begin(house, address)
    if name == "max":
        assert way.code().right
    else:
        way.password()
    arrived = way.proceed()
    session = house.read(session_of, arrived.session_token, house.world.now())
    return session.at(house.contoso), arrived.session_token


def client(house: House, app_id: str = EXPENSES) -> clients.Client:
    found = house.read(clients.get, house.contoso, app_id)
    assert found is not None
    return found


def exchange(house: House, code: str, **more: Any) -> Any:
    brought = Exchange(code, CALLBACK, VERIFIER, ip="192.0.2.1")
    return house.write(authorize.redeem_code, house.world, client(house), replace(brought, **more))


def granted(house: House, name: str, **more: Any) -> dict[str, Any]:
    entry, _ = signed_in(house, name)
    code = house.write(authorize.issue_code, house.world, request(house, **more), entry)
    body: dict[str, Any] = exchange(house, code)
    return body


def refreshed(house: House, token: str, **more: Any) -> Any:
    return house.write(refresh.refresh, house.world, client(house), Exchange(token, **more))


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def refused(work: Any, *arguments: Any, **named: Any) -> int:
    with pytest.raises(TokenRefused) as error:
        work(*arguments, **named)
    return error.value.number


# ------------------------------------------------------------------------- codes


def test_a_code_becomes_tokens_with_the_claims_of_a_guest(house: House) -> None:
    """Graph G77, lifecycle L31."""
    body = granted(house, "alice")
    access, identity = claims(body["access_token"]), claims(body["id_token"])
    assert access["unique_name"] == "alice@fabrikam.com"
    assert "upn" not in access
    assert access["acct"] == 1
    assert access["idp"].startswith("urn:readmit:tenant:")
    assert (access["ver"], access["iss"]) == ("1.0", f"{ORIGIN}/{house.contoso}/")
    assert identity["preferred_username"] == identity["email"] == "alice@fabrikam.com"
    assert (identity["nonce"], identity["aud"], identity["iss"]) == ("n", EXPENSES, f"{ORIGIN}/{house.contoso}/v2.0")
    assert identity["roles"] == ["Approver"]
    half = hashlib.sha256(body["access_token"].encode()).digest()[:16]
    assert identity["at_hash"] == base64url(half)
    info = json.loads(base64.urlsafe_b64decode(body["client_info"] + "=="))
    assert info == {"uid": house.people["alice"], "utid": house.contoso}


def test_claims_of_a_member_and_of_fewer_scopes(house: House) -> None:
    body = granted(house, "mia", scopes=("openid", "User.Read"), nonce=None)
    access, identity = claims(body["access_token"]), claims(body["id_token"])
    assert access["upn"] == access["unique_name"] == "mia@contoso.com"
    assert access["acct"] == 0
    assert "email" not in identity
    assert "nonce" not in identity
    assert "refresh_token" not in body
    without = granted(house, "mia", scopes=("User.Read",))
    assert "id_token" not in without


def test_L31_a_redeemed_address_off_the_object_is_not_asserted(house: House) -> None:
    guest = house.guest(house.people["max"])
    body = granted(house, "max")
    moved = replace(guest, mail=None, other_mails=())
    house.write(lambda tx: users.update(tx, moved, guest))
    again = claims(refreshed(house, body["refresh_token"])["id_token"])
    assert again["preferred_username"] == guest.upn
    assert "email" not in again


def test_the_pairwise_subject_survives_a_reset(house: House) -> None:
    before = claims(granted(house, "max")["id_token"])["sub"]
    house.reset(house.people["max"], "max@post.example")
    way = begin(house, "max@post.example")
    way.code()
    way.proceed()
    way.accept()
    after = claims(granted(house, "max")["id_token"])["sub"]
    assert before == after


def test_O3_a_code_is_used_once_and_a_second_use_ends_what_came_from_it(house: House) -> None:
    entry, _ = signed_in(house, "max")
    code = house.write(authorize.issue_code, house.world, request(house), entry)
    body = exchange(house, code)
    assert exchange(house, code).number == 54005
    assert refused(refreshed, house, body["refresh_token"]) == 50173
    with pytest.raises(Unauthenticated):
        bearer.authenticate(house.world, body["access_token"], lambda _: True)
    assert refused(exchange, house, "unknown") == 70000


@pytest.mark.parametrize(
    ("more", "number"),
    [
        ({"redirect_uri": "http://localhost:9000/other"}, 50011),
        ({"verifier": "w" * 43}, 501481),
        ({"verifier": None}, 501481),
    ],
)
def test_O2_O3_what_a_code_is_bound_to(house: House, more: dict[str, Any], number: int) -> None:
    entry, _ = signed_in(house, "max")
    code = house.write(authorize.issue_code, house.world, request(house), entry)
    assert refused(exchange, house, code, **more) == number


def test_O3_a_code_is_good_for_sixty_seconds_and_its_client(house: House) -> None:
    entry, _ = signed_in(house, "max")
    code = house.write(authorize.issue_code, house.world, request(house), entry)
    other = replace(client(house), app_id=AUTOMATION)
    assert refused(house.write, authorize.redeem_code, house.world, other, Exchange(code, CALLBACK)) == 70000
    house.clock.pass_(seconds=61)
    assert refused(exchange, house, code) == 70008


def test_a_relaxed_client_has_no_challenge_and_takes_no_verifier(house: House) -> None:
    entry, _ = signed_in(house, "max")
    code = house.write(authorize.issue_code, house.world, request(house, challenge=None), entry)
    assert "access_token" in exchange(house, code, verifier=None)
    code = house.write(authorize.issue_code, house.world, request(house, challenge=None), entry)
    assert refused(exchange, house, code) == 501481


def test_a_user_who_was_disabled_gets_nothing_for_his_code(house: House) -> None:
    entry, _ = signed_in(house, "max")
    code = house.write(authorize.issue_code, house.world, request(house), entry)
    guest = house.guest(house.people["max"])
    house.write(lambda tx: users.update(tx, replace(guest, enabled=False), guest))
    assert refused(exchange, house, code) == 50173


# ----------------------------------------------------------------------- refresh


def test_O5_within_thirty_seconds_the_same_successor_then_the_family_dies(house: House) -> None:
    first = granted(house, "max")["refresh_token"]
    second = refreshed(house, first)["refresh_token"]
    house.clock.pass_(seconds=29)
    assert refreshed(house, first)["refresh_token"] == second
    house.clock.pass_(seconds=2)
    assert refreshed(house, first).number == 50173
    assert refused(refreshed, house, second) == 50173


def test_T23_sixteen_parallel_refreshes_leave_one_chain(house: House) -> None:
    first = granted(house, "max")["refresh_token"]
    found: list[str] = []
    workers = [
        threading.Thread(target=lambda: found.append(refreshed(house, first)["refresh_token"])) for _ in range(16)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(set(found)) == 1
    assert len(found) == 16


def test_O5_a_family_ends_after_ninety_days_and_a_foreign_client_gets_nothing(house: House) -> None:
    body = granted(house, "mia")
    other = replace(client(house), app_id=AUTOMATION)
    assert refused(house.write, refresh.refresh, house.world, other, Exchange(body["refresh_token"])) == 50173
    house.clock.pass_(days=91)
    assert refused(refreshed, house, body["refresh_token"]) == 700082


def test_another_consented_resource_may_be_asked(house: House) -> None:
    body = granted(house, "mia")
    other = refreshed(house, body["refresh_token"], resource=Asked(f"api://{EXPENSES}", graph=False))
    assert claims(other["access_token"])["aud"] == f"api://{EXPENSES}"
    assert refused(refreshed, house, other["refresh_token"], resource=Asked("api://none", graph=False)) == 500011


def test_C7_a_code_session_and_its_tokens_last_a_day(house: House) -> None:
    token = granted(house, "max")["refresh_token"]
    house.clock.pass_(hours=23)
    token = refreshed(house, token)["refresh_token"]
    house.clock.pass_(hours=2)
    assert refused(refreshed, house, token) == 700082


@pytest.mark.parametrize("change", [{"enabled": False}, {"epoch": 9}, {"converted": True}])
def test_L24_a_refresh_needs_the_live_home_account_of_the_proof(house: House, change: dict[str, Any]) -> None:
    token = granted(house, "alice")["refresh_token"]
    token = refreshed(house, token)["refresh_token"]
    account: User = house.read(users.by_upn, house.fabrikam, "alice@fabrikam.com")
    house.write(lambda tx: users.update(tx, replace(account, **change), account))
    assert refused(refreshed, house, token) == 50173


def test_a_disabled_user_is_told_so(house: House) -> None:
    token = granted(house, "max")["refresh_token"]
    guest = house.guest(house.people["max"])
    house.write(lambda tx: users.update(tx, replace(guest, enabled=False), guest))
    assert refused(refreshed, house, token) == 50057


# ---------------------------------------------------------------------- consent


def test_consent_is_asked_remembered_and_ended_by_a_reset(house: House) -> None:
    """Security O10, lifecycle L6."""
    asked = request(house, scopes=("openid", "User.Read", "User.ReadWrite"))
    guest = house.people["max"]
    assert house.read(consent.missing_consent, asked, guest) == ("User.ReadWrite",)
    house.write(consent.record_consent, house.world, asked, guest)
    house.write(consent.record_consent, house.world, asked, guest)
    assert house.read(consent.missing_consent, asked, guest) == ()
    more = replace(asked, scopes=("User.Read.All",))
    house.write(consent.record_consent, house.world, more, guest)
    assert house.read(consent.missing_consent, more, guest) == ()
    house.reset(guest, "max@post.example")
    assert house.read(consent.missing_consent, asked, guest) == ("User.ReadWrite",)


def start_authorize(house: House, browser: Browser, asked: AuthorizeRequest) -> Any:
    tenant = house.read(queries_tenants.named, house.contoso)
    found = house.write(
        sign_in.begin_authorize, house.world, browser, flow_id=house.world.new_id(), tenant=tenant, request=asked
    )
    return found if isinstance(found, Flow) else found.code


def test_a_live_session_gets_a_code_at_once_and_others_a_flow(house: House) -> None:
    _, token = signed_in(house, "max")
    browser = a_browser(token=token)
    assert isinstance(start_authorize(house, browser, request(house)), str)
    assert isinstance(start_authorize(house, a_browser(), request(house)), Flow)
    hinted = start_authorize(house, a_browser(), request(house, login_hint="max@post.example"))
    assert hinted.address.given == "max@post.example"
    assert start_authorize(house, a_browser(), request(house, login_hint="no address")).address is None
    chosen = request(house, login_hint="max@post.example", prompt=("select_account",))
    assert start_authorize(house, browser, chosen).address is None
    assert isinstance(start_authorize(house, browser, request(house, prompt=("login",))), Flow)
    assert isinstance(start_authorize(house, browser, request(house, max_age=60)), str)
    house.clock.pass_(minutes=2)
    assert isinstance(start_authorize(house, browser, request(house, max_age=60)), Flow)


def test_prompt_none_answers_without_a_page(house: House) -> None:
    silent = request(house, prompt=("none",))
    assert refused(start_authorize, house, a_browser(), silent) == 50058
    _, token = signed_in(house, "max")
    assert isinstance(start_authorize(house, a_browser(token=token), silent), str)
    more = replace(silent, scopes=("User.ReadWrite",))
    assert refused(start_authorize, house, a_browser(token=token), more) == 65001


def test_missing_consent_is_asked_with_the_proof_of_the_session(house: House) -> None:
    for name in ("max", "mia"):
        _, token = signed_in(house, name)
        browser = a_browser(token=token)
        flow = start_authorize(house, browser, request(house, scopes=("User.ReadWrite",)))
        assert isinstance(flow, Flow)
        view = house.read(look, house.world, browser, flow.id)
        assert view.scopes == ("User.ReadWrite",)
        arrived = house.write(consent_to_application, house.world, browser, flow.id)
        assert arrived.response.code is not None
        assert isinstance(arrived.target, ToApplication)


def test_consent_after_a_reset_is_too_late(house: House) -> None:
    _, token = signed_in(house, "max")
    browser = a_browser(token=token)
    flow = start_authorize(house, browser, request(house, scopes=("User.ReadWrite",)))
    guest = house.guest(house.people["max"])
    house.write(lambda tx: users.update(tx, replace(guest, epoch=9), guest))
    with pytest.raises(DeadEnd) as end:
        house.write(consent_to_application, house.world, browser, flow.id)
    assert end.value.page is Page.CLOSED


def test_P11_an_application_that_wants_an_assignment(house: House) -> None:
    principal = house.read(apps.principal_by_app_id, house.contoso, EXPENSES)
    house.write(apps.update_principal, replace(principal, assignment_required=True), principal)
    _, token = signed_in(house, "max")
    assert isinstance(start_authorize(house, a_browser(token=token), request(house)), str)
    _, token = signed_in(house, "mia")
    with pytest.raises(DeadEnd) as end:
        start_authorize(house, a_browser(token=token), request(house))
    assert end.value.page is Page.NOT_ASSIGNED
    assert refused(start_authorize, house, a_browser(token=token), request(house, prompt=("none",))) == 50105
    way = begin(house, "mia@contoso.com", target=ToApplication(request(house)))
    way.password()
    with pytest.raises(DeadEnd) as end:
        way.proceed()
    assert end.value.details["app"] == "Expenses"


def test_a_sign_in_at_an_application_asks_for_consent_and_ends_with_a_code(house: House) -> None:
    way = begin(house, "mia@contoso.com", target=ToApplication(request(house, scopes=("User.ReadWrite",))))
    way.password()
    way.proceed()
    assert way.look().scopes == ("User.ReadWrite",)
    assert way.do(consent_to_application).response.code is not None


# --------------------------------------------------------------------- app-only


def present(house: House, secret: str | None = "automation-secret", app_id: str = AUTOMATION) -> Presented:
    return Presented(app_id, secret, "192.0.2.7")


def app_token(house: House, **more: Any) -> dict[str, Any]:
    return tokens.client_credentials(house.world, house.contoso, present(house, **more), GRAPH, ORIGIN)


def test_G77_an_app_only_token_and_its_caller(house: House) -> None:
    before = house.contents()
    token = str(app_token(house)["access_token"])
    assert house.contents() == before, "issuing an app-only token writes nothing"
    caller = bearer.authenticate(house.world, token, lambda audience: audience == "https://graph.microsoft.com")
    assert caller.permissions == {"User.Invite.All", "User.ReadWrite.All"}
    assert (caller.app_id, caller.user) == (AUTOMATION, None)
    found = claims(token)
    assert (found["idtyp"], found["appid"], found["app_displayname"]) == ("app", AUTOMATION, "Automation")


def test_an_api_of_ones_own_may_want_version_two(house: House) -> None:
    application = house.read(apps.home_application, house.contoso, EXPENSES)
    changed = replace(
        application, properties={"api": {"requestedAccessTokenVersion": 2}}, identifier_uris=("api://expenses",)
    )
    house.write(apps.update_application, changed)
    asked = Asked("api://expenses", graph=False)
    body = tokens.client_credentials(house.world, house.contoso, present(house), asked, ORIGIN)
    found = claims(str(body["access_token"]))
    assert (found["ver"], found["aud"], found["azp"]) == ("2.0", EXPENSES, AUTOMATION)


def test_TE2_clients_that_are_not_let_in(house: House) -> None:
    assert refused(app_token, house, app_id="00000000-0000-4000-8000-00000000ffff") == 700016
    assert refused(app_token, house, secret=None) == 7000218
    assert refused(app_token, house, secret="wrong") == 7000215
    house.clock.pass_(days=365 * 60)
    assert refused(app_token, house) == 7000222
    principal = house.read(apps.principal_by_app_id, house.contoso, AUTOMATION)
    house.write(apps.update_principal, replace(principal, enabled=False), principal)
    assert refused(app_token, house) == 7000112


def test_a_made_secret_is_kept_as_sha256_and_a_public_client_needs_none(house: House) -> None:
    application = house.read(apps.home_application, house.contoso, AUTOMATION)
    from readmit.domain.application import Secret

    hashed = hashlib.sha256(b"made by the server").hexdigest()
    made = Secret("s", application.id, "sha256", hashed, None, None, START, START.replace(year=2030))
    house.write(client_secrets.add, made)
    assert "access_token" in app_token(house, secret="made by the server")
    assert "access_token" in app_token(house), "a chosen one is verified by Argon2id once, then by its digest"
    assert "access_token" in app_token(house)
    public = replace(application, properties={"isFallbackPublicClient": True})
    house.write(apps.update_application, public)
    found = tokens.authenticated_client(house.world, house.contoso, present(house, secret=None))
    assert found.public
    assert refused(app_token, house, secret=None) == 7000218


def test_N8_ten_wrong_secrets_an_hour_from_one_address(house: House) -> None:
    for _ in range(10):
        assert refused(app_token, house, secret="wrong") == 7000215
    with pytest.raises(Throttled):
        app_token(house)
    elsewhere = Presented(AUTOMATION, "automation-secret", "192.0.2.8")
    assert tokens.client_credentials(house.world, house.contoso, elsewhere, GRAPH, ORIGIN)


# ------------------------------------------------------------------ verification


def test_M20_M21_tokens_that_open_nothing(house: House) -> None:
    def message(token: str, own: bool = True) -> str:
        with pytest.raises(Unauthenticated) as error:
            bearer.authenticate(house.world, token, lambda _: own)
        return error.value.message

    body = granted(house, "max")
    good = body["access_token"]
    assert bearer.authenticate(house.world, good, lambda _: True).user is not None
    assert message(good, own=False) == "Access token validation failure. Invalid audience."
    assert message(body["id_token"]) == "Access token validation failure."
    header, payload, signature = good.split(".")
    for forged in ('{"alg":"none"}', '{"alg":"HS256","kid":"x"}', '{"alg":"RS256","kid":1}', '{"alg":"RS256"}', "[]"):
        assert message(f"{base64url(forged.encode())}.{payload}.{signature}") == "Access token validation failure."
    assert message(f"{header}.{payload}.{signature[:-4]}AAAA") == "Access token validation failure."
    assert message("no dots").startswith("IDX14100")
    guest = house.guest(house.people["max"])
    house.write(lambda tx: users.update(tx, replace(guest, sessions_valid_from=START.replace(year=2027)), guest))
    assert "TokenIssuedBeforeRevocationTimestamp" in message(good)
    house.clock.pass_(minutes=62)
    assert "expired" in message(good)


def test_an_app_only_token_dies_with_its_service_principals_epoch(house: House) -> None:
    token = str(app_token(house)["access_token"])
    house.write(apps.raise_epoch, AUTOMATION)
    with pytest.raises(Unauthenticated):
        bearer.authenticate(house.world, token, lambda _: True)


def test_introspection_follows_epoch_and_grant(house: House) -> None:
    """RFC 7662, security G3."""
    world, own, automation = house.world, client(house), client(house, AUTOMATION)
    body, app = granted(house, "max"), str(app_token(house)["access_token"])
    for who, token in ((own, body["access_token"]), (own, body["refresh_token"]), (automation, app)):
        assert introspection.introspect(world, who, token)["active"]
        assert not introspection.introspect(world, replace(who, tenant_id=house.fabrikam), token)["active"]
    assert not introspection.introspect(world, own, "a.b.c")["active"]
    assert not introspection.introspect(world, own, "unknown")["active"]
    house.reset(house.people["max"], "max@post.example")
    house.write(apps.raise_epoch, AUTOMATION)
    for who, token in ((own, body["access_token"]), (own, body["refresh_token"]), (automation, app)):
        assert not introspection.introspect(world, who, token)["active"]
    old = granted(house, "mia")
    house.clock.pass_(days=91)
    assert not introspection.introspect(world, own, old["refresh_token"])["active"]
    late = granted(house, "mia")
    mia = house.read(users.by_upn, house.contoso, "mia@contoso.com")
    house.write(lambda tx: users.update(tx, replace(mia, enabled=False), mia))
    assert not introspection.introspect(world, own, late["refresh_token"])["active"]


def test_a_client_gives_back_its_own_tokens(house: House) -> None:
    """RFC 7009."""
    for kind in ("refresh_token", "access_token"):
        body = granted(house, "mia")
        assert refused(introspection.revoke, house.world, client(house, AUTOMATION), body[kind]) == 70000
        assert introspection.introspect(house.world, client(house), body["refresh_token"])["active"]
        introspection.revoke(house.world, client(house), body[kind])
        assert not introspection.introspect(house.world, client(house), body["refresh_token"])["active"]
    introspection.revoke(house.world, client(house), "a.b.c")
    introspection.revoke(house.world, client(house), "unknown")


def test_userinfo_is_the_user_behind_a_live_grant(house: House) -> None:
    body = granted(house, "max")
    found = claims(body["access_token"])
    told = house.read(userinfo.userinfo, house.world, found)
    assert told == {"sub": claims(body["id_token"])["sub"], "name": "Max", "email": "max@post.example"}
    plain = claims(granted(house, "max", scopes=("openid",))["access_token"])
    assert set(house.read(userinfo.userinfo, house.world, plain)) == {"sub"}
    without = claims(granted(house, "max", scopes=("User.Read",))["access_token"])
    assert refused(house.read, userinfo.userinfo, house.world, without) == 65001
    house.reset(house.people["max"], "max@post.example")
    assert refused(house.read, userinfo.userinfo, house.world, found) == 50173


# ------------------------------------------------------------- sessions and keys


def test_N2_a_session_ends_with_its_grants(house: House) -> None:
    entry, token = signed_in(house, "max")
    code = house.write(authorize.issue_code, house.world, request(house), entry)
    body = exchange(house, code)
    assert house.write(sign_out.this_browser, house.world, token)
    assert not house.write(sign_out.this_browser, house.world, token)
    assert not house.write(sign_out.this_browser, house.world, None)
    assert refused(refreshed, house, body["refresh_token"]) == 50173
    assert house.read(grants.get, "none") is None
    assert digest("x") == hashlib.sha256(b"x").hexdigest()


def test_O6_a_key_is_made_published_a_day_ahead_and_rotates(house: House) -> None:
    world = replace(house.world, keyring=Keyring(bytes(32)))
    world.keyring.reload = lambda: keys.load(world)
    keys.ensure(world)
    assert len(world.keyring.published()) == 1
    first = world.keyring.sign({"exp": 2**40}, typ="JWT", now=world.now())
    keys.ensure(world)
    assert len(world.keyring.published()) == 1
    house.clock.pass_(days=89, hours=1)
    keys.ensure(world)
    assert len(world.keyring.published()) == 2, "the successor is published"
    still = world.keyring.sign({"exp": 2**40}, typ="JWT", now=world.now())
    assert still.split(".")[0] == first.split(".")[0], "and does not sign yet"
    house.clock.pass_(days=1)
    after = world.keyring.sign({"exp": 2**40}, typ="JWT", now=world.now())
    assert after.split(".")[0] != first.split(".")[0]
    fresh = replace(world, keyring=Keyring(bytes(32)))
    fresh.keyring.reload = lambda: keys.load(fresh)
    assert fresh.keyring.verify(after, world.now())["exp"] == 2**40, "an unknown key id reloads the keys once"
    house.write(keys._save, world, None, 0)
