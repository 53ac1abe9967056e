"""The running process: the clock, the desk, and a graceful stop on SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from bot.bootstrap import Application
from bot.clock import Role
from bot.web.app import create_app, create_monitor


class Server(uvicorn.Server):
    """Leaves signals alone: uvicorn would end the process by the signal itself, before sends in flight are finished."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_for(app: FastAPI, host: str, port: int, *, proxies: Sequence[str] = ()) -> Server:
    """`proxies` are the addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    believed = list(proxies)
    return Server(
        uvicorn.Config(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=2, forwarded_allow_ips=believed)
    )


async def serve(application: Application) -> None:
    """Run clock and desk until a signal comes. A process without the desk serves only what a monitor reads."""
    web = application.config.web
    has_desk = application.clock.role in {Role.ALL, Role.WEB}
    app = create_app(application) if has_desk else create_monitor(application)
    proxies = [str(proxy) for proxy in web.trusted_proxies]
    await run_until_signal(application, [server_for(app, web.host, web.port, proxies=proxies)])


async def run_until_signal(application: Application, servers: Sequence[Server]) -> None:
    """Tick and serve until SIGTERM or SIGINT. Sends in flight are finished; everything else stands in the tables."""

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    scheduler = application.clock.start()
    try:
        await asyncio.gather(*(server.serve() for server in servers))
    finally:
        scheduler.shutdown(wait=False)
        await application.clock.rest()
        await application.aclose()
