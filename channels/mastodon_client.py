"""Mastodon.py, made fit for service: the only module that imports it. One call, one outcome as a value.

The SDK makes the requests; the answer itself is read here, because the SDK turns it into models, hides the headers that name
a wait, and puts whole bodies into its errors. It judges nothing: that is the channel's part.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from mastodon import Mastodon

from channels.payload import moment_of, object_of, text_of
from channels.session import ExchangeFailedError, FixedHostSession
from routing.errors import ConfigError
from routing.sentences import said

_LONGEST_WAIT = timedelta(hours=1)
PAGE_AT_MOST = 80  # docs.joinmastodon.org/methods/notifications, November 2026


@dataclass(frozen=True, slots=True, kw_only=True)
class MastodonSettings:
    """The account's token and how to go about. Times are seconds where a float.

    `start`: what was written before it is not taken in; None takes everything that still stands there. `overlap`: so many
    mentions are read again in every round, which is how late ones, edits and deletes of recent ones are seen. `text_limit`:
    what the instance allows in one post (its `configuration`, 500 unless it was changed). `media_hosts`: where the instance
    keeps its files besides its own address, `.name` with all below it.
    """

    access_token: str = field(repr=False)
    base_url: str
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    page_size: int = 40
    overlap: int = 20
    start: datetime | None = None
    text_limit: int = 500
    media_hosts: tuple[str, ...] = ()
    settle_delay: timedelta = timedelta(minutes=1)
    min_interval: timedelta = timedelta(seconds=1)  # Mastodon documentation, November 2026: 300 requests in 5 minutes
    min_interval_per_thread: timedelta = timedelta(seconds=1)

    def __post_init__(self) -> None:
        if not self.access_token.strip():
            raise ConfigError("channels.mastodon.access_token is leeg; maak een toepassing in de instellingen van het account")
        if not 2 <= self.page_size <= PAGE_AT_MOST:
            raise ConfigError(f"channels.mastodon.page_size = {self.page_size} mag niet; kies 2 tot en met {PAGE_AT_MOST}")
        if not 1 <= self.overlap < self.page_size:
            raise ConfigError("channels.mastodon.overlap moet minstens 1 zijn en kleiner dan page_size")
        if self.text_limit < 200:
            raise ConfigError(f"channels.mastodon.text_limit = {self.text_limit} is te klein voor een antwoord; 500 is gewoon")
        if self.start is not None and self.start.tzinfo is None:
            raise ConfigError("channels.mastodon.start mist een tijdzone; schrijf bijvoorbeeld 2026-11-01T00:00:00+01:00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer with a status outside 200-299. `words` is what the instance said about it."""

    status: int
    words: str = field(default="", repr=False)
    retry_after: timedelta | None = None

    def __str__(self) -> str:
        if not self.words:
            return said("de Mastodon-server antwoordde met %(num)s, zonder uitleg", num=self.status)
        return said("de Mastodon-server antwoordde met %(num)s: %(words)s", num=self.status, words=self.words[:200])


Outcome = object | Refusal | ExchangeFailedError
"""The JSON of the answer, or why there is none."""


class _WatchedSession(FixedHostSession):
    """Keeps what came of the last request of each thread."""

    def __init__(self, base_url: str, *, connect_timeout: float, read_timeout: float) -> None:
        super().__init__(base_url, connect_timeout=connect_timeout, read_timeout=read_timeout)
        self._kept = threading.local()

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        try:
            self._kept.last = super().request(method, url, *args, **kwargs)
        except ExchangeFailedError as error:
            self._kept.last = error
            raise
        response: requests.Response = self._kept.last
        return response

    def take_last(self) -> requests.Response | ExchangeFailedError | None:
        last: requests.Response | ExchangeFailedError | None = getattr(self._kept, "last", None)
        self._kept.last = None
        return last


class MastodonClient:
    """The calls that the channel makes. Blocking: run them in a thread. Ids are opaque text."""

    def __init__(self, settings: MastodonSettings, now: Callable[[], datetime]) -> None:
        self._now = now
        self._session = _WatchedSession(
            settings.base_url, connect_timeout=settings.connect_timeout, read_timeout=settings.read_timeout
        )
        self._sdk = Mastodon(
            access_token=settings.access_token,
            api_base_url=settings.base_url,
            ratelimit_method="throw",  # "wait" would sleep and send again by itself
            request_timeout=settings.read_timeout,
            version_check_mode="none",
            session=self._session,
            user_agent="wijkbalie",
        )
        logging.getLogger("urllib3").setLevel(max(logging.getLogger("urllib3").level, logging.INFO))  # debug names who we read

    def me(self) -> Outcome:
        return self._call(self._sdk.account_verify_credentials)

    def mentions(self, min_id: str, limit: int) -> Outcome:
        """Notifications of mentions that came directly after `min_id`, newest first, at most `limit`."""
        return self._call(lambda: self._sdk.notifications(types=["mention"], min_id=min_id, limit=limit))

    def status(self, status_id: str) -> Outcome:
        return self._call(lambda: self._sdk.status(status_id))

    def context(self, status_id: str) -> Outcome:
        return self._call(lambda: self._sdk.status_context(status_id))

    def account(self, account_id: str) -> Outcome:
        return self._call(lambda: self._sdk.account(account_id))

    def relationships(self, account_id: str) -> Outcome:
        return self._call(lambda: self._sdk.account_relationships(account_id))

    def statuses_of(self, account_id: str, limit: int) -> Outcome:
        return self._call(lambda: self._sdk.account_statuses(account_id, limit=limit))

    def post(self, draft: Mapping[str, Any]) -> Outcome:
        return self._call(lambda: self._sdk.status_post(**draft))

    def close(self) -> None:
        self._session.close()

    def _call(self, call: Callable[[], object]) -> Outcome:
        """What came of one call. What the SDK thinks of the answer is not used, so its errors are not either."""
        self._session.take_last()
        try:
            call()
        except Exception as error:  # noqa: BLE001 - whatever the SDK made of the answer, the answer itself is judged below
            problem = type(error).__name__
        else:
            problem = said("geen verzoek")
        last = self._session.take_last()
        if last is None:
            return ExchangeFailedError(
                said("het verzoek kon niet worden gemaakt (%(problem)s)", problem=problem), may_have_arrived=False
            )
        return last if isinstance(last, ExchangeFailedError) else self._outcome(last)

    def _outcome(self, answer: requests.Response) -> Outcome:
        try:
            body: object = answer.json()
        except ValueError:
            body = None
        if not 200 <= answer.status_code < 300:
            words = text_of(object_of(body).get("error"))
            return Refusal(status=answer.status_code, words=words, retry_after=_wait_of(answer.headers, self._now()))
        if body is None:
            return ExchangeFailedError(said("onleesbaar antwoord"), may_have_arrived=True)
        return body


def _wait_of(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Until the limit resets: Mastodon names a moment, GoToSocial seconds since 1970, a gateway seconds to wait."""
    reset, seconds = headers.get("X-RateLimit-Reset", ""), headers.get("Retry-After", "")
    if reset.isdecimal() and len(reset) < 12:
        return _bounded(datetime.fromtimestamp(int(reset), UTC) - now)
    moment = moment_of(reset)
    if moment is not None:
        return _bounded(moment - now)
    return _bounded(timedelta(seconds=int(seconds))) if seconds.isdecimal() and len(seconds) < 9 else None


def _bounded(wait: timedelta) -> timedelta:
    return min(max(wait, timedelta(seconds=1)), _LONGEST_WAIT)


def utc_now() -> datetime:
    return datetime.now(UTC)
