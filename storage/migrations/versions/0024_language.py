"""The language that a colleague chose for the desk."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("language", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("accounts", "language")
