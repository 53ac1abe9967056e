"""facebook-sdk, made fit for service: the only module that imports it. Shared by Facebook comments and Messenger.

The SDK is from 2018 and knows neither today's versions nor proofs nor HTTP statuses; the subclass adds them. One call, one
outcome as a value; what an outcome means for a message stands in graph_refusals.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import requests

from channels.graph_refusals import GraphFailure, parse_failure, parse_usage, parse_wait
from channels.payload import JsonObject, id_of, object_of, text_of
from channels.session import ExchangeFailedError, FixedHostSession
from routing.errors import ConfigError
from routing.sentences import said

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its source has an invalid escape; where warnings are errors it could not be imported
    import facebook

Outcome = JsonObject | GraphFailure

_VERSION = re.compile(r"v\d{1,2}\.\d{1,2}")
_LONGEST_CURSOR = 4096
_FAILURES = (OSError, ValueError, TypeError, AttributeError, KeyError)
"""What the SDK stumbles over in a body or header that it does not expect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSettings:
    """How to reach one page. Times are seconds where a float.

    `start`: what is older is not taken in; None takes whatever the watch window reaches. `overlap`: how far each round reads
    back. `page_size`: how many items Facebook is asked for at once. `verify_token`: what we gave Meta with the address of the
    webhook; empty when there is none. `media_hosts`: from where attachments may be fetched, `.name` with all below it.
    """

    channel: ClassVar[str] = "facebook"

    page_id: str
    page_token: str = field(repr=False)
    app_secret: str = field(repr=False)
    base_url: str = "https://graph.facebook.com"
    version: str = "v26.0"  # Meta's changelog, 29 July 2026
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    page_size: int = 25
    verify_token: str = field(repr=False, default="")
    start: datetime | None = None
    overlap: timedelta = timedelta(minutes=10)
    media_hosts: tuple[str, ...] = (".fbcdn.net", ".fbsbx.com")
    read_back_pages: int = 5
    settle_delay: timedelta = timedelta(minutes=1)
    min_interval: timedelta = timedelta(seconds=2)
    min_interval_per_thread: timedelta = timedelta(seconds=5)

    def __post_init__(self) -> None:
        for name in ("page_id", "page_token", "app_secret"):
            if not getattr(self, name).strip():
                raise ConfigError(f"channels.{self.channel}.{name} is leeg; neem de waarde over uit het app-dashboard van Meta")
        if not _VERSION.fullmatch(self.version):
            raise ConfigError(
                f"channels.{self.channel}.version = {self.version!r} is geen versie van de Graph API; schrijf bijvoorbeeld v26.0"
            )
        if not 1 <= self.page_size <= 100:
            raise ConfigError(
                f"channels.{self.channel}.page_size = {self.page_size} mag niet van Facebook; kies 1 tot en met 100"
            )
        if self.start is not None and self.start.tzinfo is None:
            raise ConfigError(f"channels.{self.channel}.start mist een tijdzone; schrijf bijvoorbeeld 2026-11-01T00:00:00+01:00")


class _RefusedError(Exception):
    """An HTTP status outside 200-299, which the SDK would take for a success."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(f"HTTP {response.status_code}")
        self.response = response


class _GraphSession(FixedHostSession):
    """Sorts statuses, and keeps how much of the app's allowance is used, which the SDK drops."""

    pace: timedelta | None = None

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().request(method, url, *args, **kwargs)
        self.pace = parse_usage(response.headers)
        response.headers.setdefault("content-type", "")  # the SDK breaks when there is none
        if not 200 <= response.status_code < 300:
            raise _RefusedError(response)
        return response


class GraphClient(facebook.GraphAPI):  # type: ignore[misc]  # the SDK publishes no types
    """The Graph API for one page. Blocking: run its calls in a thread."""

    def __init__(self, settings: GraphSettings) -> None:
        session = _GraphSession(settings.base_url, connect_timeout=settings.connect_timeout, read_timeout=settings.read_timeout)
        super().__init__(access_token=settings.page_token, session=session)
        self._paced_session = session
        self.version = settings.version  # the constructor takes no version later than 3.1
        self._proof = hmac.new(settings.app_secret.encode(), settings.page_token.encode(), hashlib.sha256).hexdigest()
        self._secrets = (settings.page_token, settings.app_secret, self._proof)
        logging.getLogger("urllib3").setLevel(logging.INFO)  # its debug lines hold the query, with the token in it

    def request(
        self,
        path: str,
        args: Mapping[str, object] | None = None,
        post_args: Mapping[str, object] | None = None,
        files: object = None,
        method: str | None = None,
    ) -> Any:
        """As the SDK does it, with the proof of the secret, and with nested values as JSON instead of destroyed."""
        if post_args is not None:
            return super().request(path, {}, self._wire(post_args), files, method)
        return super().request(path, self._wire(args or {}), None, files, method)

    def read_list(self, parent: str, connection: str, **parameters: str) -> Outcome:
        """One page of a list. A success has `data`, a list."""
        answer = self._call(lambda: self.get_connections(parent, connection, **parameters))
        if isinstance(answer, GraphFailure) or isinstance(answer.get("data"), list):
            return answer
        return GraphFailure(words=said("een antwoord zonder lijst"))

    def read(self, path: str, **parameters: str) -> Outcome:
        """One object."""
        return self._call(lambda: self.get_object(path, **parameters))

    def post(self, parent: str, connection: str, **values: object) -> str | GraphFailure:
        """The id of what was posted. An answer without one is a failure: a JSON error can look like a success."""
        answer = self._call(lambda: self.put_object(parent, connection, **values))
        if isinstance(answer, GraphFailure):
            return answer
        return (
            id_of(answer.get("message_id")) or id_of(answer.get("id")) or GraphFailure(words=said("een antwoord zonder nummer"))
        )

    @property
    def pace(self) -> timedelta | None:
        """How long to leave Meta alone because most of the allowance is used; None while it is not."""
        return self._paced_session.pace

    def close(self) -> None:
        self.session.close()

    def _wire(self, values: Mapping[str, object]) -> dict[str, object]:
        nested = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in values.items()}
        return {**nested, "appsecret_proof": self._proof}

    def _call(self, call: Callable[[], Any]) -> Outcome:
        """What came of one call. No text of a foreign exception is taken over, save Meta's sentence without secrets."""
        try:
            answer = call()
        except _RefusedError as error:
            return self._refusal(error.response)
        except facebook.GraphAPIError as error:
            return parse_failure(error.result, self._secrets)
        except ExchangeFailedError as error:
            return GraphFailure(words=error.reason, may_have_arrived=error.may_have_arrived)
        except _FAILURES as error:
            return GraphFailure(words=said("onleesbaar antwoord (%(problem)s)", problem=type(error).__name__))
        return answer if isinstance(answer, dict) else GraphFailure(words=said("onleesbaar antwoord (geen object)"))

    def _refusal(self, response: requests.Response) -> GraphFailure:
        try:
            answer = object_of(response.json())
        except requests.JSONDecodeError:
            answer = {}
        failure = parse_failure(answer, self._secrets, status=response.status_code)
        return replace(failure, retry_after=parse_wait(response.headers))


def next_page_of(answer: JsonObject) -> str | None:
    """The cursor of the next page. Facebook names a cursor on the last page too; only `next` says that there is one."""
    paging = object_of(answer.get("paging"))
    after = text_of(object_of(paging.get("cursors")).get("after"))
    return after if paging.get("next") and 0 < len(after) <= _LONGEST_CURSOR else None


def utc_now() -> datetime:
    return datetime.now(UTC)
