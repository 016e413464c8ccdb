"""Which language somebody reads: tags are matched to catalogues, sources are asked in order (experience LA1, LA2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

LANGUAGES: Final = ("en", "de", "ja")
"""The catalogues there are."""
NAMES: Final = {"en": "English", "de": "Deutsch", "ja": "日本語"}
"""What each language calls itself."""
_DEFAULTS: Final = {"pt": "pt-BR", "zh": "zh-Hans"}
_LONGEST_TAG: Final = 35
_LONGEST_HEADER: Final = 1000
_MOST_ENTRIES: Final = 20
_QUALITY: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


class _Spoken(NamedTuple):
    """What a tag says, by Babel; absent parts are None."""

    language: str
    script: str | None
    territory: str | None


def match(tag: str, available: Iterable[str] = LANGUAGES) -> str | None:
    """The catalogue for a language tag under the catalogue's own name; None if there is none (LA2).

    The tag may come from anywhere; the answer is always one of `available`.
    """
    if not tag.isascii() or len(tag) > _LONGEST_TAG:
        return None
    return _match(tag.replace("_", "-").lower(), tuple(available))


@lru_cache(maxsize=1024)
def _match(tag: str, available: tuple[str, ...]) -> str | None:
    spoken = _spoken(tag)
    if spoken is None:
        return None
    language, script, territory = spoken
    by_name = {name.lower(): name for name in available}
    for parts in ((language, script, territory), (language, script), (language, territory), (language,)):
        found = by_name.get("-".join(part for part in parts if part).lower())
        if found is not None:
            return found
    default = _DEFAULTS.get(language)
    return default if default in available and _same_script(spoken, default) else None


def _spoken(tag: str) -> _Spoken | None:
    """What the longest prefix of the tag that Babel knows says."""
    from babel.core import Locale, UnknownLocaleError

    subtags = tag.split("-")
    # Babel reads the undetermined language as American English.
    while subtags and subtags[0] != "und":
        try:
            locale = Locale.parse("-".join(subtags), sep="-")
        except (UnknownLocaleError, ValueError):
            subtags.pop()
        else:
            return _Spoken(locale.language, locale.script, locale.territory)
    return None


def _same_script(spoken: _Spoken, default: str) -> bool:
    """A default catalogue serves only who reads its script: zh-TW is not zh-Hans."""
    wanted = spoken.script or _likely_script(spoken.language, spoken.territory)
    offered = _spoken(default)
    assert offered is not None
    return wanted == (offered.script or _likely_script(offered.language, offered.territory))


def _likely_script(language: str, territory: str | None) -> str | None:
    from babel.core import get_global

    likely = get_global("likely_subtags")
    full = likely.get(f"{language}_{territory}") or likely.get(language) or ""
    return next((part for part in full.split("_") if len(part) == 4 and part.isalpha()), None)


def accept_language(header: str) -> list[str]:
    """The tags of an Accept-Language header, best first; q=0 and `*` are ignored (RFC 9110 12.5.4, LA2)."""
    if len(header) > _LONGEST_HEADER:
        header = header[:_LONGEST_HEADER].rpartition(",")[0]
    weighted = []
    for entry in header.split(",")[:_MOST_ENTRIES]:
        tag, *parameters = (part.strip() for part in entry.split(";"))
        quality = _quality(parameters)
        if tag and tag != "*" and quality > 0:
            weighted.append((quality, tag))
    return [tag for _, tag in sorted(weighted, key=lambda pair: -pair[0])]


def _quality(parameters: list[str]) -> float:
    """1 where nothing is said; 0, which is ignored, where it cannot be read."""
    for parameter in parameters:
        name, _, value = (part.strip() for part in parameter.partition("="))
        if name.lower() == "q":
            return float(value) if _QUALITY.fullmatch(value) else 0.0
    return 1.0


def choose(sources: Iterable[str | None], available: Iterable[str] = LANGUAGES) -> str:
    """The first source that a catalogue serves, else English; the caller gives the order of LA1."""
    offered = tuple(available)
    for tag in sources:
        found = match(tag, offered) if tag else None
        if found is not None:
            return found
    return "en"
