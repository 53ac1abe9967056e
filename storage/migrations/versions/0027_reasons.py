"""What a colleague typed as a reason can be taken out of the log of a melding, and the log stays whole."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("why_salt", sa.Text(), nullable=True))
    op.add_column("events", sa.Column("why_digest", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("events", "why_digest")
    op.drop_column("events", "why_salt")
