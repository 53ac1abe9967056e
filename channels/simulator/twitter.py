"""X on loopback: the wire format of its interface v2, as far as an account that polls mentions and answers meets it.

Modelled rules: a reply only to a post that summoned us, no text twice, a direct message only to who wrote one first. X's
documentation of August 2026 states them; the sentences of two refusals (an unsummoned reply, an unasked DM) are ours.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from aiohttp import web

from channels.simulator.faults import PageDelivery, Side
from channels.simulator.server import Clock, Posted, Simulator, utc_now
from channels.simulator.twitter_posts import LONGEST_POST, Account, Entry, Json, Posts
from channels.simulator.twitter_wire import (
    PROBLEMS,
    TOKEN_PREFIX,
    Vocabulary,
    complaints_about,
    forbidden,
    includes_of,
    invalid_request,
    position_of,
    problem,
    worded_event,
    worded_post,
)
from channels.weighted_length import weighted_length

_MENTIONS_KEPT, _OWN_POSTS_KEPT = 800, 3200
_LONGEST_DIRECT_MESSAGE = 10_000
_OAUTH_PARTS = ("oauth_consumer_key", "oauth_token", "oauth_signature", "oauth_nonce", "oauth_timestamp")
_WINDOW = timedelta(minutes=15)

Work = Callable[[web.Request], Awaitable[web.Response]]


class XSimulator(Simulator):
    """X for one account of ours, and the residents who mention it."""

    def __init__(
        self,
        *,
        username: str = "wijkbureau",
        vocabulary: Vocabulary = Vocabulary.TWEETS,
        port: int = 0,
        clock: Clock = utc_now,
        seed: int = 0,
    ) -> None:
        super().__init__(port=port, clock=clock, seed=seed)
        self.vocabulary = vocabulary
        self.posts = Posts(own=Account(id="2244994945", name="Wijkbureau Binnenstad", username=username), clock=clock)
        self.errors_beside_data: list[Json] = []
        self._replied: set[str] = set()
        self._mentions_delivery = PageDelivery(self.faults)
        self._direct_delivery = PageDelivery(self.faults)

    # -- what residents do

    def resident_writes(
        self,
        person_id: str,
        name: str,
        text: str,
        *,
        photo: bool = False,
        in_reply_to: str | None = None,
    ) -> str:
        """Mention us in a post. Returns the post's id."""
        summons = f"@{self.posts.own.username}"
        with self.lock:
            author = self.posts.account(person_id, name)
            post = self.posts.add(
                author.id,
                text if summons.lower() in text.lower() else f"{summons} {text}",
                attachments={"media_keys": [self.posts.add_media("photo")]} if photo else None,
                **self._reply_to(in_reply_to),
            )
            return str(post["id"])

    def resident_posts_elsewhere(self, person_id: str, name: str, text: str) -> str:
        """Post without naming us. Returns the post's id."""
        with self.lock:
            return str(self.posts.add(self.posts.account(person_id, name).id, text)["id"])

    def resident_edits(self, post_id: str, text: str) -> str:
        """X gives an edited post a new id. Returns it."""
        with self.lock:
            old = self.posts.remove(post_id)
            new = self.posts.add(old["author_id"], f"@{self.posts.own.username} {text}", conversation_id=old["conversation_id"])
            new["edit_history_tweet_ids"] = [*old["edit_history_tweet_ids"], new["id"]]
            return str(new["id"])

    def resident_deletes(self, post_id: str) -> None:
        with self.lock:
            self.posts.remove(post_id)

    def resident_quotes(self, person_id: str, name: str, text: str, quoted: str) -> str:
        """Mention us in a post that quotes another. Returns the post's id."""
        with self.lock:
            author, references = self.posts.account(person_id, name), [{"type": "quoted", "id": quoted}]
            return str(self.posts.add(author.id, f"@{self.posts.own.username} {text}", referenced_tweets=references)["id"])

    def resident_reposts(self, person_id: str, name: str, post_id: str) -> str:
        with self.lock:
            original = self.posts.find(post_id) or {}
            author, references = self.posts.account(person_id, name), [{"type": "retweeted", "id": post_id}]
            text = f"RT @{self.posts.own.username}: {original.get('text', '')}"[:140]
            return str(self.posts.add(author.id, text, referenced_tweets=references)["id"])

    def resident_sends_direct_message(self, person_id: str, name: str, text: str, *, photo: bool = False) -> str:
        """Write us a direct message, which allows us to write back. Returns the event's id."""
        with self.lock:
            self.posts.account(person_id, name)
            media = [self.posts.add_media("photo")] if photo else []
            return str(self.posts.add_direct_message(person_id, person_id, text, media)["id"])

    def account_sends_direct_message(self, person_id: str, text: str) -> str:
        """A colleague writes a direct message by hand. Returns the event's id."""
        with self.lock:
            return str(self.posts.add_direct_message(self.posts.own.id, person_id, text)["id"])

    def hand_over_direct_message(self, event: Json) -> str:
        """Put anything among the direct messages, as it is, with an id when it names none."""
        with self.lock:
            return self.posts.hand_over_direct_message(event)

    def account_posts(self, text: str) -> str:
        """A colleague posts from our account by hand. Returns the post's id."""
        with self.lock:
            return str(self.posts.add(self.posts.own.id, text)["id"])

    def hand_over(self, post: Json) -> str:
        """Put anything among the mentions, as it is."""
        with self.lock:
            return self.posts.hand_over(post)

    def answers_to(self, person_id: str) -> tuple[Posted, ...]:
        return tuple(post for post in self.posted if post.target == person_id)

    def write_from_json(self, order: dict[str, Any]) -> str:
        """Fields: person_id, name, text, and if wanted `direct` (a DM), `photo` (true) and `in_reply_to`."""
        person, name, text = str(order["person_id"]), str(order["name"]), str(order.get("text", ""))
        if order.get("direct"):
            return self.resident_sends_direct_message(person, name, text, photo=bool(order.get("photo")))
        reply_to = order.get("in_reply_to")
        return self.resident_writes(
            person, name, text, photo=bool(order.get("photo")), in_reply_to=str(reply_to) if reply_to else None
        )

    def _reply_to(self, post_id: str | None) -> Json:
        if post_id is None:
            return {}
        root = (self.posts.find(post_id) or {}).get("conversation_id", post_id)
        return {"referenced_tweets": [{"type": "replied_to", "id": post_id}], "conversation_id": root}

    # -- the wire

    def routes(self) -> Iterable[web.RouteDef]:
        read, write = Side.READ, Side.WRITE
        yield web.get("/2/users/me", self._call(read, "me", self._me))
        yield web.get("/2/users/{id}/mentions", self._call(read, "mentions", self._mentions))
        yield web.get("/2/users/{id}/tweets", self._call(read, "tweets", self._own_posts))
        yield web.get("/2/tweets", self._call(read, "lookup", self._look_up))
        yield web.post("/2/tweets", self._call(write, "create_tweet", self._create_post))
        yield web.get("/2/dm_events", self._call(read, "dm_events", self._events))
        yield web.get("/2/dm_conversations/with/{id}/dm_events", self._call(read, "dm_events", self._events))
        yield web.post("/2/dm_conversations/with/{id}/messages", self._call(write, "create_dm", self._create_direct_message))

    def _call(self, side: Side, method: str, work: Work) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            async def answer() -> web.Response:
                if not _is_signed(request):
                    return self.token_expired()
                complaints = complaints_about(request.query, method, self.vocabulary) if side is Side.READ else []
                return invalid_request(complaints) if complaints else await work(request)

            response = await self.exchange(request, side, method, answer)
            if not response.prepared:
                self._add_limits(response)
            return response

        return handle

    def _add_limits(self, response: web.StreamResponse) -> None:
        reset = int((self.clock() + _WINDOW).timestamp())
        for name, value in (("limit", "300"), ("remaining", "299"), ("reset", str(reset))):
            response.headers.setdefault(f"x-rate-limit-{name}", value)

    def rate_limited(self, retry_after: timedelta) -> web.Response:
        response = problem(429, "Too Many Requests", "Too Many Requests")
        response.headers["x-rate-limit-remaining"] = "0"
        response.headers["x-rate-limit-reset"] = str(round((self.clock() + retry_after).timestamp()))
        return response

    def server_error(self) -> web.Response:
        return problem(500, "Internal Server Error", "Something is broken. This is usually a temporary error.")

    def token_expired(self) -> web.Response:
        return problem(401, "Unauthorized", "Unauthorized")

    async def _me(self, _: web.Request) -> web.Response:
        own = self.posts.own
        return web.json_response({"data": {"id": own.id, "name": own.name, "username": own.username}})

    async def _mentions(self, request: web.Request) -> web.Response:
        with self.lock:
            entries = self.posts.mentions[-_MENTIONS_KEPT:][::-1]
            return self._timeline(request, entries, self._mentions_delivery)

    async def _own_posts(self, request: web.Request) -> web.Response:
        with self.lock:
            return self._timeline(request, self.posts.own_posts[-_OWN_POSTS_KEPT:][::-1])

    async def _look_up(self, request: web.Request) -> web.Response:
        """Posts that are gone stand among the errors, with status 200."""
        with self.lock:
            wanted = request.query.get("ids", "").split(",")
            found = [Entry(position=0, post=post) for post_id in wanted if (post := self.posts.find(post_id)) is not None]
            data = [worded_post(entry, request.query, self.vocabulary) for entry in found]
            known = {post["id"] for post in data}
        errors = [
            {"resource_id": post_id, "resource_type": "tweet", "parameter": "ids", "type": f"{PROBLEMS}resource-not-found"}
            for post_id in wanted
            if post_id not in known
        ]
        answer: Json = {"data": data, "errors": errors}
        return web.json_response({name: value for name, value in answer.items() if value})

    def _timeline(self, request: web.Request, entries: list[Entry], delivery: PageDelivery | None = None) -> web.Response:
        query = request.query
        since, until = (int(query[name]) if name in query else None for name in ("since_id", "until_id"))
        selected = [
            entry for entry in entries if (since is None or entry.position > since) and (until is None or entry.position < until)
        ]
        if "start_time" in query:
            start = datetime.fromisoformat(query["start_time"])
            selected = [
                e for e in selected if datetime.fromisoformat(str(e.post.get("created_at", "9999-01-01T00:00:00Z"))) >= start
            ]
        upto = position_of(query.get("pagination_token"))
        page = [entry for entry in selected if upto is None or entry.position < upto][: int(query.get("max_results", "10"))]
        if delivery is not None:
            page = delivery.deliver("mentions", page)
        return self._worded_timeline(query, page, selected)

    def _worded_timeline(self, query: Any, page: list[Entry], selected: list[Entry]) -> web.Response:
        posts = [worded_post(entry, query, self.vocabulary) for entry in page]
        oldest = min((entry.position for entry in page), default=0)
        meta: Json = {"result_count": len(posts)}
        if page:
            meta |= {"newest_id": str(max(entry.position for entry in page)), "oldest_id": str(oldest)}
        if any(entry.position < oldest for entry in selected):
            meta["next_token"] = f"{TOKEN_PREFIX}{oldest:x}"
        includes = includes_of([entry.post for entry in page], query, self.posts.accounts, self.posts.media)
        answer = {"data": posts, "includes": includes, "errors": self.errors_beside_data}
        return web.json_response({**{name: value for name, value in answer.items() if value}, "meta": meta})

    async def _events(self, request: web.Request) -> web.Response:
        person, upto = request.match_info.get("id"), position_of(request.query.get("pagination_token"))
        size = int(request.query.get("max_results", "100"))
        with self.lock:
            known = self.posts.direct_messages if person is None else list(self.posts.direct_messages_with(person))
            older = list(islice((entry for entry in reversed(known) if upto is None or entry.position < upto), size + 1))
            page = older[:size] if person else self._direct_delivery.deliver("dm_events", older[:size])
            meta: Json = {"result_count": len(page)}
            if len(older) > size:
                meta["next_token"] = f"{TOKEN_PREFIX}{min(entry.position for entry in page):x}"
            events = [worded_event(entry, request.query, self.vocabulary) for entry in page]
            includes = includes_of([entry.post for entry in page], request.query, self.posts.accounts, self.posts.media)
        answer = {"data": events, "includes": includes}
        return web.json_response({**{name: value for name, value in answer.items() if value}, "meta": meta})

    async def _create_post(self, request: web.Request) -> web.Response:
        order = await _json_of(request)
        text, target_id = str(order.get("text", "")), str(order.get("reply", {}).get("in_reply_to_tweet_id", ""))
        with self.lock:
            refusal = self._refusal_of_post(text, target_id)
            if refusal is not None:
                return refusal
            target = self.posts.find(target_id)
            author = self.posts.accounts[target["author_id"]] if target else self.posts.own
            prefix = f"@{author.username} " if target else ""
            post = self.posts.add(self.posts.own.id, prefix + text, **self._reply_to(target_id or None))
            self.posted.add(Posted(id=post["id"], target=author.id, text=text, at=self.clock(), way="create_tweet"))
            self._replied.add(text)
        return web.json_response({"data": {"id": post["id"], "text": post["text"]}}, status=201)

    def _refusal_of_post(self, text: str, target_id: str) -> web.Response | None:
        if not text:
            return invalid_request([{"message": "The body must contain text or media."}])
        if weighted_length(text) > LONGEST_POST:
            return forbidden(
                "Your Tweet text is too long. For more information on how Twitter determines text length see the docs."
            )
        target = self.posts.find(target_id)
        if target_id and target is None:
            return forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
        if target is not None and not self.posts.has_summoned_us(target):
            return forbidden("You are not permitted to reply: the author has not mentioned or quoted this account.")
        if text in self._replied:
            return forbidden("You are not allowed to create a Tweet with duplicate content.")
        return None

    async def _create_direct_message(self, request: web.Request) -> web.Response:
        person, text = request.match_info["id"], str((await _json_of(request)).get("text", ""))
        with self.lock:
            if not 0 < len(text) <= _LONGEST_DIRECT_MESSAGE:
                return invalid_request([{"message": f"text: must be 1 to {_LONGEST_DIRECT_MESSAGE} characters"}])
            if not self.posts.has_written_direct(person):
                return forbidden("You do not have permission to DM one or more participants.")
            event = self.posts.add_direct_message(self.posts.own.id, person, text)
            self.posted.add(Posted(id=event["id"], target=person, text=text, at=self.clock(), way="create_dm"))
        data = {"dm_conversation_id": event["dm_conversation_id"], "dm_event_id": event["id"]}
        return web.json_response({"data": data}, status=201)


def _is_signed(request: web.Request) -> bool:
    """OAuth 1.0a with all its parts. The signature itself is not recomputed."""
    header = request.headers.get("Authorization", "")
    return header.startswith("OAuth ") and all(f"{part}=" in header for part in _OAUTH_PARTS)


async def _json_of(request: web.Request) -> Json:
    body = json.loads(await request.text())
    return body if isinstance(body, dict) else {}
