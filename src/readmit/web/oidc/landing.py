"""Pages that the token service names in its answers: what an error's number means, where native clients end."""

from __future__ import annotations

from typing import Final

from readmit.domain.errors import TokenRefused
from readmit.flows.world import World
from readmit.web import pages
from readmit.web.call import Call, Step
from readmit.web.http import Refusal
from readmit.web.languages import language_of

NUMBERS: Final = {
    50011: "The redirect URI specified in the request does not match the redirect URIs configured for the application.",
    50020: "The account that was proved is not the one that is known here.",
    50049: "Unknown or invalid instance.",
    50055: "The password is expired.",
    50057: "The user account is disabled.",
    50058: "Session information is not sufficient for single-sign-on.",
    50079: "The user has to do something first: sign in with a browser.",
    50105: "The signed in user is not assigned to a role.",
    50126: "Error validating credentials due to invalid username or password.",
    50173: "The provided grant has expired due to it being revoked, a fresh auth token is needed.",
    50196: "Too many wrong attempts; wait.",
    54005: "OAuth2 Authorization code was already redeemed.",
    65001: "The user or administrator has not consented to use the application.",
    65004: "User declined to consent to access the app.",
    70000: "Provided grant is invalid or malformed.",
    70003: "The app requested an unsupported grant type.",
    70007: "The response mode is not supported for this response type.",
    70008: "The provided authorization code or refresh token has expired due to inactivity.",
    70011: "The provided value for the input parameter 'scope' is not valid.",
    70016: "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    70020: "The provided value for the device code is not valid: it has expired.",
    90094: "An administrator has to consent to the permissions that the application asks for.",
    90002: "Tenant not found.",
    90033: "A transient error has occurred. Please try again.",
    500011: "The resource principal was not found in the tenant.",
    501481: "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
    50027: "JWT token is invalid or malformed.",
    700016: "The application was not found in the directory.",
    700023: "Client assertion audience claim does not match Realm issuer.",
    700024: "Client assertion is not within its valid time range.",
    700027: "The certificate with identifier used to sign the client assertion is not registered on application.",
    700051: "The response type is not enabled for the application.",
    700082: "The refresh token has expired due to inactivity.",
    900144: "The request must contain a parameter that it does not contain.",
    900561: "The endpoint only accepts POST requests.",
    901002: "Request objects and client registration by parameter are not supported.",
    1002012: "Client credential flows must have a scope value with /.default suffixed to the resource identifier.",
    7000112: "The application is disabled.",
    7000215: "Invalid client secret provided.",
    7000218: "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    7000222: "The provided client secret keys are expired.",
    9002313: "Invalid request. Request is malformed or invalid.",
}
"""What each number of graph G79 says, without the values of one request."""


def error(world: World, call: Call) -> Step:
    """`/error?code=`: the page that `error_uri` names."""
    text = call.query_values().get("code", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if number not in NUMBERS:
        raise Refusal(404)
    return pages.page(call, "error_number", language_of(call), number=number, text=NUMBERS[number])


def native(world: World, call: Call) -> Step:
    """Where the browser of a native client ends; the client reads the address."""
    # Without a language switch: its links would repeat the code that stands in the address.
    return pages.page_reply(pages.render("native", language_of(call)))


def use_v2(world: World, call: Call) -> Step:
    """Endpoints of version 1.0 (graph G83)."""
    raise TokenRefused("invalid_request", 9002313, "Use the v2.0 endpoints.", status=404)
