"""A city of residents who write on every channel, and the ground truth of what they wrote."""

from __future__ import annotations

import random
from types import TracebackType
from typing import Self

from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.graph import GraphSimulator
from channels.simulator.mastodon import Manner, MastodonSimulator
from channels.simulator.server import Simulator
from channels.simulator.telegram import TelegramSimulator
from channels.simulator.twitter import XSimulator

PAGE_TOKEN, APP_SECRET = "kill-page-token", "kill-app-secret"
CLEAR = (
    "de lantaarnpaal bij nummer {n} in de Voorstraat is stuk",
    "container vol op de Springweg, al {n} dagen",
    "mag ik een plantenbak voor mijn deur, wij zijn met {n} buren",
    "er staat een auto op de stoep in de Nobelstraat {n}",
    "dank jullie wel, top gedaan ({n})",
    "Street light out at Oudegracht {n}",
)


UNCLEAR = (
    "er is iets mis bij ons in de straat, nummer {n}",
    "wat gaan jullie er nu aan doen, wij zijn met {n} buren",
    "ik heb een vraag over {n} dingen",
)
_WAYS = ("telegram", "x", "x direct", "facebook", "messenger", "mastodon", "mastodon direct")
_POSTS_OF_VISITORS = 1 / 4  # the others comment on what the page posted
_CAN_BE_READ_BACK = ("x", "facebook", "messenger", "mastodon")


class City:
    """Starts the simulators. `written` holds (channel, external id) of every message a resident wrote."""

    def __init__(self, *, seed: int) -> None:
        self._dice = random.Random(seed)
        self._number = 0
        self.telegram = TelegramSimulator(seed=seed)
        self.x = XSimulator(seed=seed)
        self.graph = GraphSimulator(page_token=PAGE_TOKEN, app_secret=APP_SECRET, seed=seed)
        self.mastodon = MastodonSimulator(seed=seed)
        self.simulators: tuple[Simulator, ...] = (self.telegram, self.x, self.graph, self.mastodon)
        self.written: set[tuple[str, str]] = set()

    def __enter__(self) -> Self:
        for simulator in self.simulators:
            simulator.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for simulator in self.simulators:
            simulator.stop()

    def somebody_writes(self) -> None:
        self._write(self._dice.choice(_WAYS), self._dice.choice((*CLEAR, *UNCLEAR)))

    def somebody_is_unclear(self) -> None:
        """Somebody writes what a colleague has to judge."""
        self._write(self._dice.choice(_WAYS), self._dice.choice(UNCLEAR))

    def an_answer_gets_lost(self) -> None:
        """Somebody writes where posts can be read back, and the answer of the platform to a next post does not arrive."""
        for simulator in (self.x, self.graph, self.mastodon):
            simulator.faults.add(Fault(kind=FaultKind.ACCEPT_THEN_RESET, side=Side.WRITE))
        self._write(self._dice.choice(_CAN_BE_READ_BACK), self._dice.choice(CLEAR))

    def _write(self, way: str, words: str) -> None:
        self._number += 1
        text = words.format(n=self._number)
        channel, _, manner = way.partition(" ")
        self.written.add((channel, self._post(channel, str(5000 + self._number), text, is_direct=manner == "direct")))

    def _post(self, channel: str, person: str, text: str, *, is_direct: bool) -> str:
        """Returns the id by which the channel must report it."""
        if channel == "telegram":
            return f"{person}:{self.telegram.resident_writes(person, 'Bewoner', text)}"
        if channel == "x":
            write = self.x.resident_sends_direct_message if is_direct else self.x.resident_writes
            return write(person, "Bewoner", text)
        if channel == "mastodon":
            manner = Manner(visibility="direct" if is_direct else "public")
            return self.mastodon.resident_writes(person, "Bewoner", text, manner)
        if channel == "messenger":
            return self.graph.resident_messages(person, "Bewoner", text)
        if self._dice.random() < _POSTS_OF_VISITORS:
            return self.graph.visitor_posts(person, "Bewoner", text)
        return self.graph.resident_comments(person, "Bewoner", text)

    def config(self, database_url: str) -> str:
        """Settings for a product that talks to this city, with waits made short."""
        return f"""
[office]
name = "wijkbureau Binnenstad"
[database]
url = "{database_url}"
[web]
undo_seconds = 0
port = 0
secure_cookie = false
[rhythm]
fetch_seconds = 0.4
triage_seconds = 0.4
relay_seconds = 0.2
promises_seconds = 0.5
claim_seconds = 4
second_look_seconds = 2
[guards]
quiet_from = "00:00"
quiet_until = "00:00"
minutes_after_person = 0
[office_hours]
monday = ["00:00", "23:59"]
tuesday = ["00:00", "23:59"]
wednesday = ["00:00", "23:59"]
thursday = ["00:00", "23:59"]
friday = ["00:00", "23:59"]
saturday = ["00:00", "23:59"]
sunday = ["00:00", "23:59"]
[logging]
form = "console"
[channels.telegram]
enabled = true
token = "{self.telegram.token}"
base_url = "{self.telegram.url}"
connect_timeout = 1.0
read_timeout = 1.0
[channels.x]
enabled = true
consumer_key = "kill-consumer-key"
consumer_secret = "kill-consumer-secret"
access_token = "kill-access-token"
access_token_secret = "kill-access-secret"
monthly_budget = 1000000
base_url = "{self.x.url}"
connect_timeout = 1.0
read_timeout = 1.0
settle_delay = 1
min_interval = 0
min_interval_per_thread = 0
direct_interval = 1
[channels.mastodon]
enabled = true
access_token = "{self.mastodon.token}"
base_url = "{self.mastodon.url}"
connect_timeout = 1.0
read_timeout = 1.0
settle_delay = 1
min_interval = 0
min_interval_per_thread = 0
[channels.facebook]
enabled = true
page_id = "{self.graph.page_id}"
page_token = "{PAGE_TOKEN}"
app_secret = "{APP_SECRET}"
base_url = "{self.graph.url}"
connect_timeout = 1.0
read_timeout = 1.0
settle_delay = 1
min_interval = 0
min_interval_per_thread = 0
[channels.messenger]
enabled = true
page_id = "{self.graph.page_id}"
page_token = "{PAGE_TOKEN}"
app_secret = "{APP_SECRET}"
base_url = "{self.graph.url}"
connect_timeout = 1.0
read_timeout = 1.0
settle_delay = 1
min_interval = 0
min_interval_per_thread = 0
"""
