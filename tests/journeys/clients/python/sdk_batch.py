"""Batches of the Graph SDK: absolute URLs, a chain by `depends_on`, and one refused item among good ones."""

import asyncio
import os

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.invitation import Invitation
from msgraph.generated.models.user import User
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem
from talk import tell
from v1 import client

GUEST, NEW = os.environ["GUEST"], os.environ["NEW_ADDRESS"]


def item(information: RequestInformation, name, *after):
    information.path_parameters.setdefault("baseurl", graph.request_adapter.base_url)
    return BatchRequestItem(information, id=name, depends_on=list(after))


async def main():
    users = graph.users
    guest = users.by_user_id(GUEST)
    reset = Invitation(
        invited_user_email_address=NEW,
        invite_redirect_url="https://myapps.microsoft.com",
        invited_user=User(id=GUEST),
        reset_redemption=True,
    )
    nobody = users.by_user_id("00000000-0000-4000-8000-000000000000")
    Query = type(users).UsersRequestBuilderGetQueryParameters
    listing = RequestConfiguration(
        query_parameters=Query(filter=f"id eq '{GUEST}'", select=["id", "externalUserState"])
    )
    steps = [
        item(guest.to_patch_request_information(User(other_mails=[NEW])), "write"),
        item(graph.invitations.to_post_request_information(reset), "reset", "write"),
        item(users.to_get_request_information(listing), "read", "reset"),
        item(nobody.to_get_request_information(), "nobody"),
        item(guest.to_get_request_information(), "never", "nobody"),
    ]
    answers = await graph.batch.post(BatchRequestContent({step.id: step for step in steps}))
    tell(statuses=answers.get_response_status_codes())
    # The SDK of today loses the bodies of batch items (microsoft/kiota-python#737), on Microsoft's cloud as well.
    page = await users.get(listing)
    tell(read=[[user.id, user.external_user_state] for user in page.value])


graph = client()
asyncio.run(main())
