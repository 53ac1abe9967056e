"""The conversation: open questions, warned and broken promises, escalation, feedback, wishes and buttons."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MELDINGEN: tuple[sa.Column[object], ...] = (
    sa.Column("question", sa.Text(), nullable=True),
    sa.Column("asked_person_id", sa.Integer(), nullable=True),
    sa.Column("asked_at", UtcDateTime(), nullable=True),
    sa.Column("reminded_at", UtcDateTime(), nullable=True),
    sa.Column("asked", sa.Text(), server_default="", nullable=False),
    sa.Column("warned_for", UtcDateTime(), nullable=True),
    sa.Column("promises_broken", sa.Integer(), server_default="0", nullable=False),
    sa.Column("escalation_proposed", sa.Integer(), server_default="0", nullable=False),
    sa.Column("escalation_decided", sa.Integer(), server_default="0", nullable=False),
    sa.Column("feedback", sa.Text(), nullable=True),
)


def upgrade() -> None:
    for column in _MELDINGEN:
        op.add_column(
            "meldingen", sa.Column(column.name, column.type, server_default=column.server_default, nullable=column.nullable)
        )
    op.create_index("ix_meldingen_asked_at", "meldingen", ["asked_at"])
    op.add_column("people", sa.Column("wish", sa.Text(), server_default="alles", nullable=False))
    op.add_column("replies", sa.Column("options", sa.Text(), server_default="[]", nullable=False))


def downgrade() -> None:
    op.drop_column("replies", "options")
    op.drop_column("people", "wish")
    op.drop_index("ix_meldingen_asked_at", "meldingen")
    for column in reversed(_MELDINGEN):
        op.drop_column("meldingen", column.name)
