"""The pages as one surface: their table, static files and the form of their errors."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from msgspec.structs import replace

from readmit.domain.errors import ReadmitError
from readmit.flows.world import World
from readmit.web import (
    arrive,
    callback,
    dead_ends,
    health,
    mail_choice,
    myapps,
    pages,
    redeem,
    saml,
    security_txt,
    signing_out,
)
from readmit.web.account import routes as account
from readmit.web.call import Call, Reply, Step
from readmit.web.describe import document
from readmit.web.http import Door, Refusal
from readmit.web.languages import language_of
from readmit.web.table import Entry, Table

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}


def index(world: World, call: Call) -> Step:
    """The front page; under Microsoft's My Apps hosts it is My Apps."""
    host = urlsplit(call.origin).hostname
    if host in ("myapps.microsoft.com", "myapplications.microsoft.com"):
        return myapps.my_apps(world, call)
    return pages.page(call, "index", language_of(call))


def static(world: World, call: Call) -> Step:
    """A vendored file by name."""
    name = call.parameters["name"]
    kind = _TYPES.get(name.rpartition(".")[2])
    content = _static(name) if kind else None
    if kind is None or content is None:
        raise Refusal(404)
    return Reply(200, content, (("content-type", kind), ("cache-control", "public, max-age=3600")))


@cache
def _static(name: str) -> bytes | None:
    folder = files("readmit.web") / "static"
    known = {entry.name: entry for entry in folder.iterdir() if entry.is_file()}
    return known[name].read_bytes() if name in known else None


TABLE = (
    Entry("GET", "/redeem", redeem.open_link),
    Entry("GET", "/redeem/", redeem.open_link),
    Entry("GET", "/redeem/{flow}", redeem.show),
    Entry("POST", "/redeem/{flow}", redeem.post),
    Entry("GET", callback.TEMPLATE, callback.answer),
    Entry("POST", callback.TEMPLATE, callback.post),
    Entry("GET", saml.TEMPLATE, saml.metadata),
    Entry("GET", "/signin/{flow}", redeem.show),
    Entry("POST", "/signin/{flow}", redeem.post),
    Entry("GET", "/myapps", myapps.my_apps),
    Entry("GET", "/signout", signing_out.ask),
    Entry("POST", "/signout", signing_out.sign_out_here),
    *account.ENTRIES,
    Entry("GET", mail_choice.PATH, mail_choice.open_choice),
    Entry("GET", f"{mail_choice.PATH}/{{flow}}", mail_choice.show),
    Entry("POST", f"{mail_choice.PATH}/{{flow}}", mail_choice.post),
    Entry("GET", "/leaving", arrive.leaving),
    Entry("GET", "/static/{name}", static),
    Entry("GET", security_txt.PATH, security_txt.security_txt),
    Entry("GET", "/health/live", health.live),
    Entry("GET", "/health/ready", health.ready),
    Entry("GET", "/metrics", health.metrics),
    Entry("GET", "/openapi.json", document.openapi),
    Entry("GET", "/docs", document.docs),
    Entry("GET", "/", index),
)


class Site:
    """Finds the door; every error is a page that says what to do (experience W3)."""

    def __init__(self) -> None:
        self._table = Table(TABLE)

    def find(self, world: World, call: Call) -> tuple[Door, Call]:
        door, parameters = self._table.find(call)
        if call.path in ("/redeem", "/redeem/") or not parameters:
            return door, call
        return door, replace(call, parameters=parameters)

    def shares(self, path: str) -> bool:
        """Pages are for people."""
        return False

    def aftermath(self, world: World, call: Call, error: ReadmitError) -> None:
        """Nothing: flows write down what proofs refuse."""

    def failure(self, world: World, call: Call, error: Exception) -> Reply:
        return dead_ends.failed(world, self._with_parameters(call), error)

    def _with_parameters(self, call: Call) -> Call:
        """A dead end names its flow in its buttons."""
        try:
            return replace(call, parameters=self._table.find(call)[1])
        except Refusal:
            return call
