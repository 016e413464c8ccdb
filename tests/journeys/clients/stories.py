"""The story that every Graph client plays, and what must be true of it whichever client it was."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import foreign
import street
from house_of_guests import House

from readmit.cli.walker import Form, Page, Walker


def play(house: House, command: list[Any], environ: dict[str, str]) -> dict[str, Any]:
    """Run a client through the story; a person redeems in a browser of their own whenever the client asks for it."""
    number = next(house.strangers)
    old, new = f"story-{number}@post.example", f"story-{number}@moved.example"

    def redeem(told: dict[str, Any]) -> str:
        return house.redeem(house.browser(), told["link"], told["address"]).url

    return foreign.run(command, {**environ, "ADDRESS": old, "NEW_ADDRESS": new}, {"redeem": redeem}) | {
        "addresses": (old, new)
    }


def holds(facts: dict[str, Any]) -> None:
    """One guest from invitation to deletion: the reset keeps id and UPN, and waits for the new address.

    The new address was written onto the guest before (as Microsoft's cloud asks for), so `mail` stays (lifecycle L18a).
    """
    old, new = facts["addresses"]
    guest, upn = facts["invited"]["id"], facts["new"]["upn"]
    assert facts["invited"]["status"] == "PendingAcceptance"
    assert "/redeem?rd=" in facts["invited"]["link"]
    assert (facts["new"]["id"], facts["new"]["mail"], facts["new"]["state"]) == (guest, old, "PendingAcceptance")
    assert facts["accepted"]["state"] == "Accepted"
    assert facts["patched"]["otherMails"] == [new]
    assert facts["reset"] == {"id": guest, "status": "PendingAcceptance", "reset": True}
    for later in ("pending", "again"):
        now = facts[later]
        assert (now["id"], now["upn"], now["mail"], now["otherMails"]) == (guest, upn, old, [new])
    assert facts["pending"]["state"] == "PendingAcceptance"
    assert facts["again"]["state"] == "Accepted"
    listed = facts["listed"]
    assert listed["mine"]
    assert listed["count"] == listed["found"] == listed["distinct"]
    assert facts["gone"]["status"] == 404
    assert facts["gone"]["code"] == "Request_ResourceNotFound"
    assert f"Resource '{guest}' does not exist" in facts["gone"]["message"]
    if "crowd" in facts:
        assert facts["crowd"] == {"found": street.CROWD, "distinct": street.CROWD}


def signing_in(house: House) -> foreign.Answer:
    """A person who signs in where the client says, in a fresh browser; the answer is the address the browser ended at."""

    def sign_in(told: dict[str, Any]) -> str:
        walker = house.browser()
        walker.open(told["url"])
        return house.prove(walker, told["address"]).url

    return sign_in


class Arriving(Walker):
    """A browser that also arrives where the sign-in leads: at the loopback address of a program, by GET or by form_post."""

    def submit(self, values: dict[str, str] | None = None, *, form: Form | None = None) -> Page:
        chosen = form or self.page.form
        if chosen is None or self._is_ours(urljoin(self.page.url, chosen.action)):
            return super().submit(values, form=form)
        self._client.post(chosen.action, data=chosen.fields).raise_for_status()
        return self._arrived(chosen.action)

    def arrive(self) -> None:
        """Go where the last redirect led, unless a form went there already."""
        if self.page.text != "arrived":
            self._client.get(self.page.url).raise_for_status()

    def _arrived(self, url: str) -> Page:
        self.page = Page(url, 0, "arrived", [])
        return self.page
