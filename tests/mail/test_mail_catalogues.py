"""The mail catalogues are complete, keep every placeholder and hold no markup (experience LA4)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

import readmit

PACKAGE = Path(readmit.__file__).parent
PLACEHOLDER = re.compile(r"%\(\w+\)s")


@cache
def wanted() -> frozenset[str | tuple[str, ...]]:
    """The messages of the templates; plural ones as tuples."""
    found: set[str | tuple[str, ...]] = set()
    for path in (PACKAGE / "mail" / "templates").rglob("*.*"):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ["_", "ngettext"], [], {}):
                found.add(message if isinstance(message, str) else tuple(part for part in message if part))
    return frozenset({part[0] if isinstance(part, tuple) and len(part) == 1 else part for part in found})


def catalogue(language: str) -> Catalog:
    with (PACKAGE / "locale" / language / "mail.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@pytest.mark.parametrize("language", ["de", "ja"])
def test_LA4_every_message_is_there_and_none_is_left_over(language: str) -> None:
    assert {entry.id for entry in catalogue(language) if entry.id} == wanted()


@pytest.mark.parametrize("language", ["de", "ja"])
def test_LA4_translations_have_all_forms_the_same_placeholders_and_no_markup(language: str) -> None:
    entries = catalogue(language)
    for entry in entries:
        if not entry.id:
            continue
        forms = (entry.string,) if isinstance(entry.string, str) else entry.string
        ids = (entry.id,) if isinstance(entry.id, str) else entry.id
        assert len(forms) == (1 if isinstance(entry.id, str) else entries.num_plurals)
        for form in forms:
            assert sorted(PLACEHOLDER.findall(form)) == sorted(PLACEHOLDER.findall(ids[0])), ids[0]
            assert not re.search(r"[<>&]|%(?!\()", form)
        assert not entry.fuzzy


def test_LA7_japanese_uses_full_width_punctuation() -> None:
    for entry in catalogue("ja"):
        if entry.id:
            forms = (entry.string,) if isinstance(entry.string, str) else entry.string
            assert not any(re.search(r"[!?,;:]", PLACEHOLDER.sub("", form)) for form in forms), entry.id
