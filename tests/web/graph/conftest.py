"""The small directory as a fixture; what tests of the whole application share is beside it."""

from __future__ import annotations

import sys
from pathlib import Path

from small_directory import graph

sys.path.insert(0, str(Path(__file__).parent.parent))

__all__ = ["graph"]
