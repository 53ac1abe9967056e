"""Residents who write on simulated platforms of Meta, the webhooks that carry what they wrote, and when each was answered."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

from benchmarks.product import APP_SECRET, HOST, PAGE_ID, PAGE_TOKEN
from channels.simulator.graph import GraphSimulator
from channels.simulator.server import Posted, PostedLog
from channels.webhooks import hex_signature

_ANSWER_SECONDS = 120.0
_people = itertools.count(7_000_001)


class Answers(PostedLog):
    """Notes at what moment (of the monotonic clock) somebody was answered first."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()
        self._moments: dict[str, float] = {}

    def add(self, post: Posted) -> None:
        moment = time.perf_counter()
        super().add(post)
        with self._changed:
            self._moments.setdefault(post.target, moment)
            self._changed.notify_all()

    def moment_for(self, people: Sequence[str]) -> float:
        """When the last of these people was answered. Waits until all of them are; raises TimeoutError after two minutes."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._moments.keys() >= set(people), _ANSWER_SECONDS):
                raise TimeoutError("somebody gets no answer")
            return max(self._moments[person] for person in people)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One signed post of the platform."""

    person: str
    body: bytes = field(repr=False)
    signature: str


class Meta(GraphSimulator):
    """Meta as far as the measuring goes: who writes here is answered here, and `answers` knows when."""

    def __init__(self) -> None:
        super().__init__(page_token=PAGE_TOKEN, app_secret=APP_SECRET)
        self.answers = Answers()
        self.posted = self.answers

    def letters(self, texts: Iterable[str]) -> list[Letter]:
        """Each text written in Messenger by somebody who never wrote before."""
        return [self._letter(person, {"messaging": [self._message(person, text)]}) for person, text in _by_strangers(texts)]

    def posts(self, texts: Iterable[str]) -> list[Letter]:
        """Each text posted on the page by somebody who never wrote before."""
        return [self._letter(person, {"changes": [self._post(person, text)]}) for person, text in _by_strangers(texts)]

    def _message(self, person: str, text: str) -> dict[str, object]:
        mid = self.resident_messages(person, "Bewoner", text)
        ends = {"sender": {"id": person}, "recipient": {"id": PAGE_ID}}
        return {**ends, "timestamp": self._seconds() * 1000, "message": {"mid": mid, "text": text}}

    def _post(self, person: str, text: str) -> dict[str, object]:
        post = {"item": "post", "verb": "add", "post_id": self.visitor_posts(person, "Bewoner", text), "message": text}
        return {"field": "feed", "value": {**post, "from": {"id": person, "name": "Bewoner"}, "created_time": self._seconds()}}

    def _letter(self, person: str, news: dict[str, object]) -> Letter:
        entry = {"id": PAGE_ID, "time": self._seconds() * 1000, **news}
        body = json.dumps({"object": "page", "entry": [entry]}).encode()
        return Letter(person=person, body=body, signature=hex_signature(body, APP_SECRET))

    def _seconds(self) -> int:
        return int(self.clock().timestamp())


def _by_strangers(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((str(next(_people)), text) for text in texts)


def plain_texts(count: int) -> list[str]:
    return [f"de lantaarnpaal bij nummer {number} in de Voorstraat is stuk" for number in range(1, count + 1)]


def deliver(letters: Sequence[Letter], ports: Sequence[int], clients: int) -> None:
    """Post them with so many clients at once, each on a connection of its own, to the ports in turn. All must be taken."""
    shares = [(letters[number::clients], ports[number % len(ports)]) for number in range(clients)]
    with ThreadPoolExecutor(clients) as threads:
        for _ in threads.map(lambda share: _deliver_one_by_one(*share), shares):
            pass


def _deliver_one_by_one(letters: Sequence[Letter], port: int) -> None:
    with closing(http.client.HTTPConnection(HOST, port, timeout=60)) as connection:
        for letter in letters:
            connection.request("POST", "/webhooks/meta", letter.body, {"X-Hub-Signature-256": letter.signature})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"a delivery was answered with {answer.status}")
