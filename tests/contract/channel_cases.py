"""The channels that the contract suite runs over. One line per channel; the suite itself names none."""

from __future__ import annotations

from channel_harness import ChannelCase
from telegram_case import TelegramCase
from x_case import XCase

CASES: tuple[type[ChannelCase], ...] = (TelegramCase, XCase)
