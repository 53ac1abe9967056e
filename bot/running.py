"""The running process: the clock, the desk, and a graceful stop on SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NoReturn

import structlog
import uvicorn
from fastapi import FastAPI

from bot.bootstrap import Application
from bot.clock import Role
from bot.web.app import create_app, create_monitor

# Python's own number follows the cores: on a small machine a few platforms that do not answer would keep all threads.
_THREADS = 32
_log = structlog.get_logger(__name__)


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
    """Run clock and desk in a process of their own until a signal comes. Without the desk it serves only what a monitor reads.

    A thread that waits for a platform cannot be stopped, and Python would wait for it. Then the process leaves all the same: that
    send's claim lapses and its outcome is looked up.
    """
    web = application.config.web
    has_desk = application.clock.role in {Role.ALL, Role.WEB}
    app = create_app(application) if has_desk else create_monitor(application)
    proxies = [str(proxy) for proxy in web.trusted_proxies]
    gc.collect()
    gc.freeze()  # what is loaded stays: looking through all of it for garbage would hold up, time and again, who waits for a page
    if not await run_until_signal(application, [server_for(app, web.host, web.port, proxies=proxies)]):
        _log.warning("left while a platform kept a step waiting")
        _leave()


def _leave() -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


async def run_until_signal(application: Application, servers: Sequence[Server]) -> bool:
    """Tick and serve until SIGTERM or SIGINT. Sends in flight are finished; everything else stands in the tables.

    Returns whether every step came to an end in time.
    """

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="wijkbalie"))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    scheduler = application.clock.start()
    try:
        await asyncio.gather(*(server.serve() for server in servers))
    finally:
        scheduler.shutdown(wait=False)
        is_at_rest = await application.clock.rest()
        await application.aclose()
    return is_at_rest
