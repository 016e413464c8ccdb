"""The account in a real browser without scripts: other browsers, language, leaving; by keyboard alone, and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from chromium import enter, follow
from house_of_guests import House
from test_browser import chromium

__all__ = ["chromium"]
pytestmark = pytest.mark.browser
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1"


@pytest.fixture
def browsers(chromium: Any) -> Iterator[Any]:
    """Makes pages, each in a browser of its own: narrow, dark, without scripts."""
    contexts = []

    def opened(**more: Any) -> Any:
        narrow = {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark", "locale": "en-GB"}
        context = chromium.new_context(ignore_https_errors=True, java_script_enabled=False, **(narrow | more))
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


def sign_in(house: House, page: Any, name: str) -> None:
    page.goto(f"{house.base}/account?tenantId=contoso.com")
    page.fill("input[type='email']", f"{name}@fabrikam.com")
    follow(page)
    page.fill("input[type='password']", house.password)
    follow(page)
    assert page.inner_text("h1") == "My account"


def no_wider_than_the_window(page: Any) -> bool:
    """WCAG 1.4.10: nothing scrolls sideways at 320 px."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= 320"))


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until the element has the focus; it is seen and not covered (WCAG 2.1.1, 2.4.11)."""
    wanted = page.query_selector(selector)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement === wanted", wanted):
            assert page.evaluate("wanted => getComputedStyle(wanted).outlineStyle", wanted) != "none"
            return
    raise AssertionError(f"{selector} is not reached by Tab")


def test_N3_a_lost_telephone_is_signed_out_from_the_desk_by_keyboard(house: House, browsers: Any) -> None:
    name = house.someone()
    telephone, desk = browsers(user_agent=IPHONE), browsers()
    sign_in(house, telephone, name)
    sign_in(house, desk, name)
    assert "Safari on iPhone" in desk.inner_text("main")
    assert no_wider_than_the_window(desk)
    tab_to(desk, "button[aria-describedby='session-2']")
    enter(desk)
    assert desk.inner_text("[role='status']") == "The other browser is signed out."
    assert "Safari on iPhone" not in desk.inner_text("main")
    telephone.reload()
    assert telephone.inner_text("h1") == "Sign in"
    desk.reload()
    assert desk.inner_text("h1") == "My account"


def test_LA1_the_language_is_chosen_by_keyboard_and_stays(house: House, browsers: Any) -> None:
    page = browsers()
    sign_in(house, page, house.someone())
    tab_to(page, "#language-browser")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    enter(page)
    assert page.get_attribute("html", "lang") == "ja"
    assert page.is_checked("#language-ja")
    assert no_wider_than_the_window(page)
    page.goto(f"{house.base}/myapps?tenantId=contoso.com")
    assert page.get_attribute("html", "lang") == "ja"


def test_L45_a_guest_leaves_by_keyboard_and_an_administrator_brings_him_back(house: House, browsers: Any) -> None:
    name = house.someone()
    page = browsers()
    sign_in(house, page, name)
    guest = house.graph.user(f"{name}@fabrikam.com")
    groups = house.graph.groups_of(guest["id"])
    tab_to(page, "a[href*='/account/leave']")
    enter(page)
    assert page.inner_text("h1") == "Leave Contoso?"
    assert no_wider_than_the_window(page)
    tab_to(page, "main form button")
    enter(page)
    page.keyboard.type(house.password)
    enter(page)
    assert page.inner_text("h1") == "Leave Contoso now?"
    page.go_back()
    page.go_forward()
    tab_to(page, "button[value='accept']")
    enter(page)
    assert page.inner_text("h1") == "You have left Contoso"
    page.goto(f"{house.base}/account?tenantId=contoso.com")
    assert page.inner_text("h1") == "Sign in"
    house.graph.call("POST", f"/v1.0/directory/deletedItems/{guest['id']}/restore")
    sign_in(house, browsers(), name)
    assert house.graph.groups_of(guest["id"]) == groups
