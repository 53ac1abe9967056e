"""Presence: what the processes of the desk tell each other about who looks at which melding and types there."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing here is worth waiting for the disk. SQLite knows no such table.
    prefixes = ["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else []
    op.create_table(
        "presence",
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("melding_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("process", "melding_id", "account_id", "what", name=op.f("pk_presence")),
        prefixes=prefixes,
    )
    op.create_index("ix_presence_until", "presence", ["until"])


def downgrade() -> None:
    op.drop_index("ix_presence_until", "presence")
    op.drop_table("presence")
