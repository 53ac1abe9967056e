"""`demo`: the platforms, the product and the desk on loopback, and a page where the visitor plays the resident."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from pathlib import Path

from rich.console import Console

from bot.bootstrap import Application
from bot.demo.city import City
from bot.demo.morning import the_morning
from bot.demo.page import create_page
from bot.logs import set_up_logging
from bot.passwords import hash_password
from bot.running import run_until_signal, server_for
from bot.web.app import create_app

USERNAME = "samira"
_BETWEEN_SCENES = 3.0


def show(console: Console, port: int) -> int:
    """Run until Ctrl-C. The desk listens on `port`, the resident's page on the next one."""
    with tempfile.TemporaryDirectory(prefix="wijkbalie-demo-") as folder, City(Path(folder), port=port) as city:
        application = city.application()
        set_up_logging(application.config)
        password = _first_account(application)
        console.print(
            f"\n[bold]De balie (medewerker):[/] http://127.0.0.1:{port}/"
            f"\n  gebruikersnaam [bold]{USERNAME}[/], wachtwoord [bold]{password}[/]"
            f"\n[bold]De bewoner (speel zelf):[/] http://127.0.0.1:{port + 1}/"
            "\nEen ochtend in de Binnenstad wordt intussen afgespeeld. Stop met Ctrl-C.\n",
            highlight=False,
        )
        asyncio.run(_run(city, application, port))
    return 0


def _first_account(application: Application) -> str:
    password = secrets.token_urlsafe(9)
    with application.database.work() as work:
        work.staff.add_account(USERNAME, "Samira", hash_password(password), application.now(), "beheerder")
        account = work.staff.get_account(USERNAME)
        work.staff.set_rights(account, role="beheerder", vakafdeling="stadswerken", sees_contacts=True)
        work.commit()
    return password


async def _run(city: City, application: Application, port: int) -> None:
    desk = server_for(create_app(application), "127.0.0.1", port)
    page = server_for(create_page(city, application, port), "127.0.0.1", port + 1)
    morning = asyncio.ensure_future(_play_morning(city))
    try:
        await run_until_signal(application, [desk, page])
    finally:
        morning.cancel()


async def _play_morning(city: City) -> None:
    ids: dict[str, str] = {}
    for scene in the_morning():
        below = ids[scene.below] if scene.below else None
        message_id = city.writes(scene.channel, scene.person, scene.text, photo=scene.has_photo, below=below)
        if scene.name:
            ids[scene.name] = message_id
        await asyncio.sleep(_BETWEEN_SCENES)
