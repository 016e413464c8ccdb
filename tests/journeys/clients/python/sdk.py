"""The story of one guest by the Graph SDK: `sdk.py msgraph` or `sdk.py msgraph_beta`, with azure-identity's async credential."""

import asyncio
import importlib
import os
import sys

from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph_core.tasks.page_iterator import PageIterator
from talk import CLIENT_ID, CLIENT_SECRET, READMIT, TENANT, ask, tell

PACKAGE = sys.argv[1]
VERSION = {"msgraph": "v1.0", "msgraph_beta": "beta"}[PACKAGE]
REDIRECT = "https://myapps.microsoft.com"
OLD, NEW = os.environ["ADDRESS"], os.environ["NEW_ADDRESS"]


def load(path, name):
    return getattr(importlib.import_module(f"{PACKAGE}.{path}"), name)


Invitation = load("generated.models.invitation", "Invitation")
User = load("generated.models.user", "User")
UsersRequestBuilder = load("generated.users.users_request_builder", "UsersRequestBuilder")
UserItemRequestBuilder = load("generated.users.item.user_item_request_builder", "UserItemRequestBuilder")
READ = ["id", "displayName", "userPrincipalName", "mail", "otherMails", "externalUserState"]
READ.append("externalUserStateChangeDateTime")


def graph(credential):
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=["https://graph.microsoft.com/.default"], allowed_hosts=["localhost"]
    )
    adapter = load("graph_request_adapter", "GraphRequestAdapter")(provider)
    adapter.base_url = f"{READMIT}/{VERSION}"
    return load("graph_service_client", "GraphServiceClient")(request_adapter=adapter)


def credential(tenant, client_id):
    return ClientSecretCredential(tenant, client_id, CLIENT_SECRET, authority=READMIT, disable_instance_discovery=True)


async def read(client, user_id):
    asked = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(select=READ)
    user = await client.users.by_user_id(user_id).get(RequestConfiguration(query_parameters=asked))
    return {
        "id": user.id,
        "upn": user.user_principal_name,
        "mail": user.mail,
        "otherMails": user.other_mails,
        "state": user.external_user_state,
        "changed": str(user.external_user_state_change_date_time),
    }


async def invite(client, address, **more):
    body = Invitation(invited_user_email_address=address, invite_redirect_url=REDIRECT, **more)
    return await client.invitations.post(body)


async def story(client):
    first = await invite(client, OLD, invited_user_display_name="Alice", send_invitation_message=False)
    guest = first.invited_user.id
    tell(invited={"id": guest, "status": first.status, "link": first.invite_redeem_url})
    tell(new=await read(client, guest))
    ask("redeem", link=first.invite_redeem_url, address=OLD)
    tell(accepted=await read(client, guest))
    await client.users.by_user_id(guest).patch(User(other_mails=[NEW]))
    tell(patched=await read(client, guest))
    again = await invite(client, NEW, invited_user=User(id=guest), reset_redemption=True)
    tell(reset={"id": again.invited_user.id, "status": again.status, "reset": again.reset_redemption})
    tell(pending=await read(client, guest))
    tell(listed=await pending(client, guest))
    ask("redeem", link=again.invite_redeem_url, address=NEW)
    tell(again=await read(client, guest))
    await client.users.by_user_id(guest).delete()
    try:
        await client.users.by_user_id(guest).get()
    except APIError as error:
        tell(gone={"status": error.response_status_code, "code": error.error.code, "message": error.error.message})


async def pending(client, guest):
    """The filtered list, counted, in pages of two: the SDK's own iterator walks them."""
    asked = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        filter="userType eq 'Guest' and externalUserState eq 'PendingAcceptance'", select=["id"], top=2, count=True
    )
    configuration = RequestConfiguration(query_parameters=asked)
    configuration.headers.add("ConsistencyLevel", "eventual")
    page = await client.users.get(configuration)
    found = []
    iterator = PageIterator(page, client.request_adapter)
    iterator.headers.add("ConsistencyLevel", "eventual")
    await iterator.iterate(lambda user: found.append(user.id) or True)
    return {"count": page.odata_count, "found": len(found), "distinct": len(set(found)), "mine": guest in found}


async def crowd():
    async with credential(os.environ["CROWD_TENANT"], os.environ["CROWD_CLIENT_ID"]) as signed_in:
        client = graph(signed_in)
        asked = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
            filter="userType eq 'Guest'", select=["id", "mail"], top=999
        )
        page = await client.users.get(RequestConfiguration(query_parameters=asked))
        found = []
        iterator = PageIterator(page, client.request_adapter)
        await iterator.iterate(lambda user: found.append(user.mail) or True)
        tell(crowd={"found": len(found), "distinct": len(set(found))})


async def main():
    async with credential(TENANT, CLIENT_ID) as signed_in:
        token = await signed_in.get_token("https://graph.microsoft.com/.default")
        tell(token=token.token.count("."))
        await story(graph(signed_in))
    if PACKAGE == "msgraph":  # reading 2,500 users takes the SDK 15 seconds; once is enough
        await crowd()


asyncio.run(main())
