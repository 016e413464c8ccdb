"""Applications as the token service sees them: who may ask for tokens, with which secrets, for which rights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from readmit.storage.columns import from_json, micros
from readmit.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Client:
    """A client in a tenant: its service principal there, and its application's registration."""

    app_id: str
    tenant_id: str
    service_principal_id: str
    display_name: str
    enabled: bool
    assignment_required: bool
    epoch: int
    application_id: str | None
    web_redirect_uris: tuple[str, ...]
    spa_redirect_uris: tuple[str, ...]
    public_redirect_uris: tuple[str, ...]
    identifier_uris: tuple[str, ...]
    app_roles: tuple[dict[str, Any], ...]
    properties: dict[str, Any]
    keys: tuple[dict[str, Any], ...] = ()
    """keyCredentials of the application and of its service principal here."""

    @property
    def public(self) -> bool:
        """No secret is asked of a client without web redirect URIs that says so."""
        return bool(self.properties.get("isFallbackPublicClient")) or (
            bool(self.public_redirect_uris or self.spa_redirect_uris) and not self.web_redirect_uris
        )

    @property
    def id_tokens_issued(self) -> bool:
        """Whether ID tokens may come from the authorization endpoint (`enableIdTokenIssuance`)."""
        web = self.properties.get("web")
        implicit = web.get("implicitGrantSettings") if isinstance(web, dict) else None
        return isinstance(implicit, dict) and implicit.get("enableIdTokenIssuance") is True

    @property
    def logout_url(self) -> str | None:
        """Where the application hears that a session ended (Front-Channel Logout 1.0)."""
        web = self.properties.get("web")
        found = (web.get("logoutUrl") if isinstance(web, dict) else None) or self.properties.get("logoutUrl")
        return found if isinstance(found, str) else None


_SELECT = """
SELECT s.app_id, s.tenant_id, s.id, s.display_name, s.account_enabled, s.assignment_required, s.epoch, a.id,
  a.web_redirect_uris, a.spa_redirect_uris, a.public_redirect_uris, a.identifier_uris, a.app_roles, a.properties,
  s.properties
FROM service_principals s LEFT JOIN applications a ON a.app_id = s.app_id AND a.deleted_at IS NULL
  AND (a.tenant_id = s.tenant_id OR json_extract(a.properties, '$.signInAudience') = 'AzureADMultipleOrgs')
"""
"""Another tenant's registration stands behind a service principal only where it is meant for several tenants."""


def get(tx: Transaction, tenant_id: str, app_id: str) -> Client | None:
    """The client of this id that the tenant knows."""
    return _one(
        tx,
        "WHERE s.app_id = :app AND s.tenant_id = :tenant AND s.deleted_at IS NULL",
        {"app": app_id.lower(), "tenant": tenant_id},
    )


def by_identifier_uri(tx: Transaction, tenant_id: str, uri: str) -> Client | None:
    """The API that is named by this identifier URI."""
    return _one(
        tx,
        "WHERE s.tenant_id = :tenant AND s.deleted_at IS NULL"
        " AND EXISTS (SELECT 1 FROM json_each(a.identifier_uris) u WHERE u.value = :uri)",
        {"uri": uri, "tenant": tenant_id},
    )


def _one(tx: Transaction, where: str, parameters: dict[str, Any]) -> Client | None:
    """With the registration in its own tenant, where several tenants have one under this client id."""
    row = tx.one(f"{_SELECT} {where} ORDER BY a.tenant_id = s.tenant_id DESC, a.id LIMIT 1", parameters)
    if row is None:
        return None
    properties = from_json(row[13]) if row[13] else {}
    lists = [tuple(from_json(text)) if text else () for text in row[8:13]]
    return Client(
        app_id=row[0],
        tenant_id=row[1],
        service_principal_id=row[2],
        display_name=row[3],
        enabled=bool(row[4]),
        assignment_required=bool(row[5]),
        epoch=row[6],
        application_id=row[7],
        web_redirect_uris=lists[0],
        spa_redirect_uris=lists[1],
        public_redirect_uris=lists[2],
        identifier_uris=lists[3],
        app_roles=lists[4],
        properties=properties,
        keys=(*properties.get("keyCredentials", ()), *from_json(row[14]).get("keyCredentials", ())),
    )


@dataclass(frozen=True, slots=True)
class Secret:
    """A client secret at rest: SHA-256 of 256 random bits, or Argon2id of what a person chose (security N8)."""

    id: str
    kind: str
    hash: str
    expired: bool


def secrets_of(tx: Transaction, application_id: str, now: datetime) -> list[Secret]:
    """The secrets of an application, expired ones too."""
    rows = tx.all(
        "SELECT id, kind, hash, ends_at <= :now OR starts_at > :now FROM client_secrets"
        " WHERE application_id = :application ORDER BY id",
        {"application": application_id, "now": micros(now)},
    )
    return [Secret(row[0], row[1], row[2], bool(row[3])) for row in rows]


def use_assertion(tx: Transaction, client_id: str, jti: str, until: datetime, now: datetime) -> bool:
    """Remember an assertion's `jti`; False if it was used before (graph G72). What is over is forgotten on the way."""
    tx.run("DELETE FROM client_assertions WHERE expires_at <= :now", {"now": micros(now)})
    sql = (
        "INSERT INTO client_assertions (client_id, jti, expires_at) VALUES (:client, :jti, :until)"
        " ON CONFLICT DO NOTHING"
    )
    return tx.run(sql, {"client": client_id, "jti": jti, "until": micros(until)}) == 1


def granted_roles(tx: Transaction, principal_id: str, resource_id: str) -> frozenset[str]:
    """Ids of the app roles that a principal holds on a resource, directly or by its groups."""
    rows = tx.all(
        "SELECT app_role_id FROM app_role_assignments WHERE resource_id = :resource AND (principal_id = :principal"
        " OR principal_id IN (SELECT m.group_id FROM group_members m JOIN groups g ON g.id = m.group_id"
        " AND g.deleted_at IS NULL WHERE m.member_id = :principal))",
        {"resource": resource_id, "principal": principal_id},
    )
    return frozenset(row[0] for row in rows)


def consented_scopes(tx: Transaction, client_sp_id: str, resource_sp_id: str, user_id: str) -> frozenset[str]:
    """Delegated scopes consented for everybody or by this user."""
    rows = tx.all(
        "SELECT scope FROM permission_grants WHERE client_id = :client AND resource_id = :resource"
        " AND (consent_type = 'AllPrincipals' OR principal_id = :user)",
        {"client": client_sp_id, "resource": resource_sp_id, "user": user_id},
    )
    return frozenset(scope for row in rows for scope in row[0].split())


def add_consent(
    tx: Transaction, client: Client, resource_sp_id: str, *, id: str, user_id: str | None, scope: str
) -> None:
    """Remember what a user consented to, or an administrator for everybody (None).

    More is added to what the same hand gave before, a user's never to what an administrator gave.
    """
    tx.run(
        "INSERT INTO permission_grants (id, tenant_id, client_id, resource_id, consent_type, principal_id, scope,"
        " given_by) VALUES (:id, :tenant, :client, :resource, :type, :user, :scope, :giver)"
        " ON CONFLICT (client_id, resource_id, COALESCE(principal_id, ''), given_by) DO UPDATE"
        " SET scope = permission_grants.scope || ' ' || excluded.scope",
        {
            "id": id,
            "tenant": client.tenant_id,
            "client": client.service_principal_id,
            "resource": resource_sp_id,
            "type": "Principal" if user_id is not None else "AllPrincipals",
            "user": user_id,
            "scope": scope,
            "giver": "user" if user_id is not None else "administrator",
        },
    )


def app_state(tx: Transaction, service_principal_id: str, tenant_id: str) -> tuple[str, int, bool] | None:
    """(display name, epoch, enabled) of a live service principal: the standing grant of app-only tokens."""
    row = tx.one(
        "SELECT display_name, epoch, account_enabled FROM service_principals"
        " WHERE id = :id AND tenant_id = :tenant AND deleted_at IS NULL",
        {"id": service_principal_id, "tenant": tenant_id},
    )
    return (row[0], row[1], bool(row[2])) if row else None
