"""Learning from staff: corrections, and the log of which model runs."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("melding_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("proposed_lead", sa.Text(), nullable=False),
        sa.Column("proposed_topic", sa.Text(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("chosen_lead", sa.Text(), nullable=False),
        sa.Column("chosen_topic", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("involved", sa.JSON(), nullable=False),
        sa.Column("needs_personal_contact", sa.Boolean(), nullable=False),
        sa.Column("versions", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_corrections_event_id")),
        sa.ForeignKeyConstraint(["melding_id"], ["meldingen.id"], name=op.f("fk_corrections_melding_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sa.UniqueConstraint("melding_id", "event_id", name=op.f("uq_corrections_melding_id_event_id")),
    )
    op.create_index("ix_corrections_made_at", "corrections", ["made_at"])
    op.create_table(
        "model_promotions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("step IN ('gepromoveerd', 'teruggedraaid')", name=op.f("ck_model_promotions_step")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_promotions")),
        sa.UniqueConstraint("seq", name=op.f("uq_model_promotions_seq")),
    )


def downgrade() -> None:
    op.drop_table("model_promotions")
    op.drop_index("ix_corrections_made_at", table_name="corrections")
    op.drop_table("corrections")
