"""Queues that are one range of one index, filters that are kept, following, and full-text search."""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_STAGE = (
    "CASE WHEN status IN ('nieuw', 'te_beoordelen', 'heropend') THEN 'te_beoordelen' "
    "WHEN status IN ('doorgezet', 'in_behandeling', 'ingepland') THEN 'loopt' "
    "WHEN status = 'wacht_op_melder' THEN 'wacht_op_melder' ELSE 'afgesloten' END"
)
_RANK = "CASE urgency WHEN 'noodgeval' THEN 0 WHEN 'hoog' THEN 1 WHEN 'normaal' THEN 2 ELSE 3 END"
_TOKENS = "tokenize='unicode61 remove_diacritics 2', prefix='3 4'"
# What is searched: table -> its columns.
_SEARCHED = {"meldingen": ("summary", "street", "buurt", "wijk"), "messages": ("text",), "people": ("display_name",)}


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    run = op.get_bind().exec_driver_sql
    op.add_column("meldingen", sa.Column("snoozed_until", UtcDateTime(), nullable=True))
    kept = "VIRTUAL" if is_sqlite else "STORED"  # SQLite adds no stored column to a table that exists
    run(f"ALTER TABLE meldingen ADD COLUMN stage TEXT GENERATED ALWAYS AS ({_STAGE}) {kept}")
    run(f"ALTER TABLE meldingen ADD COLUMN rank INTEGER GENERATED ALWAYS AS ({_RANK}) {kept}")
    op.create_index("ix_meldingen_stage", "meldingen", ["stage", "rank", "id", "snoozed_until"])
    op.create_index("ix_meldingen_lead", "meldingen", ["lead", "stage", "rank", "id", "snoozed_until"])
    op.create_index("ix_meldingen_newest", "meldingen", ["stage", "updated_at", "id"])
    op.create_index("ix_meldingen_snoozed_until", "meldingen", ["snoozed_until"])
    op.create_index("ix_meldingen_escalation_proposed", "meldingen", ["escalation_proposed"])
    op.create_index("ix_messages_state", "messages", ["state", "id"])
    op.add_column("accounts", sa.Column("vakafdeling", sa.Text(), nullable=True))
    op.create_table(
        "followers",
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("melding_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("mentioned_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["melding_id"], ["meldingen.id"], name=op.f("fk_followers_melding_id")),
        sa.PrimaryKeyConstraint("username", "melding_id", name=op.f("pk_followers")),
    )
    op.create_table(
        "saved_filters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filters")),
        sa.UniqueConstraint("username", "name", name=op.f("uq_saved_filters_username_name")),
    )
    for table, columns in _SEARCHED.items():
        for statement in (_sqlite if is_sqlite else _postgresql)(table, columns):
            run(statement)


def _sqlite(table: str, columns: tuple[str, ...]) -> list[str]:
    """An index that keeps no second copy of the texts, and triggers that keep it true."""
    names, index = ", ".join(columns), f"{table}_fts"

    def row(which: str) -> str:
        return ", ".join(f"{which}.{name}" for name in ("id", *columns))

    forget = f"INSERT INTO {index}({index}, rowid, {names}) VALUES ('delete', {row('old')});"
    learn = f"INSERT INTO {index}(rowid, {names}) VALUES ({row('new')});"
    return [
        f"CREATE VIRTUAL TABLE {index} USING fts5({names}, content='{table}', content_rowid='id', {_TOKENS})",
        f"INSERT INTO {index}({index}) VALUES ('rebuild')",
        f"CREATE TRIGGER {index}_new AFTER INSERT ON {table} BEGIN {learn} END",
        f"CREATE TRIGGER {index}_gone AFTER DELETE ON {table} BEGIN {forget} END",
        f"CREATE TRIGGER {index}_changed AFTER UPDATE OF {names} ON {table} BEGIN {forget} {learn} END",
    ]


def _postgresql(table: str, columns: tuple[str, ...]) -> list[str]:
    text = " || ' ' || ".join(f"coalesce({name}, '')" for name in columns)
    language = "simple" if table == "people" else "dutch"
    return [
        f"ALTER TABLE {table} ADD COLUMN search_words tsvector GENERATED ALWAYS AS (to_tsvector('{language}', {text})) STORED",
        f"CREATE INDEX ix_{table}_search_words ON {table} USING gin (search_words)",
    ]
