"""From a labelled corpus to a model file: reading the messages as the engine reads them, and learning from that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from routing.gazetteer import load_gazetteer
from routing.lexicon import Lexicon
from routing.model.corpus import Example
from routing.model.features import Reading, neutral, read
from routing.model.model import Model, save
from routing.model.training import Settings, train
from routing.personal_data import mask
from routing.place import find_place
from routing.vakafdelingen import Municipality


def read_examples(examples: Sequence[Example], municipality: Municipality) -> list[Reading]:
    """Each message as the engine will see it: masked, the street's name taken out, with the lexicon's evidence."""
    gazetteer, lexicon = load_gazetteer(), Lexicon(municipality.onderwerpen)
    return [
        read(mask(neutral(example.text, find_place(example.text, gazetteer).street_in_text)), lexicon) for example in examples
    ]


def learn(examples: Sequence[Example], municipality: Municipality, settings: Settings | None = None) -> Model:
    """A model of these examples. Deterministic."""
    readings = read_examples(examples, municipality)
    return train(examples, readings, tuple(municipality.vakafdelingen), settings or Settings())


def learn_to_file(
    examples: Sequence[Example], municipality: Municipality, target: Path, said: Callable[[str], None] = lambda _: None
) -> None:
    """Learn and write the model file; `said` hears how far it is."""
    said(f"{len(examples)} berichten gelezen; het model wordt geleerd ...")
    save(learn(examples, municipality), target)
    said(f"{target} is geschreven ({target.stat().st_size / 1e6:.1f} MB)")
