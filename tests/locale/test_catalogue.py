"""Catalogues fall back to English, and times are written as readers write them (experience LA5 to LA7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from readmit.locale.catalogue import Catalogue, catalogue, format_time

WHEN = datetime(2026, 11, 21, 0, 4, tzinfo=UTC)


@pytest.mark.parametrize(("language", "domain"), [("en", "mail"), ("de", "nothing"), ("../../x", "mail")])
def test_what_has_no_file_reads_as_english(language: str, domain: str) -> None:
    found = catalogue(language, domain)
    assert found.gettext("Accept invitation") == "Accept invitation"
    assert (found.ngettext("day", "days", 1), found.ngettext("day", "days", 2)) == ("day", "days")


def test_a_missing_message_is_the_message_itself() -> None:
    assert catalogue("de", "mail").gettext("No such text") == "No such text"


def test_a_catalogue_is_read_once() -> None:
    assert catalogue("de", "mail") is catalogue("de", "mail")


def test_plural_forms_follow_the_rule_of_the_language() -> None:
    one_form = Catalogue("ja", {"day": ("日",)}, lambda number: 0)
    assert (one_form.ngettext("day", "days", 1), one_form.ngettext("day", "days", 5)) == ("日", "日")
    two_forms = Catalogue("de", {"day": ("Tag", "Tage")})
    assert (two_forms.ngettext("day", "days", 1), two_forms.ngettext("day", "days", 5)) == ("Tag", "Tage")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "21 November 2026, 00:04 UTC"),
        ("de", "21.11.2026, 00:04 UTC"),
        ("ja", "2026/11/21 0:04 UTC"),
        ("fr", "21 novembre 2026, 00:04 UTC"),
    ],
)
def test_LA6_LA7_a_time_reads_as_the_language_writes_it(language: str, text: str) -> None:
    assert format_time(WHEN, language) == text


def test_a_time_of_another_zone_is_shown_in_utc() -> None:
    assert format_time(WHEN.astimezone(timezone(timedelta(hours=9))), "de") == "21.11.2026, 00:04 UTC"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_time(WHEN.replace(tzinfo=None), "de")
