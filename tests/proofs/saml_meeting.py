"""This server and a SAML provider that it was told of: asked once, answered as the test says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from lying_saml import Asked as Heard
from lying_saml import LyingSaml, encoded
from readmit.domain.saml import Assertion, Metadata
from readmit.proofs.saml import assertion, metadata, response
from readmit.proofs.saml.request import Asked
from world import START, Clock

ASKED = Asked("_request", "state", "https://localhost:8443/signin/saml/p1", "https://localhost:8443/signin/callback/p1")
HEARD = Heard(ASKED.id, ASKED.consumer, ASKED.service, ASKED.state, None, {})


@dataclass
class Meeting:
    clock: Clock = field(default_factory=Clock)
    idp: LyingSaml = field(default_factory=LyingSaml)
    pinned: Metadata | None = None

    def __post_init__(self) -> None:
        self.idp.now = self.clock

    def honest(self) -> Any:
        """A signed response to our request."""
        return self.idp.signed(self.idp.response(HEARD))

    def respond(self) -> str:
        return self.idp.respond(HEARD)

    def believe(self, message: str | bytes | Any, asked: Asked = ASKED) -> Assertion:
        if not isinstance(message, str):
            message = encoded(message if isinstance(message, bytes) else etree.tostring(message))
        pinned = self.pinned or metadata.read(self.idp.metadata())
        signed = response.signed_assertion(pinned, asked, message)
        return assertion.read(pinned, asked, signed, self.clock())


__all__ = ["ASKED", "HEARD", "START", "Meeting"]
