"""Danger in the engine: what the rules see and what the model thinks, together, and which colleague is warned."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from routing.decision import Zone
from routing.engine import Engine
from routing.gazetteer import load_gazetteer
from routing.lexicon import Lexicon
from routing.model.features import Reading
from routing.model.model import Judgement
from routing.vakafdelingen import load_municipality

FIRE = "Er slaan vlammen uit het dak van nummer 12, er staat nog iemand voor het raam"
PLAIN = "De prullenbak bij het bankje is vol"


@dataclass
class ModelThatThinks:
    """Says that danger has this probability, and `stadswerken` most of the rest."""

    leads: tuple[str, ...]
    danger: float

    def judge(self, reading: Reading) -> Judgement:
        rest = (1.0 - self.danger) / (len(self.leads) + 8)
        likely = dict.fromkeys(self.leads, rest) | {"stadswerken": 10 * rest, "noodgeval": self.danger}
        return Judgement(
            probabilities=np.array([likely[code] for code in self.leads], dtype=np.float32),
            topics={},
            kind="melding",
            urgency="normaal",
            needs_contact=False,
            involved={},
        )


@pytest.fixture(scope="module")
def parts() -> Any:
    municipality = load_municipality()
    return SimpleNamespace(municipality=municipality, gazetteer=load_gazetteer(), lexicon=Lexicon(municipality.onderwerpen))


def engine_with(parts: Any, danger: float) -> Engine:
    model: Any = ModelThatThinks(tuple(parts.municipality.vakafdelingen), danger)
    return Engine(parts.municipality, parts.gazetteer, parts.lexicon, model, "proef")


@pytest.mark.parametrize(("text", "danger"), [(FIRE, 0.02), (FIRE, 0.3), (FIRE, 0.99), (PLAIN, 0.5), (PLAIN, 0.9)])
def test_danger_leads_when_rules_and_model_agree_or_the_model_is_sure(parts: Any, text: str, danger: float) -> None:
    decision = engine_with(parts, danger).route(text)

    assert (decision.lead, decision.urgency, decision.zone) == ("noodgeval", "noodgeval", Zone.PERSON)
    assert decision.emergency is not None
    assert decision.confidence >= 0.75
    assert sum(engine_with(parts, danger).probabilities(text).values()) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(("text", "danger"), [(FIRE, 0.0), (FIRE, 0.019), (PLAIN, 0.15), (PLAIN, 0.49)])
def test_doubt_about_danger_goes_to_a_colleague_at_once_without_112(parts: Any, text: str, danger: float) -> None:
    decision = engine_with(parts, danger).route(text)

    assert (decision.lead, decision.urgency, decision.zone) == ("stadswerken", "hoog", Zone.PERSON)
    assert decision.emergency is None
    assert decision.reasons[0].startswith("misschien een noodgeval")


def test_an_ordinary_message_is_no_danger(parts: Any) -> None:
    decision = engine_with(parts, 0.1).route(PLAIN)

    assert (decision.lead, decision.urgency, decision.zone) == ("stadswerken", "normaal", Zone.SUGGEST)
    assert not any("noodgeval" in reason and "misschien" in reason for reason in decision.reasons)
