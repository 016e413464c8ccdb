"""The small directory as a fixture."""

from __future__ import annotations

from small_directory import graph

__all__ = ["graph"]
