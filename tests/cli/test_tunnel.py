"""What `readmit proxy` refuses without a server behind it."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import pytest

from readmit.cli.tunnel import Tunnel


@pytest.mark.parametrize("target", ["http://[", "https://graph.microsoft.com:99999/", "https://[::1/v1.0"])
def test_a_target_that_is_no_url_is_told_so(target: str) -> None:
    told: list[dict[str, Any]] = []

    async def ask() -> bytes:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
        tunnel = Tunnel(frozenset({"graph.microsoft.com"}), ("127.0.0.1", 1), ssl.create_default_context())
        async with await asyncio.start_server(tunnel.serve, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(f"GET {target} HTTP/1.1\r\n\r\n".encode())
            answer = await asyncio.wait_for(reader.read(), 5)
            writer.close()
        return answer

    assert asyncio.run(ask()).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert told == []
