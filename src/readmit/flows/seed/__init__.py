"""Applying a seed file: one transaction, idempotent, and never bringing back a right that was taken away.

Each entry's key is remembered with the object it made, so that a second run finds the same guest also after a reset.
A second run creates only what no earlier run created; what differs since is listed and left (interfaces.md, seed file).
"""

from readmit.flows.seed.applying import apply
from readmit.flows.seed.entries import (
    Report,
    SeedApplication,
    SeedAssignment,
    SeedGroup,
    SeedGuest,
    SeedPartner,
    SeedProvider,
    SeedTenant,
    SeedUser,
)

__all__ = [
    "Report",
    "SeedApplication",
    "SeedAssignment",
    "SeedGroup",
    "SeedGuest",
    "SeedPartner",
    "SeedProvider",
    "SeedTenant",
    "SeedUser",
    "apply",
]
