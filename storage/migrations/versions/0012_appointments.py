"""Appointments: when a colleague calls or comes, where, and who joins."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meldingen", sa.Column("appointment_at", UtcDateTime(), nullable=True))
    op.add_column("meldingen", sa.Column("appointment_place", sa.Text(), nullable=True))
    op.add_column("meldingen", sa.Column("appointment_guests", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    for column in ("appointment_guests", "appointment_place", "appointment_at"):
        op.drop_column("meldingen", column)
