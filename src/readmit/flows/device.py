"""The device grant: a device shows a code, a person types it in a browser and decides (RFC 8628, security O9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from readmit.domain.client_address import counted
from readmit.domain.clock_skew import ahead
from readmit.domain.errors import Throttled, TokenRefused
from readmit.domain.grant import AuthorizeRequest
from readmit.domain.session import SignIn
from readmit.flows import granting, issue, tokens
from readmit.flows.browsers import digest
from readmit.flows.issue import Exchange
from readmit.flows.world import World
from readmit.storage import attempts, device_codes, grants
from readmit.storage.clients import Client
from readmit.storage.device_codes import DeviceCode
from readmit.storage.transaction import Transaction
from readmit.tokens import from_base64url

LIFETIME: Final = timedelta(seconds=600)
INTERVAL: Final = 5
_EAGER: Final = timedelta(seconds=INTERVAL - 1)
"""A second of grace for clocks and networks before a device is told to slow down."""
_CONSONANTS: Final = "BCDFGHJKLMNPQRSTVWXZ"
_LETTERS: Final = 8
_PER_SESSION: Final = 5
_PER_IP_AND_HOUR: Final = 20
_PURPOSE: Final = "user code"


@dataclass(frozen=True, slots=True)
class Started:
    """What the device gets: its own code, and the one that it shows."""

    device_code: str
    user_code: str


def start(
    tx: Transaction, world: World, client: Client, asked: tokens.Asked, scopes: tuple[str, ...], *, origin: str, ip: str
) -> Started:
    """A device asks. Raises TokenRefused where the application may not (TE4), or the resource is unknown (TE6)."""
    if not allowed(client.properties, emulated=world.settings.emulate == "entra"):
        name = "urn:ietf:params:oauth:grant-type:device_code"
        raise TokenRefused("unauthorized_client", 70003, f"The app requested an unsupported grant type '{name}'.")
    tokens.resource_of(tx, client.tenant_id, asked)
    now = world.now()
    device_codes.delete_expired(tx, now - LIFETIME)
    started = Started(world.new_secret(), _user_code(world))
    code = DeviceCode(
        hash=digest(started.device_code),
        user_code=_kept(world, started.user_code),
        tenant_id=client.tenant_id,
        client_id=client.app_id,
        resource=asked.resource,
        graph=asked.graph,
        scopes=scopes,
        origin=origin,
        requester=ip,
        expires=now + LIFETIME,
    )
    if not device_codes.insert(tx, code, now):
        raise Throttled(INTERVAL)
    return started


def allowed(properties: Mapping[str, Any], *, emulated: bool) -> bool:
    """Off unless an administrator switched it on; Microsoft's own switch counts where Microsoft is emulated."""
    return bool(properties.get("deviceCode")) or (emulated and bool(properties.get("isFallbackPublicClient")))


def _user_code(world: World) -> str:
    number = int.from_bytes(from_base64url(world.new_secret()), "big")
    letters = []
    for _ in range(_LETTERS):
        number, letter = divmod(number, len(_CONSONANTS))
        letters.append(_CONSONANTS[letter])
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"


def _kept(world: World, typed: str) -> str:
    """What the database knows of a user code: letters alone, in one case, as a keyed digest."""
    plain = "".join(letter for letter in typed.upper() if letter in _CONSONANTS)
    return world.keyring.digest(_PURPOSE, plain)


# ------------------------------------------------------------------ the browser


def enter(tx: Transaction, world: World, typed: str, *, session: str, ip: str) -> AuthorizeRequest | None:
    """What the device of this code asks for; None for a wrong one, which counts. Raises Throttled beyond the limits."""
    now = world.now()
    limits = ((f"{session}", _PER_SESSION), (f"ip:{counted(ip)}", _PER_IP_AND_HOUR))
    for subject, most in limits:
        if attempts.count(tx, "device", subject, now=now, length=attempts.HOUR) > most:
            wait = attempts.period_end(now, attempts.HOUR) - now
            raise Throttled(max(1, int(wait.total_seconds())))
    code = device_codes.waiting(tx, _kept(world, typed), now)
    if code is None:
        return None
    for subject, _ in limits:
        attempts.take_back(tx, "device", subject, now=now, length=attempts.HOUR)
    return AuthorizeRequest(
        tenant_id=code.tenant_id,
        client_id=code.client_id,
        redirect_uri="",
        origin=code.origin,
        response_mode="query",
        resource=code.resource,
        graph=code.graph,
        scopes=code.scopes,
        # Asked each time, whatever was consented to before: nobody is to be signed in on another's device unawares.
        prompt=("consent",),
        device=code.hash,
        requester=code.requester,
    )


def approve(tx: Transaction, world: World, request: AuthorizeRequest, sign_in: SignIn) -> bool:
    """The person accepts: the grant is the device's. False if its time is over."""
    assert request.device is not None
    grant = granting.make_grant(tx, world, request, sign_in)
    if device_codes.decide(tx, request.device, "approved", grant.id, world.now()):
        return True
    grants.end(tx, grant.id)
    return False


def decline(tx: Transaction, world: World, request: AuthorizeRequest) -> None:
    """The person refuses."""
    assert request.device is not None
    device_codes.decide(tx, request.device, "declined", None, world.now())


# ------------------------------------------------------------------- the device


def poll(tx: Transaction, world: World, client: Client, brought: Exchange) -> dict[str, Any] | TokenRefused:
    """Tokens once the person has accepted (TE11). A refusal that is to be kept comes back as a value."""
    now, hash = world.now(), digest(brought.token)
    code = device_codes.get(tx, hash)
    if code is None or code.client_id != client.app_id or code.tenant_id != client.tenant_id:
        raise TokenRefused("invalid_grant", 70000, "Provided grant is invalid or malformed.")
    if code.expires <= now or ahead(code.expires - LIFETIME, now):
        raise TokenRefused(
            "expired_token", 70020, "The provided value for the device code is not valid: it has expired."
        )
    if code.polled is not None and now < code.polled + _EAGER:
        device_codes.polled(tx, hash, now)
        return TokenRefused("slow_down", 70016, "OAuth 2.0 device flow error. Polling too often. Slow down.")
    if code.state == "declined":
        device_codes.delete(tx, hash)
        return TokenRefused("authorization_declined", 65004, "User declined to consent to access the app.")
    if code.grant_id is None:
        device_codes.polled(tx, hash, now)
        text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
        return TokenRefused("authorization_pending", 70016, text)
    grant = grants.get(tx, code.grant_id)
    assert grant is not None
    granting.check_alive(tx, world, grant)
    device_codes.delete(tx, hash)
    return issue.tokens_of(tx, world, client, grant, brought)
