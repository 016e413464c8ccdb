"""A table of doors by method and path template, matched by Starlette's path compiler."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.routing import compile_path

from readmit.web.call import Call
from readmit.web.http import Door, Refusal


@dataclass(frozen=True, slots=True)
class Entry:
    """`methods` is a space-separated list; HEAD goes where GET goes."""

    methods: str
    template: str
    door: Door


class Table:
    """Finds the door of a path; a known path under another method is 405, an unknown one 404."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries: list[tuple[re.Pattern[str], dict[str, Door]]] = []
        for entry in entries:
            pattern, _, _ = compile_path(entry.template)
            doors = dict.fromkeys(entry.methods.split(), entry.door)
            if "GET" in doors:
                doors["HEAD"] = entry.door
            self._entries.append((pattern, doors))

    def matches(self, path: str) -> bool:
        """Whether any entry has this path."""
        return any(pattern.match(path) for pattern, _ in self._entries)

    def find(self, call: Call) -> tuple[Door, dict[str, str]]:
        """The door and the decoded path parameters; raises Refusal(404) or Refusal(405)."""
        known = False
        for pattern, doors in self._entries:
            match = pattern.match(call.path)
            if match is None:
                continue
            known = True
            door = doors.get(call.method)
            if door is not None:
                return door, {name: unquote(value) for name, value in match.groupdict().items()}
        raise Refusal(405 if known else 404)
