"""Checks the labelled corpus: form, codes, balance, languages, and that no two messages are nearly the same.

Prints what is there and every problem; exits 1 when there is one.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from routing.gazetteer import load_gazetteer
from routing.model.corpus import Example, load_corpus
from routing.text import cut, fold
from routing.vakafdelingen import Municipality, load_municipality

MOST_ALIKE = 0.8
LEAST_NOT_DUTCH = 0.12
LEAST_MESSAGES = 5_000
LEAST_PER_TOPIC = 10
KINDS = {"melding", "klacht", "vraag", "initiatief", "compliment", "spam", "overig"}
URGENCIES = {"noodgeval", "hoog", "normaal", "laag"}
CHANNELS = {"twitter", "facebook_comment", "messenger", "telegram", "mastodon", "counter"}


def form_problems(example: Example, municipality: Municipality, places: frozenset[str]) -> Iterator[str]:
    topic = municipality.onderwerpen.get(example.topic)
    if topic is None or topic.lead != example.lead:
        yield f"onderwerp {example.topic} hoort niet bij {example.lead}"
    if example.kind not in KINDS or example.urgency not in URGENCIES or example.channel not in CHANNELS:
        yield "onbekende soort, urgentie of kanaal"
    if (example.urgency == "noodgeval") != (example.lead == "noodgeval"):
        yield "urgentie noodgeval hoort bij de code noodgeval, en andersom"
    if unknown := (set(example.involved) - set(municipality.departments)) | (
        set(example.lead_alt) - set(municipality.vakafdelingen)
    ):
        yield f"onbekende codes {sorted(unknown)}"
    if (example.lead == "extern") != (example.partner is not None) and example.lead == "extern":
        yield "extern zonder partner"
    if missing := {place for place in (example.street, *example.street_alt) if place} - places:
        yield f"niet in het stratenregister: {sorted(missing)}"
    for part in (*example.pii, *example.names, *filter(None, [example.street_in_text])):
        if part not in example.text:
            yield f"'{part}' staat niet letterlijk in de tekst"


def words_of(text: str) -> frozenset[str]:
    return frozenset(token.word for token in cut(fold(text)))


def alike(examples: Sequence[Example]) -> Iterator[tuple[Example, Example, float]]:
    """Pairs whose words overlap more than MOST_ALIKE (Jaccard). Only pairs that share their rarest words can."""
    sets = [words_of(example.text) for example in examples]
    frequency = Counter(word for words in sets for word in words)
    holders: dict[str, list[int]] = defaultdict(list)
    for number, words in enumerate(sets):
        ordered = sorted(words, key=lambda word: (frequency[word], word))
        prefix = ordered[: len(ordered) - int(MOST_ALIKE * len(ordered)) + 1]
        candidates = {other for word in prefix for other in holders[word]}
        for other in candidates:
            overlap = len(words & sets[other]) / len(words | sets[other])
            if overlap > MOST_ALIKE and len(words) > 2:
                yield examples[other], examples[number], overlap
        for word in prefix:
            holders[word].append(number)


def balance_problems(examples: Sequence[Example], municipality: Municipality) -> Iterator[str]:
    per_topic = Counter(example.topic for example in examples)
    for topic in municipality.onderwerpen:
        if per_topic[topic] < LEAST_PER_TOPIC:
            yield f"onderwerp {topic} heeft maar {per_topic[topic]} berichten"
    not_dutch = sum(example.language != "nl" for example in examples) / len(examples)
    if not_dutch < LEAST_NOT_DUTCH:
        yield f"maar {not_dutch:.1%} is niet Nederlands"
    if len(examples) < LEAST_MESSAGES:
        yield f"maar {len(examples)} berichten"


def main() -> int:
    examples, municipality = load_corpus(), load_municipality()
    places = frozenset(spot.name for spot in load_gazetteer().spots)
    problems = [f"{example.id}: {problem}" for example in examples for problem in form_problems(example, municipality, places)]
    problems += [f"{one.id} en {other.id} lijken te veel op elkaar ({overlap:.0%})" for one, other, overlap in alike(examples)]
    problems += [f"dubbel nummer {name}" for name, count in Counter(example.id for example in examples).items() if count > 1]
    problems += balance_problems(examples, municipality)
    print(f"{len(examples)} berichten; per vakafdeling {dict(Counter(example.lead for example in examples).most_common())}")
    print(f"talen {dict(Counter(example.language for example in examples).most_common())}")
    print("\n".join(problems) or "geen problemen")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
