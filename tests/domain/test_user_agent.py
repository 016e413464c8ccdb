"""Browsers in plain words."""

from __future__ import annotations

import pytest

from readmit.domain.user_agent import told_by

MOZILLA = "Mozilla/5.0 "


@pytest.mark.parametrize(
    ("user_agent", "told"),
    [
        ("(Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", ("Firefox", "Windows")),
        (
            "(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            ("Microsoft Edge", "Windows"),
        ),
        ("(X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36", ("Chrome", "Linux")),
        ("(X11; CrOS x86_64 14541) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36", ("Chrome", "ChromeOS")),
        ("(X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 OPR/120.0", ("Opera", "Linux")),
        (
            "(Linux; Android 15; SM-S931B) SamsungBrowser/28.0 Chrome/130.0 Mobile Safari",
            ("Samsung Internet", "Android"),
        ),
        ("(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15", ("Safari", "macOS")),
        ("(iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1", ("Safari", "iPhone")),
        ("(iPad; CPU OS 18_5 like Mac OS X) CriOS/140.0 Mobile/15E148 Safari/604.1", ("Chrome", "iPad")),
        ("(Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", ("Firefox", "Android")),
        ("(iPhone; CPU iPhone OS 18_5 like Mac OS X) FxiOS/140.0 Mobile/15E148 Safari/604.1", ("Firefox", "iPhone")),
        ("", ("", "")),
    ],
)
def test_a_browser_is_told_in_plain_words(user_agent: str, told: tuple[str, str]) -> None:
    assert told_by(MOZILLA + user_agent) == told


@pytest.mark.parametrize("user_agent", ["", "curl/8.5.0", "<script>alert(1)</script>", "a" * 5000, "\x00\u202e"])
def test_what_a_stranger_writes_is_never_kept(user_agent: str) -> None:
    assert told_by(user_agent) == ("", "")
