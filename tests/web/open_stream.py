"""The stream of a page that stays open until `close`: httpx gives an answer only once it is whole."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from tests.web.desk import DeskAtWork


class OpenStream:
    def __init__(self, desk: DeskAtWork, query: str) -> None:
        cookies = "; ".join(f"{name}={value}" for name, value in desk.client.cookies.items())
        headers = [(b"host", b"balie.test"), (b"cookie", cookies.encode())]
        target = {"method": "GET", "path": "/stroom", "raw_path": b"/stroom", "query_string": query.encode(), "root_path": ""}
        scope = {"type": "http", "http_version": "1.1", "scheme": "http", "headers": headers} | target
        self.text = ""
        self._more, self._closed = asyncio.Event(), asyncio.Event()
        self._answering = asyncio.ensure_future(desk.app(scope, self._receive, self._send))

    async def reads(self, words: str) -> None:
        """Until the stream carried these words."""
        async with asyncio.timeout(60):
            while words not in self.text:
                await self._more.wait()
                self._more.clear()

    async def close(self) -> None:
        self._closed.set()
        await self._answering

    async def _receive(self) -> dict[str, str]:
        await self._closed.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.text += message.get("body", b"").decode()
        self._more.set()
