"""An application that signs people in with Authlib and Flask: login, callback, refresh, logout, each answered in JSON."""

import os
from typing import Any
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask, redirect

ISSUER, APP_ID, APP_SECRET, PORT = (os.environ[name] for name in ("ISSUER", "APP_ID", "APP_SECRET", "PORT"))
HERE = f"http://localhost:{PORT}"
SCOPE = "openid profile email offline_access"

app = Flask(__name__)
app.secret_key = os.urandom(32)
readmit = OAuth(app).register(
    "readmit",
    client_id=APP_ID,
    client_secret=APP_SECRET,
    server_metadata_url=f"{ISSUER}/.well-known/openid-configuration",
    client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
)
held: dict[str, Any] = {}


@app.errorhandler(OAuthError)
def refused(error: OAuthError) -> tuple[dict[str, Any], int]:
    return {"error": error.error, "description": error.description}, 400


@app.get("/login")
def login() -> Any:
    return readmit.authorize_redirect(f"{HERE}/callback")


@app.get("/callback")
def callback() -> dict[str, Any]:
    held["token"] = token = readmit.authorize_access_token()
    return {**token["userinfo"], "userinfo": readmit.userinfo(token=token)}


@app.get("/refresh")
def refresh() -> dict[str, Any]:
    place = readmit.load_server_metadata()["token_endpoint"]
    with OAuth2Session(APP_ID, APP_SECRET, scope=SCOPE) as session:
        token = session.refresh_token(place, refresh_token=held["token"]["refresh_token"])
    held["token"] |= token
    return dict(readmit.parse_id_token(token, nonce=None))


@app.get("/logout")
def logout() -> Any:
    fields = {"post_logout_redirect_uri": f"{HERE}/goodbye", "id_token_hint": held["token"]["id_token"]}
    return redirect(f"{readmit.load_server_metadata()['end_session_endpoint']}?{urlencode(fields)}")


@app.get("/goodbye")
def goodbye() -> dict[str, bool]:
    return {"goodbye": True}


app.run(host="127.0.0.1", port=int(PORT))
