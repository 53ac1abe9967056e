"""The Graph API on loopback: the wire format of one page's comments and its Messenger conversations.

Modelled rules: the token and the proof of the secret on every call, one private reply to a comment and within 7 days, a
message only within 24 hours of the person's last, no comment twice. Meta's documentation of 2026 states them; the code for
a second private reply is the one of the older interface.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from channels.simulator.faults import PageDelivery, Side
from channels.simulator.graph_page import PRIVATE_REPLY_DAYS, WINDOW_HOURS, Conversation, Entry, FacebookPage, Json, wire_moment
from channels.simulator.graph_wire import Field, FieldError, error, page_of, paging_of, parse_fields, selected
from channels.simulator.server import Clock, Posted, Simulator, utc_now

LONGEST_COMMENT = 8000
LONGEST_MESSAGE = 2000
_OLDEST_VERSION = 21
_MOST_BUTTONS, _LONGEST_BUTTON = 13, 20
_VERSION = re.compile(r"v(\d+)\.\d+")
_NO_OBJECT = "Unsupported request. Object with ID '{}' does not exist or cannot be loaded due to missing permissions"
_OUTSIDE_WINDOW = "(#10) This message is sent outside of allowed window."

Work = Callable[[web.Request, Mapping[str, str]], web.Response]


class GraphSimulator(Simulator):
    """One Facebook page, the residents who comment on it and those who write to it in Messenger."""

    def __init__(
        self,
        *,
        page_token: str = "loopback-page-token",  # noqa: S107 - good on loopback only
        app_secret: str = "loopback-app-secret",  # noqa: S107
        port: int = 0,
        clock: Clock = utc_now,
        seed: int = 0,
    ) -> None:
        super().__init__(port=port, clock=clock, seed=seed)
        self.page = FacebookPage(page_id="104001200300400", name="Wijkbureau Binnenstad", clock=clock)
        self.standing_post = self.page.add_post(self.page.identity, "Wat speelt er bij u in de wijk?")
        self.has_terse_errors = False
        self.buttons: list[Json] = []
        """The quick replies under the latest message."""
        self.token_expires_at: datetime | None = None
        self.scopes = {
            *("pages_manage_engagement", "pages_manage_metadata", "pages_messaging"),
            *("pages_read_engagement", "pages_read_user_content", "pages_show_list"),
        }
        self._page_token = page_token
        self._proof = hmac.new(app_secret.encode(), page_token.encode(), hashlib.sha256).hexdigest()
        self._deliveries: dict[str, PageDelivery] = {}

    @property
    def page_id(self) -> str:
        return str(self.page.identity["id"])

    # -- what residents and colleagues do

    def page_posts(self, text: str) -> str:
        """A post of the page. Returns its id."""
        with self.lock:
            return self.page.add_post(self.page.identity, text)

    def visitor_posts(self, person_id: str, name: str, text: str, *, photo: bool = False) -> str:
        """A resident writes on the page. Returns the post's id."""
        with self.lock:
            return self.page.add_post({"id": person_id, "name": name}, text, photo=photo)

    def resident_comments(self, person_id: str, name: str, text: str, *, on: str | None = None, photo: bool = False) -> str:
        """Comment on a post or a comment; without `on` on the page's standing post. Returns the comment's id."""
        with self.lock:
            return self.page.add_comment(on or self.standing_post, {"id": person_id, "name": name}, text, photo=photo)

    def resident_messages(self, person_id: str, name: str, text: str, *, attachment: Json | None = None) -> str:
        """Write to the page in Messenger, which opens the window. `attachment` is Meta's own object. Returns the message's id."""
        with self.lock:
            return self.page.add_message({"id": person_id, "name": name}, text, attachment=attachment)

    def colleague_comments(self, text: str, *, on: str | None = None) -> str:
        """The page comments by hand."""
        with self.lock:
            return self.page.add_comment(on or self.standing_post, self.page.identity, text)

    def colleague_messages(self, person_id: str, name: str, text: str) -> str:
        """The page writes in Messenger by hand."""
        with self.lock:
            return self.page.add_message({"id": person_id, "name": name}, text, is_from_page=True)

    def hand_over_comment(self, comment: Json, *, on: str | None = None) -> str:
        """Put anything among the comments, as it is, with an id when it names none."""
        with self.lock:
            return self.page.hand_over_comment(on or self.standing_post, comment)

    def hand_over_message(self, person_id: str, message: Json) -> str:
        with self.lock:
            return self.page.hand_over_message({"id": person_id, "name": "Noor de Wit"}, message)

    def deletes(self, object_id: str) -> None:
        """A post or a comment goes."""
        with self.lock:
            self.page.remove(object_id)

    def answers_to(self, person_id: str) -> tuple[Posted, ...]:
        return tuple(post for post in self.posted if post.target == person_id)

    def write_from_json(self, order: dict[str, Any]) -> str:
        """Fields: person_id, name, text, and if wanted `way` (comment, post or message), `on` (an object's id), `photo`."""
        person, name, text = str(order["person_id"]), str(order["name"]), str(order.get("text", ""))
        way, has_photo = str(order.get("way", "comment")), bool(order.get("photo"))
        if way == "message":
            picture = {"mime_type": "image/jpeg", "image_data": {"url": "https://scontent.xx.fbcdn.net/v/photo.jpg"}}
            return self.resident_messages(person, name, text, attachment=picture if has_photo else None)
        if way == "post":
            return self.visitor_posts(person, name, text, photo=has_photo)
        if way != "comment":
            raise ValueError(f"way is {way!r}: choose comment, post or message")
        on = order.get("on")
        return self.resident_comments(person, name, text, on=str(on) if on else None, photo=has_photo)

    # -- the wire

    def routes(self) -> Iterable[web.RouteDef]:
        read, write = Side.READ, Side.WRITE
        yield web.get("/{version}/me", self._call(read, "me", self._me))
        yield web.get("/{version}/debug_token", self._call(read, "debug_token", self._debug_token))
        yield web.get("/{version}/{id}/feed", self._call(read, "feed", self._feed))
        yield web.get("/{version}/{id}/comments", self._call(read, "comments", self._comments))
        yield web.get("/{version}/{id}/conversations", self._call(read, "conversations", self._conversations))
        yield web.get("/{version}/{id}/messages", self._call(read, "messages", self._messages))
        yield web.post("/{version}/{id}/comments", self._call(write, "comment", self._create_comment))
        yield web.post("/{version}/{id}/messages", self._call(write, "message", self._create_message))

    def _call(self, side: Side, method: str, work: Work) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            async def answer() -> web.Response:
                values = {str(name): str(value) for name, value in {**request.query, **await request.post()}.items()}
                refusal = self._refusal_of(request, values)
                if refusal is not None:
                    return refusal
                with self.lock:
                    try:
                        return work(request, values)
                    except FieldError as wrong:
                        return error(100, str(wrong))
                    except ValueError:
                        return error(100, "(#100) Invalid parameter")
                    except KeyError:
                        return error(
                            100, _NO_OBJECT.format(request.match_info.get("id")), subcode=33, kind="GraphMethodException"
                        )

            response = await self.exchange(request, side, method, answer)
            if not response.prepared:
                response.headers["facebook-api-version"] = request.match_info["version"]
                response.headers.setdefault("x-app-usage", '{"call_count":1,"total_cputime":1,"total_time":1}')
            return response

        return handle

    def _refusal_of(self, request: web.Request, values: Mapping[str, str]) -> web.Response | None:
        version = _VERSION.fullmatch(request.match_info["version"])
        if version is None or int(version[1]) < _OLDEST_VERSION:
            return error(2635, "(#2635) You are calling a deprecated version of the API. Please update to the latest version")
        token = values.get("access_token", "")
        if token != self._page_token:
            return error(190, f"Malformed access token {token}")
        if not hmac.compare_digest(values.get("appsecret_proof", ""), self._proof):
            return error(100, "Invalid appsecret_proof provided in the API argument", kind="GraphMethodException")
        return None

    def rate_limited(self, retry_after: timedelta) -> web.Response:
        response = error(32, "(#32) Page request limit reached")
        minutes = math.ceil(retry_after / timedelta(minutes=1))
        usage = {self.page_id: [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": minutes}]}
        response.headers["x-business-use-case-usage"] = json.dumps(usage)
        response.headers["retry-after"] = str(round(retry_after.total_seconds()))
        return response

    def server_error(self) -> web.Response:
        if self.has_terse_errors:
            return web.json_response({}, status=500)
        return error(2, "Service temporarily unavailable", status=500)

    def token_expired(self) -> web.Response:
        return error(190, "Error validating access token: Session has expired.", subcode=463)

    def _me(self, _: web.Request, __: Mapping[str, str]) -> web.Response:
        return web.json_response(self.page.identity)

    def _debug_token(self, _: web.Request, values: Mapping[str, str]) -> web.Response:
        if values.get("input_token") != self._page_token:
            return error(100, "(#100) The parameter input_token is required")
        ends = int(self.token_expires_at.timestamp()) if self.token_expires_at else 0
        data = {"is_valid": True, "type": "PAGE", "expires_at": ends, "data_access_expires_at": 0, "scopes": sorted(self.scopes)}
        return web.json_response({"data": data})

    def _feed(self, request: web.Request, values: Mapping[str, str]) -> web.Response:
        self._check_page(request)
        fields = parse_fields(values.get("fields", "id,message,created_time"), "post")
        page = self._delivered("feed", page_of(self.page.posts, values.get("after"), _limit(values.get("limit"))))
        nodes = [self._worded(entry, fields, lambda e, f: self._nested_comments(request, e, f)) for entry in page]
        return web.json_response({"data": nodes, **paging_of(page, self.page.posts, self._link(request))})

    def _comments(self, request: web.Request, values: Mapping[str, str]) -> web.Response:
        object_id = request.match_info["id"]
        entries = self.page.comments_on(object_id, is_stream=values.get("filter") == "stream")
        fields = parse_fields(values.get("fields", "id,from,message,created_time"), "comment")
        page = self._delivered(object_id, page_of(entries, values.get("after"), _limit(values.get("limit"))))
        nodes = [_worded_leaf(entry, fields) for entry in page]
        return web.json_response({"data": nodes, **paging_of(page, entries, self._link(request))})

    def _conversations(self, request: web.Request, values: Mapping[str, str]) -> web.Response:
        self._check_page(request)
        fields = parse_fields(values.get("fields", "id,updated_time"), "conversation")
        whose = values.get("user_id")
        talks = [talk for talk in self.page.conversations.values() if whose in (None, talk.person["id"])]
        found = page_of(talks, values.get("after"), _limit(values.get("limit")))
        page = [Entry(position=talk.position, at=talk.messages[-1].at, node=self._conversation_node(talk)) for talk in found]
        page = page if whose else self._delivered("conversations", page)
        nodes = [self._worded(entry, fields, lambda e, f: self._nested_messages(request, e, f)) for entry in page]
        return web.json_response({"data": nodes, **paging_of(page, talks, self._link(request))})

    def _messages(self, request: web.Request, values: Mapping[str, str]) -> web.Response:
        talk_id = request.match_info["id"]
        entries = self.page.conversation(talk_id).messages
        fields = parse_fields(values.get("fields", "id,created_time"), "message")
        page = self._delivered(talk_id, page_of(entries, values.get("after"), _limit(values.get("limit"))))
        nodes = [_worded_leaf(entry, fields) for entry in page]
        return web.json_response({"data": nodes, **paging_of(page, entries, self._link(request))})

    def _create_comment(self, request: web.Request, values: Mapping[str, str]) -> web.Response:
        object_id, text = request.match_info["id"], values.get("message", "")
        if not 0 < len(text) <= LONGEST_COMMENT:
            return error(100, f"(#100) param message must be between 1 and {LONGEST_COMMENT} characters")
        target = self.page.entry_of(object_id)
        if target is None:
            raise KeyError(object_id)
        if any(entry.node.get("message") == text for entry in self._own_comments_on(object_id)):
            return error(506, "(#506) Duplicate status message", subcode=1455006)
        comment_id = self.page.add_comment(object_id, self.page.identity, text)
        person = str((target.node.get("from") or {}).get("id", ""))
        self.posted.add(Posted(id=comment_id, target=person, text=text, at=self.clock(), way="comment"))
        return web.json_response({"id": comment_id})

    def _create_message(self, request: web.Request, values: Mapping[str, str]) -> web.Response:
        self._check_page(request)
        recipient, message = _object(values.get("recipient")), _object(values.get("message"))
        text = message.get("text")
        if not isinstance(text, str) or not 0 < len(text) <= LONGEST_MESSAGE or len(str(message.get("metadata", ""))) > 1000:
            return error(100, f"(#100) Length of param message[text] must be less than or equal to {LONGEST_MESSAGE}")
        if values.get("messaging_type") != "RESPONSE":
            return error(100, "(#100) Message tag is no longer supported", subcode=1893061)
        buttons = message.get("quick_replies", [])
        if not _are_buttons(buttons):
            return error(100, "(#100) Param message[quick_replies] is not valid")
        self.buttons = buttons
        commented = recipient.get("comment_id") or recipient.get("post_id")
        return self._private_reply(str(commented), text) if commented else self._message_to(str(recipient.get("id")), text)

    def _private_reply(self, object_id: str, text: str) -> web.Response:
        target = self.page.entry_of(object_id)
        person = target.node.get("from") if target else None
        if target is None or person is None:
            return error(100, "(#100) Invalid comment_id parameter", subcode=2018292)
        if self.clock() - target.at > timedelta(days=PRIVATE_REPLY_DAYS):
            return error(10, _OUTSIDE_WINDOW, subcode=2018278)
        if object_id in self.page.privately_answered:
            return error(10900, "(#10900) Activity already replied to")
        self.page.privately_answered.add(object_id)
        return self._posted_message(person, text, "private_reply")

    def _message_to(self, person_id: str, text: str) -> web.Response:
        talk = self.page.conversations.get(person_id)
        if talk is None:
            return error(100, "(#100) No matching user found", subcode=2018001)
        last = talk.last_from_person
        if last is None or self.clock() - last > timedelta(hours=WINDOW_HOURS):
            return error(10, _OUTSIDE_WINDOW, subcode=2018278)
        return self._posted_message(talk.person, text, "message")

    def _posted_message(self, person: Json, text: str, way: str) -> web.Response:
        message_id = self.page.add_message(person, text, is_from_page=True)
        self.posted.add(Posted(id=message_id, target=person["id"], text=text, at=self.clock(), way=way))
        return web.json_response({"recipient_id": person["id"], "message_id": message_id})

    # -- wording

    def _worded(self, entry: Entry, fields: Iterable[Field], nested: Callable[[Entry, Field], Json]) -> Json:
        edges = {wish.name: nested(entry, wish) for wish in fields if wish.name in {"comments", "messages"}}
        return {**selected(entry.node, fields), **{name: edge for name, edge in edges.items() if edge["data"]}}

    def _nested_comments(self, request: web.Request, entry: Entry, wish: Field) -> Json:
        self._deliveries.pop(entry.node["id"], None)  # older pages now follow this one
        entries = self.page.comments_on(entry.node["id"], is_stream=wish.modifiers.get("filter") == "stream")
        return self._nested(request, entries, wish)

    def _nested_messages(self, request: web.Request, entry: Entry, wish: Field) -> Json:
        self._deliveries.pop(entry.node["id"], None)
        return self._nested(request, self.page.conversation(entry.node["id"]).messages, wish)

    def _nested(self, request: web.Request, entries: list[Entry], wish: Field) -> Json:
        page = page_of(entries, None, _limit(wish.modifiers.get("limit")))
        return {"data": [_worded_leaf(entry, wish.inner) for entry in page], **paging_of(page, entries, self._link(request))}

    def _conversation_node(self, talk: Conversation) -> Json:
        participants = {"data": [talk.person, self.page.identity]}
        return {"id": talk.id, "updated_time": wire_moment(talk.messages[-1].at), "participants": participants}

    def _own_comments_on(self, object_id: str) -> list[Entry]:
        own = self.page.identity["id"]
        return [e for e in self.page.comments_on(object_id, is_stream=True) if (e.node.get("from") or {}).get("id") == own]

    def _delivered(self, stream: str, page: list[Entry]) -> list[Entry]:
        return self._deliveries.setdefault(stream, PageDelivery(self.faults)).deliver(stream, page)

    def _check_page(self, request: web.Request) -> None:
        if request.match_info["id"] not in {self.page_id, "me"}:
            raise KeyError(request.match_info["id"])

    def _link(self, request: web.Request) -> str:
        return f"https://graph.facebook.com{request.path}?access_token={self._page_token}"


def _worded_leaf(entry: Entry, fields: Iterable[Field]) -> Json:
    return entry.node if entry.is_as_handed_over else selected(entry.node, fields)


def _limit(value: str | None) -> int:
    limit = int(value or "25")
    if not 1 <= limit <= 100:
        raise ValueError(value)
    return limit


def _object(value: str | None) -> Json:
    """A nested parameter: JSON, or ValueError."""
    decoded = json.loads(value or "")
    if not isinstance(decoded, dict):
        raise ValueError(value)  # noqa: TRY004 - to the caller both are a wrong value
    return decoded


def _are_buttons(buttons: object) -> bool:
    """At most 13; one that says something has a title of at most 20 characters and a payload (quick replies, 2026)."""
    if not isinstance(buttons, list) or len(buttons) > _MOST_BUTTONS:
        return False
    return all(
        button.get("content_type") in {"user_phone_number", "user_email"}
        or (button.get("content_type") == "text" and 0 < len(button.get("title", "")) <= _LONGEST_BUTTON and "payload" in button)
        for button in buttons
    )
