"""Channel state: mode, usual silence, expiry of the token, and who changed what."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("channel_states", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_enabled", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column("configured_mode", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("chosen_mode", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("longest_silence", sa.Float(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("arrivals", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("send_auth_errors", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("token_expires_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("checked_at", UtcDateTime(), nullable=True))
    op.create_table(
        "channel_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_changes")),
    )
    op.create_index("ix_channel_changes_channel", "channel_changes", ["channel", "id"])


def downgrade() -> None:
    op.drop_table("channel_changes")
    with op.batch_alter_table("channel_states", schema=None) as batch_op:
        for name in (
            "checked_at",
            "token_expires_at",
            "send_auth_errors",
            "arrivals",
            "longest_silence",
            "chosen_mode",
            "configured_mode",
            "is_enabled",
        ):
            batch_op.drop_column(name)
