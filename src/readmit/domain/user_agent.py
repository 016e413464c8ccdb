"""A browser in plain words, from what it says of itself in `User-Agent`."""

from __future__ import annotations

from typing import Final

_BROWSERS: Final = (
    ("Edg", "Microsoft Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""What stands in the header, most telling first: all but Firefox also name whom they imitate."""
_PLATFORMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


def told_by(user_agent: str) -> tuple[str, str]:
    """(browser, system), each one of a few words of ours or empty: nothing that a stranger wrote is kept or shown."""
    return _first(_BROWSERS, user_agent), _first(_PLATFORMS, user_agent)


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for sign, name in known if sign in user_agent), "")
