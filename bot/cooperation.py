"""Working together on a melding: notes, tasks of involved vakafdelingen, links and splitting. Decisions are in `bot.handling`.

Each function is one transaction of change and event. Nothing here knows HTTP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.handling import Handling
from bot.replies import Telling
from routing.errors import InvalidTransitionError, NotFoundError
from routing.melding import Event, News
from routing.sentences import said
from storage.database import UnitOfWork
from storage.meldingen import Change, Melding, NewMelder, NewMelding
from storage.points import Commit
from storage.splitting import SecondMatter
from storage.tasks import NewTask, TaskState

_MENTION = re.compile(r"(?<![\w@])@([\w.-]{1,60}\w|\w)")
_SUMMARY_LENGTH = 280
# What a task may become, from what it is. What is finished stays as it is.
_STEPS = {
    TaskState.OPEN: {TaskState.BUSY, TaskState.DONE, TaskState.NOT_OURS, TaskState.WITHDRAWN},
    TaskState.BUSY: {TaskState.DONE, TaskState.NOT_OURS, TaskState.WITHDRAWN},
}


def mentioned_in(text: str) -> tuple[str, ...]:
    """The usernames a note names with an @."""
    return tuple(dict.fromkeys(_MENTION.findall(text)))


@dataclass(frozen=True, slots=True)
class Cooperation:
    """The use cases, over the same parts as the decisions."""

    handling: Handling

    def note(self, melding_id: int, text: str, *, account: str) -> tuple[str, ...]:
        """Write a note; whoever is named in it follows the melding from now on. Returns who was named and exists."""
        now = self.handling.now()
        with self.handling.database.work(Commit.DESK) as work:
            melding = work.meldingen.get(melding_id)
            work.notes.add(melding_id, account, text, now)
            named = work.notes.mention(melding_id, mentioned_in(text), now)
            self._record(work, melding, Event.NOTITIE, "", account)
            work.commit()
        return named

    def give_task(self, melding_id: int, asked: NewTask, *, account: str) -> None:
        """Ask another vakafdeling for its part. It is involved from now on; the lead stays the lead."""
        now = self.handling.now()
        with self.handling.database.work(Commit.DESK) as work:
            melding = work.meldingen.get(melding_id)
            work.tasks.give(melding_id, asked, by=account, now=now)
            involved = list(dict.fromkeys((*melding.involved, asked.vakafdeling)))
            why = f"{self.handling.replies.municipality.name_of(asked.vakafdeling)}: {asked.what}"
            change = Change(event=Event.TAAK_GEGEVEN, actor=account, why=why, columns={"involved": involved})
            work.meldingen.record(melding, change, now)
            work.commit()

    def update_task(self, task_id: int, state: TaskState, why: str, *, account: str) -> int:
        """Take a task further; "niet van ons" needs a reason, which the lead sees. Returns the melding's id."""
        if state is TaskState.NOT_OURS and not why:
            raise InvalidTransitionError(said("Schrijf waarom deze taak niet van uw vakafdeling is."))
        now = self.handling.now()
        with self.handling.database.work(Commit.DESK) as work:
            task = work.tasks.get(task_id)
            if state not in _STEPS.get(task.state, set()):
                raise InvalidTransitionError(
                    said(
                        "Deze taak is '%(was)s' en kan niet '%(state)s' worden.",
                        was=task.state.replace("_", " "),
                        state=state.replace("_", " "),
                    )
                )
            work.tasks.set_state(task, state, why, by=account, now=now)
            melding = work.meldingen.get(task.melding_id)
            name = self.handling.replies.municipality.name_of(task.vakafdeling)
            told = f"{name}: {task.what}: {state.replace('_', ' ')}" + (f" ({why})" if why else "")
            self._record(work, melding, Event.TAAK_BIJGEWERKT, told, account)
            work.commit()
        return task.melding_id

    def link(self, melding_id: int, other_id: int, *, account: str, is_linked: bool) -> None:
        """Let two meldingen name each other, or no longer. Idempotent."""
        if melding_id == other_id:
            raise InvalidTransitionError(said("Een melding kan niet met zichzelf worden gekoppeld. Kies een andere."))
        now = self.handling.now()
        with self.handling.database.work(Commit.DESK) as work:
            melding, other = work.meldingen.get(melding_id), work.meldingen.get(other_id)
            if is_linked:
                work.links.link(melding_id, other_id, by=account, now=now)
            else:
                work.links.unlink(melding_id, other_id)
            linked, unlinked = (
                said("met %(kenmerk)s", kenmerk=other.kenmerk),
                said("niet meer met %(kenmerk)s", kenmerk=other.kenmerk),
            )
            self._record(work, melding, Event.GEKOPPELD, linked if is_linked else unlinked, account)
            work.commit()

    def split(self, melding_id: int, message_id: int, *, account: str) -> Melding:
        """Let one message begin a melding of its own, to be judged. Its writer hears the new number."""
        with self.handling.database.work(Commit.DESK) as work:
            old = work.meldingen.get(melding_id)
            melder = work.splitting.writer_of(message_id, old.id)
            new = work.meldingen.create(_part_of(old, work.splitting.text_of(message_id)), self.handling.now())
            work.splitting.move_message(message_id, target=new.id)
            new = self._split_off(work, old, new, melder, account)
            self._record_split(work, old, new, message_id, account)
            work.commit()
        return new

    def split_second(self, melding_id: int, message_id: int, *, account: str) -> Melding:
        """Let the second matter of a message begin a melding of its own. The message stays where it is.

        Raises NotFoundError when the message tells of no second matter, or was split already.
        """
        with self.handling.database.work(Commit.DESK) as work:
            old, second = work.meldingen.get(melding_id), work.splitting.second_matters(melding_id).get(message_id)
            part = work.splitting.text_of(message_id)[second.second_at :] if second else ""
            if second is None or not part.strip():
                raise NotFoundError(said("Dit bericht is al gesplitst, of gaat niet over twee kwesties. Laad de pagina opnieuw."))
            new = work.meldingen.create(_second_of(old, second, part), self.handling.now())
            new = self._split_off(work, old, new, work.splitting.writer_of(message_id, old.id), account)
            self._record_split(work, old, new, message_id, account)
            work.commit()
        return new

    def _split_off(self, work: UnitOfWork, old: Melding, new: Melding, melder: NewMelder | None, account: str) -> Melding:
        """Let the new melding begin, with its writer, and put it before staff."""
        now = self.handling.now()
        if melder is not None:
            work.meldingen.add_melder(new.id, melder, now)
        columns = {"promised_at": self.handling.promises.next(new, now)}
        received = Change(
            event=Event.ONTVANGEN, actor=account, why=said("afgesplitst van %(kenmerk)s", kenmerk=old.kenmerk), columns=columns
        )
        recorded = work.meldingen.record(new, received, now)
        self.handling.replies.tell(work, recorded, Telling(news=News.ONTVANGST, is_lead_known=False), now)
        return self._record(
            work, recorded.melding, Event.TER_BEOORDELING, said("afgesplitst van %(kenmerk)s", kenmerk=old.kenmerk), account
        )

    def _record_split(self, work: UnitOfWork, old: Melding, new: Melding, message_id: int, account: str) -> None:
        data = {"message_id": message_id}
        change = Change(event=Event.AFGESPLITST, actor=account, why=new.kenmerk, data=data)
        work.meldingen.record(old, change, self.handling.now())
        work.links.link(old.id, new.id, by=account, now=self.handling.now())

    def follow(self, melding_id: int, *, account: str, is_following: bool) -> None:
        """Idempotent. No event: it changes nothing about the melding. Raises NotFoundError when there is none."""
        with self.handling.database.work() as work:
            work.meldingen.get(melding_id)
            if is_following:
                work.watching.follow(account, melding_id, self.handling.now())
            else:
                work.watching.unfollow(account, melding_id)
            work.commit()

    def _record(self, work: UnitOfWork, melding: Melding, event: Event, why: str, account: str) -> Melding:
        return work.meldingen.record(melding, Change(event=event, actor=account, why=why), self.handling.now()).melding


def _second_of(old: Melding, second: SecondMatter, text: str) -> NewMelding:
    """A new melding routed as the part was by itself: another matter, so perhaps another place."""
    alone = replace(_part_of(old, text), lead=second.lead, topic=second.topic, kind=second.kind, partner=None)
    nowhere = replace(alone, street=None, buurt=None, wijk=None, lat=None, lon=None)
    return replace(nowhere, proposal={**nowhere.proposal, "lead": second.lead})


def _part_of(old: Melding, text: str) -> NewMelding:
    """A new melding with the place and onderwerp of the old one, and nobody sure about it yet."""
    return NewMelding(
        lead=old.lead,
        involved=(),
        partner=old.partner,
        topic=old.topic,
        kind=old.kind,
        urgency=old.urgency,
        language=old.language,
        zone="person",
        confidence=0.0,
        proposal={"lead": old.lead, "reasons": [said("afgesplitst van %(kenmerk)s", kenmerk=old.kenmerk)]},
        summary=text[:_SUMMARY_LENGTH],
        street=old.street,
        buurt=old.buurt,
        wijk=old.wijk,
        lat=old.lat,
        lon=old.lon,
    )
