"""Messages and facts that the mail tests vary."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from readmit.mail.compose import compose
from readmit.mail.render import Rendered

INVITATION: dict[str, Any] = {
    "organisation": "Contoso",
    "organisation_domain": "contoso.com",
    "inviter_name": "Ada Admin",
    "application_name": None,
    "custom_message": "Welcome!\nSee you on Monday.",
    "link": "https://localhost:8443/redeem?rd=abc&x=1",
    "redirect_host": "myapp.example",
    "address": "ana@new.example",
    "display_name": "Ana",
    "privacy_url": "https://contoso.com/privacy",
    "choice_url": "https://localhost:8443/unsubscribe?tenantId=t",
}
PASSCODE: dict[str, Any] = {
    "organisation": "Contoso",
    "application": "Expenses",
    "code": "01234567",
    "minutes": 10,
    "requested_at": "21 November 2026, 00:04 UTC",
    "requester_ip": "192.0.2.7",
}
CODE_LOCK: dict[str, Any] = {"organisation": "Contoso", "until": "22 November 2026, 00:00 UTC"}
PASSKEY: dict[str, Any] = {
    "organisation": "Contoso",
    "at": "21 November 2026, 00:04 UTC",
    "link": "https://localhost:8443/account?tenantId=t",
}
FACTS: dict[str, dict[str, Any]] = {
    "invitation": INVITATION,
    "reset": INVITATION,
    "passcode": PASSCODE,
    "code_lock": CODE_LOCK,
    "passkey_added": PASSKEY,
    "passkey_removed": PASSKEY,
}
CREATED = datetime(2026, 11, 21, 0, 4, tzinfo=UTC)


def message(**changes: Any) -> bytes:
    """A composed message; `subject`, `text` and `html` or any argument of `compose` may be given."""
    words = {
        "subject": changes.pop("subject", "You are invited"),
        "text": changes.pop("text", "Words\n"),
        "html": changes.pop("html", "<p>Words</p>"),
    }
    arguments: dict[str, Any] = {
        "rendered": Rendered(**words),
        "language": "en",
        "from_address": "readmit@contoso.com",
        "from_name": "Contoso",
        "to": "ana@new.example",
        "cc": (),
        "reply_to": None,
        "message_id": "<8c3d@contoso.com>",
        "reference": "8c3d",
        "date": CREATED,
    }
    return compose(**(arguments | changes))
