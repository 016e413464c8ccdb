"""Reads `crossTenantPartners` of a seed file: what a tenant does differently for one other organisation (graph G45)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from readmit.cli.seed_entry import Entry, fail
from readmit.domain.cross_tenant import Inbound, InboundTrust, InvalidPolicy, UserConsent
from readmit.flows.seed import SeedPartner

_Read = TypeVar("_Read")


def partner(entry: Entry) -> SeedPartner:
    """One entry; raises OperatorError with the line."""
    entry.allow("tenant", "b2bCollaborationInbound", "inboundTrust", "automaticUserConsentSettings")
    return SeedPartner(
        tenant=entry.needed("tenant"),
        inbound=_parsed(entry, "b2bCollaborationInbound", Inbound.parse),
        trust=_parsed(entry, "inboundTrust", InboundTrust.parse),
        consent=_parsed(entry, "automaticUserConsentSettings", UserConsent.parse),
        line=entry.line,
    )


def _parsed(entry: Entry, name: str, parse: Callable[[Mapping[str, Any]], _Read]) -> _Read | None:
    if not entry.has(name):
        return None
    try:
        return parse(entry.value(name))
    except InvalidPolicy as error:
        raise fail(entry.line_of(name), f"'{name}' {error}") from error
