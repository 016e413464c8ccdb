"""Which catalogue a tag, a header and an order of sources lead to (experience LA1 to LA3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmit.locale.negotiate import LANGUAGES, NAMES, accept_language, choose, match

ALL = ("en", "de", "ja", "fr", "es", "it", "pt-BR", "nl", "pl", "tr", "zh-Hans", "ko", "ar")


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("de-AT", "de"),
        ("de_CH", "de"),
        ("de-CH-1996", "de"),
        ("DE", "de"),
        ("de-DE-u-co-phonebk", "de"),
        ("zh-CN", "zh-Hans"),
        ("zh", "zh-Hans"),
        ("zh-Hans-TW", "zh-Hans"),
        ("PT_br", "pt-BR"),
        ("pt-PT", "pt-BR"),
        ("fr-CH", "fr"),
        ("es-419", "es"),
        ("ar-EG", "ar"),
        ("ja-JP", "ja"),
        ("en-x-anything", "en"),
    ],
)
def test_LA3_a_tag_finds_its_catalogue(tag: str, expected: str) -> None:
    assert match(tag, ALL) == expected


@pytest.mark.parametrize(
    "tag", ["zh-TW", "no", "iw", "sr-Latn-RS", "*", "../../x", "x" * 5000, "", "und", "und-DE", "dé", "-", "de\n", "c"]
)
def test_LA3_a_tag_without_a_catalogue_matches_nothing(tag: str) -> None:
    assert match(tag, ALL) is None


def test_LA2_a_tag_of_35_characters_is_read_and_one_of_36_is_not() -> None:
    assert match("de-" + "x" * 32, ALL) == "de"
    assert match("de-" + "x" * 33, ALL) is None


def test_LA2_accept_language_is_sorted_by_q_and_keeps_the_order_of_equals() -> None:
    assert accept_language("fr;q=0.5, de-AT, en;q=0.8, ja; Q=1.000, nl;level=1;q=0.9") == [
        "de-AT",
        "ja",
        "nl",
        "en",
        "fr",
    ]


@pytest.mark.parametrize("header", ["", "*", "de;q=0", "de;q=0.000", "de;q=x", "de;q=nan", "de;q=-1", ",;,", "*;q=0.5"])
def test_LA2_accept_language_ignores_stars_zeros_and_nonsense(header: str) -> None:
    assert accept_language(header) == []


def test_LA2_accept_language_reads_20_entries_and_1000_characters() -> None:
    assert len(accept_language(",".join(["de"] * 21))) == 20
    assert accept_language("a" * 990 + ",ja,de-AT-x-cut") == ["a" * 990, "ja"]


def test_LA1_the_first_source_with_a_catalogue_wins_and_english_is_last() -> None:
    assert choose([None, "", "tlh", "ja-JP", "de"], ALL) == "ja"
    assert choose(["tlh", None], ALL) == "en"


def test_every_language_has_a_name_of_its_own() -> None:
    assert tuple(NAMES) == LANGUAGES


@given(st.text(max_size=60))
def test_LA2_whatever_is_asked_the_answer_is_one_of_the_catalogues(text: str) -> None:
    assert match(text) in {*LANGUAGES, None}
    assert choose(accept_language(text)) in LANGUAGES
