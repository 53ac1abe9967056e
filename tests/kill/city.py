"""A city of residents who write on every channel, and the ground truth of what they wrote."""

from __future__ import annotations

import random
from types import TracebackType
from typing import Self

from channels.simulator.graph import GraphSimulator
from channels.simulator.server import Simulator
from channels.simulator.telegram import TelegramSimulator
from channels.simulator.twitter import XSimulator

PAGE_TOKEN, APP_SECRET = "kill-page-token", "kill-app-secret"
TEXTS = (
    "de lantaarnpaal bij nummer {n} in de Voorstraat is stuk",
    "container vol op de Springweg, al {n} dagen",
    "mag ik een plantenbak voor mijn deur, wij zijn met {n} buren",
    "er staat een auto op de stoep in de Nobelstraat {n}",
    "dank jullie wel, top gedaan ({n})",
    "Street light out at Oudegracht {n}",
)


class City:
    """Starts the simulators. `written` holds (channel, external id) of every message a resident wrote."""

    def __init__(self, *, seed: int) -> None:
        self._dice = random.Random(seed)
        self._number = 0
        self.telegram = TelegramSimulator(seed=seed)
        self.x = XSimulator(seed=seed)
        self.graph = GraphSimulator(page_token=PAGE_TOKEN, app_secret=APP_SECRET, seed=seed)
        self.simulators: tuple[Simulator, ...] = (self.telegram, self.x, self.graph)
        self.written: set[tuple[str, str]] = set()

    def __enter__(self) -> Self:
        for simulator in self.simulators:
            simulator.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for simulator in self.simulators:
            simulator.stop()

    def somebody_writes(self) -> None:
        self._number += 1
        text = self._dice.choice(TEXTS).format(n=self._number)
        person = str(5000 + self._number)
        channel = self._dice.choice(("telegram", "x", "facebook", "messenger"))
        if channel == "telegram":
            external_id = f"{person}:{self.telegram.resident_writes(person, 'Bewoner', text)}"
        elif channel == "x":
            external_id = self.x.resident_writes(person, "Bewoner", text)
        elif channel == "facebook":
            external_id = self.graph.visitor_posts(person, "Bewoner", text)
        else:
            external_id = self.graph.resident_messages(person, "Bewoner", text)
        self.written.add((channel, external_id))

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
[office_hours]
monday = ["09:00", "17:00"]
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
consumer_key = "k"
consumer_secret = "k"
access_token = "k"
access_token_secret = "k"
base_url = "{self.x.url}"
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
