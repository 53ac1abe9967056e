"""What the tests of Facebook share: the people, the channel under test, and messages to and fro."""

from __future__ import annotations

from typing import Any

from channels.facebook import FacebookChannel, FacebookSettings
from channels.simulator.graph import GraphSimulator
from routing.messages import InboundMessage, UnreadableItem
from tests.builders import TickingClock
from tests.channels.graph_page import page_settings

NOOR, JAN, PAGE = "70010001", "70010002", "104001200300400"
TOKEN = "WB-2026-00042/2"


def a_channel(facebook: GraphSimulator, clock: TickingClock, **settings: Any) -> FacebookChannel:
    return FacebookChannel(FacebookSettings(**page_settings(facebook, **settings)), now=clock)


async def everything(
    channel: FacebookChannel, cursor: str | None = None
) -> tuple[dict[str, InboundMessage | UnreadableItem], str]:
    items: dict[str, InboundMessage | UnreadableItem] = {}
    for _ in range(80):
        page = await channel.fetch(cursor)
        items |= {item.external_id: item for item in page.items}
        cursor = page.cursor
        if not page.more:
            return items, page.cursor
    raise AssertionError("Facebook never came to an end")
