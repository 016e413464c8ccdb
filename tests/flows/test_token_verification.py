"""Forged, foreign and given-back tokens, and who a client is (security O6, N8, G3, graph G77, G78)."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from applications import (
    GRAPH,
    ORIGIN,
    account,
    bring,
    caller_of,
    change_application,
    change_principal,
    change_user,
    claims_of,
    client,
    code_for,
    renew,
    tokens_for,
)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from readmit.domain.application import Secret
from readmit.domain.authentication import REVOKED, WRONG_AUDIENCE, Unauthenticated
from readmit.domain.errors import Throttled, TokenRefused
from readmit.flows import claims, introspection, tokens
from readmit.flows.tokens import Asked, Presented
from readmit.storage import apps, client_secrets, clients
from readmit.tokens import Keyring, base64url, from_base64url, new_signing_key
from world import AUTOMATION, EXPENSES, MASTER, House

HOME, MAILBOX, MEMBER = "alice@fabrikam.com", "max@post.example", "mia@contoso.com"
FAILURE = "Access token validation failure."
EXPIRED = "Lifetime validation failed, the token is expired."


def message(house: House, token: str) -> str:
    with pytest.raises(Unauthenticated) as refusal:
        caller_of(house, token)
    return refusal.value.message


def active(house: House, token: str, app_id: str = EXPENSES) -> bool:
    return bool(introspection.introspect(house.world, client(house, app_id), token)["active"])


def app_token(house: House, asked: Asked | None = None, **more: Any) -> str:
    presented = Presented(
        more.get("app_id", AUTOMATION), more.get("secret", "automation-secret"), more.get("ip", "192.0.2.7")
    )
    asked = asked or Asked(GRAPH, graph=True)
    return str(tokens.client_credentials(house.world, house.contoso, presented, asked, ORIGIN)["access_token"])


# ------------------------------------------------------------------------ forged


def forge(house: House, header: dict[str, Any], signature: bytes | None = None, **changed: Any) -> str:
    """A JWT with the claims of a good one under another header; signed by HMAC with our public key if none is given."""
    good = claims_of(house, tokens_for(house, MEMBER)["access_token"]) | changed
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, good))
    if signature is None:
        public = json.dumps(dict(house.world.keyring.published()[0])).encode()
        signature = hmac.digest(public, signed.encode(), hashlib.sha256)
    return f"{signed}.{base64url(signature)}"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "HS256"},
        {"alg": "RS512"},
        {"alg": "RS256", "kid": "unknown"},
        {"alg": "RS256", "kid": None},
        {"alg": "RS256", "kid": ["a"]},
    ],
)
def test_T22_a_header_that_chooses_algorithm_or_key_opens_nothing(house: House, header: dict[str, Any]) -> None:
    kid = house.world.keyring.published()[0]["kid"]
    for signature in (b"", None):
        forged = forge(house, {"typ": "at+jwt", "kid": kid, **header}, signature)
        assert message(house, forged) == FAILURE
        assert not active(house, forged)


@pytest.mark.parametrize("where", ["jwk", "jku", "x5u"])
def test_T22_a_key_that_the_token_brings_along_is_not_looked_at(house: House, where: str) -> None:
    stranger = Keyring(MASTER)
    key = new_signing_key(stranger, nonce=b"n" * 12, created=house.world.now(), active=house.world.now())
    stranger.use([key])
    signed = stranger.sign(claims_of(house, app_token(house)), typ="at+jwt", now=house.world.now())
    assert message(house, signed) == FAILURE, "signed well, by nobody we know"
    head, body, signature = signed.split(".")
    header = json.loads(from_base64url(head)) | {where: dict(key.public_jwk)}
    assert message(house, f"{base64url(json.dumps(header).encode())}.{body}.{signature}") == FAILURE


def test_T22_a_critical_extension_that_we_do_not_know_is_refused(house: House) -> None:
    """RFC 7515 4.1.11; the signature itself would be good."""
    found = claims_of(house, app_token(house))
    loaded = next(iter(house.world.keyring._keys.values()))
    header = {"typ": "at+jwt", "alg": "RS256", "kid": loaded.key.kid}
    for extra, good in (({}, True), ({"crit": ["exp"]}, False)):
        parts = (header | extra, found)
        signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        signature = loaded.private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        token = f"{signed}.{base64url(signature)}"
        if good:
            assert caller_of(house, token).app_id == AUTOMATION
        else:
            assert message(house, token) == FAILURE


def test_an_unknown_key_id_asks_the_database_once(house: House) -> None:
    asked: list[str] = []
    house.world.keyring.reload = lambda: asked.append("reload")
    assert message(house, forge(house, {"alg": "RS256", "kid": "unknown"}, b"")) == FAILURE
    assert asked == ["reload"]
    app_token(house)
    caller_of(house, app_token(house))
    assert asked == ["reload"], "a known one does not"


def test_G77_a_token_lives_an_hour_and_a_minute_of_skew(house: House) -> None:
    token = tokens_for(house, MEMBER)["access_token"]
    found = claims_of(house, token)
    assert found["exp"] - found["iat"] == 3600
    assert found["iat"] == found["nbf"] == int(house.world.now().timestamp())
    house.clock.pass_(hours=1, seconds=59)
    assert caller_of(house, token).user is not None
    house.clock.pass_(seconds=1)
    assert message(house, token) == EXPIRED
    assert not active(house, token)


def test_a_token_of_another_audience_does_not_open_graph(house: House) -> None:
    """Security O6: one audience."""
    for token in (
        tokens_for(house, MEMBER, resource=f"api://{EXPENSES}", graph=False)["access_token"],
        app_token(house, Asked(f"api://{EXPENSES}", graph=False)),
    ):
        assert message(house, token) == WRONG_AUDIENCE
        assert active(house, token)


def test_M21_a_revoked_tokens_refusal_is_a_challenge(house: House) -> None:
    token = tokens_for(house, MEMBER)["access_token"]
    change_user(house, account(house, MEMBER), enabled=False)
    with pytest.raises(Unauthenticated) as refusal:
        caller_of(house, token)
    assert (refusal.value.message, refusal.value.challenge) == (REVOKED, "revoked")


def test_G78_the_grant_and_the_user_must_both_be_of_the_tokens_epoch(house: House) -> None:
    token = tokens_for(house, MEMBER)["access_token"]
    house.write(lambda tx: tx.run("UPDATE grants SET epoch = 7"))
    assert message(house, token) == REVOKED
    assert not active(house, token)


def test_G78_valid_from_decides_by_whole_seconds(house: House) -> None:
    """The token and the revocation of one second: the epoch decides, not `iat`."""
    house.clock.pass_(microseconds=400_000)
    token = tokens_for(house, MEMBER)["access_token"]
    house.clock.pass_(microseconds=500_000)
    change_user(house, account(house, MEMBER), sessions_valid_from=house.world.now())
    assert caller_of(house, token).user is not None


def test_G78_a_token_is_good_in_its_own_tenant_alone(house: House) -> None:
    for token in (tokens_for(house, MEMBER)["access_token"], app_token(house)):
        found = claims_of(house, token) | {"tid": house.fabrikam}
        moved = house.world.keyring.sign(found, typ="at+jwt", now=house.world.now())
        assert message(house, moved) == REVOKED


# ---------------------------------------------------------------------- app-only


def test_G77_an_app_only_token_tells_roles_wids_and_epoch(house: House) -> None:
    principal = house.read(apps.principal_by_app_id, house.contoso, AUTOMATION)
    reader = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b"
    house.write(
        lambda tx: tx.run(
            "INSERT INTO role_assignments (id, tenant_id, principal_id, role_id) VALUES ('r', :tenant, :id, :role)",
            {"tenant": house.contoso, "id": principal.id, "role": reader},
        )
    )
    found = claims_of(house, app_token(house, Asked(f"{GRAPH}/", graph=True)))
    assert found["aud"] == GRAPH, "as asked, without the final slash"
    assert found["wids"] == [reader]
    assert found["roles"] == ["User.Invite.All", "User.ReadWrite.All"]
    assert found["oid"] == found["sub"] == found["rm_gid"] == principal.id
    assert (found["rm_epoch"], found["jti"]) == (principal.epoch, found["uti"])
    assert (found["idtyp"], found["appidacr"], found["iss"]) == ("app", "1", f"{ORIGIN}/{house.contoso}/")
    assert not {"scp", "acct", "amr", "sid", "email", "unique_name"} & set(found)
    assert caller_of(house, app_token(house)).roles == {reader}


def test_app_only_tokens_differ_and_the_answer_has_no_scope(house: House) -> None:
    """Graph G75."""
    presented = Presented(AUTOMATION, "automation-secret", "192.0.2.7")
    asked = Asked(GRAPH, graph=True)
    body = tokens.client_credentials(house.world, house.contoso, presented, asked, ORIGIN)
    assert list(body) == ["token_type", "expires_in", "ext_expires_in", "access_token"]
    assert claims_of(house, app_token(house))["jti"] != claims_of(house, app_token(house))["jti"]


@pytest.mark.parametrize("end", ["epoch", "disabled", "deleted"])
def test_G77_what_ends_an_applications_standing_grant(house: House, end: str) -> None:
    token, automation = app_token(house), client(house, AUTOMATION)
    assert active(house, token, AUTOMATION)
    if end == "epoch":
        house.write(apps.raise_epoch, AUTOMATION)
    elif end == "disabled":
        change_principal(house, AUTOMATION, enabled=False)
    else:
        house.write(
            lambda tx: tx.run("UPDATE service_principals SET deleted_at = 1 WHERE app_id = :a", {"a": AUTOMATION})
        )
    assert message(house, token) == REVOKED
    assert introspection.introspect(house.world, automation, token) == {"active": False}


def test_version_two_is_asked_by_the_api_not_by_the_client(house: House) -> None:
    """Graph's stay version 1 whatever its own registration says; nonsense is version 1."""
    for api, version in (({"requestedAccessTokenVersion": 2}, 2), ({"requestedAccessTokenVersion": None}, 1), ("x", 1)):
        change_application(house, properties={"api": api})
        assert claims.version_of(client(house)) == version
    change_application(house, AUTOMATION, properties={"api": {"requestedAccessTokenVersion": 2}})
    assert claims_of(house, app_token(house))["ver"] == "1.0"


# ----------------------------------------------------------------------- secrets


def keep(house: House, secret: str, *, kind: Any = "sha256", starts: timedelta, ends: timedelta) -> None:
    application = house.read(apps.home_application, house.contoso, AUTOMATION)
    now: datetime = house.world.now()
    hashed = hashlib.sha256(secret.encode()).hexdigest() if kind == "sha256" else house.world.passwords.hash(secret)
    made = Secret(house.world.new_id(), application.id, kind, hashed, None, None, now + starts, now + ends)
    house.write(client_secrets.add, made)


def refused(house: House, **more: Any) -> int:
    with pytest.raises(TokenRefused) as refusal:
        app_token(house, **more)
    assert refusal.value.status == (401 if refusal.value.error == "invalid_client" else 400)
    return refusal.value.number


@pytest.mark.parametrize("kind", ["sha256", "argon2"])
def test_N8_secrets_of_both_kinds_begin_and_end(house: House, kind: str) -> None:
    day = timedelta(days=1)
    keep(house, "soon", kind=kind, starts=day, ends=2 * day)
    assert refused(house, secret="soon") == 7000222
    house.clock.pass_(days=1)
    assert app_token(house, secret="soon")
    house.clock.pass_(days=1, microseconds=-1)
    assert app_token(house, secret="soon")
    house.clock.pass_(microseconds=1)
    assert refused(house, secret="soon") == 7000222
    assert refused(house, secret="Soon") == 7000215


def test_one_live_secret_suffices_where_its_like_has_expired(house: House) -> None:
    """A rotation may give the same text again."""
    day = timedelta(days=1)
    keep(house, "again", starts=-2 * day, ends=-day)
    assert refused(house, secret="again") == 7000222
    keep(house, "again", starts=-day, ends=day)
    assert app_token(house, secret="again")


def test_a_secret_is_its_own_applications(house: House) -> None:
    assert refused(house, secret="expenses-secret") == 7000215
    assert app_token(house, app_id=EXPENSES, secret="expenses-secret")
    assert refused(house, secret="") == 7000215


def test_N8_wrong_secrets_are_counted_for_each_client_at_each_address(house: House) -> None:
    for _ in range(9):
        assert refused(house, secret="wrong") == 7000215
    assert app_token(house), "right ones are not counted"
    assert refused(house, secret="wrong") == 7000215
    with pytest.raises(Throttled) as full:
        app_token(house)
    assert app_token(house, ip="192.0.2.8"), "a stranger elsewhere shuts nobody out"
    assert app_token(house, app_id=EXPENSES, secret="expenses-secret")
    house.clock.pass_(seconds=full.value.retry_after)
    assert app_token(house)


def test_N8_sixty_wrong_secrets_an_hour_from_one_address_over_all_clients(house: House) -> None:
    house.write(
        lambda tx: tx.run(
            "INSERT INTO attempts (scope, subject, period, count) VALUES ('secret-ip', '192.0.2.7', :period, 59)",
            {"period": int(house.world.now().timestamp()) // 3600},
        )
    )
    assert app_token(house)
    assert refused(house, app_id=EXPENSES, secret="wrong") == 7000215
    with pytest.raises(Throttled):
        app_token(house)
    assert app_token(house, ip="192.0.2.8")


def test_an_application_of_another_tenant_is_unknown_here(house: House) -> None:
    presented = Presented(AUTOMATION, "automation-secret", "192.0.2.7")
    with pytest.raises(TokenRefused, match="was not found in the directory 'Fabrikam'") as refusal:
        tokens.authenticated_client(house.world, house.fabrikam, presented)
    assert (refusal.value.error, refusal.value.number) == ("unauthorized_client", 700016)


def test_a_principal_without_a_registration_has_no_secret(house: House) -> None:
    """As Microsoft Graph's own in every tenant."""
    graph = house.read(clients.get, house.contoso, "00000003-0000-0000-c000-000000000000")
    assert graph.application_id is None
    assert refused(house, app_id=graph.app_id, secret="") == 7000215


def test_a_public_client_that_brings_a_secret_is_checked(house: House) -> None:
    change_application(house, AUTOMATION, properties={"isFallbackPublicClient": True})
    right, wrong = (Presented(AUTOMATION, secret, "192.0.2.7") for secret in ("automation-secret", "wrong"))
    assert tokens.authenticated_client(house.world, house.contoso, right).public
    with pytest.raises(TokenRefused):
        tokens.authenticated_client(house.world, house.contoso, wrong)


# ------------------------------------------------------ introspection, revocation


def test_G3_introspection_shows_inactive_and_nothing_else(house: House) -> None:
    token = tokens_for(house, MAILBOX)["access_token"]
    house.reset(house.people["max"], MAILBOX)
    assert introspection.introspect(house.world, client(house), token) == {"active": False}
    assert introspection.introspect(house.world, client(house), "") == {"active": False}
    assert introspection.introspect(house.world, client(house), "..") == {"active": False}


def test_an_app_only_token_is_shown_with_its_roles(house: House) -> None:
    shown = introspection.introspect(house.world, client(house, AUTOMATION), app_token(house))
    assert shown["roles"] == ["User.Invite.All", "User.ReadWrite.All"]
    assert (shown["scope"], shown["client_id"], shown["token_type"]) == ("", AUTOMATION, "Bearer")
    assert not {"rm_epoch", "rm_gid", "wids"} & set(shown)


def test_a_code_is_no_token(house: House) -> None:
    code = code_for(house, HOME)
    assert not active(house, code)
    introspection.revoke(house.world, client(house), code)
    assert isinstance(bring(house, code), dict)


def test_O5_an_expired_family_is_inactive_at_its_very_end(house: House) -> None:
    token = tokens_for(house, MEMBER)["refresh_token"]
    house.clock.pass_(days=90, microseconds=-1)
    assert active(house, token)
    house.clock.pass_(microseconds=1)
    assert not active(house, token)


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_RFC7009_a_token_given_back_ends_its_whole_grant(house: House, kind: str) -> None:
    body, other = tokens_for(house, HOME), tokens_for(house, HOME)
    introspection.revoke(house.world, client(house), body[kind])
    assert message(house, body["access_token"]) == REVOKED
    assert not active(house, body["refresh_token"])
    assert active(house, other["refresh_token"])
    introspection.revoke(house.world, client(house), body[kind])


def test_RFC7009_a_rotated_refresh_token_given_back_ends_the_family(house: House) -> None:
    first = tokens_for(house, HOME)["refresh_token"]
    second = renew(house, first)["refresh_token"]
    introspection.revoke(house.world, client(house), first)
    assert not active(house, second)


def test_RFC7009_nobody_ends_what_is_not_his(house: House) -> None:
    body, app = tokens_for(house, HOME), app_token(house)
    for other in (client(house, AUTOMATION), replace(client(house), tenant_id=house.fabrikam)):
        for kind in ("access_token", "refresh_token"):
            with pytest.raises(TokenRefused) as refusal:
                introspection.revoke(house.world, other, body[kind])
            assert (refusal.value.error, refusal.value.number) == ("invalid_grant", 70000)
    with pytest.raises(TokenRefused) as refusal:
        introspection.revoke(house.world, client(house, AUTOMATION), app)
    assert refusal.value.error == "unsupported_token_type"
    assert active(house, body["access_token"])
    assert active(house, body["refresh_token"])
    assert active(house, app, AUTOMATION), "the standing grant of an application ends by its epoch alone"
    house.clock.pass_(hours=2)
    introspection.revoke(house.world, client(house), body["access_token"])
    assert active(house, body["refresh_token"]), "an expired access token ends nothing"
