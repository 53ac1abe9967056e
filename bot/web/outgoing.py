"""What is about to leave, as a colleague must see it: exactly the text, how long it is and may be, and what to look at twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.handling import Preview
from bot.plain_language import concerns
from channels.base import Limits
from routing.messages import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One text on its way. `most` is None when the channel is not connected here: then nobody knows its limit."""

    channel: str
    text: str
    is_public: bool
    by_hand: str
    length: int
    most: int | None
    concerns: tuple[str, ...]

    @property
    def is_too_long(self) -> bool:
        return self.most is not None and self.length > self.most

    @property
    def room(self) -> int:
        """How many characters a colleague may add to an empty message."""
        return 500 if self.most is None else max(0, min(500, self.most - self.length))


def outgoing(previews: Iterable[Preview], limits: Mapping[str, Limits]) -> tuple[Outgoing, ...]:
    return tuple(_of(preview, limits.get(preview.channel)) for preview in previews)


def _of(preview: Preview, limits: Limits | None) -> Outgoing:
    is_public = preview.delivery is Delivery.PUBLIC_REPLY
    return Outgoing(
        channel=preview.channel,
        text=preview.text,
        is_public=is_public,
        by_hand=preview.by_hand,
        length=limits.length_of(preview.text) if limits else len(preview.text),
        most=limits.max_length.get(preview.delivery) if limits else None,
        concerns=concerns(preview.text, is_public=is_public),
    )
