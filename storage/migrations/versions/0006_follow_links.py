"""Links by which melders follow their melding."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "follow_links",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("melder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["melder_id"], ["melders.id"], name=op.f("fk_follow_links_melder_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_follow_links")),
    )


def downgrade() -> None:
    op.drop_table("follow_links")
