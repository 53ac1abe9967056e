"""Traps of the libraries that no other test would notice: parts that may not be used, loading, and shared connections."""

from __future__ import annotations

import ast
import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from channels.graph import GraphClient, GraphSettings
from channels.graph_refusals import GraphFailure
from channels.simulator.telegram import TelegramSimulator
from channels.telegram import TelegramChannel, TelegramSettings
from routing.messages import Delivery, InboundMessage, OutboundMessage, Sent
from tests.channels.canned import Answer, CannedServer

ROOT = Path(__file__).resolve().parents[2]
NOOR, TOKEN = "70010001", "WB-2026-00042/2"
# Of python-telegram-bot, tweepy, facebook-sdk: they confirm too early, leak, or stumble.
FORBIDDEN = {"Updater", "Application", "ApplicationBuilder", "run_polling", "get_all_connections", "AsyncStreamingClient"}
FORBIDDEN_OF_TWEEPY = {"AsyncClient", "StreamingClient"}
DECIDED = {"wait_on_rate_limit": False, "ratelimit_method": "throw"}
FILTERS = ("ignore::SyntaxWarning:facebook", "ignore:invalid escape sequence:DeprecationWarning")


def test_no_part_that_loses_messages_or_waits_by_itself_is_used() -> None:
    decided: dict[str, object] = {}
    for path in (ROOT / "channels").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute | ast.Name | ast.alias):
                name = {ast.Attribute: "attr", ast.Name: "id", ast.alias: "name"}[type(node)]
                assert getattr(node, name) not in FORBIDDEN, path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "tweepy":
                assert node.attr not in FORBIDDEN_OF_TWEEPY, path
            if isinstance(node, ast.keyword) and node.arg in DECIDED:
                assert isinstance(node.value, ast.Constant), path
                decided[node.arg] = node.value.value
    assert decided == DECIDED


def test_the_sdks_load_when_warnings_are_errors_and_nothing_is_compiled(tmp_path: Path) -> None:
    filters = [part for wanted in ("error", *FILTERS) for part in ("-W", wanted)]
    load = "import channels.graph, channels.telegram_api, channels.twitter_client, channels.mastodon_client"
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    empty = {**kept, "PYTHONPYCACHEPREFIX": str(tmp_path), "PTB_TIMEDELTA": "1"}
    done = subprocess.run(
        [sys.executable, *filters, "-c", load], cwd=ROOT, env=empty, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.rglob("facebook/*.pyc"))


async def test_a_fetch_that_is_held_open_does_not_hold_up_a_send() -> None:
    with TelegramSimulator() as telegram:
        channel = TelegramChannel(TelegramSettings(token=telegram.token, base_url=telegram.url, long_poll_seconds=50))
        telegram.resident_writes(NOOR, "Noor", "lamp stuk")
        page = await channel.fetch(None)
        [message] = page.items
        assert isinstance(message, InboundMessage)
        telegram.polled.clear()
        held = asyncio.ensure_future(channel.fetch(page.cursor))
        await asyncio.to_thread(telegram.polled.wait, 20)

        answers = [an_answer_to(message, number) for number in range(6)]
        sent = await asyncio.wait_for(asyncio.gather(*(channel.send(answer) for answer in answers)), 25)

        assert all(isinstance(outcome, Sent) for outcome in sent)
        assert not held.done()
        telegram.resident_writes(NOOR, "Noor", "nog iets")
        assert len((await asyncio.wait_for(held, 25)).items) == 1
        await channel.aclose()


def an_answer_to(message: InboundMessage, number: int) -> OutboundMessage:
    return OutboundMessage(
        channel="telegram",
        delivery=Delivery.DIRECT,
        to=NOOR,
        thread=message.thread,
        reply_to=message.reply_to,
        text=f"Dank u. {number}",
        token=TOKEN,
    )


@pytest.mark.parametrize("body", ['{"id": "7"}', "", "geen json", "{}"])
def test_an_answer_of_meta_without_a_content_type_is_read_or_unknown(body: str) -> None:
    with CannedServer() as server:
        server.answers = [Answer(body=body, headers={})]
        settings = GraphSettings(page_id="104", page_token="t", app_secret="g", base_url=server.url)
        graph = GraphClient(settings)
        posted = graph.post("104_1", "comments", message="Dank u")
        graph.close()
    assert posted == "7" or (isinstance(posted, GraphFailure) and posted.may_have_arrived)
