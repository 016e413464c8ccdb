"""What an application does: asks for a code, brings it, brings what it got."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ways import begin

from readmit.domain.address import EmailAddress
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.guest import User
from readmit.domain.redemption import ToApplication
from readmit.domain.session import SignIn
from readmit.flows import authorize, bearer, refresh
from readmit.flows.browsers import Browser, session_of
from readmit.flows.issue import Exchange
from readmit.storage import apps, clients, tenants, users
from readmit.storage.clients import Client
from world import CALLBACK, EXPENSES, House

GRAPH = "https://graph.microsoft.com"
ORIGIN = "https://localhost:8443"


def asking(house: House, **more: Any) -> AuthorizeRequest:
    """An authorization request of Expenses, as the door has checked it."""
    fields: dict[str, Any] = {
        "tenant_id": house.contoso,
        "client_id": EXPENSES,
        "redirect_uri": CALLBACK,
        "origin": ORIGIN,
        "response_mode": "query",
        "resource": GRAPH,
        "scopes": ("openid", "profile", "email", "offline_access", "User.Read"),
        **more,
    }
    return AuthorizeRequest(**fields)


def arrive(house: House, address: str, **more: Any) -> Browser:
    """A browser that is signed in to Contoso as whoever has this address."""
    way = begin(house, address, more.pop("browser", None))
    if way.look().flow.method == "home":
        way.password()
    else:
        assert way.code().right
    arrived = way.proceed()
    return Browser(arrived.session_token, "192.0.2.1", "s" * 43)


def sign_in_of(house: House, browser: Browser, tenant_id: str | None = None) -> SignIn:
    session = house.read(session_of, browser.session_token, house.world.now())
    assert session is not None
    entry = session.at(tenant_id or house.contoso)
    assert entry is not None
    return entry


def client(house: House, app_id: str = EXPENSES) -> Client:
    found = house.read(clients.get, house.contoso, app_id)
    assert found is not None
    return found


def code_for(house: House, address: str, **more: Any) -> str:
    """An authorization code for a fresh sign-in of this address."""
    entry = sign_in_of(house, arrive(house, address))
    return house.write(authorize.issue_code, house.world, asking(house, **more), entry)


def bring(house: House, code: str, **more: Any) -> Any:
    """The token endpoint's `authorization_code`."""
    app = more.pop("client", None) or client(house)
    return house.write(
        authorize.redeem_code, house.world, app, Exchange(code, more.pop("redirect_uri", CALLBACK), **more)
    )


def tokens_for(house: House, address: str, **more: Any) -> dict[str, Any]:
    body = bring(house, code_for(house, address, **more))
    assert isinstance(body, dict)
    return body


def renew(house: House, token: str, **more: Any) -> Any:
    """The token endpoint's `refresh_token`."""
    app = more.pop("client", None) or client(house)
    return house.write(refresh.refresh, house.world, app, Exchange(token, **more))


def claims_of(house: House, token: str) -> dict[str, Any]:
    return dict(house.world.keyring.verify(token, house.world.now()))


def caller_of(house: House, token: str) -> Any:
    """Who calls Graph with this token."""
    return bearer.authenticate(house.world, token, lambda audience: audience == GRAPH)


def change_user(house: House, user: User, **values: Any) -> User:
    """A write past the flows' rules: what another process may have done."""
    changed = replace(user, **values)

    def save(tx: Any) -> None:
        assert users.update(tx, changed, user)

    house.write(save)
    return changed


def account(house: House, address: str) -> User:
    """A member of the tenant that has verified the address' domain."""
    tenant = house.read(tenants.by_domain, EmailAddress.parse(address).domain)
    found = house.read(users.by_upn, tenant.id, address)
    assert found is not None
    return found


def change_tenant(house: House, **values: Any) -> None:
    def save(tx: Any) -> None:
        tenants.update(tx, replace(tenants.get(tx, house.contoso), **values))

    house.write(save)


def change_application(house: House, app_id: str = EXPENSES, **values: Any) -> None:
    def save(tx: Any) -> None:
        before = apps.application_by_app_id(tx, house.contoso, app_id)
        assert apps.update_application(tx, replace(before, **values))

    house.write(save)


def change_principal(house: House, app_id: str = EXPENSES, **values: Any) -> None:
    def save(tx: Any) -> None:
        before = apps.principal_by_app_id(tx, house.contoso, app_id)
        assert apps.update_principal(tx, replace(before, **values), before)

    house.write(save)


def to_application(house: House, **more: Any) -> ToApplication:
    return ToApplication(asking(house, **more))
