"""The web form: how often it was used lately."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "form_uses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_uses")),
    )
    op.create_index("ix_form_uses_digest_at", "form_uses", ["digest", "at"])


def downgrade() -> None:
    op.drop_index("ix_form_uses_digest_at", "form_uses")
    op.drop_table("form_uses")
