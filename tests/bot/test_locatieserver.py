"""The online step for places: it sends an address and nothing else, and whatever goes wrong, the gazetteer's answer stands."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.locatieserver import Address, Locatieserver, OnlinePlaces, address_phrase, parse_answer
from routing.gazetteer import load_gazetteer
from storage.database import Database
from tests.bot.office import an_office
from tests.builders import ScriptedRouter, SettableClock, a_decision, a_message

GAZETTEER = load_gazetteer()
DOMPLEIN = {"straatnaam": "Domplein", "gemeentenaam": "Utrecht", "centroide_ll": "POINT(5.1217 52.0907)"}


def answering(*documents: dict[str, Any]) -> bytes:
    return json.dumps({"response": {"numFound": len(documents), "docs": documents}}).encode()


@dataclass
class Pdok:
    """A loopback server with the answers of a test; it remembers what it was asked."""

    address: str = ""
    status: int = 200
    body: bytes = field(default_factory=lambda: answering(DOMPLEIN))
    hangs: threading.Event = field(default_factory=threading.Event)
    asked: list[dict[str, list[str]]] = field(default_factory=list)


@pytest.fixture
def pdok() -> Iterator[Pdok]:
    served = Pdok()
    served.hangs.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(parse_qs(urlsplit(self.path).query))
            served.hangs.wait(10)
            self.send_response(served.status)
            if served.status in {301, 302}:
                self.send_header("Location", f"{served.address}/free?q=elders")
            self.end_headers()
            self.wfile.write(served.body)

        def log_message(self, *_arguments: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    served.hangs.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def server(pdok: Pdok, clock: SettableClock) -> Iterator[Locatieserver]:
    opened = Locatieserver(pdok.address, "Utrecht", 5, clock)
    yield opened
    opened.close()


def test_only_the_street_and_number_leave_the_office(pdok: Pdok, server: Locatieserver) -> None:
    places = OnlinePlaces(server=server, gazetteer=GAZETTEER)
    places.prepare(["Goedemiddag, ik ben Jan de Vries en er ligt afval voor Domplein 29. Bel 06-12345678"])
    (asked,) = pdok.asked
    assert asked["q"] == ["Domplein 29"]
    assert asked["fq"] == ["type:adres", "gemeentenaam:Utrecht"]
    assert set(asked) == {"q", "fq", "fl", "rows"}


@pytest.mark.parametrize(
    "text",
    [
        "de lamp op het Domplein is stuk",
        "er staan 12 fietsen op het Domplein",
        "mijn afvalpas doet het niet",
        "ik woon op Domplein 29 en wil een parkeervergunning",
        "mijn adres is Nergenshuizerstraat 4, stuur de brief daarheen",
        "",
    ],
)
def test_without_an_address_of_the_problem_nothing_is_asked(text: str) -> None:
    assert address_phrase(text, GAZETTEER) is None


def test_a_street_that_the_gazetteer_does_not_know_yet_is_asked() -> None:
    assert address_phrase("afval naast Nieuwgebouwdelaan 12", GAZETTEER) == "Nieuwgebouwdelaan 12"


@given(st.text(max_size=120))
def test_a_phrase_is_short_and_ends_in_a_number_whatever_the_text(text: str) -> None:
    phrase = address_phrase(text, GAZETTEER)
    assert phrase is None or (len(phrase) < 80 and any(character.isdigit() for character in phrase[-5:]))


def test_a_known_answer_is_not_asked_again_nor_is_one_that_was_empty(pdok: Pdok, server: Locatieserver) -> None:
    for phrase in ("Domplein 29", "Domplein 29"):
        server.ask(phrase)
    pdok.body = answering()
    for phrase in ("Domplein 999", "Domplein 999"):
        server.ask(phrase)
    assert len(pdok.asked) == 2
    assert server.known("Domplein 29") == Address(street="Domplein", lat=52.0907, lon=5.1217)
    assert server.known("Domplein 999") is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (429, b"{}"),
        (302, b""),
        (200, b"<html>storing</html>"),
        (200, b"[]"),
        (200, b'{"response": {"docs": [{"gemeentenaam": "Utrecht"}]}}'),
        (200, answering({**DOMPLEIN, "centroide_ll": "POINT(x y)"})),
        (200, answering({**DOMPLEIN, "straatnaam": None})),
        (200, b"x" * 300_000),
        (200, b"\xff\xfe"),
    ],
)
def test_a_bad_answer_is_no_answer_and_is_asked_again_later(pdok: Pdok, server: Locatieserver, status: int, body: bytes) -> None:
    pdok.status, pdok.body = status, body
    server.ask("Domplein 29")
    assert server.known("Domplein 29") is None
    assert len(pdok.asked) == 1  # a redirect is not followed
    pdok.status, pdok.body = 200, answering(DOMPLEIN)
    server.ask("Domplein 29")
    assert server.known("Domplein 29") is not None


def test_an_address_in_another_gemeente_is_not_ours() -> None:
    assert parse_answer(json.loads(answering({**DOMPLEIN, "gemeentenaam": "Zeist"})), "Utrecht") is None


def test_a_service_that_keeps_failing_is_left_alone_for_a_while(pdok: Pdok, server: Locatieserver, clock: SettableClock) -> None:
    pdok.status = 503
    for number in range(10):
        server.ask(f"Domplein {number}")
    assert len(pdok.asked) == 3
    clock.advance(minutes=5)
    for number in range(10):
        server.ask(f"Domplein {number}")
    assert len(pdok.asked) == 4  # one try, and left alone again
    clock.advance(minutes=5)
    pdok.status = 200
    server.ask("Domplein 1")
    server.ask("Domplein 2")
    assert len(pdok.asked) == 6


def test_a_service_that_hangs_costs_no_more_than_the_time_out(pdok: Pdok, clock: SettableClock) -> None:
    pdok.hangs.clear()
    server = Locatieserver(pdok.address, "Utrecht", 0.05, clock)
    server.ask("Domplein 29")
    pdok.hangs.set()
    assert server.known("Domplein 29") is None
    server.close()


def test_the_memory_is_bounded(pdok: Pdok, server: Locatieserver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.locatieserver._REMEMBERED", 2)
    for number in (1, 2, 3):
        server.ask(f"Domplein {number}")
    assert server.known("Domplein 1") is None
    assert server.known("Domplein 3") is not None


def test_a_point_outside_the_gemeente_or_no_point_leaves_the_decision_as_it_is(pdok: Pdok, server: Locatieserver) -> None:
    places, decision = OnlinePlaces(server=server, gazetteer=GAZETTEER), a_decision()
    assert places.sharpen(decision, "afval bij Domplein 29") is decision
    pdok.body = answering({**DOMPLEIN, "centroide_ll": "POINT(4.89 52.37)"})
    places.prepare(["afval bij Domplein 29"])
    assert places.sharpen(decision, "afval bij Domplein 29") is decision


def test_triage_asks_before_its_transaction_and_stores_the_point(pdok: Pdok, server: Locatieserver, database: Database) -> None:
    office = an_office(database, ScriptedRouter(a_decision()), places=OnlinePlaces(server=server, gazetteer=GAZETTEER))
    office.receive(a_message("er ligt afval voor Domplein 29"), a_message("de lamp is stuk", thread="anders"))
    melding = office.meldingen()[0]
    assert (melding.lat, melding.lon, melding.wijk) == (52.0907, 5.1217, "Binnenstad")
    assert len(pdok.asked) == 1


def test_triage_goes_on_with_the_gazetteer_when_the_service_is_down(
    pdok: Pdok, server: Locatieserver, database: Database
) -> None:
    pdok.status = 500
    office = an_office(database, ScriptedRouter(a_decision()), places=OnlinePlaces(server=server, gazetteer=GAZETTEER))
    office.receive(a_message("er ligt afval voor Domplein 29"))
    assert office.meldingen()[0].street == "Voorstraat"
