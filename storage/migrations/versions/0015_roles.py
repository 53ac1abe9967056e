"""Roles of colleagues, their second factor, where they are logged in, and the journal of the desk."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("role", sa.Text(), server_default="coordinator", nullable=False))
    op.add_column("accounts", sa.Column("sees_contacts", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("accounts", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("totp_counter", sa.BigInteger(), server_default="0", nullable=False))
    # Whoever had an account until now could do everything.
    op.execute(sa.text("UPDATE accounts SET role = 'beheerder', sees_contacts = true"))
    op.add_column("sessions", sa.Column("browser", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    op.create_index("ix_journal_object", "journal", ["object", "id"])
