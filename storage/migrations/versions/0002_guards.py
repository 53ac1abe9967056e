"""Guards: who decided a reply, what it answers, what held it, the trips and the stop switch."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("is_bot", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("replies", sa.Column("decided_by", sa.Text(), nullable=True))
    op.add_column("replies", sa.Column("guard", sa.Text(), nullable=True))
    op.add_column("replies", sa.Column("is_answer", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_replies_melder_id", "replies", ["melder_id"])
    op.create_table(
        "guard_trips",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("guard", sa.Text(), nullable=False),
        sa.Column("reply_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("melding_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["melding_id"], ["meldingen.id"], name=op.f("fk_guard_trips_melding_id")),
        sa.ForeignKeyConstraint(["reply_id"], ["replies.id"], name=op.f("fk_guard_trips_reply_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guard_trips")),
        sa.UniqueConstraint("reply_id", "guard", name=op.f("uq_guard_trips_reply_id_guard")),
    )
    op.create_index("ix_guard_trips_at", "guard_trips", ["at"])
    op.create_table(
        "switches",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switches")),
    )


def downgrade() -> None:
    op.drop_table("switches")
    op.drop_index("ix_guard_trips_at", "guard_trips")
    op.drop_table("guard_trips")
    op.drop_index("ix_replies_melder_id", "replies")
    for column in ("is_answer", "guard", "decided_by"):
        op.drop_column("replies", column)
    op.drop_column("people", "is_bot")
