"""What goes out: reply rows, their attempts, and the claims of the relay.

A row is committed with the event that caused it. Its state only becomes `verzonden` with the platform's own answer
(or a colleague's word, recorded as such). Every attempt is a row of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

import sqlalchemy as sa

from routing.errors import NotFoundError, StaleError
from routing.melding import News
from routing.messages import Delivery, Option, OptionKind
from routing.sentences import said
from storage import numbering
from storage.dialect import insert_new, skipping_locked
from storage.few import IS_UNSETTLED
from storage.tables import attempts, melders, replies


class ReplyState(StrEnum):
    READY = "klaar"
    BUSY = "bezig"
    SENT = "verzonden"
    UNCERTAIN = "onzeker"
    REFUSED = "geweigerd"
    BY_HAND = "met_de_hand"
    DROPPED = "vervallen"


_UNSENT = (ReplyState.READY.value, ReplyState.BY_HAND.value)
WAITS_FOR_STAFF = (ReplyState.UNCERTAIN.value, ReplyState.REFUSED.value, ReplyState.BY_HAND.value)
IS_FOR_STAFF = sa.and_(IS_UNSETTLED, replies.c.state.in_(WAITS_FOR_STAFF))
IS_READY = sa.and_(IS_UNSETTLED, replies.c.state == ReplyState.READY.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReply:
    """A reply to be posted once. `state` is READY, or BY_HAND when no machine may send it.

    `decided_by` is the colleague whose decision it tells; `is_answer` that it answers what this person just wrote.
    """

    melding_id: int
    melder_id: int
    event_id: int
    channel: str
    thread: str
    reply_to: str
    recipient: str
    delivery: Delivery
    news: str
    text: str = field(repr=False)
    token: str
    state: ReplyState = ReplyState.READY
    problem: str | None = None
    decided_by: str | None = None
    is_answer: bool = False
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A stored reply."""

    id: int
    melding_id: int
    melder_id: int
    channel: str
    thread: str
    reply_to: str
    recipient: str
    delivery: Delivery
    news: str
    text: str = field(repr=False)
    token: str
    state: ReplyState
    due_at: datetime
    created_at: datetime
    sent_at: datetime | None
    external_id: str | None
    problem: str | None
    attempts: int
    looks: int
    look_at: datetime | None
    claimed_until: datetime | None
    decided_by: str | None
    guard: str | None
    is_answer: bool
    options: tuple[Option, ...]

    @classmethod
    def from_row(cls, row: sa.Row[Any]) -> Self:
        values = {name: row._mapping[name] for name in cls.__dataclass_fields__}
        options = tuple(Option(kind=OptionKind(kind), label=label) for kind, label in json.loads(row.options))
        return cls(**{**values, "delivery": Delivery(row.delivery), "state": ReplyState(row.state), "options": options})


def _due() -> sa.Select[Any]:
    """The oldest due reply of a channel that is the first of its conversation, or tells of danger.

    Made once: it is asked again and again.
    """
    at: sa.BindParameter[datetime] = sa.bindparam("at", type_=replies.c.due_at.type)
    is_due = sa.or_(replies.c.due_at <= at, sa.and_(replies.c.created_at > at, replies.c.guard.is_(None)))
    earlier = replies.alias("earlier")
    is_first = ~sa.exists().where(
        earlier.c.channel == replies.c.channel,
        earlier.c.thread == replies.c.thread,
        earlier.c.state.in_([ReplyState.READY.value, ReplyState.BUSY.value]),
        sa.or_(earlier.c.guard.is_(None), earlier.c.due_at <= at),
        earlier.c.id < replies.c.id,
    )
    of_channel = replies.c.channel == sa.bindparam("for_channel")
    is_danger = replies.c.news == News.NOODGEVAL.value
    query = sa.select(replies).where(of_channel, IS_READY, is_due, sa.or_(is_danger, is_first))
    return query.order_by(~is_danger, replies.c.id).limit(1)


_DUE = _due()


def _was_told() -> sa.Select[tuple[bool]]:
    of_person = sa.select(melders.c.id).where(melders.c.person_id == sa.bindparam("of_person"))
    to_person = replies.c.melder_id.in_(of_person)
    return sa.select(sa.exists().where(to_person, replies.c.delivery != Delivery.PUBLIC_REPLY.value))


_WAS_TOLD = _was_told()


def _was_answered() -> sa.Select[tuple[bool]]:
    gone = [ReplyState.REFUSED.value, ReplyState.BY_HAND.value, ReplyState.DROPPED.value]
    once = [Delivery.PUBLIC_REPLY.value, Delivery.PRIVATE_REPLY.value]
    is_first = sa.and_(replies.c.melder_id == sa.bindparam("of_melder"), replies.c.delivery.in_(once))
    return sa.select(sa.exists().where(is_first, replies.c.state.not_in(gone)))


_WAS_ANSWERED = _was_answered()
_IS_IT = replies.c.id == sa.bindparam("of_reply")
_ONE = sa.select(replies).where(_IS_IT)
_CHANGE = sa.update(replies).where(_IS_IT).returning(replies)
_IS_OPEN = replies.c.state.in_(sa.bindparam("open_states", expanding=True))
_SETTLE = sa.update(replies).where(_IS_IT, _IS_OPEN, replies.c.attempts == sa.bindparam("seen_attempts"))
_IS_ATTEMPT = sa.and_(attempts.c.reply_id == sa.bindparam("of_reply"), attempts.c.number == sa.bindparam("seen_attempts"))
_END_ATTEMPT = sa.update(attempts).where(_IS_ATTEMPT)
_OF_CHANNEL = replies.c.channel == sa.bindparam("of_channel")
_NOW: sa.BindParameter[datetime] = sa.bindparam("now", type_=replies.c.due_at.type)
_TOO_FAR: sa.BindParameter[datetime] = sa.bindparam("too_far", type_=replies.c.due_at.type)
_LAPSED = sa.select(replies).where(
    IS_UNSETTLED,
    _OF_CHANNEL,
    replies.c.state == ReplyState.BUSY.value,
    sa.or_(replies.c.claimed_until <= _NOW, replies.c.claimed_until > _TOO_FAR),
)
_TO_LOOK_FOR = (
    sa.select(replies)
    .where(IS_UNSETTLED, _OF_CHANNEL, replies.c.state == ReplyState.UNCERTAIN.value, replies.c.look_at <= _NOW)
    .order_by(replies.c.id)
    .limit(sa.bindparam("at_most", type_=sa.Integer()))
)
_UNTIL: sa.BindParameter[datetime] = sa.bindparam("until", type_=replies.c.due_at.type)
_DEFER = (
    sa.update(replies)
    .where(_OF_CHANNEL, replies.c.thread == sa.bindparam("of_thread"), replies.c.state == ReplyState.READY.value)
    .where(replies.c.due_at < _UNTIL)
    .values(due_at=_UNTIL)
)


class Outbox:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, new: NewReply, now: datetime) -> bool:
        """Queue a reply. False when this event was already told to this melder. Idempotent."""
        values = {name: getattr(new, name) for name in new.__dataclass_fields__}
        values |= {"delivery": new.delivery.value, "state": new.state.value, "due_at": now, "created_at": now}
        values["options"] = json.dumps([[option.kind.value, option.label] for option in new.options])
        return insert_new(self._connection, replies, values) is not None

    def count_of(self, melding_id: int) -> int:
        """Up to which number replies of a melding have been counted: the next visible token is one higher."""
        return numbering.replies_counted(self._connection, melding_id)

    def has_told(self, person_id: int) -> bool:
        """Whether this person was ever sent, or is about to be sent, anything private."""
        return bool(self._connection.execute(_WAS_TOLD, {"of_person": person_id}).scalar_one())

    def was_answered_in_public(self, melder_id: int) -> bool:
        """Whether the one automatic reply that needs no earlier contact was sent to this melder, or is on its way."""
        return bool(self._connection.execute(_WAS_ANSWERED, {"of_melder": melder_id}).scalar_one())

    def find_by_token(self, channel: str, token: str) -> Reply | None:
        query = sa.select(replies).where(replies.c.channel == channel, replies.c.token == token)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Reply.from_row(row)

    def release_proven(self, melder_id: int, now: datetime) -> int:
        """Let go what waited for the melder to prove the address. Returns how many."""
        waits = sa.and_(
            replies.c.melder_id == melder_id,
            replies.c.delivery == Delivery.PRIVATE_REPLY.value,
            replies.c.state == ReplyState.BY_HAND.value,
        )
        values = {"delivery": Delivery.DIRECT.value, "state": ReplyState.READY.value, "due_at": now, "problem": None}
        return self._connection.execute(sa.update(replies).where(waits).values(values)).rowcount

    def get(self, reply_id: int) -> Reply:
        row = self._connection.execute(_ONE, {"of_reply": reply_id}).one_or_none()
        if row is None:
            raise NotFoundError(said("Antwoord %(reply_id)s bestaat niet.", reply_id=reply_id))
        return Reply.from_row(row)

    def claim_due(
        self, channel: str, now: datetime, *, lease: timedelta, may_leave: Callable[[Reply], bool] = lambda _: True
    ) -> Reply | None:
        """Take the oldest due reply that `may_leave` and open an attempt for it. Commit before sending. Danger goes first.

        `may_leave` sets aside what it refuses, in this transaction. Only the first unsent reply of a conversation may be taken:
        news arrives in the order it was decided, but what tells of danger waits for no other. What a guard lets wait holds up
        nobody.

        A reply made later than now tells that the clock was set back: it does not wait until that moment comes again.
        """
        while (reply := self._find_due(channel, now)) is not None:
            if may_leave(reply):
                return self._begin_attempt(reply, now, now + lease)
        return None

    def _find_due(self, channel: str, now: datetime) -> Reply | None:
        query = skipping_locked(self._connection, _DUE, replies)
        row = self._connection.execute(query, {"for_channel": channel, "at": now}).one_or_none()
        return None if row is None else Reply.from_row(row)

    def defer_conversation(self, reply: Reply, *, until: datetime) -> None:
        """Let the conversation of `reply` rest: its unsent replies are not due before `until`."""
        values = {"of_channel": reply.channel, "of_thread": reply.thread, "until": until}
        self._connection.execute(_DEFER, values)

    def record_sent(self, reply: Reply, external_id: str, now: datetime) -> None:
        """The platform gave the id of the post: that is certain, also when the claim lapsed in the meantime."""
        self._settle(reply, ReplyState.SENT, now, sent_at=now, external_id=external_id, problem=None)

    def record_retry(self, reply: Reply, problem: str, now: datetime, *, due_at: datetime) -> None:
        """The platform provably did not post it: try again at `due_at`."""
        self._settle(reply, ReplyState.READY, now, due_at=due_at, problem=problem)

    def record_refused(self, reply: Reply, problem: str, now: datetime) -> None:
        self._settle(reply, ReplyState.REFUSED, now, problem=problem)

    def record_by_hand(self, reply: Reply, problem: str, now: datetime) -> None:
        """No machine may send it (any more): it becomes work for staff, the text prepared."""
        self._settle(reply, ReplyState.BY_HAND, now, problem=problem)

    def record_uncertain(self, reply: Reply, problem: str, now: datetime, *, look_at: datetime | None) -> None:
        """Nobody can tell whether it was posted. `look_at` is when to read the channel back; None leaves it to staff."""
        self._settle(reply, ReplyState.UNCERTAIN, now, problem=problem, look_at=look_at)

    def find_lapsed_claims(self, channel: str, now: datetime, *, lease: timedelta) -> tuple[Reply, ...]:
        """Replies whose sender disappeared while sending. Their outcome is unknown.

        A claim for longer than anybody claims was made before the clock was set back: it is not waited for.
        """
        values = {"of_channel": channel, "now": now, "too_far": now + 2 * lease}
        rows = self._connection.execute(skipping_locked(self._connection, _LAPSED, replies), values).all()
        return tuple(Reply.from_row(row) for row in rows)

    def claim_looks(self, channel: str, now: datetime, *, lease: timedelta, limit: int) -> tuple[Reply, ...]:
        """Uncertain replies that it is time to look for. Each look is counted and re-armed at `now + lease`."""
        values = {"of_channel": channel, "now": now, "at_most": limit}
        rows = self._connection.execute(skipping_locked(self._connection, _TO_LOOK_FOR, replies), values)
        found = [Reply.from_row(row) for row in rows]
        return tuple(self._update(reply.id, look_at=now + lease, looks=reply.looks + 1) for reply in found)

    def drop_unsent(self, melding_id: int, news: str) -> dict[str, str]:
        """Withdraw replies of one kind that newer news replaces and that nobody sent yet. Returns their ids and states."""
        is_unsent = sa.and_(replies.c.melding_id == melding_id, replies.c.news == news, replies.c.state.in_(_UNSENT))
        return self._drop(is_unsent, "vervangen door nieuwer bericht")

    def take_back(self, event_id: int) -> bool:
        """Withdraw every reply of an event. False when one of them left already, or may have: then nothing is withdrawn."""
        is_of_event = replies.c.event_id == event_id
        self._drop(sa.and_(is_of_event, replies.c.state.in_(_UNSENT)), "besluit teruggedraaid")
        # What a sender is claiming at this moment still reads as unsent: only what was dropped here is certain to stay.
        stays = sa.exists().where(is_of_event, replies.c.state != ReplyState.DROPPED.value)
        return not self._connection.execute(sa.select(stays)).scalar_one()

    def revive(self, dropped: dict[str, str]) -> None:
        """Let replies that were withdrawn wait again as they did: what `drop_unsent` returned."""
        for reply_id, state in dropped.items():
            self._update(int(reply_id), state=ReplyState(state).value, problem=None)

    def hold(self, event_id: int, *, until: datetime) -> None:
        """Let the replies of an event wait, so that the decision can be taken back."""
        is_ready = sa.and_(replies.c.event_id == event_id, replies.c.state == ReplyState.READY.value)
        self._connection.execute(sa.update(replies).where(is_ready).values(due_at=until))

    def _drop(self, which: sa.ColumnElement[bool], problem: str) -> dict[str, str]:
        query = sa.select(replies.c.id, replies.c.state).where(which)
        before = {str(row.id): row.state for row in self._connection.execute(skipping_locked(self._connection, query, replies))}
        values = {"state": ReplyState.DROPPED.value, "problem": problem}
        ids = [int(reply_id) for reply_id in before]
        self._connection.execute(sa.update(replies).where(replies.c.id.in_(ids)).values(values))
        return before

    def hand_to_staff(self, channel: str, reason: str) -> int:
        """What waits to be posted on this channel becomes work for staff. Returns how many."""
        is_waiting = sa.and_(replies.c.channel == channel, IS_READY)
        values = {"state": ReplyState.BY_HAND.value, "problem": reason}
        return self._connection.execute(sa.update(replies).where(is_waiting).values(values)).rowcount

    def doubt_unsent(self, problem: str, now: datetime) -> int:
        """Nobody can tell any more whether what was not sent yet was sent since: all of it is looked up. Returns how many."""
        unsent = [ReplyState.READY.value, ReplyState.BUSY.value]
        values = {"state": ReplyState.UNCERTAIN.value, "problem": problem, "look_at": now, "looks": 0, "claimed_until": None}
        which = sa.and_(IS_UNSETTLED, replies.c.state.in_(unsent))
        return self._connection.execute(sa.update(replies).where(which).values(values)).rowcount

    def retry_by_staff(self, reply: Reply, account: str, now: datetime) -> None:
        """A colleague decided that it must be sent (again). Raises StaleError when it is no longer what they looked at."""
        self._decide(
            reply,
            state=ReplyState.READY.value,
            due_at=now,
            look_at=None,
            decided_by=account,
            problem=said("opnieuw verzenden door %(account)s", account=account),
        )

    def posted_by_staff(self, reply: Reply, account: str, now: datetime) -> None:
        """A colleague saw it on the platform, or posted it by hand. Raises StaleError as above."""
        self._decide(
            reply,
            state=ReplyState.SENT.value,
            sent_at=now,
            look_at=None,
            problem=said("geplaatst volgens %(account)s", account=account),
        )

    def _begin_attempt(self, reply: Reply, now: datetime, claimed_until: datetime) -> Reply:
        number = reply.attempts + 1
        self._connection.execute(sa.insert(attempts), {"reply_id": reply.id, "number": number, "started_at": now})
        return self._update(reply.id, state=ReplyState.BUSY.value, attempts=number, looks=0, claimed_until=claimed_until)

    def _settle(self, reply: Reply, state: ReplyState, now: datetime, **changes: Any) -> None:
        """Close the running attempt. A row that somebody else settled meanwhile is left as it is."""
        open_states = [reply.state.value, ReplyState.UNCERTAIN.value] if state is ReplyState.SENT else [reply.state.value]
        expected = {"of_reply": reply.id, "open_states": open_states, "seen_attempts": reply.attempts}
        values = {"state": state.value, "claimed_until": None, "look_at": None, **changes}
        if self._connection.execute(_SETTLE, {**values, **expected}).rowcount == 0:
            return
        ended = {"ended_at": now, "outcome": state.value, "detail": changes.get("problem")}
        self._connection.execute(_END_ATTEMPT, {**ended, "of_reply": reply.id, "seen_attempts": reply.attempts})

    def _decide(self, reply: Reply, **changes: Any) -> None:
        """A sender may have settled it since it was read: what was found on the platform is never sent again."""
        expected = {"of_reply": reply.id, "open_states": [reply.state.value], "seen_attempts": reply.attempts}
        if self._connection.execute(_SETTLE, {**changes, **expected}).rowcount == 0:
            raise StaleError(said("Dit antwoord is intussen veranderd. Laad de pagina opnieuw en kijk hoe het staat."))

    def _update(self, reply_id: int, **changes: Any) -> Reply:
        return Reply.from_row(self._connection.execute(_CHANGE, {**changes, "of_reply": reply_id}).one())
