"""The versions of Graph that are one code on the same data (graph G6)."""

from __future__ import annotations

from typing import Final

VERSIONS: Final = {"v1.0": "v1.0", "beta": "beta"}
"""By the segment in lower case, as it stands in answers."""
