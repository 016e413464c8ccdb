"""Clients at the token endpoint: who one is, what it asks for, and its token for itself (graph G72 to G77)."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from readmit.domain.client_address import counted
from readmit.domain.errors import Throttled, TokenRefused
from readmit.domain.graph_permissions import GRAPH_APP_ID, ROLE_NAMES
from readmit.flows import claims
from readmit.flows.world import World
from readmit.proofs import assertion
from readmit.storage import attempts, clients, roles, tenants
from readmit.storage.clients import Client, Secret
from readmit.storage.transaction import Transaction

_WRONG_PER_HOUR = 10
_PER_IP_AND_HOUR = 60
_SECOND = timedelta(seconds=1)


# ----------------------------------------------------------- who a client is


@dataclass(frozen=True, slots=True)
class Presented:
    """How a client names itself: neither secret nor assertion for a public one.

    `audiences`: what an assertion may be addressed to.
    """

    client_id: str
    secret: str | None
    ip: str
    assertion: str | None = None
    audiences: tuple[str, ...] = ()

    @property
    def acr(self) -> str:
        """0 for nothing, 1 for a secret, 2 for a certificate (graph G77 `appidacr`)."""
        if self.assertion is not None:
            return "2"
        return "0" if self.secret is None else "1"


def unknown_client(client_id: str, tenant_name: str) -> TokenRefused:
    """TE2, 700016."""
    text = f"Application with identifier '{client_id}' was not found in the directory '{tenant_name}'."
    return TokenRefused("unauthorized_client", 700016, text)


def client_of(tx: Transaction, tenant_id: str, client_id: str) -> Client:
    """The live, enabled client; raises TE2."""
    client = clients.get(tx, tenant_id, client_id)
    if client is None:
        tenant = tenants.get(tx, tenant_id)
        raise unknown_client(client_id, tenant.display_name if tenant else tenant_id)
    if not client.enabled:
        text = f"Application '{client.app_id}'({client.display_name}) is disabled."
        raise TokenRefused("unauthorized_client", 7000112, text)
    return client


def authenticated_client(world: World, tenant_id: str, presented: Presented, *, confidential: bool = False) -> Client:
    """The client after its secret or assertion was checked; wrong secrets are counted per client and address (N8)."""
    client = world.database.read(client_of, tenant_id, presented.client_id)
    if presented.assertion is not None:
        _check_assertion(world, client, presented)
        return client
    if presented.secret is None:
        if client.public and not confidential:
            return client
        text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        raise TokenRefused("invalid_client", 7000218, text, status=401)
    now = world.now()
    world.database.read(_check_attempts, client, presented, now)
    stored = world.database.read(clients.secrets_of, client.application_id or "", now)
    right = [secret for secret in stored if _matches(world, secret, presented.secret)]
    if not right:
        world.database.write(_count_wrong, client, presented, now)
        raise TokenRefused("invalid_client", 7000215, "Invalid client secret provided.", status=401)
    if all(secret.expired for secret in right):
        text = f"The provided client secret keys for app '{client.app_id}' are expired."
        raise TokenRefused("invalid_client", 7000222, text, status=401)
    return client


_ASSERTION: Final = {
    "key": (
        700027,
        "The certificate with identifier used to sign the client assertion is not registered on application.",
    ),
    "time": (700024, "Client assertion is not within its valid time range."),
    "audience": (700023, "Client assertion audience claim does not match Realm issuer."),
    "form": (50027, "JWT token is invalid or malformed."),
}
"""Numbers and texts of Microsoft's for what is wrong with an assertion."""


def _check_assertion(world: World, client: Client, presented: Presented) -> None:
    """RFC 7523: signed by a registered certificate, for us, in its time, once (graph G72)."""
    now = world.now()
    try:
        proved = assertion.verify(
            presented.assertion or "", client.keys, client_id=client.app_id, audiences=presented.audiences, now=now
        )
    except assertion.AssertionRefused as error:
        number, text = _ASSERTION[error.reason]
        raise TokenRefused("invalid_client", number, text, status=401) from error
    if not world.database.write(clients.use_assertion, client.app_id, proved.jti, proved.until, now):
        number, text = _ASSERTION["form"]
        raise TokenRefused("invalid_client", number, text, status=401)


def _matches(world: World, secret: Secret, given: str) -> bool:
    if secret.kind == "sha256":
        return hmac.compare_digest(secret.hash, hashlib.sha256(given.encode()).hexdigest())
    return world.secrets.matches(secret.hash, given, world.keyring.digest("client-secret", given))


def _check_attempts(tx: Transaction, client: Client, presented: Presented, now: datetime) -> None:
    for scope, subject, limit in _counters(client, presented):
        if attempts.current(tx, scope, subject, now=now, length=attempts.HOUR) >= limit:
            raise Throttled(int((attempts.period_end(now, attempts.HOUR) - now).total_seconds()) + 1)


def _count_wrong(tx: Transaction, client: Client, presented: Presented, now: datetime) -> None:
    for scope, subject, _ in _counters(client, presented):
        attempts.count(tx, scope, subject, now=now, length=attempts.HOUR)


def _counters(client: Client, presented: Presented) -> tuple[tuple[str, str, int], ...]:
    """A client is counted for each address: a stranger elsewhere cannot shut it out."""
    return (
        ("secret", f"{client.tenant_id}:{client.app_id}:{counted(presented.ip)}", _WRONG_PER_HOUR),
        ("secret-ip", counted(presented.ip), _PER_IP_AND_HOUR),
    )


# --------------------------------------------------------- client credentials


@dataclass(frozen=True, slots=True)
class Asked:
    """A resource as the client wrote it, and whether it is Graph under one of its names (graph G74)."""

    resource: str
    graph: bool


def resource_of(tx: Transaction, tenant_id: str, asked: Asked) -> Client:
    """The API a token is for; raises TE6."""
    if asked.graph:
        found = clients.get(tx, tenant_id, GRAPH_APP_ID)
    else:
        name = asked.resource.rstrip("/")
        found = clients.get(tx, tenant_id, name.removeprefix("api://")) or clients.by_identifier_uri(
            tx, tenant_id, name
        )
    if found is None or not found.enabled:
        tenant = tenants.get(tx, tenant_id)
        shown = tenant.display_name if tenant else tenant_id
        text = f"The resource principal named {asked.resource} was not found in the tenant named {shown}."
        raise TokenRefused("invalid_resource", 500011, text)
    return found


def client_credentials(
    world: World, tenant_id: str, presented: Presented, asked: Asked, origin: str, *, capable: bool = False
) -> dict[str, object]:
    """A token for the application itself; issuing it writes nothing (graph G77)."""
    client = authenticated_client(world, tenant_id, presented, confidential=True)
    more: dict[str, Any] = {"acr": presented.acr, "capable": capable}
    return world.database.read(_application_token, world, client, asked, origin, **more)


def _application_token(
    tx: Transaction, world: World, client: Client, asked: Asked, origin: str, *, acr: str, capable: bool
) -> dict[str, object]:
    resource = resource_of(tx, client.tenant_id, asked)
    body = claims.of_application(
        client,
        resource,
        audience=asked.resource.rstrip("/"),
        origin=origin,
        roles=role_values(tx, client.service_principal_id, resource),
        wids=sorted(roles.roles_of(tx, client.service_principal_id)),
        uti=world.new_secret()[:22],
        acr=acr,
    )
    if capable:
        body["xms_cc"] = ["CP1"]
    now = world.now()
    token = world.keyring.sign(body | claims.times(now), typ="at+jwt", now=now)
    return {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token}


def role_values(tx: Transaction, principal_id: str, resource: Client) -> list[str]:
    """Values of the enabled app roles that the principal holds, sorted."""
    held = clients.granted_roles(tx, principal_id, resource.service_principal_id)
    if resource.app_id == GRAPH_APP_ID:
        return sorted(ROLE_NAMES[role_id] for role_id in held if role_id in ROLE_NAMES)
    return sorted(
        str(role["value"])
        for role in resource.app_roles
        if role.get("id") in held and role.get("isEnabled", True) and role.get("value")
    )
