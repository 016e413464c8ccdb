"""A person at a console: the interactive credential of azure-identity opens a browser, and again after the sessions ended."""

import asyncio
import os

from azure.identity import InteractiveBrowserCredential
from talk import TENANT, tell
from v1 import PLACE, client


async def main():
    person = InteractiveBrowserCredential(
        tenant_id=TENANT, client_id=os.environ["CONSOLE_ID"], redirect_uri="http://localhost:53684", **PLACE
    )
    mine = client(person, "https://graph.microsoft.com/User.Read")
    first = await mine.me.get()
    tell(first=first.user_principal_name)
    ended = await client().users.by_user_id(first.id).revoke_sign_in_sessions.post()
    tell(ended=ended.value)
    tell(second=(await mine.me.get()).user_principal_name)


asyncio.run(main())
