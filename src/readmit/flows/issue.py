"""The token endpoint's answer for a grant: access token, refresh token, ID token (graph G75)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from readmit.domain.errors import TokenRefused
from readmit.domain.guest import User
from readmit.domain.tenant import Tenant
from readmit.flows import claims, consent, sign_in_log, tokens
from readmit.flows.browsers import digest
from readmit.flows.granting import malformed, provider_serves, revoked
from readmit.flows.optional_claims import configured
from readmit.flows.world import World
from readmit.storage import device_codes, grants, roles, tenants, users
from readmit.storage.clients import Client
from readmit.storage.grants import Grant
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Exchange:
    """A code or refresh token that a client brings."""

    token: str
    redirect_uri: str | None = None
    verifier: str | None = None
    resource: tokens.Asked | None = None
    scopes: tuple[str, ...] = ()
    """What a refresh asks of the resource; `.default` is everything that is consented to there."""
    ip: str = ""
    correlation_id: str | None = None
    acr: str | None = None
    """How the client proved itself: 0 not at all, 1 by a secret, 2 by a certificate; None: as it is registered."""
    capable: bool = False
    """Whether it understands claims challenges (`xms_cc` `CP1`)."""


def belongs_to(tx: Transaction, token: str) -> str:
    """The tenant that issued a code, refresh token or device code. Raises TokenRefused (70000) for what nobody did."""
    hashed = digest(token)
    code, refreshed = grants.code(tx, hashed), grants.refresh(tx, hashed)
    device = device_codes.get(tx, hashed)
    found = code.grant if code is not None else refreshed[0] if refreshed is not None else device
    if found is None:
        raise malformed()
    return found.tenant_id


def tokens_of(
    tx: Transaction, world: World, client: Client, grant: Grant, brought: Exchange, *, refresh: str | None = None
) -> dict[str, Any]:
    """The answer of the token endpoint for a grant. Raises TokenRefused (TE8) where its user has changed."""
    user = users.live(tx, grant.tenant_id, grant.user_id)
    tenant = tenants.get(tx, grant.tenant_id)
    if user is None or tenant is None or user.epoch != grant.epoch or not user.enabled:
        raise revoked()
    if not provider_serves(tx, user):
        raise revoked()
    if brought.resource is not None:
        grant = consent.turned(tx, client, grant, brought.resource, brought.scopes)
    resource = tokens.resource_of(tx, tenant.id, tokens.Asked(grant.resource, graph=grant.graph))
    access = _access_token(tx, world, _Party(user, tenant, client), grant, resource, brought)
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
        grants.add_refresh(tx, grant.id, digest(body["refresh_token"]), world.now())
    if "openid" in scopes:
        body["id_token"] = _id_token(tx, world, _Party(user, tenant, client), grant, access=access)
    body["client_info"] = _client_info(user, tenant)
    return body


@dataclass(frozen=True, slots=True)
class _Party:
    """For whom a token is: the user, in which tenant, at which client."""

    user: User
    tenant: Tenant
    client: Client


def _access_token(
    tx: Transaction, world: World, party: _Party, grant: Grant, resource: Client, brought: Exchange
) -> str:
    now, user = world.now(), party.user
    body = claims.of_user(
        user,
        party.tenant,
        grant,
        party.client,
        resource,
        roles=tokens.role_values(tx, user.id, resource),
        directory_roles=sorted(roles.roles_of(tx, user.id)),
        uti=world.new_secret()[:22],
        ip=brought.ip,
        acr=brought.acr,
    )
    if brought.capable:
        body["xms_cc"] = ["CP1"]
    more = configured(tx, user, party.tenant, grant, resource, kind="accessToken")
    return world.keyring.sign(more | body | claims.times(now), typ="at+jwt", now=now)


def _id_token(
    tx: Transaction,
    world: World,
    party: _Party,
    grant: Grant,
    *,
    access: str | None = None,
    code: str | None = None,
) -> str:
    now = world.now()
    own_roles = tokens.role_values(tx, party.user.id, party.client)
    body = claims.of_identity(party.user, party.tenant, grant, roles=own_roles, access=access, code=code)
    more = configured(tx, party.user, party.tenant, grant, party.client, kind="idToken")
    return world.keyring.sign(more | body | claims.times(now), typ="JWT", now=now)


def front_channel_id_token(tx: Transaction, world: World, grant: Grant, code: str | None) -> str:
    """The ID token of an authorization response, with `c_hash` where a code goes along (graph G76)."""
    user, tenant = users.live(tx, grant.tenant_id, grant.user_id), tenants.get(tx, grant.tenant_id)
    client = tokens.client_of(tx, grant.tenant_id, grant.client_id)
    assert user is not None
    assert tenant is not None
    return _id_token(tx, world, _Party(user, tenant, client), grant, code=code)


def _client_info(user: User, tenant: Tenant) -> str:
    raw = f'{{"uid":"{user.id}","utid":"{tenant.id}"}}'
    return base64.urlsafe_b64encode(raw.encode()).rstrip(b"=").decode()


def ended(tx: Transaction, world: World, grant: Grant, refusal: TokenRefused, brought: Exchange) -> TokenRefused:
    """What was used twice ends all that came from it; the refusal is returned, so that this is committed."""
    grants.end(tx, grant.id)
    ip, correlation_id = brought.ip, brought.correlation_id
    sign_in_log.grant_refused(tx, world, grant, refusal, ip=ip, correlation_id=correlation_id)
    return refusal
