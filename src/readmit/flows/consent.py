"""What an application may have of a user: consent, asked, remembered and applied, and assignment (security O10)."""

from __future__ import annotations

from dataclasses import replace

from readmit.domain.audit import Event
from readmit.domain.errors import TokenRefused
from readmit.domain.grant import OPENID_SCOPES, AuthorizeRequest
from readmit.domain.graph_permissions import GRAPH_APP_ID
from readmit.domain.permission import CONSENT_ROLES
from readmit.flows import tokens
from readmit.flows.record import object_event
from readmit.flows.world import World
from readmit.storage import clients, roles
from readmit.storage.clients import Client
from readmit.storage.grants import Grant
from readmit.storage.transaction import Transaction


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
    have = _consented(tx, client, resource, user_id)
    wanted = [scope for scope in request.scopes if scope != ".default"]
    return tuple(scope for scope in wanted if scope not in have)


def _consented(tx: Transaction, client: Client, resource: Client, user_id: str) -> frozenset[str]:
    """What the application may have of a resource for this user, OpenID's own scopes among it."""
    have = clients.consented_scopes(tx, client.service_principal_id, resource.service_principal_id, user_id)
    if resource.app_id == GRAPH_APP_ID:
        return have
    # OpenID's own scopes belong to no API; their consent stands at Graph, wherever else a token is for.
    graph = tokens.resource_of(tx, client.tenant_id, tokens.Asked(GRAPH_APP_ID, graph=True))
    told = clients.consented_scopes(tx, client.service_principal_id, graph.service_principal_id, user_id)
    return have | (told & OPENID_SCOPES)


def still_consented(tx: Transaction, client: Client, grant: Grant) -> Grant:
    """The grant with those of its scopes that are consented to now: who takes a consent back ends it at once.

    A refresh token lives for months, and nobody is asked again meanwhile (security O10). Raises TokenRefused: 65001
    where nothing is left, 50105 where the application has come to want an assignment that the user lacks.
    """
    if client.assignment_required and not clients.granted_roles(tx, grant.user_id, client.service_principal_id):
        raise TokenRefused("invalid_grant", 50105, "The signed in user is not assigned to a role.")
    resource = tokens.resource_of(tx, grant.tenant_id, tokens.Asked(grant.resource, graph=grant.graph))
    have = _consented(tx, client, resource, grant.user_id)
    scopes = [scope for scope in grant.scope.split() if scope in have]
    if not scopes:
        raise consent_required("invalid_grant", client)
    return replace(grant, scope=" ".join(scopes))


def record_consent(tx: Transaction, world: World, request: AuthorizeRequest, user_id: str) -> Event | None:
    """Remember that the user consented, and what is to be noted of it; a reset forgets it (lifecycle L6).

    For everybody, where that is what was asked. None where there is nothing new.
    """
    client, resource = _parties(tx, request)
    giver = None if request.admin_consent else user_id
    missing = missing_consent(tx, request, giver or "")
    if not missing:
        return None
    scope = " ".join(missing)
    clients.add_consent(tx, client, resource.service_principal_id, id=world.new_secret(), user_id=giver, scope=scope)
    target = ("ServicePrincipal", client.service_principal_id, client.display_name)
    told = {"principal": giver, "resource": resource.app_id, "scope": scope}
    return object_event("Consent to application", "ApplicationManagement", "Assign", target, **told)


def admin_needed() -> TokenRefused:
    """Everybody's consent is not for this user to give (graph G66)."""
    text = "An administrator has to consent to the permissions that the application asks for."
    return TokenRefused("access_denied", 90094, text)


def decides_for_all(tx: Transaction, user_id: str) -> bool:
    """Whether this user's roles let him consent for the whole organisation (graph G66)."""
    return bool(roles.roles_of(tx, user_id) & CONSENT_ROLES)


def granted_scopes(tx: Transaction, request: AuthorizeRequest, user_id: str) -> tuple[str, ...]:
    """The scopes of a new grant: `.default` stands for everything that is consented to at its resource."""
    if ".default" not in request.scopes:
        return request.scopes
    client, resource = _parties(tx, request)
    have = clients.consented_scopes(tx, client.service_principal_id, resource.service_principal_id, user_id)
    named = [scope for scope in request.scopes if scope != ".default"]
    return (*named, *sorted(have - OPENID_SCOPES - set(named)))


def turned(tx: Transaction, client: Client, grant: Grant, asked: tokens.Asked, scopes: tuple[str, ...] = ()) -> Grant:
    """The grant for a token of what is asked, at its own resource or at another one (G73).

    A refresh token stands for a user at an application: clients sign in with a scope and ask for `.default`, or for
    another scope, afterwards. What is consented to is told, what is not is refused; of another resource everything
    consented to there, never the scopes of the first. An application may have a token for itself without a consent.
    """
    resource = tokens.resource_of(tx, grant.tenant_id, asked)
    first = tokens.resource_of(tx, grant.tenant_id, tokens.Asked(grant.resource, graph=grant.graph))
    turned = replace(grant, resource=asked.resource, graph=asked.graph)
    have = clients.consented_scopes(tx, client.service_principal_id, resource.service_principal_id, grant.user_id)
    have -= OPENID_SCOPES
    held = grant.scope.split()
    if resource.app_id == first.app_id:
        wanted = [scope for scope in scopes if scope != ".default" and scope not in OPENID_SCOPES and scope not in held]
        if not have.issuperset(wanted):
            raise consent_required("invalid_grant", client)
        more = sorted(have.difference(held, wanted)) if ".default" in scopes else ()
        return replace(turned, scope=" ".join((*held, *wanted, *more)))
    if not have and resource.app_id != client.app_id:
        raise consent_required("invalid_grant", client)
    kept = (scope for scope in held if scope in OPENID_SCOPES)
    return replace(turned, scope=" ".join((*kept, *sorted(have))))


def not_assigned(tx: Transaction, request: AuthorizeRequest, user_id: str) -> bool:
    """Whether the application wants an assignment that the user lacks (50105, P11)."""
    client = tokens.client_of(tx, request.tenant_id, request.client_id)
    if not client.assignment_required or request.admin_consent:
        return False
    return not clients.granted_roles(tx, user_id, client.service_principal_id)
