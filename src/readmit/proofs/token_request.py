"""A request to a provider's token endpoint, with the client authentication that the provider takes.

RFC 6749 sections 2.3.1 and 5.2, OpenID Connect Core 1.0 section 9.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from readmit.domain.provider import Provider, Untrusted
from readmit.proofs.discovery import Metadata, ProviderDown, json_object
from readmit.proofs.fetch import Fetched, Fetcher, FetchRefused

_ERROR: Final = re.compile(r"[a-z_]{1,40}")
_Fields = dict[str, str]


def exchange(
    fetcher: Fetcher, provider: Provider, metadata: Metadata, *, secret: str | None, grant: Mapping[str, str]
) -> dict[str, Any]:
    """What the token endpoint answers to a grant. Raises ProviderDown, Untrusted (the provider refuses it)."""
    fetched = None
    for headers, fields in _authenticated(provider, metadata, secret):
        fetched = _post(fetcher, provider, metadata, headers, {**grant, **fields})
        if fetched.status != 401 and _error(fetched) != "invalid_client":
            break
    assert fetched is not None
    if 400 <= fetched.status < 500:
        raise Untrusted(f"the token endpoint refused the code with {fetched.status} {_error(fetched)}".rstrip())
    return json_object(fetched)


def _authenticated(provider: Provider, metadata: Metadata, secret: str | None) -> Iterator[tuple[_Fields, _Fields]]:
    """Headers and form fields that say who asks; the second pair is for a provider that refuses the first.

    It may hold the client to the one method that it was registered for, whichever others it takes; and for Basic, id
    and secret are encoded like a form's, which many providers do not decode.
    """
    named = {"client_id": provider.client_id}
    if secret is None:
        yield {}, named
        return
    if metadata.takes_basic:
        pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"
        yield {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
    if metadata.takes_post or not metadata.takes_basic:
        yield {}, named | {"client_secret": secret}


def _post(
    fetcher: Fetcher, provider: Provider, metadata: Metadata, headers: Mapping[str, str], form: Mapping[str, str]
) -> Fetched:
    typed = {"content-type": "application/x-www-form-urlencoded", **headers}
    try:
        return fetcher.post(
            metadata.token_endpoint, urlencode(form).encode(), private=provider.private_network, headers=typed
        )
    except FetchRefused as error:
        raise ProviderDown(str(error)) from error


def _error(fetched: Fetched) -> str:
    """The OAuth error's code, for the log; nothing else that a provider says goes there."""
    try:
        found = msgspec.json.decode(fetched.body)
    except msgspec.DecodeError:
        return ""
    code = found.get("error") if isinstance(found, dict) else None
    return code if isinstance(code, str) and _ERROR.fullmatch(code) else ""
