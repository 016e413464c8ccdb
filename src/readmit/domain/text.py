"""How strings compare where Graph ignores case."""

from __future__ import annotations

import unicodedata


def fold(text: str | None) -> str | None:
    """Lower-cased NFC, the form in which G52 compares strings other than addresses; None stays None."""
    if text is None:
        return None
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).lower()
