"""Indexes that stay as small as the work is, and some that reach what belongs to one person or one decision.

What was read through an index of everything is read through an index of what is open, or of what is closed: SQLite knows nothing of
how values are spread, and must find the right one by its condition.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_OPEN, _CLOSED = "stage <> 'afgesloten'", "stage NOT IN ('te_beoordelen', 'loopt', 'wacht_op_melder')"
_GONE = {
    "ix_meldingen_newest": ("meldingen", ["stage", "updated_at", "id"]),
    "ix_meldingen_escalation_proposed": ("meldingen", ["escalation_proposed"]),
    "ix_meldingen_queue": ("meldingen", ["status", "urgency", "id"]),
    "ix_meldingen_asked_at": ("meldingen", ["asked_at"]),
    "ix_replies_due": ("replies", ["state", "due_at"]),
    "ix_attachments_due": ("attachments", ["state", "due_at"]),
    "ix_people_speaks_for_id": ("people", ["speaks_for_id"]),
}
# Name -> table, columns, condition.
_NEW = {
    "ix_meldingen_open": ("meldingen", ["rank", "id"], _OPEN),
    "ix_meldingen_to_escalate": ("meldingen", ["rank", "id"], f"escalation_proposed > escalation_decided AND {_OPEN}"),
    "ix_meldingen_asked": ("meldingen", ["asked_at", "id"], f"question IS NOT NULL AND {_OPEN}"),
    "ix_meldingen_chatter": ("meldingen", ["updated_at", "id"], "emptied_at IS NULL AND lead = 'geen_actie'"),
    "ix_meldingen_closed": ("meldingen", ["updated_at", "id"], _CLOSED),
    "ix_meldingen_closed_lead": ("meldingen", ["lead", "updated_at", "id"], _CLOSED),
    "ix_meldingen_closed_topic": ("meldingen", ["topic", "updated_at", "id"], _CLOSED),
    "ix_meldingen_closed_buurt": ("meldingen", ["buurt", "updated_at", "id"], _CLOSED),
    "ix_meldingen_closed_kind": ("meldingen", ["kind", "updated_at", "id"], _CLOSED),
    "ix_messages_loose": ("messages", ["melding_id", "received_at"], "melding_id IS NULL AND text <> ''"),
    "ix_messages_edits": ("messages", ["channel", "edits"], "edits IS NOT NULL"),
    "ix_messages_person_id": ("messages", ["person_id", "id"], ""),
    "ix_people_speaks_for_id": ("people", ["speaks_for_id"], "speaks_for_id IS NOT NULL"),
    "ix_attachments_to_fetch": ("attachments", ["channel", "due_at"], "state = 'wacht'"),
    "ix_attachments_orphans": ("attachments", ["sha256"], "state = 'verwijderd' AND sha256 IS NOT NULL"),
    "ix_replies_unsettled": ("replies", ["state", "channel", "due_at"], "state NOT IN ('verzonden', 'vervallen')"),
    "ix_replies_event_id": ("replies", ["event_id"], ""),
    "ix_follow_links_melder_id": ("follow_links", ["melder_id"], ""),
}


def upgrade() -> None:
    for name, (table, _columns) in _GONE.items():
        op.drop_index(name, table)
    for name, (table, columns, where) in _NEW.items():
        condition = f" WHERE {where}" if where else ""
        op.execute(f"CREATE INDEX {name} ON {table} ({', '.join(columns)}){condition}")


def downgrade() -> None:
    for name, (table, _columns, _where) in _NEW.items():
        op.drop_index(name, table)
    for name, (table, columns) in _GONE.items():
        op.create_index(name, table, columns)
