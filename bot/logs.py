"""Log lines: JSON with the six fields that BIO2 8.15.01 asks for, without secrets (8.15.02) and without personal data.

`actie`, `object`, `resultaat`, `oorsprong`, `actor`, `tijdstempel`; further fields are ids and counts. An exception is told
as its kind and place: its text could quote a resident.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
import traceback
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import unquote, urlsplit

import structlog
from structlog.typing import EventDict, Processor

from bot.config import Config
from channels.redact import redact

MACHINE = "wijkbalie"
FRAMES = 6
_RESULTS = {"debug": "gelukt", "info": "gelukt", "warning": "let op", "error": "mislukt", "critical": "mislukt"}
_OBJECTS = (
    ("reply_id", "antwoord"),
    ("melding_id", "melding"),
    ("message_id", "bericht"),
    ("account_id", "account"),
    ("channel", "kanaal"),
    ("step", "stap"),
    ("path", "pagina"),
)


def set_up_logging(config: Config, stream: TextIO = sys.stderr) -> None:
    """Our own lines and those of libraries, in one form on one stream. May be called again."""
    level = logging.getLevelNamesMapping()[config.logging.level.upper()]
    secrets = tuple(secrets_of(config))

    def without_secrets(_logger: Any, _method: str, line: Any) -> str:
        return redact(line, secrets)

    is_json = config.logging.form == "json"
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False) if is_json else structlog.dev.ConsoleRenderer()
    shared: list[Processor] = [structlog.processors.add_log_level, _place_of_error, *([_six_fields] if is_json else [])]
    ending: list[Processor] = [renderer, without_secrets]
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    drop_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[drop_meta, *ending]))
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)


def secrets_of(config: Config) -> Iterator[str]:
    """Every value of the settings that is not to be shown: keys and tokens of channels, passwords in addresses."""
    for settings in config.channels.values():
        if is_dataclass(settings):
            yield from (str(getattr(settings, field.name)) for field in fields(settings) if not field.repr)
    yield unquote(urlsplit(config.database.url).password or "")


def _six_fields(_logger: Any, method: str, event: EventDict) -> EventDict:
    level = str(event.pop("level", method))
    account = event.get("account_id")
    named = next((f"{word} {event[key]}" for key, word in _OBJECTS if event.get(key) is not None), MACHINE)
    six = {
        "tijdstempel": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "actie": event.pop("event", ""),
        "object": event.pop("object", named),
        "resultaat": event.pop("resultaat", _RESULTS.get(level, level)),
        "oorsprong": event.pop("oorsprong", f"{socket.gethostname()}/{os.getpid()}"),
        "actor": event.pop("actor", MACHINE if account is None else f"account {account}"),
    }
    return {**six, "niveau": level, **event}


def _place_of_error(_logger: Any, _method: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    error = (
        info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else sys.exc_info()[1] if info else None
    )
    if error is not None:
        event["soort"] = type(error).__name__
        event["waar"] = list(_frames(error.__traceback__))
    return event


def _frames(trace: TracebackType | None) -> list[str]:
    found = traceback.extract_tb(trace)[-FRAMES:]
    return [
        f"{frame.filename.rsplit('/', 2)[-2]}/{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in found
    ]
