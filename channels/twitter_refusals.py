"""What an answer of X that is no success means for us: a decision per kind. Pure; it knows neither tweepy nor the network.

X tells most kinds apart by HTTP status and problem type. Where one status covers opposite decisions (403), X has nothing
but its sentence, and that sentence is matched here and nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.payload import JsonObject, object_of, objects_of, text_of
from routing.errors import (
    ChannelAuthError,
    ChannelError,
    MessageRejectedError,
    RecipientUnreachableError,
    TemporaryChannelError,
)
from routing.messages import Delivery, Unknown
from routing.sentences import said

_PROBLEMS = "https://api.twitter.com/2/problems/"
_NO_RIGHT = frozenset(_PROBLEMS + name for name in ("oauth1-permissions", "client-forbidden", "unsupported-authentication"))
_OUT_OF_BUDGET = frozenset(_PROBLEMS + name for name in ("usage-capped", "credits"))
_BUDGET_PAUSE = timedelta(hours=1)  # a spending limit is lifted by a person; asking once an hour is enough
_LONGEST_WAIT = timedelta(days=1)
_RESETS = (
    ("x-app-limit-24hour-remaining", "x-app-limit-24hour-reset"),
    ("x-user-limit-24hour-remaining", "x-user-limit-24hour-reset"),
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer with a status outside 200-299. `words` is what X said about it, in lower case."""

    status: int
    problem: str = ""
    words: str = ""
    retry_after: timedelta | None = None

    def __str__(self) -> str:
        if not self.words:
            return said("X antwoordde met %(num)s, zonder uitleg", num=self.status)
        return said("X antwoordde met %(num)s: %(words)s", num=self.status, words=self.words[:200])


def parse_refusal(status: int, headers: Mapping[str, str], body: str, now: datetime) -> Refusal:
    """Never raises, whatever the body is."""
    try:
        answer = object_of(json.loads(body))
    except (ValueError, RecursionError):
        answer = {}
    return Refusal(
        status=status,
        problem=text_of(answer.get("type")),
        words=_words_of(answer),
        retry_after=_wait_of(headers, now, is_limit=status == 429),
    )


def judge_send(refusal: Refusal, delivery: Delivery) -> Unknown | ChannelError:
    """Unknown where X may have posted; otherwise the error to raise."""
    if refusal.status >= 500 or refusal.status < 400 or refusal.status == 408:
        return Unknown(reason=said("%(failure)s; het bericht kan geplaatst zijn", failure=refusal))
    if refusal.status == 403 and "duplicate" in refusal.words:
        return Unknown(reason=said("duplicate: X zegt dat deze tekst er al staat; lees terug om het bericht te vinden"))
    general = _judge_account(refusal)
    if general is not None:
        return general
    if delivery is Delivery.DIRECT and refusal.status in {403, 404}:
        return RecipientUnreachableError(
            said("%(failure)s. Deze persoon is niet per DM te bereiken: kies een andere weg.", failure=refusal)
        )
    return MessageRejectedError(said("%(failure)s. Laat een medewerker het antwoord met de hand plaatsen.", failure=refusal))


def judge_read(refusal: Refusal) -> ChannelError:
    """A failed read posts nothing: come back later, unless the token is refused."""
    return _judge_account(refusal, reading=True) or TemporaryChannelError(str(refusal), retry_after=refusal.retry_after)


def _judge_account(refusal: Refusal, *, reading: bool = False) -> ChannelError | None:
    """What concerns the account, not this one message."""
    if refusal.status == 402 or refusal.problem in _OUT_OF_BUDGET:
        return TemporaryChannelError(said("%(failure)s. Vul het tegoed bij X aan.", failure=refusal), retry_after=_BUDGET_PAUSE)
    if refusal.status == 429:
        return TemporaryChannelError(str(refusal), retry_after=refusal.retry_after)
    if refusal.status == 401 or refusal.problem in _NO_RIGHT or (reading and refusal.status == 403):
        return ChannelAuthError(said("%(failure)s. Vernieuw de sleutels van het X-account in de instellingen.", failure=refusal))
    return None


def _words_of(answer: JsonObject) -> str:
    parts = [answer.get("title"), answer.get("detail"), answer.get("error")]
    for error in objects_of(answer.get("errors")):
        parts += [error.get("message"), error.get("detail")]
    return " ".join(dict.fromkeys(text_of(part).lower() for part in parts if text_of(part)))


def _wait_of(headers: Mapping[str, str], now: datetime, *, is_limit: bool) -> timedelta | None:
    """Until the exhausted limit resets; with no limit at zero, until the nearest window resets. None when X names none.

    Every answer names its window: of one that is no limit, the window says nothing about when to come back.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    used_up = [lowered.get(reset, "") for remaining, reset in _RESETS if lowered.get(remaining, "").strip() == "0"]
    resets = [value for value in used_up or [lowered.get("x-rate-limit-reset", "")] if value.isdecimal() and len(value) < 12]
    if resets and is_limit:
        return _bounded(timedelta(seconds=max(map(int, resets)) - now.timestamp()))
    seconds = lowered.get("retry-after", "")
    return _bounded(timedelta(seconds=int(seconds))) if seconds.isdecimal() and len(seconds) < 9 else None


def _bounded(wait: timedelta) -> timedelta:
    return min(max(wait, timedelta(seconds=1)), _LONGEST_WAIT)


def parse_pace(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """What is left of the window, spread over the calls that are left; None while a quarter of them is, or nothing is told."""
    lowered = {name.lower(): value for name, value in headers.items()}
    told = [lowered.get(f"x-rate-limit-{name}", "") for name in ("limit", "remaining", "reset")]
    if not all(value.isdecimal() and len(value) < 12 for value in told):
        return None
    limit, remaining, reset = map(int, told)
    if remaining * 4 >= limit:
        return None
    return _bounded(timedelta(seconds=reset - now.timestamp()) / max(remaining, 1))
