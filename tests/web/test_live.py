"""Open pages hear of news: at once from this process, by looking from another, and nothing after the session."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.web.live import Pulse
from storage.database import Database
from storage.staff import Account
from tests.builders import a_message
from tests.web.desk import DeskAtWork


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def accounts(desk: DeskAtWork, *names: str) -> list[Account]:
    """New accounts with these display names."""
    return [desk.add_colleague(f"collega{number}", name) for number, name in enumerate(names)]


async def test_a_commit_of_this_process_is_heard_at_once(desk: DeskAtWork) -> None:
    pulse = Pulse(database=desk.office.database, look_seconds=60)
    with pulse.listening(None, *accounts(desk, "Samira")):
        seen = await pulse.wait("", 20)
        heard = asyncio.ensure_future(pulse.wait(seen, 20))
        await asyncio.to_thread(desk.office.receive, a_message())
        assert await heard != seen


async def test_what_another_process_did_is_seen_by_looking(desk: DeskAtWork, database_url: str) -> None:
    pulse = Pulse(database=desk.office.database, look_seconds=0.05)
    rival = Database.open(database_url)
    with pulse.listening(None, *accounts(desk, "Samira")):
        seen = await pulse.wait("", 20)
        with rival.engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO messages (channel, external_id, attachments, sent_at, received_at, raw, state)"
                " VALUES ('x', '1', '[]', '2026-01-01', '2026-01-01', '{}', 'wacht')"
            )
        assert await pulse.wait(seen, 20) != seen
    rival.close()


async def test_only_others_are_named_and_only_while_they_look(desk: DeskAtWork) -> None:
    pulse = Pulse(database=desk.office.database)
    samira, bram, cem = accounts(desk, "Samira", "Bram", "Cem")
    with pulse.listening(1, samira), pulse.listening(1, samira):
        with pulse.listening(1, bram), pulse.listening(2, cem):
            assert pulse.others(1, samira) == ("Bram",)
        assert pulse.others(1, samira) == ()
        assert pulse.others(1, bram) == ("Samira",)
    assert pulse.others(1, bram) == ()


async def test_colleagues_of_one_name_see_each_other_and_never_themselves(desk: DeskAtWork) -> None:
    pulse = Pulse(database=desk.office.database)
    one, other = accounts(desk, "Samira", "Samira")
    renamed = replace(one, display_name="Samira de Wit")
    with pulse.listening(1, one), pulse.listening(1, renamed):
        assert pulse.others(1, one) == ()
        with pulse.listening(1, other):
            assert pulse.others(1, one) == ("Samira",)


async def test_a_colleague_who_takes_the_place_of_another_is_news(desk: DeskAtWork) -> None:
    pulse = Pulse(database=desk.office.database, look_seconds=60)
    samira, bram, cem = accounts(desk, "Samira", "Bram", "Cem")
    with pulse.listening(1, samira):
        with pulse.listening(1, bram):
            seen = await pulse.wait("", 20)
        with pulse.listening(1, cem):
            assert await pulse.wait(seen, 20) != seen


async def test_the_stream_ends_with_the_session(desk: DeskAtWork) -> None:
    desk.office.clock.advance(hours=11)
    response = await desk.get("/stroom")
    assert response.status_code == 303
