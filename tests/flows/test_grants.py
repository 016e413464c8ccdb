"""Codes, refresh tokens and what they are exchanged for (security O2 to O5, graph G73, lifecycle L24)."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from applications import (
    GRAPH,
    account,
    arrive,
    asking,
    bring,
    caller_of,
    change_application,
    change_tenant,
    change_user,
    claims_of,
    client,
    code_for,
    renew,
    sign_in_of,
    tokens_for,
)

from readmit.domain.audit import SYSTEM
from readmit.domain.authentication import Unauthenticated
from readmit.domain.errors import TokenRefused
from readmit.domain.guest import Accepted, Binding
from readmit.domain.tenant import TenantSettings
from readmit.flows import authorize, consent, providers, tokens, userinfo
from readmit.flows.issue import Exchange
from readmit.flows.providers import Registration
from readmit.storage import grants, tenants
from world import AUTOMATION, CALLBACK, EXPENSES, House, copy_house

HOME, MAILBOX = "alice@fabrikam.com", "max@post.example"


def refused(work: Any, *arguments: Any, **named: Any) -> int:
    """Microsoft's number of the refusal."""
    with pytest.raises(TokenRefused) as refusal:
        work(*arguments, **named)
    return refusal.value.number


# ------------------------------------------------------------------------- codes


def test_a_code_becomes_tokens(house: House) -> None:
    """Graph G75: members of the answer, and `client_info`."""
    body = tokens_for(house, HOME, nonce="n")
    assert list(body) == [
        *("token_type", "scope", "expires_in", "ext_expires_in", "access_token"),
        *("refresh_token", "id_token", "client_info"),
    ]
    assert body["scope"] == "openid profile email User.Read"
    uid = house.people["alice"]
    info = base64.urlsafe_b64decode(body["client_info"] + "==").decode()
    assert info == f'{{"uid":"{uid}","utid":"{house.contoso}"}}'
    assert claims_of(house, body["id_token"])["nonce"] == "n"
    assert caller_of(house, body["access_token"]).user.id == uid


def test_O3_a_code_is_good_for_sixty_seconds(house: House) -> None:
    early, late = code_for(house, HOME), code_for(house, HOME)
    house.clock.pass_(seconds=60)
    assert isinstance(bring(house, early), dict)
    house.clock.pass_(microseconds=1)
    assert refused(bring, house, late) == 70008


def test_a_code_is_for_its_client_alone(house: House) -> None:
    code, before = code_for(house, HOME), house.contents()
    assert refused(bring, house, "unknown") == 70000
    assert refused(bring, house, code, client=client(house, AUTOMATION)) == 70000
    elsewhere = replace(client(house), tenant_id=house.fabrikam)
    assert refused(bring, house, code, client=elsewhere) == 70000
    assert house.contents() == before
    assert isinstance(bring(house, code), dict)


def test_a_code_wants_the_redirect_uri_that_it_was_given_to(house: House) -> None:
    code = code_for(house, HOME)
    assert refused(bring, house, code, redirect_uri="http://localhost:9000/other") == 50011
    assert isinstance(bring(house, code), dict), "a refused exchange burns nothing"


@pytest.mark.parametrize("change", [{"epoch": 2}, {"enabled": False}])
def test_a_code_dies_with_the_users_access(house: House, change: dict[str, Any]) -> None:
    code = code_for(house, HOME)
    change_user(house, house.guest(house.people["alice"]), **change)
    assert refused(bring, house, code) == 50173


def test_a_code_may_name_another_resource_of_the_same_grant(house: House) -> None:
    """Graph G74."""
    code = code_for(house, HOME)
    body = bring(house, code, resource=tokens.Asked(f"api://{EXPENSES}", graph=False))
    found = claims_of(house, body["access_token"])
    assert (found["aud"], found["roles"], found["ver"]) == (f"api://{EXPENSES}", ["Approver"], "1.0")


# ----------------------------------------------------------------------- consent


def test_L6_a_reset_forgets_the_consents_that_the_guest_gave(house: House) -> None:
    user_id = house.people["alice"]
    request = asking(house, scopes=("Mail.Read", "User.Read"))
    house.write(consent.record_consent, house.world, request, user_id)
    house.reset(user_id, HOME)
    assert house.read(consent.missing_consent, request, user_id) == ("Mail.Read",)


# ----------------------------------------------------------------------- refresh


def test_O5_repeats_within_thirty_seconds_get_the_same_successor(house: House) -> None:
    first = tokens_for(house, HOME)["refresh_token"]
    second = renew(house, first)["refresh_token"]
    assert second != first
    house.clock.pass_(seconds=30)
    assert renew(house, first)["refresh_token"] == second
    third = renew(house, second)["refresh_token"]
    assert len({first, second, third}) == 3


def test_O5_a_later_use_of_a_rotated_token_kills_the_family(house: House) -> None:
    body = tokens_for(house, HOME)
    second = renew(house, body["refresh_token"])
    house.clock.pass_(seconds=30, microseconds=1)
    dead = renew(house, body["refresh_token"])
    assert isinstance(dead, TokenRefused)
    assert dead.number == 50173
    assert refused(renew, house, second["refresh_token"]) == 50173
    with pytest.raises(Unauthenticated):
        caller_of(house, second["access_token"])


def test_O5_a_family_ends_after_ninety_days(house: House) -> None:
    token = tokens_for(house, HOME)["refresh_token"]
    house.clock.pass_(days=89)
    token = renew(house, token)["refresh_token"]
    house.clock.pass_(days=1)
    assert refused(renew, house, token) == 700082


@pytest.mark.parametrize("registered", [CALLBACK, "http://localhost/callback"])
def test_O5_a_single_page_applications_family_ends_after_a_day(house: House, registered: str) -> None:
    """Also on loopback, where the port is free."""
    change_application(house, web_redirect_uris=(), spa_redirect_uris=(registered,))
    token = tokens_for(house, HOME)["refresh_token"]
    house.clock.pass_(hours=23)
    token = renew(house, token)["refresh_token"]
    house.clock.pass_(hours=1)
    assert refused(renew, house, token) == 700082


def test_L24_guestRefreshHours_is_for_providers_outside(house: House) -> None:
    """A family of an outside provider ends so many hours after the last proof."""
    token = tokens_for(house, MAILBOX)["refresh_token"]
    change_tenant(house, settings=TenantSettings.parse({"guestRefreshHours": 48}))
    guest = house.guest(house.people["max"])
    assert isinstance(guest.redemption, Accepted)
    outside = Binding("oidc", "https://idp.wingtip.example", "s", "https://idp.wingtip.example", "s")
    change_user(house, guest, redemption=replace(guest.redemption, binding=outside))
    wingtip = Registration(("wingtip.example",), issuer=outside.issuer, client_id="readmit")
    house.write(providers.register, house.world, house.read(tenants.get, house.contoso), wingtip, SYSTEM)
    house.clock.pass_(hours=47)
    token = renew(house, token)["refresh_token"]
    house.clock.pass_(hours=1)
    assert refused(renew, house, token) == 700082


@pytest.mark.parametrize("change", [{"enabled": False}, {"epoch": 2}, {"converted": True}, {"deleted": True}])
def test_L24_a_guests_refresh_needs_the_home_account_as_it_was_proved(house: House, change: dict[str, Any]) -> None:
    body = tokens_for(house, HOME)
    if "deleted" in change:
        change = {"deleted": house.world.now()}
    change_user(house, account(house, HOME), **change)
    assert refused(renew, house, body["refresh_token"]) == 50173
    assert caller_of(house, body["access_token"]).user.id == house.people["alice"], "guest sign-ins live on"


def test_a_refresh_needs_the_user_at_his_epoch(house: House) -> None:
    mia = tokens_for(house, "mia@contoso.com")["refresh_token"]
    mia = renew(house, mia)["refresh_token"]
    member = account(house, "mia@contoso.com")
    disabled = change_user(house, member, enabled=False)
    assert refused(renew, house, mia) == 50057
    change_user(house, disabled, enabled=True, epoch=2)
    assert refused(renew, house, mia) == 50173
    change_user(house, account(house, "mia@contoso.com"), deleted=house.world.now())
    assert refused(renew, house, mia) == 50173


def test_L6_a_reset_ends_tokens_codes_and_families(house: House) -> None:
    body, code = tokens_for(house, HOME), code_for(house, HOME)
    house.reset(house.people["alice"], HOME)
    assert refused(renew, house, body["refresh_token"]) == 50173
    assert refused(bring, house, code) == 70000
    with pytest.raises(Unauthenticated, match="TokenIssuedBeforeRevocationTimestamp"):
        caller_of(house, body["access_token"])
    assert house.rows("SELECT 1 FROM grants") == []


def test_a_refused_exchange_writes_nothing(house: House) -> None:
    token = tokens_for(house, HOME)["refresh_token"]
    change_user(house, account(house, HOME), enabled=False)
    before = house.contents()
    assert refused(renew, house, token) == 50173
    assert house.contents() == before


# ---------------------------------------------------------------------- userinfo


def info(house: House, token: str) -> dict[str, Any]:
    return house.read(userinfo.userinfo, house.world, claims_of(house, token))


def test_L31_userinfo_asserts_no_address_that_is_off_the_object(house: House) -> None:
    token = tokens_for(house, MAILBOX)["access_token"]
    change_user(house, house.guest(house.people["max"]), mail=None, other_mails=())
    assert "email" not in info(house, token)


def test_userinfo_dies_with_the_grant(house: House) -> None:
    token = tokens_for(house, HOME)["access_token"]
    assert refused(info, house, tokens_for(house, HOME, scopes=("User.Read",))["access_token"]) == 65001
    found = claims_of(house, token)
    assert refused(house.read, userinfo.userinfo, house.world, {**found, "rm_epoch": 7}) == 50173
    house.write(lambda tx: grants.end(tx, found["rm_gid"]))
    assert refused(info, house, token) == 50173


def test_L24_userinfo_needs_the_home_account(house: House) -> None:
    token = tokens_for(house, HOME)["access_token"]
    change_user(house, account(house, HOME), enabled=False)
    assert refused(info, house, token) == 50173


def test_a_grant_keeps_where_it_was_made(house: House) -> None:
    """Graph G71: a grant keeps the origin where it began, and the session that a logout ends."""
    code = code_for(house, HOME, origin="https://login.microsoftonline.com")
    found = claims_of(house, bring(house, code, ip="192.0.2.9")["access_token"])
    assert found["iss"] == f"https://login.microsoftonline.com/{house.contoso}/"
    assert found["ipaddr"] == "192.0.2.9"
    assert house.rows("SELECT 1 FROM sessions WHERE id = :id", id=found["sid"])


def test_a_resource_that_is_not_there_is_refused_and_burns_nothing(house: House) -> None:
    code = code_for(house, HOME)
    assert refused(bring, house, code, resource=tokens.Asked("api://nobody", graph=False)) == 500011
    assert claims_of(house, bring(house, code)["access_token"])["aud"] == GRAPH


def test_an_exchange_without_a_session_id_has_no_sid(house: House) -> None:
    """A grant that hangs on no browser session, as a device's."""
    entry = sign_in_of(house, arrive(house, HOME))
    code = house.write(authorize.issue_code, house.world, asking(house), entry)
    house.write(lambda tx: tx.run("UPDATE grants SET session_id = NULL"))
    body = house.write(authorize.redeem_code, house.world, client(house), Exchange(code, CALLBACK))
    assert "sid" not in claims_of(house, body["access_token"])
    assert "sid" not in claims_of(house, body["id_token"])


def test_L24_emulated_as_microsofts_cloud_a_provider_proves_for_ninety_days(seeded: Path, tmp_path: Path) -> None:
    house = copy_house(seeded, tmp_path, emulate="entra")
    token = tokens_for(house, MAILBOX)["refresh_token"]
    guest = house.guest(house.people["max"])
    assert isinstance(guest.redemption, Accepted)
    outside = Binding("oidc", "https://idp.wingtip.example", "s", "https://idp.wingtip.example", "s")
    change_user(house, guest, redemption=replace(guest.redemption, binding=outside))
    wingtip = Registration(("wingtip.example",), issuer=outside.issuer, client_id="readmit")
    house.write(providers.register, house.world, house.read(tenants.get, house.contoso), wingtip, SYSTEM)
    house.clock.pass_(hours=2159)
    token = renew(house, token)["refresh_token"]
    house.clock.pass_(hours=1)
    assert refused(renew, house, token) == 700082
    house.world.database.close()
