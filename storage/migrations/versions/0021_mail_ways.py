"""The e-mail address by which somebody who writes to us in a conversation wants news."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("speaks_for_id", sa.Integer(), nullable=True))
    op.create_index("ix_people_speaks_for_id", "people", ["speaks_for_id"])


def downgrade() -> None:
    op.drop_index("ix_people_speaks_for_id", "people")
    op.drop_column("people", "speaks_for_id")
