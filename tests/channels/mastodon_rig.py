"""What the tests of Mastodon share: the people, the channel under test, and messages to and fro."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from channels.mastodon import MastodonChannel
from channels.mastodon_client import MastodonSettings
from channels.simulator.mastodon import Manner
from routing.messages import InboundMessage, Page
from tests.builders import SettableClock

NOOR, JAN, TOKEN = "70010001", "70010002", "WB-2026-00042/2"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DIRECT = Manner(visibility="direct")


def a_channel(url: str, clock: SettableClock, **more: Any) -> MastodonChannel:
    options = {"page_size": 5, "overlap": 3} | more
    return MastodonChannel(MastodonSettings(access_token="demo-mastodon-token", base_url=url, **options), now=clock)


def messages_of(page: Page) -> list[InboundMessage]:
    return [item for item in page.items if isinstance(item, InboundMessage)]


async def the_message(channel: MastodonChannel) -> InboundMessage:
    [message] = messages_of(await channel.fetch(None))
    return message
