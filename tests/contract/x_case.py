"""X in the contract suite."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from channel_harness import A_RESIDENT, ChannelCase, Written

from channels.base import Channel
from channels.simulator.twitter import XSimulator
from channels.twitter import XChannel
from channels.twitter_client import XSettings
from routing.messages import Delivery, Visibility

SECRETS = tuple(f"marker-{name}-that-must-not-leak" for name in ("consumer", "consumer-secret", "access", "access-secret"))


class XCase(ChannelCase):
    name = "x"
    visibility = Visibility.PUBLIC
    delivery = Delivery.PUBLIC_REPLY
    several_pages = 17
    secrets = SECRETS

    def __init__(self) -> None:
        self.simulator: XSimulator = XSimulator(clock=self.platform_clock)

    def settings(self) -> dict[str, Any]:
        return {}

    def channel(self) -> Channel:
        consumer_key, consumer_secret, access_token, access_token_secret = SECRETS
        return XChannel(
            XSettings(
                consumer_key=consumer_key,
                consumer_secret=consumer_secret,
                access_token=access_token,
                access_token_secret=access_token_secret,
                base_url=self.simulator.url,
                connect_timeout=3.0,
                read_timeout=1.5,
                page_size=5,
                start=self.start,
                **self.settings(),
            ),
            now=self.our_clock,
        )

    def resident_writes(self, text: str, *, person_id: str = A_RESIDENT) -> Written:
        return _written(self.simulator.resident_writes(person_id, "Noor de Wit", text), person_id)

    def resident_sends_a_photo(self) -> Written:
        return _written(self.simulator.resident_writes(A_RESIDENT, "Noor de Wit", "", photo=True), A_RESIDENT)

    def somebody_writes(self, text: str) -> Written:
        return _written(self.simulator.hand_over({"text": text, "created_at": "2026-11-24T10:00:00.000Z"}), "")

    def platform_hands_over_nonsense(self) -> None:
        self.simulator.hand_over({"id": None, "text": 3, "author_id": []})

    def our_own_post_comes_along(self, text: str) -> None:
        self.simulator.account_posts(f"{text} - @wijkbureau")

    def resident_edits(self, written: Written, text: str) -> None:
        self.simulator.resident_edits(written.external_id, text)

    def resident_takes_back(self, written: Written) -> None:
        self.simulator.resident_deletes(written.external_id)


def _written(post_id: str, person_id: str) -> Written:
    return Written(external_id=post_id, thread=post_id, person_id=person_id)


class XDirectCase(XCase):
    """Direct messages: the other stream of the same channel."""

    visibility = Visibility.PRIVATE
    delivery = Delivery.DIRECT
    left_out: ClassVar = {
        "test_an_edit_is_a_message_that_names_what_it_replaces": "X kent geen bewerkte privéberichten",
        "test_what_the_writer_takes_back_is_told": "X zegt niet wat er verwijderd is",
        "test_what_was_taken_back_before_we_read_it_holds_up_nothing": "X zegt niet wat er verwijderd is",
    }

    def settings(self) -> dict[str, Any]:
        return {"direct_interval": timedelta(0), "direct_page_size": 5}

    def resident_writes(self, text: str, *, person_id: str = A_RESIDENT) -> Written:
        return self._written(self.simulator.resident_sends_direct_message(person_id, "Noor de Wit", text), person_id)

    def resident_sends_a_photo(self) -> Written:
        event_id = self.simulator.resident_sends_direct_message(A_RESIDENT, "Noor de Wit", "", photo=True)
        return self._written(event_id, A_RESIDENT)

    def somebody_writes(self, text: str) -> Written:
        event = {"text": text, "created_at": "2026-11-24T10:00:00.000Z", "dm_conversation_id": self._conversation(A_RESIDENT)}
        return self._written(self.simulator.hand_over_direct_message(event), A_RESIDENT, is_anonymous=True)

    def platform_hands_over_nonsense(self) -> None:
        self.simulator.hand_over_direct_message({"id": None, "text": 3, "sender_id": []})

    def our_own_post_comes_along(self, text: str) -> None:
        self.simulator.account_sends_direct_message(A_RESIDENT, text)

    def _conversation(self, person_id: str) -> str:
        return "-".join(sorted((self.simulator.posts.own.id, person_id), key=int))

    def _written(self, event_id: str, person_id: str, *, is_anonymous: bool = False) -> Written:
        thread = self._conversation(person_id)
        return Written(external_id=event_id, thread=thread, person_id="" if is_anonymous else person_id)
