"""What is entered at the office itself joins the same way as every message: one row in the inbox, once.

Judges nothing and answers nobody.
"""

from __future__ import annotations

from datetime import datetime

from routing.messages import InboundMessage, UnreadableItem
from storage.database import Database, UnitOfWork
from storage.points import Commit


def take_in_entry(database: Database, message: InboundMessage | UnreadableItem, now: datetime) -> bool:
    """Keep the message. False when it was kept already: the same form, sent twice."""
    with database.work(Commit.INTAKE) as work:
        is_new = add_entry(work, message, now)
        work.commit()
    return is_new


def add_entry(work: UnitOfWork, message: InboundMessage | UnreadableItem, now: datetime) -> bool:
    """The same within the work of the caller, who commits."""
    return work.inbox.take_pushed(message.channel, (message,), now) == 1
