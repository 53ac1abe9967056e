"""The channels that the contract suite runs over. One line per channel; the suite itself names none."""

from __future__ import annotations

from channel_harness import ChannelCase
from facebook_case import FacebookCase
from mastodon_case import MastodonCase, MastodonDirectCase
from messenger_case import MessengerCase
from telegram_case import TelegramCase
from x_case import XCase, XDirectCase

CASES: tuple[type[ChannelCase], ...] = (
    TelegramCase,
    XCase,
    XDirectCase,
    FacebookCase,
    MessengerCase,
    MastodonCase,
    MastodonDirectCase,
)
