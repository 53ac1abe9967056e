"""What is said about danger leaves before everything that waits on the same channel, however long it waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from routing.melding import News
from routing.messages import Person
from storage.database import Database
from storage.outbox import Reply
from tests.bot.office import Office, an_office
from tests.builders import ScriptedRouter, a_decision, a_message


def test_danger_overtakes_what_waits_in_other_conversations(database: Database) -> None:
    danger = a_decision(lead="noodgeval", topic="brand", urgency="noodgeval", emergency="brand")
    office = an_office(database, ScriptedRouter(a_decision(), brand=danger))
    for number in range(5):
        office.receive(a_message(f"lamp {number}", thread=f"t{number}", sender=Person(external_id=f"p{number}")))
    office.clock.advance(seconds=30)
    office.receive(a_message("brand!", thread="t9", sender=Person(external_id="p9")))
    left = []
    for _ in range(6):
        with database.work() as work:
            reply = work.outbox.claim_due("telegram", office.clock(), lease=timedelta(minutes=1))
            assert reply is not None
            left.append(reply)
            work.outbox.record_sent(reply, f"m{len(left)}", office.clock())
            work.commit()
    assert left[0].news == News.NOODGEVAL
    assert [reply.id for reply in left[1:]] == sorted(reply.id for reply in left[1:])


@pytest.mark.parametrize("is_under_way", [False, True], ids=["tried again in an hour", "its sender disappeared"])
def test_danger_waits_for_no_earlier_answer_of_its_own_conversation(database: Database, is_under_way: bool) -> None:
    danger = a_decision(lead="noodgeval", topic="gaslucht", urgency="noodgeval", emergency="gaslucht")
    office = an_office(database, ScriptedRouter(a_decision(), gas=danger))
    office.receive(a_message("de lamp is stuk"))
    earlier = claim(office)
    if not is_under_way:
        with database.work() as work:
            in_an_hour = office.clock() + timedelta(hours=1)
            work.outbox.record_retry(earlier, "de server geeft een fout", office.clock(), due_at=in_an_hour)
            work.commit()
    office.clock.advance(seconds=30)
    office.receive(a_message("het ruikt hier sterk naar gas"))
    assert claim(office).news == News.NOODGEVAL


def claim(office: Office) -> Reply:
    with office.database.work() as work:
        reply = work.outbox.claim_due("telegram", office.clock(), lease=timedelta(minutes=5))
        work.commit()
    assert reply is not None
    return reply
