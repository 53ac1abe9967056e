"""The running process: the clock, the desk, and a graceful stop on SIGTERM or Ctrl-C."""

from __future__ import annotations

import uvicorn

from bot.bootstrap import Application


async def serve(application: Application) -> None:
    """Run until a signal comes. Sends in flight are finished; everything else stands in the tables."""
    from bot.web.app import create_app

    web = application.config.web
    server = uvicorn.Server(
        uvicorn.Config(create_app(application), host=web.host, port=web.port, log_level="warning", timeout_graceful_shutdown=5)
    )
    scheduler = application.clock.start()
    try:
        await server.serve()
    finally:
        scheduler.shutdown(wait=False)
        await application.clock.rest()
        await application.aclose()
