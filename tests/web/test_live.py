"""Open pages hear of news: at once from this process, by looking from another, and nothing after the session."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace

import pytest

from bot.web.live import Pulse
from bot.web.open_pages import TYPING, Box
from storage.database import Database
from storage.staff import Account
from tests.builders import a_message
from tests.web.desk import DeskAtWork
from tests.web.open_stream import OpenStream


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def accounts(desk: DeskAtWork, *names: str) -> list[Account]:
    """New accounts with these display names."""
    return [desk.add_colleague(f"collega{number}", name) for number, name in enumerate(names)]


def pulse_of(desk: DeskAtWork, look_seconds: float = 60) -> Pulse:
    return Pulse(database=desk.office.database, now=desk.office.clock, look_seconds=look_seconds)


async def test_a_commit_of_this_process_is_heard_at_once(desk: DeskAtWork) -> None:
    pulse = pulse_of(desk)
    (samira,) = accounts(desk, "Samira")
    with pulse.listening(None, samira):
        seen = await pulse.wait(None, samira, None, 20)
        heard = asyncio.ensure_future(pulse.wait(None, samira, seen, 20))
        await asyncio.to_thread(desk.office.receive, a_message())
        assert await heard != seen


async def test_what_another_process_did_is_seen_by_looking(desk: DeskAtWork, database_url: str) -> None:
    pulse = pulse_of(desk, look_seconds=0.05)
    rival = Database.open(database_url)
    (samira,) = accounts(desk, "Samira")
    with pulse.listening(None, samira):
        seen = await pulse.wait(None, samira, None, 20)
        with rival.engine.begin() as connection:
            connection.exec_driver_sql(
                "INSERT INTO messages (channel, external_id, attachments, sent_at, received_at, raw, state)"
                " VALUES ('x', '1', '[]', '2026-01-01', '2026-01-01', '{}', 'wacht')"
            )
        assert await pulse.wait(None, samira, seen, 20) != seen
    rival.close()


async def test_only_others_are_named_and_only_while_they_look(desk: DeskAtWork) -> None:
    pulse = pulse_of(desk)
    samira, bram, cem = accounts(desk, "Samira", "Bram", "Cem")
    with pulse.listening(1, samira), pulse.listening(1, samira):
        with pulse.listening(1, bram), pulse.listening(2, cem):
            assert pulse.news(1, samira).looking == ("Bram",)
        assert pulse.news(1, samira).looking == ()
        assert pulse.news(1, bram).looking == ("Samira",)
    assert pulse.news(1, bram).looking == ()


async def test_colleagues_of_one_name_see_each_other_and_never_themselves(desk: DeskAtWork) -> None:
    pulse = pulse_of(desk)
    one, other = accounts(desk, "Samira", "Samira")
    renamed = replace(one, display_name="Samira de Wit")
    with pulse.listening(1, one), pulse.listening(1, renamed):
        assert pulse.news(1, one).looking == ()
        with pulse.listening(1, other):
            assert pulse.news(1, one).looking == ("Samira",)


async def test_a_colleague_who_takes_the_place_of_another_is_news(desk: DeskAtWork) -> None:
    pulse = pulse_of(desk)
    samira, bram, cem = accounts(desk, "Samira", "Bram", "Cem")
    with pulse.listening(1, samira):
        with pulse.listening(1, bram):
            seen = await pulse.wait(1, samira, None, 20)
        with pulse.listening(1, cem):
            assert await pulse.wait(1, samira, seen, 20) != seen


async def test_who_comes_goes_or_types_is_news_for_that_melding_only(desk: DeskAtWork) -> None:
    pulse = pulse_of(desk, look_seconds=0.01)
    samira, bram, cem = accounts(desk, "Samira", "Bram", "Cem")
    with pulse.listening(None, samira), pulse.listening(1, cem), pulse.listening(2, bram):
        await pulse.wait(2, bram, pulse.news(2, bram), 20)  # the position of the log is known from here on
        seen = pulse.news(None, samira), pulse.news(1, cem)
        pulse.hear_typing(2, bram, Box.ANSWER)
        assert await pulse.wait(None, samira, seen[0], 0.1) == seen[0]
        assert await pulse.wait(1, cem, seen[1], 0.1) == seen[1]


async def test_others_are_told_who_types_and_in_which_box(desk: DeskAtWork) -> None:
    pulse = pulse_of(desk)
    samira, bram, cem = accounts(desk, "Samira", "Bram", "Cem")
    with pulse.listening(1, samira), pulse.listening(1, bram), pulse.listening(1, cem):
        seen = await pulse.wait(1, cem, None, 20)
        pulse.hear_typing(1, samira, Box.ANSWER)
        pulse.hear_typing(1, bram, Box.NOTE)
        assert await pulse.wait(1, cem, seen, 20) != seen
        assert (pulse.news(1, cem).answering, pulse.news(1, cem).noting) == (("Samira",), ("Bram",))
        assert (pulse.news(1, samira).answering, pulse.news(1, samira).noting) == ((), ("Bram",))
        pulse.hear_typing(1, bram, Box.ANSWER)
        assert (pulse.news(1, cem).answering, pulse.news(1, cem).noting) == (("Bram", "Samira"), ())


async def test_typing_is_over_some_seconds_after_the_last_key(desk: DeskAtWork) -> None:
    pulse = pulse_of(desk, look_seconds=0.01)
    samira, bram = accounts(desk, "Samira", "Bram")
    with pulse.listening(1, samira), pulse.listening(1, bram):
        pulse.hear_typing(1, samira, Box.ANSWER)
        desk.office.clock.advance(seconds=TYPING.seconds - 1)
        pulse.hear_typing(1, samira, Box.ANSWER)
        desk.office.clock.advance(seconds=TYPING.seconds - 1)
        seen = await pulse.wait(1, bram, pulse.news(1, bram), 20)  # a look later she still types
        assert seen.answering == ("Samira",)
        desk.office.clock.advance(seconds=1)
        assert (await pulse.wait(1, bram, seen, 20)).answering == ()


async def test_who_closes_the_page_types_no_more_and_who_never_opened_it_does_not_type(desk: DeskAtWork) -> None:
    pulse = pulse_of(desk)
    samira, bram = accounts(desk, "Samira", "Bram")
    with pulse.listening(1, bram):
        with pulse.listening(1, samira):
            pulse.hear_typing(1, samira, Box.ANSWER)
        pulse.hear_typing(1, samira, Box.ANSWER)
        with pulse.listening(1, samira):
            assert pulse.news(1, bram).answering == ()


async def test_a_page_tells_that_its_colleague_types(open_desk: DeskAtWork) -> None:
    pulse: Pulse = open_desk.app.state.pulse
    samira, bram = _samira(open_desk), open_desk.add_colleague("bram", "Bram")
    with pulse.listening(1, samira):
        told = await open_desk.post("/stroom?melding=1", vak="antwoord")
        assert (told.status_code, told.text) == (204, "")
        assert pulse.news(1, bram).answering == ("Samira",)
        assert (await open_desk.post("/stroom?melding=1", vak="notitie", csrf="geraden")).status_code == 403
        assert (await open_desk.post("/stroom?melding=1", vak="elders")).status_code == 400
        assert (await open_desk.post("/stroom", vak="notitie")).status_code == 404
        assert pulse.news(1, bram).noting == ()


def _samira(desk: DeskAtWork) -> Account:
    with desk.office.database.work() as work:
        return work.staff.get_account("samira")


async def test_the_stream_carries_names_and_positions_and_no_text_of_anybody(open_desk: DeskAtWork) -> None:
    pulse: Pulse = open_desk.app.state.pulse
    hostile = open_desk.add_colleague("bram", "Bram\n\nevent: nieuws\ndata: <b>")
    with pulse.listening(1, hostile):
        page = OpenStream(open_desk, "melding=1")
        await page.reads("event: versie\n")
        pulse.hear_typing(1, hostile, Box.ANSWER)
        await page.reads('"antwoord": ["Bram')
        await asyncio.to_thread(open_desk.office.receive, a_message("iets geheims"))
        await page.reads("event: nieuws\n")
        await page.close()
        assert pulse.news(1, hostile).looking == ()
    blocks = [block for block in page.text.strip().split("\n\n") if block not in {"retry: 3000", ": nog hier"}]
    events = [found.groups() for block in blocks if (found := re.fullmatch(r"event: (\w+)\ndata: (.*)", block))]
    assert len(events) == len(blocks)
    told = [json.loads(data) for kind, data in events if kind == "aanwezig"]
    assert {"kijkt": [hostile.display_name], "antwoord": [hostile.display_name], "notitie": []} in told
    assert [(kind, data) for kind, data in events if kind != "aanwezig" and not re.fullmatch(r"[0-9/.:-]*", data)] == []


async def test_the_stream_ends_with_the_session_and_asks_for_no_login_page(desk: DeskAtWork) -> None:
    desk.office.clock.advance(hours=11)
    response = await desk.get("/stroom", accept="text/event-stream")
    assert (response.status_code, response.text, response.headers.get("set-cookie")) == (401, "", None)
