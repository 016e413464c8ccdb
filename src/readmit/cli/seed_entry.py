"""An entry of a seed file: a YAML mapping that knows its line, and refuses what it does not know."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from readmit.domain import redirect
from readmit.domain.address import InvalidAddress, domain_key
from readmit.domain.errors import OperatorError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Entry:
    """A mapping of the file that knows its line and refuses keys it does not know."""

    def __init__(self, node: yaml.Node, environ: Mapping[str, str], what: str, *, folder: Path) -> None:
        self.line = node.start_mark.line + 1
        self.folder = folder
        """Where the seed file stands: paths in it are relative to that."""
        self._environ = environ
        self._what = what
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong(f"{what} is a mapping of names and values")
        self._nodes: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.value in self._nodes:
                raise fail(key.start_mark.line + 1, f"'{key.value}' stands twice")
            self._nodes[key.value] = value

    def wrong(self, text: str) -> OperatorError:
        return fail(self.line, text)

    def allow(self, *names: str) -> None:
        """Refuse any other key, naming the nearest known one."""
        for name, node in self._nodes.items():
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                hint = f"; did you mean '{near[0]}'?" if near else ""
                raise fail(node.start_mark.line + 1, f"{self._what} has no '{name}'{hint}")

    def value(self, name: str) -> Any:
        """The plain value, `${NAME}` replaced; None if absent."""
        node = self._nodes.get(name)
        return None if node is None else self._plain(node)

    def _plain(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {key.value: self._plain(value) for key, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item) for item in node.value]
        value = yaml.safe_load(yaml.serialize(node)) if node.tag != "tag:yaml.org,2002:str" else node.value
        return self._expanded(value, node) if isinstance(value, str) else value

    def _expanded(self, text: str, node: yaml.Node) -> str:
        def found(match: re.Match[str]) -> str:
            if match[1] not in self._environ:
                raise fail(node.start_mark.line + 1, f"the environment has no {match[1]}")
            return self._environ[match[1]]

        return _VARIABLE.sub(found, text)

    def text(self, name: str) -> str | None:
        """A string, or None."""
        value = self.value(name)
        if value is None:
            return None
        if isinstance(value, dict | list | bool):
            raise self._at(name, f"'{name}' is a text")
        return str(value)

    def needed(self, name: str) -> str:
        """A string that must be there."""
        value = self.text(name)
        if not value:
            raise self.wrong(f"{self._what} needs '{name}'")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        value = self.value(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str | int) for item in value):
            raise self._at(name, f"'{name}' is a list of texts")
        return tuple(str(item) for item in value)

    def uuid(self, name: str) -> str | None:
        """A UUID, in lower case."""
        text = self.text(name)
        if text is not None and not _UUID.fullmatch(text):
            raise fail(self.line_of(name), f"'{name}' is a UUID")
        return text.lower() if text else None

    def uris(self, name: str, *given: Any) -> tuple[str, ...]:
        """Redirect URIs under this name, to which a browser can be sent as they are (security O1)."""
        for uri in given:
            if not isinstance(uri, str) or not redirect.usable(uri):
                line = self.line_of(name) if self.has(name) else self.line
                raise fail(line, f"'{uri}' is no redirect URI: an absolute URI of ASCII characters, without fragment")
        return given

    def flag(self, name: str, default: bool) -> bool:
        """true or false."""
        value = self.value(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._at(name, f"'{name}' is true or false")
        return value

    def each(self, name: str, what: str) -> list[Entry]:
        """A list of mappings."""
        node = self._nodes.get(name)
        if node is None or node.tag == "tag:yaml.org,2002:null":
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self._at(name, f"'{name}' is a list")
        return [Entry(item, self._environ, what, folder=self.folder) for item in node.value]

    def _at(self, name: str, text: str) -> OperatorError:
        return fail(self._nodes[name].start_mark.line + 1, text)

    def domain(self, name: str, text: str) -> str:
        """A domain as it is compared."""
        try:
            return domain_key(text)
        except InvalidAddress as error:
            raise self._at(name, str(error)) from error

    def has(self, name: str) -> bool:
        return name in self._nodes

    def line_of(self, name: str) -> int:
        return self._nodes[name].start_mark.line + 1


def fail(line: int, text: str) -> OperatorError:
    """One sentence with the line."""
    return OperatorError(f"Seed file, line {line}: {text}{'' if text.endswith('?') else '.'}")
