"""A run inside its transaction: what earlier runs made, and what this one makes, finds different or applies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from readmit.domain.errors import OperatorError
from readmit.flows.seed.entries import Report
from readmit.flows.world import World
from readmit.storage import seeds
from readmit.storage.transaction import Transaction


class Run:
    """One run over one file, inside its transaction."""

    def __init__(self, tx: Transaction, world: World, hashes: Mapping[tuple[str, str, str], str], force: bool) -> None:
        self.tx = tx
        self.world = world
        self.hashes = hashes
        self.force = force
        self.report = Report()
        self.known = seeds.known(tx)

    def once(self, scope: str, kind: str, key: str, make: Callable[[], str], applied: Any = None) -> str:
        """The id of the entry's object: made now, or by an earlier run."""
        found = self.known.get((scope, kind, key))
        if found is not None:
            return found
        object_id = make()
        seeds.remember(self.tx, scope=scope, kind=kind, key=key, object_id=object_id, applied=applied or {})
        self.known[(scope, kind, key)] = object_id
        self.report.made.append(f"{kind} {key}")
        return object_id


def fail(line: int, text: str) -> OperatorError:
    """One sentence with the line."""
    return OperatorError(f"Seed file, line {line}: {text}.")
