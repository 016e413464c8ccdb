"""An administrator's day with the Graph SDK: guests invited and reset in bulk while other scripts list and synchronise."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

import httpx
from azure.identity import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.invitation import Invitation
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.user import User
from msgraph_core.tasks.page_iterator import PageIterator
from talk import CLIENT_ID, CLIENT_SECRET, READMIT, TENANT, tell
from v1 import PLACE, client

GUESTS, INVITED = os.environ["GUESTS"].split(","), 40
SELECT = "userPrincipalName,mail,otherMails,externalUserState,identities,jobTitle,companyName,city"
JSON = {"Content-Type": "application/json"}
PAGE = "https://myapps.microsoft.com"


class Wire:
    """What the SDK has no typed answers for: bodies of batches, and delta pages with their removals."""

    def __init__(self):
        credential = ClientSecretCredential(TENANT, CLIENT_ID, CLIENT_SECRET, **PLACE)
        token = credential.get_token("https://graph.microsoft.com/.default").token
        self.http = httpx.AsyncClient(
            verify=os.environ["SSL_CERT_FILE"], timeout=60, headers={"Authorization": f"Bearer {token}"}
        )

    async def batch(self, requests):
        answer = await self.http.post(f"{READMIT}/v1.0/$batch", json={"requests": requests})
        return {one["id"]: one for one in answer.json()["responses"]}


class Copy:
    """A copy of the directory that is kept by delta links alone, by a client that overwrites what it is told."""

    def __init__(self, wire, headers):
        self.wire, self.headers, self.objects, self.link = wire, headers, {}, None

    async def catch_up(self):
        url = self.link or f"{READMIT}/v1.0/users/delta?$select={SELECT}"
        while url:
            body = (await self.wire.http.get(url, headers=self.headers)).json()
            for one in body["value"]:
                if "@removed" in one:
                    self.objects.pop(one["id"], None)
                else:
                    self.objects.setdefault(one["id"], {}).update(one)
            self.link, url = body.get("@odata.deltaLink"), body.get("@odata.nextLink")


def reset(id, address):
    return {
        "invitedUserEmailAddress": address,
        "inviteRedirectUrl": PAGE,
        "invitedUser": {"id": id},
        "resetRedemption": True,
    }


async def invited(wire):
    """Twenty items each: an invitation, and a read that depends on it; ids are numbers, as scripts count."""
    found, statuses = [], set()
    for first in range(0, INVITED, 10):
        requests = []
        for n in range(10):
            address = f"day{first + n}@post.example"
            body = {"invitedUserEmailAddress": address, "inviteRedirectUrl": PAGE}
            read = f"/users?$filter=mail eq '{address}'&$select=id"
            requests += [
                {"id": n, "method": "POST", "url": "/invitations", "headers": JSON, "body": body},
                {"id": n + 10, "method": "GET", "url": read, "dependsOn": [n]},
            ]
        answers = await wire.batch(requests)
        statuses |= {one["status"] for one in answers.values()}
        for n in range(10):
            (read,) = answers[str(n + 10)]["body"]["value"]
            found.append(read["id"] if answers[str(n)]["body"]["invitedUser"]["id"] == read["id"] else None)
    return found, sorted(statuses)


async def one_by_one(ids, moved):
    for n, id in enumerate(ids):
        moved[id] = f"single{n}@elsewhere.example"
        asked = Invitation(
            invited_user_email_address=moved[id],
            invite_redirect_url=PAGE,
            invited_user=User(id=id),
            reset_redemption=True,
        )
        await graph.invitations.post(asked)


async def by_batch(wire, ids, moved):
    for first in range(0, len(ids), 6):
        requests = []
        for id in ids[first : first + 6]:
            moved[id] = f"batch{len(moved)}@elsewhere.example"
            patch = {"otherMails": [moved[id]], "companyName": "Moved"}
            body = reset(id, moved[id])
            steps = [("PATCH", f"/users/{id}", patch), ("POST", "/invitations", body), ("GET", f"/users/{id}", None)]
            for step, (method, url, body) in enumerate(steps):
                item = {"id": f"{id}-{step}", "method": method, "url": url}
                item |= {"headers": JSON, "body": body} if body else {}
                requests.append(item | ({"dependsOn": [f"{id}-{step - 1}"]} if step else {}))
        answers = await wire.batch(requests)
        assert {one["status"] for one in answers.values()} == {200, 201, 204}, answers


async def removed_and_restored(ids):
    """A guest in deleted items is not reset; who comes back is reset like others."""
    refused = []
    for id in ids:
        await graph.users.by_user_id(id).delete()
        try:
            await graph.invitations.post(
                Invitation(
                    invited_user_email_address="nobody@elsewhere.example",
                    invite_redirect_url=PAGE,
                    invited_user=User(id=id),
                    reset_redemption=True,
                )
            )
        except ODataError as error:
            refused.append(error.response_status_code)
        await graph.directory.deleted_items.by_directory_object_id(id).restore.post()
    return refused


async def listing(done, wrong):
    """The question of every clean-up script, over and over: who was invited and has not come?"""
    Query = type(graph.users).UsersRequestBuilderGetQueryParameters
    since = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"userType eq 'Guest' and externalUserState eq 'PendingAcceptance' and createdDateTime ge {since}"
    asked = RequestConfiguration(query_parameters=Query(filter=text, select=["id", "externalUserState"], top=15))
    while not done.is_set():
        found = []
        pages = PageIterator(await graph.users.get(asked), graph.request_adapter)
        await pages.iterate(lambda user: (found.append(user), True)[1])  # noqa: B023 - used up in this round
        if len({user.id for user in found}) != len(found):
            wrong.append("twice")
        wrong += [user.id for user in found if user.external_user_state != "PendingAcceptance"]
        await asyncio.sleep(0)


async def following(done, copy):
    while not done.is_set():
        await copy.catch_up()


def set_only(user):
    return {name: value for name, value in user.items() if value not in (None, []) and "@" not in name}


async def main():
    wire, done, moved, wrong = Wire(), asyncio.Event(), {}, []
    copies = [Copy(wire, {}), Copy(wire, {"Prefer": "return=minimal"})]
    beside = [asyncio.create_task(following(done, copy)) for copy in copies]
    beside.append(asyncio.create_task(listing(done, wrong)))
    made, statuses = await invited(wire)
    tell(invited=len(set(made) - {None}), statuses=statuses)
    lost = [*GUESTS[8:], *made[30:]]
    refused = (
        await asyncio.gather(
            one_by_one([*GUESTS[:4], *made[:10]], moved),
            by_batch(wire, [*GUESTS[4:8], *made[10:20]], moved),
            removed_and_restored(lost),
        )
    )[2]
    done.set()
    await asyncio.gather(*beside)
    for copy in copies:
        await copy.catch_up()
    listed = (await wire.http.get(f"{READMIT}/v1.0/users?$top=999&$select=id,{SELECT}")).json()["value"]
    now = {user["id"]: set_only(user) for user in listed}
    tell(
        refused=sorted(set(refused)),
        listed_wrongly=wrong,
        copies=[{id: set_only(user) for id, user in copy.objects.items()} == now for copy in copies],
        moved=sum(
            address in (now[id]["mail"], *now[id]["otherMails"])
            and now[id]["externalUserState"] == "PendingAcceptance"
            and len(now[id]["identities"]) == 1
            for id, address in moved.items()
        ),
        kept=all(now[id]["externalUserState"] == "Accepted" for id in GUESTS[8:]),
    )


graph = client()
asyncio.run(main())
