"""What channels cost, shared by all processes. What X cost this month stood in its cursor and comes along."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    costs = op.create_table(
        "channel_costs",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "day", "item", name=op.f("pk_channel_costs")),
    )
    cursor = op.get_bind().execute(sa.text("SELECT cursor FROM cursors WHERE channel = 'x'")).scalar_one_or_none()
    for row in _spent(cursor):
        op.get_bind().execute(sa.insert(costs).values(row))


def _spent(cursor: str | None) -> list[dict[str, object]]:
    """One row for what was spent in the month that the cursor tells of. An unreadable cursor counts as none, as always."""
    try:
        usage = json.loads(cursor or "{}")["usage"]
        return [{"channel": "x", "day": str(usage["day"]), "item": "eerder deze maand", "cost": int(usage["spent"])}]
    except (ValueError, TypeError, KeyError):
        return []


def downgrade() -> None:
    op.drop_table("channel_costs")
