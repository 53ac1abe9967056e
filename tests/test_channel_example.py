"""The worked example "een kanaal toevoegen" works as it stands in the documents: from a resident's note to our answer."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from bot.intake import Intake
from bot.relay import Relay
from routing.messages import NotFound, OutboundMessage, Sent, UnreadableItem
from routing.reachability import RULES, PlatformRules
from storage import audit
from storage.database import Database
from tests.bot.office import an_office
from tests.databases import database, database_url, postgres_template, postgres_url, sqlite_url

__all__ = ["database", "database_url", "postgres_template", "postgres_url", "sqlite_url"]
PAGE = Path(__file__).resolve().parents[1] / "docs" / "kanaal-toevoegen.md"


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = ModuleType("channels_board_example")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, str(PAGE), "exec"), module.__dict__)
    monkeypatch.setitem(RULES, "prikbord", PlatformRules(has_public=False, private_window=None))
    yield module


def a_note(folder: Path, number: int, text: str) -> None:
    note = {"author": "ada", "name": "Ada", "text": text, "at": "2026-11-23T09:00:00Z"}
    (folder / f"{number:04}.note").write_text(json.dumps(note), encoding="utf-8")


async def test_a_note_becomes_a_melding_and_the_answer_hangs_beside_it(
    database: Database, board: ModuleType, tmp_path: Path
) -> None:
    office = an_office(database)
    folder = tmp_path / "bord"
    folder.mkdir()
    channel = board.BoardChannel(board.BoardSettings(folder=folder, page_size=2), now=office.clock)
    for number in range(3):
        a_note(folder, number, f"de lamp bij nummer {number} is stuk")
    (folder / "0003.note").write_text("{kapot", encoding="utf-8")

    intake = Intake(database, office.clock)
    assert [await intake.fetch(channel) for _ in range(2)] == [4, 0]
    office.triage.run()
    await Relay(database=database, now=office.clock).run(channel)

    with database.reading() as connection:
        states = [message.state for message in audit.all_messages(connection)]
    assert sorted(states) == ["onleesbaar", "verwerkt", "verwerkt", "verwerkt"]
    assert len(list(folder.glob("*.answer-*"))) == len([r for r in office.replies() if r.state == "verzonden"]) >= 1


async def test_the_example_keeps_the_contract(board: ModuleType, tmp_path: Path) -> None:
    a_note(tmp_path, 1, "hallo")
    channel = board.BoardChannel(board.BoardSettings(folder=tmp_path))
    page = await channel.fetch(None)
    [message] = page.items
    answer = OutboundMessage(
        channel="prikbord",
        delivery=next(iter(channel.limits.max_length)),
        to="ada",
        thread=message.thread,
        reply_to=message.reply_to,
        text="Dank u. WB-2026-00042/1",
        token="WB-2026-00042/1",
    )
    assert await channel.fetch(None) == page
    assert (await channel.fetch(page.cursor)).items == ()
    assert isinstance(await channel.find_sent(answer), NotFound)
    sent = await channel.send(answer)
    assert isinstance(sent, Sent)
    assert await channel.find_sent(answer) == sent
    assert isinstance(board.parse_note("x", "\x00", message.sent_at), UnreadableItem)
