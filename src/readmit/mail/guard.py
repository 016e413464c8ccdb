"""The one function that text of others passes before it stands in a header or in a sentence of ours (security M1)."""

from __future__ import annotations

import re
from typing import Final

LONGEST_NAME: Final = 64
LONGEST_SUBJECT: Final = 200
_BIDI: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# Surrogates stand here as well: they cannot be encoded and would stop the mail.
_UNSAFE: Final = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{_BIDI}\ud800-\udfff]")
_UNSAFE_BLOCK: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_ENDS: Final = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def one_line(text: str, longest: int) -> str:
    """`text` on one line of at most `longest` characters: controls and bidi controls become a space, `=?` `= ?` (M1).

    Older Pythons decode RFC 2047 words that are given as values and write the CR LF inside them.
    """
    safe = _UNSAFE.sub(" ", text).replace("=?", "= ?")
    return safe[:longest].strip()


def block(text: str) -> str:
    """`text` with its lines, each ended by `\\n`, and without other controls (M4)."""
    return _UNSAFE_BLOCK.sub(" ", _LINE_ENDS.sub("\n", text)).strip("\n")
