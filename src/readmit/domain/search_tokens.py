"""How `$search` takes names apart: words, and what symbols join (graph G54). Stored text and query alike."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from readmit.domain.text import fold

_WORDS: Final = re.compile(r"\S+")
_LENGTH: Final = 1024


def tokens(text: str) -> frozenset[str]:
    """Folded words, split at spaces, symbols, letter-digit and lower-upper borders, and symbol-joined words joined."""
    found: set[str] = set()
    for run in _WORDS.findall(text[:_LENGTH]):
        parts = _split(run)
        found.update(part for part in map(fold, parts) if part)
        if len(parts) > 1 and not run.isalnum():
            found.add(fold("".join(parts)) or "")
    return frozenset(found)


def _split(run: str) -> list[str]:
    """Words of a run without spaces: `helloWORLD` is two, `HELLOworld` is one."""
    parts = [""]
    before = ""
    for character in run:
        if not character.isalnum():
            parts.append("")
        elif _border(before, character):
            parts.append(character)
        else:
            parts[-1] += character
        before = character
    return [part for part in parts if part]


def _border(before: str, after: str) -> bool:
    if not before or not before.isalnum():
        return False
    return before.isdigit() != after.isdigit() or (before.islower() and after.isupper())


@lru_cache(maxsize=64)
def _asked(text: str) -> tuple[str, ...]:
    """The words of a query; joined forms are looked for in names only."""
    found = (fold(part) for run in _WORDS.findall(text[:_LENGTH]) for part in _split(run))
    return tuple(dict.fromkeys(part for part in found if part))


def has_tokens(text: str | None, query: str) -> int:
    """1 if each word of the query begins some token of the text, else 0; a query without words finds nothing."""
    asked = _asked(query)
    if text is None or not asked:
        return 0
    have = tokens(text)
    return int(all(any(token.startswith(word) for token in have) for word in asked))
