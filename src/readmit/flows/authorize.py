"""Delegated grants: codes, refresh tokens and what they are exchanged for (security O2 to O5, graph G73)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from readmit.domain.errors import TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import Accepted, Binding, User
from readmit.domain.session import SignIn
from readmit.domain.tenant import Tenant
from readmit.flows import claims, sign_in_log, tokens
from readmit.flows.browsers import digest
from readmit.flows.world import World
from readmit.storage import clients, grants, providers, roles, tenants, users
from readmit.storage.clients import Client
from readmit.storage.grants import Code, Grant
from readmit.storage.transaction import Transaction

_CODE_LIFETIME = timedelta(seconds=60)
_REFRESH_HOURS = 24
_EMULATED_HOURS = 2_160
_SAME_SUCCESSOR = timedelta(seconds=30)
_GRANT_LIFETIME = timedelta(days=90)
_SPA_LIFETIME = timedelta(hours=24)
OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
_EXPIRED = TokenRefused(
    "invalid_grant",
    70008,
    "The provided authorization code or refresh token has expired due to inactivity.",
)


def _revoked() -> TokenRefused:
    text = "The provided grant has expired due to it being revoked, a fresh auth token is needed."
    return TokenRefused("invalid_grant", 50173, text)


def _malformed() -> TokenRefused:
    return TokenRefused("invalid_grant", 70000, "Provided grant is invalid or malformed.")


# ------------------------------------------------------------------- consent


def consent_required(error: str, client: Client) -> TokenRefused:
    """TE9, 65001."""
    text = (
        "The user or administrator has not consented to use the application with ID "
        f"'{client.app_id}' named '{client.display_name}'."
    )
    return TokenRefused(error, 65001, text, suberror="consent_required")


def _parties(tx: Transaction, request: AuthorizeRequest) -> tuple[Client, Client]:
    client = tokens.client_of(tx, request.tenant_id, request.client_id)
    asked = tokens.Asked(request.resource, graph=request.graph)
    return client, tokens.resource_of(tx, request.tenant_id, asked)


def missing_consent(tx: Transaction, request: AuthorizeRequest, user_id: str) -> tuple[str, ...]:
    """The scopes asked for that nobody has consented to yet, for this user (security O10)."""
    client, resource = _parties(tx, request)
    have = clients.consented_scopes(tx, client.service_principal_id, resource.service_principal_id, user_id)
    wanted = [scope for scope in request.scopes if scope != ".default"]
    return tuple(scope for scope in wanted if scope not in have)


def record_consent(tx: Transaction, world: World, request: AuthorizeRequest, user_id: str) -> None:
    """Remember that the user consented; a reset forgets it (lifecycle L6)."""
    client, resource = _parties(tx, request)
    missing = missing_consent(tx, request, user_id)
    if missing:
        scope = " ".join(missing)
        clients.add_consent(
            tx, client, resource.service_principal_id, id=world.new_secret(), user_id=user_id, scope=scope
        )


def _granted_scopes(tx: Transaction, request: AuthorizeRequest, user_id: str) -> tuple[str, ...]:
    """The scopes of a new grant: `.default` stands for everything that is consented to at its resource."""
    if ".default" not in request.scopes:
        return request.scopes
    client, resource = _parties(tx, request)
    have = clients.consented_scopes(tx, client.service_principal_id, resource.service_principal_id, user_id)
    named = [scope for scope in request.scopes if scope != ".default"]
    return (*named, *sorted(have - OPENID_SCOPES - set(named)))


def _turned(tx: Transaction, client: Client, grant: Grant, asked: tokens.Asked) -> Grant:
    """The grant for another resource: with what is consented to there, never with the scopes of the first (G73).

    An application may have a token for itself without a consent.
    """
    resource = tokens.resource_of(tx, grant.tenant_id, asked)
    first = tokens.resource_of(tx, grant.tenant_id, tokens.Asked(grant.resource, graph=grant.graph))
    turned = replace(grant, resource=asked.resource, graph=asked.graph)
    if resource.app_id == first.app_id:
        return turned
    have = clients.consented_scopes(tx, client.service_principal_id, resource.service_principal_id, grant.user_id)
    have -= OPENID_SCOPES
    if not have and resource.app_id != client.app_id:
        raise consent_required("invalid_grant", client)
    kept = (scope for scope in grant.scope.split() if scope in OPENID_SCOPES)
    return replace(turned, scope=" ".join((*kept, *sorted(have))))


def not_assigned(tx: Transaction, request: AuthorizeRequest, user_id: str) -> bool:
    """Whether the application wants an assignment that the user lacks (50105, P11)."""
    client = tokens.client_of(tx, request.tenant_id, request.client_id)
    if not client.assignment_required:
        return False
    return not clients.granted_roles(tx, user_id, client.service_principal_id)


# ---------------------------------------------------------------------- codes


def issue_code(tx: Transaction, world: World, request: AuthorizeRequest, sign_in: SignIn) -> str:
    """A grant for the sign-in and its code: 60 s, one use."""
    grant = make_grant(tx, world, request, sign_in)
    code = world.new_secret()
    challenge, now = request.challenge, world.now()
    grants.add_code(tx, grant, digest(code), redirect_uri=request.redirect_uri, challenge=challenge, now=now)
    return code


def make_grant(tx: Transaction, world: World, request: AuthorizeRequest, sign_in: SignIn) -> Grant:
    """What the user granted by this sign-in; codes and tokens hang on it."""
    now = world.now()
    client = tokens.client_of(tx, request.tenant_id, request.client_id)
    lifetime = _SPA_LIFETIME if request.redirect_uri in client.spa_redirect_uris else _GRANT_LIFETIME
    grant = Grant(
        id=world.new_id(),
        tenant_id=request.tenant_id,
        user_id=sign_in.user_id,
        epoch=sign_in.epoch,
        client_id=client.app_id,
        session_id=sign_in.session_id,
        resource=request.resource,
        graph=request.graph,
        scope=" ".join(_granted_scopes(tx, request, sign_in.user_id)),
        origin=request.origin,
        amr=sign_in.amr,
        auth_time=sign_in.at,
        proved=now,
        nonce=request.nonce,
        home_user_id=sign_in.home_user_id,
        home_epoch=sign_in.home_epoch,
        created=now,
        expires=now + lifetime,
    )
    grants.insert(tx, grant)
    return grant


@dataclass(frozen=True, slots=True)
class Exchange:
    """A code or refresh token that a client brings."""

    token: str
    redirect_uri: str | None = None
    verifier: str | None = None
    resource: tokens.Asked | None = None
    ip: str = ""
    correlation_id: str | None = None


def redeem_code(tx: Transaction, world: World, client: Client, brought: Exchange) -> dict[str, Any] | TokenRefused:
    """Tokens for a code. A second use ends all that came from it, and that is committed: the error is returned."""
    found = grants.code(tx, digest(brought.token))
    if found is None or found.grant.client_id != client.app_id or found.grant.tenant_id != client.tenant_id:
        raise _malformed()
    now = world.now()
    if found.used is not None or not grants.use_code(tx, digest(brought.token), now):
        refusal = TokenRefused("invalid_grant", 54005, "OAuth2 Authorization code was already redeemed.")
        return _ended(tx, world, found.grant, refusal, brought)
    _check_code(found, client, brought, now)
    return tokens_of(tx, world, client, found.grant, brought, refresh=None)


def _check_code(found: Code, client: Client, brought: Exchange, now: datetime) -> None:
    if now > found.created + _CODE_LIFETIME:
        raise _EXPIRED
    if brought.redirect_uri != found.redirect_uri:
        text = (
            f"The redirect URI '{brought.redirect_uri}' specified in the request does not match the redirect URIs "
            f"configured for the application '{client.app_id}'."
        )
        raise TokenRefused("invalid_grant", 50011, text)
    if not _verified(found.challenge, brought.verifier):
        text = "The Code_Verifier does not match the code_challenge supplied in the authorization request."
        raise TokenRefused("invalid_grant", 501481, text)


def _verified(challenge: str | None, verifier: str | None) -> bool:
    """S256 (RFC 7636); a verifier without a challenge is refused as well (RFC 9700 2.1.1)."""
    if challenge is None or verifier is None:
        return challenge is None and verifier is None
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    # As bytes: a challenge is whatever the application sent, and text beyond ASCII is not compared.
    return hmac.compare_digest(made.encode(), challenge.encode())


# -------------------------------------------------------------------- refresh


def refresh(tx: Transaction, world: World, client: Client, brought: Exchange) -> dict[str, Any] | TokenRefused:
    """Rotate: within 30 s every repeat gets the same successor, any later use kills the family (security O5)."""
    now, old = world.now(), digest(brought.token)
    found = grants.refresh(tx, old)
    if found is None or found[0].client_id != client.app_id or found[0].tenant_id != client.tenant_id:
        raise _revoked()
    grant, used = found
    if used is not None and now > used + _SAME_SUCCESSOR:
        return _ended(tx, world, grant, _revoked(), brought)
    if now >= grant.expires:
        raise TokenRefused("invalid_grant", 700082, "The refresh token has expired due to inactivity.")
    check_alive(tx, world, grant)
    if used is None:
        grants.use_refresh(tx, old, now)
    successor = world.keyring.digest("refresh", brought.token)
    answer = tokens_of(tx, world, client, grant, brought, refresh=successor)
    sign_in_log.refreshed(tx, world, grant, brought.ip, brought.correlation_id)
    return answer


def _ended(tx: Transaction, world: World, grant: Grant, refusal: TokenRefused, brought: Exchange) -> TokenRefused:
    """What was used twice ends all that came from it; the refusal is returned, so that this is committed."""
    grants.end(tx, grant.id)
    ip, correlation_id = brought.ip, brought.correlation_id
    sign_in_log.grant_refused(tx, world, grant, refusal, ip=ip, correlation_id=correlation_id)
    return refusal


def check_alive(tx: Transaction, world: World, grant: Grant) -> None:
    """The user at the epoch of the grant; a guest's home account, or a proof that is young enough (lifecycle L24)."""
    user = users.live(tx, grant.tenant_id, grant.user_id)
    if user is None or user.epoch != grant.epoch:
        raise _revoked()
    if not user.enabled:
        raise TokenRefused("invalid_grant", 50057, "The user account is disabled.")
    if not isinstance(user.redemption, Accepted):
        return
    if user.redemption.binding.kind == "tenant":
        _check_home(tx, user.redemption.binding.issuer.rpartition(":")[2], grant)
        return
    _check_provider(tx, user.tenant_id, user.redemption.binding)
    tenant = tenants.get(tx, grant.tenant_id)
    hours = _REFRESH_HOURS if user.redemption.binding.kind == "mail" or tenant is None else _hours_of(world, tenant)
    if world.now() >= grant.auth_time + timedelta(hours=hours):
        raise TokenRefused("invalid_grant", 700082, "The refresh token has expired due to inactivity.")


def _hours_of(world: World, tenant: Tenant) -> int:
    """The tenant's own word, else Microsoft's ninety days where Microsoft is emulated, else a day (lifecycle L24)."""
    if tenant.settings.guestRefreshHours is not None:
        return tenant.settings.guestRefreshHours
    return _EMULATED_HOURS if world.settings.emulate == "entra" else _REFRESH_HOURS


def _check_provider(tx: Transaction, tenant_id: str, binding: Binding) -> None:
    """A provider that was switched off or removed refreshes nothing any more (security I7)."""
    if binding.kind == "mail":
        return
    provider = providers.by_issuer(tx, tenant_id, binding.issuer)
    if provider is None or not provider.enabled:
        raise _revoked()


def _check_home(tx: Transaction, home_tenant_id: str, grant: Grant) -> None:
    home = users.live(tx, home_tenant_id, grant.home_user_id or "")
    if home is None or not home.enabled or home.external or home.epoch != grant.home_epoch:
        raise _revoked()


# --------------------------------------------------------------------- tokens


def tokens_of(
    tx: Transaction, world: World, client: Client, grant: Grant, brought: Exchange, *, refresh: str | None = None
) -> dict[str, Any]:
    """The answer of the token endpoint for a grant. Raises TokenRefused (TE8) where its user has changed."""
    user = users.live(tx, grant.tenant_id, grant.user_id)
    tenant = tenants.get(tx, grant.tenant_id)
    if user is None or tenant is None or user.epoch != grant.epoch or not user.enabled:
        raise _revoked()
    if brought.resource is not None:
        grant = _turned(tx, client, grant, brought.resource)
    resource = tokens.resource_of(tx, tenant.id, tokens.Asked(grant.resource, graph=grant.graph))
    now = world.now()
    access = _access_token(tx, world, user, tenant, grant, client, resource, brought.ip)
    scopes = grant.scope.split()
    body: dict[str, Any] = {
        "token_type": "Bearer",
        "scope": " ".join(scope for scope in scopes if scope != "offline_access"),
        "expires_in": 3599,
        "ext_expires_in": 3599,
        "access_token": access,
    }
    if "offline_access" in scopes:
        body["refresh_token"] = refresh or world.new_secret()
        grants.add_refresh(tx, grant.id, digest(body["refresh_token"]), now)
    if "openid" in scopes:
        own_roles = tokens.role_values(tx, user.id, client)
        identity = claims.of_identity(user, tenant, grant, roles=own_roles, hash_of=access)
        body["id_token"] = world.keyring.sign(identity | claims.times(now), typ="JWT", now=now)
    body["client_info"] = _client_info(user, tenant)
    return body


def _access_token(
    tx: Transaction,
    world: World,
    user: User,
    tenant: Tenant,
    grant: Grant,
    client: Client,
    resource: Client,
    ip: str,
) -> str:
    now = world.now()
    body = claims.of_user(
        user,
        tenant,
        grant,
        client,
        resource,
        roles=tokens.role_values(tx, user.id, resource),
        wids=sorted(roles.roles_of(tx, user.id)),
        uti=world.new_secret()[:22],
        ip=ip,
    )
    return world.keyring.sign(body | claims.times(now), typ="at+jwt", now=now)


def _client_info(user: User, tenant: Tenant) -> str:
    raw = f'{{"uid":"{user.id}","utid":"{tenant.id}"}}'
    return base64.urlsafe_b64encode(raw.encode()).rstrip(b"=").decode()


# ------------------------------------------------------------------ userinfo


def userinfo(tx: Transaction, world: World, found: dict[str, Any]) -> dict[str, Any]:
    """`sub` as in the ID token, names and address of the user behind a verified access token (scope openid)."""
    grant = grants.get(tx, found["rm_gid"])
    if grant is None or grant.epoch != found["rm_epoch"] or "openid" not in grant.scope.split():
        raise _revoked()
    check_alive(tx, world, grant)
    user = users.live(tx, grant.tenant_id, grant.user_id)
    tenant = tenants.get(tx, grant.tenant_id)
    assert user is not None
    assert tenant is not None
    body: dict[str, Any] = {"sub": claims.pairwise(tenant, user.id, grant.client_id)}
    scopes = grant.scope.split()
    if "profile" in scopes:
        body |= claims.names(user)
    email = claims.identity(user, tenant, "preferred_username").get("email")
    if "email" in scopes and email is not None:
        body["email"] = email
    return body
