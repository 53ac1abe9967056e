"""The channels that the contract suite runs over. One line per channel; the suite itself names none."""

from __future__ import annotations

from channel_harness import ChannelCase
from telegram_case import TelegramCase

CASES: tuple[type[ChannelCase], ...] = (TelegramCase,)
