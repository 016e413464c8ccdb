"""Every attempt to sign in, redeem or refresh stands in the log of the tenant (lifecycle L50, section 16)."""

from __future__ import annotations

from typing import Any

import pytest
from applications import arrive, asking, bring, change_principal, code_for, renew, tokens_for
from ways import Way, begin, follow

from readmit.domain.errors import DeadEnd, Page, TokenRefused
from readmit.domain.graph_permissions import GRAPH_APP_ID
from readmit.domain.sign_in_log import INVITATION_PORTAL, MY_APPS
from readmit.flows import housekeeping, sign_in, sign_in_log
from readmit.flows.arrive import Arrived
from readmit.flows.authorize import Response
from readmit.flows.refuse import decline, refuse
from readmit.storage import queries_tenants
from world import EXPENSES, House, a_browser

COLUMNS = (
    "id",
    "tenant_id",
    "at",
    "kind",
    "interactive",
    "user_id",
    "app_id",
    "resource",
    "ip",
    "error",
    "reason",
    "page",
    "correlation_id",
    "resource_tenant_id",
    "home_tenant_id",
    "issuer",
    "cross_tenant",
    "address_hash",
)


def log(house: House) -> list[dict[str, Any]]:
    """Every row, oldest first."""
    rows = house.rows(f"SELECT {', '.join(COLUMNS)} FROM sign_in_events ORDER BY rowid")
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def proceed(way: Way) -> Any:
    """What the pages do: a dead end takes the proof back."""
    try:
        return way.proceed()
    except DeadEnd as end:
        way.do(refuse, end.page)
        return end.page.value


def test_a_redemption_is_one_row_with_whose_proof_it_was(house: House) -> None:
    invited = house.invite("nora@post.example")
    way = follow(house, invited)
    way.redeem_by_code()
    (row,) = log(house)
    assert row["kind"] == "redemption"
    assert (row["error"], row["reason"]) == (0, None)
    assert row["user_id"] == invited.user.id
    assert (row["app_id"], row["interactive"]) == (INVITATION_PORTAL, 1)
    assert (row["issuer"], row["home_tenant_id"], row["cross_tenant"]) == ("mail", None, 1)
    assert (row["correlation_id"], row["ip"]) == (way.flow_id, way.browser.ip)
    assert row["resource_tenant_id"] == row["tenant_id"] == house.contoso


def test_a_members_wrong_password_and_his_sign_in_share_a_correlation(house: House) -> None:
    way = begin(house, "mia@contoso.com")
    way.password("not it")
    way.password()
    assert isinstance(proceed(way), Arrived)
    wrong, right = log(house)
    assert (wrong["error"], wrong["page"]) == (50126, None)
    assert right["error"] == 0
    assert {wrong["user_id"], right["user_id"]} == {house.person("mia").id}
    assert wrong["correlation_id"] == right["correlation_id"] == way.flow_id
    assert (right["app_id"], right["cross_tenant"], right["home_tenant_id"]) == (MY_APPS, 0, house.contoso)


def test_an_unknown_address_is_50034_in_the_log_alone(house: House) -> None:
    way = begin(house, "nobody@contoso.com")
    way.password("whatever")
    (row,) = log(house)
    assert (row["error"], row["user_id"]) == (50034, None)
    assert "nobody" not in str(row)
    again = begin(house, "nobody@contoso.com")
    again.password("whatever")
    assert log(house)[1]["address_hash"] == row["address_hash"]


def test_b_the_recreated_home_account_is_50020_here_and_90072_at_home(house: House) -> None:
    guest = house.people["alice"]
    house.write(lambda tx: tx.run("UPDATE users SET binding_subject = 'another' WHERE id = :id", {"id": guest}))
    way = begin(house, "alice@fabrikam.com")
    way.password()
    assert proceed(way) == "P8"
    signed_in_at_home, here, at_home = log(house)
    assert (signed_in_at_home["tenant_id"], signed_in_at_home["error"]) == (house.fabrikam, 0)
    assert (here["tenant_id"], here["error"], here["page"], here["user_id"]) == (house.contoso, 50020, "P8", guest)
    assert (at_home["tenant_id"], at_home["error"]) == (house.fabrikam, 90072)
    assert at_home["resource_tenant_id"] == house.contoso
    assert at_home["user_id"] == signed_in_at_home["user_id"]


def test_a_wrong_code_is_50126_with_p13(house: House) -> None:
    way = begin(house, "max@post.example")
    way.ask_code()
    way.code("00000000")
    (row,) = log(house)
    assert (row["error"], row["page"], row["user_id"]) == (50126, "P13", house.people["max"])


def test_a_declined_redemption_is_65004(house: House) -> None:
    way = follow(house, house.invite("nora@post.example"))
    assert way.code().right
    way.proceed()
    way.do(decline)
    (row,) = log(house)
    assert (row["error"], row["page"], row["kind"]) == (65004, "P12", "redemption")


def test_what_a_provider_refused_is_noted_without_a_proof(house: House) -> None:
    way = begin(house, "max@post.example")
    house.write(sign_in_log.not_proved, house.world, way.browser, way.flow_id, Page.PROVIDER_REFUSED)
    house.write(sign_in_log.not_proved, house.world, way.browser, "no such flow", Page.PROVIDER_REFUSED)
    (row,) = log(house)
    assert (row["error"], row["page"], row["user_id"]) == (50177, "PU1", house.people["max"])


def test_a_stranger_who_comes_back_from_a_provider_with_nothing_fills_no_log(house: House) -> None:
    """Kept for a year each: of one network (IPv6: /64) as many in an hour as wrong codes."""
    for number in range(100):
        way = begin(house, "nobody@post.example", a_browser(ip=f"2001:db8::{number:x}"))
        house.write(sign_in_log.not_proved, house.world, way.browser, way.flow_id, Page.PROVIDER_REFUSED)
    assert len(log(house)) == 60
    other = begin(house, "max@post.example", a_browser(ip="192.0.2.7"))
    house.write(sign_in_log.not_proved, house.world, other.browser, other.flow_id, Page.PROVIDER_REFUSED)
    house.clock.pass_(hours=1)
    house.write(sign_in_log.not_proved, house.world, way.browser, way.flow_id, Page.PROVIDER_REFUSED)
    assert len(log(house)) == 62


def test_who_keeps_on_bringing_a_token_that_is_refused_fills_no_log(house: House) -> None:
    """One whose grant is there yet: what a reset ended names nobody, and is not noted at all."""
    dead = tokens_for(house, "max@post.example")["refresh_token"]
    before = len(log(house))
    error = TokenRefused("invalid_grant", 50173, "The provided grant has expired.")
    for _ in range(50):
        house.write(sign_in_log.token_refused, house.world, dead, error, ip="192.0.2.1", correlation_id="c")
    assert len(log(house)) == before + 20
    house.clock.pass_(hours=1)
    house.write(sign_in_log.token_refused, house.world, dead, error, ip="192.0.2.1", correlation_id="c")
    assert len(log(house)) == before + 21


def test_a_token_that_names_nobody_is_not_noted(house: House) -> None:
    error = TokenRefused("invalid_grant", 50173, "revoked")
    house.write(sign_in_log.token_refused, house.world, "anything", error, ip="192.0.2.1", correlation_id="c")
    assert log(house) == []


def test_the_last_attempts_of_a_user_outlive_the_log(house: House) -> None:
    way = begin(house, "mia@contoso.com")
    way.password("not it")
    mia = house.person("mia").id
    ((interactive, silent, success),) = house.rows(
        "SELECT interactive_at, silent_at, success_at FROM sign_in_activity WHERE user_id = :id", id=mia
    )
    assert interactive is not None
    assert (silent, success) == (None, None)
    house.clock.pass_(days=365)
    housekeeping.sweep(house.world)
    assert len(log(house)) == 1
    house.clock.pass_(days=2)
    housekeeping.sweep(house.world)
    assert log(house) == []
    assert house.rows("SELECT 1 FROM sign_in_activity WHERE user_id = :id", id=mia)


# ------------------------------------------------------------------- applications


def test_a_code_from_a_live_sign_in_is_a_silent_row_to_the_resource(house: House) -> None:
    browser = arrive(house, "max@post.example")
    code = ask(house, browser)
    assert isinstance(code, str)
    row = log(house)[-1]
    assert (row["kind"], row["interactive"], row["error"]) == ("sign_in", 0, 0)
    assert (row["app_id"], row["resource"], row["issuer"]) == (EXPENSES, GRAPH_APP_ID, "mail")
    assert row["user_id"] == house.people["max"]


def test_refusals_of_a_live_sign_in_stand_once_they_are_committed(house: House) -> None:
    browser = arrive(house, "mia@contoso.com")
    scopes = ("openid", "User.ReadWrite.All")
    refusal = ask(house, browser, prompt=("none",), scopes=scopes)
    assert refusal.number == log(house)[-1]["error"] == 65001
    change_principal(house, assignment_required=True)
    assert ask(house, browser).page is Page.NOT_ASSIGNED
    assert (log(house)[-1]["error"], log(house)[-1]["page"]) == (50105, "P11")


def ask(house: House, browser: Any, **more: Any) -> Any:
    """What the authorization door does: refusals are answers, and what was noted of them stays."""
    tenant = house.read(queries_tenants.named, house.contoso)
    named = {"flow_id": house.world.new_id(), "tenant": tenant, "request": asking(house, **more)}

    def begun(tx: Any) -> Any:
        try:
            return sign_in.begin_authorize(tx, house.world, browser, **named)
        except (TokenRefused, DeadEnd) as error:
            return error

    answer = house.write(begun)
    return answer.code if isinstance(answer, Response) else answer


def test_a_refresh_is_a_silent_row_with_the_clients_correlation(house: House) -> None:
    token = tokens_for(house, "max@post.example")["refresh_token"]
    renew(house, token, ip="192.0.2.7", correlation_id="asked-by-client")
    row = log(house)[-1]
    assert (row["kind"], row["interactive"], row["error"]) == ("refresh", 0, 0)
    assert (row["ip"], row["correlation_id"]) == ("192.0.2.7", "asked-by-client")


def test_a_refused_refresh_is_noted_while_its_grant_says_whose_it_is(house: House) -> None:
    token = tokens_for(house, "max@post.example")["refresh_token"]
    house.clock.pass_(hours=25)
    with pytest.raises(TokenRefused) as refusal:
        renew(house, token)
    given = {"ip": "192.0.2.7", "correlation_id": "c"}
    house.write(sign_in_log.token_refused, house.world, token, refusal.value, **given)
    row = log(house)[-1]
    assert (row["error"], row["user_id"]) == (700082, house.people["max"])
    assert token not in str(row)


def test_a_refused_code_is_noted_too(house: House) -> None:
    code = code_for(house, "max@post.example")
    error = TokenRefused("invalid_grant", 50011, "redirect")
    house.write(sign_in_log.token_refused, house.world, code, error, ip="192.0.2.7", correlation_id="c")
    assert (log(house)[-1]["error"], log(house)[-1]["user_id"]) == (50011, house.people["max"])


def test_a_code_used_twice_is_noted_as_what_ended_the_grant(house: House) -> None:
    code = code_for(house, "alice@fabrikam.com")
    bring(house, code)
    assert bring(house, code).number == 54005
    row = log(house)[-1]
    assert (row["error"], row["user_id"]) == (54005, house.people["alice"])
    assert row["home_tenant_id"] == house.fabrikam


def test_no_row_holds_a_secret_or_an_address(house: House) -> None:
    code = code_for(house, "max@post.example")
    answer = bring(house, code)
    renew(house, answer["refresh_token"])
    text = str(log(house))
    for secret in (code, answer["refresh_token"], answer["access_token"], "max@post.example"):
        assert secret not in text
