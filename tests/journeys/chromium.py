"""The system's Chromium without a screen, and the way to press what leads to another page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

MAIN = "main form button >> nth=0"
"""The main button of a page."""

_CHROMIUM = shutil.which("chromium")
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic")


@contextmanager
def launched(*arguments: str) -> Iterator[Any]:
    """A browser; the test is skipped, with the reason, on a machine that has none."""
    if _CHROMIUM is None:
        pytest.skip("chromium is not installed: browser tests are skipped")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=[*_ARGUMENTS, *arguments])
        yield browser
        browser.close()


def follow(page: Any, selector: str = MAIN) -> None:
    """Click, and wait for the page that it leads to.

    A click alone returns before the navigation: what comes next would still meet the page before, on a slow machine.
    """
    with page.expect_navigation():
        page.click(selector)


def enter(page: Any) -> None:
    """Press Enter on what has the focus, and wait for the page that it leads to."""
    with page.expect_navigation():
        page.keyboard.press("Enter")
