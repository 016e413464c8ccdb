"""The user principal name of a guest: set once, for good (lifecycle L19, L20)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readmit.domain.address import EmailAddress

_OTHER = re.compile(r"[^A-Za-z0-9'.\-_]")


def candidates(address: EmailAddress, initial_domain: str) -> Iterator[str]:
    """`alice_fabrikam.com#EXT#@contoso.onmicrosoft.com`, then with `_2`, `_3`, … before `#EXT#`."""
    local = address.local
    safe = _OTHER.sub("_", local) if local.isascii() else f"xn--{local.encode('punycode').decode('ascii')}"
    stem = f"{_OTHER.sub('_', safe)}_{address.domain}"
    yield f"{stem}#EXT#@{initial_domain}"
    number = 2
    while True:
        yield f"{stem}_{number}#EXT#@{initial_domain}"
        number += 1
