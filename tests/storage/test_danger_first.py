"""What is said about danger leaves before everything that waits on the same channel, however long it waits."""

from __future__ import annotations

from datetime import timedelta

from routing.melding import News
from routing.messages import Person
from storage.database import Database
from tests.bot.office import an_office
from tests.builders import ScriptedRouter, a_decision, a_message


def test_danger_overtakes_what_waits_but_not_within_a_conversation(database: Database) -> None:
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
