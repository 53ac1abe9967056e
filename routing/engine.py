"""Routing a message: which vakafdeling leads, and everything else a colleague wants to know, with the reasons.

Puts the answers of the other modules together; each of them answers one question. Pure and deterministic after loading.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from importlib.resources.abc import Traversable
from pathlib import Path

from routing.decision import Decision, Formal, Located, Zone
from routing.errors import ConfigError
from routing.formal import find_formal
from routing.gazetteer import Gazetteer, load_gazetteer
from routing.language import detect_language
from routing.lexicon import Hit, Lexicon
from routing.messages import GeoPoint
from routing.model.features import Reading, neutral, read
from routing.model.model import Judgement, Model, load, version_of
from routing.personal_data import Finding, find_personal_data, mask
from routing.place import Place, find_place, place_of_point
from routing.sentences import said
from routing.urgency import Emergency, find_emergency, urgency_cues
from routing.vakafdelingen import Municipality, Sort, packaged

AUTO_FROM = 0.98
SUGGEST_FROM = 0.30
INVOLVED_FROM = -0.4  # a margin; few messages need a second department, which draws margins down
# Danger, by the model's probability of it; measured on messages of writers it did not know (docs/naslag/routing.md).
# At DANGER_FROM the model may speak of 112 alone; below NO_DANGER_BELOW the words that the rules found were never meant so;
# from MAYBE_DANGER_FROM a colleague must look.
DANGER_FROM = 0.5
NO_DANGER_BELOW = 0.02
MAYBE_DANGER_FROM = 0.15
SURE_OF_DANGER = 0.75
UNCLEAR_LEAD, UNCLEAR_TOPIC = "wijkbureau", "onduidelijk"
_SHOWN_WORDS = 4


class _Danger(Enum):
    """Whether life is in danger now."""

    NO = "nee"
    MAYBE = "misschien"
    YES = "ja"


@dataclass(frozen=True, slots=True)
class _Text:
    """A message after every question that needs no model."""

    text: str
    place: Place
    findings: tuple[Finding, ...]
    emergency: Emergency | None
    formal: Formal | None
    language: str
    reading: Reading


class Engine:
    """The loaded engine. `route` never raises for any text."""

    def __init__(self, municipality: Municipality, gazetteer: Gazetteer, lexicon: Lexicon, model: Model, versions: str) -> None:
        self._municipality = municipality
        self._gazetteer = gazetteer
        self._lexicon = lexicon
        self._model = model
        self._versions = versions
        codes = municipality.onderwerpen
        self._topics_of = {
            lead: tuple(code for code, topic in codes.items() if topic.lead == lead) for lead in municipality.vakafdelingen
        }

    def route(self, text: str, *, point: GeoPoint | None = None) -> Decision:
        """Decide. `point` is a place the resident sent along; it wins over a place in the text."""
        seen = self._see(text)
        place = place_of_point(point.lat, point.lon, self._gazetteer) if point is not None else seen.place
        if not seen.reading.words:
            return self._unclear(place, seen)
        judged = self._model.judge(seen.reading)
        danger = self._danger(judged, seen)
        ranked = self._rank(judged, danger)
        lead, confidence = ranked[0]
        topic = self._topic(lead, judged)
        return Decision(
            lead=lead,
            involved=self._involved(lead, judged),
            topic=topic,
            kind=judged.kind,
            urgency="hoog" if danger is _Danger.MAYBE else _urgency(lead, judged, text),
            language=seen.language,
            located=_located(place),
            partner=self._partner(lead, topic),
            personal_data=tuple(finding.text for finding in seen.findings),
            needs_personal_contact=judged.needs_contact or danger is _Danger.YES,
            confidence=confidence,
            top3=ranked[:3],
            zone=Zone.PERSON if danger is _Danger.MAYBE else _zone(confidence, seen, lead, place),
            reasons=(*_danger_reasons(seen, ranked, danger), *self._reasons(lead, topic, ranked, seen, place)),
            emergency=(seen.emergency.kind if seen.emergency else "algemeen") if danger is _Danger.YES else None,
            formal=seen.formal,
            versions=self._versions,
        )

    def probabilities(self, text: str) -> dict[str, float]:
        """The probability of every lead as `route` weighs them, danger included."""
        seen = self._see(text)
        judged = self._model.judge(seen.reading)
        return dict(self._rank(judged, self._danger(judged, seen)))

    def topic_within(self, text: str, lead: str) -> str:
        """The likeliest onderwerp of a lead that is known."""
        seen = self._see(text)
        return self._topic(lead, self._model.judge(seen.reading))

    def _see(self, text: str) -> _Text:
        findings = find_personal_data(text)
        place = find_place(text, self._gazetteer)
        told = neutral(text, place.street_in_text)
        reading = read(told if told == text and not findings else mask(told), self._lexicon)
        language = detect_language(text).code
        return _Text(text, place, findings, find_emergency(text), find_formal(text), language, reading)

    def _danger(self, judged: Judgement, seen: _Text) -> _Danger:
        likely = judged.probabilities[self._model.leads.index("noodgeval")]
        if likely >= DANGER_FROM and seen.emergency is None and urgency_cues(seen.text).unhurt:
            return _Danger.MAYBE  # only the model sees danger, and the text says that nobody was hurt
        if likely >= DANGER_FROM or (seen.emergency is not None and likely >= NO_DANGER_BELOW):
            return _Danger.YES
        return _Danger.MAYBE if likely >= MAYBE_DANGER_FROM or seen.emergency is not None else _Danger.NO

    def _rank(self, judged: Judgement, danger: _Danger) -> tuple[tuple[str, float], ...]:
        """Leads with their probabilities, the likeliest first. Danger goes before all; doubt never leads with 112."""
        likely = dict(zip(self._model.leads, judged.probabilities.tolist(), strict=True))
        emergency = likely.pop("noodgeval")
        if danger is _Danger.YES:
            sure = max(emergency, SURE_OF_DANGER)
            rest = (1.0 - sure) / max(1.0 - emergency, 1e-9)
            return ("noodgeval", sure), *((code, chance * rest) for code, chance in _likeliest_first(likely))
        likely["noodgeval"] = min(emergency, max(likely.values()))
        return _likeliest_first(likely)

    def _topic(self, lead: str, judged: Judgement) -> str:
        own = self._topics_of[lead]
        return max(own, key=lambda code: (judged.topics.get(code, -2.0), code), default=UNCLEAR_TOPIC)

    def _involved(self, lead: str, judged: Judgement) -> tuple[str, ...]:
        if self._municipality.vakafdelingen[lead].sort is not Sort.DEPARTMENT:
            return ()
        likely = sorted(
            ((score, code) for code, score in judged.involved.items() if score > INVOLVED_FROM and code != lead), reverse=True
        )
        return tuple(code for _, code in likely)

    def _partner(self, lead: str, topic: str) -> str | None:
        if lead != "extern":
            return None
        return topic if topic in self._municipality.partners else "overig"

    def _unclear(self, place: Place, seen: _Text) -> Decision:
        return Decision(
            lead=UNCLEAR_LEAD,
            topic=UNCLEAR_TOPIC,
            kind="melding",
            urgency="normaal",
            language=seen.language,
            located=_located(place),
            confidence=0.0,
            top3=((UNCLEAR_LEAD, 0.0),),
            zone=Zone.PERSON,
            reasons=(said("geen tekst: eerst doorvragen"), *_place_reasons(place)),
            versions=self._versions,
        )

    def _reasons(
        self, lead: str, topic: str, ranked: tuple[tuple[str, float], ...], seen: _Text, place: Place
    ) -> tuple[str, ...]:
        name = self._municipality.name_of(lead)
        words = _telling_words(seen.reading.hits, self._topics_of[lead], topic)
        reasons = [f"{_quoted(words)} -> {name}" if words else said("lijkt op eerdere berichten voor %(name)s", name=name)]
        reasons += _place_reasons(place)
        if seen.formal is not None:
            reasons.append(said("formele kwestie (%(kind)s): altijd naar een medewerker", kind=seen.formal.value))
        if len(ranked) > 1:
            second, share = ranked[1]
            reasons.append(
                said("tweede keus: %(name)s (%(share)s)", name=self._municipality.name_of(second), share=f"{share:.0%}")
            )
        return tuple(reasons)


def load_engine(municipality: Municipality, model: Path | Traversable | None = None, topics: Path | None = None) -> Engine:
    """The engine with the shipped gazetteer. None means the shipped model, and the shipped file of onderwerpen.

    Raises ConfigError when the model cannot be read or was learned for other vakafdelingen.
    """
    source = model or packaged("model.npz")
    with _collecting_nothing():
        learned, gazetteer, lexicon = load(source), load_gazetteer(), Lexicon(municipality.onderwerpen)
    missing = [code for code in learned.leads if code not in municipality.vakafdelingen]
    if missing:
        raise ConfigError(f"het model {source} kent {', '.join(missing)}, uw vakafdelingen niet; leer een model met uw tabellen")
    versions = f"model {version_of(source)}, onderwerpen {version_of(topics or packaged('onderwerpen.toml'))}"
    return Engine(municipality, gazetteer, lexicon, learned, versions)


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """While so much is made that stays, looking for garbage among it takes a quarter of the time and finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _likeliest_first(likely: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(likely.items(), key=lambda pair: (-pair[1], pair[0] == "noodgeval", pair[0])))


def _danger_reasons(seen: _Text, ranked: tuple[tuple[str, float], ...], danger: _Danger) -> tuple[str, ...]:
    words = _quoted(seen.emergency.words) if seen.emergency is not None else ""
    if danger is _Danger.MAYBE:
        share = f"{dict(ranked)['noodgeval']:.0%}"
        if not words:
            return (said("misschien een noodgeval (%(share)s), lees dit eerst", share=share),)
        return (said("misschien een noodgeval (%(share)s), lees dit eerst: %(words)s", share=share, words=words),)
    return (said("gevaar: %(words)s", words=words),) if danger is _Danger.YES and seen.emergency is not None else ()


def _place_reasons(place: Place) -> tuple[str, ...]:
    if place.in_gemeente is False:
        return (said("de plaats ligt buiten de gemeente"),)
    if not (place.street or place.wijk):
        return ()
    wijk = f" ({place.wijk})" if place.street and place.wijk else ""
    return (said("plaats: %(where)s", where=f"{place.street or place.buurt or place.wijk}{wijk}"),)


def _zone(confidence: float, seen: _Text, lead: str, place: Place) -> Zone:
    if seen.formal is not None or lead == "noodgeval" or place.in_gemeente is False:
        return Zone.PERSON
    if confidence >= AUTO_FROM:
        return Zone.AUTO
    return Zone.SUGGEST if confidence >= SUGGEST_FROM else Zone.PERSON


def _urgency(lead: str, judged: Judgement, text: str) -> str:
    if lead == "noodgeval":
        return "noodgeval"
    if lead == "geen_actie":
        return "laag"
    cues = urgency_cues(text)
    if cues.high and judged.urgency != "hoog" and not cues.low:
        return "hoog"
    return judged.urgency


def _located(place: Place) -> Located:
    return Located(
        street=place.street, buurt=place.buurt, wijk=place.wijk, lat=place.lat, lon=place.lon, in_gemeente=place.in_gemeente
    )


def _telling_words(hits: Sequence[Hit], own: Sequence[str], topic: str) -> tuple[str, ...]:
    found: list[Hit] = [hit for hit in hits if hit.topic in own and hit.weight > 0]
    found.sort(key=lambda hit: (hit.topic != topic, -hit.weight, hit.words))
    words = dict.fromkeys(word for hit in found for word in hit.words)
    return tuple(words)[:_SHOWN_WORDS]


def _quoted(words: tuple[str, ...]) -> str:
    return " + ".join(f"'{word}'" for word in words)
