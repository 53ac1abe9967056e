"""What only looks waits for nobody who writes: a step that has nothing to do holds up nobody, and nobody it."""

from __future__ import annotations

from pathlib import Path

from bot.attachments import Attachments
from bot.check_up import CheckUp
from bot.files import FileStore
from channels.telegram import TelegramChannel, TelegramSettings
from storage.database import Database
from tests.bot.office import an_office
from tests.builders import ScriptedRouter, a_message


async def test_a_step_with_nothing_to_do_takes_no_turn_of_a_writer(database: Database, tmp_path: Path) -> None:
    office = an_office(database)
    office.receive(a_message())
    channel = TelegramChannel(TelegramSettings(token="1:x"))
    store = FileStore(folder=tmp_path)
    attachments = Attachments(database=database, store=store, router=ScriptedRouter(), now=office.clock)
    with database.work() as work:
        work.channels.record_check("telegram", office.clock(), token_expires_at=None)
        work.commit()
    with database.work():
        assert await attachments.run(channel) == 0
        assert await CheckUp(database=database, now=office.clock).run(channel) == ()
        assert office.keeper.run() + office.questions.run() == 0
    await channel.aclose()
