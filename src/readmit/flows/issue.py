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
from readmit.flows.granting import provider_serves, revoked
from readmit.flows.world import World
from readmit.storage import grants, roles, tenants, users
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
    ip: str = ""
    correlation_id: str | None = None


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
        grant = consent.turned(tx, client, grant, brought.resource)
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


def ended(tx: Transaction, world: World, grant: Grant, refusal: TokenRefused, brought: Exchange) -> TokenRefused:
    """What was used twice ends all that came from it; the refusal is returned, so that this is committed."""
    grants.end(tx, grant.id)
    ip, correlation_id = brought.ip, brought.correlation_id
    sign_in_log.grant_refused(tx, world, grant, refusal, ip=ip, correlation_id=correlation_id)
    return refusal
