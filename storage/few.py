"""What is still to be done, as conditions that each have an index of just the rows they hold for.

Such an index does not grow with the history. The databases recognise it by its condition, so the values are written out, here and
in whatever is asked; SQLite, which nobody tells how values are spread, then needs no luck to find it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from storage.tables import attachments, meldingen, messages, people, replies


def _index(name: str, where: sa.ColumnElement[bool], *columns: sa.Column[Any]) -> None:
    sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


def _written_out(*values: str) -> list[sa.ColumnElement[str]]:
    return [sa.literal_column(f"'{value}'") for value in values]


_column = meldingen.c
IS_OPEN = _column.stage != sa.literal_column("'afgesloten'")
# By what it is not: else SQLite takes the index by stage, which has every closed melding in another order.
IS_CLOSED = _column.stage.not_in(_written_out("te_beoordelen", "loopt", "wacht_op_melder"))
HAS_OPEN_QUESTION = sa.and_(_column.question.is_not(None), IS_OPEN)
IS_TO_ESCALATE = sa.and_(_column.escalation_proposed > _column.escalation_decided, IS_OPEN)
IS_KEPT = _column.emptied_at.is_(None)
IS_KEPT_CHATTER = sa.and_(IS_KEPT, _column.lead == sa.literal_column("'geen_actie'"))
_index("ix_meldingen_open", IS_OPEN, _column.rank, _column.id)
_index("ix_meldingen_closed", IS_CLOSED, _column.updated_at, _column.id)
for _filter in ("lead", "topic", "buurt", "kind"):
    _index(f"ix_meldingen_closed_{_filter}", IS_CLOSED, _column[_filter], _column.updated_at, _column.id)
_index("ix_meldingen_asked", HAS_OPEN_QUESTION, _column.asked_at, _column.id)
_index("ix_meldingen_to_escalate", IS_TO_ESCALATE, _column.rank, _column.id)
_index("ix_meldingen_to_empty", IS_KEPT, _column.updated_at, _column.id)
_index("ix_meldingen_chatter", IS_KEPT_CHATTER, _column.updated_at, _column.id)

IS_WAITING = messages.c.state == sa.literal_column("'wacht'")
HAS_RAW = messages.c.raw != sa.literal_column("'{}'")
IS_LOOSE = sa.and_(messages.c.melding_id.is_(None), messages.c.text != sa.literal_column("''"))  # of no melding, with words in it
_index("ix_messages_waiting", IS_WAITING, messages.c.id)
_index("ix_messages_with_raw", HAS_RAW, messages.c.received_at)
_index("ix_messages_loose", IS_LOOSE, messages.c.melding_id, messages.c.received_at)
_index("ix_messages_edits", messages.c.edits.is_not(None), messages.c.channel, messages.c.edits)

IS_TO_FETCH = attachments.c.state == sa.literal_column("'wacht'")
IS_ORPHAN = sa.and_(attachments.c.state == sa.literal_column("'verwijderd'"), attachments.c.sha256.is_not(None))
_index("ix_attachments_to_fetch", IS_TO_FETCH, attachments.c.channel, attachments.c.due_at)
_index("ix_attachments_orphans", IS_ORPHAN, attachments.c.sha256)

IS_UNSETTLED = replies.c.state.not_in(_written_out("verzonden", "vervallen"))
_index("ix_replies_unsettled", IS_UNSETTLED, replies.c.state, replies.c.channel, replies.c.due_at)

_index("ix_people_speaks_for_id", people.c.speaks_for_id.is_not(None), people.c.speaks_for_id)
