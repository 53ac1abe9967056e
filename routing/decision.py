"""What the routing engine concluded about one message: a value, with its doubts and its reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from routing.messages import GeoPoint


class Zone(StrEnum):
    """How far the machine may go by itself."""

    AUTO = "auto"
    SUGGEST = "suggest"
    PERSON = "person"


class Formal(StrEnum):
    """A matter that the law ties to a channel of its own (Wmebv, Awb, Woo): never handled as an ordinary melding."""

    BEZWAAR = "bezwaar"
    KLACHT_BEJEGENING = "klacht_bejegening"
    WOO_VERZOEK = "woo_verzoek"
    HANDHAVINGSVERZOEK = "handhavingsverzoek"
    AANSPRAKELIJKSTELLING = "aansprakelijkstelling"


OUTSIDE = "buiten_gemeente"
"""The notice that the place of the problem lies outside the gemeente."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Where the problem is, as far as the text tells. `in_gemeente` is None when nothing tells."""

    street: str | None = None
    buurt: str | None = None
    wijk: str | None = None
    lat: float | None = None
    lon: float | None = None
    in_gemeente: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One message, routed. Codes are those of the municipality's tables; probabilities are calibrated, 0..1.

    `confidence` is the probability of `lead`; `top3` the three likeliest leads with theirs. `reasons` are sentences for a
    colleague. `personal_data` are exact substrings of the text. `emergency` names the kind of danger, if any.
    `versions` are those of the model and the topic file that decided.
    """

    lead: str
    involved: tuple[str, ...] = ()
    topic: str
    kind: str
    urgency: str
    language: str
    located: Located = Located()
    partner: str | None = None
    personal_data: tuple[str, ...] = field(default=(), repr=False)
    needs_personal_contact: bool = False
    confidence: float
    top3: tuple[tuple[str, float], ...]
    zone: Zone
    reasons: tuple[str, ...] = ()
    emergency: str | None = None
    formal: Formal | None = None
    versions: str = ""

    @property
    def notice(self) -> str | None:
        """What the resident must do themselves, by name: go the official way, or to another gemeente. The law goes first."""
        if self.formal is not None:
            return self.formal.value
        return OUTSIDE if self.located.in_gemeente is False else None

    def as_proposal(self) -> dict[str, Any]:
        """What is kept with the melding, so that a later reader sees what was decided and why. Carries no personal data."""
        return {
            "lead": self.lead,
            "involved": list(self.involved),
            "topic": self.topic,
            "kind": self.kind,
            "urgency": self.urgency,
            "confidence": round(self.confidence, 4),
            "top3": [[code, round(probability, 4)] for code, probability in self.top3],
            "zone": self.zone.value,
            "reasons": list(self.reasons),
            "partner": self.partner,
            "emergency": self.emergency,
            "formal": self.formal.value if self.formal else None,
            "versions": self.versions,
        }


class Router(Protocol):
    """Whatever routes a text. Pure and deterministic: the same text and point give the same decision. Never raises for a text."""

    def route(self, text: str, *, point: GeoPoint | None = None) -> Decision: ...
