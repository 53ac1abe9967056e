"""E-mail as a lasting way: who writes to us in a conversation may leave an address, and gets news there once it is proven.

Such an address is a person of its own (on the web form's channel) that speaks for the one who left it. Until it is proven it
hears nothing but the message with the link; afterwards it hears the news, and the conversation only answers. Whichever of the two
does not hear the news has the wish ELDERS.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from routing.messages import Visibility
from routing.reachability import Wish
from storage.dialect import insert_new
from storage.meldingen import NewMelder
from storage.tables import people

CHANNEL = "web_form"
MOST_PER_DAY = 3
_DAY = timedelta(days=1)
_WISH = sa.select(people.c.wish).where(people.c.id == sa.bindparam("of_person"))


class MailWays:
    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, person_id: int, address: str, now: datetime) -> int | None:
        """The id of the person behind this address, made when it is new. None when too many were asked for today."""
        external_id = f"{address.lower()}#p{person_id}"
        is_it = sa.and_(people.c.channel == CHANNEL, people.c.external_id == external_id)
        known = self._connection.execute(sa.select(people.c.id).where(is_it)).scalar_one_or_none()
        if known is not None or self._count_today(person_id, address, now) >= MOST_PER_DAY:
            return known
        values: dict[str, object] = {"channel": CHANNEL, "external_id": external_id, "first_seen_at": now}
        return insert_new(self._connection, people, {**values, "speaks_for_id": person_id, "wish": Wish.ELDERS.value})

    def _count_today(self, person_id: int, address: str, now: datetime) -> int:
        to_address = people.c.external_id.startswith(f"{address.lower()}#", autoescape=True)
        is_same = sa.or_(people.c.speaks_for_id == person_id, sa.and_(people.c.channel == CHANNEL, to_address))
        query = sa.select(sa.func.count()).select_from(people).where(is_same, people.c.first_seen_at > now - _DAY)
        return int(self._connection.execute(query).scalar_one())

    def prefer(self, mail_person_id: int) -> bool:
        """From now on news goes to this proven address. False when it speaks for nobody. Idempotent."""
        of = sa.select(people.c.speaks_for_id).where(people.c.id == mail_person_id)
        person_id = self._connection.execute(of).scalar_one()
        if person_id is None:
            return False
        self._set_wish(people.c.speaks_for_id == person_id, Wish.ELDERS)
        self._set_wish(people.c.id == mail_person_id, Wish.ALLES)
        self._set_wish(people.c.id == person_id, Wish.ELDERS)
        return True

    def end(self, person_id: int) -> None:
        """News goes to the conversation again. Idempotent."""
        self._set_wish(people.c.speaks_for_id == person_id, Wish.ELDERS)

    def proven(self, person_id: int) -> int | None:
        """The newest proven address of this person."""
        is_proven = sa.and_(people.c.speaks_for_id == person_id, people.c.last_wrote_private_at.is_not(None))
        query = sa.select(people.c.id).where(is_proven).order_by(people.c.last_wrote_private_at.desc()).limit(1)
        return self._connection.execute(query).scalar_one_or_none()

    def preferred(self, person_id: int) -> int | None:
        """The address that hears the news now, if that is what this person wants."""
        is_wanted = self._connection.execute(_WISH, {"of_person": person_id}).scalar_one() == Wish.ELDERS.value
        return self.proven(person_id) if is_wanted else None

    def _set_wish(self, which: sa.ColumnElement[bool], wish: Wish) -> None:
        self._connection.execute(sa.update(people).where(which).values(wish=wish.value))


def as_melder(mail_person_id: int, language: str) -> NewMelder:
    """The address as one who takes part in a melding."""
    thread = f"p{mail_person_id}"
    return NewMelder(
        person_id=mail_person_id,
        channel=CHANNEL,
        thread=thread,
        reply_to=thread,
        visibility=Visibility.PRIVATE,
        language=language,
    )
