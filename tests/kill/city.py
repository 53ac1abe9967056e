"""A city of residents who write on every channel, and the ground truth of what they wrote."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.graph import GraphSimulator
from channels.simulator.mastodon import Manner, MastodonSimulator
from channels.simulator.server import Simulator
from channels.simulator.telegram import TelegramSimulator
from channels.simulator.twitter import XSimulator
from tests.channels.mail_server import free_port
from tests.kill.post_office import PostOffice
from tests.kill.settings import APP_SECRET, PAGE_TOKEN
from tests.kill.visitors import FORMS, Visitors

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
PLATFORMS = ("telegram", "x", "x direct", "facebook", "messenger", "mastodon", "mastodon direct")
EVERY_WAY = (*PLATFORMS, *FORMS)
_POSTS_OF_VISITORS = 1 / 4  # the others comment on what the page posted
_COMMENTS_PER_POST = 150
_CAN_BE_READ_BACK = ("x", "facebook", "messenger", "mastodon")


class City:
    """Starts the simulators. `written` holds (channel, external id) of every message a resident wrote, `begun` counts those
    too that a form is still being filled in for. `ways` are how residents write, `desks` at how many processes they find a form.
    """

    def __init__(self, *, seed: int, ways: Sequence[str] = PLATFORMS, desks: int = 1) -> None:
        self._dice = random.Random(seed)
        self._ways = ways
        self.begun = 0
        self._comments, self._post_of_page = 0, ""
        self.telegram = TelegramSimulator(seed=seed)
        self.x = XSimulator(seed=seed)
        self.graph = GraphSimulator(page_token=PAGE_TOKEN, app_secret=APP_SECRET, seed=seed)
        self.mastodon = MastodonSimulator(seed=seed)
        self.simulators: tuple[Simulator, ...] = (self.telegram, self.x, self.graph, self.mastodon)
        self.post = PostOffice(seed=seed)
        self.web_ports = tuple(free_port() for _ in range(desks))
        self.written: set[tuple[str, str]] = set()
        self.visitors = Visitors([f"http://127.0.0.1:{port}" for port in self.web_ports], self.written, seed=seed)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        for simulator in self.simulators:
            self._running.enter_context(simulator)
        self._running.enter_context(self.post)
        self._running.enter_context(self.visitors)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._running.close()

    @property
    def faults(self) -> int:
        """How many requests went wrong."""
        return sum(len(simulator.faults.struck) for simulator in self.simulators) + self.post.struck + self.visitors.impatient

    def posted(self) -> Iterator[str]:
        """The text of everything that was accepted from us, however often; of an e-mail its number."""
        for simulator in self.simulators:
            yield from (post.text for post in simulator.posted)
        yield from self.post.tokens

    def somebody_writes(self) -> None:
        self._write(self._dice.choice(self._ways), self._dice.choice((*CLEAR, *UNCLEAR)))

    def somebody_is_unclear(self) -> None:
        """Somebody writes what a colleague has to judge."""
        self._write(self._dice.choice(self._ways), self._dice.choice(UNCLEAR))

    def an_answer_gets_lost(self) -> None:
        """Somebody writes where posts can be read back, and the answer of the platform to a next post does not arrive."""
        for simulator in (self.x, self.graph, self.mastodon):
            simulator.faults.add(Fault(kind=FaultKind.ACCEPT_THEN_RESET, side=Side.WRITE))
        self._write(self._dice.choice(_CAN_BE_READ_BACK), self._dice.choice(CLEAR))

    def _write(self, way: str, words: str) -> None:
        self.begun += 1
        text = words.format(n=self.begun)
        if way in FORMS:
            self.visitors.write(way, self.begun, text)
            return
        channel, _, manner = way.partition(" ")
        self.written.add((channel, self._post(channel, str(5000 + self.begun), text, is_direct=manner == "direct")))

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
        return self.graph.resident_comments(person, "Bewoner", text, on=self._latest_post())

    def _latest_post(self) -> str:
        """The page posts something now and then, and residents comment on that."""
        if self._comments % _COMMENTS_PER_POST == 0:
            self._post_of_page = self.graph.page_posts("Wat speelt er bij u in de wijk?")
        self._comments += 1
        return self._post_of_page
