"""What we hold about one person, shown to them or erased at their request (AVG, art. 15, 17 and 20). Sends nothing.

Every look is in the journal, with whose it was by number: what was seen or erased is not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.twitter_messages import QUOTED
from routing.errors import ConfigError, InvalidTransitionError, NotFoundError
from routing.sentences import said
from storage.database import Database
from storage.meldingen import Melding
from storage.persons import Erased, Persons, Row, is_forgotten
from storage.search import reference_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How much is kept of one person. `obstacles` are what must be done before it can be erased."""

    people: tuple[str, ...]
    messages: int
    attachments: int
    meldingen: tuple[str, ...]
    replies: int
    obstacles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonKeeper:
    """`who` is `channel:number` or the reference of a melding with one melder. `now` is the clock.

    Everything raises NotFoundError for somebody we do not know (any more), ConfigError for a `who` that names no one person.
    """

    database: Database
    now: Callable[[], datetime]

    def overview(self, who: str, *, actor: str) -> Overview:
        with self.database.work() as work:
            found = self._find(work.persons, who)
            ids = [row.id for row in found]
            overview = Overview(
                people=tuple(_name(row) for row in found),
                messages=len(work.persons.messages_of(ids)),
                attachments=len(work.persons.attachments_of(ids)),
                meldingen=tuple(melding.kenmerk for melding in work.persons.meldingen_of(ids)),
                replies=len(work.persons.replies_to(ids)),
                obstacles=work.persons.obstacles(ids),
            )
            work.journal.write(actor, said("gegevens van een persoon bekeken"), _whose(ids), self.now())
            work.commit()
        return overview

    def export(self, who: str, *, actor: str) -> dict[str, Any]:
        """Everything kept of one person, as values that JSON knows. Of a melding with others: nothing that is of those others."""
        now = self.now()
        with self.database.work() as work:
            found = self._find(work.persons, who)
            exported = _exported(work.persons, found, now)
            work.journal.write(actor, said("gegevens van een persoon uitgevoerd"), _whose([row.id for row in found]), now)
            work.commit()
        return exported

    def erase(self, who: str, *, actor: str) -> Erased:
        """Take out what is kept of one person; the cases stay for the figures. A second time it finds nobody: NotFoundError.

        Raises InvalidTransitionError with what must be done first, StaleError when a colleague changes something meanwhile.
        """
        now = self.now()
        with self.database.work() as work:
            ids = [row.id for row in self._find(work.persons, who)]
            work.persons.hold(ids)
            if obstacles := work.persons.obstacles(ids):
                raise InvalidTransitionError(f"Er is niets gewist. Dit moet eerst: {'; '.join(obstacles)}.")
            erased = work.persons.erase(ids, actor=actor, now=now)
            detail = f"{erased.messages} berichten, meldingen: {', '.join(erased.meldingen) or 'geen'}"
            work.journal.write(actor, said("gegevens van een persoon gewist"), _whose(ids), now, detail=detail)
            work.commit()
        return erased

    def _find(self, persons: Persons, who: str) -> tuple[Row, ...]:
        channel, colon, number = who.partition(":")
        if colon and number:
            return persons.joined([row.id for row in _one(persons.named(channel, number), number, who)])
        melding_id = reference_in(who)
        if melding_id is None:
            raise ConfigError(
                f"'{who}' is geen persoon; schrijf kanaal:nummer, zoals telegram:12345, of een kenmerk: WB-2026-00042"
            )
        there = persons.in_melding(melding_id)
        known = [row for row in there if not is_forgotten(row)]
        if there and not known:
            raise NotFoundError(f"Van wie {who} meldde is niets bewaard: dat is al gewist.")
        if len(known) > 1:
            raise ConfigError(f"bij {who} horen meer mensen; kies er een: {', '.join(_name(row) for row in known)}")
        return persons.joined([row.id for row in _known(known, who)])


def _one(rows: Sequence[Row], number: str, who: str) -> Sequence[Row]:
    """The person with exactly this number, or whose e-mail address it is and who confirmed that."""
    exact = [row for row in rows if row.external_id == number]
    proven = [row for row in rows if row.last_wrote_private_at is not None]
    if rows and not exact and not proven:
        names = ", ".join(_name(row) for row in rows)
        raise ConfigError(f"{who} is nooit bevestigd, dus iemand anders kan het hebben getypt; noem zelf wat u bedoelt: {names}")
    return _known(exact or proven, who)


def _known(rows: Sequence[Row], who: str) -> Sequence[Row]:
    if not rows:
        raise NotFoundError(f"Van {who} is niets bewaard (of niet meer). Kijk of kanaal en nummer kloppen.")
    return rows


def _name(row: Row) -> str:
    return f"{row.channel}:{row.external_id}"


def _whose(ids: Collection[int]) -> str:
    return "persoon " + ", ".join(str(number) for number in sorted(ids))


def _exported(persons: Persons, found: Sequence[Row], now: datetime) -> dict[str, Any]:
    ids = [row.id for row in found]
    theirs = persons.meldingen_of(ids)
    kenmerken = {melding.id: melding.kenmerk for melding in theirs}
    files = [(row.message_id, _file(row)) for row in persons.attachments_of(ids)]
    return {
        "gemaakt": now.isoformat(),
        "personen": [_person(row) for row in found],
        "berichten": [
            _message(row, kenmerken, [file for message_id, file in files if message_id == row.id])
            for row in persons.messages_of(ids)
        ],
        "meldingen": [_melding(persons, melding, ids) for melding in theirs],
        "antwoorden": [_reply(row) for row in persons.replies_to(ids)],
    }


def _person(row: Row) -> dict[str, Any]:
    return {
        "kanaal": row.channel,
        "nummer": row.external_id,
        "naam": row.display_name,
        "bekend_sinds": _moment(row.first_seen_at),
        "laatste_privebericht": _moment(row.last_wrote_private_at),
        "wil_nieuws": row.wish,
    }


def _message(row: Row, kenmerken: dict[int, str], files: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "kanaal": row.channel,
        "nummer": row.external_id,
        "gesprek": row.thread,
        "verzonden": _moment(row.sent_at),
        "ontvangen": _moment(row.received_at),
        "zichtbaarheid": row.visibility,
        "tekst": row.text.partition(QUOTED)[0].rstrip(),
        "plaats": None if row.lat is None else [row.lat, row.lon],
        "melding": kenmerken.get(row.melding_id),
        "weggehaald": _moment(row.removed_at),
        "ook_zoals_het_platform_het_gaf": row.raw != "{}",
        "bijlagen": files,
    }


def _file(row: Row) -> dict[str, Any]:
    return {"soort": row.kind, "type": row.media_type, "bytes": row.size, "stand": row.state, "sha256": row.sha256}


def _melding(persons: Persons, melding: Melding, ids: Collection[int]) -> dict[str, Any]:
    """A melding as its melder may see it. What a colleague noted is theirs only when nobody else takes part."""
    is_shared = persons.is_shared(melding.id, ids)
    own = {
        "afspraak": _moment(melding.appointment_at),
        "afspraak_plaats": melding.appointment_place,
        "notities": [{"op": _moment(note.at), "tekst": note.text} for note in persons.notes_about(melding.id)],
    }
    return {
        "kenmerk": melding.kenmerk,
        "stand": melding.status.value,
        "onderwerp": melding.topic,
        "vakafdeling": melding.lead,
        "straat": melding.street,
        "buurt": melding.buurt,
        "wijk": melding.wijk,
        "gemeld": _moment(melding.created_at),
        "laatste_stap": _moment(melding.updated_at),
        "afloop": melding.outcome,
        "reden": melding.not_solved_reason,
        "gebeurd": [{"op": _moment(step.at), "wat": step.event} for step in persons.told_about(melding.id)],
        "ook_van_anderen": is_shared,
        **({} if is_shared else own),
    }


def _reply(row: Row) -> dict[str, Any]:
    return {
        "nummer": row.token,
        "kanaal": row.channel,
        "wijze": row.delivery,
        "stand": row.state,
        "gemaakt": _moment(row.created_at),
        "verzonden": _moment(row.sent_at),
        "tekst": row.text,
    }


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
