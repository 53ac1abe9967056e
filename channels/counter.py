"""The counter: what colleagues enter for a resident who came, called or wrote a letter. News goes by e-mail, if wanted.

Nothing is fetched here: the desk hands an entry to the intake. Without an address there is nobody to send to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from channels.mail import MailChannel, MailSettings
from channels.payload import text_of
from routing.messages import InboundMessage, Person, Visibility

NAME = "counter"


class CounterWay(StrEnum):
    """How the resident reached the office."""

    DESK = "balie"
    PHONE = "telefoon"
    LETTER = "brief"


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterEntry:
    """One form of a colleague. `form` is the form's own number: the same form sent twice is one message.

    `address` is a checked e-mail address, or empty for a resident who wants no news.
    """

    form: str
    way: CounterWay
    text: str = field(repr=False)
    place: str = field(repr=False, default="")
    name: str = field(repr=False, default="")
    address: str = field(repr=False, default="")


def parse_entry(entry: CounterEntry, now: datetime) -> InboundMessage:
    """The message of an entry. Who wants no news is nobody we can write to: then there is no sender."""
    text = text_of("\n".join(part for part in (entry.text.strip(), entry.place.strip()) if part))
    sender = Person(external_id=entry.address, display_name=text_of(entry.name.strip())) if entry.address else None
    return InboundMessage(
        channel=NAME,
        external_id=entry.form,
        thread=entry.address or entry.form,
        reply_to=entry.form,
        visibility=Visibility.PRIVATE,
        sent_at=now,
        sender=sender,
        text=text,
        raw=json.dumps({"weg": entry.way.value, "formulier": entry.form}),
    )


class CounterChannel(MailChannel):
    """News for who was entered at the counter."""

    def __init__(self, settings: MailSettings) -> None:
        super().__init__(NAME, settings)
