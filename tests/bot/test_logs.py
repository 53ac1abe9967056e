"""Log lines carry BIO2's six fields, and neither keys nor what residents wrote, whatever goes wrong."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog

from bot.bootstrap import build
from bot.config import Config, DatabaseTable, Logging
from bot.demo.city import City
from bot.logs import set_up_logging
from channels.simulator.faults import Fault, FaultKind
from tests.builders import ScriptedRouter

SIX = {"actie", "object", "resultaat", "oorsprong", "actor", "tijdstempel"}
WAITING = (FaultKind.RATE_LIMITED, FaultKind.EXPIRED_TOKEN)  # after these a channel is left alone for a while
QUICK = [kind for kind in FaultKind if kind not in (*WAITING, FaultKind.ACCEPT_THEN_TIMEOUT)]  # a time-out takes real seconds
TEXT, NAME = "de lamp bij mijn huis is stuk zeldzaamwoord", "Adelheid Zeldzaam"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    yield stream
    structlog.reset_defaults()
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    with City(tmp_path_factory.mktemp("city")) as city:
        yield city


def set_up(config: Config, stream: io.StringIO, **changes: Any) -> None:
    set_up_logging(config.model_copy(update={"logging": Logging(level="debug"), **changes}), stream)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fails() -> None:
    raise ValueError(TEXT)


async def test_no_fault_brings_keys_or_residents_into_the_log(city: City, logged: io.StringIO) -> None:
    set_up(city.config(), logged)
    application = build(city.config(), router=ScriptedRouter())
    for kind in (*QUICK, *WAITING):
        for simulator in city.simulators:
            simulator.faults.add(Fault(kind=kind, times=2))
        for channel in ("telegram", "facebook", "messenger", "x"):
            city.writes(channel, ("77", NAME), TEXT)
        await application.clock.tick()
    await application.aclose()
    shown = logged.getvalue()
    channels = city.config().channels
    secrets = (channels["telegram"].token, channels["facebook"].page_token, channels["facebook"].app_secret)
    assert {"taken in", "channel error"} <= {line["actie"] for line in lines(logged)}
    assert [secret for secret in secrets if secret in shown] == []
    assert "zeldzaamwoord" not in shown
    assert NAME not in shown
    assert all(line.keys() >= SIX for line in lines(logged))


def test_an_exception_is_told_as_kind_and_place(city: City, logged: io.StringIO) -> None:
    set_up(city.config(), logged)
    try:
        fails()
    except ValueError:
        structlog.get_logger().exception("message could not be handled", message_id=7)
        logging.getLogger("library").exception("it broke")
    ours, theirs = lines(logged)
    assert ours["object"] == "bericht 7"
    assert ours["resultaat"] == "mislukt"
    assert ours["soort"] == theirs["soort"] == "ValueError"
    assert "test_logs.py" in ours["waar"][-1]
    assert "zeldzaamwoord" not in logged.getvalue()


def test_a_colleague_is_the_actor_by_number(city: City, logged: io.StringIO) -> None:
    set_up(city.config(), logged)
    structlog.get_logger().info("login", account_id=3)
    assert lines(logged)[0]["actor"] == "account 3"


def test_what_a_library_says_hides_keys_and_the_password_of_the_database(city: City, logged: io.StringIO) -> None:
    telegram = replace(city.config().channels["telegram"], token="12345:geheim/teken")
    address = DatabaseTable(url="postgresql+psycopg://wb:wacht%2Fwoord@db/wb")
    set_up(city.config(), logged, channels={"telegram": telegram}, database=address)
    for address_with_key in (
        "GET /bot12345:geheim/teken",
        "GET /bot12345%3Ageheim%2Fteken",
        "wb:wacht/woord@db",
        "wacht%2Fwoord",
    ):
        logging.getLogger("library").warning("failed: %s", address_with_key)
    assert "geheim" not in logged.getvalue()
    assert "woord" not in logged.getvalue()
    assert len(lines(logged)) == 4
