"""Catalogues: the `.po` files beside this module, read at first use; English is the message itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from readmit.locale.negotiate import LANGUAGES

_FOLDER: Final = Path(__file__).parent
_DATE_PATTERNS: Final = {"de": "dd.MM.yyyy, HH:mm", "ja": "yyyy/MM/dd H:mm"}
_OTHER_DATES: Final = "d MMMM yyyy, HH:mm"


def _two_forms(number: int) -> int:
    return 0 if number == 1 else 1


class Catalogue:
    """The messages of one language and domain (`pages` or `mail`); what is missing is read in English."""

    def __init__(
        self,
        language: str,
        messages: dict[str, tuple[str, ...]],
        plural: Callable[[int], int] = _two_forms,
    ) -> None:
        self.language = language
        self._messages = messages
        self._plural = plural

    def gettext(self, message: str) -> str:
        """The translation, or the message itself."""
        forms = self._messages.get(message)
        return forms[0] if forms else message

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The form for `number` by the plural rule of the catalogue's header."""
        forms = self._messages.get(singular)
        if not forms:
            return singular if number == 1 else plural
        return forms[min(self._plural(number), len(forms) - 1)]

    @property
    def messages(self) -> frozenset[str]:
        """What is translated, by the singular."""
        return frozenset(self._messages)


def catalogue(language: str, domain: str) -> Catalogue:
    """The catalogue of a language; an empty one (English) where there is no file or the language is not one of ours."""
    return _read(language if language in LANGUAGES else "en", domain)


@cache
def _read(language: str, domain: str) -> Catalogue:
    path = _FOLDER / language / f"{domain}.po"
    if not path.is_file():
        return Catalogue(language, {})
    from gettext import c2py

    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        entries = read_po(file, locale=language, abort_invalid=True)
    messages = {}
    for entry in entries:
        key = entry.id if isinstance(entry.id, str) else entry.id[0]
        forms = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string or ())
        # A fuzzy translation belongs to an older text: English is better than wrong.
        if key and forms and all(forms) and not entry.fuzzy:
            messages[key] = forms
    return Catalogue(language, messages, c2py(entries.plural_expr))


def format_time(when: datetime, language: str) -> str:
    """A time as people write it, in UTC and saying so: `21.11.2026, 00:04 UTC`, `2026/11/21 0:04 UTC` (LA6, LA7).

    Raises ValueError for a time without a zone (reliability DB4).
    """
    from babel.dates import format_datetime

    if when.tzinfo is None:
        raise ValueError("a time without a zone cannot be shown")
    pattern = _DATE_PATTERNS.get(language, _OTHER_DATES)
    return f"{format_datetime(when, pattern, tzinfo=UTC, locale=language.replace('-', '_'))} UTC"
