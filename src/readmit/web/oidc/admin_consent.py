"""An administrator consents to an application for everybody (graph G69 `adminconsent`)."""

from __future__ import annotations

from dataclasses import replace

from readmit.domain.errors import TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.graph_permissions import SCOPE_OF_ID
from readmit.flows import tokens
from readmit.flows.world import World
from readmit.storage.clients import Client
from readmit.web.call import Call, Step
from readmit.web.oidc.authorize import begin
from readmit.web.oidc.fields import Parameters, asked_scopes, malformed, required


def admin_consent(world: World, call: Call) -> Step:
    """GET adminconsent: sign in, see what is asked for, decide; the application hears `admin_consent` or an error."""
    return begin(world, call, _asked, response_mode=lambda _: "query")


def _asked(world: World, client: Client, request: AuthorizeRequest, given: Parameters) -> AuthorizeRequest:
    if given.unusable:
        raise malformed()
    text = required(given.values, "scope")
    asked, scopes = asked_scopes(world, text)
    resource = world.database.read(tokens.resource_of, request.tenant_id, asked)
    if ".default" in scopes:
        named = tuple(scope for scope in scopes if scope != ".default")
        scopes = tuple(dict.fromkeys((*named, *_registered(client, resource))))
    if not scopes:
        text = f"The provided value for the input parameter 'scope' is not valid. The scope {text[:120]} is not valid."
        raise TokenRefused("invalid_scope", 70011, text)
    return replace(
        request,
        resource=asked.resource,
        graph=asked.graph,
        scopes=scopes,
        login_hint=given.values.get("login_hint"),
        prompt=("consent",),
        admin_consent=True,
    )


def _registered(client: Client, resource: Client) -> list[str]:
    """The delegated permissions of `requiredResourceAccess` at a resource; application permissions are no part."""
    known = dict(SCOPE_OF_ID)
    api = resource.properties.get("api")
    for scope in api.get("oauth2PermissionScopes", ()) if isinstance(api, dict) else ():
        known[str(scope.get("id"))] = str(scope.get("value"))
    needed = [
        access
        for entry in client.properties.get("requiredResourceAccess", ())
        if entry.get("resourceAppId") == resource.app_id
        for access in entry.get("resourceAccess", ())
    ]
    return [known[access["id"]] for access in needed if access.get("type") == "Scope" and access.get("id") in known]
