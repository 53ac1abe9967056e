"""Telegram in the contract suite."""

from __future__ import annotations

from typing import ClassVar

from channel_harness import A_RESIDENT, ChannelCase, Written

from channels.base import Channel
from channels.simulator.telegram import TelegramSimulator
from channels.telegram import TelegramChannel, TelegramSettings
from routing.messages import Delivery, Visibility

BOT_ID, SECRET = "70099", "marker-token-that-must-not-leak"
BOT_TOKEN = f"{BOT_ID}:{SECRET}"


class TelegramCase(ChannelCase):
    name = "telegram"
    visibility = Visibility.PRIVATE
    delivery = Delivery.DIRECT
    several_pages = 230
    secrets = (BOT_TOKEN, SECRET)
    left_out: ClassVar = {
        "test_what_the_writer_takes_back_is_told": "Telegram zegt een bot niet wat er verwijderd is",
        "test_what_was_taken_back_before_we_read_it_holds_up_nothing": "Telegram bezorgt ook wat al verwijderd is",
    }

    def __init__(self) -> None:
        self.simulator: TelegramSimulator = TelegramSimulator(token=BOT_TOKEN, clock=self.platform_clock)

    def channel(self) -> Channel:
        return TelegramChannel(
            TelegramSettings(
                token=BOT_TOKEN,
                base_url=self.simulator.url,
                read_timeout=1.5,
                connect_timeout=2.0,
                long_poll_seconds=0,
                start=self.start,
            )
        )

    def resident_writes(self, text: str, *, person_id: str = A_RESIDENT) -> Written:
        message = self.simulator.resident_writes(person_id, "Noor de Wit", text)
        return _written(person_id, message)

    def resident_sends_a_photo(self) -> Written:
        message = self.simulator.resident_writes(A_RESIDENT, "Noor de Wit", "", photo=b"\xff\xd8 a street lamp")
        return _written(A_RESIDENT, message)

    def somebody_writes(self, text: str) -> Written:
        message = self.simulator.hand_over({"message": {"text": text, "chat": {"id": int(A_RESIDENT), "type": "private"}}})
        return Written(external_id=f"{A_RESIDENT}:{message}", thread=A_RESIDENT, person_id="")

    def platform_hands_over_nonsense(self) -> None:
        self.simulator.hand_over({"message": {"chat": "nowhere", "date": [], "from": 3}})

    def our_own_post_comes_along(self, text: str) -> None:
        bot = {"id": int(BOT_ID), "is_bot": True, "first_name": "Wijkbureau"}
        self.simulator.hand_over({"message": {"text": text, "from": bot, "chat": {"id": int(A_RESIDENT), "type": "private"}}})

    def resident_edits(self, written: Written, text: str) -> None:
        chat, _, message = written.external_id.partition(":")
        self.simulator.resident_edits(chat, message, text)


def _written(person_id: str, message_id: str) -> Written:
    return Written(external_id=f"{person_id}:{message_id}", thread=person_id, person_id=person_id)
