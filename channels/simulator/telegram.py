"""Telegram on loopback: the Bot API's wire format, as far as a bot that polls and answers in private chats meets it.

Texts of refusals and the meaning of `offset` follow core.telegram.org/bots/api (Bot API 10.x, looked up November 2026).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import threading
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from aiohttp import web

from channels.simulator.faults import PageDelivery, Side
from channels.simulator.server import Clock, Posted, Simulator, utc_now
from channels.simulator.telegram_chats import Chats, Json

LONGEST_TEXT = 4096
LONGEST_POLL = 50
LARGEST_FILE = 20 * 1024 * 1024
_BATCH = 100
_NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_TOKEN = re.compile(r"\d+:[\w-]+")


class TelegramSimulator(Simulator):
    """The Bot API for one bot, and the residents who write to it. A person's chat id is their person id."""

    def __init__(
        self,
        *,
        token: str = "70099:loopback-token",  # noqa: S107 - good on loopback only
        port: int = 0,
        clock: Clock = utc_now,
        seed: int = 0,
    ) -> None:
        super().__init__(port=port, clock=clock, seed=seed)
        self.token = token
        self.chats = Chats(bot_id=int(token.split(":", maxsplit=1)[0]), clock=clock)
        self._updates: list[Json] = []
        self.webhook, self.webhook_secret = "", ""
        self._next_update = 482_113_007
        self._allowed: frozenset[str] = frozenset()
        self._poll: _Poll | None = None
        self.polled = threading.Event()
        """Set as soon as a getUpdates came in."""
        self._delivery = PageDelivery(self.faults)

    # -- what residents do

    def resident_writes(
        self,
        person_id: str,
        name: str,
        text: str,
        *,
        photo: bytes | None = None,
        location: tuple[float, float] | None = None,
    ) -> str:
        """Write in the private chat with the bot. `location` is latitude, longitude. Returns the message id."""
        with self.lock:
            message = self.chats.private_message(person_id, name)
            if photo is not None:
                message |= {"photo": self.chats.keep_photo(photo)} | ({"caption": text} if text else {})
            elif location is not None:
                message |= {"location": {"latitude": location[0], "longitude": location[1]}}
            if photo is None and (text or location is None):
                message["text"] = text
            return self._arrives("message", message)

    def resident_answers(self, person_id: str, message_id: str, text: str) -> str:
        """Write as a reply to a message of the bot. Returns the id of the new message."""
        with self.lock:
            message = self.chats.private_message(person_id, self.chats.name_of(person_id))
            message |= {"text": text, "reply_to_message": self.chats.message(person_id, message_id)}
            return self._arrives("message", message)

    def resident_edits(self, person_id: str, message_id: str, text: str) -> None:
        with self.lock:
            edited = {**self.chats.message(person_id, message_id), "text": text, "edit_date": int(self.clock().timestamp())}
            self._arrives("edited_message", edited)

    def member_writes(self, group_id: int, person_id: str, name: str, text: str) -> str:
        """Write in a group that the bot is in. Returns the message id."""
        with self.lock:
            return self._arrives("message", {**self.chats.group_message(group_id, person_id, name), "text": text})

    def blocks(self, person_id: str) -> None:
        """The person blocks the bot."""
        with self.lock:
            self.chats.blocked.add(person_id)

    def unblocks(self, person_id: str) -> None:
        with self.lock:
            self.chats.blocked.discard(person_id)

    def hand_over(self, update: Json) -> str:
        """Hand over any update as it is, with an update id and a message id when it has none. Returns the message id."""
        with self.lock:
            message = update.get("message")
            if isinstance(message, dict):
                message.setdefault("message_id", self.chats.next_message_id())
            self._queue(update)
            return str(message["message_id"]) if isinstance(message, dict) else ""

    def restart_update_ids(self, first: int) -> None:
        """What Telegram does after a week without updates: the next id is chosen anew, higher or lower."""
        with self.lock:
            self._next_update = first

    def answers_to(self, person_id: str) -> tuple[Posted, ...]:
        return tuple(post for post in self.posted if post.target == person_id)

    def write_from_json(self, order: dict[str, Any]) -> str:
        """Fields: person_id, name, text, and if wanted photo (base64) and location ([latitude, longitude])."""
        photo, location = order.get("photo"), order.get("location")
        return self.resident_writes(
            str(order["person_id"]),
            str(order["name"]),
            str(order.get("text", "")),
            photo=base64.b64decode(photo, validate=True) if photo else None,
            location=(float(location[0]), float(location[1])) if location else None,
        )

    def _arrives(self, kind: str, message: Json) -> str:
        self.chats.keep(message)
        if self._wants(kind):
            self._queue({kind: message})
        return str(message["message_id"])

    def _wants(self, kind: str) -> bool:
        return kind in self._allowed if self._allowed else kind not in _NOT_BY_DEFAULT

    def _queue(self, update: Json) -> None:
        self._updates.append({"update_id": self._next_update} | update)
        self._next_update += 1
        self.call_in_loop(self._wake)

    def _wake(self) -> None:
        if self._poll is not None:
            self._poll.woken.set()

    # -- the wire

    def routes(self) -> Iterable[web.RouteDef]:
        yield web.route("*", "/bot{token}/{method}", self._call)
        yield web.get("/file/bot{token}/{path:.+}", self._download)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        side = Side.WRITE if method.lower() == "sendmessage" else Side.READ
        return await self.exchange(request, side, method, lambda: self._handle(request, method.lower()))

    async def _handle(self, request: web.Request, method: str) -> web.Response:
        refusal = self._refused_token(request.match_info["token"])
        if refusal is not None:
            return refusal
        parameters = await _parameters(request)
        match method:
            case "getme":
                return _result(self.chats.bot | {"can_join_groups": True, "can_read_all_group_messages": False})
            case "getwebhookinfo":
                return _result({"url": self.webhook, "has_custom_certificate": False, "pending_update_count": self._waiting()})
            case "setwebhook" | "deletewebhook":
                return self._set_webhook(parameters)
            case "getupdates" if self.webhook:
                return _refusal(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first")
            case "getupdates":
                return await self._get_updates(parameters)
            case "sendmessage":
                return self._send_message(parameters)
            case "getfile":
                return self._get_file(parameters)
        return _refusal(404, "Not Found")

    def _refused_token(self, token: str) -> web.Response | None:
        if not _TOKEN.fullmatch(token):
            return _refusal(404, "Not Found")
        return None if token == self.token else self.token_expired()

    def rate_limited(self, retry_after: timedelta) -> web.Response:
        seconds = max(1, int(retry_after.total_seconds()))
        return _refusal(429, f"Too Many Requests: retry after {seconds}", parameters={"retry_after": seconds})

    def server_error(self) -> web.Response:
        return _refusal(500, "Internal Server Error")

    def token_expired(self) -> web.Response:
        return _refusal(401, "Unauthorized")

    # -- updates

    async def _get_updates(self, parameters: Mapping[str, Any]) -> web.Response:
        offset = _whole(parameters.get("offset"), 0)
        limit = min(max(_whole(parameters.get("limit"), _BATCH), 1), _BATCH)
        self._allow(parameters.get("allowed_updates"))
        self._confirm(offset)
        poll = self._take_over()
        wait = min(max(_whole(parameters.get("timeout"), 0), 0), LONGEST_POLL)
        until = asyncio.get_running_loop().time() + wait
        try:
            while not (updates := self._pending(offset, limit)) and not poll.is_ousted:
                if not await poll.is_woken_before(until):
                    break
        finally:
            self._poll = None if self._poll is poll else self._poll
        if poll.is_ousted:
            reason = "terminated by other getUpdates request; make sure that only one bot instance is running"
            return _refusal(409, f"Conflict: {reason}")
        return _result(self._delivery.deliver("getUpdates", updates))

    def _take_over(self) -> _Poll:
        """Telegram serves one poller per bot: the newest ends the one before it."""
        if self._poll is not None:
            self._poll.oust()
        self._poll = _Poll()
        self.polled.set()
        return self._poll

    def _allow(self, kinds: object) -> None:
        if isinstance(kinds, str):
            kinds = json.loads(kinds)
        if isinstance(kinds, list):
            with self.lock:
                self._allowed = frozenset(str(kind) for kind in kinds)

    def _confirm(self, offset: int) -> None:
        """Everything below the offset is confirmed and forgotten; a negative one keeps only the last so many."""
        with self.lock:
            if offset > 0:
                self._updates = [update for update in self._updates if update["update_id"] >= offset]
            elif offset < 0:
                self._updates = self._updates[offset:]

    def _pending(self, offset: int, limit: int) -> list[Json]:
        with self.lock:
            return [update for update in self._updates if update["update_id"] >= offset][:limit]

    def _set_webhook(self, parameters: Mapping[str, Any]) -> web.Response:
        self._allow(parameters.get("allowed_updates"))
        with self.lock:
            self.webhook = str(parameters.get("url", ""))
            self.webhook_secret = str(parameters.get("secret_token", ""))
        return _result(True)

    def _waiting(self) -> int:
        with self.lock:
            return len(self._updates)

    def take_updates_for_webhook(self) -> list[Json]:
        """The updates that Telegram posts to the webhook, oldest first; each is forgotten when it has been answered with 2xx."""
        with self.lock:
            updates, self._updates = self._updates, []
        return updates

    # -- messages and files

    def _send_message(self, parameters: Mapping[str, Any]) -> web.Response:
        chat_id, text = str(parameters.get("chat_id", "")), str(parameters.get("text", "")).strip()
        with self.lock:
            refusal = self._refused_message(chat_id, text) or self._refused_reply(chat_id, parameters.get("reply_parameters"))
            if refusal is not None:
                return refusal
            message = self.chats.bot_message(chat_id, text)
        identifier = str(message["message_id"])
        self.posted.add(Posted(id=identifier, target=chat_id, text=text, at=self.clock(), way="sendMessage"))
        return _result(message)

    def _refused_message(self, chat_id: str, text: str) -> web.Response | None:
        if not chat_id:
            return _refusal(400, "Bad Request: chat_id is empty")
        if not text:
            return _refusal(400, "Bad Request: message text is empty")
        if chat_id in self.chats.migrated:
            parameters = {"migrate_to_chat_id": self.chats.migrated[chat_id]}
            return _refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", parameters=parameters)
        if not self.chats.is_known(chat_id):
            return _refusal(400, "Bad Request: chat not found")
        if chat_id in self.chats.blocked:
            return _refusal(403, "Forbidden: bot was blocked by the user")
        return _refusal(400, "Bad Request: message is too long") if len(text) > LONGEST_TEXT else None

    def _refused_reply(self, chat_id: str, reply: object) -> web.Response | None:
        wanted = json.loads(reply) if isinstance(reply, str) else reply
        if not isinstance(wanted, dict) or wanted.get("allow_sending_without_reply"):
            return None
        if self.chats.has_message(chat_id, str(wanted.get("message_id"))):
            return None
        return _refusal(400, "Bad Request: message to be replied not found")

    def _get_file(self, parameters: Mapping[str, Any]) -> web.Response:
        with self.lock:
            file = self.chats.files.get(str(parameters.get("file_id")))
        if file is None:
            return _refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if len(file.content) > LARGEST_FILE:
            return _refusal(400, "Bad Request: file is too big")
        return _result(file.as_json())

    async def _download(self, request: web.Request) -> web.StreamResponse:
        return await self.exchange(request, Side.READ, "download", lambda: self._file(request))

    async def _file(self, request: web.Request) -> web.Response:
        refusal = self._refused_token(request.match_info["token"])
        if refusal is not None:
            return refusal
        with self.lock:
            found = [file for file in self.chats.files.values() if file.path == request.match_info["path"]]
        return web.Response(body=found[0].content) if found else _refusal(404, "Not Found")


class _Poll:
    """One getUpdates that waits. Lives in the server's loop."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self.is_ousted = False

    def oust(self) -> None:
        self.is_ousted = True
        self.woken.set()

    async def is_woken_before(self, moment: float) -> bool:
        """Wait until something arrives or the loop's clock reads `moment`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(moment):
                await self.woken.wait()
        is_woken = self.woken.is_set()
        self.woken.clear()
        return is_woken


async def _parameters(request: web.Request) -> dict[str, Any]:
    """From the query and from a form or JSON body, as the Bot API takes them."""
    if request.content_type == "application/json":
        body = await request.json()
        return {**request.query, **body} if isinstance(body, dict) else dict(request.query)
    return {**request.query, **await request.post()}


def _whole(value: object, otherwise: int) -> int:
    try:
        return int(str(value))
    except ValueError:
        return otherwise


def _result(result: object) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _refusal(status: int, description: str, parameters: Json | None = None) -> web.Response:
    body: Json = {"ok": False, "error_code": status, "description": description}
    return web.json_response(body | ({"parameters": parameters} if parameters else {}), status=status)
