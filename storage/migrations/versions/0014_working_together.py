"""Working together: notes, tasks of involved vakafdelingen, links, and what a vakafdeling gave back."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("meldingen", sa.Column("returned_by", sa.Text(), nullable=True))
    op.create_index("ix_meldingen_merged_into_id", "meldingen", ["merged_into_id"])
    op.create_index("ix_meldingen_topic", "meldingen", ["topic", "stage", "created_at"])
    op.create_table(
        "notes",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("melding_id", _ID, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["melding_id"], ["meldingen.id"], name=op.f("fk_notes_melding_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index("ix_notes_melding_id", "notes", ["melding_id", "id"])
    op.create_table(
        "tasks",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("melding_id", _ID, nullable=False),
        sa.Column("vakafdeling", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'bezig', 'klaar', 'niet_van_ons', 'ingetrokken')", name=op.f("ck_tasks_state")),
        sa.ForeignKeyConstraint(["melding_id"], ["meldingen.id"], name=op.f("fk_tasks_melding_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index("ix_tasks_melding_id", "tasks", ["melding_id", "id"])
    op.create_index("ix_tasks_vakafdeling", "tasks", ["vakafdeling", "state", "melding_id"])
    op.create_table(
        "links",
        sa.Column("melding_id", _ID, nullable=False),
        sa.Column("other_id", _ID, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["melding_id"], ["meldingen.id"], name=op.f("fk_links_melding_id")),
        sa.ForeignKeyConstraint(["other_id"], ["meldingen.id"], name=op.f("fk_links_other_id")),
        sa.PrimaryKeyConstraint("melding_id", "other_id", name=op.f("pk_links")),
    )
