"""Facebook comments in the contract suite."""

from __future__ import annotations

from typing import ClassVar

from channel_harness import A_RESIDENT, ChannelCase, Written

from channels.base import Channel
from channels.facebook import FacebookChannel, FacebookSettings
from channels.simulator.graph import GraphSimulator
from routing.messages import Delivery, Visibility

PAGE_TOKEN = "EAAB-marker-page-token-that-must-not-leak"
APP_SECRET = "marker-app-secret-that-must-not-leak"


class FacebookCase(ChannelCase):
    name = "facebook"
    visibility = Visibility.PUBLIC
    delivery = Delivery.PUBLIC_REPLY
    several_pages = 17
    secrets = (PAGE_TOKEN, APP_SECRET)
    left_out: ClassVar = {
        "test_an_edit_is_a_message_that_names_what_it_replaces": "Meta zegt dat alleen met een webhook",
        "test_what_the_writer_takes_back_is_told": "Meta zegt dat alleen met een webhook",
    }

    def __init__(self) -> None:
        self.simulator: GraphSimulator = GraphSimulator(page_token=PAGE_TOKEN, app_secret=APP_SECRET, clock=self.platform_clock)

    def channel(self) -> Channel:
        return FacebookChannel(
            FacebookSettings(
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
        return _written(self.simulator.resident_comments(person_id, "Noor de Wit", text), person_id)

    def resident_sends_a_photo(self) -> Written:
        return _written(self.simulator.resident_comments(A_RESIDENT, "Noor de Wit", "", photo=True), A_RESIDENT)

    def somebody_writes(self, text: str) -> Written:
        comment = {"message": text, "created_time": f"{self.simulator.clock():%Y-%m-%dT%H:%M:%S}+0000"}
        return _written(self.simulator.hand_over_comment(comment), "")

    def platform_hands_over_nonsense(self) -> None:
        self.simulator.hand_over_comment({"id": None, "from": 3, "message": [], "created_time": "toen"})

    def resident_takes_back(self, written: Written) -> None:
        self.simulator.deletes(written.external_id)

    def our_own_post_comes_along(self, text: str) -> None:
        self.simulator.colleague_comments(text)


def _written(comment_id: str, person_id: str) -> Written:
    return Written(external_id=comment_id, thread=comment_id, person_id=person_id)
