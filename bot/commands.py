"""What a person asks of the computer with a command: how it works, privacy, how it stands; and how a colleague is introduced.

Writes in the transaction of the triage step, and sends nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.passwords import digest
from bot.replies import Replies, Telling
from routing.conversation import Action, Known, Verdict
from routing.melding import Event, News
from routing.messages import Visibility
from storage.database import UnitOfWork
from storage.inbox import StoredMessage
from storage.meldingen import Change, Melding, NewMelder, NewMelding

_REMEMBERED = timedelta(days=365)
_EXPLAINED = {"start": News.UITLEG, "help": News.UITLEG, "privacy": News.PRIVACY, "status": News.UITLEG}


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """`now` is the clock."""

    replies: Replies
    now: Callable[[], datetime]

    def handle(self, work: UnitOfWork, message: StoredMessage) -> bool:
        """Handle a command in a private chat. False when the message is something else; `/stop` is a wish, read elsewhere."""
        word, _, rest = message.text.strip().partition(" ")
        if not word.startswith("/") or message.person_id is None or message.visibility is not Visibility.PRIVATE:
            return False
        mine = work.meldingen.find_for_person(message.person_id, since=self.now() - _REMEMBERED)
        name = word[1:].lower()
        if name == "stop" and not mine:
            work.inbox.mark_handled(message.id, melding_id=None, action=Action.OTHER.value)
            return True
        if name not in _EXPLAINED or len(rest.split()) > 1 or message.attachments:
            return False  # a command takes one word; whoever writes more tells us something
        colleague = (
            work.colleagues.join(digest(rest.strip()), message.person_id, self.now()) if name == "start" and rest else None
        )
        if colleague is not None:
            self._tell(work, message, mine, News.COLLEGA)
        elif name == "status" and mine:
            self._tell(work, message, mine, News.STAND)
        else:
            self._tell(work, message, mine, _EXPLAINED[name])
        return True

    def _tell(self, work: UnitOfWork, message: StoredMessage, mine: Sequence[Melding], news: News) -> None:
        """Every answer belongs to a melding: the newest of this person, or one that asks nothing of anybody."""
        now = self.now()
        melding = mine[0] if mine else self._conversation(work, message, now)
        action = Action.STATUS_QUESTION if news is News.STAND else Action.OTHER
        change = Change(event=Event.STAND_GEVRAAGD, actor="melder", why=message.text.strip().partition(" ")[0])
        recorded = work.meldingen.record(melding, change, now)
        telling = Telling(news=news, only_person=message.person_id, answers=message.person_id)
        self.replies.tell(work, recorded, telling, now)
        work.inbox.mark_handled(message.id, melding_id=melding.id, action=action.value)

    def _conversation(self, work: UnitOfWork, message: StoredMessage, now: datetime) -> Melding:
        melding = work.meldingen.create(_NOTHING_ASKED, now)
        person = NewMelder(
            person_id=message.person_id or 0,
            channel=message.channel,
            thread=message.thread,
            reply_to=message.reply_to,
            visibility=Visibility.PRIVATE,
            language="nl",
        )
        work.meldingen.add_melder(melding.id, person, now)
        received = work.meldingen.record(melding, Change(event=Event.ONTVANGEN, actor="wijkbalie", why="een opdracht"), now)
        closed = Change(event=Event.AFGEHANDELD, actor="wijkbalie", columns={"outcome": "geen_actie_nodig"})
        return work.meldingen.record(received.melding, closed, now).melding


_NOTHING_ASKED = NewMelding(
    lead="geen_actie",
    involved=(),
    partner=None,
    topic="overig",
    kind="overig",
    urgency="laag",
    language="nl",
    zone="auto",
    confidence=1.0,
    proposal={},
    summary="",
)


def via_colleague(verdict: Verdict, name: str, known: Sequence[Known], message: StoredMessage) -> Verdict:
    """What a colleague types or forwards is a melding of its own, unless it answers one or says nothing. Pure."""
    is_answer = bool(message.in_reply_to or message.edits) or any(one.is_answer_awaited or one.is_named for one in known)
    is_signal = verdict.action in {Action.NEW_MELDING, Action.FOLLOW_UP, Action.WITHDRAW} and bool(message.text.strip())
    if is_answer or not is_signal:
        return verdict
    return replace(verdict, action=Action.NEW_MELDING, melding_id=None, reason=f"via collega {name}", is_unsure=False)
