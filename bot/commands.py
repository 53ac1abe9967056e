"""What a person says to the computer itself: how does it work, stop, how does it stand, yes or no; and how a colleague joins.

The words stand in bot/teksten/opdrachten.toml. Writes in the transaction of the triage step, and sends nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files

from bot.answering import Answering, melder_of
from bot.passwords import digest
from bot.questions import asking
from bot.replies import Telling
from routing.conversation import Action, Known, Verdict
from routing.melding import Event, News
from routing.messages import Visibility
from routing.questions import Question
from routing.reachability import Wish
from routing.sentences import said
from routing.text import fold
from storage.database import UnitOfWork
from storage.inbox import StoredMessage
from storage.mail_ways import as_melder
from storage.meldingen import Change, Melding, NewMelding, Recorded

_LONGEST = 40
_ADDRESS_ONLY = re.compile(r"(?:[\w-]+[ :,]+){0,4}?(?:mailto:)?([^\s@:,<>]+@[^\s@:,<>]+\.\w{2,})[.!]?", re.IGNORECASE)
_LONGEST_WITH_ADDRESS = 320
_WITH_CODE = re.compile(r"/start ([\w-]{1,64})", re.IGNORECASE)  # what an invitation's link makes Telegram send


class Command(StrEnum):
    """What the words mean. The first three are wishes, named as in `Wish`."""

    NIETS = "niets"
    MINDER = "minder"
    ALLES = "alles"
    ELDERS = "elders"
    START = "start"
    UITLEG = "uitleg"
    PRIVACY = "privacy"
    STAND = "stand"
    JA = "ja"
    NEE = "nee"


_WISHES = {Command.NIETS: Wish.NIETS, Command.MINDER: Wish.MINDER, Command.ALLES: Wish.ALLES}


def read_command(text: str) -> Command | None:
    """What the text says to the computer, if that is all it says; None for every other text. Pure."""
    if len(text) > _LONGEST:
        return None
    plain = _plain(text)
    return _phrases().get(plain) or _phrases().get(plain.removeprefix("/"))


def read_address(text: str) -> str | None:
    """The e-mail address that is all the text gives, perhaps after a word or four; None for every other text. Pure."""
    found = _ADDRESS_ONLY.fullmatch(text.strip()) if len(text) <= _LONGEST_WITH_ADDRESS else None
    return None if found is None else found[1]


@dataclass(frozen=True, slots=True)
class Commands:
    answering: Answering

    def handle(self, work: UnitOfWork, message: StoredMessage, own: Sequence[Melding]) -> bool:
        """Handle what is said to the computer in a private conversation. False when the message is something else.

        `own` are the meldingen of its sender, newest first.
        """
        if message.person_id is None or message.visibility is not Visibility.PRIVATE or message.attachments:
            return False
        if (address := read_address(message.text)) and self._may_take_address(own):
            return self._take_address(work, message, own, address)
        with_code = _WITH_CODE.fullmatch(message.text.strip())
        command = Command.START if with_code else read_command(message.text)
        if with_code and work.colleagues.join(digest(with_code[1]), message.person_id, self.answering.now()):
            self._explain(work, message, own, News.COLLEGA)
        elif command in {Command.JA, Command.NEE}:
            return self._take_verdict(work, message, own, is_good=command is Command.JA)
        elif command in _WISHES:
            self._follow_wish(work, message, own, _WISHES[command])
        elif command is Command.ELDERS:
            return self._go_elsewhere(work, message, own)
        elif command is Command.START:
            self._start(work, message, own)
        elif command is Command.STAND and own:
            self._explain(work, message, own, News.STAND)
        elif command is not None:
            self._explain(work, message, own, News.PRIVACY if command is Command.PRIVACY else News.UITLEG)
        return command is not None

    def _start(self, work: UnitOfWork, message: StoredMessage, own: Sequence[Melding]) -> None:
        """Who comes back after `stop` hears all news again; everybody else is told how it works."""
        work.mail_ways.end(message.person_id or 0)
        if work.meldingen.set_wish(message.person_id or 0, Wish.ALLES):
            self._tell_wish(work, message, own, Wish.ALLES)
        else:
            self._explain(work, message, own, News.UITLEG)

    def _follow_wish(self, work: UnitOfWork, message: StoredMessage, own: Sequence[Melding], wish: Wish) -> None:
        work.meldingen.set_wish(message.person_id or 0, wish)
        work.mail_ways.end(message.person_id or 0)
        self._tell_wish(work, message, own, wish)

    def _may_take_address(self, own: Sequence[Melding]) -> bool:
        """Not when we wait for an answer: then the address belongs to that."""
        return self.answering.replies.sends_mail and bool(own) and not any(melding.question for melding in own)

    def _take_address(self, work: UnitOfWork, message: StoredMessage, own: Sequence[Melding], address: str) -> bool:
        """Send a link to the address; until its reader clicks, nothing changes. False when too many were tried today."""
        now = self.answering.now()
        mail_person_id = work.mail_ways.add(message.person_id or 0, address, now)
        if mail_person_id is None:
            return False
        if mail_person_id == work.mail_ways.proven(message.person_id or 0):
            return self._go_elsewhere(work, message, own)
        concerned = [own[0], *(melding for melding in own[1:] if not melding.is_closed)]
        is_new = [work.meldingen.add_melder(one.id, as_melder(mail_person_id, one.language), now) for one in concerned]
        recorded = work.meldingen.record(
            own[0], Change(event=Event.VOORKEUR, actor="melder", why=said("wil nieuws per e-mail")), now
        )
        if any(is_new):
            telling = Telling(news=News.ADRES, only_person=mail_person_id, answers=mail_person_id)
            self.answering.replies.tell(work, recorded, telling, now)
        told = Telling(news=News.VOORKEUR, wish="bevestig", only_person=message.person_id)
        self._answer(work, message, recorded, told, Action.OTHER)
        return True

    def _go_elsewhere(self, work: UnitOfWork, message: StoredMessage, own: Sequence[Melding]) -> bool:
        """To the address that was proven before, or ask for one. False when there is no mail: then a colleague reads it."""
        if not self.answering.replies.sends_mail or not own:
            return False
        known = work.mail_ways.proven(message.person_id or 0)
        if known is not None:
            work.mail_ways.prefer(known)
        self._tell_wish(work, message, own, Wish.ELDERS if known is not None else "adres")
        return True

    def _tell_wish(self, work: UnitOfWork, message: StoredMessage, own: Sequence[Melding], wish: str) -> None:
        change = Change(event=Event.VOORKEUR, actor="melder", why=said("wil voortaan: %(wish)s", wish=wish))
        telling = Telling(news=News.VOORKEUR, wish=str(wish), only_person=message.person_id)
        self._answer(work, message, self._record(work, message, own, change), telling, Action.OTHER)

    def _explain(self, work: UnitOfWork, message: StoredMessage, own: Sequence[Melding], news: News) -> None:
        change = Change(event=Event.STAND_GEVRAAGD, actor="melder", why=message.text.strip().partition(" ")[0])
        action = Action.STATUS_QUESTION if news is News.STAND else Action.OTHER
        telling = Telling(news=news, only_person=message.person_id)
        self._answer(work, message, self._record(work, message, own, change), telling, action)

    def _take_verdict(self, work: UnitOfWork, message: StoredMessage, own: Sequence[Melding], *, is_good: bool) -> bool:
        """Yes is noted with thanks. No opens the melding again, asks what is wrong, and a colleague looks.

        False when nobody asked whether they were helped, or another question is open: then it is an answer to that.
        """
        judged = next((melding for melding in own if melding.is_closed and melding.feedback == "gevraagd"), None)
        if judged is None or any(melding.question for melding in own):
            return False
        now, only = self.answering.now(), message.person_id
        if is_good:
            change = Change(event=Event.BEOORDEELD, actor="melder", why=said("is goed geholpen"), columns={"feedback": "ja"})
            telling = Telling(news=News.BEOORDEELD, only_person=only)
        else:
            columns: dict[str, object] = {"feedback": "nee", "promised_at": self.answering.promises.next(judged, now)}
            columns |= asking(judged.asked, Question.WAAROM.value, only, now)
            change = Change(event=Event.HEROPEND, actor="melder", why=said("is niet goed geholpen"), columns=columns)
            telling = Telling(news=News.HEROPEND, only_person=only, question_word=Question.WAAROM.value)
        self._answer(work, message, work.meldingen.record(judged, change, now), telling, Action.FOLLOW_UP)
        return True

    def _record(self, work: UnitOfWork, message: StoredMessage, own: Sequence[Melding], change: Change) -> Recorded:
        """Every answer belongs to a melding: the newest of this person, or one that asks nothing of anybody."""
        melding = own[0] if own else self._conversation(work, message)
        return work.meldingen.record(melding, change, self.answering.now())

    def _answer(self, work: UnitOfWork, message: StoredMessage, recorded: Recorded, telling: Telling, action: Action) -> None:
        self.answering.answer(work, recorded, telling, message)
        work.inbox.mark_handled(message.id, melding_id=recorded.melding.id, action=action.value)

    def _conversation(self, work: UnitOfWork, message: StoredMessage) -> Melding:
        now = self.answering.now()
        melding = work.meldingen.create(_NOTHING_ASKED, now)
        work.meldingen.add_melder(melding.id, melder_of(message, _NOTHING_ASKED.language), now)
        received = self.answering.record(work, melding, Event.ONTVANGEN, said("een opdracht"))
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


def _plain(text: str) -> str:
    return " ".join(fold(text).strip(" .!\n").split())


@cache
def _phrases() -> Mapping[str, Command]:
    table = tomllib.loads((files("bot") / "teksten" / "opdrachten.toml").read_text(encoding="utf-8"))
    return {_plain(phrase): Command(meaning) for meaning, phrases in table.items() for phrase in phrases}
