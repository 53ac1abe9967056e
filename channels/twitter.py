"""X: mentions by polling, one public reply, and direct messages, through tweepy's synchronous client.

It posts and reads; whether a reply may be posted, and where, is decided elsewhere.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from channels.base import Limits
from channels.payload import (
    JsonObject,
    carries_token,
    id_of,
    list_of,
    moment_of,
    object_of,
    objects_of,
    raw_of,
    text_of,
    unreadable,
)
from channels.session import ExchangeFailedError
from channels.twitter_client import Outcome, XClient, XSettings, utc_now
from channels.twitter_refusals import Refusal, judge_read, judge_send
from channels.twitter_walk import MentionWalk, decode_walk, moment_of_id, next_token_of, post_id_of
from channels.weighted_length import weighted_length
from routing.errors import ChannelError, MessageRejectedError, TemporaryChannelError
from routing.messages import (
    Attachment,
    AttachmentKind,
    CannotTell,
    Delivery,
    GeoPoint,
    InboundMessage,
    NotFound,
    OutboundMessage,
    Page,
    Person,
    Sent,
    Unknown,
    UnreadableItem,
    Visibility,
)

NAME = "x"

# X documentation, August 2026: weighted characters for a post, plain ones for a direct message.
_MAX_LENGTH = {Delivery.PUBLIC_REPLY: 280, Delivery.DIRECT: 10_000}
_MENTIONS_KEPT = 800  # X documentation, August 2026: what the mentions timeline reaches back to, deleted ones included
_DELETED_AT_MOST = 50
_MEDIA_KINDS = {"photo": AttachmentKind.PHOTO, "video": AttachmentKind.VIDEO, "animated_gif": AttachmentKind.VIDEO}
_ABOUT_THE_POST_ITSELF = frozenset({"", "id", "ids"})


# --- parse: payload -> value ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionsPage:
    """What one page of mentions holds: `items` oldest first, `ids` of all posts on it, also those left out."""

    items: tuple[InboundMessage | UnreadableItem, ...]
    ids: tuple[str, ...]
    next_token: str | None


def parse_mentions(payload: JsonObject, account_id: str) -> MentionsPage:
    """Our own posts and reposts are left out. What cannot be read becomes an UnreadableItem; nothing is raised."""
    includes = object_of(payload.get("includes"))
    posts = list_of(payload.get("data"))
    items = [parse_post(post, includes) for post in reversed(posts) if not _is_left_out(object_of(post), account_id)]
    items += [unreadable(NAME, error, "X kon een bericht niet tonen") for error in _errors_about_posts(payload)]
    ids = tuple(identifier for identifier in (post_id_of(object_of(post).get("id")) for post in posts) if identifier)
    return MentionsPage(items=tuple(items), ids=ids, next_token=next_token_of(payload))


def parse_post(post: object, includes: JsonObject) -> InboundMessage | UnreadableItem:
    values = object_of(post)
    post_id = post_id_of(values.get("id"))
    if post_id is None:
        return unreadable(NAME, post, "een bericht op X zonder bruikbaar nummer")
    versions = [post_id_of(version) for version in list_of(_either(values, "edit_history_tweet_ids", "edit_history_post_ids"))]
    return InboundMessage(
        channel=NAME,
        external_id=post_id,
        thread=post_id_of(values.get("conversation_id")) or post_id,
        reply_to=post_id,
        visibility=Visibility.PUBLIC,
        sent_at=moment_of(values.get("created_at")) or moment_of_id(post_id),
        sender=_parse_author(values, includes),
        text=_parse_text(values),
        attachments=_parse_attachments(values, includes),
        location=_parse_location(object_of(values.get("geo"))),
        in_reply_to=_reference(values, "replied_to"),
        edits=versions[0] if versions and versions[0] != post_id else None,
        raw=raw_of(post),
    )


def parse_own_reply(payload: JsonObject, message: OutboundMessage) -> str | None:
    """The id of our reply in a page of our own posts: it answers that post and carries the token."""
    for post in objects_of(payload.get("data")):
        if _reference(post, "replied_to") == message.reply_to and carries_token(_parse_text(post), message.token):
            return post_id_of(post.get("id"))
    return None


def parse_own_direct_message(payload: JsonObject, account_id: str, token: str) -> str | None:
    for event in objects_of(payload.get("data")):
        if id_of(event.get("sender_id")) == account_id and carries_token(event.get("text"), token):
            return id_of(event.get("id"))
    return None


def parse_posted(payload: JsonObject) -> str | None:
    """The id that X gave to what we posted: a post's or a direct message's."""
    posted = object_of(payload.get("data"))
    return id_of(posted.get("id")) or id_of(posted.get("dm_event_id"))


def _is_left_out(post: JsonObject, account_id: str) -> bool:
    return id_of(post.get("author_id")) == account_id or _reference(post, "retweeted") is not None


def _errors_about_posts(payload: JsonObject) -> list[JsonObject]:
    """Errors stand beside `data`. Most say that something a post points at is gone; those leave the post itself readable."""
    return [e for e in objects_of(payload.get("errors")) if text_of(e.get("parameter")) in _ABOUT_THE_POST_ITSELF]


def _parse_author(post: JsonObject, includes: JsonObject) -> Person | None:
    author_id = id_of(post.get("author_id"))
    if author_id is None:
        return None
    user = next((u for u in objects_of(includes.get("users")) if id_of(u.get("id")) == author_id), {})
    name, handle = text_of(user.get("name")), text_of(user.get("username"))
    return Person(external_id=author_id, display_name=f"{name} (@{handle})" if handle else name)


def _parse_text(post: JsonObject) -> str:
    """A long post has its whole text apart. X escapes `&`, `<` and `>`."""
    long_text = text_of(object_of(_either(post, "note_tweet", "note_post")).get("text"))
    return html.unescape(long_text or text_of(post.get("text")))


def _parse_attachments(post: JsonObject, includes: JsonObject) -> tuple[Attachment, ...]:
    known = {id_of(medium.get("media_key")): medium for medium in objects_of(includes.get("media"))}
    found = []
    for key in map(id_of, list_of(object_of(post.get("attachments")).get("media_keys"))):
        if key is not None:
            medium = known.get(key, {})
            kind = _MEDIA_KINDS.get(text_of(medium.get("type")), AttachmentKind.OTHER)
            address = text_of(medium.get("url")) or text_of(medium.get("preview_image_url")) or key
            found.append(Attachment(kind=kind, reference=address))
    return tuple(found)


def _parse_location(geo: JsonObject) -> GeoPoint | None:
    position = list_of(object_of(geo.get("coordinates")).get("coordinates"))
    numbers = [float(n) for n in position if isinstance(n, int | float) and not isinstance(n, bool) and abs(n) <= 180]
    if len(numbers) != 2 or len(position) != 2 or abs(numbers[1]) > 90:
        return None
    return GeoPoint(lat=numbers[1], lon=numbers[0])


def _reference(post: JsonObject, kind: str) -> str | None:
    references = objects_of(_either(post, "referenced_tweets", "referenced_posts"))
    return next((post_id_of(r.get("id")) for r in references if r.get("type") == kind), None)


def _either(values: JsonObject, name: str, renamed: str) -> object:
    return values.get(name, values.get(renamed))


# --- render: value -> payload -----------------------------------------------------------------------------------------


def render_public_reply(message: OutboundMessage) -> dict[str, str]:
    """Raises MessageRejectedError when the text does not fit or no post is named."""
    if post_id_of(message.reply_to) is None:
        raise MessageRejectedError(f"Het antwoord {message.token} noemt geen bericht op X om op te antwoorden.")
    _check_length(message, weighted_length(message.text))
    return {"text": text_of(message.text), "in_reply_to_tweet_id": message.reply_to}


def render_direct_message(message: OutboundMessage) -> dict[str, str]:
    """Raises MessageRejectedError when the text does not fit or no person is named."""
    if post_id_of(message.to) is None:
        raise MessageRejectedError(f"Het antwoord {message.token} noemt geen persoon op X om aan te schrijven.")
    _check_length(message, len(message.text))
    return {"text": text_of(message.text), "participant_id": message.to}


def _check_length(message: OutboundMessage, length: int) -> None:
    longest = _MAX_LENGTH[message.delivery]
    if not 0 < length <= longest:
        raise MessageRejectedError(f"Het antwoord {message.token} telt {length} tekens; op X mogen het er 1 tot {longest} zijn.")


# --- the channel ------------------------------------------------------------------------------------------------------


class XChannel:
    """Keeps the Channel contract. Blocking calls run in threads."""

    name = NAME

    def __init__(self, settings: XSettings, *, now: Callable[[], datetime] = utc_now) -> None:
        self._settings = settings
        self._now = now
        self._client = XClient(settings, now)
        self._account_id: str | None = None
        self.limits = Limits(
            max_length=_MAX_LENGTH,
            length_of=weighted_length,
            min_interval=settings.min_interval,
            min_interval_per_thread=settings.min_interval_per_thread,
            settle_delay=settings.settle_delay,
        )

    async def fetch(self, cursor: str | None) -> Page:
        return await asyncio.to_thread(self._fetch, decode_walk(cursor))

    async def send(self, message: OutboundMessage) -> Sent | Unknown:
        return await asyncio.to_thread(self._send, message)

    async def find_sent(self, message: OutboundMessage) -> Sent | NotFound | CannotTell:
        try:
            return await asyncio.to_thread(self._find_sent, message)
        except ChannelError as error:
            return CannotTell(reason=str(error))

    async def aclose(self) -> None:
        self._client.close()

    def _fetch(self, walk: MentionWalk) -> Page:
        account_id = self._own_id()
        answer = self._client.mentions(account_id, self._mention_params(walk))
        if isinstance(answer, Refusal) and answer.status == 400 and walk.is_half_way:
            return Page(items=(), cursor=walk.restarted().encode())  # the page token has expired
        payload = _usable(answer)
        if not payload.get("data") and payload.get("errors") and not payload.get("meta"):
            raise TemporaryChannelError("X gaf fouten in plaats van vermeldingen. Kijk of het account nog open is.")
        return self._page(walk, parse_mentions(payload, account_id))

    def _mention_params(self, walk: MentionWalk) -> dict[str, str]:
        params = {"max_results": str(self._settings.page_size)}
        since = walk.floor(self._settings.overlap)
        if since is not None:
            params["since_id"] = since
        elif self._settings.start is not None:
            params["start_time"] = self._settings.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if walk.next is not None:
            params["pagination_token"] = walk.next
        return params

    def _page(self, walk: MentionWalk, found: MentionsPage) -> Page:
        horizon = self._now() + timedelta(hours=1)  # an id from the future must not make us skip what lies before it
        ids = [identifier for identifier in found.ids if moment_of_id(identifier) < horizon]
        after, more = walk.after_page(ids, found.next_token, self._settings.overlap)
        gap = () if after.is_half_way else _gap_alarm(walk, found, has_start=self._settings.start is not None)
        new = tuple(item for item in found.items if item.external_id not in walk.recent)
        return Page(items=(*new, *gap), cursor=after.encode(), more=more)

    def _send(self, message: OutboundMessage) -> Sent | Unknown:
        if message.delivery is Delivery.PUBLIC_REPLY:
            answer = self._client.post_reply(render_public_reply(message))
        elif message.delivery is Delivery.DIRECT:
            answer = self._client.post_direct_message(render_direct_message(message))
        else:
            raise MessageRejectedError(f"X kent geen weg '{message.delivery}'; kies een openbaar antwoord of een DM.")
        if isinstance(answer, Refusal):
            judgement = judge_send(answer, message.delivery)
            if isinstance(judgement, ChannelError):
                raise judgement
            return judgement
        if isinstance(answer, ExchangeFailedError):
            if not answer.may_have_arrived:
                raise TemporaryChannelError(f"X is niet bereikbaar: {answer.reason}")
            return Unknown(reason=f"X: {answer.reason}")
        posted_id = parse_posted(answer)
        return Sent(external_id=posted_id) if posted_id else Unknown(reason="X antwoordde zonder nummer van het bericht")

    def _find_sent(self, message: OutboundMessage) -> Sent | NotFound | CannotTell:
        params = {"max_results": "100"}
        if message.delivery is Delivery.PUBLIC_REPLY:
            params["since_id"] = message.reply_to
        if not (post_id_of(message.reply_to) if message.delivery is Delivery.PUBLIC_REPLY else post_id_of(message.to)):
            return CannotTell(reason=f"bij {message.token} is niet bekend waar op X te zoeken")
        for _ in range(self._settings.read_back_pages):
            payload, found = self._look(message, params)
            if found is not None:
                return Sent(external_id=found)
            token = next_token_of(payload)
            if token is None:
                return NotFound()
            if token == params.get("pagination_token"):
                break
            params["pagination_token"] = token
        return CannotTell(reason="X geeft meer berichten terug dan er nagekeken worden; zoek het met de hand op")

    def _look(self, message: OutboundMessage, params: Mapping[str, str]) -> tuple[JsonObject, str | None]:
        account_id = self._own_id()
        if message.delivery is Delivery.PUBLIC_REPLY:
            payload = _usable(self._client.own_posts(account_id, params))
            return payload, parse_own_reply(payload, message)
        payload = _usable(self._client.direct_messages(message.to, params))
        return payload, parse_own_direct_message(payload, account_id, message.token)

    def _own_id(self) -> str:
        if self._account_id is None:
            me = object_of(_usable(self._client.me()).get("data"))
            self._account_id = post_id_of(me.get("id"))
        if self._account_id is None:
            raise TemporaryChannelError("X noemde geen account bij deze sleutels. Kijk of het account nog open is.")
        return self._account_id


def _usable(answer: Outcome) -> JsonObject:
    """The answer to a read. Raises the ChannelError that a failed one stands for."""
    if isinstance(answer, Refusal):
        raise judge_read(answer)
    if isinstance(answer, ExchangeFailedError):
        raise TemporaryChannelError(f"X is niet te lezen: {answer.reason}")
    return answer


def _gap_alarm(walk: MentionWalk, found: MentionsPage, *, has_start: bool) -> tuple[UnreadableItem, ...]:
    """X gives no more than 800 mentions back. When a round meets that many and not the last one known, some are out of reach."""
    met_the_last = walk.since is not None and any(int(i) <= int(walk.since) for i in found.ids)
    if walk.count + len(found.ids) < _MENTIONS_KEPT - _DELETED_AT_MOST or met_the_last or not (walk.since or has_start):
        return ()
    reason = (
        f"X gaf er {walk.count + len(found.ids)} terug en niet meer: tussen deze en de vorige ronde kunnen vermeldingen missen"
    )
    return (unreadable(NAME, {"gap_since": walk.since, "newest": walk.newest}, reason),)
