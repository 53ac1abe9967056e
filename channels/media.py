"""Fetches a file from a platform's own address, and from no other: no private network, no more than allowed."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO
from urllib.parse import urlsplit

import httpx

from channels.redact import foreign
from routing.errors import MessageRejectedError, TemporaryChannelError
from routing.sentences import said

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


async def download(address: str, target: BinaryIO, *, hosts: Collection[str], limit: int, secrets: Collection[str] = ()) -> None:
    """Write the file at `address` to `target`, at most `limit` bytes. Never more than one piece is held in memory.

    `hosts` are the platform's: a name, or `.name` for everything below it. One redirect is followed, to the platform's own
    addresses alone: Mastodon serves so what it has yet to fetch. Raises MessageRejectedError for an address that is not the
    platform's, a file that is too large or gone; TemporaryChannelError when it may succeed later.
    """
    for _ in range(2):
        _check_address(address, hosts)
        further = await _take(address, target, limit, secrets)
        if further is None:
            return
        address = further
    raise MessageRejectedError(said("de bijlage verwijst steeds naar een ander adres; dat volgen wij niet"))


async def _take(address: str, target: BinaryIO, limit: int, secrets: Collection[str]) -> str | None:
    """Write the file, or return the address that the answer refers to."""
    is_loopback = urlsplit(address).hostname in _LOOPBACK
    try:
        async with (
            httpx.AsyncClient(follow_redirects=False, timeout=30, trust_env=not is_loopback) as client,
            client.stream("GET", address) as response,
        ):
            if response.next_request is not None:
                return str(response.next_request.url)
            _check_answer(response, limit)
            size = 0
            async for piece in response.aiter_bytes(65536):
                size += len(piece)
                if size > limit:
                    raise MessageRejectedError(_too_large(limit))
                target.write(piece)
    except httpx.InvalidURL:
        raise MessageRejectedError(said("het adres van de bijlage is onleesbaar")) from None
    except httpx.HTTPError as error:
        raise TemporaryChannelError(said("de bijlage is nu niet op te halen")) from foreign(error, secrets)
    return None


def _check_address(address: str, hosts: Collection[str]) -> None:
    try:
        parts = urlsplit(address)
    except ValueError:
        raise MessageRejectedError(said("het adres van de bijlage is onleesbaar")) from None
    host = parts.hostname or ""
    is_theirs = any(host == name or (name.startswith(".") and host.endswith(name)) for name in hosts)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not (is_theirs and is_safe) or parts.username or parts.password:
        if not host:
            raise MessageRejectedError(said("het adres van de bijlage noemt geen server"))
        raise MessageRejectedError(said("het adres van de bijlage is niet van het platform (%(host)s)", host=host[:100]))


def _check_answer(response: httpx.Response, limit: int) -> None:
    if response.status_code >= 500 or response.status_code in {408, 429}:
        raise TemporaryChannelError(said("de bijlage is nu niet op te halen (HTTP %(num)s)", num=response.status_code))
    if response.status_code != 200:
        raise MessageRejectedError(said("de bijlage is er niet meer (HTTP %(num)s)", num=response.status_code))
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise MessageRejectedError(_too_large(limit))


def _too_large(limit: int) -> str:
    return said("de bijlage is groter dan %(most)s MB; bekijk haar op het platform", most=limit // 1000000)
