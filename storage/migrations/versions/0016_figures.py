"""The indexes that the figures of a period are read from."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_meldingen_created_at", "meldingen", ["created_at"])
    op.create_index("ix_messages_received_at", "messages", ["received_at"])
