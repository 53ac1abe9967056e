"""tweepy, made fit for service: the only module that imports it. One call, one outcome as a value.

It adds what tweepy lacks (host, time-outs) and switches off what harms (models, waiting, debug lines with keys). It
judges nothing: what an outcome means for a message stands in twitter_refusals.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import tweepy

from channels.payload import JsonObject
from channels.redact import redact
from channels.session import ExchangeFailedError, FixedHostSession
from channels.twitter_refusals import Refusal, parse_pace, parse_refusal
from routing.errors import ConfigError
from routing.sentences import said

Outcome = JsonObject | Refusal | ExchangeFailedError

_FAILURES = (tweepy.TweepyException, ExchangeFailedError, OSError, ValueError, TypeError, AttributeError, KeyError)
"""What a call can raise: tweepy's own, our session's, and what tweepy stumbles over in a body it does not expect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class XSettings:
    """The account's keys (OAuth 1.0a user context) and how to go about. Times are seconds where a float.

    `start`: what was written before it is not taken in; None takes what X still offers. `overlap`: how far each round reads
    back. `direct_interval`: direct messages are asked for at most so often; `direct_page_size` is small, because each one on
    a page is charged once a day, known or not. `monthly_budget`: dollars, replies counted; at its end nothing is read any more.
    `media_hosts`: from where attachments may be fetched.
    """

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)
    base_url: str = "https://api.x.com"
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    monthly_budget: float = 25.0
    page_size: int = 100
    direct_page_size: int = 20
    direct_interval: timedelta = timedelta(minutes=1)  # X documentation, August 2026: 15 calls in 15 minutes
    start: datetime | None = None
    overlap: timedelta = timedelta(minutes=2)
    media_hosts: tuple[str, ...] = ("pbs.twimg.com", "video.twimg.com")
    read_back_pages: int = 5
    settle_delay: timedelta = timedelta(minutes=1)
    min_interval: timedelta = timedelta(seconds=10)  # X documentation, August 2026: 100 posts in 15 minutes
    min_interval_per_thread: timedelta = timedelta(seconds=10)

    def __post_init__(self) -> None:
        for name in ("consumer_key", "consumer_secret", "access_token", "access_token_secret"):
            if not getattr(self, name).strip():
                raise ConfigError(f"channels.x.{name} is leeg; neem de sleutel over uit het ontwikkelaarsportaal van X")
        if not 5 <= self.page_size <= 100:
            raise ConfigError(f"channels.x.page_size = {self.page_size} mag niet van X; kies 5 tot en met 100")
        if not 1 <= self.direct_page_size <= 100:
            raise ConfigError(f"channels.x.direct_page_size = {self.direct_page_size} mag niet van X; kies 1 tot en met 100")
        if self.start is not None and self.start.tzinfo is None:
            raise ConfigError("channels.x.start mist een tijdzone; schrijf bijvoorbeeld 2026-11-01T00:00:00+01:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Timeline:
    """A list that X gives page by page. X renamed its fields in interface 2.167 (August 2026); tweepy speaks the old names."""

    ask: Callable[[tweepy.Client, str, dict[str, str]], Any]
    route: str
    fields: Mapping[str, str]
    renamed_fields: Mapping[str, str]


_POST_FIELDS = {
    "tweet_fields": (
        "attachments,author_id,conversation_id,created_at,edit_history_tweet_ids,geo,note_tweet,referenced_tweets,text"
    ),
    "expansions": "author_id,attachments.media_keys",
    "media_fields": "media_key,preview_image_url,type,url",
    "user_fields": "id,name,username",
}
_RENAMED_POST_FIELDS = {
    "post.fields": "attachments,conversation_id,created_at,geo,note_post,text",
    "expansions": "author_id,attachments.media_keys,edit_history_post_ids,referenced_posts",
    "media.fields": "media_key,preview_image_url,type,url",
    "user.fields": "id,name,username",
}
_MENTIONS = _Timeline(
    ask=lambda client, account_id, params: client.get_users_mentions(account_id, user_auth=True, **params),
    route="/2/users/{}/mentions",
    fields=_POST_FIELDS,
    renamed_fields=_RENAMED_POST_FIELDS,
)
_OWN_POSTS = _Timeline(
    ask=lambda client, account_id, params: client.get_users_tweets(account_id, user_auth=True, **params),
    route="/2/users/{}/tweets",
    fields={"tweet_fields": "created_at,note_tweet,referenced_tweets,text"},
    renamed_fields={"post.fields": "created_at,note_post,text", "expansions": "referenced_posts"},
)
_DIRECT_MESSAGE_FIELDS = {
    "dm_event_fields": "attachments,created_at,dm_conversation_id,event_type,id,sender_id,text",
    "event_types": "MessageCreate",
    "expansions": "attachments.media_keys,sender_id",
    "media_fields": "media_key,preview_image_url,type,url",
    "user_fields": "id,name,username",
}
_RENAMED_DIRECT_MESSAGE_FIELDS = {
    "dm_event.fields": "attachments,created_at,dm_conversation_id,event_type,id,text",
    "event_types": "MessageCreate",
    "expansions": "attachments.media_keys,sender_id",
    "media.fields": "media_key,preview_image_url,type,url",
    "user.fields": "id,name,username",
}
_ALL_DIRECT_MESSAGES = _Timeline(
    ask=lambda client, _, params: client.get_direct_message_events(**params),
    route="/2/dm_events",
    fields=_DIRECT_MESSAGE_FIELDS,
    renamed_fields=_RENAMED_DIRECT_MESSAGE_FIELDS,
)
_DIRECT_MESSAGES_WITH = _Timeline(
    ask=lambda client, person_id, params: client.get_direct_message_events(participant_id=person_id, **params),
    route="/2/dm_conversations/with/{}/dm_events",
    fields={"dm_event_fields": "created_at,event_type,id,sender_id,text", "event_types": "MessageCreate"},
    renamed_fields={
        "dm_event.fields": "created_at,event_type,id,text",
        "event_types": "MessageCreate",
        "expansions": "sender_id",
    },
)

_QUOTED = _Timeline(
    ask=lambda client, _, params: client.get_tweets(user_auth=True, **params),
    route="/2/tweets",
    fields={"tweet_fields": "author_id,note_tweet,text"},
    renamed_fields={"post.fields": "note_post,text", "expansions": "author_id"},
)


class _XSession(FixedHostSession):
    """Keeps what X says about the window of each call, which tweepy drops."""

    def __init__(self, base_url: str, *, connect_timeout: float, read_timeout: float) -> None:
        super().__init__(base_url, connect_timeout=connect_timeout, read_timeout=read_timeout)
        self.windows: dict[str, Mapping[str, str]] = {}

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().request(method, url, *args, **kwargs)
        self.windows[_call_of(url)] = response.headers
        return response


def _call_of(url: str | bytes) -> str:
    """The last word of the path: `mentions`, `dm_events`."""
    return urlsplit(url if isinstance(url, str) else url.decode()).path.rpartition("/")[2]


class XClient:
    """The calls that the channel makes. Blocking: run them in a thread."""

    def __init__(self, settings: XSettings, now: Callable[[], datetime]) -> None:
        self._now = now
        self._secrets = (settings.consumer_secret, settings.access_token, settings.access_token_secret, settings.consumer_key)
        self._client = tweepy.Client(
            consumer_key=settings.consumer_key,
            consumer_secret=settings.consumer_secret,
            access_token=settings.access_token,
            access_token_secret=settings.access_token_secret,
            return_type=dict,  # tweepy's models break a whole page over one date without fractions
            wait_on_rate_limit=False,  # it would block, and recurse without end when X names no time
        )
        self._session = _XSession(settings.base_url, connect_timeout=settings.connect_timeout, read_timeout=settings.read_timeout)
        self._client.session = self._session
        for library in ("tweepy", "oauthlib", "requests_oauthlib"):
            logging.getLogger(library).setLevel(logging.INFO)  # their debug lines hold the Authorization header
        self._speaks_renamed = False

    def pace(self, call: str) -> timedelta | None:
        """How long X wants us to leave between two of these calls; None while most of the window is left."""
        return parse_pace(self._session.windows.get(call, {}), self._now())

    def look_up(self, post_ids: Iterable[str]) -> Outcome:
        """Up to 100 posts; those that are gone stand among the errors."""
        return self._call(lambda: self._client.get_tweets(list(post_ids), user_auth=True))

    def quoted(self, post_ids: Iterable[str]) -> Outcome:
        """Up to 100 posts with their texts and authors."""
        return self._ask(_QUOTED, "", {"ids": ",".join(post_ids)})

    def me(self) -> Outcome:
        return self._call(lambda: self._client.get_me(user_auth=True))

    def mentions(self, account_id: str, params: Mapping[str, str]) -> Outcome:
        return self._ask(_MENTIONS, account_id, params)

    def own_posts(self, account_id: str, params: Mapping[str, str]) -> Outcome:
        return self._ask(_OWN_POSTS, account_id, params)

    def direct_messages(self, params: Mapping[str, str]) -> Outcome:
        return self._ask(_ALL_DIRECT_MESSAGES, "", params)

    def direct_messages_with(self, person_id: str, params: Mapping[str, str]) -> Outcome:
        return self._ask(_DIRECT_MESSAGES_WITH, person_id, params)

    def post_reply(self, draft: Mapping[str, str]) -> Outcome:
        return self._call(lambda: self._client.create_tweet(**draft, user_auth=True))

    def post_direct_message(self, draft: Mapping[str, str]) -> Outcome:
        return self._call(lambda: self._client.create_direct_message(**draft, user_auth=True))

    def close(self) -> None:
        self._client.session.close()

    def _ask(self, timeline: _Timeline, whose: str, params: Mapping[str, str]) -> Outcome:
        """One page, in the vocabulary that X speaks. The switch is made once, and only when X refuses the old names."""
        if not self._speaks_renamed:
            answer = self._call(lambda: timeline.ask(self._client, whose, {**params, **timeline.fields}))
            if not (isinstance(answer, Refusal) and answer.status == 400 and "is not one of" in answer.words):
                return answer
            self._speaks_renamed = True
        route, wire = timeline.route.format(whose), {**params, **timeline.renamed_fields}
        return self._call(lambda: self._client.request("GET", route, params=wire, user_auth=True).json())

    def _call(self, call: Callable[[], Any]) -> Outcome:
        """What came of one call. No text of a foreign exception is taken over."""
        try:
            answer = call()
        except tweepy.HTTPException as error:
            response = error.response
            body = redact(response.text, self._secrets)
            return parse_refusal(response.status_code, response.headers, body, self._now())
        except ExchangeFailedError as error:
            return error
        except _FAILURES as error:
            return ExchangeFailedError(
                said("onleesbaar antwoord (%(problem)s)", problem=type(error).__name__), may_have_arrived=True
            )
        if not isinstance(answer, dict):
            return ExchangeFailedError(said("onleesbaar antwoord (geen object)"), may_have_arrived=True)
        return answer


def utc_now() -> datetime:
    return datetime.now(UTC)
