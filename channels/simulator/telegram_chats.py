"""The chats, messages and files of the simulated Telegram, as the objects that the Bot API describes. No wire, no lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from channels.simulator.server import Clock

Json = dict[str, Any]
_SIZES = ((90, 67), (320, 240), (1280, 960))


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    file_id: str
    path: str
    content: bytes

    def as_json(self) -> Json:
        return {
            "file_id": self.file_id,
            "file_unique_id": f"u{self.file_id}",
            "file_size": len(self.content),
            "file_path": self.path,
        }


class Chats:
    """Private chats and groups of one bot. Message ids run on over all of them."""

    def __init__(self, *, bot_id: int, clock: Clock) -> None:
        self.bot: Json = {"id": bot_id, "is_bot": True, "first_name": "Wijkbureau", "username": "wijkbureau_bot"}
        self.blocked: set[str] = set()
        self.migrated: dict[str, int] = {}
        self.files: dict[str, File] = {}
        self._clock = clock
        self._chats: dict[str, Json] = {}
        self._names: dict[str, str] = {}
        self._messages: dict[tuple[str, str], Json] = {}
        self._last_message = 0

    def is_known(self, chat_id: str) -> bool:
        """Whether the bot may write there: a person opens the chat, never the bot."""
        return chat_id in self._chats

    def name_of(self, person_id: str) -> str:
        return self._names[person_id]

    def message(self, chat_id: str, message_id: str) -> Json:
        """KeyError when there is none."""
        return self._messages[chat_id, message_id]

    def has_message(self, chat_id: str, message_id: str) -> bool:
        return (chat_id, message_id) in self._messages

    def keep(self, message: Json) -> None:
        self._messages[str(message["chat"]["id"]), str(message["message_id"])] = message

    def next_message_id(self) -> int:
        self._last_message += 1
        return self._last_message

    def private_message(self, person_id: str, name: str) -> Json:
        """An empty message of this person, in a chat that exists from now on."""
        self._names[person_id] = name
        person = _person(person_id, name)
        chat = {key: value for key, value in person.items() if key in {"id", "first_name", "last_name"}} | {"type": "private"}
        self._chats[person_id] = chat
        return self._empty(chat) | {"from": person}

    def group_message(self, group_id: int, person_id: str, name: str) -> Json:
        chat = {"id": group_id, "title": "Buurtapp", "type": "group"}
        self._chats[str(group_id)] = chat
        return self._empty(chat) | {"from": _person(person_id, name)}

    def bot_message(self, chat_id: str, text: str) -> Json:
        message = self._empty(self._chats[chat_id]) | {"from": self.bot, "text": text}
        self.keep(message)
        return message

    def migrate(self, group_id: int, supergroup_id: int) -> None:
        """The group became a supergroup: its old id refuses and names the new one."""
        self.migrated[str(group_id)] = supergroup_id

    def keep_photo(self, content: bytes) -> list[Json]:
        """Keep a photo in the sizes that Telegram makes of it, the original last."""
        number = len(self.files)
        sizes = []
        for step, (width, height) in enumerate(_SIZES):
            file_id = f"AgACAgQAAxkBAAI{number + step:06d}"
            share = content if step == len(_SIZES) - 1 else content[: len(content) // (8 - step * 4)]
            self.files[file_id] = File(file_id=file_id, path=f"photos/file_{number + step}.jpg", content=share)
            unique = f"AQAD{number + step:06d}"
            sizes.append(
                {"file_id": file_id, "file_unique_id": unique, "width": width, "height": height, "file_size": len(share)}
            )
        return sizes

    def _empty(self, chat: Json) -> Json:
        return {"message_id": self.next_message_id(), "chat": chat, "date": int(self._clock().timestamp())}


def _person(person_id: str, name: str) -> Json:
    first, _, last = name.partition(" ")
    person: Json = {"id": int(person_id), "is_bot": False, "first_name": first, "language_code": "nl"}
    return person | ({"last_name": last} if last else {})
