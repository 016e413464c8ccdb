"""What goes wrong at a real provider: the guest reads it in her language, the log keeps it, nothing is bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from town import Town
from visitor import Visiting, Visitor

pytestmark = pytest.mark.browser


@dataclass
class Way:
    """An invited guest whose browser stands before the button that leads to the provider."""

    town: Town
    visitor: Visitor
    address: str
    id: str
    link: str

    @classmethod
    def of(cls, town: Town, visiting: Visiting, address: str, language: str = "en") -> Way:
        invited = town.invite(address, language)
        visitor = visiting()
        visitor.page.goto(invited["inviteRedeemUrl"])
        visitor.go_on()
        return cls(town, visitor, address, invited["invitedUser"]["id"], invited["inviteRedeemUrl"])

    @classmethod
    def to_wingtip(cls, town: Town, visiting: Visiting, language: str = "en") -> Way:
        return cls.of(town, visiting, town.wingtip.employs(town.somebody()), language)

    def leave(self) -> None:
        """To the provider."""
        self.visitor.press("use", "provider")

    def tries_again(self) -> None:
        """By the button of the page that said what happened."""
        self.visitor.press("use", "again")
        self.redeems()

    def is_told(self, title: str, *, number: int, language: str = "en") -> dict[str, Any]:
        """The page says what happened; nothing is bound, and the log's newest entry of the guest has the number."""
        page = self.visitor.page
        assert (page.locator("h1").inner_text(), page.get_attribute("html", "lang")) == (title, language)
        assert page.locator("main p").first.inner_text()
        assert page.locator(".reference code").inner_text()
        assert self.town.binding(self.id) == (None, None)
        assert self.town.house.graph.user(self.id)["externalUserState"] == "PendingAcceptance"
        newest = self.town.sign_ins(self.id)[0]
        assert newest["status"]["errorCode"] == number
        return newest

    def redeems(self) -> None:
        """Go on where the browser is, to the end."""
        self.visitor.prove(self.address)
        self.visitor.press("decision", "accept")
        assert self.visitor.at_my_apps, self.visitor.text


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Fourth Coffee does not answer"),
        ("de", "Fourth Coffee antwortet nicht"),
        ("ja", "Fourth Coffee から応答がありません"),
    ],
)
def test_a_provider_that_is_down_is_named_and_a_code_is_the_way_out(
    town: Town, visiting: Visiting, language: str, title: str
) -> None:
    address = f"{language}@{town.fourth_coffee.domain}"
    way = Way.of(town, visiting, address, language)
    way.leave()
    way.is_told(title, number=90033, language=language)
    way.visitor.press("use", "code")
    way.redeems()
    assert town.binding(way.id) == ("mail", address)


def test_a_provider_that_answers_too_late_is_asked_again_by_a_button(town: Town, visiting: Visiting) -> None:
    way = Way.to_wingtip(town, visiting)
    with town.wingtip.sluggish(6):
        way.leave()
        way.visitor.prove(way.address)
        way.is_told("Wingtip does not answer", number=90033)
    way.tries_again()


def test_renewed_keys_of_a_provider_are_fetched_and_the_guest_notices_nothing(town: Town, visiting: Visiting) -> None:
    """Security I3; a guest has signed in with the old keys a moment before."""
    before = Way.to_wingtip(town, visiting)
    before.redeems()
    town.wingtip.renew_keys()
    town.wingtip.restart()
    Way.to_wingtip(town, visiting).redeems()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_provider_whose_clock_is_an_hour_off_is_not_believed(town: Town, visiting: Visiting, hours: int) -> None:
    way = Way.to_wingtip(town, visiting)
    with town.wingtip.otherwise(CLOCK=str(hours * 3600)):
        way.leave()
        way.visitor.prove(way.address)
        way.is_told("The answer of Wingtip is not accepted", number=50178)
    way.tries_again()


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "You were not signed in there"),
        ("de", "Sie wurden dort nicht angemeldet"),
        ("ja", "そこではサインインされませんでした"),
    ],
)
def test_who_turns_back_at_the_provider_may_go_there_again(
    town: Town, visiting: Visiting, language: str, title: str
) -> None:
    way = Way.to_wingtip(town, visiting, language)
    way.leave()
    way.visitor.follow("text=[ Cancel ]")
    way.is_told(title, number=50177, language=language)
    way.tries_again()


def test_who_signs_in_there_as_somebody_else_is_told_as_whom_and_may_sign_in_anew(
    town: Town, visiting: Visiting
) -> None:
    """The provider remembers somebody else; the second time it is told to ask."""
    way = Way.to_wingtip(town, visiting)
    other = town.wingtip.employs(f"{town.somebody()}-else")
    way.leave()
    way.visitor.prove(way.address, login=other.partition("@")[0])
    way.is_told("This is another account", number=16003)
    assert other in way.visitor.text
    way.visitor.press("use", "other")
    way.redeems()
    assert town.binding(way.id)[0] == town.wingtip.issuer


def test_W2_back_reload_and_a_second_tab_do_no_harm(town: Town, visiting: Visiting) -> None:
    way = Way.to_wingtip(town, visiting)
    page = way.visitor.page
    way.leave()
    page.go_back()
    way.leave()
    page.reload()
    second = way.visitor.tab()
    second.page.goto(way.link)
    second.prove(way.address)
    way.visitor.prove(way.address)
    page.reload()
    page.go_back()
    page.go_forward()
    way.visitor.press("decision", "accept")
    assert way.visitor.at_my_apps
    second.press("decision", "accept")
    assert second.at_my_apps, "the same identity a second time is let in (lifecycle L5)"
