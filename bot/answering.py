"""What every step of the triage does with a message: note what happened, answer its sender, put it before a person.

Writes in the transaction of the triage step, and sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.promises import Promises
from bot.replies import Replies, Telling
from routing.melding import Event, News
from routing.messages import AttachmentKind
from routing.sentences import said
from storage.database import UnitOfWork
from storage.inbox import StoredMessage
from storage.mail_ways import as_melder
from storage.meldingen import Change, Melding, NewMelder, Recorded

MACHINE = "wijkbalie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """`now` is the clock."""

    replies: Replies
    promises: Promises
    now: Callable[[], datetime]

    def record(self, work: UnitOfWork, melding: Melding, event: Event, why: str) -> Recorded:
        return work.meldingen.record(melding, Change(event=event, actor=MACHINE, why=why), self.now())

    def answer(self, work: UnitOfWork, recorded: Recorded, telling: Telling, message: StoredMessage) -> None:
        """Tell what this message brought about; to its sender it is an answer, to the other melders it is news."""
        self.replies.tell(work, recorded, replace(telling, answers=message.person_id), self.now())

    def ask_person(self, work: UnitOfWork, melding: Melding, message: StoredMessage) -> None:
        """Promise the sender a person. Nobody looks at what is closed, and no promise about it is kept: it opens again."""
        if melding.is_closed:
            again = Change(event=Event.HEROPEND, actor="melder", why=said("vraagt om een medewerker"))
            melding = work.meldingen.record(melding, again, self.now()).melding
        columns = {"needs_personal_contact": True, "promised_at": self.promises.personal(self.now())}
        change = Change(event=Event.MENS_GEVRAAGD, actor="melder", why=said("vraagt om een medewerker"), columns=columns)
        recorded = work.meldingen.record(melding, change, self.now())
        self.answer(work, recorded, Telling(news=News.MENS_GEVRAAGD, only_person=message.person_id), message)

    def let_take_part(self, work: UnitOfWork, melding: Melding, message: StoredMessage, language: str) -> bool:
        """Let the sender take part, with the address that hears their news. False when they already did, or nobody knows them."""
        if message.person_id is None:
            return False
        is_new = work.meldingen.add_melder(melding.id, melder_of(message, language), self.now())
        mail_person_id = work.mail_ways.preferred(message.person_id) if is_new else None
        if mail_person_id is not None:
            work.meldingen.add_melder(melding.id, as_melder(mail_person_id, language), self.now())
        return is_new

    def needs_place(self, topic: str) -> bool:
        known = self.replies.municipality.onderwerpen.get(topic)
        return known is not None and known.needs_place


def has_photo(message: StoredMessage) -> bool:
    return any(item["kind"] == AttachmentKind.PHOTO.value for item in message.attachments)


def melder_of(message: StoredMessage, language: str) -> NewMelder:
    """The sender as a melder, with the conversation of this message. Raises ValueError when the sender is unknown."""
    if message.person_id is None or message.visibility is None:
        raise ValueError("a melder needs a person")
    return NewMelder(
        person_id=message.person_id,
        channel=message.channel,
        thread=message.thread,
        reply_to=message.reply_to,
        visibility=message.visibility,
        language=language,
    )
