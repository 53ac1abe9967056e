"""What a failed call to the Graph API means for us: a decision per error code. Pure; it knows neither SDK nor network.

Codes: Meta's error reference and Messenger platform pages (2026). The subcodes of the closed window are from experience of
others with the same interface; where Meta gives one code opposite meanings, its sentence decides, here and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from channels.payload import list_of, object_of, objects_of, text_of
from channels.redact import redact
from routing.errors import (
    ChannelAuthError,
    ChannelError,
    MessageRejectedError,
    RecipientUnreachableError,
    TemporaryChannelError,
)
from routing.messages import Unknown
from routing.sentences import said

_TOKEN_REFUSED = frozenset({102, 190})
_TOO_MANY_CALLS = frozenset({4, 17, 32, 341, 613, *range(80_000, 80_100)})
_NO_PERMISSION = frozenset({10, *range(200, 300)})
_FAILED_AT_META = frozenset({1, 2})
_ALREADY_THERE = frozenset({506, 10_900})  # the same text stands there; this comment had its private reply
_PERSON_UNAVAILABLE = frozenset({(551, None), (100, 2_018_001), (200, 1_545_041)})
_WINDOW_CLOSED = frozenset({2_018_065, 2_018_278, 2_534_022})
_PAGE_RESTRICTED = 1_893_063
_NEARLY_USED = 80  # per cent
_PAUSE = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphFailure:
    """A call that gave no success. `status` is None when no answer came. `words` is Meta's sentence, in lower case."""

    words: str = ""
    status: int | None = None
    code: int | None = None
    subcode: int | None = None
    is_transient: bool = False
    retry_after: timedelta | None = None
    may_have_arrived: bool = True

    def __str__(self) -> str:
        numbers = "/".join(str(number) for number in (self.status, self.code, self.subcode) if number is not None)
        words = self.words[:200]
        if not numbers:
            return said("Facebook gaf geen bruikbaar antwoord: %(words)s", words=words)
        if not words:
            return said("Facebook antwoordde met %(numbers)s, zonder uitleg", numbers=numbers)
        return said("Facebook antwoordde met %(numbers)s: %(words)s", numbers=numbers, words=words)


def parse_failure(answer: object, secrets: Iterable[str], *, status: int | None = None) -> GraphFailure:
    """From an answer's JSON value, or anything else. Meta repeats a refused token in its sentence: secrets go out."""
    error = object_of(object_of(answer).get("error"))
    return GraphFailure(
        words=redact(text_of(error.get("message")), secrets).lower(),
        status=status,
        code=_number(error.get("code")),
        subcode=_number(error.get("error_subcode")),
        is_transient=error.get("is_transient") is True,
    )


def parse_wait(headers: Mapping[str, str]) -> timedelta | None:
    """How long Meta (minutes) or a gateway before it (seconds) asks to wait; None when neither does."""
    lowered = {name.lower(): value for name, value in headers.items()}
    seconds = lowered.get("retry-after", "")
    if seconds.isdecimal() and len(seconds) < 9:
        return min(max(timedelta(seconds=int(seconds)), timedelta(seconds=1)), _LONGEST_WAIT)
    try:
        usage = object_of(json.loads(lowered.get("x-business-use-case-usage", "{}")))
    except (ValueError, RecursionError):
        return None
    uses = [use for account in usage.values() for use in objects_of(list_of(account))]
    minutes = max((_number(use.get("estimated_time_to_regain_access")) or 0 for use in uses), default=0)
    return min(timedelta(minutes=min(minutes, 10_000)), _LONGEST_WAIT) if minutes > 0 else None


def parse_usage(headers: Mapping[str, str]) -> timedelta | None:
    """A pause when four fifths of an allowance are used: Meta counts over one hour (Graph API, rate limits, 2026)."""
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        of_app = object_of(json.loads(lowered.get("x-app-usage", "{}")))
        of_page = object_of(json.loads(lowered.get("x-business-use-case-usage", "{}")))
    except (ValueError, RecursionError):
        return None
    uses = [of_app, *(use for account in of_page.values() for use in objects_of(list_of(account)))]
    shares = [_number(use.get(name)) or 0 for use in uses for name in ("call_count", "total_cputime", "total_time")]
    return _PAUSE if max(shares, default=0) >= _NEARLY_USED else None


def judge_write(failure: GraphFailure) -> Unknown | ChannelError:
    """Unknown where Facebook may have posted; otherwise the error to raise."""
    if failure.code in _ALREADY_THERE:
        return Unknown(reason=said("%(failure)s; lees terug of ons bericht er staat", failure=failure))
    if not failure.may_have_arrived:
        return TemporaryChannelError(said("Facebook is niet bereikbaar: %(words)s", words=failure.words))
    general = _judge_account(failure)
    if general is not None:
        return general
    if failure.code is None or failure.code in _FAILED_AT_META or failure.is_transient or (failure.status or 500) >= 500:
        return Unknown(reason=said("%(failure)s; het bericht kan geplaatst zijn", failure=failure))
    if _is_unreachable(failure):
        return RecipientUnreachableError(
            said("%(failure)s. Deze persoon is zo niet meer te bereiken: kies een andere weg.", failure=failure)
        )
    return MessageRejectedError(said("%(failure)s. Laat een medewerker het antwoord met de hand plaatsen.", failure=failure))


def judge_read(failure: GraphFailure) -> ChannelError:
    """A failed read posts nothing: come back later, unless the token or its rights are refused."""
    general = _judge_account(failure)
    if general is not None:
        return general
    if failure.code in _NO_PERMISSION:
        return ChannelAuthError(
            said("%(failure)s. Geef de app de rechten op de pagina en vernieuw het paginatoken.", failure=failure)
        )
    return TemporaryChannelError(str(failure), retry_after=failure.retry_after)


def _judge_account(failure: GraphFailure) -> ChannelError | None:
    """What concerns the page or the app, not this one message."""
    is_wrong_proof = failure.code == 100 and "appsecret_proof" in failure.words
    if failure.code in _TOKEN_REFUSED or is_wrong_proof or failure.status == 401:
        return ChannelAuthError(
            said("%(failure)s. Vernieuw het paginatoken of het app-geheim in de instellingen.", failure=failure)
        )
    if failure.code in _TOO_MANY_CALLS or failure.status == 429:
        return TemporaryChannelError(str(failure), retry_after=failure.retry_after)
    if (failure.code, failure.subcode) == (10, _PAGE_RESTRICTED):
        return TemporaryChannelError(
            said("%(failure)s. Kijk in Facebook waarom de pagina beperkt is.", failure=failure), retry_after=failure.retry_after
        )
    return None


def _is_unreachable(failure: GraphFailure) -> bool:
    is_outside = failure.subcode in _WINDOW_CLOSED or "outside of allowed window" in failure.words
    is_away = {(failure.code, failure.subcode), (failure.code, None)} & _PERSON_UNAVAILABLE
    return (failure.code == 10 and is_outside) or bool(is_away)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31 else None
