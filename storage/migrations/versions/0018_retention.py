"""What is kept for how long: a melding may be held, and shows when it was emptied; indexes of what is left to empty."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meldingen", sa.Column("is_held", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("meldingen", sa.Column("emptied_at", UtcDateTime(), nullable=True))
    _index("ix_meldingen_to_empty", "meldingen", ["updated_at", "id"], "emptied_at IS NULL")
    _index("ix_messages_with_raw", "messages", ["received_at"], "raw <> '{}'")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
