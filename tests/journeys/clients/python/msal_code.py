"""A person signs in by msal with authorization code and PKCE: at a console's loopback address, then at a web application."""

import os
from urllib.parse import parse_qsl, urlsplit

import msal
import requests
from talk import CLIENT_SECRET, READMIT, TENANT, ask, tell

PERSON, GUEST = os.environ["PERSON"], os.environ["GUEST"]


def me(token):
    answer = requests.get(f"{READMIT}/v1.0/me", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    answer.raise_for_status()
    return answer.json()["userPrincipalName"]


def signed_in(app, scopes, redirect, address):
    flow = app.initiate_auth_code_flow(scopes, redirect_uri=redirect)
    arrived = ask("sign in", url=flow["auth_uri"], address=address)
    answer = app.acquire_token_by_auth_code_flow(flow, dict(parse_qsl(urlsplit(arrived).query)))
    assert "access_token" in answer, answer
    return answer


console = msal.PublicClientApplication(
    os.environ["CONSOLE_ID"], authority=f"{READMIT}/{TENANT}", instance_discovery=False
)
answer = signed_in(console, ["User.Read"], "http://localhost:53682", PERSON)
(account,) = console.get_accounts()
renewed = console.acquire_token_silent(["User.Read"], account=account, force_refresh=True)
tell(console={"name": answer["id_token_claims"]["preferred_username"], "account": account["username"]})
tell(
    me=me(answer["access_token"]),
    renewed=me(renewed["access_token"]),
    other=renewed["access_token"] != answer["access_token"],
)

tid = requests.get(f"{READMIT}/{TENANT}/v2.0/.well-known/openid-configuration", timeout=30).json()["issuer"]
expenses = msal.ConfidentialClientApplication(
    os.environ["EXPENSES_ID"], client_credential=CLIENT_SECRET, oidc_authority=tid
)
answer = signed_in(expenses, ["User.Read"], "http://localhost:9000/callback", GUEST)
claims = answer["id_token_claims"]
tell(guest={"name": claims["preferred_username"], "issuer": claims["iss"] == tid, "oid": claims["oid"]})
