"""A person at a console: the interactive credential of azure-identity opens a browser, and again after the sessions ended."""

import asyncio
import os

from azure.identity import ClientSecretCredential, InteractiveBrowserCredential
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from talk import CLIENT_ID, CLIENT_SECRET, READMIT, TENANT, tell


def graph(credential, scope):
    adapter = GraphRequestAdapter(
        AzureIdentityAuthenticationProvider(credential, scopes=[scope], allowed_hosts=["localhost"])
    )
    adapter.base_url = f"{READMIT}/v1.0"
    return GraphServiceClient(request_adapter=adapter)


async def main():
    place = {"authority": READMIT, "disable_instance_discovery": True}
    person = InteractiveBrowserCredential(
        tenant_id=TENANT, client_id=os.environ["CONSOLE_ID"], redirect_uri="http://localhost:53684", **place
    )
    mine = graph(person, "https://graph.microsoft.com/User.Read")
    first = await mine.me.get()
    tell(first=first.user_principal_name)
    with ClientSecretCredential(TENANT, CLIENT_ID, CLIENT_SECRET, **place) as application:
        theirs = graph(application, "https://graph.microsoft.com/.default")
        ended = await theirs.users.by_user_id(first.id).revoke_sign_in_sessions.post()
    tell(ended=ended.value)
    tell(second=(await mine.me.get()).user_principal_name)


asyncio.run(main())
