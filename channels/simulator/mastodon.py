"""Mastodon on loopback: the interface as far as an account that reads its mentions and answers meets it.

Modelled rules: a page after `min_id` holds what came directly after it, newest first; a post with the same Idempotency-Key
within an hour is not made twice; an edit shows in the status, a deleted status takes its notification with it. What we may
not see (any more) is answered with 404, whatever the reason is.
"""

from __future__ import annotations

import base64
import html
import re
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from aiohttp import web

from channels.simulator.faults import PageDelivery, Side
from channels.simulator.server import Clock, Posted, Simulator, utc_now

Json = dict[str, Any]
Work = Callable[[web.Request], Awaitable[web.Response]]

LONGEST_POST = 500
_PAGE, _LARGEST_PAGE = 40, 80
_KEY_KEPT = timedelta(hours=1)
_VISIBILITIES = frozenset({"public", "unlisted", "private", "direct"})
_MENTION = re.compile(r"(?<![\w=/])@(\w+)(?:@[\w.-]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a post is made: who may see it (Mastodon's own word), the content warning before it, and what goes with it."""

    visibility: str = "public"
    warning: str = ""
    photo: bytes | None = None
    in_reply_to: str | None = None


OPENLY = Manner()


class MastodonSimulator(Simulator):
    """One instance with our account, and the residents who mention it."""

    def __init__(
        self,
        *,
        token: str = "demo-mastodon-token",  # noqa: S107 - of a simulated account
        port: int = 0,
        clock: Clock = utc_now,
        seed: int = 0,
    ) -> None:
        super().__init__(port=port, clock=clock, seed=seed)
        self.token = token
        self.statuses: dict[str, Json] = {}
        self.notifications: list[Json] = []
        self.files: dict[str, bytes] = {}
        self.blocked_by: set[str] = set()
        self._last_id = 110_000_000_000_000_000
        self._people: dict[str, Json] = {}
        self._named: dict[str, Json] = {}
        self._children: dict[str, list[Json]] = {}
        self._keys: dict[str, tuple[datetime, str]] = {}
        self._delivery = PageDelivery(self.faults)
        self.own = self._person("1", "Wijkbureau Binnenstad", "wijkbureau")
        self.own["bot"] = True

    # -- what residents do

    def resident_writes(self, person_id: str, name: str, text: str, manner: Manner = OPENLY) -> str:
        """Mention us in a post. Returns the post's id."""
        mention = f"@{self.own['acct']}"
        with self.lock:
            words = text if mention in text else f"{mention} {text}"
            author = self._person(person_id, name, f"bewoner{person_id}@elders.example")
            status = self._add_status(author, words, manner)
            if manner.photo is not None:
                url = f"{self.url}/system/media/{self.keep_file(manner.photo)}"
                status["media_attachments"].append({"id": self._next_id(), "type": "image", "url": url, "description": None})
            self._notify(status)
            return str(status["id"])

    def resident_edits(self, status_id: str, text: str) -> None:
        with self.lock:
            status = self.statuses[status_id]
            status |= {"content": _as_html(f"@{self.own['acct']} {text}"), "edited_at": _moment(self.clock())}

    def resident_deletes(self, status_id: str) -> None:
        """The status is gone, and so is its notification."""
        with self.lock:
            del self.statuses[status_id]
            self.notifications = [each for each in self.notifications if each["status"].get("id") != status_id]
            for children in self._children.values():
                children[:] = [child for child in children if child["id"] != status_id]

    def resident_leaves(self, person_id: str) -> None:
        with self.lock:
            del self._named[self._people.pop(person_id)["username"]]

    def resident_blocks(self, person_id: str) -> None:
        """The resident blocks us: their public posts are not for us any more."""
        with self.lock:
            self.blocked_by.add(person_id)

    def account_changes(self, person_id: str, **profile: object) -> None:
        """What an account says of itself or the instance of it: `moved`, `suspended`, `acct`."""
        with self.lock:
            self._people[person_id] |= profile

    def keep_file(self, content: bytes) -> str:
        """Returns its name: below /system/media/, and below /media_proxy/ as a file that the instance has yet to fetch."""
        with self.lock:
            name = f"{self._next_id()}.jpg"
            self.files[name] = content
            return name

    def account_posts(self, text: str) -> str:
        """A colleague posts from our account by hand, mentioning itself. Returns the post's id."""
        with self.lock:
            status = self._add_status(self.own, text, OPENLY)
            self._notify(status)
            return str(status["id"])

    def hand_over(self, status: Json) -> str:
        """Put a notification with this status among the mentions, as it is, with an id when it names none."""
        with self.lock:
            status.setdefault("id", self._next_id())
            self._notify(status)
            return str(status["id"])

    def answers_to(self, person_id: str) -> tuple[Posted, ...]:
        return tuple(post for post in self.posted if post.target == person_id)

    def write_from_json(self, order: dict[str, Any]) -> str:
        """Fields: person_id, name, text, and if wanted photo (base64), visibility, warning and in_reply_to."""
        answered, photo = order.get("in_reply_to"), order.get("photo")
        manner = Manner(
            visibility=str(order.get("visibility", "public")),
            warning=str(order.get("warning", "")),
            photo=base64.b64decode(photo, validate=True) if photo else None,
            in_reply_to=str(answered) if answered else None,
        )
        return self.resident_writes(str(order["person_id"]), str(order["name"]), str(order.get("text", "")), manner)

    def _person(self, person_id: str, name: str, acct: str) -> Json:
        username = acct.partition("@")[0]
        profile = {"id": person_id, "username": username, "acct": acct, "display_name": name, "bot": False}
        profile |= {"note": "<p>Over mij</p>", "followers_count": 12, "fields": []}
        return self._named.setdefault(username, self._people.setdefault(person_id, profile))

    def _next_id(self) -> str:
        self._last_id += 1
        return str(self._last_id)

    def _add_status(self, author: Json, text: str, manner: Manner) -> Json:
        parent = self.statuses.get(manner.in_reply_to or "")
        status: Json = {
            "id": self._next_id(),
            "created_at": _moment(self.clock()),
            "edited_at": None,
            "in_reply_to_id": manner.in_reply_to,
            "in_reply_to_account_id": parent["account"]["id"] if parent else None,
            "sensitive": bool(manner.warning),
            "spoiler_text": manner.warning,
            "visibility": manner.visibility,
            "content": _as_html(text),
            "account": author,
            "media_attachments": [],
            "mentions": [{"id": person["id"], "acct": person["acct"]} for person in self._addressed(text)],
        }
        self.statuses[status["id"]] = status
        self._children.setdefault(manner.in_reply_to or "", []).append(status)
        return status

    def _addressed(self, text: str) -> list[Json]:
        names = dict.fromkeys(found.group(1) for found in _MENTION.finditer(text))
        return [self._named[name] for name in names if name in self._named]

    def _notify(self, status: Json) -> None:
        account = status.get("account")
        mention = {"id": self._next_id(), "type": "mention", "created_at": _moment(self.clock()), "account": account}
        self.notifications.append(mention | {"status": status})

    # -- the wire

    def routes(self) -> Iterable[web.RouteDef]:
        read, write, api = Side.READ, Side.WRITE, "/api/v1"
        yield web.get(f"{api}/accounts/verify_credentials", self._call(read, "verify_credentials", self._me))
        yield web.get(f"{api}/notifications", self._call(read, "notifications", self._notifications))
        yield web.get(f"{api}/statuses/{{id}}", self._call(read, "status", self._status))
        yield web.get(f"{api}/statuses/{{id}}/context", self._call(read, "context", self._context))
        yield web.get(f"{api}/accounts/relationships", self._call(read, "relationships", self._relationships))
        yield web.get(f"{api}/accounts/{{id}}", self._call(read, "account", self._account))
        yield web.get(f"{api}/accounts/{{id}}/statuses", self._call(read, "account_statuses", self._statuses_of))
        yield web.get("/system/media/{name}", self._file)
        yield web.get("/media_proxy/{name}", self._proxy)
        yield web.post(f"{api}/statuses", self._call(write, "status_post", self._post))

    def _call(self, side: Side, method: str, work: Work) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            async def answer() -> web.Response:
                is_known = request.headers.get("Authorization") == f"Bearer {self.token}"
                return await work(request) if is_known else self.token_expired()

            return await self.exchange(request, side, method, answer)

        return handle

    def rate_limited(self, retry_after: timedelta) -> web.Response:
        response = _error(429, "Too many requests")
        response.headers["X-RateLimit-Limit"] = "300"
        response.headers["X-RateLimit-Remaining"] = "0"
        response.headers["X-RateLimit-Reset"] = _moment(self.clock() + retry_after)
        return response

    def server_error(self) -> web.Response:
        return _error(500, "Internal Server Error")

    def token_expired(self) -> web.Response:
        return _error(401, "The access token is invalid")

    async def _me(self, _: web.Request) -> web.Response:
        return web.json_response(self.own)

    async def _notifications(self, request: web.Request) -> web.Response:
        limit = min(int(request.query.get("limit", _PAGE)), _LARGEST_PAGE)
        with self.lock:
            page = self._page_of_notifications(request.query.get("min_id"), limit)
            return web.json_response(self._delivery.deliver("notifications", page))

    def _page_of_notifications(self, min_id: str | None, limit: int) -> list[Json]:
        """The newest; or with `min_id` those that came next after it. Newest first."""
        if min_id is None:
            return list(islice(self._visible(reversed(self.notifications)), limit))
        start = bisect_right(self.notifications, _order(min_id), key=lambda each: _order(each["id"]))
        return list(islice(self._visible(islice(self.notifications, start, None)), limit))[::-1]

    def _visible(self, notifications: Iterable[Json]) -> Iterator[Json]:
        return (each for each in notifications if not self._is_hidden(each["status"]))

    async def _status(self, request: web.Request) -> web.Response:
        with self.lock:
            status = self.statuses.get(request.match_info["id"])
            return web.json_response(status) if status and not self._is_hidden(status) else _error(404, "Record not found")

    async def _context(self, request: web.Request) -> web.Response:
        with self.lock:
            status = self.statuses.get(request.match_info["id"])
            if status is None or self._is_hidden(status):
                return _error(404, "Record not found")
            return web.json_response({"ancestors": self._ancestors(status), "descendants": self._descendants(status["id"])})

    def _ancestors(self, status: Json) -> list[Json]:
        parent = self.statuses.get(status["in_reply_to_id"] or "")
        return [] if parent is None else [*self._ancestors(parent), parent]

    def _descendants(self, status_id: str) -> list[Json]:
        children = self._children.get(status_id, ())
        return [each for child in children for each in (child, *self._descendants(child["id"]))]

    async def _account(self, request: web.Request) -> web.Response:
        person = self._people.get(request.match_info["id"])
        return web.json_response(person) if person else _error(404, "Record not found")

    async def _relationships(self, request: web.Request) -> web.Response:
        with self.lock:
            asked = [each for key in ("id[]", "id") for each in request.query.getall(key, [])]
            known = [each for each in asked if each in self._people and not self._people[each].get("suspended")]
            return web.json_response([{"id": each, "blocking": False, "blocked_by": each in self.blocked_by} for each in known])

    def _is_hidden(self, status: Json) -> bool:
        """A direct post was sent to us, and stays so; of who blocks us, is suspended or gone we see nothing else."""
        author = (status.get("account") or {}) if isinstance(status.get("account"), dict | None) else {}
        profile = self._people.get(str(author.get("id")), {})
        is_blocked = author.get("id") in self.blocked_by and status.get("visibility") in {"public", "unlisted"}
        return bool(is_blocked or profile.get("suspended"))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        async def answer() -> web.Response:
            content = self.files.get(request.match_info["name"])
            return _error(404, "Not Found") if content is None else web.Response(body=content, content_type="image/jpeg")

        return await self.exchange(request, Side.READ, "download", answer)

    async def _proxy(self, request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{self.url}/system/media/{request.match_info['name']}"})

    async def _statuses_of(self, request: web.Request) -> web.Response:
        limit = min(int(request.query.get("limit", "20")), 40)
        with self.lock:
            own = [status for status in self.statuses.values() if status["account"]["id"] == request.match_info["id"]]
            return web.json_response(own[::-1][:limit])

    async def _post(self, request: web.Request) -> web.Response:
        order = await request.post()
        text, visibility = str(order.get("status", "")), str(order.get("visibility", "public"))
        answered, warning = str(order.get("in_reply_to_id", "")) or None, str(order.get("spoiler_text", ""))
        key = request.headers.get("Idempotency-Key", "")
        with self.lock:
            moment, earlier = self._keys.get(key, (self.clock(), ""))
            if key and earlier in self.statuses and self.clock() - moment < _KEY_KEPT:
                return web.json_response(self.statuses[earlier])
            refusal = self._refused(text + warning, visibility, answered)
            if refusal is not None:
                return refusal
            status = self._add_status(self.own, text, Manner(visibility=visibility, warning=warning, in_reply_to=answered))
            self._keys[key] = (self.clock(), status["id"])
            target = status["mentions"][0] if status["mentions"] else {"id": "", "acct": ""}
            words = text.removeprefix(f"@{target['acct']} ")  # whom it addresses is not what it says
            self.posted.add(Posted(id=status["id"], target=target["id"], text=words, at=self.clock(), way=visibility))
            return web.json_response(status)

    def _refused(self, text: str, visibility: str, answered: str | None) -> web.Response | None:
        if not text.strip():
            return _error(422, "Validation failed: Text can't be blank")
        if visibility not in _VISIBILITIES:
            return _error(422, "Validation failed: Visibility is not included in the list")
        if len(re.sub(r"(@\w+)@[\w.-]+", r"\1", text)) > LONGEST_POST:
            return _error(422, f"Validation failed: Text character limit of {LONGEST_POST} exceeded")
        if answered is not None and answered not in self.statuses:
            return _error(404, "The post you are trying to reply to does not appear to exist.")
        return None


def _as_html(text: str) -> str:
    """As Mastodon writes it: paragraphs, breaks, and a link around a name that is addressed."""
    words = html.escape(text, quote=True)
    words = _MENTION.sub(
        r'<span class="h-card"><a href="https://elders.example/@\1" class="u-url">@<span>\1</span></a></span>', words
    )
    return "<p>" + words.replace("\n\n", "</p><p>").replace("\n", "<br />") + "</p>"


def _order(identifier: str) -> tuple[int, str]:
    """Mastodon's own advice for ids: by length, then by letter."""
    return len(identifier), identifier


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _error(status: int, words: str) -> web.Response:
    return web.json_response({"error": words}, status=status)
