"""What stands on the simulated Facebook page: posts, comments and Messenger conversations, as the Graph API words them.

It knows nothing of HTTP, paging or faults.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from channels.simulator.server import Clock

Json = dict[str, Any]

PRIVATE_REPLY_DAYS = 7
WINDOW_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something at its place in a list: a higher position is younger. `at` is when it came."""

    position: int
    node: Json
    at: datetime
    is_as_handed_over: bool = False


@dataclass(slots=True, kw_only=True)
class Conversation:
    """One person and the page. `last_from_person` opens the window in which the page may write."""

    id: str
    person: Json
    messages: list[Entry] = field(default_factory=list)
    last_from_person: datetime | None = None

    @property
    def position(self) -> int:
        """That of the newest message."""
        return self.messages[-1].position


class FacebookPage:
    """Everything on the page, each list oldest first. `conversations`, by person, are in the order of their newest messages.

    The caller holds the simulator's lock.
    """

    def __init__(self, *, page_id: str, name: str, clock: Clock) -> None:
        self.identity = {"id": page_id, "name": name}
        self.posts: list[Entry] = []
        self.comments: dict[str, list[Entry]] = {}
        self.conversations: dict[str, Conversation] = {}
        self.privately_answered: set[str] = set()
        self._by_id: dict[str, Conversation] = {}
        self._places: dict[str, tuple[str, Entry]] = {}  # of a post or comment: the post it belongs to
        self._clock = clock
        self._last_position = 1_000

    def add_post(self, author: Json, text: str, *, photo: bool = False) -> str:
        position = self._next()
        post: Json = {"id": f"{self.identity['id']}_{position}", "from": author, **({"message": text} if text else {})}
        if photo:
            post["attachments"] = {"data": [_photo(position, kind="media_type")]}
        self.posts.append(self._entry(position, post))
        self.comments[post["id"]] = []
        self._places[post["id"]] = post["id"], self.posts[-1]
        return str(post["id"])

    def add_comment(self, object_id: str, author: Json, text: str, *, photo: bool = False) -> str:
        """A comment on a post or on a comment. Facebook hangs a reply to a reply under the comment at the top."""
        post_id, parent = self._place_of(object_id)
        position = self._next()
        comment: Json = {"id": f"{post_id.partition('_')[2]}_{position}", "from": author, "message": text}
        if photo:
            comment["attachment"] = _photo(position, kind="type")
        if parent is not None:
            comment["parent"] = {name: parent[name] for name in ("id", "from", "message", "created_time") if name in parent}
        self._hang(post_id, self._entry(position, comment))
        return str(comment["id"])

    def add_message(self, person: Json, text: str, *, is_from_page: bool = False, attachment: Json | None = None) -> str:
        conversation = self.conversation_with(person)
        position = self._next()
        author, addressee = (self.identity, person) if is_from_page else (person, self.identity)
        message: Json = {"id": f"m_{position:x}", "from": author, "to": {"data": [addressee]}, "message": text}
        if attachment is not None:
            message["attachments"] = {"data": [{"id": str(position), **attachment}]}
        self._say(conversation, self._entry(position, message))
        if not is_from_page:
            conversation.last_from_person = self._clock()
        return str(message["id"])

    def hand_over_comment(self, post_id: str, comment: Json) -> str:
        position = self._next()
        comment.setdefault("id", f"{post_id.partition('_')[2]}_{position}")
        self._hang(post_id, Entry(position=position, node=comment, at=self._clock(), is_as_handed_over=True))
        return str(comment["id"])

    def hand_over_message(self, person: Json, message: Json) -> str:
        position = self._next()
        message.setdefault("id", f"m_{position:x}")
        entry = Entry(position=position, node=message, at=self._clock(), is_as_handed_over=True)
        self._say(self.conversation_with(person), entry)
        return str(message["id"])

    def conversation_with(self, person: Json) -> Conversation:
        known = self.conversations.get(person["id"])
        if known is None:
            known = Conversation(id=f"t_{self._next()}", person=person)
            self.conversations[person["id"]] = self._by_id[known.id] = known
        return known

    def conversation(self, conversation_id: str) -> Conversation:
        """KeyError when there is none."""
        return self._by_id[conversation_id]

    def remove(self, object_id: str) -> None:
        """Delete a post with its comments, or a comment with its replies. KeyError when there is none."""
        if self.comments.pop(object_id, None) is not None:
            self.posts[:] = [entry for entry in self.posts if entry.node["id"] != object_id]
        else:
            post_id, _ = self._place_of(object_id)
            kept = [e for e in self.comments[post_id] if object_id not in (e.node["id"], e.node.get("parent", {}).get("id"))]
            self.comments[post_id][:] = kept
        self._places = {str(entry.node["id"]): (str(entry.node["id"]), entry) for entry in self.posts}
        for post_id, entries in self.comments.items():
            self._places |= {str(entry.node["id"]): (post_id, entry) for entry in entries}

    def entry_of(self, object_id: str) -> Entry | None:
        """A post or a comment."""
        return self._places[object_id][1] if object_id in self._places else None

    def comments_on(self, object_id: str, *, is_stream: bool) -> list[Entry]:
        """Oldest first. On a post: those at the top, or as a stream all of them. KeyError when there is no such object."""
        if object_id in self.comments:
            return [entry for entry in self.comments[object_id] if is_stream or "parent" not in entry.node]
        post_id, _ = self._place_of(object_id)
        return [entry for entry in self.comments[post_id] if entry.node.get("parent", {}).get("id") == object_id]

    def _place_of(self, object_id: str) -> tuple[str, Json | None]:
        if object_id in self.comments:
            return object_id, None
        post_id, entry = self._places[object_id]
        top = self.entry_of(str(entry.node.get("parent", {}).get("id")))
        return post_id, (top or entry).node

    def _hang(self, post_id: str, comment: Entry) -> None:
        self.comments[post_id].append(comment)
        self._places[str(comment.node["id"])] = post_id, comment

    def _say(self, conversation: Conversation, message: Entry) -> None:
        conversation.messages.append(message)
        person_id = conversation.person["id"]
        self.conversations[person_id] = self.conversations.pop(person_id)

    def _entry(self, position: int, node: Json) -> Entry:
        now = self._clock()
        return Entry(position=position, node={**node, "created_time": wire_moment(now)}, at=now)

    def _next(self) -> int:
        self._last_position += 1
        return self._last_position


def wire_moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def _photo(position: int, *, kind: str) -> Json:
    address = f"https://scontent.xx.fbcdn.net/v/{position}_n.jpg"
    return {kind: "photo", "media": {"image": {"src": address, "width": 720, "height": 540}}, "url": address}
