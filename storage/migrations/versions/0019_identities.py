"""Accounts that the organisation's own provider vouches for, and sessions that it opened."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("identity_issuer", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("identity_subject", sa.Text(), nullable=True))
    op.create_index("ix_accounts_identity", "accounts", ["identity_issuer", "identity_subject"], unique=True)
    op.add_column("sessions", sa.Column("by_organisation", sa.Boolean(), server_default=sa.false(), nullable=False))
