"""The border with python-telegram-bot: one raw call of the Bot API, with every failure sorted by what it says about the post.

It reads no answer and writes no message. Nothing it raises or logs holds the token or what residents wrote.
"""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from channels.redact import foreign, redact
from channels.session import checked_base_url
from routing.errors import (
    ChannelAuthError,
    ChannelError,
    ConfigError,
    MessageRejectedError,
    RecipientUnreachableError,
    TemporaryChannelError,
)
from routing.sentences import said

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_SENDERS = 4
_LONGEST_NUMBER = 30  # digits; Python refuses to read a number of more than 4300, and the whole batch with it
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_NOT_MODELLED = (TypeError, ValueError, LookupError, AttributeError, OverflowError)
"""What the SDK raises on an answer that is not what it expects. The call itself may well have succeeded."""


class WebhookInUseError(TemporaryChannelError):
    """This bot has a webhook, and Telegram gives its updates there only."""


class ChatMovedError(RecipientUnreachableError):
    """The group became a supergroup: it goes on under another number."""

    def __init__(self, new_chat_id: int) -> None:
        super().__init__(said("telegram: deze groep is een supergroep geworden en kreeg een ander nummer"))
        self.new_chat_id = new_chat_id


class OutcomeUnknownError(Exception):
    """Nobody can tell whether Telegram carried out the call."""


class _ForeignAnswerError(TelegramError):
    """This answer is not Telegram's: a gateway spoke, or the answer was cut off."""


class _FloodError(TelegramError):
    """Too many requests, and Telegram named no time to wait."""


class _DiscreetRequest(HTTPXRequest):
    """Reads answers without logging them (the SDK logs an unreadable one whole) and tells Telegram's from a gateway's."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(payload.decode("utf-8", "replace"), parse_int=_number, parse_constant=str)
        except (ValueError, RecursionError):
            raise _ForeignAnswerError("the answer is no JSON") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
            raise _ForeignAnswerError("the answer is not in the form of the Bot API")
        if answer.get("error_code") == 429 and not _names_a_wait(answer.get("parameters")):
            raise _FloodError("too many requests")
        return answer


class TelegramApi:
    """Calls of one bot. Times are seconds; `read_timeout` runs between two bytes of the answer."""

    def __init__(self, token: str, base_url: str, *, connect_timeout: float, read_timeout: float) -> None:
        os.environ.setdefault("PTB_TIMEDELTA", "1")  # else every RetryAfter warns, and under -W error is never raised
        warnings.filterwarnings("ignore", message=r"Please use 'Bot\.", category=UserWarning)  # raw updates are on purpose
        for noisy in ("httpx", "httpcore", "telegram"):  # their lines hold the token and residents' texts
            logging.getLogger(noisy).setLevel(max(logging.getLogger(noisy).level, logging.WARNING))
        base_url = checked_base_url(base_url)
        self._secrets = (token, token.partition(":")[2])
        self._read_timeout = read_timeout
        options: dict[str, Any] = {
            "connect_timeout": connect_timeout,
            "read_timeout": read_timeout,
            "httpx_kwargs": {"trust_env": urlsplit(base_url).hostname not in _LOOPBACK},  # a proxy never serves loopback
        }
        self._requests = (
            _DiscreetRequest(connection_pool_size=_SENDERS, **options),
            _DiscreetRequest(connection_pool_size=1, **options),
        )
        try:
            self._bot = Bot(
                token,
                base_url=f"{base_url}/bot",
                base_file_url=f"{base_url}/file/bot",
                request=self._requests[0],
                get_updates_request=self._requests[1],
            )
        except InvalidToken:
            raise ConfigError(
                "telegram: token ontbreekt; vraag er een aan bij @BotFather en zet hem in de configuratie"
            ) from None

    async def call(self, method: str, parameters: Mapping[str, object], *, wait: float = 0) -> object:
        """The `result` of the answer, as JSON values. `wait` is the long poll that the method was asked for.

        Raises a ChannelError when the call was provably refused or never left, OutcomeUnknownError for everything else.
        """
        try:
            return await self._bot.do_api_request(method, dict(parameters), read_timeout=wait + self._read_timeout)
        except (TelegramError, *_NOT_MODELLED) as error:
            raise self._sorted(error) from foreign(error, self._secrets)

    async def aclose(self) -> None:
        for request in self._requests:
            await request.shutdown()

    def _sorted(self, error: BaseException) -> ChannelError | OutcomeUnknownError:
        """Most specific first: in this SDK BadRequest and TimedOut are NetworkErrors."""
        text = redact(str(error), self._secrets)
        causes = tuple(_causes(error))
        if any(isinstance(cause, _NEVER_LEFT) for cause in causes):
            return TemporaryChannelError(said("telegram: geen verbinding met de server; er is niets verzonden"))
        if any(isinstance(cause, _FloodError) for cause in causes):
            return TemporaryChannelError(said("telegram: te veel verzoeken; probeer het later"))
        if any(isinstance(cause, _ForeignAnswerError) for cause in causes):
            return OutcomeUnknownError(said("het antwoord is niet van Telegram, of kwam niet heel aan"))
        return _refusal(error, text) or OutcomeUnknownError(said("geen bruikbaar antwoord van Telegram: %(words)s", words=text))


def _refusal(error: BaseException, text: str) -> ChannelError | None:
    """Telegram's own refusal, as the decision it asks for; None when it was no refusal."""
    match error:
        case RetryAfter():
            wait = error.retry_after
            seconds = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
            return TemporaryChannelError(said("telegram: te veel verzoeken; Telegram vraagt te wachten"), retry_after=seconds)
        case ChatMigrated():
            return ChatMovedError(error.new_chat_id)
        case Forbidden():
            return RecipientUnreachableError(said("telegram: deze persoon is niet bereikbaar: %(words)s", words=text))
        case InvalidToken():
            return ChannelAuthError(said("telegram: het token wordt niet herkend; vraag bij @BotFather een nieuw token aan"))
        case Conflict() if "webhook is active" in text:
            return WebhookInUseError(said("telegram: er staat een webhook, dus ophalen gaat niet"))
        case Conflict():
            return TemporaryChannelError(
                said("telegram: een ander programma haalt berichten op met dit token: zet het andere uit")
            )
        case BadRequest():
            if "chat not found" in text.lower():
                return RecipientUnreachableError(said("telegram: het gesprek bestaat niet: %(words)s", words=text))
            return MessageRejectedError(said("telegram: bericht geweigerd: %(words)s", words=text))
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _names_a_wait(parameters: object) -> bool:
    wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return isinstance(wait, int) and 0 < wait < 10**7


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits
