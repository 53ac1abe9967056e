"""When a message was no longer to be seen at its platform, while nobody can tell who took it away."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("unseen_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("messages", "unseen_at")
