"""The life of a melding: every status meets every event."""

from __future__ import annotations

import pytest

from routing.errors import InvalidTransitionError
from routing.melding import CLOSED, NEWS, OPEN, TRANSITIONS, Event, Status, may, next_status


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("status", Status)
def test_every_status_either_takes_an_event_or_says_why_not(status: Status, event: Event) -> None:
    if may(status, event):
        assert next_status(status, event) in Status
    else:
        with pytest.raises(InvalidTransitionError, match=f"'{event}' kan niet bij een melding met status '{status}'"):
            next_status(status, event)


@pytest.mark.parametrize("status", sorted(CLOSED))
def test_what_is_closed_only_moves_by_being_reopened(status: Status) -> None:
    moves = {event for event in Event if may(status, event) and next_status(status, event) != status}
    assert moves == ({Event.HEROPEND, Event.LOSGEMAAKT} if status is Status.DUBBEL else {Event.HEROPEND})


@pytest.mark.parametrize("status", sorted(OPEN))
def test_everything_open_can_be_closed_and_withdrawn(status: Status) -> None:
    assert may(status, Event.AFGEHANDELD)
    assert may(status, Event.INGETROKKEN)


@pytest.mark.parametrize("before", [Status.TE_BEOORDELEN, Status.IN_BEHANDELING, Status.INGEPLAND])
def test_an_answer_brings_the_melding_back_to_where_the_question_was_asked(before: Status) -> None:
    asked = next_status(before, Event.VRAAG_GESTELD)
    assert asked is Status.WACHT_OP_MELDER
    assert next_status(asked, Event.AANGEVULD, before_question=before) is before


def test_the_tables_are_complete() -> None:
    assert set(TRANSITIONS) == set(Event)
    assert set(NEWS) <= set(Event)
