"""The story of one guest by msal (client secret) and requests."""

import os

import msal
import requests
from talk import CLIENT_ID, CLIENT_SECRET, READMIT, TENANT, ask, tell

REDIRECT = "https://myapps.microsoft.com"
OLD, NEW = os.environ["ADDRESS"], os.environ["NEW_ADDRESS"]
SCOPES = ["https://graph.microsoft.com/.default"]
READ = "$select=id,userPrincipalName,mail,otherMails,externalUserState"


def graph(tenant, client_id):
    app = msal.ConfidentialClientApplication(
        client_id, client_credential=CLIENT_SECRET, authority=f"{READMIT}/{tenant}", instance_discovery=False
    )
    answer = app.acquire_token_for_client(SCOPES)
    assert answer["token_source"] == "identity_provider", answer
    assert app.acquire_token_for_client(SCOPES)["token_source"] == "cache"
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {answer['access_token']}"
    return session


def send(session, method, path, body=None, **headers):
    url = path if path.startswith("https:") else f"{READMIT}/v1.0/{path}"
    answer = session.request(method, url, json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def read(session, guest):
    user = send(session, "GET", f"users/{guest}?{READ}")
    kept = {"upn": user["userPrincipalName"], "state": user["externalUserState"]}
    return kept | {name: user[name] for name in ("id", "mail", "otherMails")}


def pages(session, path, **headers):
    page = send(session, "GET", path, **headers)
    count, found = page.get("@odata.count"), list(page["value"])
    while "@odata.nextLink" in page:
        page = send(session, "GET", page["@odata.nextLink"], **headers)
        found += page["value"]
    return count, found


def story(session):
    body = {"invitedUserEmailAddress": OLD, "inviteRedirectUrl": REDIRECT}
    first = send(session, "POST", "invitations", body)
    guest = first["invitedUser"]["id"]
    tell(invited={"id": guest, "status": first["status"], "link": first["inviteRedeemUrl"]}, new=read(session, guest))
    ask("redeem", link=first["inviteRedeemUrl"], address=OLD)
    tell(accepted=read(session, guest))
    send(session, "PATCH", f"users/{guest}", {"otherMails": [NEW]})
    tell(patched=read(session, guest))
    body = {"invitedUserEmailAddress": NEW, "inviteRedirectUrl": REDIRECT, "invitedUser": {"id": guest}}
    again = send(session, "POST", "invitations", body | {"resetRedemption": True})
    tell(reset={"id": again["invitedUser"]["id"], "status": again["status"], "reset": again["resetRedemption"]})
    tell(pending=read(session, guest))
    query = "$filter=userType eq 'Guest' and externalUserState eq 'PendingAcceptance'&$select=id&$top=2&$count=true"
    count, found = pages(session, f"users?{query}", ConsistencyLevel="eventual")
    ids = [user["id"] for user in found]
    tell(listed={"count": count, "found": len(ids), "distinct": len(set(ids)), "mine": guest in ids})
    ask("redeem", link=again["inviteRedeemUrl"], address=NEW)
    tell(again=read(session, guest))
    send(session, "DELETE", f"users/{guest}")
    answer = session.get(f"{READMIT}/v1.0/users/{guest}", timeout=30)
    tell(gone={"status": answer.status_code} | answer.json()["error"])


def crowd():
    session = graph(os.environ["CROWD_TENANT"], os.environ["CROWD_CLIENT_ID"])
    _, found = pages(session, "users?$filter=userType eq 'Guest'&$select=id,mail&$top=999")
    tell(crowd={"found": len(found), "distinct": len({user["id"] for user in found})})


story(graph(TENANT, CLIENT_ID))
crowd()
