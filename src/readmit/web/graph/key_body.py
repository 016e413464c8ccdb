"""Reads `keyCredentials`: certificates that verify an application's assertions (graph G35, G72)."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any, Final

from readmit.domain.errors import InvalidValue
from readmit.proofs import assertion
from readmit.web.graph.body import Properties

_MEMBERS: Final = (
    "customKeyIdentifier",
    "displayName",
    "endDateTime",
    "hasExtendedValue",
    "key",
    "keyId",
    "startDateTime",
    "type",
    "usage",
)
_MOST: Final = 20


def read_keys(body: Properties, name: str) -> list[dict[str, Any]]:
    """The whole new list. An entry without `key` stands for one that is there, by its `keyId`.

    Raises WrongType (M3), UnknownProperty (M4), InvalidValue (M6) for what is no certificate or not to verify with.
    """
    entries = body.each(name, _MEMBERS) or []
    if len(entries) > _MOST:
        raise body.refuse_value(name)
    return [_read(entry) for entry in entries]


def _read(entry: Properties) -> dict[str, Any]:
    text = entry.text("key")
    if text is None:
        return {"keyId": entry.needed_text("keyId").lower(), "key": None}
    if entry.text("usage") not in (None, "Verify") or entry.text("type") not in (None, "AsymmetricX509Cert"):
        raise entry.refuse_value("usage")
    try:
        found = assertion.certificate(text)
    except assertion.InvalidCertificate as error:
        raise entry.refuse_value("key") from error
    key_id = entry.text("keyId") or _id_of(text)
    try:
        key_id = str(uuid.UUID(key_id))
    except ValueError as error:
        raise InvalidValue("keyCredentials.keyId", "Application") from error
    return assertion.key_credential(found, key_id=key_id, display_name=entry.text("displayName", limit=120))


def _id_of(text: str) -> str:
    """The same certificate has the same id however often it is written."""
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4))
