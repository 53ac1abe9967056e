"""Which list a colleague looks at: queue, filters and place in it, read from the address bar and written back to it.

The melding page carries the same words in its address, so that the way back leads to the same place in the same list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from bot.web.guard import Visit
from storage.queues import Asked, Filters, Position, Queue

# Field of Filters -> its word in the address.
WORDS = {
    "channel": "kanaal",
    "lead": "vakafdeling",
    "wijk": "wijk",
    "buurt": "buurt",
    "topic": "onderwerp",
    "kind": "soort",
    "days": "dagen",
    "melder": "melder",
}
AGES = (1, 2, 5, 10, 20, 30)
KINDS = ("melding", "klacht", "vraag", "initiatief", "compliment", "overig", "spam")
_LONGEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list. `is_named` tells that the address named a queue; a link from outside does not."""

    queue: Queue = Queue.TO_JUDGE
    filters: Filters = field(default_factory=Filters)
    after: Position | None = None
    before: Position | None = None
    is_named: bool = False

    @classmethod
    def parse(cls, words: Mapping[str, str]) -> Listing:
        """Never raises: what makes no sense is left out."""
        given = {name: words.get(word, "").strip()[:_LONGEST] for name, word in WORDS.items()}
        days = given.pop("days")
        queue = words.get("queue", "")
        return cls(
            queue=Queue(queue) if queue in set(Queue) else Queue.TO_JUDGE,
            filters=Filters(**given, days=int(days) if re.fullmatch(r"[0-9]{1,3}", days) else 0),
            after=Position.parse(words.get("na", "")),
            before=Position.parse(words.get("voor", "")),
            is_named=queue in set(Queue),
        )

    def query(self, *, after: Position | None = None, before: Position | None = None, here: bool = False) -> str:
        """The words for an address: this list from a position, or (`here`) from where it stands now, or from its beginning."""
        if here:
            after, before = self.after, self.before
        words = {"queue": self.queue.value}
        words |= {word: str(value) for name, word in WORDS.items() if (value := getattr(self.filters, name))}
        words |= {"na": str(after)} if after else {}
        words |= {"voor": str(before)} if before else {}
        return urlencode(words)

    def asked(self, visit: Visit) -> Asked:
        """As this colleague may see it: names of melders are only for who sees contact details."""
        now = visit.desk.now()
        filters = self.filters if visit.account.sees_contacts else replace(self.filters, melder="")
        return Asked(queue=self.queue, filters=filters, viewer=visit.viewer, now=now, soon=now + visit.desk.at_risk)
