"""Every page on the way of a guest of a provider, looked at by axe: languages, widths, light and dark (experience W6)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import foreign
import pytest
from town import Town
from visitor import Visiting, Visitor

pytestmark = pytest.mark.browser
AXE = foreign.MODULES / "axe-core" / "axe.min.js"
RUN = """async () => {
  const values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await axe.run({ runOnly: { type: "tag", values }, resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
}"""
SHOTS = os.environ.get("SHOTS")
"""A folder that the pages are drawn into, for somebody who wants to see them."""


def _findings(visitor: Visitor, name: str, language: str) -> Iterator[list[Any]]:
    """What axe finds, and what is wider than the window."""
    page = visitor.page
    assert page.get_attribute("html", "lang") == language
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                yield [name, width, "wider than the window"]
            if SHOTS:
                page.screenshot(path=Path(SHOTS) / f"{name}-{language}-{width}-{scheme}.png", full_page=True)
            page.evaluate(AXE.read_text())
            yield from ([name, width, scheme, *found] for found in page.evaluate(RUN))


def _way(town: Town, visiting: Visiting, language: str) -> Iterator[tuple[str, Visitor]]:
    """A guest who goes every wrong way before the right one; at each page its name and the browser.

    The pages bring no script along; axe is one.
    """
    local = town.somebody()
    address, other = town.wingtip.employs(local), town.wingtip.employs(f"{local}-else")
    invited = town.invite(address, language)
    visitor = visiting(locale=language, java_script_enabled=True)
    visitor.page.goto(invited["inviteRedeemUrl"])
    yield "invitation", visitor
    visitor.go_on()
    yield "provider", visitor
    visitor.press("use", "provider")
    visitor.follow("text=[ Cancel ]")
    yield "turned-back", visitor
    visitor.press("use", "again")
    visitor.prove(address, login=other.partition("@")[0])
    yield "another-account", visitor
    visitor.press("use", "other")
    yield "address", visitor
    visitor.page.fill("main input[type='email']", address)
    visitor.go_on()
    visitor.press("use", "code")
    yield "code-request", visitor
    visitor.go_on()
    yield "code-entry", visitor
    visitor.page.fill("main input[autocomplete='one-time-code']", "0")
    visitor.go_on()
    yield "code-wrong", visitor
    visitor = visiting(locale=language, java_script_enabled=True)
    visitor.page.goto(invited["inviteRedeemUrl"])
    visitor.prove(address)
    yield "consent", visitor
    visitor.press("decision", "accept")
    yield "my-apps", visitor
    stranger = visiting(locale=language, java_script_enabled=True)
    stranger.ask_for_code(other)
    yield "unknown-account", stranger
    town.house.reset(invited["invitedUser"]["id"], address, language)
    stranger.page.goto(invited["inviteRedeemUrl"])
    yield "renewed", stranger
    stranger.page.goto(town.invite(f"{language}@{town.fourth_coffee.domain}", language)["inviteRedeemUrl"])
    stranger.go_on()
    stranger.press("use", "provider")
    yield "provider-down", stranger


@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_W6_axe_finds_nothing_on_any_page_of_the_way(town: Town, visiting: Visiting, language: str) -> None:
    found = [found for name, visitor in _way(town, visiting, language) for found in _findings(visitor, name, language)]
    assert found == []


def test_axe_is_there_and_sees_what_is_wrong(chromium: Any) -> None:
    page = chromium.new_page()
    page.set_content(
        "<html><body><h1></h1><p style='color: #ccc; background: #fff'>faint</p><img src='x'></body></html>"
    )
    page.evaluate(AXE.read_text())
    found = {id for id, *_ in page.evaluate(RUN)}
    page.close()
    assert {"color-contrast", "html-has-lang", "image-alt"} <= found
