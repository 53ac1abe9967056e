"""Colleagues on the same melding see each other, whichever process serves their page; who is gone leaves no ghost."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.web.live import News, Pulse
from bot.web.open_pages import BEAT, LOOKS, TYPING, Box
from storage.database import Database
from storage.presence import HOLDS, Present
from storage.staff import Account
from storage.tables import presence
from tests.builders import SettableClock, a_message
from tests.databases import server_gone
from tests.web.desk import PASSWORD, DeskAtWork, a_desk
from tests.web.open_stream import OpenStream

NOBODY = ((), (), ())
PATIENCE = 60  # seconds on a busy machine
Elsewhere = Callable[[], Pulse]


@pytest.fixture
async def elsewhere(strangers_desk: DeskAtWork, database_url: str) -> AsyncIterator[Elsewhere]:
    """More processes of the same desk: each has a connection of its own to the same database."""
    opened: list[Pulse] = []

    def one_more() -> Pulse:
        opened.append(pulse_on(Database.open(database_url), strangers_desk.office.clock))
        return opened[-1]

    yield one_more
    for pulse in opened:
        await pulse.rest(PATIENCE)
        pulse.database.close()


@pytest.fixture
async def here(strangers_desk: DeskAtWork) -> AsyncIterator[Pulse]:
    pulse = pulse_on(strangers_desk.office.database, strangers_desk.office.clock)
    yield pulse
    await pulse.rest(PATIENCE)


@pytest.fixture
def samira(strangers_desk: DeskAtWork) -> Account:
    with strangers_desk.office.database.looking() as work:
        return work.staff.get_account("samira")


@pytest.fixture
def clock(strangers_desk: DeskAtWork) -> SettableClock:
    return strangers_desk.office.clock


@pytest.fixture
def bram(strangers_desk: DeskAtWork) -> Account:
    return strangers_desk.add_colleague("bram", "Bram")


def pulse_on(database: Database, clock: SettableClock) -> Pulse:
    return Pulse(database=database, now=clock, look_seconds=0.02)


async def until_told(pulse: Pulse, account: Account, expected: tuple[tuple[str, ...], ...], melding_id: int = 1) -> None:
    """Until the page of this account is told who looks, who answers and who writes a note."""
    async with asyncio.timeout(PATIENCE):
        seen = pulse.news(melding_id, account)
        while told(seen) != expected:
            seen = await pulse.wait(melding_id, account, seen, PATIENCE)


def told(news: News) -> tuple[tuple[str, ...], ...]:
    return news.looking, news.answering, news.noting


async def until_looked(pulse: Pulse, account: Account) -> None:
    """Until everything that is in the database by now was read by this process."""
    database = pulse.database
    for _ in range(2):
        seen = pulse.news(None, account)
        with database.work() as work:
            work.inbox.take_pushed("telegram", [a_message()], pulse.now())
            work.commit()
        await pulse.wait(None, account, seen, PATIENCE)


def rows(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(presence)).scalar_one()


async def until_rows(database: Database, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(rows, database) != number:
            pass


async def test_two_processes_show_each_other_who_comes_types_and_goes(
    here: Pulse, elsewhere: Elsewhere, samira: Account, bram: Account
) -> None:
    there = elsewhere()
    with here.listening(1, samira):
        with there.listening(1, bram), there.listening(2, bram):
            await until_told(here, samira, (("Bram",), (), ()))
            await until_told(there, bram, (("Samira",), (), ()))
            there.hear_typing(1, bram, Box.ANSWER)
            await until_told(here, samira, (("Bram",), ("Bram",), ()))
            there.hear_typing(1, bram, Box.NOTE)
            await until_told(here, samira, (("Bram",), (), ("Bram",)))
            here.hear_typing(1, samira, Box.ANSWER)
            await until_told(there, bram, (("Samira",), ("Samira",), ()))
            assert told(there.news(2, bram)) == NOBODY
        await until_told(here, samira, NOBODY)


async def test_typing_in_another_process_is_over_some_seconds_after_the_last_key(
    here: Pulse, elsewhere: Elsewhere, samira: Account, bram: Account, clock: SettableClock
) -> None:
    there = elsewhere()
    with here.listening(1, samira), there.listening(1, bram):
        there.hear_typing(1, bram, Box.ANSWER)
        await until_told(here, samira, (("Bram",), ("Bram",), ()))
        clock.advance(seconds=TYPING.seconds)
        await until_told(here, samira, (("Bram",), (), ()))


async def test_who_stays_for_hours_is_still_seen(
    here: Pulse, elsewhere: Elsewhere, samira: Account, bram: Account, clock: SettableClock
) -> None:
    there = elsewhere()
    with here.listening(1, samira), there.listening(1, bram):
        await until_told(here, samira, (("Bram",), (), ()))
        clock.advance(hours=3)
        await until_told(here, samira, (("Bram",), (), ()))


async def test_a_page_may_be_open_in_one_process_and_tell_its_typing_to_another(
    here: Pulse, elsewhere: Elsewhere, samira: Account, bram: Account, clock: SettableClock
) -> None:
    """A load balancer sends each request where it likes."""
    there, third = elsewhere(), elsewhere()
    with here.listening(1, samira):
        with there.listening(1, bram):
            third.hear_typing(1, bram, Box.ANSWER)
            await until_told(here, samira, (("Bram",), ("Bram",), ()))
            here.hear_typing(1, bram, Box.NOTE)
            await until_told(here, samira, (("Bram",), ("Bram",), ("Bram",)))
            clock.advance(seconds=TYPING.seconds)
            await until_told(here, samira, (("Bram",), (), ()))
        third.hear_typing(1, bram, Box.ANSWER)
        await until_told(here, samira, NOBODY)
    clock.advance(seconds=TYPING.seconds)


async def test_many_pages_of_one_account_are_one_colleague_and_never_oneself(
    here: Pulse, elsewhere: Elsewhere, samira: Account, bram: Account
) -> None:
    there, third = elsewhere(), elsewhere()
    with here.listening(1, samira), here.listening(1, bram), there.listening(1, bram), there.listening(1, samira):
        with third.listening(1, bram):
            there.hear_typing(1, bram, Box.ANSWER)
            third.hear_typing(1, bram, Box.ANSWER)
            await until_told(third, bram, (("Samira",), (), ()))
            await until_told(here, samira, (("Bram",), ("Bram",), ()))
        await third.rest(PATIENCE)
        await until_told(here, samira, (("Bram",), ("Bram",), ()))
        await until_told(here, bram, (("Samira",), (), ()))


async def test_a_process_that_is_killed_leaves_no_ghost(
    here: Pulse, samira: Account, bram: Account, clock: SettableClock, database_url: str
) -> None:
    with here.listening(1, samira):
        with _running(database_url, bram, clock):
            await until_told(here, samira, (("Bram",), ("Bram",), ()))
        clock.advance(seconds=HOLDS.seconds - 1)
        await until_looked(here, samira)
        assert told(here.news(1, samira)) == (("Bram",), ("Bram",), ())
        clock.advance(seconds=1)
        await until_told(here, samira, NOBODY)
        clock.advance(seconds=BEAT.seconds)
        await until_rows(here.database, 1)  # its rows are swept with the next beat of this process


@contextmanager
def _running(database_url: str, account: Account, clock: SettableClock) -> Iterator[None]:
    arguments = [database_url, account.username, clock().isoformat()]
    process = subprocess.Popen([sys.executable, "-m", "tests.web.colleague_elsewhere", *arguments])
    try:
        yield
    finally:
        process.kill()
        process.wait()


async def test_a_clock_that_is_set_back_an_hour_hides_nobody_for_long_and_brings_no_ghost_back(
    here: Pulse, elsewhere: Elsewhere, samira: Account, bram: Account, clock: SettableClock
) -> None:
    there = elsewhere()
    with here.database.work() as work:  # a process that was killed just before
        looks = Present(melding_id=1, account_id=bram.id, what=LOOKS, name="")
        work.presence.tell("killed", (looks, replace(looks, melding_id=2)), clock())
        work.commit()
    with here.listening(1, samira), here.listening(2, samira), there.listening(1, bram):
        there.hear_typing(1, bram, Box.ANSWER)
        await until_told(here, samira, (("Bram",), ("Bram",), ()))
        await until_told(here, samira, (("Bram",), (), ()), melding_id=2)
        clock.advance(hours=-1)
        await until_told(here, samira, (("Bram",), (), ()))
        await until_told(here, samira, NOBODY, melding_id=2)
        clock.advance(hours=1)
        await until_told(here, samira, (("Bram",), (), ()))
        await until_looked(here, samira)
        assert told(here.news(2, samira)) == NOBODY


async def test_an_account_that_is_closed_meanwhile_is_not_shown(
    here: Pulse, elsewhere: Elsewhere, samira: Account, bram: Account
) -> None:
    there = elsewhere()
    with here.listening(1, samira), there.listening(1, bram):
        there.hear_typing(1, bram, Box.ANSWER)
        await until_told(here, samira, (("Bram",), ("Bram",), ()))
        with here.database.work() as work:
            work.staff.set_active(bram, is_active=False)
            work.commit()
        await until_told(here, samira, NOBODY)


async def test_a_page_of_what_does_not_exist_keeps_nobody_from_being_seen(
    here: Pulse, elsewhere: Elsewhere, samira: Account, bram: Account
) -> None:
    there = elsewhere()
    with here.listening(1, samira), there.listening(999_999_999_999, bram), there.listening(1, bram):
        await until_told(here, samira, (("Bram",), (), ()))


async def test_what_is_typed_is_written_down_once_and_told_again_once_per_beat(
    here: Pulse, samira: Account, clock: SettableClock
) -> None:
    commits: list[int] = []
    here.database.listeners.append(lambda: commits.append(1))
    with here.listening(None, samira), here.listening(1, samira):
        for _ in range(200):
            here.hear_typing(1, samira, Box.ANSWER)
            await asyncio.to_thread(rows, here.database)
        await until_rows(here.database, 2)
        assert len(commits) <= 2
        clock.advance(seconds=BEAT.seconds)
        async with asyncio.timeout(PATIENCE):
            while len(commits) < 2:
                await asyncio.to_thread(rows, here.database)
    assert len(commits) <= 3


async def test_a_writer_that_takes_long_keeps_no_news_from_a_page(here: Pulse, samira: Account, bram: Account) -> None:
    with here.database.work() as work:
        work.presence.tell("another process", (), here.now())  # on SQLite nobody else writes until the end of this block
        with here.listening(1, samira):
            await until_told(here, samira, NOBODY)
            with here.listening(1, bram):
                await until_told(here, samira, (("Bram",), (), ()))


async def test_the_pages_of_two_processes_hear_of_each_other(
    database: Database, strangers_desk: DeskAtWork, bram: Account, database_url: str
) -> None:
    second = Database.open(database_url)
    there = a_desk(second)
    for desk, username in ((strangers_desk, "samira"), (there, bram.username)):
        desk.app.state.pulse.look_seconds = 0.02
        await desk.log_in(PASSWORD, username)
    strangers_desk.office.receive(a_message())
    await there.get("/meldingen/1")
    page, other = OpenStream(strangers_desk, "melding=1"), OpenStream(there, "melding=1")
    await page.reads('"kijkt": ["Bram"]')
    await other.reads('"kijkt": ["Samira"]')
    assert (await there.post("/stroom?melding=1", vak="antwoord")).status_code == 204
    await page.reads('"antwoord": ["Bram"]')
    await other.close()
    await page.close()
    for desk in (strangers_desk, there):
        await desk.app.state.pulse.rest(PATIENCE)
    second.close()


async def test_a_database_that_is_away_hides_who_is_in_another_process_and_breaks_no_page(postgres_url: str) -> None:
    desk = a_desk(Database.open(postgres_url))
    await desk.log_in()
    desk.office.receive(a_message())
    bram, cem = desk.add_colleague("bram", "Bram"), desk.add_colleague("cem", "Cem")
    here: Pulse = desk.app.state.pulse
    here.look_seconds = 0.02
    there = pulse_on(Database.open(postgres_url), desk.office.clock)
    page = OpenStream(desk, "melding=1")
    with there.listening(1, bram):
        await page.reads('"kijkt": ["Bram"]')
        with server_gone(here.database), here.listening(1, cem):
            await page.reads('"kijkt": ["Cem"]')
            here.hear_typing(1, cem, Box.ANSWER)
            await page.reads('"antwoord": ["Cem"]')
        there.hear_typing(1, bram, Box.NOTE)
        await page.reads('{"kijkt": ["Bram"], "antwoord": [], "notitie": ["Bram"]}')
        await page.close()
    for pulse in (here, there):
        await pulse.rest(PATIENCE)
        pulse.database.close()
