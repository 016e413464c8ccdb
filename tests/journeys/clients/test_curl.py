"""curl, as the article and its readers use it (graph G84): forgotten content types, uploads without one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from house_of_guests import House

REDIRECT = "https://myapps.microsoft.com"


def _curl(environ: dict[str, str], *arguments: str) -> dict[str, Any]:
    """The answer of curl as a person would type it; a status of 400 or more fails."""
    command = ["curl", "--silent", "--show-error", "--fail-with-body", *arguments]
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def bearer(environ: dict[str, str]) -> str:
    form = [f"client_id={environ['CLIENT_ID']}", f"client_secret={environ['CLIENT_SECRET']}"]
    form += ["grant_type=client_credentials", "scope=https://graph.microsoft.com/.default"]
    url = f"{environ['READMIT']}/{environ['TENANT']}/oauth2/v2.0/token"
    answer = _curl(environ, url, *[part for field in form for part in ("--data-urlencode", field)])
    return f"Authorization: Bearer {answer['access_token']}"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(["-H", "ContentType: application/json"], id="the header of the article beside curl's form type"),
        pytest.param(["-H", "Content-Type: application/json"], id="the right header"),
        pytest.param(["-H", "Content-Type:"], id="no type"),
        pytest.param(["-H", "Content-Type:", "-H", "Expect: 100-continue"], id="no type, waits to be told to go on"),
        pytest.param(["--http1.1", "-H", "Transfer-Encoding: chunked"], id="in chunks"),
    ],
)
def test_G84_curl_resets_a_guest(house: House, environ: dict[str, str], bearer: str, headers: list[str]) -> None:
    guest = house.guest(f"{house.someone()}@fabrikam.com")
    body = {"invitedUserEmailAddress": guest["mail"], "inviteRedirectUrl": REDIRECT, "resetRedemption": True}
    text = json.dumps(body | {"invitedUser": {"id": guest["id"]}})
    answer = _curl(environ, f"{house.base}/beta/invitations", "-H", bearer, *headers, "-d", text)
    assert answer["status"] == "PendingAcceptance"
    assert answer["invitedUser"] == {"id": guest["id"], "userPrincipalName": guest["userPrincipalName"]}


def test_G84_curl_uploads_a_request_from_a_file(
    house: House, environ: dict[str, str], bearer: str, tmp_path: Path
) -> None:
    """`-T` sends no content type and `Expect: 100-continue`."""
    body = {"invitedUserEmailAddress": f"file-{next(house.strangers)}@post.example", "inviteRedirectUrl": REDIRECT}
    text = {"customizedMessageBody": "A long text. " * 380}
    (tmp_path / "invitation.json").write_text(json.dumps({**body, "invitedUserMessageInfo": text}), encoding="utf-8")
    upload = ["-X", "POST", "-T", str(tmp_path / "invitation.json")]
    answer = _curl(environ, f"{house.base}/v1.0/invitations", "-H", bearer, *upload)
    assert answer["status"] == "PendingAcceptance"


def test_G84_curl_pages_by_nextLink(environ: dict[str, str], house: House, bearer: str) -> None:
    url = f"{house.base}/v1.0/users?$filter=userType%20eq%20'Guest'&$top=15&$select=id"
    found: list[str] = []
    while url:
        page = _curl(environ, url, "-H", bearer, "--globoff")
        found += [user["id"] for user in page["value"]]
        url = page.get("@odata.nextLink", "")
    assert len(found) == len(set(found)) >= 40
