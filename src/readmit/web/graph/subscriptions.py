"""Subscriptions: webhooks on users and groups (graph G59)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from readmit.domain.directory import check_access
from readmit.domain.errors import NotProvided, ReadOnly
from readmit.domain.subscription import CHANGE_TYPES, Asked, Resource, Subscription
from readmit.flows import subscriptions as flows
from readmit.flows.world import World
from readmit.web.call import Apart, Call, Reply, Step, Write
from readmit.web.graph import records, rights
from readmit.web.graph.body import Properties, object_of
from readmit.web.graph.operations import Operation, caller_of
from readmit.web.graph.render import Item, created, entity, frame_of, graph_reply, no_content
from readmit.web.graph.times import graph_time, parsed
from readmit.web.graph.viewer import viewer

_READ_ONLY: Final = ("id", "applicationId", "creatorId")
_UNPROVIDED: Final = (
    "encryptionCertificate",
    "encryptionCertificateId",
    "notificationQueryOptions",
    "notificationUrlAppId",
)
_WRITTEN: Final = (
    "changeType",
    "clientState",
    "expirationDateTime",
    "includeResourceData",
    "latestSupportedTlsVersion",
    "lifecycleNotificationUrl",
    "notificationUrl",
    "resource",
)
_NAMES: Final = (*_READ_ONLY, *_WRITTEN, *_UNPROVIDED)
_TLS: Final = ("v1_0", "v1_1", "v1_2", "v1_3")
_ELSEWHERE: Final = ("chats", "communications", "drive", "drives", "me", "print", "security", "sites", "teams")
"""Graph watches these too."""
_URL_LIMIT: Final = 2048


def item(made: Subscription) -> Item:
    """A subscription on the wire."""
    asked = made.asked
    body = {
        "id": made.id,
        "resource": asked.resource,
        "applicationId": made.app_id,
        "changeType": ",".join(asked.change_type),
        "clientState": asked.client_state,
        "notificationUrl": asked.url,
        "lifecycleNotificationUrl": asked.lifecycle_url,
        "expirationDateTime": graph_time(asked.expires),
        "creatorId": made.creator_id,
        "latestSupportedTlsVersion": asked.tls_version,
        "includeResourceData": None,
        **dict.fromkeys(_UNPROVIDED),
    }
    return Item("subscription", made.id, body)


def listing(world: World, call: Call) -> Step:
    """GET /subscriptions: the application's own."""
    found = world.database.read(flows.mine, world, caller_of(call))
    return records.whole(world, call, records.Paged("subscription", "subscriptions"), [item(one) for one in found])


def create(world: World, call: Call) -> Step:
    """POST /subscriptions."""
    asked = _asked(Properties(object_of(call), _NAMES, resource="Subscription"))
    _check_rights(world, call, asked.watched)

    def render(made: Subscription) -> Reply:
        return created(call, item(made), entity(frame_of(call), "subscriptions/$entity", item(made)))

    return Apart(render, flows.subscribe, world, caller_of(call), asked)


def read(world: World, call: Call) -> Step:
    """GET /subscriptions/{id}."""
    found = world.database.read(flows.find, world, caller_of(call), call.parameters["id"])
    return records.one(call, "subscriptions", item(found))


def update(world: World, call: Call) -> Step:
    """PATCH /subscriptions/{id}: another end; the rights are those of a new one."""
    body = Properties(object_of(call), _NAMES, resource="Subscription")
    for name in body:
        if name != "expirationDateTime":
            raise ReadOnly(name, "Subscription")
    expires = _end(body)
    found = world.database.read(flows.find, world, caller_of(call), call.parameters["id"])
    _check_rights(world, call, found.asked.watched)
    return Write(lambda made: _shown(call, made), flows.renew, world, caller_of(call), found.id, expires)


def remove(world: World, call: Call) -> Step:
    """DELETE /subscriptions/{id}."""
    return Write(lambda _: no_content(), flows.end, world, caller_of(call), call.parameters["id"])


def _shown(call: Call, made: Subscription) -> Reply:
    return graph_reply(call, 200, entity(frame_of(call), "subscriptions/$entity", item(made)))


def _check_rights(world: World, call: Call, watched: Resource) -> None:
    """What reads the resource in full; of guests nobody (graph G65, G67). Raises InsufficientPrivileges."""
    caller = caller_of(call)
    oneself = caller.user is not None and watched.kind == "user" and watched.id == caller.user.id
    access = rights.WATCH_USERS if watched.kind == "user" else rights.WATCH_GROUPS
    check_access(caller, access, viewer(world, call).tenant.settings, oneself=oneself)


# ---------------------------------------------------------------------- the body


def _asked(body: Properties) -> Asked:
    """Raises PropertyRefused (M3 to M7), NotProvided (M12)."""
    for name in body:
        if name in _READ_ONLY:
            raise ReadOnly(name, "Subscription")
        if name in _UNPROVIDED and body.raw(name) is not None:
            raise NotProvided
    if body.flag("includeResourceData", nullable=True):
        raise NotProvided
    tls = body.text("latestSupportedTlsVersion")
    if tls is not None and tls not in _TLS:
        raise body.refuse_value("latestSupportedTlsVersion")
    return Asked(
        change_type=_change_type(body),
        url=_url(body, "notificationUrl", body.needed_text("notificationUrl", limit=_URL_LIMIT)),
        watched=_watched(body),
        resource=body.needed_text("resource"),
        expires=_end(body),
        lifecycle_url=_lifecycle_url(body),
        client_state=body.text("clientState", limit=128),
        tls_version=tls,
    )


def _change_type(body: Properties) -> tuple[str, ...]:
    named = {part.strip().lower() for part in body.needed_text("changeType").split(",")}
    if not named <= set(CHANGE_TYPES):
        raise body.refuse_value("changeType")
    return tuple(name for name in CHANGE_TYPES if name in named)


def _watched(body: Properties) -> Resource:
    text = body.needed_text("resource", limit=256)
    found = Resource.parse(text)
    if found is None:
        parts = text.strip("/").lower().split("/")
        if parts[0] in _ELSEWHERE or (parts[0] in ("users", "groups") and len(parts) > 2):
            raise NotProvided
        raise body.refuse_value("resource")
    return found


def _end(body: Properties) -> datetime:
    try:
        return parsed(body.needed_text("expirationDateTime"))
    except (ValueError, OverflowError) as error:
        raise body.refuse_value("expirationDateTime") from error


def _lifecycle_url(body: Properties) -> str | None:
    text = body.text("lifecycleNotificationUrl", limit=_URL_LIMIT)
    return _url(body, "lifecycleNotificationUrl", text) if text else None


def _url(body: Properties, name: str, text: str) -> str:
    """An absolute https URL without a person's name or a fragment in it (security I1)."""
    try:
        parts = urlsplit(text)
        fine = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or not text.isascii() or " " in text or "#" in text or "\\" in text or "@" in parts.netloc:
        raise body.refuse_value(name)
    return text


OPERATIONS: Final[tuple[Any, ...]] = (
    Operation("GET", "/subscriptions", listing, rights.SUBSCRIBE),
    Operation("POST", "/subscriptions", create, rights.SUBSCRIBE),
    Operation("GET", "/subscriptions/{id}", read, rights.SUBSCRIBE),
    Operation("PATCH", "/subscriptions/{id}", update, rights.SUBSCRIBE),
    Operation("DELETE", "/subscriptions/{id}", remove, rights.SUBSCRIBE),
)
