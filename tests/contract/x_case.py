"""X in the contract suite."""

from __future__ import annotations

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
        self.simulator: XSimulator = XSimulator()

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
            )
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


def _written(post_id: str, person_id: str) -> Written:
    return Written(external_id=post_id, thread=post_id, person_id=person_id)
