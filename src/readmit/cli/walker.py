"""A browser that needs no screen: it opens pages, fills in their main form and follows redirects, over real HTTPS."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    import httpx2


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes, what it holds, which inputs and buttons it has."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    inputs: list[dict[str, str]] = field(default_factory=list)
    buttons: list[dict[str, str]] = field(default_factory=list)

    def input_for(self, **wanted: str) -> str | None:
        """The name of the first input with such attributes (`type`, `autocomplete`, `inputmode`)."""
        for entry in self.inputs:
            if all(entry.get(name) == value for name, value in wanted.items()):
                return entry.get("name")
        return None


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.text: list[str] = []
        self._open: Form | None = None
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in ("style", "script", "title"):
            self._skipped += 1
        elif tag == "form":
            self._open = Form(values.get("action", ""))
            self.forms.append(self._open)
        elif tag == "input" and self._open is not None:
            if values.get("type") == "hidden":
                self._open.fields[values.get("name", "")] = values.get("value", "")
            else:
                self._open.inputs.append(values)
        elif tag == "button" and self._open is not None:
            self._open.buttons.append(values)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "title"):
            self._skipped -= 1
        elif tag == "form":
            self._open = None

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.text.append(data)


@dataclass(slots=True)
class Page:
    """What the browser shows."""

    url: str
    status: int
    text: str
    forms: list[Form]

    @property
    def form(self) -> Form | None:
        """The main form."""
        return self.forms[0] if self.forms else None


class Walker:
    """One browser with its own cookies. Redirects to hosts that are not the server's end there."""

    def __init__(self, client: httpx2.Client, base: str) -> None:
        self._client = client
        self._base = base
        self.page = Page("", 0, "", [])

    def open(self, url: str) -> Page:
        """GET, following redirects."""
        here = self.page.url if self._is_ours(self.page.url) else self._base
        return self._follow("GET", urljoin(here, url), None)

    def submit(self, values: dict[str, str] | None = None, *, form: Form | None = None) -> Page:
        """POST the main form (or the given one) with these values."""
        chosen = form or self.page.form
        if chosen is None:
            raise RuntimeError(f"the page at {self.page.url} has no form")
        return self._follow("POST", urljoin(self.page.url, chosen.action), {**chosen.fields, **(values or {})})

    def _follow(self, method: str, url: str, data: dict[str, str] | None) -> Page:
        for _ in range(20):
            if not self._is_ours(url):
                self.page = Page(url, 0, "", [])
                return self.page
            headers = {"origin": self._base} if method == "POST" else {}
            answer = self._client.request(method, url, data=data, headers=headers, follow_redirects=False)
            if answer.status_code in (301, 302, 303):
                method, data, url = "GET", None, urljoin(url, answer.headers["location"])
                continue
            self.page = _page(url, answer.status_code, answer.text)
            return self.page
        raise RuntimeError(f"too many redirects at {url}")

    def _is_ours(self, url: str) -> bool:
        return urlsplit(url)[:2] == urlsplit(self._base)[:2]


def _page(url: str, status: int, html: str) -> Page:
    reader = _Reader()
    reader.feed(html)
    text = re.sub(r"\s+", " ", " ".join(reader.text)).strip()
    return Page(url, status, text, reader.forms)
