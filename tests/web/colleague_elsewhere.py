"""Another process of the desk, to be killed: a colleague has the page of melding 1 open there and types an answer."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

from bot.web.live import Pulse
from bot.web.open_pages import Box
from storage.database import Database


async def stay(url: str, username: str, moment: str) -> None:
    """Until the process ends; its clock stands still."""
    database = Database.open(url)
    with database.looking() as work:
        account = work.staff.get_account(username)
    pulse = Pulse(database=database, now=lambda: datetime.fromisoformat(moment), look_seconds=0.05)
    with pulse.listening(1, account):
        pulse.hear_typing(1, account, Box.ANSWER)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(stay(*sys.argv[1:]))
