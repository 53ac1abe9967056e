"""Messenger in the contract suite."""

from __future__ import annotations

from typing import ClassVar

from channel_harness import A_RESIDENT, ChannelCase, Written

from channels.base import Channel
from channels.messenger import MessengerChannel, MessengerSettings
from channels.simulator.graph import GraphSimulator
from routing.messages import Delivery, Visibility

PAGE_TOKEN = "EAAB-marker-page-token-that-must-not-leak"
APP_SECRET = "marker-app-secret-that-must-not-leak"
A_PHOTO = {"mime_type": "image/jpeg", "size": 52_000, "image_data": {"url": "https://scontent.xx.fbcdn.net/v/lantaarn.jpg"}}


class MessengerCase(ChannelCase):
    name = "messenger"
    visibility = Visibility.PRIVATE
    delivery = Delivery.DIRECT
    several_pages = 17
    secrets = (PAGE_TOKEN, APP_SECRET)
    left_out: ClassVar = {
        "test_an_edit_is_a_message_that_names_what_it_replaces": "Meta zegt dat alleen met een webhook",
        "test_what_the_writer_takes_back_is_told": "Meta zegt dat alleen met een webhook",
        "test_what_was_taken_back_before_we_read_it_holds_up_nothing": "Meta zegt dat alleen met een webhook",
    }

    def __init__(self) -> None:
        self.simulator: GraphSimulator = GraphSimulator(page_token=PAGE_TOKEN, app_secret=APP_SECRET, clock=self.platform_clock)

    def channel(self) -> Channel:
        return MessengerChannel(
            MessengerSettings(
                page_id=self.simulator.page_id,
                page_token=PAGE_TOKEN,
                app_secret=APP_SECRET,
                base_url=self.simulator.url,
                connect_timeout=3.0,
                read_timeout=1.5,
                page_size=5,
                start=self.start,
            ),
            now=self.our_clock,
        )

    def resident_writes(self, text: str, *, person_id: str = A_RESIDENT) -> Written:
        return _written(self.simulator.resident_messages(person_id, "Noor de Wit", text), person_id)

    def resident_sends_a_photo(self) -> Written:
        return _written(self.simulator.resident_messages(A_RESIDENT, "Noor de Wit", "", attachment=A_PHOTO), A_RESIDENT)

    def somebody_writes(self, text: str) -> Written:
        message = {"message": text, "created_time": f"{self.simulator.clock():%Y-%m-%dT%H:%M:%S}+0000"}
        message_id = self.simulator.hand_over_message(A_RESIDENT, message)
        return Written(external_id=message_id, thread=A_RESIDENT, person_id="")

    def platform_hands_over_nonsense(self) -> None:
        self.simulator.hand_over_message(A_RESIDENT, {"id": [], "from": 3, "message": {}, "created_time": 0})

    def our_own_post_comes_along(self, text: str) -> None:
        self.simulator.colleague_messages(A_RESIDENT, "Noor de Wit", text)


def _written(message_id: str, person_id: str) -> Written:
    return Written(external_id=message_id, thread=person_id, person_id=person_id)
