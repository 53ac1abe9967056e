"""The optional online step for places: a house number becomes a point, by the PDOK Locatieserver (Kadaster).

Sends a street with a house number and nothing else: never the message, never an address that is the resident's home. Never
called in a transaction: `prepare` asks beforehand, `sharpen` only uses what is known by then. Without an answer the
gazetteer's own stands.
API: https://api.pdok.nl/bzk/locatieserver/search/v3_1/ui/ (free, Solr form; an unknown parameter is refused).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog

from bot.config import Config
from routing.decision import Decision, Located
from routing.gazetteer import Gazetteer, load_gazetteer
from routing.personal_data import find_personal_data
from routing.place import find_place, place_of_point

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_UNKNOWN_STREET = re.compile(
    r"\b([A-Z][\w.'-]{2,40}(?:straat|laan|weg|plein|kade|gracht|singel|dreef|hof|steeg|pad|park|baan)) (\d{1,4}[a-zA-Z]?)\b"
)
_POINT = re.compile(r"^POINT\((-?\d{1,3}(?:\.\d+)?) (-?\d{1,2}(?:\.\d+)?)\)$")
_LARGEST_ANSWER = 200_000
_REMEMBERED = 2000
_FAILURES, _PAUSE = 3, timedelta(minutes=5)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a house number is: WGS84 degrees."""

    street: str
    lat: float
    lon: float


class Breaker:
    """Stops asking a service that failed several times in a row, and tries once after a pause. `now` is the clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._failures = 0
        self._closed_until: datetime | None = None

    @property
    def may_try(self) -> bool:
        return self._closed_until is None or self._now() >= self._closed_until

    def succeeded(self) -> None:
        self._failures, self._closed_until = 0, None

    def failed(self) -> bool:
        """True when this failure opens the pause."""
        self._failures += 1
        if self._failures < _FAILURES:
            return False
        self._closed_until = self._now() + _PAUSE
        return True


class Locatieserver:
    """Asks for one phrase at a time and remembers the answers, at most so many, in memory."""

    def __init__(self, address: str, gemeente: str, timeout: float, now: Callable[[], datetime]) -> None:
        is_loopback = urlsplit(address).hostname in _LOOPBACK
        self._address, self._gemeente = address.rstrip("/"), gemeente
        self._client = httpx.Client(timeout=timeout, follow_redirects=False, trust_env=not is_loopback)
        self._breaker = Breaker(now)
        self._known: OrderedDict[str, Address | None] = OrderedDict()

    def known(self, phrase: str) -> Address | None:
        return self._known.get(phrase)

    def ask(self, phrase: str) -> None:
        """Learn where a phrase is, unless that is known or the service is left alone for now. Never raises."""
        if phrase in self._known or not self._breaker.may_try:
            return
        try:
            found = self._fetch(phrase)
        except (httpx.HTTPError, ValueError) as error:
            is_pause = self._breaker.failed()
            _log.warning("locatieserver did not answer", error=type(error).__name__, is_left_alone_for_now=is_pause)
            return
        self._breaker.succeeded()
        self._known[phrase] = found
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def close(self) -> None:
        self._client.close()

    def _fetch(self, phrase: str) -> Address | None:
        parameters = {
            "q": phrase,
            "fq": ["type:adres", f"gemeentenaam:{self._gemeente}"],
            "fl": "straatnaam centroide_ll gemeentenaam",
            "rows": "1",
        }
        with self._client.stream("GET", f"{self._address}/free", params=parameters) as response:
            if response.status_code != httpx.codes.OK:
                raise httpx.HTTPStatusError("no answer", request=response.request, response=response)
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > _LARGEST_ANSWER:
                    raise ValueError("answer too large")
        return parse_answer(httpx.Response(httpx.codes.OK, content=bytes(body)).json(), self._gemeente)


def parse_answer(answer: Any, gemeente: str) -> Address | None:
    """The first address of an answer, or None when there is none in this gemeente. Raises ValueError for another form."""
    try:
        documents = answer["response"]["docs"]
        if not documents or documents[0]["gemeentenaam"] != gemeente:
            return None
        point = _POINT.match(documents[0]["centroide_ll"])
        street = documents[0]["straatnaam"]
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError("an answer of another form") from error
    if point is None or not isinstance(street, str):
        raise ValueError("an address without a point")
    return Address(street=street, lat=float(point[2]), lon=float(point[1]))


def address_phrase(text: str, gazetteer: Gazetteer) -> str | None:
    """The street and house number of the problem, or None. An address that is personal data is never one."""
    homes = " ".join(finding.text for finding in find_personal_data(text))
    place = find_place(text, gazetteer)
    if place.street is not None and place.house_number is not None:
        is_home = place.street_in_text is not None and f"{place.street_in_text} {place.house_number}" in homes
        return None if is_home else f"{place.street} {place.house_number}"
    unknown = _UNKNOWN_STREET.search(text) if place.street is None and place.in_gemeente is not False else None
    return None if unknown is None or unknown[0] in homes else unknown[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlinePlaces:
    """Sharpens the place of a decision with what the Locatieserver knows."""

    server: Locatieserver
    gazetteer: Gazetteer

    def prepare(self, texts: Iterable[str]) -> None:
        """Ask about the addresses in these texts. Call with no transaction open. Never raises."""
        for phrase in dict.fromkeys(address_phrase(text, self.gazetteer) for text in texts):
            if phrase is not None:
                self.server.ask(phrase)

    def sharpen(self, decision: Decision, text: str) -> Decision:
        """The decision with the point of the house number, if that is known; asks nothing."""
        phrase = address_phrase(text, self.gazetteer)
        found = self.server.known(phrase) if phrase is not None else None
        if found is None:
            return decision
        place = place_of_point(found.lat, found.lon, self.gazetteer)
        if not place.in_gemeente:
            return decision
        street = decision.located.street or found.street
        located = Located(street=street, buurt=place.buurt, wijk=place.wijk, lat=found.lat, lon=found.lon, in_gemeente=True)
        return replace(decision, located=located)

    def close(self) -> None:
        self.server.close()


def online_places(config: Config, now: Callable[[], datetime]) -> OnlinePlaces | None:
    """The online step as the settings say; None when it is off."""
    table = config.locatieserver
    if not table.enabled:
        return None
    server = Locatieserver(table.address, table.gemeente, table.timeout_seconds, now)
    return OnlinePlaces(server=server, gazetteer=load_gazetteer())
