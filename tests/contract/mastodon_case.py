"""Mastodon in the contract suite: mentions in public, and direct posts."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from channel_harness import A_RESIDENT, ChannelCase, Written

from channels.base import Channel
from channels.mastodon import MastodonChannel
from channels.mastodon_client import MastodonSettings
from channels.simulator.mastodon import OPENLY, Manner, MastodonSimulator
from routing.messages import Delivery, Visibility

ACCESS_TOKEN = "marker-mastodon-token-that-must-not-leak"


class MastodonCase(ChannelCase):
    name = "mastodon"
    visibility = Visibility.PUBLIC
    delivery = Delivery.PUBLIC_REPLY
    several_pages = 17
    secrets = (ACCESS_TOKEN,)
    manner: ClassVar[Manner] = OPENLY

    def __init__(self) -> None:
        self.simulator: MastodonSimulator = MastodonSimulator(token=ACCESS_TOKEN, clock=self.platform_clock)

    def channel(self) -> Channel:
        return MastodonChannel(
            MastodonSettings(
                access_token=ACCESS_TOKEN,
                base_url=self.simulator.url,
                connect_timeout=3.0,
                read_timeout=1.5,
                page_size=5,
                overlap=2,
                start=self.start,
            ),
            now=self.our_clock,
        )

    def resident_writes(self, text: str, *, person_id: str = A_RESIDENT) -> Written:
        return self._written(self.simulator.resident_writes(person_id, "Noor de Wit", text, self.manner), person_id)

    def resident_sends_a_photo(self) -> Written:
        manner = replace(self.manner, photo=b"\xff\xd8 a street lamp")
        return self._written(self.simulator.resident_writes(A_RESIDENT, "Noor de Wit", "", manner), A_RESIDENT)

    def somebody_writes(self, text: str) -> Written:
        status = {"content": f"<p>{text}</p>", "created_at": "2026-11-24T10:00:00.000Z", "visibility": self.manner.visibility}
        return self._written(self.simulator.hand_over(status), "")

    def platform_hands_over_nonsense(self) -> None:
        self.simulator.hand_over({"id": None, "content": 3, "account": []})

    def our_own_post_comes_along(self, text: str) -> None:
        self.simulator.account_posts(f"@wijkbureau {text}")

    def resident_edits(self, written: Written, text: str) -> None:
        self.simulator.resident_edits(written.external_id, text)

    def resident_takes_back(self, written: Written) -> None:
        self.simulator.resident_deletes(written.external_id)

    def _written(self, status_id: str, person_id: str) -> Written:
        return Written(external_id=status_id, thread=status_id, person_id=person_id)


class MastodonDirectCase(MastodonCase):
    """Direct posts: the same stream, answered where only the resident sees it."""

    visibility = Visibility.PRIVATE
    delivery = Delivery.DIRECT
    manner = Manner(visibility="direct")

    def _written(self, status_id: str, person_id: str) -> Written:
        return Written(external_id=status_id, thread=person_id or status_id, person_id=person_id)
