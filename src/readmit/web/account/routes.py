"""The addresses of the account: one page of sections, a form for each, and leaving."""

from __future__ import annotations

from typing import Final

from readmit.web.account import applications, data, language, leave, page, passkeys, sessions
from readmit.web.table import Entry

ENTRIES: Final = (
    Entry("GET", "/account", page.show),
    Entry("POST", "/account/sessions", sessions.post),
    Entry("POST", "/account/passkeys", passkeys.post),
    Entry("POST", "/account/applications", applications.post),
    Entry("POST", "/account/language", language.post),
    Entry("GET", "/account/data", data.download),
    Entry("GET", "/account/leave", leave.show),
    Entry("POST", "/account/leave", leave.post),
    Entry("GET", "/account/left", leave.left),
)
