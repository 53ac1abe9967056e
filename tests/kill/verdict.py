"""What the product kept, compared with what residents wrote and what the platforms saw."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from storage import audit, queries
from storage.audit import TakenIn
from storage.database import Database
from storage.outbox import Reply, ReplyState
from tests.kill.city import City

TOKEN = re.compile(r"WB-\d{4}-\d{5,}/\d+")
# Neither Telegram nor mail can be read back: what is uncertain there must end before staff, and nowhere else may it stay so.
CANNOT_READ_BACK = frozenset({"telegram", "counter", "web_form"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found. `problems` is empty when all was kept."""

    messages: int
    lost: int
    doubled: int
    replies: int
    replies_lost: int
    replies_doubled: int
    uncertain: int
    problems: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"messages {self.messages}, lost {self.lost}, doubled {self.doubled}, "
            f"replies {self.replies}, replies lost {self.replies_lost}, replies doubled {self.replies_doubled}, "
            f"uncertain {self.uncertain}"
        )


def left(database: Database, city: City) -> int:
    """How many messages and replies are not settled yet."""
    with database.reading() as connection:
        handled = audit.count_handled(connection)
        under_way = audit.count_under_way(connection, cannot_read_back=CANNOT_READ_BACK)
    return max(0, city.begun - handled) + under_way


def compare(database: Database, city: City) -> Verdict:
    with database.reading() as connection:
        messages, replies = audit.all_messages(connection), audit.all_replies(connection)
        meldingen = audit.all_meldingen(connection)
        before_staff = {reply.id for reply in queries.unsent_replies(connection, limit=len(replies) + 1) if reply.problem}
        torn = [melding.kenmerk for melding in meldingen if not queries.is_log_whole(connection, melding.id)]
    lost = city.written - {(message.channel, message.external_id) for message in messages}
    doubled = _taken_twice(messages)
    posts = Counter(token for text in city.posted() for token in TOKEN.findall(text))
    lost_replies = [reply for reply in replies if _is_lost(reply, posts)]
    doubled_replies = [token for token, count in posts.items() if count > 1]
    uncertain = [reply for reply in replies if reply.state is ReplyState.UNCERTAIN]
    problems = [
        *(f"lost: {channel} {external_id}" for channel, external_id in sorted(lost)),
        *(f"taken in twice: {what}" for what in doubled),
        *(f"reply lost: {reply.token} on {reply.channel} is {reply.state} ({reply.problem})" for reply in lost_replies),
        *(f"reply doubled: {token} stands {posts[token]} times" for token in doubled_replies),
        *(f"posted but never decided: {token}" for token in posts.keys() - {reply.token for reply in replies}),
        *(f"uncertain, but not before staff: {reply.token}" for reply in uncertain if reply.id not in before_staff),
        *(f"event log of {kenmerk} is torn" for kenmerk in torn),
    ]
    return Verdict(
        messages=len(city.written),
        lost=len(lost),
        doubled=len(doubled),
        replies=len(replies),
        replies_lost=len(lost_replies),
        replies_doubled=len(doubled_replies),
        uncertain=len(uncertain),
        problems=tuple(problems),
    )


def _taken_twice(messages: tuple[TakenIn, ...]) -> list[str]:
    """A message kept twice, or a melding of two messages: each resident of this city writes once."""
    kept = Counter((message.channel, message.external_id) for message in messages)
    of_melding = Counter(message.melding_id for message in messages if message.melding_id is not None)
    return [
        *(f"message {channel} {external_id}" for (channel, external_id), count in kept.items() if count > 1),
        *(f"melding {melding_id}" for melding_id, count in of_melding.items() if count > 1),
    ]


def _is_lost(reply: Reply, posts: Counter[str]) -> bool:
    return _is_under_way(reply) or (reply.state is ReplyState.SENT and posts[reply.token] != 1)


def _is_under_way(reply: Reply) -> bool:
    is_looked_for = reply.state is ReplyState.UNCERTAIN and reply.channel not in CANNOT_READ_BACK
    return is_looked_for or reply.state in {ReplyState.READY, ReplyState.BUSY}
