"""What stands on the simulated X: accounts, posts and direct messages, as X's interface 2.166 words them.

It knows nothing of HTTP, paging or faults.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.simulator.server import Clock
from channels.weighted_length import weighted_length

Json = dict[str, Any]

LONGEST_POST = 280
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: str
    name: str
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A post or a direct message at its place in a timeline.

    `is_as_handed_over`: it goes over the wire untouched, whatever fields are asked.
    """

    position: int
    post: Json
    is_as_handed_over: bool = False


class Posts:
    """Everything that was posted, each list oldest first. The caller holds the simulator's lock."""

    def __init__(self, *, own: Account, clock: Clock) -> None:
        self.own = own
        self.accounts = {own.id: own}
        self.media: dict[str, Json] = {}
        self.mentions: list[Entry] = []
        self.own_posts: list[Entry] = []
        self.direct_messages: list[Entry] = []
        self._clock = clock
        self._by_id: dict[str, Json] = {}
        self._wrote_direct: set[str] = set()
        self._last_id = 0

    def next_id(self) -> int:
        """Ids rise and hold the moment, as X's do."""
        milliseconds = int(self._clock().timestamp() * 1000) - _SNOWFLAKE_EPOCH_MS
        self._last_id = max(self._last_id + 1, milliseconds << 22)
        return self._last_id

    def account(self, person_id: str, name: str) -> Account:
        known = self.accounts.get(person_id)
        if known is None or known.name != name:
            known = Account(id=person_id, name=name, username=f"u{person_id}"[:15])
            self.accounts[person_id] = known
        return known

    def find(self, post_id: str) -> Json | None:
        return self._by_id.get(post_id)

    def add(self, author_id: str, text: str, **extra: Any) -> Json:
        """A new post; it stands in the mentions when it names our account, and in our own timeline when it is ours."""
        position = self.next_id()
        post = {
            "id": str(position),
            "author_id": author_id,
            "conversation_id": str(position),
            "created_at": _wire_moment(self._clock()),
            "edit_history_tweet_ids": [str(position)],
            **_wire_text(text),
            **{name: value for name, value in extra.items() if value is not None},
        }
        self._by_id[post["id"]] = post
        entry = Entry(position=position, post=post)
        if author_id == self.own.id:
            self.own_posts.append(entry)
        if f"@{self.own.username}".lower() in text.lower():
            self.mentions.append(entry)
        return post

    def hand_over(self, post: Json) -> str:
        """Put anything into the mentions, with an id when it names none. Returns the id."""
        position = self.next_id()
        post.setdefault("id", str(position))
        self.mentions.append(Entry(position=position, post=post, is_as_handed_over=True))
        return str(post["id"])

    def remove(self, post_id: str) -> Json:
        """Delete a post. Returns it; KeyError when there is none."""
        post = self._by_id.pop(post_id)
        for timeline in (self.mentions, self.own_posts):
            timeline[:] = [entry for entry in timeline if entry.post is not post]
        return post

    def add_media(self, kind: str) -> str:
        key = f"3_{self.next_id()}"
        self.media[key] = {"media_key": key, "type": kind, "url": f"https://pbs.twimg.com/media/{key}.jpg"}
        return key

    def add_direct_message(self, sender_id: str, other_id: str, text: str, media: Sequence[str] = ()) -> Json:
        position = self.next_id()
        event = {
            "id": str(position),
            "event_type": "MessageCreate",
            "text": html.escape(text, quote=False),
            "sender_id": sender_id,
            "dm_conversation_id": "-".join(sorted((self.own.id, other_id), key=int)),
            "created_at": _wire_moment(self._clock()),
            **({"attachments": {"media_keys": list(media)}} if media else {}),
        }
        self.direct_messages.append(Entry(position=position, post=event))
        self._wrote_direct.add(sender_id)
        return event

    def hand_over_direct_message(self, event: Json) -> str:
        position = self.next_id()
        event.setdefault("id", str(position))
        self.direct_messages.append(Entry(position=position, post=event, is_as_handed_over=True))
        self._wrote_direct.add(str(event.get("sender_id")))
        return str(event["id"])

    def has_written_direct(self, person_id: str) -> bool:
        return person_id in self._wrote_direct

    def direct_messages_with(self, person_id: str) -> Iterator[Entry]:
        conversations = ((entry, str(entry.post.get("dm_conversation_id", ""))) for entry in self.direct_messages)
        return (entry for entry, conversation in conversations if person_id in conversation.split("-"))

    def has_summoned_us(self, post: Json) -> bool:
        """X (changelog of 23 February 2026): an automatic reply needs a post that mentions or quotes the account."""
        text = str(post.get("note_tweet", post).get("text", ""))
        quoted = {reference["id"] for reference in post.get("referenced_tweets", ()) if reference["type"] == "quoted"}
        return f"@{self.own.username}".lower() in text.lower() or any(e.post["id"] in quoted for e in self.own_posts)


def _wire_text(text: str) -> Json:
    """X escapes three characters, and gives a long post's text in full only in `note_tweet`."""
    escaped = html.escape(text, quote=False)
    if weighted_length(text) <= LONGEST_POST:
        return {"text": escaped}
    return {"text": html.escape(text[:250], quote=False) + "… https://t.co/a1B2c3D4e5", "note_tweet": {"text": escaped}}


def _wire_moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
