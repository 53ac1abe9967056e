"""Links by which who filled in the web form follows the melding."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message_links",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("message_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_message_links_message_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_message_links")),
    )
    op.create_index("ix_message_links_message_id", "message_links", ["message_id"])


def downgrade() -> None:
    op.drop_table("message_links")
