"""X: mentions and direct messages by polling, one public reply, and direct messages, through tweepy's synchronous client.

It posts and reads; whether a reply may be posted, and where, is decided elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from channels.base import Challenge, Finding, Ledger, Limits
from channels.media import download
from channels.payload import JsonObject, object_of, text_of, unreadable
from channels.session import ExchangeFailedError
from channels.twitter_budget import (
    PRICE_OF_DIRECT_MESSAGE,
    PRICE_OF_LOOK_UP,
    PRICE_OF_MENTION,
    PRICE_OF_OWN_POST,
    PRICE_OF_REPLY,
    PRICE_OF_REPLY_WITH_LINK,
    Budget,
    until_next_month,
)
from channels.twitter_client import Outcome, XClient, XSettings, utc_now
from channels.twitter_messages import (
    NAME,
    Found,
    ids_in,
    judge_account,
    parse_direct_messages,
    parse_mentions,
    parse_own_direct_message,
    parse_own_reply,
    parse_posted,
    parse_quoted,
    parse_removed,
    with_quote,
)
from channels.twitter_pushed import parse_pushed
from channels.twitter_refusals import Refusal, judge_read, judge_send
from channels.twitter_walk import StreamWalk, XCursor, decode_cursor, id_of_moment, moment_of_id, next_token_of, post_id_of
from channels.webhooks import base64_signature, is_same, read_body
from channels.weighted_length import weighted_length
from routing.errors import ChannelAuthError, ChannelError, MessageRejectedError, TemporaryChannelError
from routing.messages import (
    CannotTell,
    Delivery,
    InboundMessage,
    Item,
    NotFound,
    OutboundMessage,
    Page,
    Removal,
    Sent,
    Unknown,
    UnreadableItem,
)
from routing.sentences import said

# X documentation, August 2026: weighted characters for a post, plain ones for a direct message.
_MAX_LENGTH = {Delivery.PUBLIC_REPLY: 280, Delivery.DIRECT: 10_000}
_MENTIONS_KEPT = 800  # X documentation, August 2026: what the mentions timeline reaches back to, deleted ones included
_DELETED_AT_MOST = 50
_LONGEST_WAIT = timedelta(hours=1)  # the windows of X are 15 minutes; its limits of a day are asked about every hour
_LOOKED_UP_AT_ONCE = 100
_CHALLENGE = re.compile(r"[!#-Z^-z|~]{1,255}")  # a word, without what JSON puts around things: never what a webhook brings


# --- render: value -> payload -----------------------------------------------------------------------------------------


def render_public_reply(message: OutboundMessage) -> dict[str, str]:
    """Raises MessageRejectedError when the text does not fit or no post is named."""
    if post_id_of(message.reply_to) is None:
        problem = said("Het antwoord %(token)s noemt geen bericht op X om op te antwoorden.", token=message.token)
        raise MessageRejectedError(problem)
    _check_length(message, weighted_length(message.text))
    return {"text": text_of(message.text), "in_reply_to_tweet_id": message.reply_to}


def render_direct_message(message: OutboundMessage) -> dict[str, str]:
    """Raises MessageRejectedError when the text does not fit or no person is named."""
    if post_id_of(message.to) is None:
        problem = said("Het antwoord %(token)s noemt geen persoon op X om aan te schrijven.", token=message.token)
        raise MessageRejectedError(problem)
    _check_length(message, len(message.text))
    return {"text": text_of(message.text), "participant_id": message.to}


def _check_length(message: OutboundMessage, length: int) -> None:
    longest = _MAX_LENGTH[message.delivery]
    if not 0 < length <= longest:
        facts = {"token": message.token, "count": length, "most": longest}
        raise MessageRejectedError(
            said("Het antwoord %(token)s telt %(count)s tekens; op X mogen het er 1 tot %(most)s zijn.", **facts)
        )


# --- the channel ------------------------------------------------------------------------------------------------------


class XChannel:
    """Keeps the Channel contract. Blocking calls run in threads."""

    name = NAME

    def __init__(self, settings: XSettings, *, now: Callable[[], datetime] = utc_now) -> None:
        self._settings = settings
        self._now = now
        self._client = XClient(settings, now)
        self._budget = Budget(settings.monthly_budget, now)
        self._account_id: str | None = None
        self.limits = Limits(
            max_length=_MAX_LENGTH,
            length_of=weighted_length,
            min_interval=settings.min_interval,
            min_interval_per_thread=settings.min_interval_per_thread,
            settle_delay=settings.settle_delay,
        )

    async def fetch(self, cursor: str | None) -> Page:
        return await asyncio.to_thread(self._fetch, decode_cursor(cursor))

    async def send(self, message: OutboundMessage) -> Sent | Unknown:
        return await asyncio.to_thread(self._send, message)

    async def find_sent(self, message: OutboundMessage) -> Sent | NotFound | CannotTell:
        try:
            return await asyncio.to_thread(self._find_sent, message)
        except ChannelError as error:
            return CannotTell(reason=str(error))

    @property
    def webhook_path(self) -> str:
        return NAME

    def answer_challenge(self, query: Mapping[str, str]) -> Challenge | None:
        """X's Challenge-Response Check: prove that we know the app's secret.

        X signs bodies with the same key and in the same way. What could be a body is therefore never signed: otherwise
        everybody could have a message of anybody signed here, and post it.
        """
        token = query.get("crc_token", "")
        if _CHALLENGE.fullmatch(token) is None:
            return None
        answer = {"response_token": base64_signature(token.encode(), self._settings.consumer_secret)}
        return Challenge(body=json.dumps(answer), media_type="application/json")

    def is_genuine(self, headers: Mapping[str, str], body: bytes) -> bool:
        given = headers.get("x-twitter-webhooks-signature", "")
        is_challenge = _CHALLENGE.fullmatch(body.decode("latin-1")) is not None
        return not is_challenge and is_same(given, base64_signature(body, self._settings.consumer_secret))

    def parse_webhook(self, body: bytes, now: datetime) -> tuple[Item, ...]:  # noqa: ARG002 - X dates every event in its id
        payload, broken = read_body(NAME, body)
        return broken or tuple(parse_pushed(payload))

    async def download(self, reference: str, target: BinaryIO, limit: int) -> None:
        await download(reference, target, hosts=self._settings.media_hosts, limit=limit)

    async def check(self) -> tuple[Finding, ...]:
        return tuple(await asyncio.to_thread(lambda: list(self._check())))

    async def find_removed(self, external_ids: Sequence[str]) -> tuple[Removal, ...]:
        found: tuple[Removal, ...] = ()
        for first in range(0, len(external_ids), _LOOKED_UP_AT_ONCE):
            batch = external_ids[first : first + _LOOKED_UP_AT_ONCE]
            found += parse_removed(_usable(await asyncio.to_thread(self._client.look_up, batch)))
            await asyncio.to_thread(self._budget.note_reading, batch, PRICE_OF_LOOK_UP)
        return found

    def count_in(self, ledger: Ledger) -> None:
        self._budget.ledger = ledger

    def cost_so_far(self) -> Finding:
        return self._budget.finding()

    async def aclose(self) -> None:
        self._client.close()

    def _check(self) -> Iterator[Finding]:
        """X tells nothing about the right to post; reading is tried with the smallest page."""
        try:
            me = object_of(_usable(self._client.me()).get("data"))
        except ChannelError as error:
            yield Finding(text=str(error), is_good=False)
            return
        mentions = _problem_of(self._client.mentions(post_id_of(me.get("id")) or "", {"max_results": "5"}))
        direct = _problem_of(self._client.direct_messages({"max_results": "1"}))
        yield from judge_account(me, mentions, direct)

    def _fetch(self, cursor: XCursor) -> Page:
        """One page of mentions and, when their time has come, one of direct messages. Nothing when the budget is spent."""
        if self._budget.is_spent:
            wait = min(until_next_month(self._now()), timedelta(hours=1))
            return Page(items=(), cursor=cursor.encode(), problem=self._budget.words_of_end, again_after=wait)
        account_id = self._own_id()
        page, cursor = self._fetch_mentions(cursor, account_id)
        page = replace(page, again_after=self._client.pace("mentions"))
        if self._is_too_early(cursor.direct_at):
            return replace(page, cursor=cursor.encode())
        direct, cursor = self._fetch_direct_messages(cursor, account_id)
        items, more = (*page.items, *direct.items), page.more or direct.more
        return replace(page, items=items, cursor=cursor.encode(), more=more, problem=direct.problem)

    def _is_too_early(self, direct_at: int) -> bool:
        """A moment further away than any wait was written by a clock that ran ahead."""
        left = direct_at - self._now().timestamp()
        return 0 < left <= self._longest_wait.total_seconds()

    @property
    def _longest_wait(self) -> timedelta:
        return max(self._settings.direct_interval, _LONGEST_WAIT)

    def _fetch_mentions(self, cursor: XCursor, account_id: str) -> tuple[Page, XCursor]:
        walk = cursor.mentions
        answer = self._client.mentions(account_id, self._mention_params(walk))
        if isinstance(answer, Refusal) and answer.status == 400 and walk.is_half_way:
            return Page(items=(), cursor=""), replace(cursor, mentions=walk.restarted())  # the page token has expired
        payload = _usable(answer)
        if not payload.get("data") and payload.get("errors") and not payload.get("meta"):
            raise TemporaryChannelError(said("X gaf fouten in plaats van vermeldingen. Kijk of het account nog open is."))
        found = parse_mentions(payload, account_id)
        after, more = walk.after_page(self._plausible(found), found.next_token, self._settings.overlap)
        gap = () if after.is_half_way else _gap_alarm(walk, found, has_start=self._settings.start is not None)
        new = tuple(item for item in found.items if item.external_id not in walk.recent)
        self._budget.note_reading(found.ids, PRICE_OF_MENTION)
        items = self._with_quotes(new, found.quotes, account_id)
        return Page(items=(*items, *gap), cursor="", more=more), replace(cursor, mentions=after)

    def _with_quotes(
        self, items: tuple[InboundMessage | UnreadableItem, ...], quotes: Mapping[str, str], account_id: str
    ) -> tuple[InboundMessage | UnreadableItem, ...]:
        """What residents quote is part of what they say. That it cannot be read holds up nothing."""
        wanted = sorted({quotes[item.external_id] for item in items if item.external_id in quotes})
        if not wanted:
            return items
        answer = self._client.quoted(wanted)
        texts = parse_quoted(answer, account_id) if isinstance(answer, dict) else {}
        self._budget.note_reading(texts, PRICE_OF_LOOK_UP)
        return tuple(
            with_quote(item, texts.get(quotes[item.external_id]))
            if isinstance(item, InboundMessage) and item.external_id in quotes
            else item
            for item in items
        )

    def _fetch_direct_messages(self, cursor: XCursor, account_id: str) -> tuple[Page, XCursor]:
        """A failure here is told and does not hold up the mentions."""
        wait, problem, more = self._settings.direct_interval, "", False
        items: tuple[Item, ...] = ()
        try:
            cursor, items, more = self._walk_direct_messages(cursor, account_id)
            wait = max(wait, self._client.pace("dm_events") or wait)
        except TemporaryChannelError as error:
            wait, problem = error.retry_after or wait, said("privéberichten ophalen lukt nu niet: %(problem)s", problem=error)
        except ChannelAuthError as error:
            problem = said("privéberichten ophalen mag niet: %(problem)s", problem=error)
        due = 0 if more else int((self._now() + min(wait, self._longest_wait)).timestamp())
        return Page(items=items, cursor="", more=more, problem=problem), replace(cursor, direct_at=due)

    def _walk_direct_messages(self, cursor: XCursor, account_id: str) -> tuple[XCursor, tuple[Item, ...], bool]:
        """X takes no `since_id` here: the walk goes back until it meets what it knows."""
        walk = cursor.direct
        params = {"max_results": str(self._settings.direct_page_size)}
        answer = self._client.direct_messages({**params, "pagination_token": walk.next} if walk.next else params)
        if isinstance(answer, Refusal) and answer.status == 400 and walk.is_half_way:
            return replace(cursor, direct=walk.restarted()), (), False
        found = parse_direct_messages(_usable(answer), account_id)
        floor = int(walk.floor(self._settings.overlap) or self._first_id())
        reaches_floor = any(int(identifier) <= floor for identifier in found.ids)
        next_token = None if reaches_floor else found.next_token
        after, more = walk.after_page(self._plausible(found), next_token, self._settings.overlap)
        wanted = {identifier for identifier in found.ids if int(identifier) > floor and identifier not in walk.recent}
        items = tuple(item for item in found.items if isinstance(item, UnreadableItem) or item.external_id in wanted)
        self._budget.note_reading(found.ids, PRICE_OF_DIRECT_MESSAGE)
        return replace(cursor, direct=after), items, more

    def _first_id(self) -> str:
        return "0" if self._settings.start is None else id_of_moment(self._settings.start)

    def _plausible(self, found: Found) -> list[str]:
        """An id from the future must not make us skip what lies before it."""
        horizon = self._now() + timedelta(hours=1)
        return [identifier for identifier in found.ids if moment_of_id(identifier) < horizon]

    def _mention_params(self, walk: StreamWalk) -> dict[str, str]:
        params = {"max_results": str(self._settings.page_size)}
        since = walk.floor(self._settings.overlap)
        if since is not None:
            params["since_id"] = since
        elif self._settings.start is not None:
            params["start_time"] = self._settings.start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if walk.next is not None:
            params["pagination_token"] = walk.next
        return params

    def _send(self, message: OutboundMessage) -> Sent | Unknown:
        answer = self._posted(message)
        if isinstance(answer, Refusal):
            judgement = judge_send(answer, message.delivery)
            if isinstance(judgement, ChannelError):
                raise judgement
            return judgement
        if isinstance(answer, ExchangeFailedError):
            if not answer.may_have_arrived:
                raise TemporaryChannelError(said("X is niet bereikbaar: %(reason)s", reason=answer.reason))
            return Unknown(reason=said("X: %(reason)s", reason=answer.reason))
        posted_id = parse_posted(answer)
        return Sent(external_id=posted_id) if posted_id else Unknown(reason=said("X antwoordde zonder nummer van het bericht"))

    def _posted(self, message: OutboundMessage) -> Outcome:
        """What was refused or never left costs nothing; what may have been posted may have been charged."""
        if message.delivery is Delivery.PUBLIC_REPLY:
            post, draft = self._client.post_reply, render_public_reply(message)
        elif message.delivery is Delivery.DIRECT:
            post, draft = self._client.post_direct_message, render_direct_message(message)
        else:
            problem = said("X kent geen weg '%(way)s'; kies een openbaar antwoord of een DM.", way=message.delivery)
            raise MessageRejectedError(problem)
        has_link = message.delivery is Delivery.PUBLIC_REPLY and "://" in message.text
        payment = self._budget.pay_reply(message.token, PRICE_OF_REPLY_WITH_LINK if has_link else PRICE_OF_REPLY)
        answer = post(draft)
        if isinstance(answer, Refusal) or (isinstance(answer, ExchangeFailedError) and not answer.may_have_arrived):
            self._budget.take_back(payment)
        return answer

    def _find_sent(self, message: OutboundMessage) -> Sent | NotFound | CannotTell:
        params = {"max_results": "100"}
        if message.delivery is Delivery.PUBLIC_REPLY:
            params["since_id"] = message.reply_to
        if not (post_id_of(message.reply_to) if message.delivery is Delivery.PUBLIC_REPLY else post_id_of(message.to)):
            return CannotTell(reason=said("bij %(token)s is niet bekend waar op X te zoeken", token=message.token))
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
        return CannotTell(reason=said("X geeft meer berichten terug dan er nagekeken worden; zoek het met de hand op"))

    def _look(self, message: OutboundMessage, params: Mapping[str, str]) -> tuple[JsonObject, str | None]:
        account_id = self._own_id()
        if message.delivery is Delivery.PUBLIC_REPLY:
            payload = _usable(self._client.own_posts(account_id, params))
            self._budget.note_reading(ids_in(payload), PRICE_OF_OWN_POST)
            return payload, parse_own_reply(payload, message)
        payload = _usable(self._client.direct_messages_with(message.to, params))
        self._budget.note_reading(ids_in(payload), PRICE_OF_DIRECT_MESSAGE)
        return payload, parse_own_direct_message(payload, account_id, message.token)

    def _own_id(self) -> str:
        if self._account_id is None:
            me = object_of(_usable(self._client.me()).get("data"))
            self._account_id = post_id_of(me.get("id"))
        if self._account_id is None:
            raise TemporaryChannelError(said("X noemde geen account bij deze sleutels. Kijk of het account nog open is."))
        return self._account_id


def _usable(answer: Outcome) -> JsonObject:
    """The answer to a read. Raises the ChannelError that a failed one stands for."""
    if isinstance(answer, Refusal):
        raise judge_read(answer)
    if isinstance(answer, ExchangeFailedError):
        raise TemporaryChannelError(said("X is niet te lezen: %(reason)s", reason=answer.reason))
    return answer


def _problem_of(answer: Outcome) -> str:
    """Why a read failed; empty when it did not."""
    try:
        _usable(answer)
    except ChannelError as error:
        return str(error)
    return ""


def _gap_alarm(walk: StreamWalk, found: Found, *, has_start: bool) -> tuple[UnreadableItem, ...]:
    """X gives no more than 800 mentions back. When a round meets that many and not the last one known, some are out of reach."""
    met_the_last = walk.since is not None and any(int(i) <= int(walk.since) for i in found.ids)
    if walk.count + len(found.ids) < _MENTIONS_KEPT - _DELETED_AT_MOST or met_the_last or not (walk.since or has_start):
        return ()
    reason = said(
        "X gaf er %(count)s terug en niet meer: tussen deze en de vorige ronde kunnen vermeldingen missen",
        count=walk.count + len(found.ids),
    )
    return (unreadable(NAME, {"gap_since": walk.since, "newest": walk.newest}, reason),)
