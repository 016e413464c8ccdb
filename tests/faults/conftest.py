"""The server that the fault tests kill."""

from killable import server

__all__ = ["server"]
