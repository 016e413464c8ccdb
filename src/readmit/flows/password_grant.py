"""The password grant: for tests of a tenant that switches it on, for its own members (graph G73, security O7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import structlog

from readmit.domain.address import EmailAddress, InvalidAddress
from readmit.domain.errors import TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import User
from readmit.domain.session import SignIn
from readmit.domain.sign_in_log import UNKNOWN_ADDRESS, WRONG_PASSWORD, Failure
from readmit.flows import consent, password_tries, sign_in_log, tokens
from readmit.flows.granting import make_grant
from readmit.flows.issue import Exchange, tokens_of
from readmit.flows.tokens import Asked, Presented
from readmit.flows.world import World
from readmit.storage import tenants, users
from readmit.storage.clients import Client
from readmit.storage.transaction import Transaction

_LONGEST_PASSWORD = 1024
_LONGEST_NAME = 254
_log = structlog.get_logger("readmit.password_grant")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A user's name and password, and what is asked for."""

    username: str
    password: str = field(repr=False)
    asked: Asked
    scopes: tuple[str, ...]
    origin: str

    @property
    def key(self) -> str:
        """The match key of the name; what is no address is nobody's."""
        try:
            return EmailAddress.parse(self.username).key
        except InvalidAddress:
            return self.username[:_LONGEST_NAME]


def sign_in(
    world: World, tenant_id: str, presented: Presented, wanted: Wanted, brought: Exchange
) -> dict[str, Any] | TokenRefused:
    """Count, compare outside any transaction, then decide. A refusal that is to be kept comes back as a value.

    Raises TokenRefused: 70003 where the tenant has not switched it on; Throttled.
    """
    tenant = world.database.read(tenants.get, tenant_id)
    if tenant is None or not tenant.settings.allowPasswordGrant:
        raise TokenRefused("unsupported_grant_type", 70003, "The app requested an unsupported grant type 'password'.")
    client = tokens.authenticated_client(world, tenant_id, presented)
    stored = world.database.write(_count, world, tenant_id, wanted, brought.ip)
    right = world.passwords.matches(stored, wanted.password[:_LONGEST_PASSWORD])
    _log.warning("password grant", tenant=tenant_id, application=client.app_id, right=right)
    return world.database.write(_decide, world, client, wanted, brought, right=right, stored=stored)


def _account(tx: Transaction, tenant_id: str, wanted: Wanted) -> User | None:
    """A member of this tenant; guests have no password here."""
    return users.by_account(tx, tenant_id, wanted.key)


def _count(tx: Transaction, world: World, tenant_id: str, wanted: Wanted, ip: str) -> str | None:
    """The stored hash, after the try was counted; None costs the same (T28)."""
    password_tries.count(tx, world, f"{tenant_id}:{wanted.key}", ip)
    account = _account(tx, tenant_id, wanted)
    return users.password(tx, account.id)[0] if account is not None else None


def _decide(
    tx: Transaction,
    world: World,
    client: Client,
    wanted: Wanted,
    brought: Exchange,
    *,
    right: bool,
    stored: str | None,
) -> dict[str, Any] | TokenRefused:
    account = _account(tx, client.tenant_id, wanted)
    current, expires = users.password(tx, account.id) if account is not None else (None, None)
    request = _request(client, wanted)
    attempt = sign_in_log.Direct(request, brought.ip, brought.correlation_id, wanted.key)
    if not right or account is None or current != stored:
        failure = WRONG_PASSWORD if account is not None else UNKNOWN_ADDRESS
        sign_in_log.direct(tx, world, attempt, account, failure=failure)
        return TokenRefused("invalid_grant", WRONG_PASSWORD.number, WRONG_PASSWORD.reason)
    password_tries.take_back(tx, world, f"{client.tenant_id}:{wanted.key}", brought.ip)
    refusal = _refusal(tx, client, request, account, one_time=expires is not None)
    if refusal is not None:
        sign_in_log.direct(tx, world, attempt, account, failure=Failure(refusal.number, refusal.text))
        return refusal
    sign_in_log.direct(tx, world, attempt, account)
    now = world.now()
    entry = SignIn("", account.tenant_id, account.id, account.epoch, now, now, ("pwd",))
    return tokens_of(tx, world, client, make_grant(tx, world, request, entry), brought)


def _request(client: Client, wanted: Wanted) -> AuthorizeRequest:
    return AuthorizeRequest(
        tenant_id=client.tenant_id,
        client_id=client.app_id,
        redirect_uri="",
        origin=wanted.origin,
        response_mode="query",
        resource=wanted.asked.resource,
        graph=wanted.asked.graph,
        scopes=wanted.scopes,
    )


def _refusal(
    tx: Transaction, client: Client, request: AuthorizeRequest, account: User, *, one_time: bool
) -> TokenRefused | None:
    """What stands against somebody who has proved himself (TE9)."""
    if not account.enabled:
        return TokenRefused("invalid_grant", 50057, "The user account is disabled.")
    if one_time:
        return TokenRefused("invalid_grant", 50055, "The password is expired.")
    tokens.resource_of(tx, client.tenant_id, tokens.Asked(request.resource, graph=request.graph))
    if consent.not_assigned(tx, request, account.id):
        return TokenRefused("invalid_grant", 50105, "The signed in user is not assigned to a role.")
    if consent.missing_consent(tx, request, account.id):
        return consent.consent_required("invalid_grant", client)
    return None
